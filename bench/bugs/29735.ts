// Two templates have one hash: the new ReplicaSet has the name of an old one, and the controller neither takes another name nor says
// anything but that it exists. Here only the last character of the hash is left, of which there are two.
import { deploymentController } from '@kubesim/controllers';
import { issue, type Bug } from './bug.ts';
import { objectOf } from './objects.ts';
import { patched } from './patch.ts';

export const templatesCollide: Bug = {
  ...issue(29735), symptom: 'a rollout hangs: the ReplicaSet already exists',
  kinds: ['Deployment'],
  faulty: patched(deploymentController, {
    call: (call) => {
      const object = objectOf(call);
      if (call.verb === 'update' && call.resource === 'deployments.apps' && ((object?.['status']?.collisionCount as number | undefined) ?? 0) > 0) return 'skip';
      if (call.verb !== 'create' || call.resource !== 'replicasets.apps' || object === undefined) return call;
      const name = object.metadata.name ?? '';
      return { ...call, object: { ...object, metadata: { ...object.metadata, name: `${name.slice(0, name.lastIndexOf('-'))}-${name.charCodeAt(name.length - 1) % 2}` } } };
    },
  }),
};
