// core/v1 ResourceQuota. Upstream: pkg/apis/core/validation (ValidateResourceQuota), pkg/registry/core/resourcequota (1.37).
import type { Quantity, ResourceQuota } from '../../generated/types.ts';
import { forbidden, invalid, notSupported, required, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import type { KubeObject } from '../../request.ts';
import { ageCell } from '../../table/cells.ts';
import { validateQuotaResourceName, validateResourceQuantity } from './resource-names.ts';

type Quota = ResourceQuota & KubeObject;

const SCOPES = ['BestEffort', 'CrossNamespacePodAffinity', 'NotBestEffort', 'NotTerminating', 'PriorityClass', 'Terminating', 'VolumeAttributesClass'];
const OPPOSITES = [['BestEffort', 'NotBestEffort'], ['Terminating', 'NotTerminating']];
const OPERATORS = ['DoesNotExist', 'Exists', 'In', 'NotIn'];
const BEST_EFFORT_RESOURCES = ['pods'];

function validateHard(list: Readonly<Record<string, Quantity>> | undefined, ...names: readonly string[]): readonly FieldError[] {
  return Object.keys(list ?? {}).sort().flatMap((key) => {
    const path = fieldPath(...names).key(key);
    return [...validateQuotaResourceName(key, path), ...validateResourceQuantity(key, list?.[key], path)];
  });
}

function validateScopes(quota: Quota): readonly FieldError[] {
  const scopes = quota.spec?.scopes ?? [];
  if (scopes.length === 0) return [];
  const errors: FieldError[] = [];
  const path = fieldPath('spec', 'scopes');
  const hard = Object.keys(quota.spec?.hard ?? {}).sort();
  for (const scope of scopes) {
    if (!SCOPES.includes(scope)) errors.push(invalid(path, scopes, 'unsupported scope'));
    if (scope === 'BestEffort') for (const key of hard) if (!BEST_EFFORT_RESOURCES.includes(key)) errors.push(invalid(path, scopes, `unsupported scope applied to resource`));
  }
  for (const pair of OPPOSITES) if (pair.every((scope) => scopes.includes(scope))) errors.push(invalid(path, scopes, 'conflicting scopes'));
  return errors;
}

function validateScopeSelector(quota: Quota): readonly FieldError[] {
  const errors: FieldError[] = [];
  const root = fieldPath('spec', 'scopeSelector', 'matchExpressions');
  for (const [index, term] of (quota.spec?.scopeSelector?.matchExpressions ?? []).entries()) {
    const path = root.index(index);
    const values = term.values ?? [];
    if (!SCOPES.includes(term.scopeName)) errors.push(invalid(path.child('scopeName'), term.scopeName, 'unsupported scope'));
    if (!OPERATORS.includes(term.operator)) errors.push(notSupported(path.child('operator'), term.operator, OPERATORS));
    else if ((term.operator === 'In' || term.operator === 'NotIn') && values.length === 0) errors.push(required(path.child('values'), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"));
    else if ((term.operator === 'Exists' || term.operator === 'DoesNotExist') && values.length > 0) errors.push(forbidden(path.child('values'), "must be no value when `operator` is 'Exists' or 'DoesNotExist' for scope selector"));
  }
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
