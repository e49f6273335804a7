// NodeVolumeLimits: how many volumes of a CSI driver a node takes. Upstream: plugins/nodevolumelimits/csi.go (1.37).
import type { CSINode, Pod } from '@kubesim/api';
import { unschedulable, type SchedulerListers, type SchedulerPlugin } from '../framework.ts';
import { claimNamed, claimUses, classOf, volumeNamed } from './volume-claims.ts';

/** Handles of CSI volumes by driver; a claim without a volume counts under its own name with the driver of its class. */
function handles(listers: SchedulerListers, pod: Pod, into: Map<string, Set<string>>): void {
  const namespace = pod.metadata?.namespace ?? '';
  for (const { name } of claimUses(pod)) {
    const claim = claimNamed(listers, namespace, name);
    if (claim === undefined) continue;
    const volumeName = claim.spec?.volumeName ?? '';
    const csi = volumeName === '' ? undefined : volumeNamed(listers, volumeName)?.spec?.csi;
    const driver = csi?.driver ?? (volumeName === '' ? classOf(listers, claim)?.provisioner : undefined);
    if (driver === undefined) continue;
    const known = into.get(driver);
    const handle = csi?.volumeHandle ?? `${namespace}/${name}`;
    if (known === undefined) into.set(driver, new Set([handle]));
    else known.add(handle);
  }
}

/** Refuses nodes that would hold more volumes of a driver than their CSINode allows. @public */
export const nodeVolumeLimits: SchedulerPlugin = {
  name: 'NodeVolumeLimits',
  preFilter: ({ pod }) => ({ skip: claimUses(pod).length === 0 }),
  filter: ({ pod, listers }, { name, pods }) => {
    const drivers = listers.lister<CSINode>('csinodes.storage.k8s.io')?.get('', name)?.spec.drivers ?? [];
    if (drivers.every((driver) => driver.allocatable?.count === undefined)) return undefined;
    const own = new Map<string, Set<string>>();
    handles(listers, pod, own);
    const used = new Map<string, Set<string>>();
    for (const other of pods) handles(listers, other, used);
    for (const { name: driver, allocatable } of drivers) {
      const wanted = own.get(driver);
      if (wanted === undefined || allocatable?.count === undefined) continue;
      const all = new Set([...used.get(driver) ?? [], ...wanted]);
      const added = all.size - (used.get(driver)?.size ?? 0);
      if (added > 0 && all.size > allocatable.count) return unschedulable('node(s) exceed max volume count');
    }
    return undefined;
  },
  hint: (_pod, { resource, after }) => (resource === 'pods' && after === undefined) || resource !== 'nodes',
};
