// How far a rollout has come: the condition Progressing, its deadline, and the failures of the sets.
// Upstream: pkg/controller/deployment/progress.go; DeploymentProgressing, DeploymentTimedOut in util (1.37).
import type { Deployment, DeploymentCondition, DeploymentStatus } from '@kubesim/api';
import type { Calling } from '@kubesim/client';
import { fromReplicaSet, getCondition, hasProgressDeadline, newCondition, removeCondition, setCondition } from './conditions.ts';
import { allSets, type SplitSets } from './replica-sets.ts';
import type { Rollout } from './rollout.ts';
import { calculateStatus, isComplete, writeStatus } from './status.ts';

/** First step of the queue's back-off: what upstream's AddRateLimited waits for a key that did not fail. */
const RATE_LIMITED_MS = 5;

/** Works out and writes the status at the end of a rollout step, and comes back when the deadline will have passed. */
export function* syncRolloutStatus(rollout: Rollout, split: SplitSets): Calling<void> {
  const { deployment } = rollout;
  const counts = calculateStatus(rollout, split);
  let conditions = counts.conditions ?? [];
  if (!hasProgressDeadline(deployment)) conditions = removeCondition(conditions, 'Progressing');
  conditions = estimateProgress(rollout, split, { ...counts, conditions });
  const failures = replicaFailures(split);
  conditions = failures.length > 0 ? failures.reduce(setCondition, conditions) : removeCondition(conditions, 'ReplicaFailure');
  const status = { ...counts, conditions };
  if (!(yield* writeStatus(rollout, status))) requeueStuck(rollout, status);
}

function estimateProgress(rollout: Rollout, { newSet }: SplitSets, status: DeploymentStatus): readonly DeploymentCondition[] {
  const { deployment, context } = rollout;
  const conditions = status.conditions ?? [];
  const current = getCondition(deployment.status?.conditions, 'Progressing');
  const hasEnded = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === 'NewReplicaSetAvailable';
  if (!hasProgressDeadline(deployment) || hasEnded) return conditions;
  const subject = newSet === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newSet.metadata.name}"`;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return setCondition(conditions, newCondition(context.now, 'Progressing', 'True', 'NewReplicaSetAvailable', message));
  }
  if (isProgressing(deployment, status)) {
    const condition = newCondition(context.now, 'Progressing', 'True', 'ReplicaSetUpdated', `${subject} is progressing.`);
    const lastTransitionTime = current?.status === 'True' ? current.lastTransitionTime : condition.lastTransitionTime;
    // Removed first: each sign of progress is a new update time, and moves the deadline.
    return [...removeCondition(conditions, 'Progressing'), { ...condition, lastTransitionTime }];
  }
  if (hasTimedOut(deployment, status, context.now)) {
    const message = `${subject} has timed out progressing.`;
    return setCondition(conditions, newCondition(context.now, 'Progressing', 'False', 'ProgressDeadlineExceeded', message));
  }
  return conditions;
}

/** More pods are updated, fewer are old, or more are ready or available than the last status says. @public */
export function isProgressing(deployment: Deployment, status: DeploymentStatus): boolean {
  const before = deployment.status ?? {};
  const old = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus): number => replicas - updatedReplicas;
  return (status.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) || old(status) < old(before)
    || (status.readyReplicas ?? 0) > (before.readyReplicas ?? 0) || (status.availableReplicas ?? 0) > (before.availableReplicas ?? 0);
}

/** No progress since the deadline's time before `now`, for a rollout that has not come to its end. @public */
export function hasTimedOut(deployment: Deployment, status: DeploymentStatus, now: number): boolean {
  const condition = getCondition(status.conditions, 'Progressing');
  if (condition === undefined || condition.reason === 'NewReplicaSetAvailable') return false;
  if (condition.reason === 'ProgressDeadlineExceeded') return true;
  return Date.parse(condition.lastUpdateTime ?? '') + deadlineMs(deployment) < now;
}

/** The failures of the new set; if it has none, those of any set. */
function replicaFailures(split: SplitSets): readonly DeploymentCondition[] {
  const of = (sets: SplitSets): readonly DeploymentCondition[] => allSets(sets)
    .flatMap((set) => set.status?.conditions ?? []).filter((condition) => condition.type === 'ReplicaFailure').map(fromReplicaSet);
  const ofNew = of({ newSet: split.newSet, oldSets: [] });
  return ofNew.length > 0 ? ofNew : of(split);
}

function requeueStuck({ deployment, context }: Rollout, status: DeploymentStatus): void {
  const current = getCondition(deployment.status?.conditions, 'Progressing');
  if (!hasProgressDeadline(deployment) || current === undefined) return;
  if (isComplete(deployment, status) || current.reason === 'ProgressDeadlineExceeded') return;
  const afterMs = Date.parse(current.lastUpdateTime ?? '') + deadlineMs(deployment) - context.now;
  const key = `${deployment.metadata.namespace}/${deployment.metadata.name}`;
  // A second more, so that the deadline has passed for certain when the key comes back.
  context.enqueueAfter(key, afterMs < 1000 ? RATE_LIMITED_MS : afterMs + 1000);
}

function deadlineMs(deployment: Deployment): number {
  return (deployment.spec.progressDeadlineSeconds ?? 0) * 1000;
}
