// The deletion of a pod is not told: a handler reads the object of an event that carries none.
import { statefulSetController } from '@kubesim/controllers';
import type { Bug } from './bug.ts';
import { patched } from './patch.ts';

export const missesThatAPodIsGone: Bug = {
  id: 'missed-deletion', source: 'pattern missed state (Sieve)', symptom: 'a set does not notice that a pod is gone',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, { hears: ({ resource, type }) => resource !== 'pods' || type !== 'DELETED' }),
};
