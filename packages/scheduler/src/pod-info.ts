// What the scheduler reads off a pod, worked out once for each frozen pod.
// Upstream: pkg/scheduler/framework/types.go (PodInfo), pkg/api/v1/resource/helpers.go (1.37).
import type { Container, LabelSelector, Pod, PodAffinityTerm } from '@kubesim/api';
import { compileSelector, type KubeLabels } from './labels.ts';
import { milliOf, wholeOf } from './quantity.ts';

/** Amounts: CPU in thousandths, the rest in whole units. @public */
export interface Amounts {
  readonly milliCpu: number;
  readonly memory: number;
  readonly ephemeralStorage: number;
  /** Extended resources and huge pages, by name. */
  readonly scalars: Readonly<Record<string, number>>;
}

/** A pod (anti-)affinity term, compiled. @internal */
export interface AffinityTerm {
  readonly topologyKey: string;
  readonly weight: number;
  /** Whether a pod is meant by the term. `namespaceLabels` looks a namespace up where the term selects namespaces. */
  matches(pod: Pod, namespaceLabels: (namespace: string) => KubeLabels): boolean;
}

/** A port of the node that a pod takes. @internal */
export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** @internal */
export interface PodInfo {
  readonly pod: Pod;
  readonly requests: Amounts;
  /** With 100 m and 200 MiB for containers that ask for nothing. */
  readonly nonZeroMilliCpu: number;
  readonly nonZeroMemory: number;
  readonly hostPorts: readonly HostPort[];
  readonly priority: number;
  readonly requiredAffinity: readonly AffinityTerm[];
  readonly requiredAntiAffinity: readonly AffinityTerm[];
  readonly preferredAffinity: readonly AffinityTerm[];
  readonly preferredAntiAffinity: readonly AffinityTerm[];
  readonly hasAffinity: boolean;
}

const infos = new WeakMap<Pod, PodInfo>();

/** @internal */
export function podInfo(pod: Pod): PodInfo {
  let info = infos.get(pod);
  if (info === undefined) infos.set(pod, info = work(pod));
  return info;
}

/** Whether a pod has ended: it holds nothing of its node any more. @internal */
export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** `namespace/name`. @internal */
export function podKey(pod: Pod): string {
  return `${pod.metadata?.namespace ?? ''}/${pod.metadata?.name ?? ''}`;
}

/** Where the pod of that namespace and name stands in a list, or −1. Who came last is asked for most. @internal */
export function placeOf(pods: readonly Pod[], pod: Pod): number {
  const name = pod.metadata?.name;
  const namespace = pod.metadata?.namespace ?? '';
  for (let index = pods.length - 1; index >= 0; index--) {
    const other = (pods[index] as Pod).metadata;
    if (other?.name === name && (other?.namespace ?? '') === namespace) return index;
  }
  return -1;
}

const noTerms: readonly AffinityTerm[] = [];

function work(pod: Pod): PodInfo {
  const namespace = pod.metadata?.namespace ?? '';
  const affinity = pod.spec?.affinity?.podAffinity;
  const anti = pod.spec?.affinity?.podAntiAffinity;
  const required = (terms: readonly PodAffinityTerm[] | undefined): readonly AffinityTerm[] =>
    terms === undefined ? noTerms : terms.map((term) => compileTerm(term, namespace, pod, 0));
  const requiredAffinity = required(affinity?.requiredDuringSchedulingIgnoredDuringExecution);
  const requiredAntiAffinity = required(anti?.requiredDuringSchedulingIgnoredDuringExecution);
  const preferredAffinity = (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => compileTerm(term.podAffinityTerm, namespace, pod, term.weight));
  const preferredAntiAffinity = (anti?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => compileTerm(term.podAffinityTerm, namespace, pod, term.weight));
  return {
    pod,
    requests: podRequests(pod, readContainer),
    ...nonZero(pod),
    hostPorts: hostPorts(pod),
    priority: pod.spec?.priority ?? 0,
    requiredAffinity, requiredAntiAffinity, preferredAffinity, preferredAntiAffinity,
    hasAffinity: requiredAffinity.length + requiredAntiAffinity.length + preferredAffinity.length + preferredAntiAffinity.length > 0,
  };
}

function nonZero(pod: Pod): { nonZeroMilliCpu: number; nonZeroMemory: number } {
  const amounts = podRequests(pod, (container) => {
    const requests = container.resources?.requests;
    return {
      milliCpu: requests?.['cpu'] === undefined ? 100 : milliOf(requests['cpu']),
      memory: requests?.['memory'] === undefined ? 200 * 1024 * 1024 : wholeOf(requests['memory']),
      ephemeralStorage: 0, scalars: {},
    };
  });
  return { nonZeroMilliCpu: amounts.milliCpu, nonZeroMemory: amounts.memory };
}

function readContainer(container: Container): Amounts {
  return readAmounts(container.resources?.requests ?? {});
}

/** @internal */
export function readAmounts(list: Readonly<Record<string, unknown>>): Amounts {
  const scalars: Record<string, number> = {};
  for (const name of Object.keys(list)) {
    if (name === 'cpu' || name === 'memory' || name === 'ephemeral-storage' || name === 'pods') continue;
    scalars[name] = wholeOf(list[name]);
  }
  return {
    milliCpu: list['cpu'] === undefined ? 0 : milliOf(list['cpu']),
    memory: list['memory'] === undefined ? 0 : wholeOf(list['memory']),
    ephemeralStorage: list['ephemeral-storage'] === undefined ? 0 : wholeOf(list['ephemeral-storage']),
    scalars,
  };
}

/** Componentwise sum, or `combine`. @internal */
export function combineAmounts(a: Amounts, b: Amounts, combine: (x: number, y: number) => number): Amounts {
  const names = [...Object.keys(a.scalars), ...Object.keys(b.scalars)];
  const scalars: Record<string, number> = {};
  for (const name of names) scalars[name] = combine(a.scalars[name] ?? 0, b.scalars[name] ?? 0);
  return {
    milliCpu: combine(a.milliCpu, b.milliCpu),
    memory: combine(a.memory, b.memory),
    ephemeralStorage: combine(a.ephemeralStorage, b.ephemeralStorage),
    scalars,
  };
}

const plus = (x: number, y: number): number => x + y;
/** Nothing of anything. @internal */
export const noAmounts: Amounts = Object.freeze({ milliCpu: 0, memory: 0, ephemeralStorage: 0, scalars: Object.freeze({}) });

/** Main containers and sidecars together, or the peak while starting if that is more; and the overhead. */
function podRequests(pod: Pod, read: (container: Container) => Amounts): Amounts {
  let sum = noAmounts;
  for (const container of pod.spec?.containers ?? []) sum = combineAmounts(sum, read(container), plus);
  let sidecars = noAmounts;
  let peak = noAmounts;
  for (const container of pod.spec?.initContainers ?? []) {
    const own = read(container);
    if (container.restartPolicy === 'Always') {
      sum = combineAmounts(sum, own, plus);
      sidecars = combineAmounts(sidecars, own, plus);
      peak = combineAmounts(peak, sidecars, Math.max);
    } else {
      peak = combineAmounts(peak, combineAmounts(sidecars, own, plus), Math.max);
    }
  }
  sum = combineAmounts(sum, peak, Math.max);
  const whole = pod.spec?.resources?.requests;
  if (whole !== undefined) {
    const given = readAmounts(whole);
    sum = {
      milliCpu: whole['cpu'] === undefined ? sum.milliCpu : given.milliCpu,
      memory: whole['memory'] === undefined ? sum.memory : given.memory,
      ephemeralStorage: sum.ephemeralStorage,
      scalars: { ...sum.scalars, ...given.scalars },
    };
  }
  return pod.spec?.overhead === undefined ? sum : combineAmounts(sum, readAmounts(pod.spec.overhead), plus);
}

function hostPorts(pod: Pod): readonly HostPort[] {
  const ports: HostPort[] = [];
  const containers = [...pod.spec?.containers ?? [], ...(pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always')];
  for (const container of containers) {
    for (const port of container.ports ?? []) {
      if ((port.hostPort ?? 0) > 0) ports.push({ ip: port.hostIP === undefined || port.hostIP === '' ? '0.0.0.0' : port.hostIP, protocol: port.protocol ?? 'TCP', port: port.hostPort as number });
    }
  }
  return ports;
}

function compileTerm(term: PodAffinityTerm, ownNamespace: string, pod: Pod, weight: number): AffinityTerm {
  const matchesLabels = compileSelector(withLabelKeys(term.labelSelector, term, pod));
  const names = term.namespaces ?? [];
  const namespaces = new Set(names.length === 0 && term.namespaceSelector === undefined ? [ownNamespace] : names);
  const ofNamespace = term.namespaceSelector === undefined ? undefined : compileSelector(term.namespaceSelector);
  return {
    topologyKey: term.topologyKey,
    weight,
    matches: (other, namespaceLabels) => {
      const namespace = other.metadata?.namespace ?? '';
      if (!namespaces.has(namespace) && (ofNamespace === undefined || !ofNamespace(namespaceLabels(namespace)))) return false;
      return matchesLabels(other.metadata?.labels);
    },
  };
}

/** matchLabelKeys and mismatchLabelKeys are merged into the selector by the API server at create; older objects may lack it. */
function withLabelKeys(selector: LabelSelector | undefined, term: PodAffinityTerm, pod: Pod): LabelSelector | undefined {
  if (selector === undefined || (term.matchLabelKeys === undefined && term.mismatchLabelKeys === undefined)) return selector;
  const labels = pod.metadata?.labels ?? {};
  const add = (keys: readonly string[] | undefined, operator: string): { key: string; operator: string; values: string[] }[] =>
    (keys ?? []).filter((key) => labels[key] !== undefined).map((key) => ({ key, operator, values: [labels[key] as string] }));
  return { ...selector, matchExpressions: [...selector.matchExpressions ?? [], ...add(term.matchLabelKeys, 'In'), ...add(term.mismatchLabelKeys, 'NotIn')] };
}
