// What the controller keeps in memory between syncs: a summary of each set's pods, and how far its own writes have come.
// It is lost in a crash and built again from the caches.
import type { OwnerReference, PersistentVolumeClaim, Pod, StatefulSet } from '@kubesim/api';
import { controllerOf, type CacheChange, type HandlerContext, type ReconcileContext } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';
import type { Writes } from './consistency.ts';
import { namespaceOf, parentAndOrdinal, uidOf } from './identity.ts';
import { applyClaimChange, applyPodChange, buildSummary, summaryShape, type SetSummary, type SummaryInput } from './set-summary.ts';
import { claimReader } from './sync-context.ts';

/** The controller's state. @internal */
export interface StatefulSetState {
  /** By uid of the set. */
  summaries: OrderedMap<SetSummary>;
  /** By uid of the set. */
  writes: Writes;
}

/** Nothing known yet. @internal */
export function initialStatefulSetState(): StatefulSetState {
  return { summaries: OrderedMap.empty(), writes: OrderedMap.empty() };
}

type Context = Pick<HandlerContext, 'lister' | 'state' | 'epoch'>;

/** The summary that is kept of a set as the cache shows it; undefined where none is, or one of another shape. @internal */
export function heldSummary(context: Pick<ReconcileContext, 'state'>, set: StatefulSet): SetSummary | undefined {
  const summary = (context.state as StatefulSetState).summaries.get(uidOf(set));
  return summary?.shape === summaryShape(set) ? summary : undefined;
}

/** Keeps the summaries up with a change of a cache; called for each change before its keys are named. @internal */
export function followChange(context: Context, change: CacheChange): void {
  switch (change.resource) {
    case 'statefulsets.apps': return followSet(context, change.before as StatefulSet | undefined, change.after as StatefulSet | undefined);
    case 'pods': return followPod(context, change.before as Pod | undefined, change.after as Pod | undefined);
    case 'persistentvolumeclaims': return followClaim(context, (change.after ?? change.before) as PersistentVolumeClaim);
    default:
  }
}

function stateOf(context: Context): StatefulSetState {
  return context.state as StatefulSetState;
}

function followSet(context: Context, before: StatefulSet | undefined, after: StatefulSet | undefined): void {
  const state = stateOf(context);
  if (before !== undefined && before.metadata.uid !== after?.metadata.uid) {
    state.summaries = state.summaries.delete(context.epoch, uidOf(before));
    state.writes = state.writes.delete(context.epoch, uidOf(before));
  }
  if (after === undefined || heldSummary(context, after) !== undefined) return;
  const pods = context.lister<Pod>('pods').byOwner(uidOf(after));
  state.summaries = state.summaries.set(context.epoch, uidOf(after), buildSummary(summaryInput(context, after), pods));
}

function followPod(context: Context, before: Pod | undefined, after: Pod | undefined): void {
  const from = before === undefined ? undefined : controllerOf(before);
  const to = after === undefined ? undefined : controllerOf(after);
  if (from !== undefined && from.uid !== to?.uid) changePod(context, from, before as Pod, undefined);
  if (to !== undefined) changePod(context, to, after as Pod, after);
}

function changePod(context: Context, owner: OwnerReference, pod: Pod, after: Pod | undefined): void {
  const state = stateOf(context);
  const summary = state.summaries.get(owner.uid);
  if (summary === undefined) return;
  const set = context.lister<StatefulSet>('statefulsets.apps').get(namespaceOf(pod), owner.name);
  // The set is gone from the cache or another one has its name: what is kept can no longer be kept up.
  state.summaries = set?.metadata.uid === owner.uid
    ? state.summaries.set(context.epoch, owner.uid, applyPodChange(summaryInput(context, set), summary, pod.metadata.name, after))
    : state.summaries.delete(context.epoch, owner.uid);
}

/** A claim's name ends in that of the pod that uses it; every cut of it may be a template's name and a set's. */
function followClaim(context: Context, claim: PersistentVolumeClaim): void {
  const state = stateOf(context);
  const { parent } = parentAndOrdinal(claim.metadata.name);
  const sets = context.lister<StatefulSet>('statefulsets.apps');
  for (let cut = parent.indexOf('-'); cut >= 0; cut = parent.indexOf('-', cut + 1)) {
    const set = sets.get(namespaceOf(claim), parent.slice(cut + 1));
    const summary = set === undefined ? undefined : state.summaries.get(uidOf(set));
    if (set === undefined || summary === undefined) continue;
    state.summaries = state.summaries.set(context.epoch, uidOf(set), applyClaimChange(summaryInput(context, set), summary, claim));
  }
}

function summaryInput(context: Context, set: StatefulSet): SummaryInput {
  return { epoch: context.epoch, set, claims: claimReader({ context }, set) };
}
