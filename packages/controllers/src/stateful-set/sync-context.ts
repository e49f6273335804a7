// What every step of one sync is given: the reconcile's context and the behaviour of the release.
import type { ApiCall, PersistentVolumeClaim, StatefulSet } from '@kubesim/api';
import { send, type Calling, type CallOutcome, type ReconcileContext } from '@kubesim/client';
import type { Behaviour } from './behaviour.ts';
import type { ClaimReader } from './claims.ts';
import { noteWrite, type Writes } from './consistency.ts';
import { namespaceOf } from './identity.ts';

/** One sync. @internal */
export interface Sync {
  readonly context: ReconcileContext;
  readonly behaviour: Behaviour;
  /** uid of the set that is synced: writes are noted under it. */
  readonly uid: string;
}

/** Reads claims through the cache as it is now. @internal */
export function claimReader(sync: { readonly context: Pick<ReconcileContext, 'lister'> }, set: StatefulSet): ClaimReader {
  const lister = sync.context.lister<PersistentVolumeClaim>('persistentvolumeclaims');
  const namespace = namespaceOf(set);
  return (name) => lister.get(namespace, name);
}

/** Makes a write and notes how far the cache must have come before the next sync. @internal */
export function* write(sync: Sync, call: ApiCall): Calling<CallOutcome> {
  const outcome = yield* send(call);
  if (outcome.object !== undefined && sync.behaviour.skipsStaleSyncs) {
    const state = sync.context.state as { writes: Writes };
    state.writes = noteWrite(sync.context.epoch, state.writes, sync.uid, call, outcome.object);
  }
  return outcome;
}
