// May a pod run on this node? Sources: lifecycle/predicate.go (1.37); B.11.
import type { Node, NodeSelectorTerm, Pod, Taint } from '@kubesim/api';
import { quantityValue } from './quantity.ts';

/** Why the node turns a pod away. @public */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

/** What the pod asks of a resource: the sum of its containers, or its largest init container (sidecars run beside both). */
export function podRequest(pod: Pod, resource: string): number {
  const of = (container: { readonly resources?: { readonly requests?: Readonly<Record<string, unknown>> } }): number => quantityValue(container.resources?.requests?.[resource] as string | undefined, resource);
  let sidecars = 0;
  let largestInit = 0;
  for (const container of pod.spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') sidecars += of(container);
    largestInit = Math.max(largestInit, sidecars + (container.restartPolicy === 'Always' ? 0 : of(container)));
  }
  const main = (pod.spec?.containers ?? []).reduce((sum, container) => sum + of(container), 0);
  return Math.max(main + sidecars, largestInit) + quantityValue(pod.spec?.overhead?.[resource] as string | undefined, resource);
}

function resourcesOf(pod: Pod): readonly string[] {
  const names = new Set<string>();
  for (const container of [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]) for (const name of Object.keys(container.resources?.requests ?? {})) names.add(name);
  const rank = (name: string): string => ({ cpu: '0', memory: '1', 'ephemeral-storage': '2' }[name] ?? `3${name}`);
  return [...names].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

function matchesExpression(value: string | undefined, operator: string, values: readonly string[]): boolean {
  switch (operator) {
    case 'In': return value !== undefined && values.includes(value);
    case 'NotIn': return value === undefined || !values.includes(value);
    case 'Exists': return value !== undefined;
    case 'DoesNotExist': return value === undefined;
    case 'Gt': return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt': return value !== undefined && Number(value) < Number(values[0]);
    default: return false;
  }
}

function matchesTerm(node: Node, term: NodeSelectorTerm): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  return expressions.every(({ key, operator, values }) => matchesExpression(node.metadata?.labels?.[key], operator, values ?? []))
    && fields.every(({ operator, values }) => matchesExpression(node.metadata?.name, operator, values ?? []));
}

/** Whether the node is one that the pod's selector and required affinity allow. */
export function matchesNodeAffinity(pod: Pod, node: Node): boolean {
  for (const [key, value] of Object.entries(pod.spec?.nodeSelector ?? {})) if (node.metadata?.labels?.[key] !== value) return false;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || required.nodeSelectorTerms.some((term) => matchesTerm(node, term));
}

function hostPorts(pod: Pod): readonly string[] {
  return (pod.spec?.containers ?? []).flatMap((container) => (container.ports ?? []).filter((port) => (port.hostPort ?? 0) > 0)
    .map((port) => `${port.hostIP ?? '0.0.0.0'} ${port.protocol ?? 'TCP'} ${port.hostPort}`));
}

function portsClash(a: string, b: string): boolean {
  const [ipA = '', protocolA, portA] = a.split(' ');
  const [ipB = '', protocolB, portB] = b.split(' ');
  return protocolA === protocolB && portA === portB && (ipA === ipB || ipA === '0.0.0.0' || ipB === '0.0.0.0');
}

function isTolerated(pod: Pod, taint: Taint): boolean {
  return (pod.spec?.tolerations ?? []).some(({ effect = '', key = '', operator = 'Equal', value = '' }) => (effect === '' || effect === taint.effect)
    && (key === '' || key === taint.key) && (operator === 'Exists' || (operator === 'Equal' && value === (taint.value ?? ''))));
}

/** The rejection of a pod beside those that already run here; undefined if it may run. @public */
export function admitPod(pod: Pod, node: Node | undefined, others: readonly Pod[]): Rejection | undefined {
  if (node === undefined) return undefined;
  const os = pod.spec?.nodeSelector?.['kubernetes.io/os'];
  if (os !== undefined && node.metadata?.labels?.['kubernetes.io/os'] !== undefined && node.metadata.labels['kubernetes.io/os'] !== os) {
    return { reason: 'PodOSSelectorNodeLabelDoesNotMatch', message: 'Failed to admit pod as the `kubernetes.io/os` label doesn\'t match node label' };
  }
  const allocatable = node.status?.allocatable ?? node.status?.capacity ?? {};
  const maxPods = quantityValue(allocatable['pods'] as string | undefined, 'pods');
  if (allocatable['pods'] !== undefined && others.length + 1 > maxPods) {
    return { reason: 'OutOfpods', message: `Node didn't have enough resource: pods, requested: 1, used: ${others.length}, capacity: ${maxPods}` };
  }
  for (const resource of resourcesOf(pod)) {
    const requested = podRequest(pod, resource);
    if (requested === 0) continue;
    const used = others.reduce((sum, each) => sum + podRequest(each, resource), 0);
    const capacity = quantityValue(allocatable[resource] as string | undefined, resource);
    if (requested > capacity - used) {
      return { reason: `OutOf${resource}`, message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}` };
    }
  }
  if (!matchesNodeAffinity(pod, node)) return { reason: 'NodeAffinity', message: 'Predicate NodeAffinity failed: node(s) didn\'t match Pod\'s node affinity/selector' };
  const taken = others.flatMap(hostPorts);
  if (hostPorts(pod).some((port) => taken.some((other) => portsClash(port, other)))) {
    return { reason: 'NodePorts', message: 'Predicate NodePorts failed: node(s) didn\'t have free ports for the requested pod ports' };
  }
  if (node.spec?.taints?.some((taint) => taint.effect === 'NoExecute' && !isTolerated(pod, taint)) === true) {
    return { reason: 'TaintToleration', message: 'Predicate TaintToleration failed: node(s) had untolerated taint(s)' };
  }
  return undefined;
}
