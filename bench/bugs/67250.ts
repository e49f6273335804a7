// A set whose new pods cannot start is not repaired by a right template: as long as a rollout is under way every set waits for each
// pod to be healthy before it replaces any. Upstream keeps this for OrderedReady, by design; here Parallel sets wait as well.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { withSpec } from './objects.ts';
import { patched } from './patch.ts';

export const brokenRolloutBlocksItsOwnRepair: Bug = {
  ...issue(67250), symptom: 'a set that was rolled to a broken template is not repaired by a right one',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, {
    cached: (object, resource) => {
      const { currentRevision, updateRevision } = (object['status'] ?? {}) as { readonly currentRevision?: string; readonly updateRevision?: string };
      return resource === 'statefulsets.apps' && currentRevision !== updateRevision ? withSpec(object, { podManagementPolicy: 'OrderedReady' }) : object;
    },
  }),
};
