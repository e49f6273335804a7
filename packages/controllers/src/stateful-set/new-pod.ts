// The pod of an ordinal, as a revision makes it.
// Upstream: newStatefulSetPod and newVersionedStatefulSetPod in pkg/controller/statefulset/stateful_set_utils.go (1.37).
import type { Pod, StatefulSet } from '@kubesim/api';
import { newControllerRef } from '@kubesim/client';
import {
  POD_INDEX_LABEL, POD_NAME_LABEL, REVISION_LABEL, STATEFUL_SET_KIND, podName, volumesWithClaims,
} from './identity.ts';

/** A pod template as a set or a revision carries it. @internal */
export type PodTemplate = StatefulSet['spec']['template'];

/** A pod that is not created yet: no uid, no phase. @internal */
export function newStatefulSetPod(set: StatefulSet, template: PodTemplate, revisionName: string, ordinal: number): Pod {
  const setName = set.metadata.name;
  const name = podName(setName, ordinal);
  const { annotations, finalizers, labels } = template.metadata ?? {};
  const volumes = volumesWithClaims(set, ordinal, template.spec?.volumes);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      generateName: `${setName}-`,
      namespace: set.metadata.namespace,
      labels: { ...labels, [POD_NAME_LABEL]: name, [POD_INDEX_LABEL]: String(ordinal), [REVISION_LABEL]: revisionName },
      annotations,
      finalizers,
      ownerReferences: [newControllerRef(set, STATEFUL_SET_KIND)],
    },
    spec: {
      ...(template.spec as Pod['spec']),
      hostname: name,
      subdomain: set.spec.serviceName === '' ? undefined : set.spec.serviceName,
      volumes: volumes !== undefined && volumes.length > 0 ? volumes : undefined,
    },
  } as unknown as Pod;
}
