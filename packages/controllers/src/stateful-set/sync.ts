// One reconcile: from a key of the queue to the control loop of its set.
// Upstream: sync and syncStatefulSet in pkg/controller/statefulset/stateful_set.go (1.37).
import type { ControllerRevision, Pod, StatefulSet, StatefulSetStatus } from '@kubesim/api';
import { compileSelector, type Calling, type ReconcileContext, type ReconcileError, type Reconciling } from '@kubesim/client';
import { sortRevisions } from '../history/controller-revision.ts';
import { adoptOrphanRevisions, listRevisions } from './adopt-revisions.ts';
import { nextCheckMs } from './availability-check.ts';
import { behaviourOf } from './behaviour.ts';
import { claimPods, listOwned } from './claim-pods.ts';
import { staleResource } from './consistency.ts';
import { notYetAvailable } from './decision-input.ts';
import { heldSummary, type StatefulSetState } from './derived-state.ts';
import { explainSet } from './explain.ts';
import { uidOf } from './identity.ts';
import { decideRevision } from './resolve-revisions.ts';
import { buildSummary, type SetSummary } from './set-summary.ts';
import { updateStatefulSet } from './stateful-set-control.ts';
import { claimReader, type Sync } from './sync-context.ts';

/** Reconciles the set of a key. @internal */
export function* reconcileStatefulSet(context: ReconcileContext, key: string): Reconciling {
  const slash = key.indexOf('/');
  const set = context.decide(() => context.lister<StatefulSet>('statefulsets.apps').get(key.slice(0, slash), key.slice(slash + 1)) ?? null);
  // A selector that cannot be read is never tried again.
  if (set === null || compileSelector(set.spec.selector) === undefined) return undefined;
  const sync: Sync = { context, behaviour: behaviourOf(context.profile), uid: uidOf(set) };
  const error = yield* syncStatefulSet(sync, set, key);
  if (error === undefined) return undefined;
  const { subject, why } = explainSet(set, { rule: 'Error', message: `the last sync failed and is tried again: ${error.message}` });
  context.explain(subject, why);
  return { error: error.message };
}

function* syncStatefulSet(sync: Sync, set: StatefulSet, key: string): Calling<ReconcileError | undefined> {
  const { context } = sync;
  const stale = context.decide(() => staleCache(sync) ?? null);
  if (stale !== null) return { message: `the ${stale} cache is behind the last write for StatefulSet ${key}` };
  const adoption = yield* adoptOrphanRevisions(context, set);
  if (adoption !== undefined) return adoption;
  const claim = yield* claimPods(context, set);
  if (claim.error !== undefined) return claim.error;
  const { revisions, pods } = context.decide(() => takeIn(sync, set, claim.pods));
  const summary = (): SetSummary => summaryOf(sync, set, pods ?? undefined);
  const { status, error } = yield* updateStatefulSet(sync, set, revisions, summary);
  if (error !== undefined) return error;
  if (status !== undefined) checkAgain(sync, set, key, summary, status);
  return undefined;
}

function staleCache(sync: Sync): string | undefined {
  const state = sync.context.state as StatefulSetState;
  if (!sync.behaviour.skipsStaleSyncs) return undefined;
  return staleResource(state.writes, sync.uid, (resource) => sync.context.lister(resource).seenRevision?.());
}

/** The revisions, and the pods where the kept summary will not do: while a revision is written the caches may move on, and
 * the pods that the sync works on must not. */
function takeIn(
  sync: Sync, set: StatefulSet, claimed: readonly Pod[] | undefined,
): { readonly revisions: readonly ControllerRevision[]; readonly pods: readonly Pod[] | null } {
  const revisions = listRevisions(sync.context, set);
  if (claimed !== undefined) return { revisions, pods: claimed };
  return { revisions, pods: decideRevision(set, sortRevisions(revisions), sync).act === 'use' ? null : listOwned(sync.context, set) };
}

/** The kept summary, or one of the pods listed. */
function summaryOf(sync: Sync, set: StatefulSet, pods: readonly Pod[] | undefined): SetSummary {
  const held = pods === undefined ? heldSummary(sync.context, set) : undefined;
  return held ?? buildSummary({ epoch: sync.context.epoch, set, claims: claimReader(sync, set) }, pods ?? listOwned(sync.context, set));
}

/** Comes back when the next pod becomes available. */
function checkAgain({ context, behaviour }: Sync, set: StatefulSet, key: string, summary: () => SetSummary, status: StatefulSetStatus): void {
  if ((set.spec.minReadySeconds ?? 0) === 0) return;
  const delayMs = context.decide(() => nextCheckMs(set, status, notYetAvailable(summary(), set, context.now), behaviour, context.now, context.clock) ?? null);
  if (delayMs !== null) context.enqueueAfter(key, delayMs);
}
