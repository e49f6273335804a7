// How many pods a rolling update may add and take away. Upstream: ResolveFenceposts, MaxSurge, MaxUnavailable and
// NewRSNewReplicas in pkg/controller/deployment/util/deployment_util.go (1.37).
import type { Deployment, IntOrString, ReplicaSet } from '@kubesim/api';
import { replicasOf, totalReplicas } from './replica-sets.ts';

/** Pods that the Deployment asks for. @public */
export function desiredReplicas(deployment: Deployment): number {
  return deployment.spec.replicas ?? 1;
}

/** The update goes pod by pod. @public */
export function isRollingUpdate(deployment: Deployment): boolean {
  return deployment.spec.strategy?.type === 'RollingUpdate';
}

/** A number, or a percentage of `total` rounded up or down; 0 without a value. @public */
export function scaledValue(value: IntOrString | undefined, total: number, round: 'up' | 'down'): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(value)?.[1];
  if (percent === undefined) return 0;
  const product = (Number(percent) * total) / 100;
  return round === 'up' ? Math.ceil(product) : Math.floor(product);
}

/** Surge and unavailability in pods; both zero would never move, so one may then be unavailable. */
function fenceposts(deployment: Deployment): { readonly surge: number; readonly unavailable: number } {
  const { maxSurge, maxUnavailable } = deployment.spec.strategy?.rollingUpdate ?? {};
  const desired = desiredReplicas(deployment);
  const surge = scaledValue(maxSurge, desired, 'up');
  const unavailable = scaledValue(maxUnavailable, desired, 'down');
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** Pods beyond the wanted number that may exist during an update. @public */
export function maxSurge(deployment: Deployment): number {
  return isRollingUpdate(deployment) ? fenceposts(deployment).surge : 0;
}

/** Wanted pods that may be missing during an update. @public */
export function maxUnavailable(deployment: Deployment): number {
  const desired = desiredReplicas(deployment);
  if (!isRollingUpdate(deployment) || desired === 0) return 0;
  return Math.min(fenceposts(deployment).unavailable, desired);
}

/** The size the new ReplicaSet should have now, given all sets with it. @public */
export function newReplicasOfNewSet(deployment: Deployment, all: readonly ReplicaSet[], newSet: ReplicaSet): number {
  const desired = desiredReplicas(deployment);
  if (!isRollingUpdate(deployment)) return desired;
  const ceiling = desired + scaledValue(deployment.spec.strategy?.rollingUpdate?.maxSurge, desired, 'up');
  const total = totalReplicas(all);
  if (total >= ceiling) return replicasOf(newSet);
  return replicasOf(newSet) + Math.min(ceiling - total, desired - replicasOf(newSet));
}
