// The status of a Deployment as its ReplicaSets report it. Upstream: calculateStatus, syncDeploymentStatus in
// pkg/controller/deployment/sync.go (1.37).
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '@kubesim/api';
import type { Calling } from '@kubesim/client';
import { countsTerminatingReplicas } from '../replica-set/terminating-replicas.ts';
import { newCondition, setCondition } from './conditions.ts';
import { desiredReplicas, maxUnavailable } from './fenceposts.ts';
import { allSets, totalActual, totalAvailable, totalReplicas, type SplitSets } from './replica-sets.ts';
import { amend, statusOf, updateStatus, type Rollout } from './rollout.ts';

/** The status that the sets amount to, with the condition Available; all other conditions as they were. */
export function calculateStatus(rollout: Rollout, split: SplitSets): DeploymentStatus {
  const { deployment, context } = rollout;
  const sets = allSets(split);
  const available = totalAvailable(sets);
  const counted = countsTerminatingReplicas(context.profile) ? totalTerminating(sets) : undefined;
  const isAvailable = available >= desiredReplicas(deployment) - maxUnavailable(deployment);
  const condition = isAvailable
    ? newCondition(context.now, 'Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
    : newCondition(context.now, 'Available', 'False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.');
  return statusOfCounts({
    observedGeneration: deployment.metadata.generation,
    replicas: totalActual(sets),
    updatedReplicas: split.newSet?.status?.replicas,
    readyReplicas: sets.reduce((sum, set) => sum + (set.status?.readyReplicas ?? 0), 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, totalReplicas(sets) - available),
    terminatingReplicas: counted,
    collisionCount: deployment.status?.collisionCount,
    conditions: setCondition(deployment.status?.conditions ?? [], condition),
  });
}

/** The status as it stands in JSON: counts of zero left out, but not those whose absence says something else. */
function statusOfCounts(counts: DeploymentStatus): DeploymentStatus {
  const { observedGeneration, replicas, updatedReplicas, readyReplicas, availableReplicas, unavailableReplicas } = counts;
  const { terminatingReplicas, collisionCount, conditions } = counts;
  return {
    ...(observedGeneration ? { observedGeneration } : {}),
    ...(replicas ? { replicas } : {}),
    ...(updatedReplicas ? { updatedReplicas } : {}),
    ...(readyReplicas ? { readyReplicas } : {}),
    ...(availableReplicas ? { availableReplicas } : {}),
    ...(unavailableReplicas ? { unavailableReplicas } : {}),
    ...(terminatingReplicas === undefined ? {} : { terminatingReplicas }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions === undefined || conditions.length === 0 ? {} : { conditions }),
  };
}

/** Pods on their way out; unknown as soon as one set that was synced does not say. */
function totalTerminating(sets: readonly ReplicaSet[]): number | undefined {
  let total = 0;
  for (const { status } of sets) {
    if (status?.terminatingReplicas !== undefined) total += status.terminatingReplicas;
    else if ((status?.observedGeneration ?? 0) > 0) return undefined;
  }
  return total;
}

/** Every wanted pod is updated and available, none is left over, and the status is of the present generation. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const desired = desiredReplicas(deployment);
  return (status.updatedReplicas ?? 0) === desired && (status.replicas ?? 0) === desired
    && (status.availableReplicas ?? 0) === desired && (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0);
}

/** Writes the status that the sets amount to, if it is not the one there is. */
export function* syncDeploymentStatus(rollout: Rollout, split: SplitSets): Calling<void> {
  yield* writeStatus(rollout, calculateStatus(rollout, split));
}

/** Writes a status if it is not the one there is; answers whether it did. */
export function* writeStatus(rollout: Rollout, status: DeploymentStatus): Calling<boolean> {
  if (isSameStatus(statusOf(rollout.deployment), status)) return false;
  amend(rollout, { status });
  yield* updateStatus(rollout);
  return true;
}

const COUNTS = ['observedGeneration', 'replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas', 'unavailableReplicas'] as const;

/** Whether two statuses say the same, absent counts being zero. @public */
export function isSameStatus(one: DeploymentStatus, other: DeploymentStatus): boolean {
  if (COUNTS.some((count) => (one[count] ?? 0) !== (other[count] ?? 0))) return false;
  if (one.terminatingReplicas !== other.terminatingReplicas || one.collisionCount !== other.collisionCount) return false;
  const a = one.conditions ?? [];
  const b = other.conditions ?? [];
  return a.length === b.length && a.every((condition, index) => isSameCondition(condition, b[index] as DeploymentCondition));
}

function isSameCondition(one: DeploymentCondition, other: DeploymentCondition): boolean {
  return one === other || (one.type === other.type && one.status === other.status && one.reason === other.reason
    && one.message === other.message && one.lastUpdateTime === other.lastUpdateTime && one.lastTransitionTime === other.lastTransitionTime);
}
