// What the four kinds of RBAC share: defaults and validation. Upstream: pkg/apis/rbac/{v1/defaults,validation} (1.37).
import { mapItems, withDefaults, withField } from '../../edit.ts';
import { invalid, notSupported, required, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import type { PolicyRule, RoleRef, Subject } from '../../generated/types.ts';
import type { TableCell, TableColumn } from '../../kind.ts';
import { pathSegmentErrors, dnsSubdomainErrors } from '../../names/names.ts';
import type { KubeObject } from '../../request.ts';
import { isSame } from '../../is-same.ts';
import { ageCell } from '../../table/cells.ts';

/** The API group of RBAC. @internal */
export const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** A binding of either scope. @internal */
export type StoredBinding = KubeObject & { readonly roleRef: RoleRef; readonly subjects?: readonly Subject[] };

/** The errors of the rules of a role. @internal */
export function validateRules(rules: readonly PolicyRule[], isNamespaced: boolean): readonly FieldError[] {
  return rules.flatMap((rule, index) => validateRule(rule, isNamespaced, fieldPath('rules').index(index)));
}

function validateRule(rule: PolicyRule, isNamespaced: boolean, path: FieldPath): readonly FieldError[] {
  const { verbs, nonResourceURLs = [], apiGroups = [], resources = [], resourceNames = [] } = rule;
  const errors: FieldError[] = (verbs ?? []).length === 0 ? [required(path.child('verbs'), 'verbs must contain at least one value')] : [];
  if (nonResourceURLs.length > 0) {
    const where = path.child('nonResourceURLs');
    if (isNamespaced) errors.push(invalid(where, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'));
    if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) errors.push(invalid(where, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'));
    return errors;
  }
  if (apiGroups.length === 0) errors.push(required(path.child('apiGroups'), 'resource rules must supply at least one api group'));
  if (resources.length === 0) errors.push(required(path.child('resources'), 'resource rules must supply at least one resource'));
  return errors;
}

/** Groups of roles and subjects that need not be said. @internal */
export function defaultBinding(binding: StoredBinding): StoredBinding {
  const withRef = binding.roleRef === undefined || (binding.roleRef.apiGroup ?? '') !== '' ? binding : withField(binding, 'roleRef', { ...binding.roleRef, apiGroup: RBAC_GROUP });
  if (withRef.subjects === undefined) return withRef;
  return withField(withRef, 'subjects', mapItems(withRef.subjects, (subject) => {
    if (subject.kind !== 'User' && subject.kind !== 'Group') return subject;
    return subject.apiGroup === '' ? { ...subject, apiGroup: RBAC_GROUP } : withDefaults(subject, { apiGroup: RBAC_GROUP });
  }));
}

/** The errors of a binding. @internal */
export function validateBinding(binding: StoredBinding, isNamespaced: boolean): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { apiGroup = '', kind = '', name = '' } = binding.roleRef ?? {};
  const path = fieldPath('roleRef');
  if (apiGroup !== RBAC_GROUP) errors.push(notSupported(path.child('apiGroup'), apiGroup, [RBAC_GROUP]));
  const kinds = isNamespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  if (!kinds.includes(kind)) errors.push(notSupported(path.child('kind'), kind, kinds));
  if (name === '') errors.push(required(path.child('name')));
  else for (const text of pathSegmentErrors(name)) errors.push(invalid(path.child('name'), name, text));
  for (const [index, subject] of (binding.subjects ?? []).entries()) errors.push(...validateSubject(subject, isNamespaced, fieldPath('subjects').index(index)));
  return errors;
}

function validateSubject(subject: Subject, isNamespaced: boolean, path: FieldPath): readonly FieldError[] {
  const { kind = '', name = '', apiGroup = '', namespace = '' } = subject;
  const errors: FieldError[] = name === '' ? [required(path.child('name'))] : [];
  if (kind === 'ServiceAccount') {
    if (name !== '') for (const text of dnsSubdomainErrors(name)) errors.push(invalid(path.child('name'), name, text));
    if (apiGroup !== '') errors.push(notSupported(path.child('apiGroup'), apiGroup, ['']));
    if (!isNamespaced && namespace === '') errors.push(required(path.child('namespace')));
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== RBAC_GROUP) errors.push(notSupported(path.child('apiGroup'), apiGroup, [RBAC_GROUP]));
  } else {
    errors.push(notSupported(path.child('kind'), kind, ['ServiceAccount', 'User', 'Group']));
  }
  return errors;
}

/** A binding's role may not change. @internal */
export function validateBindingUpdate(binding: StoredBinding, old: StoredBinding): readonly FieldError[] {
  return isSame(binding.roleRef, old.roleRef) ? [] : [invalid('roleRef', binding.roleRef, 'cannot change roleRef')];
}

/** Columns of a binding. @internal */
export const BINDING_COLUMNS: readonly TableColumn[] = [
  { name: 'Name', type: 'string', format: 'name' }, { name: 'Role', type: 'string' }, { name: 'Age', type: 'string' },
  { name: 'Users', type: 'string', priority: 1 }, { name: 'Groups', type: 'string', priority: 1 }, { name: 'ServiceAccounts', type: 'string', priority: 1 },
];

/** Cells of a binding. @internal */
export function bindingCells(binding: StoredBinding, now: number): readonly TableCell[] {
  const of = (kind: string): string => (binding.subjects ?? []).filter((subject) => subject.kind === kind)
    .map((subject) => (kind !== 'ServiceAccount' || (subject.namespace ?? '') === '' ? subject.name : `${subject.namespace ?? ''}/${subject.name}`)).join(', ');
  return [binding.metadata.name, `${binding.roleRef.kind}/${binding.roleRef.name}`, ageCell(binding, now), of('User'), of('Group'), of('ServiceAccount')];
}
