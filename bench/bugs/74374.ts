// A pod is made again while its claim is on its way out, and the claim is not made again once it is gone: claims are only looked at
// before a pod is created, and not whether they are being deleted.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { objectOf, podsOf } from './objects.ts';
import { patched } from './patch.ts';

export const claimOfPendingPodIsNotMadeAgain: Bug = {
  ...issue(74374), symptom: 'a pod whose claim was deleted stays Pending for ever',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, {
    cached: (object, resource) => {
      const { deletionTimestamp: _leaves, ...metadata } = object.metadata;
      return resource === 'persistentvolumeclaims' ? { ...object, metadata } : object;
    },
    call: (call, context, key) => {
      const claim = objectOf(call)?.metadata.name ?? '';
      return call.verb === 'create' && call.resource === 'persistentvolumeclaims' && podsOf(context, key).some(({ metadata }) => claim.endsWith(`-${metadata.name ?? ''}`)) ? 'skip' : call;
    },
  }),
};
