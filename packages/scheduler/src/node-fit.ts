// What a node has left, and whether a pod fits.
import type { Node, Pod, Taint, Toleration } from '@kubesim/api';
import type { OrderedMap } from '@kubesim/kernel';

/** Requests in whole units: milli-cores and bytes. */
export interface Requests {
  readonly cpu: number;
  readonly memory: number;
}

/** A node with what is asked of it. */
export interface NodeUse {
  readonly node: Node;
  readonly used: Requests;
  readonly pods: number;
}

const SUFFIXES: Readonly<Record<string, number>> = { '': 1, m: 0.001, k: 1e3, M: 1e6, G: 1e9, T: 1e12, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4 };

/** A quantity as a number of its unit. */
export function quantity(value: string | number | undefined): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  const match = /^([0-9.]+)([a-zA-Z]*)$/.exec(value);
  return match === null ? 0 : Number(match[1]) * (SUFFIXES[match[2] ?? ''] ?? 1);
}

/** What a pod requests. */
export function requestsOf(pod: Pod): Requests {
  let cpu = 0;
  let memory = 0;
  for (const { resources } of pod.spec.containers) {
    cpu += Math.round(quantity(resources?.requests?.['cpu']) * 1000);
    memory += quantity(resources?.requests?.['memory']);
  }
  return { cpu, memory };
}

/** A node with the requests of the pods on it, those assumed among them. */
export function nodeUse(node: Node, pods: readonly Pod[], assumed: OrderedMap<string>): NodeUse {
  let cpu = 0;
  let memory = 0;
  let count = 0;
  for (const pod of pods) {
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') continue;
    if ((pod.spec.nodeName ?? assumed.get(`${pod.metadata.namespace ?? ''}/${pod.metadata.name}`)) !== node.metadata.name) continue;
    const requests = requestsOf(pod);
    cpu += requests.cpu;
    memory += requests.memory;
    count++;
  }
  return { node, used: { cpu, memory }, pods: count };
}

function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some((each) => ((each.effect ?? '') === '' || each.effect === taint.effect) && ((each.key ?? '') === '' ? each.operator === 'Exists' : each.key === taint.key && (each.operator === 'Exists' || (each.value ?? '') === (taint.value ?? ''))));
}

/** Whether a pod may run on a node. */
export function fits({ node, used, pods }: NodeUse, pod: Pod): boolean {
  const tolerations = pod.spec.tolerations ?? [];
  if (node.spec.unschedulable === true && !tolerates(tolerations, { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' })) return false;
  if ((node.spec.taints ?? []).some((taint) => taint.effect !== 'PreferNoSchedule' && !tolerates(tolerations, taint))) return false;
  if (Object.entries(pod.spec.nodeSelector ?? {}).some(([key, value]) => node.metadata.labels?.[key] !== value)) return false;
  const allocatable = node.status?.allocatable ?? {};
  const wanted = requestsOf(pod);
  return pods < quantity(allocatable['pods'] ?? 110) && (wanted.cpu === 0 || used.cpu + wanted.cpu <= quantity(allocatable['cpu']) * 1000) && (wanted.memory === 0 || used.memory + wanted.memory <= quantity(allocatable['memory']));
}

/** How much is left, 0 to 100: the node that is asked least of scores most. */
export function leastAllocated({ node, used, pods }: NodeUse, pod: Pod): number {
  const wanted = requestsOf(pod);
  const allocatable = node.status?.allocatable ?? {};
  const share = (asked: number, capacity: number): number => (capacity <= 0 ? 0 : Math.max(0, Math.floor(((capacity - asked) * 100) / capacity)));
  const score = (share(used.cpu + wanted.cpu, quantity(allocatable['cpu']) * 1000) + share(used.memory + wanted.memory, quantity(allocatable['memory']))) / 2;
  return Math.floor(score) - pods;
}
