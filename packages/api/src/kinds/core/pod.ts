// core/v1 Pod.
import type { Pod, PodStatus } from '../../generated/types.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { withDefaults, withField } from '../../edit.ts';
import type { KubeObject } from '../../request.ts';
import { defaultPodSpec, defaultRequests } from './pod-spec/defaults.ts';
import { podCells, POD_COLUMNS } from './pod-columns.ts';

type StoredPod = Pod & KubeObject;

/** Quality of service class of a pod. Upstream: pkg/apis/core/v1/helper/qos/qos.go (1.37). @public */
export function qosClass(pod: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const isSet = (list: Readonly<Record<string, unknown>> | undefined): boolean => list !== undefined && (list['cpu'] !== undefined || list['memory'] !== undefined);
  if (!containers.some(({ resources }) => isSet(resources?.requests) || isSet(resources?.limits))) return 'BestEffort';
  const isGuaranteed = containers.every(({ resources }) => ['cpu', 'memory'].every((name) => resources?.limits?.[name] !== undefined && String(resources.requests?.[name] ?? resources.limits[name]) === String(resources.limits[name])));
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

/** Pod. @public */
export const podKind: KindDefinition = defineKind<StoredPod>({
  group: '', version: 'v1', kind: 'Pod', resource: 'pods', singular: 'pod', shortNames: ['po'], categories: ['all'], namespaced: true, hasGeneration: true,
  subresources: { status: true, binding: true, eviction: true, ephemeralcontainers: true, resize: true, log: true, exec: true, attach: true, portforward: true, proxy: true },
  deleteReturnsObject: true,
  default: (pod) => withField(pod, 'spec', withDefaults(defaultRequests(defaultPodSpec(pod.spec)), { enableServiceLinks: true })),
  prepareForCreate: (pod) => ({ ...pod, status: { phase: 'Pending', qosClass: qosClass(pod) } as PodStatus }),
  gracePeriodSeconds: (pod, requested) => {
    // Nobody runs a pod that is not scheduled or has ended.
    if ((pod.spec.nodeName ?? '') === '' || pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') return 0;
    const grace = requested ?? pod.spec.terminationGracePeriodSeconds ?? 30;
    return grace < 0 ? 1 : grace;
  },
  selectableFields: {
    'spec.nodeName': (pod) => pod.spec.nodeName ?? '', 'spec.restartPolicy': (pod) => pod.spec.restartPolicy ?? '', 'spec.schedulerName': (pod) => pod.spec.schedulerName ?? '',
    'spec.serviceAccountName': (pod) => pod.spec.serviceAccountName ?? '', 'spec.hostNetwork': (pod) => String(pod.spec.hostNetwork ?? false),
    'status.phase': (pod) => pod.status?.phase ?? '', 'status.podIP': (pod) => pod.status?.podIP ?? '', 'status.nominatedNodeName': (pod) => pod.status?.nominatedNodeName ?? '',
  },
  columns: POD_COLUMNS,
  cells: podCells,
  rowConditions: (pod) => {
    const phase = pod.status?.phase;
    if (phase !== 'Succeeded' && phase !== 'Failed') return [];
    return [{ type: 'Completed', status: 'True', reason: phase, message: phase === 'Succeeded' ? 'The pod has completed successfully.' : 'The pod failed.' }];
  },
});
