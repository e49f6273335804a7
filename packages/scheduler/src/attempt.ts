// One attempt: takes a pod from the queue, runs a cycle, and makes the one write that follows.
// Upstream: pkg/scheduler/schedule_one.go (1.37).
import type { Pod } from '@kubesim/api';
import { continueBinding } from './binding.ts';
import { PERMIT_TIMEOUT_MAX_MS, wakeWaiting } from './waiting-pods.ts';
import type { SchedulerSetup } from './cluster-events.ts';
import { fail, nominatedPods, recordEvent, refusedOnNode } from './failure.ts';
import { PluginMisbehaved } from './framework.ts';
import { addPod, snapshotOf } from './node-cache.ts';
import { nextPod, removePod, type QueuedPod } from './queue.ts';
import { schedulePod } from './schedule-pod.ts';
import { listersOf, profileOf, wake, type SchedulerState, type SchedulerStep } from './scheduler-state.ts';
import { memoOf, type TemplateMemos } from './template-memo.ts';
import { armTimers } from './timers.ts';

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

function place(setup: SchedulerSetup, step: SchedulerStep, state: SchedulerState, pod: Pod, queued: QueuedPod, nodeName: string): void {
  const cycle = { pod, snapshot: snapshotOf(state.cache), listers: listersOf(step, setup.watched), data: new Map<string, unknown>(), memo: undefined };
  const permits: { plugin: string; until: number }[] = [];
  for (const plugin of profileOf(setup.profiles, pod)?.plugins ?? []) {
    const refusal = plugin.reserve?.(cycle, nodeName) ?? plugin.permit?.(cycle, nodeName);
    if (refusal === undefined) continue;
    if (refusal.code === 'Pending') {
      if (plugin.waitOnPermit === undefined) throw new PluginMisbehaved(plugin.name, 'Permit', refusal);
      permits.push({ plugin: plugin.name, until: step.now + Math.min(refusal.timeoutMs ?? PERMIT_TIMEOUT_MAX_MS, PERMIT_TIMEOUT_MAX_MS) });
      continue;
    }
    fail(step, state, pod, queued, refusedOnNode(nodeName, { ...refusal, plugin: plugin.name }, state.startIndex));
    return;
  }
  state.cache = addPod(state.cache, step.epoch, nodeName, pod);
  state.binding = state.binding.set(step.epoch, queued.key, { pod, nodeName, since: step.now, permits, marks: [], isBound: false, queued });
  state.nominated = state.nominated.delete(step.epoch, queued.key);
  // Who waits already may be waiting for this one.
  if (permits.length > 0) wakeWaiting(step, state, queued.key);
  continueBinding(setup, step, state, queued.key);
}
