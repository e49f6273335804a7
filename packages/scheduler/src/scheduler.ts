// kube-scheduler as a process: one pod a step, on the node that fits and has most left.
import type { Node, PersistentVolumeClaim, Pod, StorageClass } from '@kubesim/api';
import type { Actor, ActorContext } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';
import { fits, leastAllocated, nodeUse, type NodeUse } from './node-fit.ts';

/** State of the scheduler. */
export interface SchedulerState {
  /** Pods to schedule, in order of arrival. */
  queue: readonly string[];
  /** Pods that found no node, by key. */
  unschedulable: OrderedMap<true>;
  /** Bindings that its own cache does not show yet: pod key to node name. */
  assumed: OrderedMap<string>;
}

/** What the scheduler tells itself. */
export type SchedulerMessage = { readonly do: 'cycle' };

const keyOf = (pod: Pod): string => `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;

/** The scheduler's process. @public */
export function createScheduler(): Actor<SchedulerState, SchedulerMessage> {
  return {
    name: 'kube-scheduler',
    watches: [{ resource: 'pods' }, { resource: 'nodes' }, { resource: 'persistentvolumeclaims' }, { resource: 'storageclasses.storage.k8s.io' }],
    initial: () => ({ queue: [], unschedulable: OrderedMap.empty(), assumed: OrderedMap.empty() }),
    start: () => {},
    observe: (context, state, change) => {
      if (change.resource !== 'pods') return retry(context, state);
      const before = change.before as Pod | undefined;
      const after = change.after as Pod | undefined;
      const pod = (after ?? before) as Pod;
      const key = keyOf(pod);
      if (after !== undefined && (after.spec.nodeName ?? '') === '' && after.metadata.deletionTimestamp === undefined) {
        if (before === undefined) enqueue(context, state, key);
        return;
      }
      if (state.assumed.has(key)) state.assumed = state.assumed.delete(context.epoch, key);
      if (after === undefined && (before?.spec.nodeName ?? '') !== '') retry(context, state);
    },
    receive: (context, state) => {
      const [key, ...rest] = state.queue;
      state.queue = rest;
      if (rest.length > 0) context.after(0, { do: 'cycle' }, { name: 'cycle' });
      if (key !== undefined) schedule(context, state, key);
    },
  };
}

function enqueue(context: ActorContext<SchedulerMessage>, state: SchedulerState, key: string): void {
  if (state.queue.includes(key)) return;
  state.queue = [...state.queue, key];
  if (state.queue.length === 1) context.after(0, { do: 'cycle' }, { name: 'cycle' });
}

function retry(context: ActorContext<SchedulerMessage>, state: SchedulerState): void {
  for (const key of [...state.unschedulable.keys()]) enqueue(context, state, key);
}

function schedule(context: ActorContext<SchedulerMessage>, state: SchedulerState, key: string): void {
  const slash = key.indexOf('/');
  const [namespace, name] = [key.slice(0, slash), key.slice(slash + 1)];
  const pod = context.lister<Pod>('pods').get(namespace, name);
  state.unschedulable = state.unschedulable.delete(context.epoch, key);
  if (pod === undefined || (pod.spec.nodeName ?? '') !== '' || pod.metadata.deletionTimestamp !== undefined) return;
  const claims = claimsOf(context, pod);
  if (claims.problem !== undefined) {
    fail(context, state, pod, claims.problem);
    return;
  }
  const pods = context.lister<Pod>('pods').list();
  const uses: NodeUse[] = context.lister<Node>('nodes').list().map((node) => nodeUse(node, pods, state.assumed));
  const fitting = uses.filter((use) => fits(use, pod));
  if (fitting.length === 0) {
    fail(context, state, pod, uses.length === 0 ? 'no nodes available to schedule pods' : `0/${uses.length} nodes are available: ${uses.length} Insufficient resources.`);
    return;
  }
  const best = Math.max(...fitting.map((use) => leastAllocated(use, pod)));
  const ties = fitting.filter((use) => leastAllocated(use, pod) === best);
  const chosen = ties[ties.length === 1 ? 0 : context.random('tie').below(ties.length)] as NodeUse;
  const node = chosen.node.metadata.name;
  const waiting = claims.unbound[0];
  if (waiting !== undefined) {
    // The claim waits for its first consumer: it is told where, and the pod comes back once it is bound.
    state.unschedulable = state.unschedulable.set(context.epoch, key, true);
    if (waiting.metadata.annotations?.[SELECTED_NODE] === undefined) {
      context.call({ verb: 'patch', resource: 'persistentvolumeclaims', namespace, name: waiting.metadata.name, patchType: 'merge', patch: { metadata: { annotations: { [SELECTED_NODE]: node } } } });
    }
    return;
  }
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace }, target: { kind: 'Node', name: node } };
  const reply = context.call({ verb: 'create', resource: 'pods', subresource: 'binding', namespace, name, object: binding });
  if (!reply.ok) {
    context.after(1_000, { do: 'cycle' }, { name: 'retry' });
    enqueue(context, state, key);
    return;
  }
  state.assumed = state.assumed.set(context.epoch, key, node);
  context.event({ about: pod as never, type: 'Normal', reason: 'Scheduled', message: `Successfully assigned ${key} to ${node}`, action: 'Binding' });
}

const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

/** The claims of a pod that are not bound yet, or why it cannot be scheduled before something changes. */
function claimsOf(context: ActorContext<SchedulerMessage>, pod: Pod): { readonly unbound: readonly PersistentVolumeClaim[]; readonly problem?: string } {
  const unbound: PersistentVolumeClaim[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    const name = volume.persistentVolumeClaim?.claimName;
    if (name === undefined) continue;
    const claim = context.lister<PersistentVolumeClaim>('persistentvolumeclaims').get(pod.metadata.namespace ?? '', name);
    if (claim === undefined) return { unbound, problem: `persistentvolumeclaim "${name}" not found` };
    if (claim.metadata.deletionTimestamp !== undefined) return { unbound, problem: `persistentvolumeclaim "${name}" is being deleted` };
    if (claim.status?.phase === 'Bound' && (claim.spec.volumeName ?? '') !== '') continue;
    const storageClass = context.lister<StorageClass>('storageclasses.storage.k8s.io').get('', claim.spec.storageClassName ?? '');
    if (storageClass?.volumeBindingMode !== 'WaitForFirstConsumer') return { unbound, problem: 'pod has unbound immediate PersistentVolumeClaims' };
    unbound.push(claim);
  }
  return { unbound };
}

function fail(context: ActorContext<SchedulerMessage>, state: SchedulerState, pod: Pod, message: string): void {
  const key = keyOf(pod);
  state.unschedulable = state.unschedulable.set(context.epoch, key, true);
  context.explain(`pod/${key}`, { rule: 'FailedScheduling', message });
  context.event({ about: pod as never, type: 'Warning', reason: 'FailedScheduling', message, action: 'Scheduling' });
  const held = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled');
  if (held?.status === 'False' && held.message === message) return;
  const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastProbeTime: null, lastTransitionTime: new Date(context.now).toISOString().replace(/\.\d+Z$/, 'Z') };
  context.call({ verb: 'patch', resource: 'pods', subresource: 'status', namespace: pod.metadata.namespace, name: pod.metadata.name, patchType: 'strategic', patch: { status: { conditions: [condition] } } });
}
