// InterPodAffinity: pods near to or far from other pods. Upstream: plugins/interpodaffinity (1.37).
import type { Node, Pod } from '@kubesim/api';
import { unresolvable, unschedulable, type Cycle, type SchedulerPlugin } from '../framework.ts';
import type { KubeLabels } from '../labels.ts';
import { podInfo, type AffinityTerm } from '../pod-info.ts';

const NAME = 'InterPodAffinity';
const HARD_POD_AFFINITY_WEIGHT = 1;

/** Counts by topology key, then value. */
type Counts = Map<string, Map<string, number>>;

interface Filtering {
  readonly existingAnti: Counts;
  readonly affinity: Counts;
  readonly anti: Counts;
}

function add(counts: Counts, key: string, value: string, amount: number): void {
  let values = counts.get(key);
  if (values === undefined) counts.set(key, values = new Map());
  values.set(value, (values.get(value) ?? 0) + amount);
}

function namespaceLabels(cycle: Cycle): (namespace: string) => KubeLabels {
  return (namespace) => cycle.listers.lister('namespaces')?.get('', namespace)?.metadata.labels ?? {};
}

function labelOf(node: Node, key: string): string | undefined {
  const labels = node.metadata?.labels;
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function filtering(cycle: Cycle): Filtering | undefined {
  const { pod, snapshot } = cycle;
  const own = podInfo(pod);
  const lookUp = namespaceLabels(cycle);
  const result: Filtering = { existingAnti: new Map(), affinity: new Map(), anti: new Map() };
  for (const { node, pods } of snapshot.withAntiAffinity()) {
    for (const other of pods) {
      for (const term of podInfo(other).requiredAntiAffinity) {
        const value = labelOf(node, term.topologyKey);
        if (value !== undefined && term.matches(pod, lookUp)) add(result.existingAnti, term.topologyKey, value, 1);
      }
    }
  }
  const { requiredAffinity, requiredAntiAffinity } = own;
  if (requiredAffinity.length + requiredAntiAffinity.length > 0) {
    for (const { node, pods } of snapshot.list) {
      for (const other of pods) {
        if (requiredAffinity.length > 0 && requiredAffinity.every((term) => term.matches(other, lookUp))) count(result.affinity, requiredAffinity, node);
        count(result.anti, requiredAntiAffinity.filter((term) => term.matches(other, lookUp)), node);
      }
    }
  }
  if (result.existingAnti.size === 0 && requiredAffinity.length + requiredAntiAffinity.length === 0) return undefined;
  return result;
}

function count(counts: Counts, terms: readonly AffinityTerm[], node: Node): void {
  for (const { topologyKey } of terms) {
    const value = labelOf(node, topologyKey);
    if (value !== undefined) add(counts, topologyKey, value, 1);
  }
}

function isAffinityMet(cycle: Cycle, node: Node, { affinity }: Filtering): boolean {
  const terms = podInfo(cycle.pod).requiredAffinity;
  let areAllThere = true;
  for (const { topologyKey } of terms) {
    const value = labelOf(node, topologyKey);
    if (value === undefined) return false;
    if ((affinity.get(topologyKey)?.get(value) ?? 0) <= 0) areAllThere = false;
  }
  if (areAllThere) return true;
  // The first pod of a group that wants to be near itself may go anywhere.
  return affinity.size === 0 && terms.every((term) => term.matches(cycle.pod, namespaceLabels(cycle)));
}

/** Adds what an existing pod is worth to the topology values of its node. */
function scorePod(cycle: Cycle, counts: Counts, node: Node, other: Pod, lookUp: (namespace: string) => KubeLabels): void {
  const own = podInfo(cycle.pod);
  const its = podInfo(other);
  const apply = (terms: readonly AffinityTerm[], target: Pod, sign: number, weight?: number): void => {
    for (const term of terms) {
      const value = labelOf(node, term.topologyKey);
      if (value !== undefined && term.matches(target, lookUp)) add(counts, term.topologyKey, value, sign * (weight ?? term.weight));
    }
  };
  apply(own.preferredAffinity, other, 1);
  apply(own.preferredAntiAffinity, other, -1);
  apply(its.requiredAffinity, cycle.pod, 1, HARD_POD_AFFINITY_WEIGHT);
  apply(its.preferredAffinity, cycle.pod, 1);
  apply(its.preferredAntiAffinity, cycle.pod, -1);
}

/** Refuses and prefers nodes by the pods in their topology domains. @public */
export const interPodAffinity: SchedulerPlugin = {
  name: NAME,
  weight: 2,
  preFilter: (cycle) => {
    const state = filtering(cycle);
    if (state === undefined) return { skip: true };
    cycle.data.set(NAME, state);
    return {};
  },
  filter: (cycle, { node }) => {
    const state = cycle.data.get(NAME) as Filtering;
    if (!isAffinityMet(cycle, node, state)) return unresolvable("node(s) didn't match pod affinity rules");
    for (const { topologyKey } of podInfo(cycle.pod).requiredAntiAffinity) {
      const value = labelOf(node, topologyKey);
      if (value !== undefined && (state.anti.get(topologyKey)?.get(value) ?? 0) > 0) return unschedulable("node(s) didn't match pod anti-affinity rules");
    }
    for (const [key, values] of state.existingAnti) {
      const value = labelOf(node, key);
      if (value !== undefined && (values.get(value) ?? 0) > 0) return unschedulable("node(s) didn't satisfy existing pods anti-affinity rules");
    }
    return undefined;
  },
  preScore: (cycle) => {
    const own = podInfo(cycle.pod);
    const hasPreferred = own.preferredAffinity.length + own.preferredAntiAffinity.length > 0;
    const lookUp = namespaceLabels(cycle);
    const counts: Counts = new Map();
    for (const { node, pods } of hasPreferred ? cycle.snapshot.list : cycle.snapshot.withAffinity()) {
      for (const other of pods) if (hasPreferred || podInfo(other).hasAffinity) scorePod(cycle, counts, node, other, lookUp);
    }
    if (counts.size === 0) return false;
    cycle.data.set(`${NAME}/score`, counts);
    return true;
  },
  score: (cycle, { node }) => {
    let sum = 0;
    for (const [key, values] of cycle.data.get(`${NAME}/score`) as Counts) {
      const value = labelOf(node, key);
      if (value !== undefined) sum += values.get(value) ?? 0;
    }
    return sum;
  },
  normalize: (_cycle, scores) => {
    let min = Infinity;
    let max = -Infinity;
    for (const score of scores) {
      if (score < min) min = score;
      if (score > max) max = score;
    }
    for (let index = 0; index < scores.length; index++) {
      scores[index] = max > min ? Math.trunc(100 * (((scores[index] as number) - min) / (max - min))) : 0;
    }
  },
  hint: (pod, { resource, before, after }, listers) => {
    if (resource === 'nodes') return after !== undefined;
    if (resource !== 'pods') return false;
    if (before !== undefined && after !== undefined) return true;
    const lookUp = (namespace: string): KubeLabels => listers.lister('namespaces')?.get('', namespace)?.metadata.labels ?? {};
    const own = podInfo(pod);
    if (after !== undefined) return own.requiredAffinity.some((term) => term.matches(after as Pod, lookUp));
    return own.requiredAntiAffinity.some((term) => term.matches(before as Pod, lookUp))
      || podInfo(before as Pod).requiredAntiAffinity.some((term) => term.matches(pod, lookUp));
  },
};
