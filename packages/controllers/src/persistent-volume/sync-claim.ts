// One look at a claim: bind it, have a volume made for it, or say why it waits.
// Upstream: syncClaim in pkg/controller/volume/persistentvolume/pv_controller.go (1.37).
import type { KubeObject, PersistentVolume, PersistentVolumeClaim, StorageClass } from '@kubesim/api';
import type { Calling, ReconcileContext, ReconcileResult } from '@kubesim/client';
import { bind, updateClaim, updateClaimStatus } from './bind.ts';
import { annotation, BIND_COMPLETED, BOUND_BY_CONTROLLER, classOfClaim, defaultClass, findBestMatch, isVolumeBoundToClaim, SELECTED_NODE, unscheduledPodsOf, volumeMismatch } from './claims-and-volumes.ts';
import { provisionClaim } from './provision.ts';

/** Every 15 s all claims and volumes are looked at again. Upstream: PVClaimBinderSyncPeriod (1.37). @internal */
export const RESYNC_MS = 15_000;

type Plan =
  | { readonly do: 'nothing' }
  | { readonly do: 'bind'; readonly claim: PersistentVolumeClaim; readonly volume: PersistentVolume }
  | { readonly do: 'provision'; readonly claim: PersistentVolumeClaim; readonly storageClass: StorageClass | null }
  | { readonly do: 'class'; readonly claim: PersistentVolumeClaim }
  | { readonly do: 'fail'; readonly error: string }
  | { readonly do: 'wait'; readonly claim: PersistentVolumeClaim; readonly reason?: string; readonly message?: string; readonly type?: 'Normal' | 'Warning' }
  | { readonly do: 'lose'; readonly claim: PersistentVolumeClaim; readonly reason: string; readonly message: string };

/** Looks at one claim. @internal */
export function* syncClaim(context: ReconcileContext, namespace: string, name: string): Calling<ReconcileResult> {
  const plan = context.decide(() => decide(context, namespace, name));
  const subject = `persistentvolumeclaim/${name}`;
  switch (plan.do) {
    case 'nothing': return undefined;
    case 'fail': return { error: plan.error };
    case 'bind': {
      const error = yield* bind(plan.volume, plan.claim);
      if (error !== undefined) return { error: error.message };
      context.explain(subject, { rule: 'PV2', message: `is bound to ${plan.volume.metadata?.name}` });
      return undefined;
    }
    case 'class': {
      const { error } = yield* updateClaim(plan.claim);
      return error === undefined ? undefined : { error: error.message };
    }
    case 'provision': {
      const result = yield* provisionClaim(context, plan.claim, plan.storageClass);
      resync(context);
      return result;
    }
    case 'wait': {
      if (plan.reason !== undefined && plan.message !== undefined) {
        context.event({ about: plan.claim as KubeObject, type: plan.type ?? 'Normal', reason: plan.reason, message: plan.message });
        context.explain(subject, { rule: 'PV3', message: plan.message });
      }
      resync(context);
      const { error } = yield* updateClaimStatus(plan.claim, 'Pending', undefined);
      return error === undefined ? undefined : { error: error.message };
    }
    case 'lose': {
      const isNew = plan.claim.status?.phase !== 'Lost';
      const { error } = yield* updateClaimStatus(plan.claim, 'Lost', undefined);
      if (error !== undefined) return { error: error.message };
      if (isNew) context.event({ about: plan.claim as KubeObject, type: 'Warning', reason: plan.reason, message: plan.message });
      return undefined;
    }
  }
}

function decide(context: ReconcileContext, namespace: string, name: string): Plan {
  const claim = context.lister<PersistentVolumeClaim>('persistentvolumeclaims').get(namespace, name);
  if (claim === undefined) return { do: 'nothing' };
  return annotation(claim, BIND_COMPLETED) === undefined ? decideUnbound(context, claim) : decideBound(context, claim);
}

function decideUnbound(context: ReconcileContext, claim: PersistentVolumeClaim): Plan {
  const volumes = context.lister<PersistentVolume>('persistentvolumes');
  const volumeName = claim.spec?.volumeName ?? '';
  if (volumeName !== '') return decideNamed(claim, volumes.get('', volumeName), volumeName);
  const classes = context.lister<StorageClass>('storageclasses.storage.k8s.io');
  const className = classOfClaim(claim);
  const storageClass = className === '' ? undefined : classes.get('', className);
  const isWaiting = storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
  const isDelayed = isWaiting && annotation(claim, SELECTED_NODE) === undefined;
  // A volume made for the claim is looked up by its name; the others only if need be.
  const made = volumes.get('', `pvc-${claim.metadata?.uid}`);
  const volume = made !== undefined && isVolumeBoundToClaim(made, claim) ? made : findBestMatch(claim, volumes.list(), isDelayed);
  if (volume !== undefined) return { do: 'bind', claim, volume };
  if (claim.spec?.storageClassName === undefined && className === '') {
    const chosen = defaultClass(classes.list())?.metadata?.name;
    // [PV7] A class may come to be the default later.
    if (chosen !== undefined) return { do: 'class', claim: { ...claim, spec: { ...claim.spec, storageClassName: chosen } } as PersistentVolumeClaim };
  }
  if (isDelayed) {
    const pods = unscheduledPodsOf(context, claim);
    if (pods.length === 0) return { do: 'wait', claim, reason: 'WaitForFirstConsumer', message: 'waiting for first consumer to be created before binding' };
    const message = pods.length > 1 ? `waiting for pods ${pods.join(',')} to be scheduled` : `waiting for pod ${pods[0]} to be scheduled`;
    return { do: 'wait', claim, reason: 'WaitForPodScheduled', message };
  }
  if (className !== '') return { do: 'provision', claim, storageClass: storageClass ?? null };
  return { do: 'wait', claim, reason: 'FailedBinding', message: 'no persistent volumes available for this claim and no storage class is set' };
}

/** [PV4] The claim asks for a volume by name. */
function decideNamed(claim: PersistentVolumeClaim, volume: PersistentVolume | undefined, volumeName: string): Plan {
  if (volume === undefined) return { do: 'wait', claim };
  if (volume.spec?.claimRef === undefined) {
    const mismatch = volumeMismatch(volume, claim);
    if (mismatch === undefined) return { do: 'bind', claim, volume };
    return { do: 'wait', claim, type: 'Warning', reason: 'VolumeMismatch', message: `Cannot bind to requested volume "${volumeName}": ${mismatch}` };
  }
  if (isVolumeBoundToClaim(volume, claim)) return { do: 'bind', claim, volume };
  if (annotation(claim, BOUND_BY_CONTROLLER) === undefined) {
    return { do: 'wait', claim, type: 'Warning', reason: 'FailedBinding', message: `volume "${volumeName}" already bound to a different claim.` };
  }
  return { do: 'fail', error: `invalid binding of claim "${claim.metadata?.namespace}/${claim.metadata?.name}" to volume "${volumeName}": volume already claimed by "${volume.spec.claimRef.namespace}/${volume.spec.claimRef.name}"` };
}

/** [PV5] The claim is bound for good: it stays so, or it is lost. */
function decideBound(context: ReconcileContext, claim: PersistentVolumeClaim): Plan {
  const volumeName = claim.spec?.volumeName ?? '';
  if (volumeName === '') return { do: 'lose', claim, reason: 'ClaimLost', message: 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!' };
  const volume = context.lister<PersistentVolume>('persistentvolumes').get('', volumeName);
  if (volume === undefined) return { do: 'lose', claim, reason: 'ClaimLost', message: 'Bound claim has lost its PersistentVolume. Data on the volume is lost!' };
  const ref = volume.spec?.claimRef;
  if (ref === undefined || ref.uid === claim.metadata?.uid) return { do: 'bind', claim, volume };
  return { do: 'lose', claim, reason: 'ClaimMisbound', message: 'Two claims are bound to the same volume, this one is bound incorrectly' };
}

/** [PV9] So long until the next round. @internal */
export function nextRoundMs(now: number): number {
  return RESYNC_MS - (now % RESYNC_MS);
}

function resync(context: ReconcileContext): void {
  context.enqueueAfter('resync', nextRoundMs(context.clock), { quietUntil: Infinity });
}
