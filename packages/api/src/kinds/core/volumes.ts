// core/v1 PersistentVolumeClaim and PersistentVolume.
import type { PersistentVolume, PersistentVolumeClaim } from '../../generated/types.ts';
import { withDefaults, withField } from '../../edit.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import type { KubeObject } from '../../request.ts';
import { ageCell } from '../../table/cells.ts';

const MODES: Readonly<Record<string, string>> = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' };

function modes(list: readonly string[] | undefined): string {
  return (list ?? []).map((mode) => MODES[mode] ?? mode).join(',');
}

/** PersistentVolumeClaim. @public */
export const persistentVolumeClaimKind: KindDefinition = defineKind<PersistentVolumeClaim & KubeObject>({
  group: '', version: 'v1', kind: 'PersistentVolumeClaim', resource: 'persistentvolumeclaims', singular: 'persistentvolumeclaim', shortNames: ['pvc'], namespaced: true,
  subresources: { status: true },
  default: (claim) => withField(claim, 'spec', withDefaults(claim.spec, { volumeMode: 'Filesystem' })),
  prepareForCreate: (claim) => ({ ...claim, status: { phase: 'Pending' } as PersistentVolumeClaim['status'] }),
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Status', type: 'string' }, { name: 'Volume', type: 'string' }, { name: 'Capacity', type: 'string' }, { name: 'Access Modes', type: 'string' }, { name: 'StorageClass', type: 'string' },
    { name: 'VolumeAttributesClass', type: 'string' }, { name: 'Age', type: 'string' }, { name: 'VolumeMode', type: 'string', priority: 1 },
  ],
  cells: (claim, now) => {
    const isBound = (claim.spec.volumeName ?? '') !== '';
    return [
      claim.metadata.name, claim.metadata.deletionTimestamp === undefined ? claim.status?.phase ?? '' : 'Terminating', claim.spec.volumeName ?? '', isBound ? String(claim.status?.capacity?.['storage'] ?? '') : '', isBound ? modes(claim.status?.accessModes) : '',
      claim.spec.storageClassName ?? '', claim.spec.volumeAttributesClassName ?? '<unset>', ageCell(claim, now), claim.spec.volumeMode ?? '<unset>',
    ];
  },
});

/** PersistentVolume. @public */
export const persistentVolumeKind: KindDefinition = defineKind<PersistentVolume & KubeObject>({
  group: '', version: 'v1', kind: 'PersistentVolume', resource: 'persistentvolumes', singular: 'persistentvolume', shortNames: ['pv'], namespaced: false,
  subresources: { status: true },
  default: (volume) => withField(volume, 'spec', withDefaults(volume.spec, { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' })),
  prepareForCreate: (volume) => ({ ...volume, status: { phase: 'Pending' } as PersistentVolume['status'] }),
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Capacity', type: 'string' }, { name: 'Access Modes', type: 'string' }, { name: 'Reclaim Policy', type: 'string' }, { name: 'Status', type: 'string' }, { name: 'Claim', type: 'string' }, { name: 'StorageClass', type: 'string' },
    { name: 'VolumeAttributesClass', type: 'string' }, { name: 'Reason', type: 'string' }, { name: 'Age', type: 'string' }, { name: 'VolumeMode', type: 'string', priority: 1 },
  ],
  cells: (volume, now) => {
    const claim = volume.spec.claimRef;
    return [
      volume.metadata.name, String(volume.spec.capacity?.['storage'] ?? ''), modes(volume.spec.accessModes), volume.spec.persistentVolumeReclaimPolicy ?? '', volume.metadata.deletionTimestamp === undefined ? volume.status?.phase ?? '' : 'Terminating',
      claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`, volume.spec.storageClassName ?? '', volume.spec.volumeAttributesClassName ?? '<unset>', volume.status?.reason ?? '', ageCell(volume, now), volume.spec.volumeMode ?? '<unset>',
    ];
  },
});
