// The binder of claims and volumes, with the provisioner for host paths that is part of it. Rules: SPEC.md.
import type { KubeObject, PersistentVolume, PersistentVolumeClaim } from '@kubesim/api';
import type { Controller, HandlerContext, ReconcileContext, Reconciling } from '@kubesim/client';
import { annotation, BIND_COMPLETED } from './claims-and-volumes.ts';
import { nextRoundMs, syncClaim } from './sync-claim.ts';
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
      else enqueueHalfBound(context, object);
    } else if (resource === 'persistentvolumes') {
      const ref = (object as PersistentVolume).spec?.claimRef;
      if (after !== undefined) {
        context.enqueue(`volume ${name}`);
        if (ref !== undefined) enqueueLost(context, ref);
      }
      else if (ref !== undefined) context.enqueue(`claim ${ref.namespace}/${ref.name}`);
      if (after !== undefined && ref === undefined) awaitRound(context);
    } else if (resource === 'storageclasses.storage.k8s.io' && after !== undefined) awaitRound(context);
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

/** [PV9] A class or a free volume came that claims may have waited for: the next round is no mere heartbeat, as no event names those claims. */
function awaitRound(context: HandlerContext): void {
  if (context.lister<PersistentVolumeClaim>('persistentvolumeclaims').list().some((claim) => annotation(claim, BIND_COMPLETED) === undefined)) context.enqueueAfter('resync', nextRoundMs(context.now));
}

/**
 * [PV9] A claim that went before it knew of its volume: the volume, which names it already, is found with the next round. Upstream comes
 * to it because a round looks at everything.
 */
function enqueueHalfBound(context: HandlerContext, claim: KubeObject): void {
  for (const volume of context.lister<PersistentVolume>('persistentvolumes').list()) {
    if (volume.spec?.claimRef?.uid === claim.metadata.uid) context.enqueueAfter(`volume ${volume.metadata?.name}`, nextRoundMs(context.now));
  }
}

/** [PV9] A claim whose volume was not seen yet counts as lost: with the next round it is found again. */
function enqueueLost(context: HandlerContext, { namespace = '', name = '' }: { readonly namespace?: string; readonly name?: string }): void {
  const claim = context.lister<PersistentVolumeClaim>('persistentvolumeclaims').get(namespace, name);
  if (claim?.status?.phase === 'Lost') context.enqueueAfter(`claim ${namespace}/${name}`, nextRoundMs(context.now));
}

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
