// One write of a pod's status. Source: status/status_manager.go syncPod, mergePodStatus (1.37); B.4.
import { isSame, type ApiReply, type Pod, type PodStatus } from '@kubesim/api';
import type { ActorContext } from '@kubesim/client';
import { OWN_CONDITIONS } from './status.ts';
import type { PodWorkerState } from './pod-worker-state.ts';

/** The stored status with the kubelet's own in it: conditions of others first. */
export function mergeStatus(stored: PodStatus, own: PodStatus): PodStatus {
  const conditions = own.conditions ?? [];
  const kept = (stored.conditions ?? []).filter((each) => !conditions.some((one) => one.type === each.type) && (conditions.length === 0 || !OWN_CONDITIONS.includes(each.type) || each.type === 'PodScheduled'));
  const others = kept.filter((each) => each.type !== 'PodScheduled');
  const scheduled = kept.filter((each) => each.type === 'PodScheduled');
  const all = [...others, ...conditions, ...scheduled];
  const merged: Record<string, unknown> = {};
  // Of what is stored a reason and a message are the only fields that go when the kubelet has none.
  for (const key of Object.keys(stored) as (keyof PodStatus)[]) if (key !== 'reason' && key !== 'message') merged[key] = stored[key];
  for (const key of Object.keys(own) as (keyof PodStatus)[]) if (own[key] !== undefined) merged[key] = own[key];
  if (all.length > 0) merged['conditions'] = all;
  return merged as unknown as PodStatus;
}

/** Reads the pod, merges, and writes its status if it is still the pod of that uid; undefined where there was nothing to write. */
export function writeStatus(context: Pick<ActorContext<unknown>, 'call'>, worker: PodWorkerState): ApiReply | undefined {
  const { pod, status } = worker;
  if (status === undefined || worker.isOrphan) return undefined;
  const target = { resource: 'pods', namespace: pod.metadata?.namespace, name: pod.metadata?.name ?? '' } as const;
  const reply = context.call({ verb: 'get', ...target });
  if (!reply.ok) return reply;
  if (reply.object.metadata.uid !== pod.metadata?.uid) return undefined;
  const stored = ((reply.object as Pod).status ?? {}) as PodStatus;
  const merged = mergeStatus(stored, status);
  if (isSame(stored, merged)) return undefined;
  // Upstream: a strategic merge patch guarded by the uid; an update of what was just read comes to the same object and managed fields.
  return context.call({ verb: 'update', ...target, subresource: 'status', object: { ...reply.object, status: merged } });
}
