// The collector does not hear that an owner is gone.
import { garbageCollectorController } from '@kubesim/controllers';
import type { Bug } from './bug.ts';
import { patched } from './patch.ts';

export const missesThatAnOwnerIsGone: Bug = {
  id: 'missed-owner', source: 'pattern missed state (Sieve)', symptom: 'pods outlive their workload',
  faulty: patched(garbageCollectorController, { hears: ({ type }) => type !== 'DELETED' }),
};
