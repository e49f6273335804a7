// Recreate makes the new pods while old ones are still ending: only the numbers of the ReplicaSets are looked at.
import { deploymentController } from '@kubesim/controllers';
import type { Bug } from './bug.ts';
import { withStatus } from './objects.ts';
import { patched } from './patch.ts';

export const recreationOverlaps: Bug = {
  id: 'recreate-overlap', source: 'the promise of Recreate: no pod of a new template before the last of an old one is gone', symptom: 'old and new pods of a Deployment with Recreate run at once',
  kinds: ['Deployment'],
  faulty: patched(deploymentController, { cached: (object, resource) => (resource === 'pods' ? undefined : resource === 'replicasets.apps' ? withStatus(object, { replicas: Math.min((object['status']?.replicas as number | undefined) ?? 0, object['spec'].replicas as number) }) : object) }),
};
