// What a pod's status says to controllers: ready, available, and when it will be.
// Upstream: pkg/api/v1/pod/util.go and FindMinNextPodAvailabilityCheck in pkg/controller/controller_utils.go (1.37).
import type { Pod } from '@kubesim/api';

/** Instant at which the Ready condition last changed, ms since 1970, while it is True; undefined while it is not. NaN without a time. @public */
export function readySinceMs(pod: Pod): number | undefined {
  const conditions = pod.status?.conditions;
  if (conditions === undefined) return undefined;
  for (const condition of conditions) {
    if (condition.type !== 'Ready') continue;
    if (condition.status !== 'True') return undefined;
    return condition.lastTransitionTime === undefined ? NaN : Date.parse(condition.lastTransitionTime);
  }
  return undefined;
}

/** A Ready condition with status True is there. The phase is not looked at. @public */
export function isPodReady(pod: Pod): boolean {
  return readySinceMs(pod) !== undefined;
}

/** Ready, and for at least `minReadySeconds`. @public */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const sinceMs = readySinceMs(pod);
  if (sinceMs === undefined) return false;
  return minReadySeconds === 0 || sinceMs + minReadySeconds * 1000 <= nowMs;
}
