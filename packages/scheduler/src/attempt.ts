// One attempt: takes a pod from the queue, runs a cycle, and makes the one write that follows.
// Upstream: pkg/scheduler/schedule_one.go (1.37).
import { formatTime, type KubeObject, type Pod } from '@kubesim/api';
import { continueBinding } from './binding.ts';
import type { SchedulerSetup } from './cluster-events.ts';
import { PluginMisbehaved } from './framework.ts';
import { addPod, snapshotOf } from './node-cache.ts';
import { podInfo, podKey } from './pod-info.ts';
import type { Preemption } from './preemption.ts';
import { afterError, afterRefusal, nextPod, putPod, removePod, type QueuedPod } from './queue.ts';
import { schedulePod, type CycleResult } from './schedule-pod.ts';
import { listersOf, profileOf, wake, type SchedulerState, type SchedulerStep } from './scheduler-state.ts';
import { memoOf, type TemplateMemos } from './template-memo.ts';
import { armTimers } from './timers.ts';

const EVENT_MESSAGE_MAX = 1024;

/** Records an Event as the scheduler. @internal */
export function recordEvent(step: SchedulerStep, pod: Pod, type: 'Normal' | 'Warning', reason: string, action: string, message: string): void {
  const cut = message.length > EVENT_MESSAGE_MAX ? `${message.slice(0, EVENT_MESSAGE_MAX - 4)} ...` : message;
  step.event({ about: pod as KubeObject, type, reason, message: cut, action, component: 'default-scheduler' });
}

/** Schedules the next pod, if there is one. @internal */
export function attempt(setup: SchedulerSetup, step: SchedulerStep, state: SchedulerState, memos: TemplateMemos): void {
  const queued = nextPod(state.queue);
  if (queued === undefined) {
    armTimers(step, state);
    return;
  }
  const slash = queued.key.indexOf('/');
  const pod = step.lister<Pod>('pods').get(queued.key.slice(0, slash), queued.key.slice(slash + 1));
  const profile = pod === undefined ? undefined : profileOf(setup.profiles, pod);
  if (pod === undefined || profile === undefined || (pod.spec?.nodeName ?? '') !== '') {
    take(step, state, queued);
    return;
  }
  if (pod.metadata?.deletionTimestamp !== undefined) {
    take(step, state, queued);
    recordEvent(step, pod, 'Warning', 'FailedScheduling', 'Scheduling', `skip schedule deleting pod: ${queued.key}`);
    return;
  }
  const listers = listersOf(step, setup.watched);
  const result = schedulePod({
    profile, snapshot: snapshotOf(state.cache), pod, listers, random: (name) => step.random(name), startIndex: state.startIndex,
    nominated: nominatedPods(step, state), memo: memoOf(memos, profile.schedulerName, step.profile.kubernetes, pod),
  });
  // Only now: a plugin that misbehaves leaves the queue as it was.
  take(step, state, queued);
  state.startIndex = result.nextStartIndex;
  if (result.kind === 'placed') {
    place(setup, step, state, pod, queued, result.nodeName);
    return;
  }
  fail(step, state, pod, queued, result);
}

/** The pod leaves the queue, and the next one's turn follows. */
function take(step: SchedulerStep, state: SchedulerState, queued: QueuedPod): void {
  state.queue = removePod(state.queue, step.epoch, queued.key);
  wake(step, state);
}

function nominatedPods(step: SchedulerStep, state: SchedulerState): ReadonlyMap<string, readonly Pod[]> | undefined {
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

function place(setup: SchedulerSetup, step: SchedulerStep, state: SchedulerState, pod: Pod, queued: QueuedPod, nodeName: string): void {
  const cycle = { pod, snapshot: snapshotOf(state.cache), listers: listersOf(step, setup.watched), data: new Map<string, unknown>(), memo: undefined };
  for (const plugin of profileOf(setup.profiles, pod)?.plugins ?? []) {
    const refusal = plugin.reserve?.(cycle, nodeName) ?? plugin.permit?.(cycle, nodeName);
    if (refusal === undefined) continue;
    if (refusal.code === 'Pending') throw new PluginMisbehaved(plugin.name, 'Permit', refusal);
    fail(step, state, pod, queued, { kind: 'error', message: refusal.reasons.join(', '), nextStartIndex: state.startIndex });
    return;
  }
  state.cache = addPod(state.cache, step.epoch, nodeName, pod);
  state.binding = state.binding.set(step.epoch, queued.key, { pod, nodeName, since: step.now, marks: [], isBound: false, queued });
  state.nominated = state.nominated.delete(step.epoch, queued.key);
  continueBinding(setup, step, state, queued.key);
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
