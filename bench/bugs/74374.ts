// A claim that is deleted while its pod comes back is not made again: claims are only looked at before a pod is created.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { objectOf, podsOf } from './objects.ts';
import { patched } from './patch.ts';

export const claimOfPendingPodIsNotMadeAgain: Bug = {
  ...issue(74374), symptom: 'a pod whose claim was deleted stays Pending for ever',
  faulty: patched(statefulSetController, {
    call: (call, context, key) => {
      const claim = objectOf(call)?.metadata.name ?? '';
      return call.verb === 'create' && call.resource === 'persistentvolumeclaims' && podsOf(context, key).some(({ metadata }) => claim.endsWith(`-${metadata.name ?? ''}`)) ? 'skip' : call;
    },
  }),
};
