// While pods cannot be created the status is not written: a failed create ends the sync before it comes to that.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { podsOf, setOf } from './objects.ts';
import { patched } from './patch.ts';

export const statusIsNotWrittenOnErrors: Bug = {
  ...issue(108837), symptom: 'readyReplicas is out of date as long as a pod cannot be created',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, {
    call: (call, context, key) => {
      const set = setOf(context, key);
      const isStatus = call.verb === 'update' && call.resource === 'statefulsets.apps' && 'subresource' in call && call.subresource === 'status';
      return isStatus && podsOf(context, key).length < ((set?.['spec'].replicas as number | undefined) ?? 1) && set?.['status']?.observedGeneration !== undefined ? 'skip' : call;
    },
  }),
};
