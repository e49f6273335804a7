// core/v1 ServiceAccount. Upstream: pkg/registry/core/serviceaccount (1.37).
import type { ServiceAccount } from '../../generated/types.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import type { KubeObject } from '../../request.ts';
import { ageCell } from '../../table/cells.ts';

/** ServiceAccount. @public */
export const serviceAccountKind: KindDefinition = defineKind<ServiceAccount & KubeObject>({
  group: '', version: 'v1', kind: 'ServiceAccount', resource: 'serviceaccounts', singular: 'serviceaccount', shortNames: ['sa'], namespaced: true,
  subresources: { token: true },
  deleteReturnsObject: true,
  columns: [{ name: 'Name', type: 'string', format: 'name' }, { name: 'Age', type: 'string' }],
  cells: (account, now) => [account.metadata.name, ageCell(account, now)],
});
