// The node lifecycle controller: notices nodes that fall silent, taints them and marks their pods. Rules: SPEC.md.
import type { Node, Pod } from '@kubesim/api';
import { send, type Calling, type Controller, type ReconcileContext, type ReconcileResult, type Reconciling } from '@kubesim/client';
import { markPodsNotReady } from './mark-pods-not-ready.ts';
import { MONITOR_MS, monitorNodeHealth } from './monitor-node-health.ts';
import { initialNodeLifecycleState, LEASES, type NodeLifecycleOptions, type NodeLifecycleState, type Settings } from './state.ts';
import { noScheduleChange, NOT_READY, swapTaints, UNREACHABLE } from './taints.ts';
import type { Zone } from './zones.ts';

const TAINT_PASS_MS = 100;
const LABELS: readonly (readonly [string, string])[] = [['kubernetes.io/os', 'beta.kubernetes.io/os'], ['kubernetes.io/arch', 'beta.kubernetes.io/arch']];

/** The controller with settings of its own. Upstream: pkg/controller/nodelifecycle (1.37). @public */
export function createNodeLifecycleController(options: NodeLifecycleOptions = {}): Controller {
  const settings: Settings = { graceMs: { posted: options.nodeMonitorGraceMs ?? 50_000, startup: options.nodeStartupGraceMs ?? 60_000 } };
  return {
    name: 'node-lifecycle-controller',
    watches: ['nodes', 'pods', LEASES],
    workers: 8,
    initialState: initialNodeLifecycleState,
    start(context) {
      (context.state as NodeLifecycleState).startedAt = context.now;
      context.enqueueAfter('monitor', MONITOR_MS, { quietUntil: Infinity });
    },
    handle(context, { resource, before, after }) {
      if (after === undefined) return;
      if (resource === 'nodes') {
        const node = after as Node;
        // [NL1] Only what taints and labels depend on.
        if (noScheduleChange(node) !== undefined || missingLabels(node) !== undefined) context.enqueue(`node ${after.metadata.name}`);
      } else if (resource === 'pods') {
        const nodeName = (after as Pod).spec?.nodeName ?? '';
        if (nodeName !== '' && (before as Pod | undefined)?.spec?.nodeName !== nodeName && (context.state as NodeLifecycleState).health.get(nodeName)?.ready !== 'True') {
          context.enqueue(`pod ${after.metadata.namespace}/${after.metadata.name}`);
        }
      }
    },
    *reconcile(context, key): Reconciling {
      const space = key.indexOf(' ');
      const rest = key.slice(space + 1);
      switch (space < 0 ? key : key.slice(0, space)) {
        case 'monitor': return yield* monitorNodeHealth(context, settings);
        case 'taint': return yield* taintPass(context);
        case 'node': return yield* syncNode(context, rest);
        default: return yield* syncPod(context, rest);
      }
    },
  };
}

/** The node lifecycle controller with upstream's defaults. @public */
export const nodeLifecycleController: Controller = createNodeLifecycleController();

function* syncNode(context: ReconcileContext, name: string): Calling<ReconcileResult> {
  const plan = context.decide(() => {
    const node = context.lister<Node>('nodes').get('', name);
    return { taints: node === undefined ? null : noScheduleChange(node) ?? null, labels: node === undefined ? null : missingLabels(node) ?? null };
  });
  if (plan.taints !== null) {
    const error = yield* swapTaints(context, name, plan.taints);
    if (error !== undefined) return { error: error.message };
  }
  if (plan.labels === null) return undefined;
  const { error } = yield* send({ verb: 'patch', resource: 'nodes', name, patchType: 'strategic', patch: { metadata: { labels: plan.labels } } });
  return error === undefined ? undefined : { error: error.message };
}

/** [NL4] Every 100 ms each zone taints the nodes in its queue for which it has a token. Upstream: doNoExecuteTaintingPass. */
function* taintPass(context: ReconcileContext): Calling<ReconcileResult> {
  for (;;) {
    const next = context.decide(() => takeNode(context));
    if (next === null) break;
    const { name, ready } = next;
    if (ready === 'True' || ready === null) continue;
    const [wanted, opposite] = ready === 'Unknown' ? [UNREACHABLE, NOT_READY] as const : [NOT_READY, UNREACHABLE] as const;
    yield* swapTaints(context, name, { add: [{ key: wanted, effect: 'NoExecute' }], remove: [{ key: opposite, effect: 'NoExecute' }] });
  }
  context.decide(() => {
    let waitMs = Infinity;
    (context.state as NodeLifecycleState).zones.forEach(({ queue }) => {
      if (queue.nodes.length > 0 && queue.secondsPerToken > 0) waitMs = Math.min(waitMs, Math.max(TAINT_PASS_MS, queue.tokenAt - context.clock));
    });
    if (waitMs < Infinity) context.enqueueAfter('taint', Math.ceil(waitMs / TAINT_PASS_MS) * TAINT_PASS_MS);
    return null;
  });
  return undefined;
}

/** Takes the first node that some zone may taint now. */
function takeNode(context: ReconcileContext): { readonly name: string; readonly ready: string | null } | null {
  const state = context.state as NodeLifecycleState;
  for (const [key, zone] of state.zones as Iterable<readonly [string, Zone]>) {
    const [first, ...rest] = zone.queue.nodes;
    if (first === undefined || zone.queue.secondsPerToken === 0 || zone.queue.tokenAt > context.clock) continue;
    const queue = { ...zone.queue, nodes: rest, tokenAt: context.clock + zone.queue.secondsPerToken * 1000 };
    state.zones = state.zones.set(context.epoch, key, { ...zone, queue });
    const node = context.lister<Node>('nodes').get('', first.name);
    return { name: first.name, ready: node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? null };
  }
  return null;
}

/** [NL5] A pod that comes to a node that is not ready is marked, too. */
function* syncPod(context: ReconcileContext, key: string): Calling<ReconcileResult> {
  const [namespace = '', name = ''] = key.split('/');
  const pod = context.decide(() => {
    const found = context.lister<Pod>('pods').get(namespace, name);
    const ready = (context.state as NodeLifecycleState).health.get(found?.spec?.nodeName ?? '')?.ready;
    return found === undefined || ready === undefined || ready === 'True' ? null : found;
  });
  const error = pod === null ? undefined : yield* markPodsNotReady(context, [pod]);
  return error === undefined ? undefined : { error: error.message };
}

function missingLabels(node: Node): Readonly<Record<string, string>> | undefined {
  const labels = node.metadata?.labels ?? {};
  const missing: Record<string, string> = {};
  for (const [primary, secondary] of LABELS) {
    const value = labels[primary];
    if (value !== undefined && labels[secondary] !== value) missing[secondary] = value;
  }
  return Object.keys(missing).length === 0 ? undefined : missing;
}
