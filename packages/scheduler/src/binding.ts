// From a chosen node to a bound pod: PreBind's writes and waits, then the Binding. One write a step.
// Upstream: pkg/scheduler/schedule_one.go (bindingCycle), plugins/defaultbinder (1.37).
import { formatTime, type ApiReply, type Pod } from '@kubesim/api';
import { movePods, type SchedulerSetup } from './cluster-events.ts';
import { fail, recordEvent, refusedOnNode } from './failure.ts';
import { PluginMisbehaved, type PreBindStep } from './framework.ts';
import { removePodFrom } from './node-cache.ts';
import type { CycleResult } from './schedule-pod.ts';
import { askPermits } from './waiting-pods.ts';
import { listersOf, profileOf, wake, type BindingPod, type SchedulerState, type SchedulerStep } from './scheduler-state.ts';

/** How long a pod waits for its volumes. @public */
export const BIND_TIMEOUT_MS = 600_000;
const POLL_MS = 1000;

/** Does the next thing for a pod that has its node. @internal */
export function continueBinding(setup: SchedulerSetup, step: SchedulerStep, state: SchedulerState, key: string): void {
  const binding = state.binding.get(key);
  if (binding === undefined || binding.isBound) return;
  const { pod, nodeName, marks } = binding;
  if (binding.permits.length > 0) {
    const outcome = askPermits(setup, step, state, binding);
    if (outcome.refused !== undefined) {
      undo(setup, step, state, key, binding, refusedOnNode(nodeName, outcome.refused, state.startIndex));
      return;
    }
    if (outcome.permits.length !== binding.permits.length) state.binding = state.binding.set(step.epoch, key, { ...binding, permits: outcome.permits, since: step.now });
    again(step, key, outcome.permits.length === 0 ? 0 : Math.min(POLL_MS, ...outcome.permits.map(({ until }) => until - step.now)));
    return;
  }
  const next = preBind(setup, step, state, binding);
  if (next === undefined) {
    bind(setup, step, state, key, binding);
    return;
  }
  if (next.kind === 'fail') {
    undo(setup, step, state, key, binding, `running PreBind plugin "${next.plugin}": ${next.message}`);
    return;
  }
  if (step.profile.kubernetes !== '1.34' && !marks.includes('nominated') && pod.status?.nominatedNodeName !== nodeName) {
    step.call({
      verb: 'patch', resource: 'pods', namespace: pod.metadata?.namespace ?? '', name: pod.metadata?.name ?? '', subresource: 'status', patchType: 'strategic',
      patch: { metadata: { uid: pod.metadata?.uid }, status: { nominatedNodeName: nodeName } },
    });
    state.binding = state.binding.set(step.epoch, key, { ...binding, marks: [...marks, 'nominated'] });
    again(step, key, 0);
    return;
  }
  if (next.kind === 'wait') {
    if (step.now - binding.since >= BIND_TIMEOUT_MS) undo(setup, step, state, key, binding, `running PreBind plugin "${next.plugin}": binding volumes: context deadline exceeded`);
    else again(step, key, POLL_MS);
    return;
  }
  const reply = step.call(next.call);
  if (!reply.ok) {
    undo(setup, step, state, key, binding, `running PreBind plugin "${next.plugin}": ${reply.status.message ?? ''}`);
    return;
  }
  state.binding = state.binding.set(step.epoch, key, { ...binding, marks: [...marks, ...next.marks] });
  again(step, key, 0);
}

function again(step: SchedulerStep, key: string, delayMs: number): void {
  step.after(delayMs, { kind: 'bind', key }, { name: `bind ${key}` });
}

function preBind(setup: SchedulerSetup, step: SchedulerStep, state: SchedulerState, { pod, nodeName, marks }: BindingPod): NonNullable<PreBindStep> & { plugin: string } | undefined {
  const listers = listersOf(step, setup.watched);
  for (const plugin of profileOf(setup.profiles, pod)?.plugins ?? []) {
    const next = plugin.preBind?.(listers, pod, state.cache.nodes.get(nodeName)?.node, marks);
    if (next === undefined) continue;
    if (next === null || !['write', 'wait', 'fail'].includes((next as { kind?: string }).kind ?? '')) throw new PluginMisbehaved(plugin.name, 'PreBind', next);
    return { ...next, plugin: plugin.name };
  }
  return undefined;
}

function bind(setup: SchedulerSetup, step: SchedulerStep, state: SchedulerState, key: string, binding: BindingPod): void {
  const { pod, nodeName } = binding;
  const { namespace = '', name = '', uid } = pod.metadata ?? {};
  const reply: ApiReply = step.call({
    verb: 'create', resource: 'pods', namespace, name, subresource: 'binding',
    object: { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace, uid }, target: { kind: 'Node', name: nodeName } },
  });
  if (!reply.ok) {
    undo(setup, step, state, key, binding, `binding rejected: running Bind plugin "DefaultBinder": ${reply.status.message ?? ''}`);
    return;
  }
  // The watch may have shown it already, if it is delivered within the call.
  if (state.binding.get(key) !== undefined) state.binding = state.binding.set(step.epoch, key, { ...binding, isBound: true });
  recordEvent(step, pod, 'Normal', 'Scheduled', 'Binding', `Successfully assigned ${key} to ${nodeName}`);
}

/** The pod does not get its node after all. */
function undo(setup: SchedulerSetup, step: SchedulerStep, state: SchedulerState, key: string, { pod, nodeName, queued }: BindingPod, why: string | Exclude<CycleResult, { kind: 'placed' }>): void {
  state.binding = state.binding.delete(step.epoch, key);
  state.cache = removePodFrom(state.cache, step.epoch, nodeName, pod);
  const freed = { resource: 'pods', type: 'DELETED', before: pod as never } as const;
  // A rejected pod is not moved by the room that it leaves: it would come back at once.
  const isRejected = typeof why !== 'string' && why.kind === 'unschedulable';
  if (isRejected) movePods(setup, step, state, freed);
  const present = step.lister<Pod>('pods').get(pod.metadata?.namespace ?? '', pod.metadata?.name ?? '');
  if (present !== undefined && present.metadata?.uid === pod.metadata?.uid && (present.spec?.nodeName ?? '') === '') {
    fail(step, state, present, queued, typeof why === 'string' ? { kind: 'error', message: why, nextStartIndex: state.startIndex } : why);
  }
  if (!isRejected) movePods(setup, step, state, freed);
  wake(step, state);
}

/** Evicts the next victim: its condition, then its deletion. @internal */
export function continueEviction(step: SchedulerStep, state: SchedulerState): void {
  const [eviction, ...rest] = state.evictions;
  if (eviction === undefined) return;
  const [loser, ...losers] = eviction.losers;
  if (loser !== undefined) {
    const { namespace = '', name = '', uid } = loser.metadata ?? {};
    step.call({ verb: 'patch', resource: 'pods', namespace, name, subresource: 'status', patchType: 'strategic', patch: { metadata: { uid }, status: { nominatedNodeName: null } } });
    state.evictions = [{ ...eviction, losers }, ...rest];
    step.after(0, { kind: 'evict' });
    return;
  }
  const [victim, ...others] = eviction.victims;
  if (victim === undefined) {
    state.evictions = rest;
    if (rest.length > 0) step.after(0, { kind: 'evict' });
    return;
  }
  const { namespace = '', name = '', uid } = victim.metadata ?? {};
  const present = step.lister<Pod>('pods').get(namespace, name);
  const isThere = present !== undefined && present.metadata?.uid === uid && present.metadata?.deletionTimestamp === undefined;
  if (isThere && !eviction.isMarked) {
    const condition = {
      type: 'DisruptionTarget', observedGeneration: present.metadata?.generation, status: 'True', reason: 'PreemptionByScheduler',
      message: 'default-scheduler: preempting to accommodate a higher priority pod', lastProbeTime: null,
      lastTransitionTime: formatTime(step.now),
    };
    step.call({ verb: 'patch', resource: 'pods', namespace, name, subresource: 'status', patchType: 'strategic', patch: { metadata: { uid }, status: { conditions: [condition] } } });
    state.evictions = [{ ...eviction, isMarked: true }, ...rest];
  } else {
    if (isThere) {
      const reply = step.call({ verb: 'delete', resource: 'pods', namespace, name, options: { preconditions: { uid } } });
      if (reply.ok) recordEvent(step, victim, 'Normal', 'Preempted', 'Preempting', `Preempted by pod ${eviction.preemptor.metadata?.uid ?? ''} on node ${eviction.nodeName}`);
    }
    state.evictions = others.length === 0 ? rest : [{ ...eviction, victims: others, isMarked: false }, ...rest];
  }
  if (state.evictions.length > 0) step.after(0, { kind: 'evict' });
}
