// What changes of the caches put on the queue. Upstream: addPod, updatePod, deletePod, getStatefulSetsForPod and the
// informers' handlers in pkg/controller/statefulset/stateful_set.go (1.37). Claims and revisions enqueue nothing.
import type { OwnerReference, Pod, StatefulSet } from '@kubesim/api';
import { compileSelector, controllerOf, isPodReady, type CacheChange, type HandlerContext } from '@kubesim/client';
import { namespaceOf } from './identity.ts';

/** Names the keys to look at after a change. @internal */
export function enqueueChange(context: HandlerContext, change: CacheChange): void {
  if (change.resource === 'statefulsets.apps') {
    const set = (change.after ?? change.before) as StatefulSet;
    context.enqueue(keyOf(set));
  } else if (change.resource === 'pods') {
    const before = change.before as Pod | undefined;
    const after = change.after as Pod | undefined;
    if (after === undefined) deletePod(context, before as Pod);
    else if (before === undefined) addPod(context, after);
    else updatePod(context, before, after);
  }
}

function addPod(context: HandlerContext, pod: Pod): void {
  // A pod that is seen for the first time while it goes was added and marked in one: it counts as gone.
  if (pod.metadata.deletionTimestamp !== undefined) {
    deletePod(context, pod);
    return;
  }
  const reference = controllerOf(pod);
  if (reference === undefined) {
    enqueueMatching(context, pod);
    return;
  }
  const set = resolveControllerRef(context, pod, reference);
  if (set !== undefined) context.enqueue(keyOf(set));
}

function updatePod(context: HandlerContext, before: Pod, after: Pod): void {
  if (before.metadata.resourceVersion === after.metadata.resourceVersion) return;
  const oldReference = controllerOf(before);
  const reference = controllerOf(after);
  const isOwnerChanged = !isSameReference(oldReference, reference);
  if (isOwnerChanged && oldReference !== undefined) {
    const oldSet = resolveControllerRef(context, before, oldReference);
    if (oldSet !== undefined) context.enqueue(keyOf(oldSet));
  }
  if (reference === undefined) {
    if (isOwnerChanged || !isSameLabels(before, after)) enqueueMatching(context, after);
    return;
  }
  const set = resolveControllerRef(context, after, reference);
  if (set === undefined) return;
  context.enqueue(keyOf(set));
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  // One second more than is needed, in case the clocks of node and controller differ.
  if (minReadySeconds > 0 && !isPodReady(before) && isPodReady(after)) context.enqueueAfter(keyOf(set), (minReadySeconds + 1) * 1000);
}

function deletePod(context: HandlerContext, pod: Pod): void {
  const reference = controllerOf(pod);
  const set = reference === undefined ? undefined : resolveControllerRef(context, pod, reference);
  if (set !== undefined) context.enqueue(keyOf(set));
}

/** The set that a reference means, if it is in the cache under that name and uid. */
function resolveControllerRef(context: HandlerContext, pod: Pod, reference: OwnerReference): StatefulSet | undefined {
  if (reference.kind !== 'StatefulSet') return undefined;
  const set = context.lister<StatefulSet>('statefulsets.apps').get(namespaceOf(pod), reference.name);
  return set?.metadata.uid === reference.uid ? set : undefined;
}

/** An orphan may be any matching set's. */
function enqueueMatching(context: HandlerContext, pod: Pod): void {
  const labels = pod.metadata.labels;
  if (labels === undefined || Object.keys(labels).length === 0) return;
  for (const set of context.lister<StatefulSet>('statefulsets.apps').list(pod.metadata.namespace)) {
    if (compileSelector(set.spec.selector)?.(labels) === true) context.enqueue(keyOf(set));
  }
}

function keyOf(set: StatefulSet): string {
  return `${set.metadata.namespace}/${set.metadata.name}`;
}

function isSameReference(a: OwnerReference | undefined, b: OwnerReference | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.uid === b.uid && a.name === b.name && a.kind === b.kind && a.apiVersion === b.apiVersion &&
    a.blockOwnerDeletion === b.blockOwnerDeletion;
}

function isSameLabels(before: Pod, after: Pod): boolean {
  const old = before.metadata.labels ?? {};
  const labels = after.metadata.labels ?? {};
  const keys = Object.keys(labels);
  return keys.length === Object.keys(old).length && keys.every((key) => Object.hasOwn(old, key) && old[key] === labels[key]);
}
