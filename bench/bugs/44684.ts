// A pod that is on its way out counts as any other, and those above it are made while it goes: scaled down and up again a set loses its order.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { patched } from './patch.ts';

export const terminatingPodsCountAsHealthy: Bug = {
  ...issue(44684), symptom: 'an ordered set that is scaled down and up makes a pod while one below it is still going',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, {
    cached: (object, resource) => {
      const { deletionTimestamp: _leaves, ...metadata } = object.metadata;
      return resource === 'pods' ? { ...object, metadata } : object;
    },
  }),
};
