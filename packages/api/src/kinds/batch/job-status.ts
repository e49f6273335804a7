// What a write of a Job's status may say: a Job that is over stays so. Rules look only at what the write changes.
// Upstream: pkg/registry/batch/job/strategy.go getStatusValidationOptions, pkg/apis/batch/validation/validation.go
// ValidateJobStatusUpdate (1.37).
import { duplicate, invalid, invalidWithoutValue, required, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import type { Job, JobSpec, JobStatus } from '../../generated/types.ts';
import { isSame } from '../../is-same.ts';
import { validateCounts } from '../apps/template.ts';
import { readIndexes } from './job-policies.ts';

const STATUS = fieldPath('status');
const CONDITIONS = STATUS.child('conditions');
const TERMINAL = ['Failed', 'Complete', 'FailureTarget'] as const;

interface Outcome {
  readonly isComplete: boolean;
  readonly isFailed: boolean;
  readonly isFailing: boolean;
  readonly isSucceeding: boolean;
  readonly isOver: boolean;
}

function hasCondition(status: JobStatus, type: string): boolean {
  return status.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true;
}

function outcomeOf(status: JobStatus): Outcome {
  const isComplete = hasCondition(status, 'Complete');
  const isFailed = hasCondition(status, 'Failed');
  return { isComplete, isFailed, isFailing: hasCondition(status, 'FailureTarget'), isSucceeding: hasCondition(status, 'SuccessCriteriaMet'), isOver: isComplete || isFailed };
}

function validateUncounted(status: JobStatus): readonly FieldError[] {
  const pods = status.uncountedTerminatedPods;
  if (pods === undefined) return [];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const field of ['succeeded', 'failed'] as const) {
    for (const [index, uid] of (pods[field] ?? []).entries()) {
      const path = STATUS.child('uncountedTerminatedPods', field).index(index);
      if (uid === '') errors.push(invalid(path, uid, 'must not be empty'));
      else if (seen.has(uid)) errors.push(duplicate(path, uid));
      seen.add(uid);
    }
  }
  return errors;
}

function validateTimes(status: JobStatus, old: JobStatus, { isComplete, isOver }: Outcome, before: Outcome): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { startTime, completionTime } = status;
  const path = STATUS.child('completionTime');
  if (completionTime !== old.completionTime || isComplete !== before.isComplete) {
    if (completionTime !== undefined && !isComplete) errors.push(invalid(path, completionTime, 'cannot set completionTime when there is no Complete=True condition'));
    if (completionTime === undefined && isComplete) errors.push(required(path, 'completionTime is required for Complete jobs'));
  }
  if ((startTime !== old.startTime || completionTime !== old.completionTime) && startTime !== undefined && completionTime !== undefined && Date.parse(completionTime) < Date.parse(startTime)) {
    errors.push(invalid(path, completionTime, 'completionTime cannot be set before startTime'));
  }
  if ((isOver !== before.isOver || startTime !== old.startTime) && startTime === undefined && isOver) errors.push(required(STATUS.child('startTime'), 'startTime is required for finished job'));
  return errors;
}

function validateIndexes(status: JobStatus, old: JobStatus, spec: JobSpec): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { completedIndexes = '', failedIndexes } = status;
  const { completions } = spec;
  const completed = STATUS.child('completedIndexes');
  const failed = STATUS.child('failedIndexes');
  const isCompletedNew = completedIndexes !== (old.completedIndexes ?? '');
  const isFailedNew = failedIndexes !== old.failedIndexes;
  const done = completions === undefined ? [] : readIndexes(completedIndexes, completions);
  const lost = completions === undefined || failedIndexes === undefined ? [] : readIndexes(failedIndexes, completions);
  if (isCompletedNew && typeof done === 'string') errors.push(invalid(completed, completedIndexes, `error parsing completedIndexes: ${done}`));
  if (isFailedNew && spec.backoffLimitPerIndex !== undefined && typeof lost === 'string') errors.push(invalid(failed, failedIndexes, `error parsing failedIndexes: ${lost}`));
  if (isCompletedNew && completedIndexes !== '' && spec.completionMode !== 'Indexed') errors.push(invalid(completed, completedIndexes, 'cannot set non-empty completedIndexes when non-indexed completion mode'));
  if (isFailedNew && spec.backoffLimitPerIndex === undefined && failedIndexes !== undefined) errors.push(invalid(failed, failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'));
  if ((isCompletedNew || isFailedNew) && typeof done !== 'string' && typeof lost !== 'string') {
    const both = lost.flatMap((range) => done.filter((other) => range.first <= other.last && other.first <= range.last).map((other) => Math.max(range.first, other.first)));
    if (both.length > 0) errors.push(invalid(failed, failedIndexes, `failedIndexes and completedIndexes overlap at index: ${Math.min(...both)}`));
  }
  return errors;
}

function validateOutcome(after: Outcome, before: Outcome, spec: JobSpec): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { isComplete, isFailed, isFailing, isSucceeding } = after;
  if (isFailed && !isFailing && isFailed !== before.isFailed) errors.push(invalidWithoutValue(CONDITIONS, 'cannot set Failed=True condition without the FailureTarget=true condition'));
  if (isComplete && !isSucceeding && isComplete !== before.isComplete) errors.push(invalidWithoutValue(CONDITIONS, 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition'));
  if (isSucceeding && isFailed) errors.push(invalidWithoutValue(CONDITIONS, 'cannot set SuccessCriteriaMet=True and Failed=true conditions'));
  if (isSucceeding && isFailing) errors.push(invalidWithoutValue(CONDITIONS, 'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'));
  if (spec.successPolicy !== undefined && !isSucceeding && isComplete) errors.push(invalidWithoutValue(CONDITIONS, 'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True'));
  return errors;
}

function validateStatus(status: JobStatus, old: JobStatus, spec: JobSpec, after: Outcome, before: Outcome): readonly FieldError[] {
  const errors: FieldError[] = [...validateCounts(status, ['active', 'succeeded', 'failed', 'ready', 'terminating'], STATUS), ...validateUncounted(status)];
  const { isComplete, isFailed, isFailing, isOver } = after;
  const isOverNew = isOver !== before.isOver;
  if (isComplete && isFailed && (isComplete !== before.isComplete || isFailed !== before.isFailed)) errors.push(invalidWithoutValue(CONDITIONS, 'cannot set Complete=True and Failed=true conditions'));
  if (isComplete && isFailing && (isComplete !== before.isComplete || isFailing !== before.isFailing)) errors.push(invalidWithoutValue(CONDITIONS, 'cannot set Complete=True and FailureTarget=true conditions'));
  errors.push(...validateTimes(status, old, after, before));
  const { active = 0, terminating = 0, ready, uncountedTerminatedPods: uncounted } = status;
  if (isOver && active > 0 && (isOverNew || active !== (old.active ?? 0))) errors.push(invalid(STATUS.child('active'), active, 'active>0 is invalid for finished job'));
  const isUncounted = (uncounted?.failed ?? []).length + (uncounted?.succeeded ?? []).length > 0;
  if (isOver && isUncounted && (isOverNew || !isSame(uncounted, old.uncountedTerminatedPods))) errors.push(invalid(STATUS.child('uncountedTerminatedPods'), { Succeeded: uncounted?.succeeded ?? null, Failed: uncounted?.failed ?? null }, 'uncountedTerminatedPods needs to be empty for finished job'));
  errors.push(...validateIndexes(status, old, spec));
  if (isOver && terminating > 0 && (isOverNew || terminating !== (old.terminating ?? 0))) errors.push(invalid(STATUS.child('terminating'), terminating, 'terminating>0 is invalid for finished job'));
  if (ready !== undefined && ready > active && (ready !== old.ready || active !== (old.active ?? 0))) errors.push(invalid(STATUS.child('ready'), ready, 'cannot set more ready pods than active'));
  return [...errors, ...validateOutcome(after, before, spec)];
}

/** Errors of a write of the status. @internal */
export function validateJobStatus(job: Job, oldJob: Job): readonly FieldError[] {
  const { spec } = job;
  const status: JobStatus = job.status ?? {};
  const old: JobStatus = oldJob.status ?? {};
  const after = outcomeOf(status);
  const before = outcomeOf(old);
  const errors: FieldError[] = [...validateStatus(status, old, spec, after, before)];
  for (const type of TERMINAL) if (hasCondition(old, type) && !hasCondition(status, type)) errors.push(invalidWithoutValue(CONDITIONS, `cannot disable the terminal ${type}=True condition`));
  if ((status.failed ?? 0) < (old.failed ?? 0)) errors.push(invalid(STATUS.child('failed'), status.failed ?? 0, 'cannot decrease the failed counter'));
  const isElastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  if (!isElastic && (status.succeeded ?? 0) < (old.succeeded ?? 0)) errors.push(invalid(STATUS.child('succeeded'), status.succeeded ?? 0, 'cannot decrease the succeeded counter'));
  if (status.completionTime !== undefined && old.completionTime !== undefined && status.completionTime !== old.completionTime) errors.push(invalid(STATUS.child('completionTime'), status.completionTime, 'completionTime cannot be mutated'));
  if (old.startTime !== undefined && status.startTime !== old.startTime && spec.suspend !== true) errors.push(required(STATUS.child('startTime'), 'startTime cannot be removed for unsuspended job'));
  if (before.isSucceeding && !after.isSucceeding) errors.push(invalidWithoutValue(CONDITIONS, 'cannot disable the SuccessCriteriaMet=True condition'));
  if (before.isComplete && !before.isSucceeding && after.isSucceeding) errors.push(invalidWithoutValue(CONDITIONS, 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions'));
  return errors;
}
