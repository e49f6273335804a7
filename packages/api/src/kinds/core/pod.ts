// core/v1 Pod.
import type { Container, Pod, PodStatus } from '../../generated/types.ts';
import { forbidden, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { withField } from '../../edit.ts';
import type { KubeObject } from '../../request.ts';
import { defaultSpecOfPod } from './pod-spec/defaults.ts';
import { validatePodSpec } from './pod-spec/validate.ts';
import { podWarnings } from './pod-spec/warnings.ts';
import { podCells, POD_COLUMNS } from './pod-columns.ts';
import { validateEphemeralUpdate, validateImageSpaces, validatePodUpdate } from './pod-update.ts';

type StoredPod = Pod & KubeObject;

/** Quality of service class of a pod. Upstream: pkg/apis/core/v1/helper/qos/qos.go (1.37). @public */
export function qosClass(pod: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...(pod.spec.containers ?? []), ...(pod.spec.initContainers ?? [])];
  const isSet = (list: Readonly<Record<string, unknown>> | undefined): boolean => list !== undefined && (list['cpu'] !== undefined || list['memory'] !== undefined);
  if (!containers.some(({ resources }) => isSet(resources?.requests) || isSet(resources?.limits))) return 'BestEffort';
  const isGuaranteed = containers.every(({ resources }) => ['cpu', 'memory'].every((name) => resources?.limits?.[name] !== undefined && String(resources.requests?.[name] ?? resources.limits[name]) === String(resources.limits[name])));
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

const SPEC_PATH = fieldPath('spec');

function validate(pod: StoredPod, old: StoredPod | undefined): readonly FieldError[] {
  const { spec } = pod;
  // A pod that only changed outside its spec was checked when it got that spec.
  if (old !== undefined && old.spec === spec) return [];
  const specErrors = validatePodSpec(spec, SPEC_PATH);
  const spaces = [...validateImageSpaces(spec.containers, SPEC_PATH.child('containers')), ...validateImageSpaces(spec.initContainers, SPEC_PATH.child('initContainers'))];
  const isEarly = old === undefined && (spec.ephemeralContainers ?? []).length > 0;
  if (specErrors.length === 0 && spaces.length === 0 && !isEarly) return specErrors;
  return [...specErrors, ...spaces, ...(isEarly ? [forbidden(SPEC_PATH.child('ephemeralContainers'), 'cannot be set on create')] : [])];
}

/** Of a write of ephemeral containers only they count. */
function withEphemeralContainers(pod: StoredPod, old: StoredPod): StoredPod {
  return { ...old, metadata: { ...old.metadata, resourceVersion: pod.metadata.resourceVersion }, spec: withField(old.spec, 'ephemeralContainers', pod.spec.ephemeralContainers) };
}

/** Of a resize only the resources of the containers that are there count. */
function withResources(pod: StoredPod, old: StoredPod): StoredPod {
  const resized = (next: readonly Container[] | undefined, before: readonly Container[]): readonly Container[] => before.map((container) => {
    const other = next?.find(({ name }) => name === container.name);
    return other === undefined ? container : withField(withField(container, 'resources', other.resources), 'resizePolicy', other.resizePolicy);
  });
  const spec = withField(old.spec, 'containers', resized(pod.spec.containers, old.spec.containers));
  return { ...old, metadata: { ...old.metadata, resourceVersion: pod.metadata.resourceVersion }, spec: spec.initContainers === undefined ? spec : withField(spec, 'initContainers', resized(pod.spec.initContainers, spec.initContainers)) };
}

function withGateCondition(status: PodStatus, pod: StoredPod, time: string): PodStatus {
  if ((pod.spec.schedulingGates ?? []).length === 0) return status;
  const condition = { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates', lastProbeTime: null, lastTransitionTime: time };
  return { ...status, conditions: [condition as unknown as NonNullable<PodStatus['conditions']>[number]] };
}

/** Pod. @public */
export const podKind: KindDefinition = defineKind<StoredPod>({
  group: '', version: 'v1', kind: 'Pod', resource: 'pods', singular: 'pod', shortNames: ['po'], categories: ['all'], namespaced: true, hasGeneration: true,
  subresources: { status: true, binding: true, eviction: true, ephemeralcontainers: { prepareForUpdate: withEphemeralContainers, validateUpdate: (pod, old) => [...validate(pod, old), ...validateEphemeralUpdate(pod, old)] }, resize: { prepareForUpdate: withResources, validateUpdate: validate }, log: true, exec: true, attach: true, portforward: true, proxy: true },
  deleteReturnsObject: true,
  default: (pod) => withField(pod, 'spec', defaultSpecOfPod(pod.spec)),
  prepareForCreate: (pod, { time }) => ({ ...pod, status: withGateCondition({ phase: 'Pending', qosClass: qosClass(pod) } as PodStatus, pod, time) }),
  validateCreate: (pod, { old }) => validate(pod, old as StoredPod | undefined),
  validateUpdate: validatePodUpdate,
  // Updates of pods are many and made by machines: upstream warns of new pods only.
  warnings: (pod, old) => (old === undefined ? podWarnings(pod) : []),
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
