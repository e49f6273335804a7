// rbac.authorization.k8s.io/v1 Role. Upstream: pkg/apis/rbac/validation/validation.go ValidateRole (1.37).
import type { Role } from '../../generated/types.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import type { KubeObject } from '../../request.ts';
import { RBAC_GROUP, validateRules } from './rules.ts';

/** Role. @public */
export const roleKind: KindDefinition = defineKind<Role & KubeObject>({
  group: RBAC_GROUP, version: 'v1', kind: 'Role', resource: 'roles', singular: 'role', namespaced: true, nameRule: 'path-segment',
  validateCreate: (role) => validateRules(role.rules ?? [], true),
});
