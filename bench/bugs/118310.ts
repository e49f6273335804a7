// A pod that ended with success, for its node was shut down or it was evicted, counts as any other and is not replaced.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { isPodCall, podOf } from './objects.ts';
import { patched } from './patch.ts';

export const succeededPodsStay: Bug = {
  ...issue(118310), symptom: 'a set does not replace a pod that has ended',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, {
    call: (call, context) => (call.verb === 'delete' && isPodCall(call) && ['Succeeded', 'Failed'].includes(String(podOf(context, call)?.['status']?.phase)) ? 'skip' : call),
  }),
};
