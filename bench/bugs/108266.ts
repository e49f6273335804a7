// A rollout takes pods away although others are not ready: all pods of a ReplicaSet count as available.
import { deploymentController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { withStatus } from './objects.ts';
import { patched } from './patch.ts';

export const unreadyPodsCountAsAvailable: Bug = {
  ...issue(108266), symptom: 'a rollout leaves fewer pods than it must keep',
  kinds: ['Deployment'],
  faulty: patched(deploymentController, { cached: (object, resource) => (resource === 'replicasets.apps' ? withStatus(object, { availableReplicas: object['spec'].replicas as number }) : object) }),
};
