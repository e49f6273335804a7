// The writes that bind a claim and a volume, each only where it is still to do.
// Upstream: bind, updateClaimStatus and updateVolumePhase in pkg/controller/volume/persistentvolume/pv_controller.go (1.37).
import type { KubeObject, PersistentVolume, PersistentVolumeClaim } from '@kubesim/api';
import { send, type Calling, type ReconcileError } from '@kubesim/client';
import { annotated, annotation, BIND_COMPLETED, BOUND_BY_CONTROLLER, isVolumeBoundToClaim } from './claims-and-volumes.ts';

/** What a write came to: the object as it now is, or why not. @internal */
export type Written<T> = { readonly object: T; readonly error?: undefined } | { readonly object?: undefined; readonly error: ReconcileError };

/** [PV2] Binds in four steps: volume to claim, volume's phase, claim to volume, claim's status. @internal */
export function* bind(volume: PersistentVolume, claim: PersistentVolumeClaim): Calling<ReconcileError | undefined> {
  const taken = yield* bindVolumeToClaim(volume, claim);
  if (taken.error !== undefined) return taken.error;
  const phased = yield* updateVolumePhase(taken.object, 'Bound');
  if (phased.error !== undefined) return phased.error;
  const given = yield* bindClaimToVolume(claim, phased.object);
  if (given.error !== undefined) return given.error;
  return (yield* updateClaimStatus(given.object, 'Bound', phased.object)).error;
}

/** Sets the phase of a volume. @internal */
export function* updateVolumePhase(volume: PersistentVolume, phase: string, message: string = ''): Calling<Written<PersistentVolume>> {
  if (volume.status?.phase === phase) return { object: volume };
  const { message: _, ...rest } = volume.status ?? {};
  const status = { ...rest, phase, ...(message === '' ? {} : { message }) };
  return written(yield* send({ verb: 'update', resource: 'persistentvolumes', subresource: 'status', name: volume.metadata?.name ?? '', object: { ...volume, status } as KubeObject }));
}

/** Sets phase, access modes and capacity of a claim. Capacity is set when the phase changes: later it is the resizer's. @internal */
export function* updateClaimStatus(claim: PersistentVolumeClaim, phase: string, volume: PersistentVolume | undefined): Calling<Written<PersistentVolumeClaim>> {
  const before = claim.status ?? {};
  const isNewPhase = before.phase !== phase;
  const { accessModes, capacity, currentVolumeAttributesClassName, ...rest } = before;
  const modes = volume?.spec?.accessModes;
  const sameModes = (accessModes ?? []).join() === (modes ?? []).join();
  if (!isNewPhase && (volume === undefined ? accessModes === undefined && capacity === undefined && currentVolumeAttributesClassName === undefined : sameModes)) return { object: claim };
  const className = before.phase === 'Pending' && phase === 'Bound' ? volume?.spec?.volumeAttributesClassName : currentVolumeAttributesClassName;
  const given = volume === undefined ? {} : { accessModes: modes, capacity: isNewPhase ? volume.spec?.capacity : capacity, ...(className === undefined ? {} : { currentVolumeAttributesClassName: className }) };
  return yield* updateClaim({ ...claim, status: { ...rest, ...given, phase } } as PersistentVolumeClaim, 'status');
}

/** Writes a claim. @internal */
export function* updateClaim(claim: PersistentVolumeClaim, subresource?: 'status'): Calling<Written<PersistentVolumeClaim>> {
  const { namespace = '', name = '' } = claim.metadata ?? {};
  const target = { verb: 'update', resource: 'persistentvolumeclaims', namespace, name, object: claim as KubeObject } as const;
  return written(yield* send(subresource === undefined ? target : { ...target, subresource }));
}

/** Writes a volume. @internal */
export function* updateVolume(volume: PersistentVolume): Calling<Written<PersistentVolume>> {
  return written(yield* send({ verb: 'update', resource: 'persistentvolumes', name: volume.metadata?.name ?? '', object: volume as KubeObject }));
}

/** Takes the controller's half of a binding back, so that the volume is free again. Upstream: unbindVolume. @internal */
export function* unbindVolume(volume: PersistentVolume): Calling<ReconcileError | undefined> {
  const { claimRef, ...spec } = volume.spec ?? {};
  const isOurs = annotation(volume, BOUND_BY_CONTROLLER) !== undefined;
  const { uid: _, ...reserved } = claimRef ?? {};
  const freed = isOurs ? annotated({ ...volume, spec } as PersistentVolume, { [BOUND_BY_CONTROLLER]: undefined }) : { ...volume, spec: { ...spec, claimRef: reserved } } as PersistentVolume;
  const { object, error } = yield* updateVolume(freed);
  return error ?? (yield* updateVolumePhase(object, 'Available')).error;
}

function* bindVolumeToClaim(volume: PersistentVolume, claim: PersistentVolumeClaim): Calling<Written<PersistentVolume>> {
  const isReserved = isVolumeBoundToClaim(volume, claim);
  if (isReserved && volume.spec?.claimRef?.uid === claim.metadata?.uid) return { object: volume };
  const bound = { ...volume, spec: { ...volume.spec, claimRef: claimRefOf(claim) } } as PersistentVolume;
  return yield* updateVolume(isReserved ? bound : annotated(bound, { [BOUND_BY_CONTROLLER]: 'yes' }));
}

function* bindClaimToVolume(claim: PersistentVolumeClaim, volume: PersistentVolume): Calling<Written<PersistentVolumeClaim>> {
  const volumeName = volume.metadata?.name ?? '';
  const isNamed = claim.spec?.volumeName === volumeName;
  if (isNamed && annotation(claim, BIND_COMPLETED) !== undefined) return { object: claim };
  const ours = isNamed ? {} : { [BOUND_BY_CONTROLLER]: 'yes' };
  return yield* updateClaim(annotated({ ...claim, spec: { ...claim.spec, volumeName } } as PersistentVolumeClaim, { ...ours, [BIND_COMPLETED]: 'yes' }));
}

/** A reference to a claim as volumes hold it. @internal */
export function claimRefOf(claim: PersistentVolumeClaim): object {
  const { namespace, name, uid, resourceVersion } = claim.metadata ?? {};
  return { kind: 'PersistentVolumeClaim', namespace, name, uid, apiVersion: 'v1', resourceVersion };
}

function written<T>(outcome: { readonly object?: KubeObject; readonly error?: ReconcileError }): Written<T> {
  return outcome.error === undefined ? { object: outcome.object as unknown as T } : { error: outcome.error };
}
