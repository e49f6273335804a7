// The update is complete when the pods from the partition on are updated, and then those below it come back at the new revision.
// What upstream still does after a scale to 0 is another matter: there no pod is left that could be at another revision.
import { statefulSetController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { objectOf, withStatus } from './objects.ts';
import { patched } from './patch.ts';

export const completeFromThePartitionOn: Bug = {
  ...issue(121534), symptom: 'pods below the partition come back at the update revision once those above are updated',
  kinds: ['StatefulSet'],
  faulty: patched(statefulSetController, {
    call: (call) => {
      const object = objectOf(call);
      if (call.verb !== 'update' || call.resource !== 'statefulsets.apps' || object === undefined) return call;
      const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, updateRevision } = (object['status'] ?? {}) as { readonly replicas?: number; readonly updatedReplicas?: number; readonly readyReplicas?: number; readonly updateRevision?: string };
      const partition = (object['spec'].updateStrategy?.rollingUpdate?.partition as number | undefined) ?? 0;
      if (replicas === 0 || replicas !== readyReplicas || updatedReplicas === 0 || updatedReplicas < replicas - partition) return call;
      return { ...call, object: withStatus(object, { currentRevision: updateRevision, currentReplicas: updatedReplicas }) };
    },
  }),
};
