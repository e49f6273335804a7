// rbac.authorization.k8s.io/v1 RoleBinding. Upstream: pkg/apis/rbac/validation/validation.go ValidateRoleBinding (1.37).
import { defineKind, type KindDefinition } from '../../kind.ts';
import { BINDING_COLUMNS, bindingCells, defaultBinding, RBAC_GROUP, validateBinding, validateBindingUpdate, type StoredBinding } from './rules.ts';

/** RoleBinding. @public */
export const roleBindingKind: KindDefinition = defineKind<StoredBinding>({
  group: RBAC_GROUP, version: 'v1', kind: 'RoleBinding', resource: 'rolebindings', singular: 'rolebinding', namespaced: true, nameRule: 'path-segment',
  default: defaultBinding,
  validateCreate: (binding) => validateBinding(binding, true),
  validateUpdate: validateBindingUpdate,
  columns: BINDING_COLUMNS,
  cells: bindingCells,
});
