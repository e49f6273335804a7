// A claim goes while a pod uses it: nobody looks whether one does.
import { pvcProtectionController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { patched } from './patch.ts';

export const claimInUseIsLetGo: Bug = {
  ...issue(23886), symptom: 'the claim of a running pod is gone',
  kinds: ['StatefulSet'],
  faulty: patched(pvcProtectionController, { cached: (object, resource) => (resource === 'pods' ? undefined : object), reply: (reply, call) => (reply.ok && call.verb === 'list' ? { ...reply, object: { ...reply.object, items: [] } } : reply) }),
};
