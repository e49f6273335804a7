// One look at a volume: free, bound, released, and what becomes of it then.
// Upstream: syncVolume and reclaimVolume in pkg/controller/volume/persistentvolume/pv_controller.go (1.37).
import type { KubeObject, PersistentVolume, PersistentVolumeClaim } from '@kubesim/api';
import { isNotFound, send, type Calling, type ReconcileContext, type ReconcileResult } from '@kubesim/client';
import { unbindVolume, updateVolume, updateVolumePhase } from './bind.ts';
import { annotation, PROVISIONED_BY } from './claims-and-volumes.ts';
import { CONTROLLER_FINALIZER, deletable } from './provision.ts';

/** Looks at one volume. @internal */
export function* syncVolume(context: ReconcileContext, name: string): Calling<ReconcileResult> {
  const plan = context.decide(() => {
    const cached = context.lister<PersistentVolume>('persistentvolumes').get('', name);
    const ref = cached?.spec?.claimRef;
    const claim = ref === undefined ? undefined : context.lister<PersistentVolumeClaim>('persistentvolumeclaims').get(ref.namespace ?? '', ref.name ?? '');
    return { volume: cached ?? null, cachedClaim: claim ?? null };
  });
  const { volume, cachedClaim } = plan;
  if (volume === null) return undefined;
  const ref = volume.spec?.claimRef;
  if (ref === undefined || (ref.uid ?? '') === '') return failure(yield* updateVolumePhase(volume, 'Available'));
  const isOver = volume.status?.phase === 'Released' || volume.status?.phase === 'Failed';
  let claim = cachedClaim;
  if ((claim === null && !isOver) || (claim !== null && claim.metadata?.uid !== ref.uid)) {
    // The cache may be behind: before the volume is given up, the claim is looked up.
    const live = yield* send({ verb: 'get', resource: 'persistentvolumeclaims', namespace: ref.namespace ?? '', name: ref.name ?? '' });
    if (live.error !== undefined && !isNotFound(live.error)) return { error: live.error.message };
    claim = live.object?.metadata.uid === ref.uid ? live.object as PersistentVolumeClaim : null;
  }
  if (claim === null) return yield* release(context, volume, isOver);
  const boundTo = claim.spec?.volumeName ?? '';
  if (boundTo === name) return failure(yield* updateVolumePhase(volume, 'Bound'));
  if (boundTo !== '') {
    if (annotation(volume, PROVISIONED_BY) !== undefined && volume.spec?.persistentVolumeReclaimPolicy === 'Delete') return yield* release(context, volume, isOver);
    const error = yield* unbindVolume(volume);
    return error === undefined ? undefined : { error: error.message };
  }
  if ((claim.spec?.volumeMode ?? 'Filesystem') !== (volume.spec?.volumeMode ?? 'Filesystem')) {
    const claimName = claim.metadata?.name;
    context.event({ about: volume as KubeObject, type: 'Warning', reason: 'VolumeMismatch', message: `Cannot bind PersistentVolume to requested PersistentVolumeClaim "${claimName}" due to incompatible volumeMode.` });
    context.event({ about: claim as KubeObject, type: 'Warning', reason: 'VolumeMismatch', message: `Cannot bind PersistentVolume "${name}" to requested PersistentVolumeClaim due to incompatible volumeMode.` });
    return undefined;
  }
  context.enqueueAfter(`claim ${ref.namespace}/${ref.name}`, 0);
  return undefined;
}

/** [PV8] The claim is gone: the volume is released and, by its policy, kept or deleted. */
function* release(context: ReconcileContext, volume: PersistentVolume, isOver: boolean): Calling<ReconcileResult> {
  const released = isOver ? { object: volume } : yield* updateVolumePhase(volume, 'Released');
  if (released.object === undefined) return failure(released);
  if (volume.spec?.persistentVolumeReclaimPolicy !== 'Delete') return undefined;
  const { isOwn, problem } = deletable(volume);
  if (!isOwn) return undefined;
  if (problem !== undefined) {
    const failed = yield* updateVolumePhase(released.object, 'Failed', problem);
    if (failed.error === undefined && volume.status?.phase !== 'Failed') context.event({ about: volume as KubeObject, type: 'Warning', reason: 'VolumeFailedDelete', message: problem });
    return failure(failed);
  }
  const name = volume.metadata?.name ?? '';
  const live = yield* send({ verb: 'get', resource: 'persistentvolumes', name });
  if (live.error !== undefined) return undefined;
  const latest = live.object as PersistentVolume;
  const finalizers = latest.metadata?.finalizers ?? [];
  if (finalizers.includes(CONTROLLER_FINALIZER)) {
    const kept = finalizers.filter((finalizer) => finalizer !== CONTROLLER_FINALIZER);
    const { finalizers: _, ...metadata } = latest.metadata ?? {};
    const freed = yield* updateVolume({ ...latest, metadata: kept.length === 0 ? metadata : { ...metadata, finalizers: kept } } as PersistentVolume);
    if (freed.error !== undefined) return failure(freed);
  }
  if (latest.metadata?.deletionTimestamp !== undefined) return undefined;
  const { error } = yield* send({ verb: 'delete', resource: 'persistentvolumes', name });
  return error === undefined || isNotFound(error) ? undefined : { error: error.message };
}

function failure(written: { readonly error?: { readonly message: string } }): ReconcileResult {
  return written.error === undefined ? undefined : { error: written.error.message };
}
