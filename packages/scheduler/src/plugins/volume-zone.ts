// VolumeZone: zone and region labels of volumes. Upstream: plugins/volumezone (1.37).
import { unresolvable, type SchedulerPlugin } from '../framework.ts';
import { claimNamed, claimUses, volumeNamed } from './volume-claims.ts';

const NAME = 'VolumeZone';
const KEYS: readonly string[] = [
  'topology.kubernetes.io/zone', 'topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/region',
];
const PREFIX_NEW = 'topology.kubernetes.io/';
const PREFIX_OLD = 'failure-domain.beta.kubernetes.io/';

interface Zone { readonly key: string; readonly values: readonly string[] }

/** Refuses nodes outside the zones that the pod's bound volumes name. @public */
export const volumeZone: SchedulerPlugin = {
  name: NAME,
  preFilter: ({ pod, listers, data }) => {
    const zones: Zone[] = [];
    for (const { name } of claimUses(pod)) {
      const volumeName = claimNamed(listers, pod.metadata?.namespace ?? '', name)?.spec?.volumeName ?? '';
      const labels = volumeName === '' ? undefined : volumeNamed(listers, volumeName)?.metadata?.labels;
      for (const key of KEYS) {
        const value = labels?.[key];
        if (value !== undefined) zones.push({ key, values: value.split('__') });
      }
    }
    data.set(NAME, zones);
    return { skip: zones.length === 0 };
  },
  filter: ({ data }, { node }) => {
    const labels = node.metadata?.labels ?? {};
    // A node that has no zone at all is in every zone.
    if (!KEYS.some((key) => Object.hasOwn(labels, key))) return undefined;
    for (const { key, values } of data.get(NAME) as readonly Zone[]) {
      // A volume with the old label may go to a node with the new one; not the other way round.
      const value = labels[key] ?? labels[key.replace(PREFIX_OLD, PREFIX_NEW)];
      if (value === undefined || !values.includes(value)) return unresolvable('node(s) had no available volume zone');
    }
    return undefined;
  },
  hint: (_pod, { resource, before }) => resource !== 'pods' && (resource !== 'nodes' || before === undefined),
};
