// The node's own object and its lease. Sources: kubelet_node_status.go, component-helpers lease (1.37); E.8.
import type { KubeObject, Node, NodeCondition } from '@kubesim/api';
import { formatMicroTime, formatTime } from '@kubesim/api';
import type { ActorContext } from '@kubesim/client';
import type { KubeletMessage } from '../kubelet-state.ts';
import type { KubeletOptions } from '../options.ts';

type Context = ActorContext<KubeletMessage>;

const UNDER_DISK_PRESSURE: readonly [string, string, string, string] = ['DiskPressure', 'True', 'KubeletHasDiskPressure', 'kubelet has disk pressure'];

const HEALTH: readonly (readonly [string, string, string, string])[] = [
  ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
];

/** The node's conditions with this heartbeat; conditions of others are kept, transition times move with the status. */
export function nodeConditions(before: readonly NodeCondition[], now: number, hasDiskPressure: boolean = false): readonly NodeCondition[] {
  const own = HEALTH.map((healthy): NodeCondition => {
    const [type, status, reason, message] = hasDiskPressure && healthy[0] === 'DiskPressure' ? UNDER_DISK_PRESSURE : healthy;
    const old = before.find((each) => each.type === type);
    return {
      type, status, reason, message, lastHeartbeatTime: formatTime(now),
      lastTransitionTime: old?.status === status && old.lastTransitionTime !== undefined ? old.lastTransitionTime : formatTime(now),
    };
  });
  return [...before.filter((each) => !HEALTH.some(([type]) => type === each.type)), ...own];
}

function isHealthy(node: Node): boolean {
  return HEALTH.every(([type, status]) => node.status?.conditions?.some((each) => each.type === type && each.status === status) === true);
}

/** Makes the node's object if there is none, and says that it is ready if it does not say so. */
export function registerNode(context: Context, options: KubeletOptions, now: number): void {
  const reply = context.call({ verb: 'get', resource: 'nodes', name: options.node });
  if (reply.ok) {
    if (!isHealthy(reply.object as Node)) heartbeatNode(context, options.node, now);
    return;
  }
  if (reply.status.code !== 404) return context.after(7000, { kind: 'register' }, { name: 'register' });
  const capacity = options.capacity ?? { cpu: '4', memory: '8Gi', pods: '110' };
  context.call({
    verb: 'create', resource: 'nodes', object: {
      apiVersion: 'v1', kind: 'Node',
      metadata: {
        name: options.node, annotations: { 'node.alpha.kubernetes.io/ttl': '0' },
        labels: { 'kubernetes.io/hostname': options.node, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', ...options.labels },
      },
      spec: options.podCIDR === undefined ? {} : { podCIDR: options.podCIDR, podCIDRs: [options.podCIDR] },
      status: {
        capacity, allocatable: options.allocatable ?? capacity, conditions: nodeConditions([], now),
        addresses: [{ type: 'InternalIP', address: options.hostIP ?? '192.0.2.2' }, { type: 'Hostname', address: options.node }],
      },
    },
  });
}

/** Reports the node's status: heartbeat times, and whatever others made of it is set right. Answers whether that arrived. */
export function heartbeatNode(context: Context, name: string, now: number, hasDiskPressure: boolean = false): boolean {
  const reply = context.call({ verb: 'get', resource: 'nodes', name });
  if (!reply.ok) return false;
  const conditions = nodeConditions((reply.object as Node).status?.conditions ?? [], now, hasDiskPressure);
  return context.call({ verb: 'patch', resource: 'nodes', name, subresource: 'status', patchType: 'strategic', patch: { status: { conditions } } }).ok;
}

/** Renews the node's lease of 40 s; answers what was stored. */
export function renewLease(context: Context, name: string, lease: KubeObject | undefined, now: number): KubeObject | undefined {
  const where = { resource: 'leases.coordination.k8s.io', namespace: 'kube-node-lease' };
  const renewTime = formatMicroTime(now);
  let known = lease;
  if (known === undefined) {
    const reply = context.call({ verb: 'get', ...where, name });
    if (reply.ok) known = reply.object;
  }
  if (known === undefined) {
    const node = context.lister('nodes').get('', name);
    const reply = context.call({
      verb: 'create', ...where, object: {
        apiVersion: 'coordination.k8s.io/v1', kind: 'Lease',
        metadata: { name, namespace: where.namespace, ...(node === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: node.metadata.uid ?? '' }] }) },
        spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime },
      },
    });
    return reply.ok ? reply.object : undefined;
  }
  const reply = context.call({ verb: 'update', ...where, name, object: { ...known, spec: { ...(known['spec'] as object), renewTime } } });
  return reply.ok ? reply.object : undefined;
}
