// The scheduler's cache misses that a node is cordoned.
import type { Bug } from './bug.ts';

export const cordonIsIgnored: Bug = {
  id: 'cordon-ignored', source: 'the third of the four symptoms of kubernetes/kubernetes#86626', symptom: 'a pod is bound to a cordoned node',
  faulty: { scheduler: { withoutPlugins: ['NodeUnschedulable', 'TaintToleration'] } },
};
