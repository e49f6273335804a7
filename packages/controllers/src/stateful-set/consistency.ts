// The guard against stale caches: no sync of a set while a cache is behind what this controller wrote for it.
// Upstream: pkg/controller/util/consistency, gate StaleControllerConsistencyStatefulSet (1.36). Revisions are not tracked.
import type { ApiCall, KubeObject, ResourceName } from '@kubesim/api';
import type { Epoch, OrderedMap } from '@kubesim/kernel';

/** Newest resourceVersion written per resource, by uid of the set. @internal */
export type Writes = OrderedMap<Readonly<Partial<Record<TrackedResource, number>>>>;

/** Resources whose caches must have caught up. @internal */
export type TrackedResource = 'pods' | 'persistentvolumeclaims' | 'statefulsets.apps';

const TRACKED: readonly TrackedResource[] = ['pods', 'persistentvolumeclaims', 'statefulsets.apps'];

/** Notes a write that succeeded. Deletes answer with no version and are not noted. @internal */
export function noteWrite(epoch: Epoch, writes: Writes, uid: string, call: ApiCall, object: KubeObject): Writes {
  const resource = TRACKED.find((tracked) => tracked === call.resource);
  if (resource === undefined || call.verb === 'delete') return writes;
  const version = Number(object.metadata.resourceVersion ?? 0);
  const noted = writes.get(uid);
  return (noted?.[resource] ?? 0) >= version ? writes : writes.set(epoch, uid, { ...noted, [resource]: version });
}

/** The first resource whose cache is behind; `cachedVersion` undefined where the cache cannot say. @internal */
export function staleResource(
  writes: Writes, uid: string, cachedVersion: (resource: ResourceName) => number | undefined,
): TrackedResource | undefined {
  const noted = writes.get(uid);
  if (noted === undefined) return undefined;
  return TRACKED.find((resource) => {
    const cached = cachedVersion(resource) ?? Infinity;
    return cached < (noted[resource] ?? 0);
  });
}
