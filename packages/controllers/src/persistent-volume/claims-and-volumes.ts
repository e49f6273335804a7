// What claims and volumes say about one another. Upstream: staging/src/k8s.io/component-helpers/storage/volume (1.37).
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '@kubesim/api';
import { compileSelector, type ReconcileContext } from '@kubesim/client';
import { nanosOf } from '../quantity/quantity.ts';

/** Annotation: claim and volume are bound for good. @internal */
export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
/** Annotation: the controller, not a user, made this half of the binding. @internal */
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
/** Annotation: who provisioned the volume. @internal */
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
/** Annotation by the scheduler: the node that the volume has to reach. @internal */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
/** Annotations: who shall provision for this claim. @internal */
export const STORAGE_PROVISIONER = 'volume.kubernetes.io/storage-provisioner';
/** The older name of the same. @internal */
export const BETA_STORAGE_PROVISIONER = 'volume.beta.kubernetes.io/storage-provisioner';
/** The provisioner that is part of the controller. @internal */
export const HOST_PATH_PROVISIONER = 'kubernetes.io/host-path';
/** The provisioner that stands for none. @internal */
export const NO_PROVISIONER = 'kubernetes.io/no-provisioner';

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';
const BETA_DEFAULT_CLASS = 'storageclass.beta.kubernetes.io/is-default-class';
const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class';

/** Value of an annotation. @internal */
export function annotation(object: { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } }, key: string): string | undefined {
  return object.metadata?.annotations?.[key];
}

/** The object with annotations set, or taken away where undefined. @internal */
export function annotated<T extends { readonly metadata?: object }>(object: T, changes: Readonly<Record<string, string | undefined>>): T {
  const annotations: Record<string, string> = { ...(object.metadata as { annotations?: Record<string, string> } | undefined)?.annotations };
  for (const key of Object.keys(changes)) {
    const value = changes[key];
    if (value === undefined) delete annotations[key];
    else annotations[key] = value;
  }
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Storage class of a claim, empty for none. @internal */
export function classOfClaim(claim: PersistentVolumeClaim): string {
  return annotation(claim, BETA_CLASS) ?? claim.spec?.storageClassName ?? '';
}

/** Whether a volume names this claim: by name, and by uid if it has one. @internal */
export function isVolumeBoundToClaim(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const ref = volume.spec?.claimRef;
  if (ref === undefined || ref.name !== claim.metadata?.name || ref.namespace !== claim.metadata?.namespace) return false;
  return (ref.uid ?? '') === '' || ref.uid === claim.metadata?.uid;
}

/** The class that claims without one get: the newest default, by name among equals. @internal */
export function defaultClass(classes: readonly StorageClass[]): StorageClass | undefined {
  const defaults = classes.filter((one) => annotation(one, DEFAULT_CLASS) === 'true' || annotation(one, BETA_DEFAULT_CLASS) === 'true');
  return [...defaults].sort((a, b) => compare(b.metadata?.creationTimestamp ?? '', a.metadata?.creationTimestamp ?? '') || compare(a.metadata?.name ?? '', b.metadata?.name ?? ''))[0];
}

/** Why a volume that a claim asks for by name cannot be had; undefined if it can. Upstream: checkVolumeSatisfyClaim. @internal */
export function volumeMismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (nanosOf(volume.spec?.capacity?.['storage']) < requestOf(claim)) return 'requested PV is too small';
  if ((volume.spec?.storageClassName ?? '') !== classOfClaim(claim)) return 'storageClassName does not match';
  if (modeOf(volume) !== modeOf(claim)) return 'incompatible volumeMode';
  if (!hasAccessModes(volume, claim)) return 'incompatible accessMode';
  return undefined;
}

/**
 * The volume for a claim: one that names it, else the smallest that fits, of those with the fewest access modes too many.
 * With `isDelayed` only one that names it. [PV1] Upstream: FindMatchingVolume and findByClaim.
 * @internal
 */
export function findBestMatch(claim: PersistentVolumeClaim, volumes: readonly PersistentVolume[], isDelayed: boolean): PersistentVolume | undefined {
  const request = requestOf(claim);
  const selector = claim.spec?.selector === undefined ? undefined : compileSelector(claim.spec.selector);
  let best: PersistentVolume | undefined;
  for (const volume of volumes) {
    if (modeOf(volume) !== modeOf(claim)) continue;
    if (isVolumeBoundToClaim(volume, claim)) {
      if (nanosOf(volume.spec?.capacity?.['storage']) >= request && volume.metadata?.deletionTimestamp === undefined) return volume;
      continue;
    }
    if (isDelayed || volume.metadata?.deletionTimestamp !== undefined || volume.spec?.claimRef !== undefined || volume.status?.phase !== 'Available') continue;
    if ((volume.spec?.storageClassName ?? '') !== classOfClaim(claim) || !hasAccessModes(volume, claim)) continue;
    if ((volume.spec?.volumeAttributesClassName ?? '') !== (claim.spec?.volumeAttributesClassName ?? '')) continue;
    if (claim.spec?.selector !== undefined && selector?.(volume.metadata?.labels) !== true) continue;
    if (nanosOf(volume.spec?.capacity?.['storage']) < request) continue;
    if (best === undefined || rank(volume) < rank(best)) best = volume;
  }
  return best;
}

/** Names of pods that use a claim and are not scheduled, in key order. @internal */
export function unscheduledPodsOf(context: Pick<ReconcileContext, 'lister'>, claim: PersistentVolumeClaim): readonly string[] {
  return context.lister<Pod>('pods').list(claim.metadata?.namespace ?? '')
    .filter((pod) => (pod.spec?.nodeName ?? '') === '' && !isTerminated(pod) && usesClaim(pod, claim.metadata?.name ?? ''))
    .map((pod) => pod.metadata?.name ?? '');
}

/** Whether a pod has a volume that is this claim, directly or as its ephemeral volume. @internal */
export function usesClaim(pod: Pod, claimName: string): boolean {
  return claimsOfPod(pod).includes(claimName);
}

/** Names of the claims of a pod's volumes. @internal */
export function claimsOfPod(pod: Pod): readonly string[] {
  const names: string[] = [];
  for (const volume of pod.spec?.volumes ?? []) {
    if (volume.persistentVolumeClaim !== undefined) names.push(volume.persistentVolumeClaim.claimName);
    else if (volume.ephemeral !== undefined) names.push(`${pod.metadata?.name}-${volume.name}`);
  }
  return names;
}

/** Ended, or being deleted with no container running. Upstream: IsPodTerminated in pkg/volume/util. @internal */
export function isTerminated(pod: Pod): boolean {
  const { phase, containerStatuses = [] } = pod.status ?? {};
  if (phase === 'Succeeded' || phase === 'Failed') return true;
  return pod.metadata?.deletionTimestamp !== undefined && containerStatuses.every(({ state }) => state?.terminated !== undefined || state?.waiting !== undefined);
}

/** Volumes with fewer access modes first, then smaller ones, then by name: as one text. */
function rank(volume: PersistentVolume): string {
  const modes = String(volume.spec?.accessModes?.length ?? 0);
  return `${modes} ${String(nanosOf(volume.spec?.capacity?.['storage'])).padStart(40, '0')} ${volume.metadata?.name}`;
}

function requestOf(claim: PersistentVolumeClaim): bigint {
  return nanosOf(claim.spec?.resources?.requests?.['storage']);
}

function modeOf(object: PersistentVolume | PersistentVolumeClaim): string {
  return object.spec?.volumeMode ?? 'Filesystem';
}

function hasAccessModes(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (claim.spec?.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode) === true);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
