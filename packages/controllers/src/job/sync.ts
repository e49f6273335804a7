// The sync of a Job: count its pods, see whether it has ended, start and stop pods, write the status.
// Upstream: syncJob in pkg/controller/job/job_controller.go (1.37).
import type { Job, JobCondition, JobStatus, Pod } from '@kubesim/api';
import {
  aggregate, CallFailed, claimObjects, controllerOf, creationObserved, deleteExpectations, deletionObserved, formatTime, isNotFound, matchesSelector,
  recheckDeletionTimestamp, satisfiedExpectations, setExpectations, slowStart, type Calling, type ReconcileContext, type ReconcileError,
  type ReconcileResult, type Reconciling,
} from '@kubesim/client';
import { createPod, deletePod } from '../pods/pod-control.ts';
import { remember } from '../pods/remember.ts';
import { deadlineInMs, isFinished, verdictOf, type Verdict } from './finish.ts';
import { JOB_KIND, planPods, type ManagePlan } from './manage.ts';
import { backoffMs, forget, noteEnded, type JobState } from './state.ts';
import { hasFinalizer, tally, type Tally } from './tally.ts';
import { removeFinalizer, track, writeStatus, type Tracking } from './track.ts';

/** Keys of pods whose Job is gone or over stand behind this; all others are Jobs. @internal */
export const ORPHAN_PREFIX = 'orphan-pod ';

/** What a sync reads from the caches, all at once. */
interface Seen {
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly isSatisfied: boolean;
  readonly released: readonly string[];
}

/** Reconciles a Job, or releases a pod whose Job is gone. @public */
export function* syncJob(context: ReconcileContext, key: string): Reconciling {
  try {
    if (key.startsWith(ORPHAN_PREFIX)) return yield* syncOrphanPod(context, key.slice(ORPHAN_PREFIX.length));
    const seen = context.decide(() => look(context, key) ?? null);
    if (seen === null) {
      remember(context, () => {
        deleteExpectations(context, key);
        forget(context, key);
      });
      return undefined;
    }
    if (isFinished(seen.job) || (seen.job.spec.managedBy ?? 'kubernetes.io/job-controller') !== 'kubernetes.io/job-controller') return undefined;
    return yield* syncSeen(context, key, seen);
  } catch (error) {
    if (error instanceof CallFailed) return { error: error.message };
    throw error;
  }
}

function look(context: ReconcileContext, key: string): Seen | undefined {
  const [namespace = '', name = ''] = key.split('/');
  const job = context.lister<Job>('jobs.batch').get(namespace, name);
  if (job === undefined) return undefined;
  const pods = context.lister<Pod>('pods');
  const orphans = pods.orphans(namespace).filter((pod) => matchesSelector(job.spec.selector, pod.metadata.labels));
  return {
    job, pods: [...pods.byOwner(job.metadata.uid ?? ''), ...orphans],
    isSatisfied: satisfiedExpectations(context, key, context.now),
    released: (context.state as JobState).released.get(key) ?? [],
  };
}

/** A pod whose Job is gone, or over, need not be counted any more. */
function* syncOrphanPod(context: ReconcileContext, key: string): Calling<ReconcileResult> {
  const [namespace = '', name = ''] = key.split('/');
  const pod = context.decide(() => {
    const found = context.lister<Pod>('pods').get(namespace, name);
    const reference = found === undefined ? undefined : controllerOf(found);
    const job = reference?.kind === 'Job' ? context.lister<Job>('jobs.batch').get(namespace, reference.name) : undefined;
    const isNeeded = job !== undefined && job.metadata.uid === reference?.uid && !isFinished(job);
    return found === undefined || !hasFinalizer(found) || isNeeded ? null : found;
  });
  if (pod !== null) yield* removeFinalizer(pod);
  return undefined;
}

function* syncSeen(context: ReconcileContext, key: string, seen: Seen): Calling<ReconcileResult> {
  const { job, isSatisfied } = seen;
  const claim = yield* claimObjects<Pod>({
    controller: job, controllerKind: JOB_KIND, resource: 'pods', objectKind: 'Pod',
    matches: (pod) => matchesSelector(job.spec.selector, pod.metadata.labels),
    canAdopt: () => recheckDeletionTimestamp('jobs.batch', JOB_KIND, job),
  }, seen.pods);
  if (claim.error !== undefined) return { error: claim.error.message };
  const pods = claim.claimed;
  const released = new Set(seen.released);
  const counts = tally(job, pods, released);
  const verdict = verdictOf(job, counts, context.now);
  const waitMs = context.decide(() => {
    noteEnded(context, key, [...counts.newSucceeded, ...counts.newFailed]);
    return backoffMs(context, key, context.now);
  });
  const manages = verdict !== undefined || (isSatisfied && job.metadata.deletionTimestamp === undefined);
  const planned: ManagePlan = manages ? planPods(job, counts, pods, context.now, verdict !== undefined) : { remove: [], create: [] };
  const isHeldBack = planned.create.length > 0 && waitMs > 0;
  if (isHeldBack) context.enqueueAfter(key, waitMs);
  const plan = isHeldBack ? { remove: planned.remove, create: [] } : planned;
  explain(context, job, counts, verdict, isHeldBack ? waitMs : 0);
  const done = yield* carryOut(context, key, job, plan);
  const active = counts.active.length + done.created - done.removed;
  const terminating = counts.terminating + done.removed;
  const isOver = verdict !== undefined && active === 0 && terminating === 0;
  const tracking: Tracking = { context, key, job };
  const base = nextStatus(context, job, { active, terminating, ready: Math.min(counts.ready, active) }, verdict);
  const counted = yield* track(tracking, base, counts, pods, released, verdict !== undefined);
  const status = isOver ? withEnd(context, counted, verdict) : counted;
  if (!isSameStatus(tracking.job.status ?? {}, status)) yield* writeStatus(tracking, status);
  if (isOver) {
    const [type, reason, message] = verdict.type === 'Complete' ? (['Normal', 'Completed', 'Job completed'] as const) : (['Warning', verdict.reason, verdict.message] as const);
    context.event({ about: job, type, reason, message });
  }
  const deadlineMs = deadlineInMs({ ...job, status }, context.now);
  if (verdict === undefined && deadlineMs !== undefined && deadlineMs > 0) context.enqueueAfter(key, deadlineMs);
  return done.error === undefined ? undefined : { error: done.error.message };
}

/** Deletes and creates pods. Answers how many, and all errors as one. */
function* carryOut(
  context: ReconcileContext, key: string, job: Job, { remove, create }: ManagePlan,
): Calling<{ readonly removed: number; readonly created: number; readonly error?: ReconcileError }> {
  if (remove.length + create.length === 0) return { removed: 0, created: 0 };
  const podKey = (name: string): string => `${job.metadata.namespace}/${name}`;
  remember(context, () => setExpectations(context, key, { creations: create.length, deletions: remove.map(podKey) }, context.now));
  const errors: ReconcileError[] = [];
  let removed = 0;
  for (const name of remove) {
    const error = yield* deletePod(context, job, name);
    if (error === undefined) removed++;
    else remember(context, () => deletionObserved(context, key, podKey(name)));
    if (error !== undefined && !isNotFound(error)) errors.push(error);
  }
  const created = yield* slowStart(create.length, function* (index) {
    const { error, isExcused } = yield* createPod(context, job, create[index] as Pod);
    return isExcused ? undefined : error;
  });
  if (created.successCount < create.length) remember(context, () => creationObserved(context, key, create.length - created.successCount));
  return { removed, created: created.successCount, error: aggregate([...errors, ...created.errors]) };
}

/** The status with counts of live pods, start and suspension, and the end that is announced, less the counters of ended pods. */
function nextStatus(context: ReconcileContext, job: Job, live: { readonly active: number; readonly ready: number; readonly terminating: number }, verdict: Verdict | undefined): JobStatus {
  const before = job.status ?? {};
  const now = formatTime(context.now);
  let { startTime, conditions = [] } = before;
  const isSuspended = job.spec.suspend === true;
  const suspension = conditions.find(({ type }) => type === 'Suspended');
  if (startTime === undefined && !isSuspended) startTime = now;
  if (verdict !== undefined) {
    const type = verdict.type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
    if (!conditions.some((condition) => condition.type === type)) conditions = [...conditions, condition(type, 'True', verdict.reason, verdict.message, now)];
  } else if (isSuspended && suspension?.status !== 'True') {
    conditions = replaced(conditions, condition('Suspended', 'True', 'JobSuspended', 'Job suspended', now));
    context.event({ about: job, type: 'Normal', reason: 'Suspended', message: 'Job suspended' });
    startTime = undefined;
  } else if (!isSuspended && suspension?.status === 'True') {
    conditions = replaced(conditions, condition('Suspended', 'False', 'JobResumed', 'Job resumed', now));
    context.event({ about: job, type: 'Normal', reason: 'Resumed', message: 'Job resumed' });
    startTime = now;
  }
  const { active, ready, terminating } = live;
  return {
    ...before, startTime, ready, terminating, active: active === 0 ? undefined : active,
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

/** The status of a Job that is over. */
function withEnd(context: ReconcileContext, status: JobStatus, verdict: Verdict): JobStatus {
  const now = formatTime(context.now);
  const conditions = [...(status.conditions ?? []), condition(verdict.type, 'True', verdict.reason, verdict.message, now)];
  return { ...status, conditions, ...(verdict.type === 'Complete' ? { completionTime: now } : {}) };
}

function condition(type: string, status: string, reason: string, message: string, now: string): JobCondition {
  return { type, status, lastProbeTime: now, lastTransitionTime: now, reason, message };
}

function replaced(conditions: readonly JobCondition[], one: JobCondition): readonly JobCondition[] {
  const index = conditions.findIndex(({ type }) => type === one.type);
  return index < 0 ? [...conditions, one] : conditions.map((other, at) => (at === index ? one : other));
}

function isSameStatus(one: JobStatus, other: JobStatus): boolean {
  const text = ({ uncountedTerminatedPods, ...status }: JobStatus): string => JSON.stringify(
    [uncountedTerminatedPods?.succeeded ?? [], uncountedTerminatedPods?.failed ?? [],
      Object.entries(status).filter(([, value]) => value !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))],
  );
  return one.uncountedTerminatedPods !== undefined === (other.uncountedTerminatedPods !== undefined) && text(one) === text(other);
}

function explain(context: ReconcileContext, job: Job, counts: Tally, verdict: Verdict | undefined, waitMs: number): void {
  const subject = `job/${job.metadata.name}`;
  if (verdict !== undefined) context.explain(subject, { rule: verdict.reason, message: verdict.message });
  else if (job.spec.suspend === true) context.explain(subject, { rule: 'suspend', message: 'suspended: its pods are stopped' });
  else if (waitMs > 0) context.explain(subject, { rule: 'back-off', message: `pods failed: the next one comes in ${waitMs / 1000} s` });
  else context.explain(subject, { rule: 'parallelism', message: `${counts.active.length} pods are active, ${counts.succeeded} succeeded, ${counts.failed} failed` });
}
