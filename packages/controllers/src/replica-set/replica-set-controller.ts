// The ReplicaSet controller: what wakes it, and what it takes note of meanwhile. What it then does is in sync.ts.
// Upstream: pkg/controller/replicaset/replica_set.go (1.37).
import type { Pod, ReplicaSet } from '@kubesim/api';
import {
  controllerOf, creationObserved, deleteExpectations, deletionObserved, isPodReady, matchesSelector, type CacheChange, type Controller, type ControllerKind, type HandlerContext,
} from '@kubesim/client';
import { keyOf } from '../pods/active-pods.ts';
import { forgetSummary, initialState, notePodChange } from './state.ts';
import { REPLICA_SET, replicaSetOf, syncReplicas, type ReplicaFlavour } from './sync.ts';

/** Keeps as many pods as each ReplicaSet asks for. @public */
export const replicaSetController: Controller = {
  name: 'replicaset-controller',
  watches: ['replicasets.apps', 'pods'],
  workers: 5,
  initialState,
  handle: (context, change) => { handleReplicaSetChange(REPLICA_SET, context, change); },
  reconcile: syncReplicas(REPLICA_SET),
};

/** Takes note of a change of a set or a pod, and wakes whom it concerns. @internal */
export function handleReplicaSetChange({ kind }: ReplicaFlavour, context: HandlerContext, change: CacheChange): void {
  if (change.resource === 'pods') handlePod(kind, context, change.before as unknown as Pod | undefined, change.after as unknown as Pod | undefined);
  else handleReplicaSet(context, change.before as unknown as ReplicaSet | undefined, change.after as unknown as ReplicaSet | undefined);
}

function handleReplicaSet(context: HandlerContext, before: ReplicaSet | undefined, after: ReplicaSet | undefined): void {
  const isGone = before !== undefined && before.metadata.uid !== after?.metadata.uid;
  if (isGone) {
    deleteExpectations(context, keyOf(before));
    forgetSummary(context, before.metadata.uid ?? '');
  }
  context.enqueue(keyOf((after ?? before) as ReplicaSet));
}

function handlePod(kind: ControllerKind, context: HandlerContext, before: Pod | undefined, after: Pod | undefined): void {
  // A pod of the same name in one step is another pod: the old one is gone.
  if (before !== undefined && after !== undefined && before.metadata.uid !== after.metadata.uid) {
    handlePod(kind, context, before, undefined);
    handlePod(kind, context, undefined, after);
    return;
  }
  const owner = after === undefined ? undefined : ownerOf(kind, context, after);
  const ownerBefore = before === undefined ? undefined : ownerOf(kind, context, before);
  for (const set of new Set([owner, ownerBefore])) if (set !== undefined) notePodChange(context, set, before, after);
  if (after === undefined || after.metadata.deletionTimestamp !== undefined) {
    // A deletion is seen when the pod is first marked, or gone at once.
    for (const [pod, set] of [[after, owner], [before, ownerBefore]] as const) {
      if (pod === undefined || set === undefined) continue;
      deletionObserved(context, keyOf(set), keyOf(pod));
      context.enqueue(keyOf(set));
      return;
    }
    return;
  }
  if (before !== undefined && controllerOf(before)?.uid !== controllerOf(after)?.uid && ownerBefore !== undefined) context.enqueue(keyOf(ownerBefore));
  if (controllerOf(after) === undefined) return wakeSelecting(context, before, after);
  if (owner === undefined) return;
  if (before === undefined) creationObserved(context, keyOf(owner));
  context.enqueue(keyOf(owner));
  const minReadySeconds = owner.spec.minReadySeconds ?? 0;
  if (before !== undefined && minReadySeconds > 0 && !isPodReady(before) && isPodReady(after)) {
    context.enqueueAfter(keyOf(owner), (minReadySeconds + 1) * 1000);
  }
}

/** A pod without a controller wakes every set that selects it: when it appears, and when its labels or owner changed. */
function wakeSelecting(context: HandlerContext, before: Pod | undefined, after: Pod): void {
  if (before !== undefined && before.metadata.labels === after.metadata.labels && controllerOf(before) === undefined) return;
  for (const set of context.lister<ReplicaSet>('replicasets.apps').list(after.metadata.namespace)) {
    if (matchesSelector(set.spec.selector, after.metadata.labels)) context.enqueue(keyOf(set));
  }
}

function ownerOf(kind: ControllerKind, context: HandlerContext, pod: Pod): ReplicaSet | undefined {
  const sets = context.lister<ReplicaSet>('replicasets.apps');
  return replicaSetOf(kind, pod, controllerOf(pod), (namespace, name) => sets.get(namespace, name));
}
