// Writing the status: only if it says something new, and again from the cache after a Conflict.
// Upstream: updateStatefulSetStatus in stateful_set_control.go and stateful_set_status_updater.go (1.37).
import type { KubeObject, StatefulSet, StatefulSetStatus } from '@kubesim/api';
import { DEFAULT_RETRY, retryOnConflict, type Calling, type ReconcileError } from '@kubesim/client';
import { namespaceOf } from './identity.ts';
import { isStatusInconsistent } from './status.ts';
import { write, type Sync } from './sync-context.ts';

/** Writes a status if it differs from the one the set was read with. @internal */
export function* updateStatus(sync: Sync, set: StatefulSet, status: StatefulSetStatus): Calling<ReconcileError | undefined> {
  if (!isStatusInconsistent(set, status)) return undefined;
  const { namespace, name } = set.metadata;
  let base = set;
  return yield* retryOnConflict(sync.context, DEFAULT_RETRY, function* () {
    const object = { ...base, status } as unknown as KubeObject;
    const { error } = yield* write(sync, { verb: 'update', resource: 'statefulsets.apps', namespace, name, subresource: 'status', object });
    if (error !== undefined) {
      base = sync.context.decide(() => sync.context.lister<StatefulSet>('statefulsets.apps').get(namespaceOf(set), name)) ?? base;
    }
    return error;
  });
}
