// The pass over all nodes every 5 s: who is silent, who is back, and how whole the zones are.
// Upstream: monitorNodeHealth and handleDisruption in pkg/controller/nodelifecycle/node_lifecycle_controller.go (1.37).
import type { KubeObject, Lease, Node, Pod } from '@kubesim/api';
import { formatTime, send, type Calling, type ReconcileContext, type ReconcileResult } from '@kubesim/client';
import { markPodsNotReady } from './mark-pods-not-ready.ts';
import { assessNode, type NodeHealth } from './node-health.ts';
import { LEASES, type NodeLifecycleState, type Settings } from './state.ts';
import { hasTaint, NOT_READY, swapTaints, UNREACHABLE } from './taints.ts';
import { enterState, NEW_ZONE, withNode, withoutNode, withRate, zoneKey, zoneState, type ZoneState } from './zones.ts';

/** Source of the Events. */
const COMPONENT = 'node-controller';

/** Period of the pass. Upstream: NodeMonitorPeriod (1.37). @internal */
export const MONITOR_MS = 5000;
const NO_EXECUTE = 'NoExecute';

interface Action {
  readonly node: Node;
  readonly observed: string;
  readonly current: string;
  readonly update: Node | null;
}

/** One pass. @internal */
export function* monitorNodeHealth(context: ReconcileContext, settings: Settings): Calling<ReconcileResult> {
  const plan = context.decide(() => assessAll(context, settings));
  for (const name of plan.added) context.event({ component: COMPONENT, about: aboutNode(name), type: 'Normal', reason: 'RegisteredNode', message: `Node ${name} event: Registered Node ${name} in Controller` });
  for (const name of plan.deleted) context.event({ component: COMPONENT, about: aboutNode(name), type: 'Normal', reason: 'RemovingNode', message: `Node ${name} event: Removing Node ${name} from Controller` });
  for (const action of plan.actions) yield* act(context, action);
  const reachable = context.decide(() => handleDisruption(context));
  for (const name of reachable) yield* swapTaints(context, name, { add: [], remove: [{ key: UNREACHABLE, effect: NO_EXECUTE }, { key: NOT_READY, effect: NO_EXECUTE }] });
  context.enqueueAfter('monitor', MONITOR_MS - ((context.clock - plan.startedAt) % MONITOR_MS), { quietUntil: plan.quietUntil ?? Infinity });
  return undefined;
}

function assessAll(context: ReconcileContext, settings: Settings): { readonly added: readonly string[]; readonly deleted: readonly string[]; readonly actions: readonly Action[]; readonly quietUntil: number | null; readonly startedAt: number } {
  const state = context.state as NodeLifecycleState;
  const nodes = context.lister<Node>('nodes').list();
  const leases = context.lister<Lease>(LEASES);
  const added: string[] = [];
  const deleted: string[] = [];
  const actions: Action[] = [];
  const now = context.clock;
  const time = formatTime(now);
  let quietUntil = Infinity;
  for (const node of nodes) {
    const name = node.metadata?.name ?? '';
    if (!state.known.has(name)) {
      state.known = state.known.set(context.epoch, name, node.metadata?.uid ?? '');
      added.push(name);
    }
    const zone = zoneKey(node);
    if (!state.zones.has(zone)) state.zones = state.zones.set(context.epoch, zone, NEW_ZONE);
    const known = state.health.get(name);
    const seen = assessNode(node, leases.get('kube-node-lease', name), known, now, time, settings.graceMs);
    if (!sameHealth(known, seen.health)) state.health = state.health.set(context.epoch, name, Object.freeze(seen.health));
    quietUntil = Math.min(quietUntil, seen.quietUntil);
    if (seen.current === undefined) continue;
    const hasNoExecute = hasTaint(node, NOT_READY, NO_EXECUTE) || hasTaint(node, UNREACHABLE, NO_EXECUTE);
    const isQueued = state.zones.get(zone)?.queue.nodes.some((one) => one.name === name) === true;
    const isSettled = seen.current === 'True' ? !hasNoExecute && !isQueued : seen.observed !== 'True' && seen.update === undefined && !state.retry.has(name)
      && hasTaint(node, seen.current === 'Unknown' ? UNREACHABLE : NOT_READY, NO_EXECUTE);
    if (!isSettled) actions.push({ node, observed: seen.observed, current: seen.current, update: seen.update ?? null });
  }
  if (state.known.size !== nodes.length) {
    for (const name of [...state.known.keys()]) {
      if (context.lister<Node>('nodes').get('', name) !== undefined) continue;
      state.known = state.known.delete(context.epoch, name);
      state.health = state.health.delete(context.epoch, name);
      deleted.push(name);
    }
  }
  return { added, deleted, actions, quietUntil: quietUntil === Infinity ? null : quietUntil, startedAt: state.startedAt };
}

function* act(context: ReconcileContext, { node, observed, current, update }: Action): Calling<undefined> {
  const name = node.metadata?.name ?? '';
  if (update !== null) {
    // The cache may be behind: a lease that was renewed meanwhile saves the node.
    const lease = yield* send({ verb: 'get', resource: LEASES, namespace: 'kube-node-lease', name });
    const seen = context.decide(() => (context.state as NodeLifecycleState).health.get(name)?.renewTime ?? null);
    if (lease.object !== undefined && ((lease.object as Lease).spec?.renewTime ?? null) !== seen) return undefined;
    const { error } = yield* send({ verb: 'update', resource: 'nodes', subresource: 'status', name, object: update as KubeObject });
    if (error !== undefined) {
      // The next pass tries again: what was seen stands for the status that is stored.
      context.decide(() => { forgetUnknown(context, name, observed); return null; });
      return undefined;
    }
    context.explain(`node/${name}`, { rule: 'NL2', message: 'has not been heard of for longer than the grace period: its conditions are Unknown' });
  }
  yield* taintByReadiness(context, node, current);
  const isLost = current !== 'True' && observed === 'True';
  const needsRetry = context.decide(() => (context.state as NodeLifecycleState).retry.has(name));
  if (isLost) context.event({ component: COMPONENT, about: aboutNode(name, node.metadata?.uid), type: 'Normal', reason: 'NodeNotReady', message: `Node ${name} status is now: NodeNotReady` });
  if (isLost || (needsRetry && observed !== 'True')) {
    const pods = context.decide(() => context.lister<Pod>('pods').list().filter((pod) => pod.spec?.nodeName === name));
    const error = yield* markPodsNotReady(context, pods);
    context.decide(() => {
      const state = context.state as NodeLifecycleState;
      state.retry = error === undefined ? state.retry.delete(context.epoch, name) : state.retry.set(context.epoch, name, true);
      return null;
    });
  }
  return undefined;
}

/** [NL4] NoExecute taints: swapped at once, added through the zone's queue, removed when the node is ready. Upstream: processTaintBaseEviction. */
function* taintByReadiness(context: ReconcileContext, node: Node, current: string): Calling<undefined> {
  const name = node.metadata?.name ?? '';
  const zone = zoneKey(node);
  if (current === 'True') {
    const remove = [UNREACHABLE, NOT_READY].filter((key) => hasTaint(node, key, NO_EXECUTE)).map((key) => ({ key, effect: NO_EXECUTE }));
    if (remove.length > 0) yield* swapTaints(context, name, { add: [], remove });
    context.decide(() => { changeQueue(context, zone, (queue) => withoutNode(queue, name)); return null; });
    return undefined;
  }
  const [wanted, opposite] = current === 'Unknown' ? [UNREACHABLE, NOT_READY] as const : [NOT_READY, UNREACHABLE] as const;
  if (hasTaint(node, opposite, NO_EXECUTE)) {
    yield* swapTaints(context, name, { add: [{ key: wanted, effect: NO_EXECUTE }], remove: [{ key: opposite, effect: NO_EXECUTE }] });
  } else if (!hasTaint(node, wanted, NO_EXECUTE)) {
    context.decide(() => { changeQueue(context, zone, (queue) => withNode(queue, name, node.metadata?.uid ?? '')); return null; });
    context.enqueueAfter('taint', 0);
  }
  return undefined;
}

/** [NL6] [NL7] Zones change their rate with their state; when all are disrupted in full, evictions stop. Answers nodes that lose their NoExecute taints. */
function handleDisruption(context: ReconcileContext): readonly string[] {
  const state = context.state as NodeLifecycleState;
  const nodes = context.lister<Node>('nodes').list();
  const counts = new Map<string, { ready: number; notReady: number }>();
  for (const node of nodes) {
    if (node.metadata?.labels?.['node.kubernetes.io/exclude-disruption'] !== undefined) continue;
    const zone = zoneKey(node);
    let count = counts.get(zone);
    if (count === undefined) counts.set(zone, count = { ready: 0, notReady: 0 });
    if (state.health.get(node.metadata?.name ?? '')?.ready === 'True') count.ready++;
    else count.notReady++;
  }
  const states = new Map<string, ZoneState>([...counts].map(([zone, { ready, notReady }]) => [zone, zoneState(ready, notReady)]));
  const areAllDisrupted = [...states.values()].every((one) => one === 'FullDisruption');
  for (const zone of [...state.zones.keys()]) if (!counts.has(zone)) state.zones = state.zones.delete(context.epoch, zone);
  const wereAllDisrupted = [...state.zones.values()].every(({ state: one }) => one === 'FullDisruption');
  if (areAllDisrupted && wereAllDisrupted) return [];
  const now = context.clock;
  const isOver = wereAllDisrupted && state.zones.size > 0;
  for (const [zone, known] of [...state.zones]) {
    const next = states.get(zone) as ZoneState;
    const { ready, notReady } = counts.get(zone) as { ready: number; notReady: number };
    if (areAllDisrupted) state.zones = state.zones.set(context.epoch, zone, { state: 'FullDisruption', queue: withRate(known.queue, 0, now) });
    else if (known.state !== next || isOver) state.zones = state.zones.set(context.epoch, zone, enterState(known, next, ready + notReady, now));
  }
  if (!areAllDisrupted) {
    context.enqueueAfter('taint', 0);
    // After an outage of everything each node is given the whole grace again.
    if (isOver) for (const [name, health] of [...state.health]) state.health = state.health.set(context.epoch, name, { ...health, probeAt: now });
    return [];
  }
  return nodes.filter((node) => hasTaint(node, UNREACHABLE, NO_EXECUTE) || hasTaint(node, NOT_READY, NO_EXECUTE)).map(({ metadata }) => metadata?.name ?? '');
}

function changeQueue(context: ReconcileContext, zone: string, change: (queue: typeof NEW_ZONE.queue) => typeof NEW_ZONE.queue): void {
  const state = context.state as NodeLifecycleState;
  const known = state.zones.get(zone) ?? NEW_ZONE;
  const queue = change(known.queue);
  if (queue !== known.queue) state.zones = state.zones.set(context.epoch, zone, { ...known, queue });
}

function forgetUnknown(context: ReconcileContext, name: string, observed: string): void {
  const state = context.state as NodeLifecycleState;
  const health = state.health.get(name);
  if (health !== undefined) state.health = state.health.set(context.epoch, name, { ...health, ready: observed });
}

function sameHealth(a: NodeHealth | undefined, b: NodeHealth): boolean {
  return a !== undefined && a.probeAt === b.probeAt && a.heartbeat === b.heartbeat && a.renewTime === b.renewTime && a.ready === b.ready;
}

function aboutNode(name: string, uid: string = name): KubeObject {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, uid } };
}
