// Two pods that will not stand beside each other come to one node: the scheduler does not look at what stands there.
import { issue, type Bug } from './bug.ts';

export const antiAffinityIsNotAsked: Bug = {
  ...issue(138546), symptom: 'pods with anti-affinity are on one node',
  faulty: { scheduler: { withoutPlugins: ['InterPodAffinity'] } },
};
