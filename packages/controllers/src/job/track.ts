// Counts ended pods exactly once: first their uids go into the status, then their finalizers, then they are counted.
// Upstream: trackJobStatusAndRemoveFinalizers, flushUncountedAndRemoveFinalizers in pkg/controller/job/job_controller.go (1.37).
import type { Job, JobStatus, Pod } from '@kubesim/api';
import { call, failedWith, type Calling, type ReconcileContext } from '@kubesim/client';
import { remember } from '../pods/remember.ts';
import { formatIndexes, isIndexed } from './indexes.ts';
import { noteReleased } from './state.ts';
import { hasFinalizer, TRACKING_FINALIZER, type Tally } from './tally.ts';

/** Most uids in a status at once. Upstream: MaxUncountedPods. */
const UNCOUNTED_MAX = 500;

/** A Job whose end is being counted; replaced by what the API answers. */
export interface Tracking {
  readonly context: ReconcileContext;
  readonly key: string;
  job: Job;
}

/** Writes a status and goes on with the Job as the API answered it. */
export function* writeStatus(tracking: Tracking, status: JobStatus): Calling<void> {
  const { namespace, name } = tracking.job.metadata;
  tracking.job = yield* call<Job>({
    verb: 'update', resource: 'jobs.batch', subresource: 'status', namespace, name, object: { ...tracking.job, status },
  });
}

/** Brings counters and finalizers up to date. `base`: the new status, less these. Answers it with them; the caller writes it. */
export function* track(tracking: Tracking, base: JobStatus, tally: Tally, pods: readonly Pod[], released: ReadonlySet<string>, releasesAll: boolean): Calling<JobStatus> {
  const uidOf = (pod: Pod): string => pod.metadata.uid ?? '';
  const holding = new Set(pods.filter((pod) => hasFinalizer(pod) && !released.has(uidOf(pod))).map(uidOf));
  const known = count(base, holding);
  const space = UNCOUNTED_MAX - (known.uncountedTerminatedPods?.succeeded?.length ?? 0) - (known.uncountedTerminatedPods?.failed?.length ?? 0);
  const succeeded = tally.newSucceeded.slice(0, space);
  const failed = tally.newFailed.slice(0, space - succeeded.length);
  // A success of an index stands in completedIndexes, and needs no uid to be counted once.
  const indexed = isIndexed(tracking.job);
  const uncounted = {
    succeeded: [...(known.uncountedTerminatedPods?.succeeded ?? []), ...(indexed ? [] : succeeded.map(uidOf))],
    failed: [...(known.uncountedTerminatedPods?.failed ?? []), ...failed.map(uidOf)],
  };
  const listed: JobStatus = {
    ...known,
    uncountedTerminatedPods: withoutEmpty(uncounted),
    ...(indexed && tally.completedIndexes.size > 0 ? { completedIndexes: formatIndexes(tally.completedIndexes), succeeded: tally.completedIndexes.size } : {}),
    ...(tracking.job.spec.backoffLimitPerIndex === undefined ? {} : { failedIndexes: formatIndexes(tally.failedIndexes) }),
  };
  if (succeeded.length + failed.length > 0) yield* writeStatus(tracking, listed);
  const done = new Set([...uncounted.succeeded, ...succeeded.map(uidOf), ...uncounted.failed, ...tally.ignored.map(uidOf)]);
  yield* removeFinalizers(tracking, pods.filter((pod) => holding.has(uidOf(pod)) && (releasesAll || done.has(uidOf(pod)))), holding);
  return count(listed, holding);
}

/** Moves uids whose pod no longer holds on into the counters. */
function count(status: JobStatus, holding: ReadonlySet<string>): JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const isHeld = (uid: string): boolean => holding.has(uid);
  const stillSucceeded = succeeded.filter(isHeld);
  const stillFailed = failed.filter(isHeld);
  const counted = (before: number | undefined, more: number): number | undefined => (more === 0 ? before : (before ?? 0) + more);
  return {
    ...status,
    succeeded: counted(status.succeeded, succeeded.length - stillSucceeded.length),
    failed: counted(status.failed, failed.length - stillFailed.length),
    uncountedTerminatedPods: withoutEmpty({ succeeded: stillSucceeded, failed: stillFailed }),
  };
}

function withoutEmpty({ succeeded, failed }: { readonly succeeded: readonly string[]; readonly failed: readonly string[] }): JobStatus['uncountedTerminatedPods'] {
  return { ...(succeeded.length > 0 ? { succeeded } : {}), ...(failed.length > 0 ? { failed } : {}) };
}

function* removeFinalizers(tracking: Tracking, pods: readonly Pod[], holding: Set<string>): Calling<void> {
  if (pods.length === 0) return;
  const { context, key } = tracking;
  remember(context, () => noteReleased(context, key, pods.map((pod) => pod.metadata.uid ?? '')));
  for (const pod of pods) {
    yield* removeFinalizer(pod);
    holding.delete(pod.metadata.uid ?? '');
  }
}

/** Takes the tracking finalizer off a pod, if it is still there. */
export function* removeFinalizer(pod: Pod): Calling<void> {
  const { namespace, name } = pod.metadata;
  try {
    yield* call({
      verb: 'patch', resource: 'pods', namespace, name, patchType: 'strategic',
      patch: { metadata: { '$deleteFromPrimitiveList/finalizers': [TRACKING_FINALIZER] } },
    });
  } catch (error) {
    if (!failedWith(error, 'NotFound')) throw error;
  }
}
