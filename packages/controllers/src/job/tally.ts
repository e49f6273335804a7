// Counts the pods of a Job: active, ready, ended since the last status. It writes nothing.
// Upstream: syncJob, getNewFinishedPods in pkg/controller/job/job_controller.go (1.37).
import type { Job, Pod } from '@kubesim/api';
import { isPodReady } from '@kubesim/client';
import { isPodActive, isPodTerminating } from '../pods/active-pods.ts';
import { INDEX_FAILURE_COUNT, indexOf, isIndexed, parseIndexes } from './indexes.ts';
import { matchFailurePolicy } from './pod-failure-policy.ts';

/** Finalizer that keeps a pod until its end is counted. @internal */
export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking';

/** What the pods amount to. */
export interface Tally {
  readonly active: readonly Pod[];
  readonly ready: number;
  readonly terminating: number;
  /** Pods that ended and stand in no status yet; ignored failures are in none of the two. */
  readonly newSucceeded: readonly Pod[];
  readonly newFailed: readonly Pod[];
  readonly ignored: readonly Pod[];
  /** All successes and failures, counted or not. */
  readonly succeeded: number;
  readonly failed: number;
  readonly completedIndexes: ReadonlySet<number>;
  readonly failedIndexes: ReadonlySet<number>;
  /** Why a failed pod makes the whole Job fail. */
  readonly failJobMessage: string | undefined;
}

/** Deleting pods are replaced only once they have ended. */
export function replacesOnlyFailed(job: Job): boolean {
  return job.spec.podReplacementPolicy === 'Failed' || job.spec.podFailurePolicy !== undefined;
}

/** Whether a pod still awaits being counted. */
export function hasFinalizer(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(TRACKING_FINALIZER) ?? false;
}

/** Counts. `released`: pods whose finalizer was taken off although the cache still shows it. */
export function tally(job: Job, pods: readonly Pod[], released: ReadonlySet<string>): Tally {
  const uncounted = job.status?.uncountedTerminatedPods;
  const counted = new Set([...(uncounted?.succeeded ?? []), ...(uncounted?.failed ?? [])]);
  const isNew = (pod: Pod): boolean => hasFinalizer(pod) && !released.has(pod.metadata.uid ?? '') && !counted.has(pod.metadata.uid ?? '');
  const completions = job.spec.completions ?? 0;
  const completedIndexes = new Set(isIndexed(job) ? parseIndexes(job.status?.completedIndexes, completions) : []);
  const failedIndexes = new Set(parseIndexes(job.status?.failedIndexes, completions));
  const newSucceeded: Pod[] = [];
  const newFailed: Pod[] = [];
  const ignored: Pod[] = [];
  let failJobMessage: string | undefined;
  for (const pod of pods) {
    if (!isNew(pod)) continue;
    const index = indexOf(pod);
    if (isIndexed(job) && (index === undefined || index >= completions)) {
      if (!isPodActive(pod)) ignored.push(pod);
    } else if (pod.status?.phase === 'Succeeded') {
      newSucceeded.push(pod);
      if (index !== undefined && isIndexed(job)) completedIndexes.add(index);
    } else if (pod.status?.phase === 'Failed' || (isPodTerminating(pod) && !replacesOnlyFailed(job))) {
      const verdict = matchFailurePolicy(job.spec.podFailurePolicy, pod);
      if (verdict.action === 'Ignore') ignored.push(pod);
      else newFailed.push(pod);
      if (verdict.action === 'FailJob') failJobMessage ??= verdict.message;
      if (index !== undefined && isIndexFailed(job, pod, verdict.action)) failedIndexes.add(index);
    }
  }
  const active = pods.filter(isPodActive);
  const earlier = isIndexed(job) ? 0 : (job.status?.succeeded ?? 0) + (uncounted?.succeeded?.length ?? 0) + newSucceeded.length;
  return {
    active, newSucceeded, newFailed, ignored, completedIndexes, failedIndexes, failJobMessage,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter(isPodTerminating).length,
    succeeded: isIndexed(job) ? completedIndexes.size : earlier,
    failed: (job.status?.failed ?? 0) + (uncounted?.failed?.length ?? 0) + newFailed.length,
  };
}

function isIndexFailed(job: Job, pod: Pod, action: string): boolean {
  const limit = job.spec.backoffLimitPerIndex;
  if (limit === undefined || action === 'Ignore') return false;
  return action === 'FailIndex' || Number(pod.metadata.annotations?.[INDEX_FAILURE_COUNT] ?? 0) >= limit;
}
