// What a change of a cache means: for the picture of the nodes, for the queue, and for the pods that wait in it.
// Upstream: pkg/scheduler/eventhandlers.go, backend/queue/scheduling_queue.go (1.37).
import type { KubeObject, Node, Pod } from '@kubesim/api';
import type { CacheChange } from '@kubesim/client';
import type { SchedulerProfile } from './framework.ts';
import { addPod, putNode, refreshPod, removeNode, removePodFrom } from './node-cache.ts';
import { isTerminal, podInfo, podKey } from './pod-info.ts';
import { moved, newQueuedPod, putPod, removePod, type QueuedPod } from './queue.ts';
import { listersOf, profileOf, wake, type SchedulerState, type SchedulerStep } from './scheduler-state.ts';
import { armTimers } from './timers.ts';

/** What the handlers are told about the scheduler. @internal */
export interface SchedulerSetup {
  readonly profiles: readonly SchedulerProfile[];
  readonly watched: readonly string[];
}

/** Takes in one change. @internal */
export function observeChange(setup: SchedulerSetup, step: SchedulerStep, state: SchedulerState, change: CacheChange): void {
  switch (change.resource) {
    case 'pods': observePod(setup, step, state, change as CacheChange<KubeObject & Pod>); break;
    case 'nodes': observeNode(setup, step, state, change); break;
    case 'poddisruptionbudgets.policy': case 'services': case 'replicasets.apps': case 'statefulsets.apps': case 'namespaces': break;
    default: movePods(setup, step, state, change);
  }
}

function observeNode(setup: SchedulerSetup, step: SchedulerStep, state: SchedulerState, change: CacheChange): void {
  const { before, after } = change;
  if (after === undefined) {
    state.cache = removeNode(state.cache, step.epoch, before?.metadata.name ?? '');
    movePods(setup, step, state, change);
    return;
  }
  state.cache = putNode(state.cache, step.epoch, after as Node);
  if (before === undefined || isOtherNode(before as Node, after as Node)) movePods(setup, step, state, change);
}

/** Heartbeats change nothing that a pod could wait for. */
function isOtherNode(before: Node, after: Node): boolean {
  const seen = (node: Node): string => JSON.stringify([node.metadata?.labels, node.spec?.taints, node.spec?.unschedulable, node.status?.allocatable]);
  return (before.spec !== after.spec || before.metadata?.labels !== after.metadata?.labels || before.status?.allocatable !== after.status?.allocatable)
    && seen(before) !== seen(after);
}

function nodeOf(pod: KubeObject & Pod | undefined): string {
  return pod === undefined || isTerminal(pod) ? '' : pod.spec?.nodeName ?? '';
}

/** Whether a change of an assigned pod is more than its status. */
function isOtherPod(before: Pod, after: Pod): boolean {
  if (before.metadata?.labels === after.metadata?.labels && before.spec === after.spec) return false;
  return JSON.stringify([before.metadata?.labels, podInfo(before).requests]) !== JSON.stringify([after.metadata?.labels, podInfo(after).requests]);
}

function observePod(setup: SchedulerSetup, step: SchedulerStep, state: SchedulerState, change: CacheChange<KubeObject & Pod>): void {
  const { before, after } = change;
  const key = podKey((after ?? before) as Pod);
  const assumed = state.binding.get(key);
  const was = nodeOf(before);
  const is = nodeOf(after);
  if (is !== '') {
    if (assumed !== undefined) settle(step, state, key, assumed.nodeName === is ? undefined : assumed.nodeName);
    if (was === '') {
      // A pod that was assumed here is only refreshed.
      const isExpected = assumed?.nodeName === is;
      state.cache = isExpected ? refreshPod(state.cache, step.epoch, is, after as Pod) : addPod(state.cache, step.epoch, is, after as Pod);
      state.queue = removePod(state.queue, step.epoch, key);
      state.nominated = state.nominated.delete(step.epoch, key);
      movePods(setup, step, state, { resource: 'pods', type: 'ADDED', after: after as KubeObject & Pod });
      return;
    }
    const isOther = isOtherPod(before as Pod, after as Pod);
    state.cache = isOther ? addPod(state.cache, step.epoch, is, after as Pod) : refreshPod(state.cache, step.epoch, is, after as Pod);
    if (isOther) movePods(setup, step, state, change);
    return;
  }
  if (was !== '') {
    state.cache = removePodFrom(state.cache, step.epoch, was, before as Pod);
    movePods(setup, step, state, { resource: 'pods', type: 'DELETED', before: before as KubeObject & Pod });
  }
  if (after === undefined || isTerminal(after)) {
    if (assumed !== undefined) settle(step, state, key, assumed.nodeName);
    state.queue = removePod(state.queue, step.epoch, key);
    const hadNomination = state.nominated.has(key);
    state.nominated = state.nominated.delete(step.epoch, key);
    if (assumed !== undefined || hadNomination) movePods(setup, step, state, { resource: 'pods', type: 'DELETED', before: (before ?? after) as KubeObject & Pod });
    return;
  }
  if (was === '') observePending(setup, step, state, change);
}

/** An assumed pod is bound or gone; it is taken off the node where it was only thought to be. */
function settle(step: SchedulerStep, state: SchedulerState, key: string, wrongNode: string | undefined): void {
  const assumed = state.binding.get(key);
  if (assumed === undefined) return;
  state.binding = state.binding.delete(step.epoch, key);
  step.cancel(`bind ${key}`);
  if (wrongNode !== undefined) state.cache = removePodFrom(state.cache, step.epoch, wrongNode, assumed.pod);
}

function observePending(setup: SchedulerSetup, step: SchedulerStep, state: SchedulerState, { before, after }: CacheChange<KubeObject & Pod>): void {
  const pod = after as Pod;
  const profile = profileOf(setup.profiles, pod);
  if (profile === undefined) return;
  const key = podKey(pod);
  if (state.binding.has(key)) return;
  const isGated = profile.plugins.some((plugin) => plugin.preEnqueue?.(pod) !== undefined);
  const queued = state.queue.pods.get(key);
  const nominatedNode = pod.status?.nominatedNodeName ?? '';
  if (queued === undefined) {
    state.queue = putPod(state.queue, step.epoch, newQueuedPod(key, podInfo(pod).priority, step.now, isGated));
    if (nominatedNode !== '') state.nominated = state.nominated.set(step.epoch, key, nominatedNode);
  } else if (queued.where === 'gated' && !isGated) {
    state.queue = putPod(state.queue, step.epoch, { ...queued, where: 'active', since: step.now });
  } else if (queued.where === 'unschedulable' && before !== undefined && isOtherRequest(before, pod)) {
    state.queue = putPod(state.queue, step.epoch, moved(queued, step.now));
  }
  if (!isGated) wake(step, state);
  armTimers(step, state);
}

/** Whether a waiting pod asks for something else than before. */
function isOtherRequest(before: Pod, after: Pod): boolean {
  if (before.spec === after.spec && before.metadata?.labels === after.metadata?.labels) return false;
  return JSON.stringify([before.spec, before.metadata?.labels]) !== JSON.stringify([after.spec, after.metadata?.labels]);
}

/** Moves the pods whose refusing plugins see hope in a change. @internal */
export function movePods(setup: SchedulerSetup, step: SchedulerStep, state: SchedulerState, change: CacheChange): void {
  if (state.queue.unschedulable.size === 0) return;
  const listers = listersOf(step, setup.watched);
  const hopeful: QueuedPod[] = [];
  for (const [, key] of state.queue.unschedulable) {
    const queued = state.queue.pods.get(key) as QueuedPod;
    const slash = key.indexOf('/');
    const pod = step.lister<Pod>('pods').get(key.slice(0, slash), key.slice(slash + 1));
    if (pod === undefined) continue;
    const plugins = profileOf(setup.profiles, pod)?.plugins.filter((plugin) => queued.plugins.includes(plugin.name)) ?? [];
    const hasHope = plugins.length === 0 ? change.resource === 'nodes' : plugins.some((plugin) => plugin.hint === undefined || plugin.hint(pod, change, listers));
    if (hasHope) hopeful.push(queued);
  }
  for (const queued of hopeful) state.queue = putPod(state.queue, step.epoch, moved(queued, step.now));
  if (hopeful.length === 0) return;
  wake(step, state);
  armTimers(step, state);
}
