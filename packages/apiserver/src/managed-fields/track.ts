// Who owns which field: entries of metadata.managedFields, worked out at each tracked write.
import {
  apiVersionOf, EMPTY_SET, managedFieldsOfUpdate, setOfPaths, zeroObject, type FieldManager, type FieldSet, type KindDefinition, type KubeObject, type ManagedFieldsEntry,
} from '@kubesim/api';
import { structOf } from '../decode.ts';
import type { Scope, ServerContext } from '../server.ts';

const STATUS: FieldSet = setOfPaths([['status']]);
const ALL_BUT_STATUS: FieldSet = setOfPaths([['spec'], ['metadata', 'ownerReferences'], ['metadata', 'deletionTimestamp']]);

/** Fields that a write through this path puts back, so that its manager does not come to own them. @internal */
export function ignoredFields(kind: KindDefinition, subresource: string): FieldSet {
  if (kind.subresources?.status === undefined) return EMPTY_SET;
  if (subresource === 'status') return ALL_BUT_STATUS;
  return STATUS;
}

/** The manager of a write as an entry names it. @internal */
export function managerOf(context: ServerContext, kind: KindDefinition, manager: string, operation: 'Apply' | 'Update', subresource: string): FieldManager {
  return { manager, operation, apiVersion: apiVersionOf(kind), subresource, time: operation === 'Update' && subresource === 'scale' ? undefined : context.kindContext.time };
}

/** The managed fields after an update by a manager; as they were where the write is not tracked. @internal */
export function trackUpdate(context: ServerContext, scope: Scope, old: KubeObject | undefined, decoded: KubeObject, subresource: string, manager: string | undefined): readonly ManagedFieldsEntry[] | undefined {
  const struct = structOf(scope.kind);
  const sent = decoded.metadata.managedFields;
  const isReset = sent !== undefined && sent.length === 1 && Object.keys(sent[0] ?? {}).length === 0;
  if (isReset) return undefined;
  const held = old?.metadata.managedFields;
  if (manager === undefined || struct === undefined || (old !== undefined && (held === undefined || held.length === 0))) return held;
  const before = old ?? { ...zeroObject(struct), metadata: {} };
  return managedFieldsOfUpdate(struct, before, decoded, held, managerOf(context, scope.kind, manager, 'Update', subresource), ignoredFields(scope.kind, subresource));
}
