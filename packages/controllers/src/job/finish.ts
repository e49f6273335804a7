// Whether a Job has come to its end, and how. It writes nothing.
// Upstream: syncJob, pastBackoffLimitOnFailure in pkg/controller/job/job_controller.go, success_policy.go (1.37).
import type { Job, JobCondition } from '@kubesim/api';
import { isIndexed, parseIndexes } from './indexes.ts';
import type { Tally } from './tally.ts';

/** The end that a Job is coming to; its condition is set once its pods are gone. */
export interface Verdict {
  readonly type: 'Failed' | 'Complete';
  readonly reason: string;
  readonly message: string;
}

/** The condition of that type which holds. */
export function trueCondition(job: Job, type: string): JobCondition | undefined {
  return job.status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');
}

/** The Job is over. */
export function isFinished(job: Job): boolean {
  return trueCondition(job, 'Complete') !== undefined || trueCondition(job, 'Failed') !== undefined;
}

/** What a Job comes to, in upstream's order of questions; undefined while it goes on. An end once announced stays. */
export function verdictOf(job: Job, tally: Tally, now: number): Verdict | undefined {
  const met = trueCondition(job, 'SuccessCriteriaMet');
  if (met !== undefined) return { type: 'Complete', reason: met.reason ?? '', message: met.message ?? '' };
  const target = trueCondition(job, 'FailureTarget');
  if (target !== undefined) return { type: 'Failed', reason: target.reason ?? '', message: target.message ?? '' };
  if (tally.failJobMessage !== undefined) return { type: 'Failed', reason: 'PodFailurePolicy', message: tally.failJobMessage };
  if (tally.failed > backoffLimit(job) || hasTooManyRestarts(job, tally)) {
    return { type: 'Failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  }
  if ((deadlineInMs(job, now) ?? 1) <= 0) return { type: 'Failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
  return indexedVerdict(job, tally) ?? completedVerdict(job, tally);
}

/** Failures that are borne; without a limit for the whole, one for each index leaves it open. */
function backoffLimit(job: Job): number {
  return job.spec.backoffLimit ?? (job.spec.backoffLimitPerIndex === undefined ? 6 : Number.MAX_SAFE_INTEGER);
}

/** Restarts in place count as failures where the pods are restarted by their kubelet. */
function hasTooManyRestarts(job: Job, { active }: Tally): boolean {
  if (job.spec.template.spec?.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const { status } of active) {
    for (const one of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) restarts += one.restartCount;
  }
  const limit = backoffLimit(job);
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

/** How long the Job may still be active, in ms; undefined without a deadline, while suspended, and before it starts. */
export function deadlineInMs(job: Job, now: number): number | undefined {
  const { activeDeadlineSeconds, suspend } = job.spec;
  if (activeDeadlineSeconds === undefined || suspend === true || job.status?.startTime === undefined) return undefined;
  return Date.parse(job.status.startTime) + activeDeadlineSeconds * 1000 - now;
}

function indexedVerdict(job: Job, { completedIndexes, failedIndexes }: Tally): Verdict | undefined {
  if (!isIndexed(job)) return undefined;
  const completions = job.spec.completions ?? 0;
  for (const [index, rule] of (job.spec.successPolicy?.rules ?? []).entries()) {
    const wanted = rule.succeededIndexes === undefined ? completedIndexes : parseIndexes(rule.succeededIndexes, completions);
    const done = [...wanted].filter((one) => completedIndexes.has(one)).length;
    const needed = rule.succeededCount ?? (rule.succeededIndexes === undefined ? completions : wanted.size);
    if (done >= needed) return { type: 'Complete', reason: 'SuccessPolicy', message: `Matched rules at index ${index}` };
  }
  if (job.spec.maxFailedIndexes !== undefined && failedIndexes.size > job.spec.maxFailedIndexes) {
    return { type: 'Failed', reason: 'MaxFailedIndexesExceeded', message: 'Job has exceeded the specified maximal number of failed indexes' };
  }
  if (failedIndexes.size > 0 && failedIndexes.size + completedIndexes.size >= completions) {
    return { type: 'Failed', reason: 'FailedIndexes', message: 'Job has failed indexes' };
  }
  return undefined;
}

function completedVerdict(job: Job, { succeeded, active }: Tally): Verdict | undefined {
  const { completions } = job.spec;
  const isDone = completions === undefined ? succeeded > 0 && active.length === 0 : succeeded >= completions;
  if (!isDone) return undefined;
  return { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };
}
