// A set with minReadySeconds looks again at the wrong instant. Upstream looked once more after minReadySeconds had passed a second
// time; here it does not look again at all, for a rollout that is only late breaks no invariant.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { patched } from './patch.ts';

export const looksAgainTooLate: Bug = {
  ...issue(119352), symptom: 'a set with minReadySeconds stands still after a pod has become available',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, { again: () => undefined }),
};
