// NodeAffinity: nodeSelector, required and preferred node affinity. Upstream: plugins/nodeaffinity (1.37).
import type { Node, Pod } from '@kubesim/api';
import { normalizeByMaximum, unresolvable, type PreFilterResult, type SchedulerPlugin } from '../framework.ts';
import { matchesNodeAffinity, matchesNodeTerm } from '../labels.ts';

/** If every required term names its nodes, only those are looked at. */
function namedNodes(pod: Pod): readonly string[] | undefined {
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms === undefined || terms.length === 0) return undefined;
  const union = new Set<string>();
  for (const term of terms) {
    let names: readonly string[] | undefined;
    for (const { key, operator, values = [] } of term.matchFields ?? []) {
      if (key !== 'metadata.name' || operator !== 'In') continue;
      names = names === undefined ? values : names.filter((name) => values.includes(name));
    }
    if (names === undefined) return undefined;
    for (const name of names) union.add(name);
  }
  return [...union];
}

/** Refuses nodes that the pod's node selectors exclude; prefers those of its preferred terms. @public */
export const nodeAffinity: SchedulerPlugin = {
  name: 'NodeAffinity',
  nodeLocal: true,
  weight: 2,
  preFilter: ({ pod }): PreFilterResult => {
    const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    if (required === undefined && pod.spec?.nodeSelector === undefined) return { skip: true };
    const nodeNames = namedNodes(pod);
    if (nodeNames?.length === 0) return { refusal: unresolvable('pod affinity terms conflict') };
    return nodeNames === undefined ? {} : { nodeNames };
  },
  filter: ({ pod }, { node }) => matchesNodeAffinity(pod, node) ? undefined : unresolvable("node(s) didn't match Pod's node affinity/selector"),
  preScore: ({ pod }) => (pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).length > 0,
  score: ({ pod }, { node }) => {
    let sum = 0;
    for (const { weight, preference } of pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      if (weight !== 0 && matchesNodeTerm(preference, node)) sum += weight;
    }
    return sum;
  },
  normalize: (_cycle, scores) => normalizeByMaximum(scores),
  hint: (pod, { resource, before, after }) => resource === 'nodes' && after !== undefined && matchesNodeAffinity(pod, after as Node)
    && (before === undefined || !matchesNodeAffinity(pod, before as Node)),
};
