// Sizing ReplicaSets: one by one, and in proportion when the Deployment was scaled while it rolls or is paused.
// Upstream: scale, scaleReplicaSet in pkg/controller/deployment/sync.go; GetReplicaSetProportion in util (1.37).
import type { Deployment, ReplicaSet } from '@kubesim/api';
import type { Calling } from '@kubesim/client';
import { annotatedReplicas, DESIRED_REPLICAS, MAX_REPLICAS, replicasAnnotations } from './annotations.ts';
import { desiredReplicas, isRollingUpdate, maxSurge } from './fenceposts.ts';
import { activeSets, allSets, bySizeNewer, bySizeOlder, replicasOf, totalReplicas, type SplitSets } from './replica-sets.ts';
import { updateReplicaSet, type Rollout } from './rollout.ts';

/** What came of sizing a set: the set as the API answered it, or as it was, and whether its size changed. */
export interface Scaled {
  readonly set: ReplicaSet;
  readonly isScaled: boolean;
}

/** Gives a set a size, and says so in an event. A set that has the size already is not written. */
export function* scaleAndRecord(rollout: Rollout, set: ReplicaSet, size: number): Calling<Scaled> {
  if (replicasOf(set) === size) return { set, isScaled: false };
  return yield* scaleReplicaSet(rollout, set, size);
}

function* scaleReplicaSet(rollout: Rollout, set: ReplicaSet, size: number): Calling<Scaled> {
  const { deployment, context } = rollout;
  const desired = desiredReplicas(deployment);
  const before = replicasOf(set);
  const annotations = replicasAnnotations(set.metadata.annotations, desired, desired + maxSurge(deployment));
  if (before === size && annotations === set.metadata.annotations) return { set, isScaled: false };
  const updated = yield* updateReplicaSet({ ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas: size } });
  if (before === size) return { set: updated, isScaled: false };
  const message = `Scaled ${before < size ? 'up' : 'down'} replica set ${set.metadata.name} from ${before} to ${size}`;
  context.event({ about: deployment, type: 'Normal', reason: 'ScalingReplicaSet', message });
  return { set: updated, isScaled: true };
}

/** Brings the sets to the Deployment's size without rolling anything out. */
export function* scale(rollout: Rollout, split: SplitSets): Calling<void> {
  const { deployment } = rollout;
  const { newSet } = split;
  const oldSets = [...split.oldSets].reverse();
  const active = activeSets(allSets({ newSet, oldSets }));
  const only = active.length > 1 ? undefined : (active[0] ?? newSet ?? oldSets[0]);
  if (only !== undefined) {
    yield* scaleAndRecord(rollout, only, desiredReplicas(deployment));
    return;
  }
  if (isSaturated(deployment, newSet)) {
    for (const set of activeSets(oldSets)) yield* scaleAndRecord(rollout, set, 0);
    return;
  }
  if (!isRollingUpdate(deployment)) return;
  for (const { set, size } of proportionalSizes(deployment, active)) yield* scaleReplicaSet(rollout, set, size);
}

/** The new set is as large as the Deployment wants, all of it available, and knows the Deployment's size. */
function isSaturated(deployment: Deployment, set: ReplicaSet | undefined): boolean {
  const desired = desiredReplicas(deployment);
  return set !== undefined && replicasOf(set) === desired
    && annotatedReplicas(set, DESIRED_REPLICAS) === desired && (set.status?.availableReplicas ?? 0) === desired;
}

/**
 * The sizes of the active sets after what the Deployment gained or lost is shared among them in proportion; what rounding
 * leaves over goes to the first, the largest. @public
 */
export function proportionalSizes(
  deployment: Deployment, active: readonly ReplicaSet[],
): readonly { readonly set: ReplicaSet; readonly size: number }[] {
  const desired = desiredReplicas(deployment);
  const allowed = desired > 0 ? desired + maxSurge(deployment) : 0;
  const toAdd = allowed - totalReplicas(active);
  if (toAdd === 0) return active.map((set) => ({ set, size: replicasOf(set) }));
  let added = 0;
  const sizes = [...active].sort(toAdd > 0 ? bySizeNewer : bySizeOlder).map((set) => {
    const share = proportion(deployment, set, toAdd, added);
    added += share;
    return { set, size: replicasOf(set) + share };
  });
  return sizes.map(({ set, size }, index) => ({ set, size: index === 0 ? Math.max(0, size + toAdd - added) : size }));
}

function proportion(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  if (replicasOf(set) === 0 || toAdd === added) return 0;
  const share = fraction(deployment, set);
  return toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
}

/** How much a set would grow or shrink to keep its part of the whole. */
function fraction(deployment: Deployment, set: ReplicaSet): number {
  const desired = desiredReplicas(deployment);
  if (desired === 0) return -replicasOf(set);
  const maxBefore = annotatedReplicas(set, MAX_REPLICAS) || (deployment.status?.replicas ?? 0);
  if (maxBefore === 0) return 0;
  return Math.floor((replicasOf(set) * (desired + maxSurge(deployment))) / maxBefore + 0.5) - replicasOf(set);
}
