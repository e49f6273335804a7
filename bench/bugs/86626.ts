// The scheduler's idea of what a node has left is wrong: pods come to nodes that have no room for them.
import { issue, type Bug } from './bug.ts';

export const roomIsNotCounted: Bug = {
  ...issue(86626), symptom: 'a pod is bound to a node that has no room for it',
  faulty: { scheduler: { withoutPlugins: ['NodeResourcesFit'] } },
};
