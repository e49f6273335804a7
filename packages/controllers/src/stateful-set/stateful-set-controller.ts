// The StatefulSet controller: what enqueues a set, and one sync of it. Upstream: pkg/controller/statefulset/stateful_set.go (1.37).
import type { ControllerRevision, KubeObject, PersistentVolumeClaim, Pod, StatefulSet } from '@kubesim/api';
import {
  adoptPatch, claimObjects, compileSelector, controllerOf, isPodReady, readySinceMs, recheckDeletionTimestamp, send, wrapError, type CacheChange, type Calling, type Controller, type HandlerContext,
  type ReconcileContext, type ReconcileError, type ReconcileResult, type Reconciling,
} from '@kubesim/client';
import { OrderedMap, type Epoch } from '@kubesim/kernel';
import { behaviourOf } from './behaviour.ts';
import type { ClaimReader } from './claims.ts';
import { staleResource, type Writes } from './consistency.ts';
import { parentAndOrdinal, replicasOf, STATEFUL_SET_KIND } from './identity.ts';
import { applyClaimChange, applyPodChange, buildSummary, podMatches, summaryShape, type SetSummary } from './set-summary.ts';
import { updateStatefulSet } from './stateful-set-control.ts';
import type { Sync } from './sync-context.ts';

/** What the controller keeps in memory. */
interface StatefulSetState {
  /** Newest versions written, by uid of the set. */
  writes: Writes;
  /** Sums of each set's pods, by uid, kept up to date change by change. */
  summaries: OrderedMap<SetSummary>;
}

const WORKERS = 5;
const NO_EPOCH: Epoch = { kind: 'epoch' };

/** The StatefulSet controller. @public */
export const statefulSetController: Controller = {
  name: 'statefulset-controller',
  watches: ['statefulsets.apps', 'pods', 'persistentvolumeclaims', 'controllerrevisions.apps'],
  workers: WORKERS,
  initialState: (): StatefulSetState => ({ writes: OrderedMap.empty(), summaries: OrderedMap.empty() }),
  handle: (context, change) => {
    switch (change.resource) {
      case 'statefulsets.apps': return handleSet(context, change as CacheChange<StatefulSet & KubeObject>);
      case 'pods': return handlePod(context, change as CacheChange<Pod & KubeObject>);
      case 'persistentvolumeclaims': return handleClaim(context, change as CacheChange<PersistentVolumeClaim & KubeObject>);
      default: return undefined;
    }
  },
  reconcile,
};

const keyOf = (object: { readonly metadata: { readonly namespace?: string; readonly name?: string } }): string => `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;

function handleSet(context: HandlerContext, { before, after }: CacheChange<StatefulSet & KubeObject>): void {
  const set = (after ?? before) as StatefulSet;
  if (after === undefined) {
    const state = context.state as StatefulSetState;
    state.summaries = state.summaries.delete(context.epoch, set.metadata.uid ?? '');
  }
  context.enqueue(keyOf(set));
}

function handlePod(context: HandlerContext, { before, after }: CacheChange<Pod & KubeObject>): void {
  updateSummaries(context, before, after);
  if (before === undefined && after !== undefined) return podAdded(context, after);
  if (after === undefined) return podDeleted(context, before as Pod);
  podUpdated(context, before as Pod, after);
}

function podAdded(context: HandlerContext, pod: Pod): void {
  if (pod.metadata.deletionTimestamp !== undefined) return podDeleted(context, pod);
  const owner = resolve(context, pod);
  if (owner !== undefined) context.enqueue(keyOf(owner));
  else if (controllerOf(pod as KubeObject) === undefined) enqueueMatching(context, pod);
}

function podDeleted(context: HandlerContext, pod: Pod): void {
  const owner = resolve(context, pod);
  if (owner !== undefined) context.enqueue(keyOf(owner));
}

function podUpdated(context: HandlerContext, old: Pod, pod: Pod): void {
  if (old.metadata.resourceVersion === pod.metadata.resourceVersion) return;
  const oldOwner = controllerOf(old as KubeObject);
  const owner = controllerOf(pod as KubeObject);
  const ownerChanged = oldOwner?.uid !== owner?.uid;
  if (ownerChanged && oldOwner !== undefined) podDeleted(context, old);
  if (owner !== undefined) {
    const set = resolve(context, pod);
    if (set === undefined) return;
    context.enqueue(keyOf(set));
    const minReadySeconds = set.spec.minReadySeconds ?? 0;
    if (minReadySeconds > 0 && !isPodReady(old) && isPodReady(pod)) context.enqueueAfter(keyOf(set), (minReadySeconds + 1) * 1_000);
    return;
  }
  if (ownerChanged || JSON.stringify(old.metadata.labels) !== JSON.stringify(pod.metadata.labels)) enqueueMatching(context, pod);
}

/** The set that a pod's controller reference names, if it is there under that uid. */
function resolve(context: Pick<HandlerContext, 'lister'>, pod: Pod): StatefulSet | undefined {
  const reference = controllerOf(pod as KubeObject);
  if (reference === undefined || reference.kind !== STATEFUL_SET_KIND.kind) return undefined;
  const set = context.lister<StatefulSet>('statefulsets.apps').get(pod.metadata.namespace ?? '', reference.name);
  return set?.metadata.uid === reference.uid ? set : undefined;
}

function enqueueMatching(context: HandlerContext, pod: Pod): void {
  for (const set of context.lister<StatefulSet>('statefulsets.apps').list(pod.metadata.namespace)) {
    if (compileSelector(set.spec.selector)?.(pod.metadata.labels) === true) context.enqueue(keyOf(set));
  }
}

function claimsOf(context: Pick<HandlerContext, 'lister'>, set: StatefulSet): ClaimReader {
  const lister = context.lister<PersistentVolumeClaim>('persistentvolumeclaims');
  return (name) => lister.get(set.metadata.namespace ?? '', name);
}

/** Keeps the summaries of a pod's old and new owner in step with a change. */
function updateSummaries(context: HandlerContext, before: Pod | undefined, after: Pod | undefined): void {
  const state = context.state as StatefulSetState;
  const oldUid = before === undefined ? undefined : controllerOf(before as KubeObject)?.uid;
  const newUid = after === undefined ? undefined : controllerOf(after as KubeObject)?.uid;
  for (const uid of new Set([oldUid, newUid])) {
    if (uid === undefined) continue;
    const summary = state.summaries.get(uid);
    const set = summary === undefined ? undefined : setOf(context, (after ?? before) as Pod, uid);
    if (summary === undefined || set === undefined) continue;
    const next = applyPodChange({ epoch: context.epoch, set, claims: claimsOf(context, set) }, summary, oldUid === uid ? before : undefined, newUid === uid ? after : undefined);
    state.summaries = state.summaries.set(context.epoch, uid, next);
  }
}

function setOf(context: HandlerContext, pod: Pod, uid: string): StatefulSet | undefined {
  const reference = pod.metadata.ownerReferences?.find((each) => each.uid === uid);
  const name = reference?.name ?? parentAndOrdinal(pod.metadata.name).parent;
  const set = context.lister<StatefulSet>('statefulsets.apps').get(pod.metadata.namespace ?? '', name);
  return set?.metadata.uid === uid ? set : undefined;
}

/** A claim enqueues nothing; it changes what is to be done to the pod that uses it. */
function handleClaim(context: HandlerContext, { before, after }: CacheChange<PersistentVolumeClaim & KubeObject>): void {
  const state = context.state as StatefulSetState;
  const claim = (after ?? before) as PersistentVolumeClaim;
  const { parent } = parentAndOrdinal(claim.metadata.name);
  for (const set of context.lister<StatefulSet>('statefulsets.apps').list(claim.metadata.namespace)) {
    const summary = parent.endsWith(`-${set.metadata.name}`) ? state.summaries.get(set.metadata.uid ?? '') : undefined;
    if (summary === undefined) continue;
    const next = applyClaimChange({ epoch: context.epoch, set, claims: claimsOf(context, set) }, summary, claim);
    state.summaries = state.summaries.set(context.epoch, set.metadata.uid ?? '', next);
  }
}

/** What a sync starts from, read from the caches at once. */
interface Intake {
  readonly set: StatefulSet;
  readonly stale: string | undefined;
  /** Pods to release, and orphans to adopt. */
  readonly toClaim: readonly (Pod & KubeObject)[];
  readonly revisions: readonly ControllerRevision[];
}

function* reconcile(context: ReconcileContext, key: string): Reconciling {
  const behaviour = behaviourOf(context.profile);
  const intake = context.decide(() => takeIn(context, key, behaviour.skipsStaleSyncs));
  if (intake === undefined) return undefined;
  const { set } = intake;
  if (intake.stale !== undefined) return { error: `the ${intake.stale} cache is behind this controller's own writes` };
  const sync: Sync = { context, behaviour, uid: set.metadata.uid ?? '' };
  const adoption = yield* adoptOrphanRevisions(set, intake.revisions);
  if (adoption !== undefined) return { error: adoption.message };
  const { claimed, error: claimError } = yield* claimPods(set, intake.toClaim);
  if (claimError !== undefined) return { error: claimError.message };
  const adopted = claimed.filter((pod) => controllerOf(pod) === undefined);
  const { status, error } = yield* updateStatefulSet(sync, set, intake.revisions, () => currentSummary(context, set, adopted));
  if (error !== undefined) return { error: error.message };
  return (set.spec.minReadySeconds ?? 0) > 0 && status !== undefined ? requeue(context, set, status.availableReplicas ?? 0, behaviour.requeuesPrecisely, adopted) : undefined;
}

function takeIn(context: ReconcileContext, key: string, skipsStale: boolean): Intake | undefined {
  const slash = key.indexOf('/');
  const set = context.lister<StatefulSet>('statefulsets.apps').get(key.slice(0, slash), key.slice(slash + 1));
  const selects = set === undefined ? undefined : compileSelector(set.spec.selector);
  // A selector that cannot be read is never tried again.
  if (set === undefined || selects === undefined) return undefined;
  const namespace = set.metadata.namespace ?? '';
  const uid = set.metadata.uid ?? '';
  const stale = skipsStale ? staleResource((context.state as StatefulSetState).writes, uid, (resource) => context.lister(resource).seenRevision?.()) : undefined;
  const matches = podMatches(set);
  const orphans = context.lister<Pod & KubeObject>('pods').orphans(namespace).filter((pod) => matches(pod));
  const { misfits } = currentSummary(context, set, []);
  const lister = context.lister<ControllerRevision>('controllerrevisions.apps');
  const revisions = [...lister.byOwner(uid), ...lister.orphans(namespace)].filter((revision) => selects(revision.metadata.labels));
  return { set, stale, toClaim: [...(misfits.values() as Iterable<Pod & KubeObject>), ...orphans], revisions };
}

/** The summary of a set's pods: the one that is kept if it fits, else made from the cache; pods just adopted added. */
function currentSummary(context: ReconcileContext, set: StatefulSet, adopted: readonly Pod[]): SetSummary {
  const state = context.state as StatefulSetState;
  const uid = set.metadata.uid ?? '';
  const claims = claimsOf(context, set);
  let summary = state.summaries.get(uid);
  if (summary === undefined || summary.shape !== summaryShape(set)) {
    summary = buildSummary({ epoch: context.epoch, set, claims }, context.lister<Pod>('pods').byOwner(uid));
    state.summaries = state.summaries.set(context.epoch, uid, summary);
  }
  for (const pod of adopted) summary = applyPodChange({ epoch: NO_EPOCH, set, claims }, summary, undefined, pod);
  return summary;
}

function* adoptOrphanRevisions(set: StatefulSet, revisions: readonly ControllerRevision[]): Calling<ReconcileError | undefined> {
  const orphans = revisions.filter((revision) => controllerOf(revision as unknown as KubeObject) === undefined);
  if (orphans.length === 0) return undefined;
  const owner = set as unknown as KubeObject;
  const refused = yield* recheckDeletionTimestamp('statefulsets.apps', STATEFUL_SET_KIND, owner);
  if (refused !== undefined) return wrapError("can't adopt ControllerRevisions", refused);
  for (const revision of orphans) {
    const { error } = yield* send(adoptPatch('controllerrevisions.apps', revision as unknown as KubeObject, owner, STATEFUL_SET_KIND));
    if (error !== undefined) return error;
  }
  return undefined;
}

function claimPods(set: StatefulSet, pods: readonly (Pod & KubeObject)[]): Calling<{ readonly claimed: readonly (Pod & KubeObject)[]; readonly error?: ReconcileError }> {
  const controller = set as unknown as KubeObject;
  return claimObjects<Pod & KubeObject>({
    controller, controllerKind: STATEFUL_SET_KIND, resource: 'pods', objectKind: 'Pod', matches: podMatches(set),
    canAdopt: () => recheckDeletionTimestamp('statefulsets.apps', STATEFUL_SET_KIND, controller),
  }, pods);
}

/** Comes back when the next pod becomes available. Upstream: FindMinNextPodAvailabilityCheck in controller_utils.go (1.36). */
function requeue(context: ReconcileContext, set: StatefulSet, available: number, precisely: boolean, adopted: readonly Pod[]): ReconcileResult {
  const minReadyMs = (set.spec.minReadySeconds ?? 0) * 1_000;
  if (available === replicasOf(set)) return undefined;
  if (!precisely) return { requeueAfterMs: minReadyMs };
  const left = context.decide(() => {
    let least = Infinity;
    currentSummary(context, set, adopted).readySince.forEach((pod) => {
      const remaining = (readySinceMs(pod) ?? Number.NaN) + minReadyMs - context.now;
      if (remaining > 0 && remaining < least) least = remaining;
    });
    return least === Infinity ? minReadyMs : least;
  });
  return { requeueAfterMs: left };
}
