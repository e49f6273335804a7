// Why a rolling update stands where it stands, for people. It decides nothing.
import { desiredReplicas, maxSurge, maxUnavailable } from './fenceposts.ts';
import { allSets, replicasOf, totalAvailable, totalReplicas, type SplitSets } from './replica-sets.ts';
import type { Rollout } from './rollout.ts';

/** Says what the rollout waits for. */
export function explainRolling({ deployment, context }: Rollout, split: SplitSets): void {
  const { newSet, oldSets } = split;
  const desired = desiredReplicas(deployment);
  const subject = `deployment/${deployment.metadata.name}`;
  const sets = allSets(split);
  const oldTotal = totalReplicas(oldSets);
  if (newSet === undefined) return;
  const newTotal = replicasOf(newSet);
  const available = totalAvailable(sets);
  const floor = desired - maxUnavailable(deployment);
  const ceiling = desired + maxSurge(deployment);
  const blockedBy = `replicaset/${newSet.metadata.name}`;
  if (newTotal < desired && totalReplicas(sets) >= ceiling) {
    const message = `${newTotal} of ${desired} updated pods are asked for: ${totalReplicas(sets)} pods exist, and maxSurge allows ${ceiling}`;
    context.explain(subject, { rule: 'maxSurge', message, blockedBy });
  } else if (oldTotal > 0 && available <= floor) {
    const message = `${oldTotal} old pods stay: ${available} pods are available, and maxUnavailable asks for at least ${floor}`;
    context.explain(subject, { rule: 'maxUnavailable', message, blockedBy });
  } else if (newTotal !== desired || oldTotal > 0) {
    context.explain(subject, { rule: 'RollingUpdate', message: `rolling out: ${newTotal} updated pods of ${desired}, ${oldTotal} old`, blockedBy });
  } else {
    context.explain(subject, { rule: 'RollingUpdate', message: `rolled out: ${available} of ${desired} pods are available`, blockedBy });
  }
}
