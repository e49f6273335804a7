// The claims of a pod, read through the caches. Upstream: plugins/volumebinding/binder.go (1.37).
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '@kubesim/api';
import { unresolvable, type Refusal, type SchedulerListers } from '../framework.ts';

/** A name of a claim that a pod uses, and whether it is an ephemeral volume's. @internal */
export interface ClaimUse { readonly name: string; readonly isEphemeral: boolean }

/** @internal */
export function claimUses(pod: Pod): readonly ClaimUse[] {
  const uses: ClaimUse[] = [];
  for (const volume of pod.spec?.volumes ?? []) {
    if (volume.persistentVolumeClaim !== undefined) uses.push({ name: volume.persistentVolumeClaim.claimName, isEphemeral: false });
    else if (volume.ephemeral !== undefined) uses.push({ name: `${pod.metadata?.name ?? ''}-${volume.name}`, isEphemeral: true });
  }
  return uses;
}

/** @internal */
export function claimNamed(listers: SchedulerListers, namespace: string, name: string): PersistentVolumeClaim | undefined {
  return listers.lister<PersistentVolumeClaim>('persistentvolumeclaims')?.get(namespace, name);
}

/** @internal */
export function volumeNamed(listers: SchedulerListers, name: string): PersistentVolume | undefined {
  return listers.lister<PersistentVolume>('persistentvolumes')?.get('', name);
}

/** @internal */
export function classOf(listers: SchedulerListers, claim: PersistentVolumeClaim): StorageClass | undefined {
  const name = className(claim);
  return name === '' ? undefined : listers.lister<StorageClass>('storageclasses.storage.k8s.io')?.get('', name);
}

/** @internal */
export function className(claim: PersistentVolumeClaim): string {
  return claim.metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? claim.spec?.storageClassName ?? '';
}

/** Whether the binder has finished with a claim. @internal */
export function isBound(claim: PersistentVolumeClaim): boolean {
  return (claim.spec?.volumeName ?? '') !== '' && claim.metadata?.annotations?.['pv.kubernetes.io/bind-completed'] !== undefined;
}

/** The refusal of a pod whose claims are not all there. @internal */
export function missingClaims(listers: SchedulerListers, pod: Pod): Refusal | undefined {
  const namespace = pod.metadata?.namespace ?? '';
  for (const { name, isEphemeral } of claimUses(pod)) {
    const claim = claimNamed(listers, namespace, name);
    if (claim === undefined) {
      return unresolvable(isEphemeral ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
        : `persistentvolumeclaim "${name}" not found`);
    }
    if (claim.status?.phase === 'Lost') {
      return unresolvable(`persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ''}"`);
    }
    if (claim.metadata?.deletionTimestamp !== undefined) return unresolvable(`persistentvolumeclaim "${name}" is being deleted`);
    if (isEphemeral && !claim.metadata?.ownerReferences?.some((owner) => owner.controller === true && owner.uid === pod.metadata?.uid)) {
      return unresolvable(`PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata?.name ?? ''} (pod is not owner)`);
    }
  }
  return undefined;
}
