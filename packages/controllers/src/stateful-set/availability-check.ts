// When to look at a set again because its pods become available by the mere passing of time.
// Upstream: sync in stateful_set.go and FindMinNextPodAvailabilityCheck in pkg/controller/controller_utils.go (1.37).
import type { Pod, StatefulSet, StatefulSetStatus } from '@kubesim/api';
import { readySinceMs } from '@kubesim/client';
import type { Behaviour } from './behaviour.ts';
import { replicasOf } from './identity.ts';

/**
 * Delay until the next look, undefined if none is needed. `youngest` are ready pods that were not available at `nowMs`;
 * `clockMs` is the instant at which the sync ends. @internal
 */
export function nextCheckMs(
  set: StatefulSet, status: StatefulSetStatus, youngest: readonly Pod[], behaviour: Behaviour, nowMs: number, clockMs: number,
): number | undefined {
  const minReadyMs = (set.spec.minReadySeconds ?? 0) * 1000;
  if (minReadyMs === 0 || (status.availableReplicas ?? 0) === replicasOf(set)) return undefined;
  if (!behaviour.requeuesPrecisely) return minReadyMs;
  let nextAt: number | undefined;
  for (const pod of youngest) {
    const availableAt = (readySinceMs(pod) ?? NaN) + minReadyMs;
    if (availableAt > nowMs && (nextAt === undefined || availableAt < nextAt)) nextAt = availableAt;
  }
  return nextAt === undefined ? minReadyMs : Math.max(0, nextAt - clockMs);
}
