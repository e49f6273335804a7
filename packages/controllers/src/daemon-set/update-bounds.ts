// How many daemon pods a rolling update may add and take away. Upstream: UnavailableCount, SurgeCount in
// pkg/controller/daemon/util/daemonset_util.go (1.37). Both round up.
import type { DaemonSet } from '@kubesim/api';
import { scaledValue } from '../deployment/fenceposts.ts';

/** Pods may be updated by the controller, not only by whoever deletes them. */
export function isRollingUpdate(set: DaemonSet): boolean {
  return set.spec.updateStrategy?.type === 'RollingUpdate';
}

/** Nodes that may have an old and a new pod at once; of the given number of nodes, or whether there is surge at all. */
export function maxSurge(set: DaemonSet, desired = 1): number {
  return isRollingUpdate(set) ? scaledValue(set.spec.updateStrategy?.rollingUpdate?.maxSurge, desired, 'up') : 0;
}

/** Nodes that may be without an available pod during an update. */
export function maxUnavailable(set: DaemonSet, desired: number): number {
  return isRollingUpdate(set) ? scaledValue(set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, desired, 'up') : 0;
}
