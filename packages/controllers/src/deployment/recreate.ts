// Recreate: no new pod before the last old one is gone. Upstream: pkg/controller/deployment/recreate.go (1.37).
import type { ReplicaSet } from '@kubesim/api';
import type { Calling } from '@kubesim/client';
import { cleanupDeployment } from './cleanup.ts';
import { desiredReplicas } from './fenceposts.ts';
import { syncRevision } from './new-replica-set.ts';
import { syncRolloutStatus } from './progress.ts';
import { activeSets, totalActual } from './replica-sets.ts';
import { statusOf, type Rollout } from './rollout.ts';
import { scaleAndRecord } from './scale.ts';
import { isComplete } from './status.ts';

/** One step of a recreation. `setsWithPods`: uids of the sets that have a pod in a phase other than Succeeded and Failed. */
export function* rolloutRecreate(rollout: Rollout, setsWithPods: readonly string[]): Calling<void> {
  let split = yield* syncRevision(rollout, false);
  let isScaled = false;
  for (const set of activeSets(split.oldSets)) {
    if ((yield* scaleAndRecord(rollout, set, 0)).isScaled) isScaled = true;
  }
  const { newSet } = split;
  const oldPodsRun = totalActual(split.oldSets) > 0 || setsWithPods.some((uid) => uid !== newSet?.metadata.uid);
  if (isScaled || oldPodsRun) {
    rollout.context.explain(`deployment/${rollout.deployment.metadata.name}`, {
      rule: 'Recreate',
      message: newSet === undefined ? 'no new ReplicaSet is made: pods of old ones are not gone yet' : 'pods of old ReplicaSets are not gone yet',
    });
    yield* syncRolloutStatus(rollout, split);
    return;
  }
  if (newSet === undefined) split = yield* syncRevision(rollout, true);
  yield* scaleAndRecord(rollout, split.newSet as ReplicaSet, desiredReplicas(rollout.deployment));
  if (isComplete(rollout.deployment, statusOf(rollout.deployment))) yield* cleanupDeployment(rollout.deployment, split.oldSets);
  yield* syncRolloutStatus(rollout, split);
}
