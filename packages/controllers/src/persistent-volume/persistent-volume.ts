// The binder of claims and volumes, with the provisioner for host paths that is part of it. Rules: SPEC.md.
import type { KubeObject, PersistentVolume, PersistentVolumeClaim } from '@kubesim/api';
import type { Controller, ReconcileContext, Reconciling } from '@kubesim/client';
import { annotation, BIND_COMPLETED } from './claims-and-volumes.ts';
import { syncClaim } from './sync-claim.ts';
import { syncVolume } from './sync-volume.ts';

/** Upstream: pkg/controller/volume/persistentvolume (1.37). Recycling is not modelled. @public */
export const persistentVolumeController: Controller = {
  name: 'persistentvolume-controller',
  watches: ['persistentvolumeclaims', 'persistentvolumes', 'storageclasses.storage.k8s.io', 'pods', 'nodes'],
  workers: 2,
  handle(context, { resource, before, after }) {
    const object = (after ?? before) as KubeObject;
    const { namespace = '', name = '' } = object.metadata;
    if (resource === 'persistentvolumeclaims') {
      if (after !== undefined) context.enqueue(`claim ${namespace}/${name}`);
      else if ((object['spec']?.volumeName ?? '') !== '') context.enqueue(`volume ${object['spec'].volumeName}`);
    } else if (resource === 'persistentvolumes') {
      const ref = (object as PersistentVolume).spec?.claimRef;
      if (after !== undefined) context.enqueue(`volume ${name}`);
      else if (ref !== undefined) context.enqueue(`claim ${ref.namespace}/${ref.name}`);
    }
  },
  *reconcile(context, key): Reconciling {
    const space = key.indexOf(' ');
    const rest = key.slice(space + 1);
    switch (space < 0 ? key : key.slice(0, space)) {
      case 'resync': return resync(context);
      case 'volume': return yield* syncVolume(context, rest);
      default: {
        const slash = rest.indexOf('/');
        return yield* syncClaim(context, rest.slice(0, slash), rest.slice(slash + 1));
      }
    }
  },
};

/** [PV9] Claims that wait and volumes that are neither free nor bound are looked at again; those that do not could not change. */
function resync(context: ReconcileContext): undefined {
  context.decide(() => {
    for (const volume of context.lister<PersistentVolume>('persistentvolumes').list()) {
      if (volume.status?.phase !== 'Bound') context.enqueueAfter(`volume ${volume.metadata?.name}`, 0);
    }
    for (const claim of context.lister<PersistentVolumeClaim>('persistentvolumeclaims').list()) {
      if (annotation(claim, BIND_COMPLETED) === undefined) context.enqueueAfter(`claim ${claim.metadata?.namespace}/${claim.metadata?.name}`, 0);
    }
    return null;
  });
}
