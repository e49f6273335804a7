// Orders and sums over the ReplicaSets of a Deployment, and which of them is the new one.
// Upstream: pkg/controller/deployment/util/deployment_util.go and pkg/controller/controller_utils.go (1.37).
import type { Deployment, ReplicaSet } from '@kubesim/api';
import { equalIgnoreHash } from './template.ts';

/** Pods that a set is asked to keep. @public */
export function replicasOf(set: ReplicaSet): number {
  return set.spec.replicas ?? 1;
}

/** Sum of what the sets are asked to keep. @public */
export function totalReplicas(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + replicasOf(set), 0);
}

/** Sum of the pods that the sets report as available. @public */
export function totalAvailable(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + (set.status?.availableReplicas ?? 0), 0);
}

/** Sum of the pods that the sets report. @public */
export function totalActual(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + (set.status?.replicas ?? 0), 0);
}

/** The sets that are asked to keep pods. @public */
export function activeSets(sets: readonly ReplicaSet[]): ReplicaSet[] {
  return sets.filter((set) => replicasOf(set) > 0);
}

/** Older sets first, then by name. @public */
export function byCreation(one: ReplicaSet, other: ReplicaSet): number {
  const a = one.metadata.creationTimestamp ?? '';
  const b = other.metadata.creationTimestamp ?? '';
  if (a !== b) return a < b ? -1 : 1;
  return one.metadata.name < other.metadata.name ? -1 : one.metadata.name > other.metadata.name ? 1 : 0;
}

/** Larger sets first; of equal ones the older. @public */
export function bySizeOlder(one: ReplicaSet, other: ReplicaSet): number {
  return replicasOf(other) - replicasOf(one) || byCreation(one, other);
}

/** Larger sets first; of equal ones the newer. @public */
export function bySizeNewer(one: ReplicaSet, other: ReplicaSet): number {
  return replicasOf(other) - replicasOf(one) || byCreation(other, one);
}

/** The sets of a Deployment: the oldest with its template is the new one, all others are old, oldest first. @public */
export interface SplitSets {
  readonly newSet: ReplicaSet | undefined;
  readonly oldSets: readonly ReplicaSet[];
}

/** Tells the new set from the old ones. @public */
export function splitSets(deployment: Deployment, sets: readonly ReplicaSet[]): SplitSets {
  const ordered = [...sets].sort(byCreation);
  const newSet = ordered.find((set) => equalIgnoreHash(set.spec.template ?? {}, deployment.spec.template));
  return { newSet, oldSets: ordered.filter((set) => set !== newSet) };
}

/** The old sets with the new one at the end, as upstream appends it. @public */
export function allSets({ newSet, oldSets }: SplitSets): readonly ReplicaSet[] {
  return newSet === undefined ? oldSets : [...oldSets, newSet];
}
