// Who owns which field.
import type { KubeObject, ManagedFieldsEntry } from '@kubesim/api';
import type { Scope, ServerContext } from '../server.ts';

/** The managed fields after an update by a manager; undefined where nothing is tracked. @internal */
export function trackUpdate(context: ServerContext, scope: Scope, old: KubeObject | undefined, decoded: KubeObject, subresource: string, manager: string | undefined): readonly ManagedFieldsEntry[] | undefined {
  void context; void scope; void decoded; void subresource; void manager;
  return old?.metadata.managedFields;
}
