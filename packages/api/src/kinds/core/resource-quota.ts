// core/v1 ResourceQuota. Upstream: pkg/apis/core/validation (ValidateResourceQuota), pkg/registry/core/resourcequota (1.37).
import type { Quantity, ResourceQuota } from '../../generated/types.ts';
import { invalid, required, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import type { KubeObject } from '../../request.ts';
import { ageCell } from '../../table/cells.ts';
import { isStandardQuotaResource, validateQuotaResourceName, validateResourceQuantity } from './resource-names.ts';

type Quota = ResourceQuota & KubeObject;

const SCOPES = ['BestEffort', 'CrossNamespacePodAffinity', 'NotBestEffort', 'NotTerminating', 'PriorityClass', 'Terminating', 'VolumeAttributesClass'];
const OPPOSITES = [['BestEffort', 'NotBestEffort'], ['Terminating', 'NotTerminating']];
const EXISTING_SCOPES = ['BestEffort', 'CrossNamespacePodAffinity', 'NotBestEffort', 'NotTerminating', 'Terminating'];
const EXISTS_ONLY = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
const POD_RESOURCES = ['pods', 'cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
const CLAIM_RESOURCES = ['persistentvolumeclaims', 'requests.storage'];

function validateHard(list: Readonly<Record<string, Quantity>> | undefined, ...names: readonly string[]): readonly FieldError[] {
  return Object.keys(list ?? {}).sort().flatMap((key) => {
    const path = fieldPath(...names).key(key);
    return [...validateQuotaResourceName(key, path), ...validateResourceQuantity(key, list?.[key], path)];
  });
}

/** Whether objects of a scope use a resource; of resources that are not upstream's own nothing is known. */
function isInScope(scope: string, resource: string): boolean {
  if (!isStandardQuotaResource(resource)) return true;
  switch (scope) {
    case 'BestEffort': return resource === 'pods';
    case 'VolumeAttributesClass': return CLAIM_RESOURCES.includes(resource);
    case 'CrossNamespacePodAffinity': case 'NotBestEffort': case 'NotTerminating': case 'PriorityClass': case 'Terminating': return POD_RESOURCES.includes(resource);
    default: return true;
  }
}

function validateScopes(quota: Quota): readonly FieldError[] {
  const scopes = quota.spec?.scopes ?? [];
  if (scopes.length === 0) return [];
  const errors: FieldError[] = [];
  const path = fieldPath('spec', 'scopes');
  const hard = Object.keys(quota.spec?.hard ?? {}).sort();
  for (const scope of scopes) {
    if (!SCOPES.includes(scope)) errors.push(invalid(path, scopes, 'unsupported scope'));
    for (const key of hard) if (!isInScope(scope, key)) errors.push(invalid(path, scopes, 'unsupported scope applied to resource'));
  }
  for (const pair of OPPOSITES) if (pair.every((scope) => scopes.includes(scope))) errors.push(invalid(path, scopes, 'conflicting scopes'));
  return errors;
}

function validateScopeSelector(quota: Quota): readonly FieldError[] {
  const selector = quota.spec?.scopeSelector;
  if (selector === undefined) return [];
  const errors: FieldError[] = [];
  // Upstream leaves the index out of these paths.
  const path = fieldPath('spec', 'scopeSelector', 'matchExpressions');
  const hard = Object.keys(quota.spec?.hard ?? {}).sort();
  const terms = selector.matchExpressions ?? [];
  const shown = { MatchExpressions: terms.map(({ scopeName, operator, values }) => ({ ScopeName: scopeName, Operator: operator, Values: values ?? null })) };
  for (const { scopeName, operator, values = [] } of terms) {
    if (!SCOPES.includes(scopeName)) errors.push(invalid(path.child('scopeName'), scopeName, 'unsupported scope'));
    for (const key of hard) if (!isInScope(scopeName, key)) errors.push(invalid(path, shown, 'unsupported scope applied to resource'));
    if (EXISTING_SCOPES.includes(scopeName) && operator !== 'Exists') errors.push(invalid(path.child('operator'), operator, EXISTS_ONLY));
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0) errors.push(required(path.child('values'), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"));
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0) errors.push(invalid(path.child('values'), values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"));
    } else errors.push(invalid(path.child('operator'), operator, 'not a valid selector operator'));
  }
  for (const pair of OPPOSITES) if (pair.every((scope) => terms.some(({ scopeName }) => scopeName === scope))) errors.push(invalid(path, quota.spec?.scopes ?? null, 'conflicting scopes'));
  return errors;
}

function validate(quota: Quota): readonly FieldError[] {
  return [...validateHard(quota.spec?.hard, 'spec', 'hard'), ...validateScopes(quota), ...validateScopeSelector(quota)];
}

function validateUpdate(quota: Quota, old: Quota): readonly FieldError[] {
  const sorted = (scopes: readonly string[] | undefined): string => [...new Set(scopes ?? [])].sort().join(',');
  const isSame = sorted(quota.spec?.scopes) === sorted(old.spec?.scopes);
  return [...validate(quota), ...(isSame ? [] : [invalid('spec.scopes', quota.spec?.scopes ?? null, 'field is immutable')])];
}

function usage(quota: Quota, isLimit: boolean): string {
  const hard = quota.status?.hard ?? {};
  const names = Object.keys(hard).sort().filter((name) => name.startsWith('limits.') === isLimit);
  return names.map((name) => `${name}: ${quota.status?.used?.[name] ?? '0'}/${hard[name]}`).join(', ');
}

/** ResourceQuota. @public */
export const resourceQuotaKind: KindDefinition = defineKind<Quota>({
  group: '', version: 'v1', kind: 'ResourceQuota', resource: 'resourcequotas', singular: 'resourcequota', shortNames: ['quota'], namespaced: true,
  subresources: {
    status: { validateUpdate: (quota) => [...validateHard(quota.status?.hard, 'status', 'hard'), ...validateHard(quota.status?.used, 'status', 'used')] },
  },
  deleteReturnsObject: true,
  validateCreate: validate,
  validateUpdate,
  updateOnlyValidation: true,
  columns: [{ name: 'Name', type: 'string', format: 'name' }, { name: 'Request', type: 'string' }, { name: 'Limit', type: 'string' }, { name: 'Age', type: 'string' }],
  cells: (quota, now) => [quota.metadata.name, usage(quota, false), usage(quota, true), ageCell(quota, now)],
});
