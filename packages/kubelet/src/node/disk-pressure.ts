// A full disk and what the kubelet makes of it. Sources: eviction/eviction_manager.go, eviction/helpers.go (1.37). How full it is is told, not measured.
import type { Pod } from '@kubesim/api';
import type { OrderedMap } from '@kubesim/kernel';
import type { PodWorkerState } from '../pod/pod-worker-state.ts';
import type { Rejection } from './admission.ts';

/** How often the eviction manager looks. Upstream: evictionMonitoringPeriod. */
export const EVICTION_CHECK_MS = 10_000;
/** A pressure that is over is reported for so long. Upstream: the default of evictionPressureTransitionPeriod. */
export const PRESSURE_TRANSITION_MS = 300_000;

/** What a pod is told that has to go. */
export const LOW_DISK_MESSAGE = 'The node was low on resource: ephemeral-storage. ';
/** Why an image cannot be pulled, or written to disk once it is. */
export const NO_SPACE = 'failed to pull and unpack image: failed to copy: write /var/lib/containerd/io.containerd.content.v1.content/ingest: no space left on device';

const CRITICAL_PRIORITY = 2_000_000_000;

/** Whether neither pressure nor shutdown of a node turns the pod away at first. Upstream: kubelet/types IsCriticalPod. */
export function isCritical(pod: Pod): boolean {
  return (pod.spec?.priority ?? 0) >= CRITICAL_PRIORITY;
}

/** A node under pressure takes critical pods alone: best effort or not, a disk that is full is full. */
export function pressureRejection(pod: Pod): Rejection | undefined {
  return isCritical(pod) ? undefined : { reason: 'Evicted', message: 'The node had condition: [DiskPressure]. ' };
}

/** The pods that may be evicted, the first one first: by priority, then by uid. Upstream goes on by how much each uses, which is not known here. */
export function evictable(workers: OrderedMap<PodWorkerState>): readonly string[] {
  const found: { readonly uid: string; readonly priority: number }[] = [];
  workers.forEach(({ pod, mode }, uid) => {
    if (mode === 'sync' && !isCritical(pod)) found.push({ uid, priority: pod.spec?.priority ?? 0 });
  });
  return found.sort((one, other) => one.priority - other.priority || (one.uid < other.uid ? -1 : 1)).map(({ uid }) => uid);
}

/** Images that no container runs from. */
export function unusedImages(images: Iterable<string>, workers: OrderedMap<PodWorkerState>): readonly string[] {
  const used = new Set<string>();
  workers.forEach(({ pod }) => {
    for (const { image } of [...pod.spec?.initContainers ?? [], ...pod.spec?.containers ?? []]) used.add(image ?? '');
  });
  return [...images].filter((image) => !used.has(image));
}
