// PodTopologySpread with the system's default constraints. Upstream: plugins/podtopologyspread (1.37).
import type { LabelSelector, Node, Pod, TopologySpreadConstraint } from '@kubesim/api';
import { selectsEverything } from '@kubesim/client';
import { unresolvable, unschedulable, type Cycle, type SchedulerPlugin } from '../framework.ts';
import { compileSelector, matchesNodeAffinity, type KubeLabels } from '../labels.ts';
import type { NodeInfo, NodeInfoSnapshot } from '../node-info.ts';
import { tolerates } from './tolerations.ts';

const NAME = 'PodTopologySpread';
const HOSTNAME = 'kubernetes.io/hostname';
const ZONE = 'topology.kubernetes.io/zone';

interface Constraint {
  readonly key: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly honorsAffinity: boolean;
  readonly honorsTaints: boolean;
  /** An empty selector counts no pod, though it matches the one that is to be placed. */
  readonly countsNone: boolean;
  matches(labels: KubeLabels | undefined): boolean;
}

interface Filtering {
  readonly constraints: readonly { readonly constraint: Constraint; readonly self: number; readonly counts: ReadonlyMap<string, number>; readonly min: number }[];
}

interface Scoring {
  readonly constraints: readonly { readonly constraint: Constraint; readonly domains: Domains; readonly weight: number }[];
  readonly ignored: ReadonlySet<NodeInfo>;
}

/** Pods that a constraint means, by topology value, and by node where the value is the node itself. */
interface Domains {
  /** The snapshot that was counted, and how many of its changes. */
  snapshot: NodeInfoSnapshot | undefined;
  changeCount: number;
  readonly infos: NodeInfo[];
  /** By place of the node: whether it counts, the number of its value (-1: it has none), its pods. */
  readonly included: boolean[];
  readonly values: number[];
  readonly counts: number[];
  /** By number of a value. */
  readonly sums: number[];
  readonly numbers: Map<string, number>;
}

function compile(constraint: TopologySpreadConstraint, pod: Pod): Constraint {
  const labels = pod.metadata?.labels ?? {};
  let selector: LabelSelector | undefined = constraint.labelSelector;
  const keys = (constraint.matchLabelKeys ?? []).filter((key) => labels[key] !== undefined);
  if (keys.length > 0) {
    const added = keys.map((key) => ({ key, operator: 'In', values: [labels[key] as string] }));
    selector = { ...selector, matchExpressions: [...selector?.matchExpressions ?? [], ...added] };
  }
  return {
    key: constraint.topologyKey, maxSkew: constraint.maxSkew, minDomains: constraint.minDomains ?? 1,
    honorsAffinity: constraint.nodeAffinityPolicy !== 'Ignore', honorsTaints: constraint.nodeTaintsPolicy === 'Honor',
    countsNone: selectsEverything(selector), matches: compileSelector(selector),
  };
}

function constraintsOf(pod: Pod, whenUnsatisfiable: string): Constraint[] {
  return (pod.spec?.topologySpreadConstraints ?? []).filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
    .map((constraint) => compile(constraint, pod));
}

function isIncluded(constraint: Constraint, pod: Pod, node: Node): boolean {
  if (constraint.honorsAffinity && !matchesNodeAffinity(pod, node)) return false;
  return !constraint.honorsTaints || !(node.spec?.taints ?? [])
    .some((taint) => (taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') && !tolerates(pod.spec?.tolerations, taint));
}

function countPods(pods: readonly Pod[], constraint: Constraint, namespace: string, from: number = 0, to: number = pods.length): number {
  if (constraint.countsNone) return 0;
  let count = 0;
  for (let index = from; index < to; index++) {
    const { metadata } = pods[index] as Pod;
    if (metadata?.namespace === namespace && metadata.deletionTimestamp === undefined && constraint.matches(metadata.labels)) count++;
  }
  return count;
}

/** How many more pods are meant after a change of a node's pods than before it: what is in the same place at either end is not looked at. */
function countChanged(before: readonly Pod[], after: readonly Pod[], constraint: Constraint, namespace: string): number {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  return countPods(after, constraint, namespace, start, after.length - end) - countPods(before, constraint, namespace, start, before.length - end);
}

function hasKeys(node: Node, constraints: readonly Constraint[]): boolean {
  const labels = node.metadata?.labels ?? {};
  return constraints.every(({ key }) => Object.hasOwn(labels, key));
}

/** Selectors of the Services and of the owner that mean this pod, joined; undefined if there are none. */
function defaultSelector(cycle: Cycle): LabelSelector | undefined {
  const { pod, listers } = cycle;
  const namespace = pod.metadata?.namespace ?? '';
  const labels = pod.metadata?.labels ?? {};
  const matchLabels: Record<string, string> = {};
  const matchExpressions: NonNullable<LabelSelector['matchExpressions']>[number][] = [];
  for (const service of listers.lister('services')?.list(namespace) ?? []) {
    const selector: KubeLabels = service['spec']?.selector ?? {};
    const keys = Object.keys(selector);
    if (keys.length > 0 && keys.every((key) => labels[key] === selector[key])) Object.assign(matchLabels, selector);
  }
  const owner = pod.metadata?.ownerReferences?.find((reference) => reference.controller === true);
  const resource = owner?.kind === 'ReplicaSet' ? 'replicasets.apps' : owner?.kind === 'StatefulSet' ? 'statefulsets.apps'
    : owner?.kind === 'ReplicationController' ? 'replicationcontrollers' : undefined;
  if (owner !== undefined && resource !== undefined) {
    const selector = listers.lister(resource)?.get(namespace, owner.name)?.['spec']?.selector;
    if (resource === 'replicationcontrollers') Object.assign(matchLabels, selector);
    else if (selector !== undefined) {
      Object.assign(matchLabels, selector.matchLabels);
      matchExpressions.push(...selector.matchExpressions ?? []);
    }
  }
  return Object.keys(matchLabels).length + matchExpressions.length === 0 ? undefined : { matchLabels, matchExpressions };
}

/**
 * Pods by topology value over all nodes that count. Between equal pods it is kept, and only nodes that changed are counted
 * anew. For the hostname only the nodes themselves are asked for.
 */
function countDomains(cycle: Cycle, constraints: readonly Constraint[], constraint: Constraint, slot: string): Domains {
  const { snapshot, pod, memo } = cycle;
  let domains = memo?.get(slot) as Domains | undefined;
  if (domains === undefined || domains.infos.length !== snapshot.list.length) {
    domains = { snapshot: undefined, changeCount: 0, infos: [], included: [], values: [], counts: [], sums: [], numbers: new Map() };
    memo?.set(slot, domains);
  }
  if (domains.snapshot === snapshot) {
    for (let change = domains.changeCount; change < snapshot.changes.length; change++) {
      countNode(domains, snapshot.list, snapshot.changes[change] as number, pod, constraints, constraint);
    }
  } else {
    for (let position = 0; position < snapshot.list.length; position++) countNode(domains, snapshot.list, position, pod, constraints, constraint);
    domains.snapshot = snapshot;
  }
  domains.changeCount = snapshot.changes.length;
  return domains;
}

function countNode(domains: Domains, list: readonly NodeInfo[], position: number, pod: Pod, constraints: readonly Constraint[], constraint: Constraint): void {
  const { infos, included, values, counts, sums, numbers } = domains;
  const info = list[position] as NodeInfo;
  const before = infos[position];
  if (before === info) return;
  infos[position] = info;
  const isOtherNode = before === undefined || before.node !== info.node;
  if (isOtherNode) {
    if (before !== undefined && included[position] === true) sums[values[position] as number] = (sums[values[position] as number] as number) - (counts[position] as number);
    counts[position] = 0;
    const value = info.node.metadata?.labels?.[constraint.key];
    let number = value === undefined ? -1 : numbers.get(value);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(value as string, number);
      sums.push(0);
    }
    values[position] = number;
    included[position] = number >= 0 && hasKeys(info.node, constraints) && isIncluded(constraint, pod, info.node);
  }
  // The pods on a node count by its name even where the policies leave it out of the sums.
  if (constraint.key !== HOSTNAME && included[position] !== true) return;
  const namespace = pod.metadata?.namespace ?? '';
  const count = isOtherNode ? countPods(info.pods, constraint, namespace) : (counts[position] as number) + countChanged(before.pods, info.pods, constraint, namespace);
  if (included[position] === true) {
    const number = values[position] as number;
    sums[number] = (sums[number] as number) + count - (counts[position] as number);
  }
  counts[position] = count;
}

function filtering(cycle: Cycle, constraints: readonly Constraint[]): Filtering {
  const { pod } = cycle;
  const namespace = pod.metadata?.namespace ?? '';
  return {
    constraints: constraints.map((constraint) => {
      const counts = new Map<string, number>();
      for (const { node, pods } of cycle.snapshot.list) {
        if (!hasKeys(node, constraints) || !isIncluded(constraint, pod, node)) continue;
        const value = node.metadata?.labels?.[constraint.key] as string;
        counts.set(value, (counts.get(value) ?? 0) + countPods(pods, constraint, namespace));
      }
      let min = counts.size < constraint.minDomains ? 0 : Infinity;
      for (const count of counts.values()) if (count < min) min = count;
      return { constraint, self: constraint.matches(pod.metadata?.labels) ? 1 : 0, counts, min: min === Infinity ? 0 : min };
    }),
  };
}

/** How many values the candidates have; having none is one, too. */
function distinctValues({ values }: Domains, nodes: readonly NodeInfo[], positions: readonly number[], ignored: ReadonlySet<NodeInfo>): number {
  const seen = new Set<number>();
  for (let index = 0; index < positions.length; index++) {
    if (ignored.size === 0 || !ignored.has(nodes[index] as NodeInfo)) seen.add(values[positions[index] as number] as number);
  }
  return seen.size;
}

/** Keeps pods that a selector means evenly spread over topology domains. @public */
export const podTopologySpread: SchedulerPlugin = {
  name: NAME,
  weight: 2,
  preFilter: (cycle) => {
    const constraints = constraintsOf(cycle.pod, 'DoNotSchedule');
    if (constraints.length === 0) return { skip: true };
    cycle.data.set(NAME, filtering(cycle, constraints));
    return {};
  },
  filter: (cycle, { node }) => {
    for (const { constraint, self, counts, min } of (cycle.data.get(NAME) as Filtering).constraints) {
      const labels = node.metadata?.labels ?? {};
      if (!Object.hasOwn(labels, constraint.key)) return unresolvable("node(s) didn't match pod topology spread constraints (missing required label)");
      if ((counts.get(labels[constraint.key] as string) ?? 0) + self - min > constraint.maxSkew) return unschedulable("node(s) didn't match pod topology spread constraints");
    }
    return undefined;
  },
  preScore: (cycle, nodes, positions) => {
    const { pod } = cycle;
    let constraints: readonly Constraint[];
    const isDefault = (pod.spec?.topologySpreadConstraints ?? []).length === 0;
    if (isDefault) {
      const selector = defaultSelector(cycle);
      if (selector === undefined) return false;
      const key = `${NAME}/defaults ${JSON.stringify(selector)}`;
      let known = cycle.memo?.get(key) as readonly Constraint[] | undefined;
      if (known === undefined) {
        known = [[HOSTNAME, 3], [ZONE, 5]].map(([topologyKey, maxSkew]) => compile(
          { topologyKey: topologyKey as string, maxSkew: maxSkew as number, whenUnsatisfiable: 'ScheduleAnyway', labelSelector: selector }, pod));
        for (const name of cycle.memo?.keys() ?? []) if (name.startsWith(NAME)) cycle.memo?.delete(name);
        cycle.memo?.set(key, known);
      }
      constraints = known;
    } else {
      constraints = constraintsOf(pod, 'ScheduleAnyway');
      if (constraints.length === 0) return false;
    }
    // A node that lacks a key counts for nothing; with the defaults a missing zone is no reason.
    const needed = isDefault ? [] : constraints;
    const ignored = new Set<NodeInfo>();
    if (needed.length > 0) for (const info of nodes) if (!hasKeys(info.node, needed)) ignored.add(info);
    const scored = constraints.map((constraint, number) => {
      const domains = countDomains(cycle, needed, constraint, `${NAME}/domains ${number}`);
      return { constraint, domains, weight: Math.log((constraint.key === HOSTNAME ? nodes.length - ignored.size : distinctValues(domains, nodes, positions, ignored)) + 2) };
    });
    const scoring: Scoring = { constraints: scored, ignored };
    cycle.data.set(`${NAME}/score`, scoring);
    return true;
  },
  score: (cycle, info, position) => {
    const { constraints, ignored } = cycle.data.get(`${NAME}/score`) as Scoring;
    if (ignored.size > 0 && ignored.has(info)) return 0;
    let sum = 0;
    for (const { constraint, domains, weight } of constraints) {
      const value = domains.values[position] as number;
      if (value < 0) continue;
      sum += (constraint.key === HOSTNAME ? domains.counts[position] as number : domains.sums[value] as number) * weight + (constraint.maxSkew - 1);
    }
    return Math.round(sum);
  },
  normalize: (cycle, scores, nodes) => {
    const { ignored } = cycle.data.get(`${NAME}/score`) as Scoring;
    let min = Infinity;
    let max = 0;
    for (let index = 0; index < scores.length; index++) {
      if (ignored.size > 0 && ignored.has(nodes[index] as NodeInfo)) continue;
      const score = scores[index] as number;
      if (score < min) min = score;
      if (score > max) max = score;
    }
    for (let index = 0; index < scores.length; index++) {
      if (ignored.size > 0 && ignored.has(nodes[index] as NodeInfo)) scores[index] = 0;
      else scores[index] = max === 0 ? 100 : Math.trunc((100 * (max + min - (scores[index] as number))) / max);
    }
  },
  hint: (pod, { resource, before, after }) => {
    if (resource === 'nodes') return true;
    if (resource !== 'pods') return false;
    return [before, after].some((other) => other !== undefined && other.metadata.namespace === pod.metadata?.namespace
      && constraintsOf(pod, 'DoNotSchedule').some((constraint) => constraint.matches(other.metadata.labels)));
  },
};
