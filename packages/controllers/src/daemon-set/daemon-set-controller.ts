// The DaemonSet controller: what wakes it. What it then does is in sync.ts.
// Upstream: pkg/controller/daemon/daemon_controller.go (1.37).
import type { DaemonSet, KubeObject, Node, Pod } from '@kubesim/api';
import {
  controllerOf, creationObserved, deleteExpectations, deletionObserved, isPodReady, matchesSelector, type CacheChange, type Controller, type HandlerContext,
} from '@kubesim/client';
import { keyOf } from '../pods/active-pods.ts';
import { nodeFitness } from './node-fitness.ts';
import { initialState } from './state.ts';
import { syncDaemonSet } from './sync.ts';

/** Keeps one pod on every node that a DaemonSet wants. @public */
export const daemonSetController: Controller = {
  name: 'daemonset-controller',
  watches: ['daemonsets.apps', 'pods', 'nodes', 'controllerrevisions.apps'],
  workers: 2,
  initialState,
  handle,
  reconcile: syncDaemonSet,
};

function handle(context: HandlerContext, { resource, before, after }: CacheChange): void {
  switch (resource) {
    case 'daemonsets.apps': return handleDaemonSet(context, before, after);
    case 'nodes': return handleNode(context, before as Node | undefined, after as Node | undefined);
    case 'pods': return handlePod(context, before as Pod | undefined, after as Pod | undefined);
    default: return wakeOwners(context, before, after);
  }
}

function handleDaemonSet(context: HandlerContext, before: KubeObject | undefined, after: KubeObject | undefined): void {
  if (before !== undefined && before.metadata.uid !== after?.metadata.uid) deleteExpectations(context, keyOf(before));
  context.enqueue(keyOf((after ?? before) as KubeObject));
}

/** A node wakes the sets that want something else of it than before. Its status alone changes nothing. */
function handleNode(context: HandlerContext, before: Node | undefined, after: Node | undefined): void {
  if (after === undefined) return;
  for (const set of context.lister<DaemonSet>('daemonsets.apps').list()) {
    const fits = nodeFitness(set, after);
    const fitted = before === undefined ? { shouldRun: false, shouldContinueRunning: false } : nodeFitness(set, before);
    const isNew = before === undefined ? fits.shouldRun
      : fits.shouldRun !== fitted.shouldRun || fits.shouldContinueRunning !== fitted.shouldContinueRunning;
    if (isNew) context.enqueue(keyOf(set));
  }
}

function handlePod(context: HandlerContext, before: Pod | undefined, after: Pod | undefined): void {
  if (before !== undefined && after !== undefined && before.metadata.uid !== after.metadata.uid) {
    handlePod(context, before, undefined);
    handlePod(context, undefined, after);
    return;
  }
  if (after === undefined || after.metadata.deletionTimestamp !== undefined) {
    const pod = (after ?? before) as Pod;
    const set = ownerOf(context, pod);
    if (set === undefined) return;
    deletionObserved(context, keyOf(set), keyOf(pod));
    context.enqueue(keyOf(set));
    return;
  }
  wakeOwners(context, before, after);
  const set = ownerOf(context, after);
  if (set === undefined) return;
  if (before === undefined) creationObserved(context, keyOf(set));
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  if (before !== undefined && minReadySeconds > 0 && !isPodReady(before) && isPodReady(after)) context.enqueueAfter(keyOf(set), (minReadySeconds + 1) * 1000);
}

/** Wakes the set that owns an object, the one that did, and while none does, those that select it. */
function wakeOwners(context: HandlerContext, before: KubeObject | undefined, after: KubeObject | undefined): void {
  const object = (after ?? before) as KubeObject;
  const isOwnerNew = before !== undefined && after !== undefined && controllerOf(before)?.uid !== controllerOf(after)?.uid;
  const former = isOwnerNew ? ownerOf(context, before) : undefined;
  if (former !== undefined) context.enqueue(keyOf(former));
  if (controllerOf(object) !== undefined) {
    const set = ownerOf(context, object);
    if (set !== undefined) context.enqueue(keyOf(set));
    return;
  }
  if (after === undefined || (before !== undefined && !isOwnerNew && before.metadata.labels === after.metadata.labels)) return;
  for (const set of context.lister<DaemonSet>('daemonsets.apps').list(object.metadata.namespace)) {
    if (matchesSelector(set.spec.selector, object.metadata.labels)) context.enqueue(keyOf(set));
  }
}

function ownerOf(context: HandlerContext, object: KubeObject): DaemonSet | undefined {
  const reference = controllerOf(object);
  if (reference?.kind !== 'DaemonSet') return undefined;
  const set = context.lister<DaemonSet>('daemonsets.apps').get(object.metadata.namespace ?? '', reference.name);
  return set?.metadata.uid === reference.uid ? set : undefined;
}
