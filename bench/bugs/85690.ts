// Old revisions are never cleaned up.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { patched } from './patch.ts';

export const revisionsPileUp: Bug = {
  ...issue(85690), symptom: 'a set keeps more revisions than its history limit',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, { call: (call) => (call.verb === 'delete' && call.resource === 'controllerrevisions.apps' ? 'skip' : call) }),
};
