// Keeps a volume as long as it is bound. Rules: SPEC.md.
import type { PersistentVolume } from '@kubesim/api';
import type { Controller, Reconciling } from '@kubesim/client';
import { updateVolume } from '../persistent-volume/bind.ts';

const FINALIZER = 'kubernetes.io/pv-protection';

/** Upstream: pkg/controller/volume/pvprotection (1.37). @public */
export const pvProtectionController: Controller = {
  name: 'persistentvolume-protection-controller',
  watches: ['persistentvolumes'],
  workers: 1,
  handle(context, { after }) {
    if (after !== undefined && needsWrite(after as PersistentVolume)) context.enqueue(after.metadata.name ?? '');
  },
  *reconcile(context, key): Reconciling {
    const volume = context.decide(() => context.lister<PersistentVolume>('persistentvolumes').get('', key) ?? null);
    if (volume === null || !needsWrite(volume)) return undefined;
    const { finalizers = [], ...metadata } = volume.metadata ?? {};
    const changed = finalizers.includes(FINALIZER) ? finalizers.filter((finalizer) => finalizer !== FINALIZER) : [...finalizers, FINALIZER];
    const { error } = yield* updateVolume({ ...volume, metadata: changed.length === 0 ? metadata : { ...metadata, finalizers: changed } } as PersistentVolume);
    return error === undefined ? undefined : { error: error.message };
  },
};

/** [VP1] A deleted volume that is not bound loses the finalizer. [VP2] One that is not deleted and lacks it gets it. */
function needsWrite(volume: PersistentVolume): boolean {
  const has = volume.metadata?.finalizers?.includes(FINALIZER) === true;
  return volume.metadata?.deletionTimestamp === undefined ? !has : has && volume.status?.phase !== 'Bound';
}
