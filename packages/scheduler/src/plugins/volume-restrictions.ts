// VolumeRestrictions: disks that one node or one pod may use. Upstream: plugins/volumerestrictions (1.37).
import type { Pod, Volume } from '@kubesim/api';
import { unschedulable, type SchedulerPlugin } from '../framework.ts';
import { claimNamed, claimUses } from './volume-claims.ts';

const NAME = 'VolumeRestrictions';

/** Whether two volumes are one disk that cannot be shared. */
function conflict(a: Volume, b: Volume): boolean {
  const isReadOnly = (one: { readonly readOnly?: boolean }, other: { readonly readOnly?: boolean }): boolean => one.readOnly === true && other.readOnly === true;
  if (a.gcePersistentDisk !== undefined && b.gcePersistentDisk !== undefined) {
    if (a.gcePersistentDisk.pdName === b.gcePersistentDisk.pdName && !isReadOnly(a.gcePersistentDisk, b.gcePersistentDisk)) return true;
  }
  if (a.awsElasticBlockStore !== undefined && a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore?.volumeID) return true;
  if (a.iscsi !== undefined && b.iscsi !== undefined && a.iscsi.iqn === b.iscsi.iqn && !isReadOnly(a.iscsi, b.iscsi)) return true;
  if (a.rbd !== undefined && b.rbd !== undefined && a.rbd.image === b.rbd.image && (a.rbd.pool ?? 'rbd') === (b.rbd.pool ?? 'rbd')
    && a.rbd.monitors.some((monitor) => b.rbd?.monitors.includes(monitor)) && !isReadOnly(a.rbd, b.rbd)) return true;
  return false;
}

/** Refuses nodes whose disks clash, and every node while a ReadWriteOncePod claim is in use. @public */
export const volumeRestrictions: SchedulerPlugin = {
  name: NAME,
  preFilter: ({ pod, listers, data, snapshot }) => {
    const namespace = pod.metadata?.namespace ?? '';
    const volumes = (pod.spec?.volumes ?? []).filter((volume) => volume.gcePersistentDisk ?? volume.awsElasticBlockStore ?? volume.iscsi ?? volume.rbd);
    const exclusive = claimUses(pod).filter(({ name }) => claimNamed(listers, namespace, name)?.spec?.accessModes?.includes('ReadWriteOncePod')).map(({ name }) => name);
    if (volumes.length + exclusive.length === 0) return { skip: true };
    const uses = (other: Pod): boolean => other.metadata?.namespace === namespace && claimUses(other).some(({ name }) => exclusive.includes(name));
    const isInUse = exclusive.length > 0 && snapshot.list.some(({ pods }) => pods.some(uses));
    data.set(NAME, { volumes, isInUse });
    return {};
  },
  filter: ({ data }, { pods }) => {
    const { volumes, isInUse } = data.get(NAME) as { volumes: readonly Volume[]; isInUse: boolean };
    for (const other of pods) {
      for (const theirs of other.spec?.volumes ?? []) {
        if (volumes.some((volume) => conflict(volume, theirs))) return unschedulable('node(s) had no available disk');
      }
    }
    return isInUse
      ? unschedulable('node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod') : undefined;
  },
  hint: (_pod, { resource, after }) => (resource === 'pods' && after === undefined) || resource === 'persistentvolumeclaims',
};
