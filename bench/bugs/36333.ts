// A StatefulSet with an unhealthy pod cannot be scaled down: the controller waits for all to be healthy before it deletes any.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { endOf, hasCondition, isPodCall, ordinalOf, podsOf, setOf } from './objects.ts';
import { patched } from './patch.ts';

export const unhealthyBlocksScaleDown: Bug = {
  ...issue(36333), symptom: 'a set with an unhealthy pod cannot be scaled down',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, {
    call: (call, context, key) => {
      const isScaleDown = call.verb === 'delete' && isPodCall(call) && ordinalOf(call.name) >= endOf(setOf(context, key));
      return isScaleDown && podsOf(context, key).some((pod) => !hasCondition(pod, 'Ready')) ? 'skip' : call;
    },
  }),
};
