// The condition by which a pod says that it was disrupted, as a patch of its status.
// Upstream: UpdatePodCondition in pkg/api/v1/pod/util.go and PatchPodStatus in pkg/util/pod (1.37).
import type { Pod } from '@kubesim/api';
import { formatTime } from '@kubesim/client';

/** A strategic patch of the status with DisruptionTarget True and what else is given; undefined if it would change nothing. @internal */
export function withDisruptionTarget(pod: Pod, reason: string, message: string, now: number, also: object = {}): object | undefined {
  const old = pod.status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  const isSame = old?.status === 'True' && old.reason === reason && old.message === message;
  if (isSame && Object.keys(also).length === 0) return undefined;
  const lastTransitionTime = old?.status === 'True' ? old.lastTransitionTime : formatTime(now);
  const condition = { type: 'DisruptionTarget', observedGeneration: pod.metadata?.generation, status: 'True', lastProbeTime: null, lastTransitionTime, reason, message };
  // A two-way patch names the order of the whole list: a new condition stands last.
  const types = (pod.status?.conditions ?? []).map(({ type }) => ({ type }));
  const order = old === undefined ? [...types, { type: 'DisruptionTarget' }] : types;
  return { metadata: { uid: pod.metadata?.uid }, status: { ...also, '$setElementOrder/conditions': order, conditions: [condition] } };
}
