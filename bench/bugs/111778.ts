// A create that fails ends the sync of the set, and nobody looks at it again: the error is not handed to the queue.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { patched } from './patch.ts';

export const failedCreateIsForgotten: Bug = {
  ...issue(111778), symptom: 'a set never creates a pod after one create has failed',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, { forgetsErrors: true }),
};
