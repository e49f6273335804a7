// A pod below one that is not healthy is not made again: every create waits for all pods that are there.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { hasCondition, isPodCall, objectOf, ordinalOf, podsOf } from './objects.ts';
import { patched } from './patch.ts';

export const lowerOrdinalIsNotRemade: Bug = {
  ...issue(38418), symptom: 'a deleted pod does not come back while a higher one is not ready',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, {
    call: (call, context, key) => (call.verb === 'create' && isPodCall(call) && podsOf(context, key).some((pod) => ordinalOf(pod.metadata.name) > ordinalOf(objectOf(call)?.metadata.name) && !hasCondition(pod, 'Ready')) ? 'skip' : call),
  }),
};
