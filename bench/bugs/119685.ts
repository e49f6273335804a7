// Pods below the partition come back at the update revision: the update is taken as complete when all pods that happen to be
// there are at it, and the update revision becomes the current one.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { objectOf, withStatus } from './objects.ts';
import { patched } from './patch.ts';

export const completeByThoseThere: Bug = {
  ...issue(119685), symptom: 'pods below the partition come back at the update revision once they were deleted',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, {
    call: (call) => {
      const object = objectOf(call);
      const { updatedReplicas = 0, readyReplicas = 0, updateRevision } = (object?.['status'] ?? {}) as { readonly updatedReplicas?: number; readonly readyReplicas?: number; readonly updateRevision?: string };
      if (call.verb !== 'update' || call.resource !== 'statefulsets.apps' || object === undefined || updatedReplicas === 0 || updatedReplicas !== readyReplicas) return call;
      return { ...call, object: withStatus(object, { currentRevision: updateRevision, currentReplicas: updatedReplicas }) };
    },
  }),
};
