// minReadySeconds counts for the status and not for the rollout.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { withSpec } from './objects.ts';
import { patched } from './patch.ts';

export const minReadyIsIgnored: Bug = {
  ...issue(112307), symptom: 'a rolling update does not wait for minReadySeconds',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, { cached: (object, resource) => (resource === 'statefulsets.apps' ? withSpec(object, { minReadySeconds: 0 }) : object) }),
};
