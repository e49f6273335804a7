// TaintToleration. Upstream: plugins/tainttoleration (1.37).
import type { Node, Pod, Taint } from '@kubesim/api';
import { normalizeByMaximum, unresolvable, type SchedulerPlugin } from '../framework.ts';
import { tolerates } from './tolerations.ts';

function untolerated(pod: Pod, node: Node): Taint | undefined {
  return node.spec?.taints?.find((taint) => (taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') && !tolerates(pod.spec?.tolerations, taint));
}

/** Refuses nodes with an untolerated NoSchedule or NoExecute taint; prefers few untolerated PreferNoSchedule ones. @public */
export const taintToleration: SchedulerPlugin = {
  name: 'TaintToleration',
  nodeLocal: true,
  weight: 3,
  filter: ({ pod, listers }, { node }) => {
    const taint = untolerated(pod, node);
    if (taint === undefined) return undefined;
    return unresolvable(listers.profile.kubernetes === '1.34'
      ? `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}` : 'node(s) had untolerated taint(s)');
  },
  score: ({ pod }, { node }) => {
    const taints = node.spec?.taints ?? [];
    if (taints.length === 0) return 0;
    const tolerations = (pod.spec?.tolerations ?? []).filter(({ effect = '' }) => effect === '' || effect === 'PreferNoSchedule');
    return taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !tolerates(tolerations, taint)).length;
  },
  normalize: (_cycle, scores) => normalizeByMaximum(scores, true),
  hint: (pod, { resource, before, after }) => {
    if (resource !== 'nodes' || after === undefined) return false;
    return untolerated(pod, after as Node) === undefined && (before === undefined || untolerated(pod, before as Node) !== undefined);
  },
};
