// What becomes of a pod that found no place: back to the queue, an Event, a condition, a nomination.
// Upstream: pkg/scheduler/schedule_one.go (handleSchedulingFailure, 1.37).
import { formatTime, type KubeObject, type Pod } from '@kubesim/api';
import { diagnosisMessage, type Diagnosis } from './diagnosis.ts';
import type { Refusal } from './framework.ts';
import { podInfo, podKey } from './pod-info.ts';
import type { Preemption } from './preemption.ts';
import { afterError, afterRefusal, putPod, type QueuedPod } from './queue.ts';
import type { CycleResult } from './schedule-pod.ts';
import type { SchedulerState, SchedulerStep } from './scheduler-state.ts';
import { armTimers } from './timers.ts';

const EVENT_MESSAGE_MAX = 1024;

/** Records an Event as the scheduler. @internal */
export function recordEvent(step: SchedulerStep, pod: Pod, type: 'Normal' | 'Warning', reason: string, action: string, message: string): void {
  const cut = message.length > EVENT_MESSAGE_MAX ? `${message.slice(0, EVENT_MESSAGE_MAX - 4)} ...` : message;
  step.event({ about: pod as KubeObject, type, reason, message: cut, action, component: 'default-scheduler' });
}

/** The pods that wait for room that preemption makes, by node. @internal */
export function nominatedPods(step: SchedulerStep, state: SchedulerState): ReadonlyMap<string, readonly Pod[]> | undefined {
  if (state.nominated.size === 0) return undefined;
  const pods = new Map<string, Pod[]>();
  for (const [key, nodeName] of state.nominated) {
    const slash = key.indexOf('/');
    const pod = step.lister<Pod>('pods').get(key.slice(0, slash), key.slice(slash + 1));
    if (pod === undefined || state.binding.has(key)) continue;
    const others = pods.get(nodeName);
    if (others === undefined) pods.set(nodeName, [pod]);
    else others.push(pod);
  }
  return pods;
}

/** What a refusal after the choice of the node amounts to: it counts as a filter of that one node. Upstream: FitError in schedule_one.go. @internal */
export function refusedOnNode(nodeName: string, refusal: Refusal, nextStartIndex: number): Exclude<CycleResult, { kind: 'placed' }> {
  if (refusal.code === 'Error') return { kind: 'error', message: refusal.reasons.join(', '), nextStartIndex };
  const diagnosis: Diagnosis = { nodeCount: 1, refusals: new Map([[nodeName, refusal]]), plugins: refusal.plugin === undefined ? [] : [refusal.plugin] };
  return { kind: 'unschedulable', message: diagnosisMessage(diagnosis), diagnosis, preemption: { message: '', victims: [], clearsNomination: false }, nextStartIndex };
}

/** Puts a pod back and says why: an Event, and a condition where it is news. @internal */
export function fail(step: SchedulerStep, state: SchedulerState, pod: Pod, queued: QueuedPod, result: Exclude<CycleResult, { kind: 'placed' }>): void {
  const isError = result.kind === 'error';
  const back = isError ? afterError(queued, step.now) : afterRefusal(queued, step.now, result.diagnosis.plugins);
  state.queue = putPod(state.queue, step.epoch, back);
  recordEvent(step, pod, 'Warning', 'FailedScheduling', 'Scheduling', result.message);
  step.explain(`pod/${queued.key}`, { rule: 'kube-scheduler', message: result.message });
  const nominatedNode = nomination(step, state, pod, isError ? undefined : result.preemption);
  writeCondition(step, pod, isError ? 'SchedulerError' : 'Unschedulable', result.message, nominatedNode);
  armTimers(step, state);
}

/** Takes note of what preemption chose; answers the name to write: undefined leaves the old one. */
function nomination(step: SchedulerStep, state: SchedulerState, pod: Pod, preemption: Preemption | undefined): string | undefined {
  const key = podKey(pod);
  if (preemption?.nodeName !== undefined) {
    const { nodeName, victims } = preemption;
    const losers = (nominatedPods(step, state)?.get(nodeName) ?? []).filter((other) => podInfo(other).priority < podInfo(pod).priority);
    for (const loser of losers) state.nominated = state.nominated.delete(step.epoch, podKey(loser));
    state.nominated = state.nominated.set(step.epoch, key, nodeName);
    if (victims.length + losers.length > 0) {
      state.evictions = [...state.evictions, { preemptor: pod, nodeName, victims, losers, isMarked: false }];
      step.after(0, { kind: 'evict' });
    }
    return preemption.nodeName;
  }
  if (preemption?.clearsNomination !== true) return undefined;
  state.nominated = state.nominated.delete(step.epoch, key);
  return '';
}

function writeCondition(step: SchedulerStep, pod: Pod, reason: string, message: string, nominatedNode: string | undefined): void {
  const known = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled');
  const isNews = known === undefined || known.status !== 'False' || known.reason !== reason || known.message !== message;
  const isOtherNode = nominatedNode !== undefined && nominatedNode !== (pod.status?.nominatedNodeName ?? '');
  if (!isNews && !isOtherNode) return;
  const lastTransitionTime = known?.status === 'False' ? known.lastTransitionTime : formatTime(step.now);
  const condition = {
    type: 'PodScheduled', observedGeneration: pod.metadata?.generation, status: 'False', lastProbeTime: null, lastTransitionTime, reason, message,
  };
  const status = { ...(isNews ? { conditions: [condition] } : {}), ...(isOtherNode ? { nominatedNodeName: nominatedNode === '' ? null : nominatedNode } : {}) };
  step.call({
    verb: 'patch', resource: 'pods', namespace: pod.metadata?.namespace ?? '', name: pod.metadata?.name ?? '', subresource: 'status', patchType: 'strategic',
    patch: { metadata: { uid: pod.metadata?.uid }, status },
  });
}
