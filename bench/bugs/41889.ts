// An ordered set goes on although a pod below is not ready: the state of that pod is not looked at.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { withSpec } from './objects.ts';
import { patched } from './patch.ts';

export const doesNotWaitForPodsBelow: Bug = {
  ...issue(41889), symptom: 'an ordered set is scaled up although a pod of it is not ready',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, { cached: (object, resource) => (resource === 'statefulsets.apps' ? withSpec(object, { podManagementPolicy: 'Parallel' }) : object) }),
};
