// A Parallel set that could not be scaled up for a quota cannot be scaled down either: the failed creates end each sync before it
// comes to the pods that are not asked for.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { endOf, isPodCall, ordinalOf, setOf } from './objects.ts';
import { patched } from './patch.ts';

export const quotaBlocksScaleDown: Bug = {
  ...issue(140858), symptom: 'a Parallel set cannot be scaled down while its quota is used up',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, {
    watches: ['resourcequotas'],
    call: (call, context, key) => {
      const set = setOf(context, key);
      if (call.verb !== 'delete' || !isPodCall(call) || ordinalOf(call.name) < endOf(set) || set?.['spec'].podManagementPolicy !== 'Parallel') return call;
      const pods = context.lister('pods').list(call.namespace).length;
      return context.lister('resourcequotas').list(call.namespace).some((quota) => Number(quota['spec'].hard?.pods ?? Infinity) <= pods) ? 'skip' : call;
    },
  }),
};
