// rbac.authorization.k8s.io/v1 ClusterRole. Upstream: pkg/apis/rbac/validation/validation.go ValidateClusterRole (1.37).
import { required, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import type { ClusterRole } from '../../generated/types.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { validateLabelSelector } from '../../names/labels.ts';
import type { KubeObject } from '../../request.ts';
import { RBAC_GROUP, validateRules } from './rules.ts';

type StoredRole = ClusterRole & KubeObject;

function validate(role: StoredRole): readonly FieldError[] {
  const errors: FieldError[] = [...validateRules(role.rules ?? [], false)];
  const { aggregationRule } = role;
  if (aggregationRule === undefined || aggregationRule === null) return errors;
  const path = fieldPath('aggregationRule').child('clusterRoleSelectors');
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) errors.push(required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  for (const [index, selector] of selectors.entries()) errors.push(...validateLabelSelector(selector, path.index(index)));
  return errors;
}

/** ClusterRole. @public */
export const clusterRoleKind: KindDefinition = defineKind<StoredRole>({
  group: RBAC_GROUP, version: 'v1', kind: 'ClusterRole', resource: 'clusterroles', singular: 'clusterrole', namespaced: false, nameRule: 'path-segment',
  validateCreate: validate,
});
