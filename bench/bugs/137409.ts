// A Parallel set never replaces an old pod that is broken: it counts as unavailable, which leaves no budget to delete it.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { endOf, hasCondition, isPodCall, ordinalOf, podOf, setOf } from './objects.ts';
import { patched } from './patch.ts';

export const brokenOldPodStays: Bug = {
  ...issue(137409), symptom: 'a Parallel set never replaces an old pod that is broken',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, {
    call: (call, context, key) => {
      const set = setOf(context, key);
      const isUpdate = call.verb === 'delete' && isPodCall(call) && ordinalOf(call.name) < endOf(set) && set?.['spec'].podManagementPolicy === 'Parallel';
      return isUpdate && !hasCondition(podOf(context, call), 'Ready') ? 'skip' : call;
    },
  }),
};
