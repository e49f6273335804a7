// A ReplicaSet does not hear that a pod of it is gone.
import { replicaSetController } from '@kubesim/controllers';
import type { Bug } from './bug.ts';
import { patched } from './patch.ts';

export const missesThatAReplicaIsGone: Bug = {
  id: 'missed-replica', source: 'pattern missed state (Sieve)', symptom: 'a Deployment has fewer pods than it asks for',
  kinds: ['Deployment'],
  faulty: patched(replicaSetController, { hears: ({ resource, type }) => resource !== 'pods' || type !== 'DELETED' }),
};
