// rbac.authorization.k8s.io/v1 ClusterRoleBinding. Upstream: pkg/apis/rbac/validation/validation.go ValidateClusterRoleBinding (1.37).
import { defineKind, type KindDefinition } from '../../kind.ts';
import { BINDING_COLUMNS, bindingCells, defaultBinding, RBAC_GROUP, validateBinding, validateBindingUpdate, type StoredBinding } from './rules.ts';

/** ClusterRoleBinding. @public */
export const clusterRoleBindingKind: KindDefinition = defineKind<StoredBinding>({
  group: RBAC_GROUP, version: 'v1', kind: 'ClusterRoleBinding', resource: 'clusterrolebindings', singular: 'clusterrolebinding', namespaced: false, nameRule: 'path-segment',
  default: defaultBinding,
  validateCreate: (binding) => validateBinding(binding, false),
  validateUpdate: validateBindingUpdate,
  columns: BINDING_COLUMNS,
  cells: bindingCells,
});
