// One pass of the control loop: revisions, pods, status, history. What is done to pods is decided in decide-sync.ts.
// Upstream: UpdateStatefulSet and performUpdate in pkg/controller/statefulset/stateful_set_control.go (1.37).
import type { ControllerRevision, StatefulSet, StatefulSetStatus } from '@kubesim/api';
import { aggregate, flatten, send, type Calling, type ReconcileError } from '@kubesim/client';
import { revisionsToTruncate, sortRevisions } from '../history/controller-revision.ts';
import { carryOut } from './carry-out.ts';
import { decideSync } from './decide-sync.ts';
import { decideRevision, resolveRevisions } from './resolve-revisions.ts';
import { namedRevision } from './revision-pair.ts';
import type { SetSummary } from './set-summary.ts';
import { completeUpdate } from './status.ts';
import { updateStatus } from './status-updater.ts';
import { claimReader, type Sync } from './sync-context.ts';

/** What one pass came to: the status, if nothing failed. @internal */
export interface ControlOutcome {
  readonly status?: StatefulSetStatus;
  readonly error?: ReconcileError;
}

/** Brings a set one step nearer to what it asks for. `summary` reads its pods as the cache holds them. @internal */
export function* updateStatefulSet(sync: Sync, set: StatefulSet, revisions: readonly ControllerRevision[], summary: () => SetSummary): Calling<ControlOutcome> {
  const sorted = sortRevisions(revisions);
  const done = yield* performUpdate(sync, set, sorted, summary);
  const truncation = yield* truncateHistory(sync, set, sorted, done.live, summary);
  if (done.error !== undefined) return { error: aggregate([...flatten(done.error), truncation]) };
  return { status: done.status, error: truncation };
}

interface Performed extends ControlOutcome {
  /** Revisions that history keeps whatever its limit. */
  readonly live: readonly string[];
}

function* performUpdate(sync: Sync, set: StatefulSet, sorted: readonly ControllerRevision[], summary: () => SetSummary): Calling<Performed> {
  const { context, behaviour } = sync;
  const resolved = yield* resolveRevisions(sync, set, sorted, decideRevision(set, sorted, sync));
  if (resolved.error !== undefined) return { error: resolved.error, live: [] };
  const live = [resolved.current.metadata.name, resolved.update.metadata.name];
  const current = namedRevision(resolved.current);
  const update = namedRevision(resolved.update);
  if (current === undefined || update === undefined) return { error: { message: 'json: cannot apply the data of a revision to the set' }, live };
  const revisions = { current, update, collisionCount: resolved.collisionCount };
  const plan = context.decide(() => decideSync({ set, summary: summary(), revisions, claims: claimReader(sync, set), behaviour, now: context.now }));
  for (const { subject, why } of plan.explanations) context.explain(subject, why);
  const carried = yield* carryOut(sync, set, plan);
  const status = completeUpdate(set, carried.status, behaviour, context.now);
  const statusError = yield* updateStatus(sync, set, status);
  return { status, error: carried.error ?? statusError, live };
}

/** Deletes revisions that nothing needs and that are over the limit, oldest first, up to the first error. */
function* truncateHistory(sync: Sync, set: StatefulSet, sorted: readonly ControllerRevision[], live: readonly string[], summary: () => SetSummary): Calling<ReconcileError | undefined> {
  const limit = set.spec.revisionHistoryLimit ?? 10;
  if (sorted.length <= limit) return undefined;
  const names = sync.context.decide(() => {
    const { tallies } = summary();
    return revisionsToTruncate(sorted, (name) => live.includes(name) || tallies.has(name), limit);
  });
  for (const name of names) {
    const { error } = yield* send({ verb: 'delete', resource: 'controllerrevisions.apps', namespace: set.metadata.namespace, name });
    if (error !== undefined) return error;
  }
  return undefined;
}
