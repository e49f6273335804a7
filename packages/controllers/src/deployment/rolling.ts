// RollingUpdate: the new set grows within the surge, the old ones shrink within what may be unavailable.
// Upstream: pkg/controller/deployment/rolling.go (1.37).
import type { ReplicaSet } from '@kubesim/api';
import { CallFailed, type Calling } from '@kubesim/client';
import { cleanupDeployment } from './cleanup.ts';
import { explainRolling } from './explain.ts';
import { desiredReplicas, maxUnavailable, newReplicasOfNewSet } from './fenceposts.ts';
import { syncRevision } from './new-replica-set.ts';
import { syncRolloutStatus } from './progress.ts';
import { activeSets, allSets, replicasOf, totalAvailable, totalReplicas, type SplitSets } from './replica-sets.ts';
import { statusOf, type Rollout } from './rollout.ts';
import { scaleAndRecord } from './scale.ts';
import { isComplete } from './status.ts';

/** One step of a rolling update: up, else down, else cleaning up; then the status. */
export function* rolloutRolling(rollout: Rollout): Calling<void> {
  const split = yield* syncRevision(rollout, true);
  const newSet = split.newSet as ReplicaSet;
  explainRolling(rollout, split);
  const isScaled = (yield* reconcileNewSet(rollout, split, newSet)) || (yield* reconcileOldSets(rollout, split, newSet));
  if (!isScaled && isComplete(rollout.deployment, statusOf(rollout.deployment))) {
    yield* cleanupDeployment(rollout.deployment, split.oldSets);
  }
  yield* syncRolloutStatus(rollout, split);
}

function* reconcileNewSet(rollout: Rollout, split: SplitSets, newSet: ReplicaSet): Calling<boolean> {
  const { deployment } = rollout;
  const desired = desiredReplicas(deployment);
  const size = replicasOf(newSet) > desired ? desired : newReplicasOfNewSet(deployment, allSets(split), newSet);
  return (yield* scaleAndRecord(rollout, newSet, size)).isScaled;
}

/** Shrinks the old sets: first by pods that are not available anyway, then by available ones. An error counts as nothing done. */
function* reconcileOldSets(rollout: Rollout, split: SplitSets, newSet: ReplicaSet): Calling<boolean> {
  const oldSets = activeSets(split.oldSets);
  if (oldSets.length === 0) return false;
  const minAvailable = desiredReplicas(rollout.deployment) - maxUnavailable(rollout.deployment);
  const newUnavailable = replicasOf(newSet) - (newSet.status?.availableReplicas ?? 0);
  const maxScaledDown = totalReplicas(allSets(split)) - minAvailable - newUnavailable;
  if (maxScaledDown <= 0) return false;
  try {
    const cleanup = yield* cleanupUnhealthy(rollout, oldSets, maxScaledDown);
    if (cleanup === undefined) return false;
    const budget = totalAvailable([...cleanup.oldSets, newSet]) - minAvailable;
    return cleanup.count + (yield* scaleDownOldSets(rollout, cleanup.oldSets, budget)) > 0;
  } catch (error) {
    if (error instanceof CallFailed) return false;
    throw error;
  }
}

/** Takes unavailable pods from the oldest sets first. Undefined where a set reports more available pods than it may have. */
function* cleanupUnhealthy(
  rollout: Rollout, oldSets: readonly ReplicaSet[], countMax: number,
): Calling<{ readonly oldSets: readonly ReplicaSet[]; readonly count: number } | undefined> {
  const after = [...oldSets];
  let count = 0;
  for (const [index, set] of oldSets.entries()) {
    if (count >= countMax) break;
    const unavailable = replicasOf(set) - (set.status?.availableReplicas ?? 0);
    if (unavailable === 0) continue;
    const down = Math.min(countMax - count, unavailable);
    if (down < 0) return undefined;
    after[index] = (yield* scaleAndRecord(rollout, set, replicasOf(set) - down)).set;
    count += down;
  }
  return { oldSets: after, count };
}

/** Takes pods from the oldest sets first while more are available than must be. Answers how many. */
function* scaleDownOldSets(rollout: Rollout, oldSets: readonly ReplicaSet[], budget: number): Calling<number> {
  let count = 0;
  for (const set of oldSets) {
    if (count >= budget) break;
    const down = Math.min(replicasOf(set), budget - count);
    if (down === 0) continue;
    yield* scaleAndRecord(rollout, set, replicasOf(set) - down);
    count += down;
  }
  return count;
}
