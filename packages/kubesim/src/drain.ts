// Which pods a drain takes, as kubectl chooses them. Upstream: staging/src/k8s.io/kubectl/pkg/drain/filters.go (1.37).
import type { KubeObject } from '@kubesim/api';

/** Options of a drain, by kubectl's names. @public */
export interface DrainOptions {
  /** Also pods that no controller will make again. */
  readonly force?: boolean;
  /** Also pods with emptyDir volumes, whose data goes with them. */
  readonly deleteEmptyDirData?: boolean;
  /** Pods of DaemonSets stay; true unless told otherwise, as they would come back at once. */
  readonly ignoreDaemonSets?: boolean;
  readonly gracePeriodSeconds?: number;
}

/** Pods to evict, and why the drain may not begin. @internal */
export function choosePods(pods: readonly KubeObject[], options: DrainOptions): { readonly evict: readonly KubeObject[]; readonly problems: readonly string[] } {
  const evict: KubeObject[] = [];
  const problems: string[] = [];
  for (const pod of pods) {
    const name = `${pod.metadata.namespace}/${pod.metadata.name}`;
    const owner = pod.metadata.ownerReferences?.find((each) => each.controller === true);
    const phase = pod['status']?.phase as string | undefined;
    if (pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) continue;
    if (phase === 'Succeeded' || phase === 'Failed') {
      evict.push(pod);
      continue;
    }
    if (owner?.kind === 'DaemonSet') {
      if (options.ignoreDaemonSets === false) problems.push(`cannot delete DaemonSet-managed Pods (use ignoreDaemonSets to ignore): ${name}`);
      continue;
    }
    const volumes = (pod['spec']?.volumes ?? []) as readonly { readonly emptyDir?: object }[];
    if (volumes.some((volume) => volume.emptyDir !== undefined) && options.deleteEmptyDirData !== true) {
      problems.push(`cannot delete Pods with local storage (use deleteEmptyDirData to override): ${name}`);
    } else if (owner === undefined && options.force !== true) {
      problems.push(`cannot delete Pods that declare no controller (use force to override): ${name}`);
    } else evict.push(pod);
  }
  return { evict, problems };
}
