// PodTopologySpread with the system's default constraints. Upstream: plugins/podtopologyspread (1.37).
import type { LabelSelector, Node, Pod, TopologySpreadConstraint } from '@kubesim/api';
import { unresolvable, unschedulable, type Cycle, type SchedulerPlugin } from '../framework.ts';
import { compileSelector, matchesNodeAffinity, type KubeLabels } from '../labels.ts';
import type { NodeInfo } from '../node-info.ts';
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
  matches(labels: KubeLabels | undefined): boolean;
}

interface Filtering {
  readonly constraints: readonly { readonly constraint: Constraint; readonly self: number; readonly counts: ReadonlyMap<string, number>; readonly min: number }[];
}

interface Scoring {
  readonly constraints: readonly { readonly constraint: Constraint; readonly counts: ReadonlyMap<string, number> | undefined; readonly weight: number }[];
  readonly ignored: ReadonlySet<NodeInfo>;
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
    matches: compileSelector(selector),
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

function countPods(pods: readonly Pod[], constraint: Constraint, namespace: string): number {
  let count = 0;
  for (const pod of pods) {
    if (pod.metadata?.namespace === namespace && pod.metadata.deletionTimestamp === undefined && constraint.matches(pod.metadata.labels)) count++;
  }
  return count;
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

interface Counted { infos: NodeInfo[]; included: boolean[]; values: (string | undefined)[]; counts: number[]; sums: Map<string, number> }

/**
 * Pods by topology value over all nodes that count. Between equal pods it is kept, and only nodes that changed are counted anew.
 */
function countDomains(cycle: Cycle, constraints: readonly Constraint[], constraint: Constraint, slot: string): ReadonlyMap<string, number> {
  const { snapshot, pod, memo } = cycle;
  let counted = memo?.get(slot) as Counted | undefined;
  if (counted === undefined || counted.infos.length !== snapshot.list.length) {
    counted = { infos: [], included: [], values: [], counts: [], sums: new Map() };
    memo?.set(slot, counted);
  }
  const { infos, values, counts, sums } = counted;
  const namespace = pod.metadata?.namespace ?? '';
  const { list } = snapshot;
  for (let index = 0; index < list.length; index++) {
    const info = list[index] as NodeInfo;
    const before = infos[index];
    if (before === info) continue;
    const oldValue = values[index];
    if (oldValue !== undefined) sums.set(oldValue, (sums.get(oldValue) as number) - (counts[index] as number));
    if (before === undefined || before.node !== info.node) {
      counted.included[index] = hasKeys(info.node, constraints) && isIncluded(constraint, pod, info.node);
    }
    infos[index] = info;
    if (!counted.included[index]) {
      values[index] = undefined;
      counts[index] = 0;
      continue;
    }
    const value = info.node.metadata?.labels?.[constraint.key] ?? '';
    const count = countPods(info.pods, constraint, namespace);
    values[index] = value;
    counts[index] = count;
    sums.set(value, (sums.get(value) ?? 0) + count);
  }
  return sums;
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
  preScore: (cycle, nodes) => {
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
      const isHost = constraint.key === HOSTNAME;
      const values = new Set<string>();
      if (!isHost) for (const info of nodes) if (!ignored.has(info)) values.add(info.node.metadata?.labels?.[constraint.key] ?? '');
      const size = isHost ? nodes.length - ignored.size : values.size;
      return { constraint, counts: isHost ? undefined : countDomains(cycle, needed, constraint, `${NAME}/domains ${number}`), weight: Math.log(size + 2) };
    });
    const scoring: Scoring = { constraints: scored, ignored };
    cycle.data.set(`${NAME}/score`, scoring);
    return true;
  },
  score: (cycle, info) => {
    const { constraints, ignored } = cycle.data.get(`${NAME}/score`) as Scoring;
    if (ignored.has(info)) return 0;
    const namespace = cycle.pod.metadata?.namespace ?? '';
    let sum = 0;
    for (const { constraint, counts, weight } of constraints) {
      const value = info.node.metadata?.labels?.[constraint.key];
      if (value === undefined) continue;
      const count = counts === undefined ? countPods(info.pods, constraint, namespace) : counts.get(value) ?? 0;
      sum += count * weight + (constraint.maxSkew - 1);
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
