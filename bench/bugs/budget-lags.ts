// A budget lets one pod more be evicted than it may.
import { disruptionController } from '@kubesim/controllers';
import type { Bug } from './bug.ts';
import { objectOf, withStatus } from './objects.ts';
import { patched } from './patch.ts';

export const budgetAllowsOneTooMany: Bug = {
  id: 'budget-lags', source: 'the promise of budgets: what is kept is kept', symptom: 'an eviction leaves fewer pods than the budget keeps',
  faulty: patched(disruptionController, {
    call: (call) => {
      const object = objectOf(call);
      if (call.verb !== 'update' || call.resource !== 'poddisruptionbudgets.policy' || object === undefined) return call;
      return { ...call, object: withStatus(object, { disruptionsAllowed: ((object['status']?.disruptionsAllowed as number | undefined) ?? 0) + 1 }) };
    },
  }),
};
