// core/v1 Pod.
import type { Container, Pod, PodStatus, Volume } from '../../generated/types.ts';
import { forbidden, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { deepFreeze, memoizeFrozen, withField } from '../../edit.ts';
import type { KubeObject } from '../../request.ts';
import { defaultSpecOfPod } from './pod-spec/defaults.ts';
import { validatePodSpec } from './pod-spec/validate.ts';
import { podWarnings } from './pod-spec/warnings.ts';
import { validatePodAnnotations, validateProfilesMatch } from './pod-annotations.ts';
import { podCells, POD_COLUMNS } from './pod-columns.ts';
import { prepareResize, validateResize } from './pod-resize.ts';
import { prepareStatus, validatePodStatus } from './pod-status.ts';
import { validateEphemeralUpdate, validateImageSpaces, validatePodUpdate } from './pod-update.ts';
import { qosClass } from './qos-class.ts';

type StoredPod = Pod & KubeObject;

const qosOfTemplate = memoizeFrozen((containers: readonly Container[]) => qosClass({ spec: { containers } } as Pod));

/** The class of a new pod. Pods of one template share the list of their containers. */
function qosOf(pod: StoredPod): ReturnType<typeof qosClass> {
  const { containers, initContainers, resources } = pod.spec;
  return containers === undefined || initContainers !== undefined || resources !== undefined ? qosClass(pod) : qosOfTemplate(containers);
}

/** The status of a new pod by its class: one object for all of them. */
const PENDING: Readonly<Record<ReturnType<typeof qosClass>, PodStatus>> = deepFreeze({
  Guaranteed: { phase: 'Pending', qosClass: 'Guaranteed' }, Burstable: { phase: 'Pending', qosClass: 'Burstable' }, BestEffort: { phase: 'Pending', qosClass: 'BestEffort' },
} as const);

const SPEC_PATH = fieldPath('spec');
const NONE: readonly FieldError[] = [];
const CONTAINERS_PATH = SPEC_PATH.child('containers');
const INIT_CONTAINERS_PATH = SPEC_PATH.child('initContainers');

const imageSpaces = memoizeFrozen((containers: readonly Container[]) => validateImageSpaces(containers, CONTAINERS_PATH));

function validate(pod: StoredPod, old: StoredPod | undefined): readonly FieldError[] {
  const { spec } = pod;
  const annotationErrors = pod.metadata.annotations === undefined ? NONE : validatePodAnnotations(pod, old);
  // A pod that only changed outside its spec was checked when it got that spec.
  if (old !== undefined && old.spec === spec) return annotationErrors;
  const specErrors = validatePodSpec(spec, SPEC_PATH);
  const regular = spec.containers === undefined ? NONE : imageSpaces(spec.containers);
  const spaces = spec.initContainers === undefined ? regular : [...regular, ...validateImageSpaces(spec.initContainers, INIT_CONTAINERS_PATH)];
  const tokens = spec.volumes === undefined || (spec.serviceAccountName ?? '') !== '' ? NONE : validateTokens(spec.volumes);
  const ofCreate = old === undefined ? validateNew(pod) : NONE;
  if (specErrors.length === 0 && spaces.length === 0 && annotationErrors.length === 0 && tokens.length === 0 && ofCreate.length === 0) return specErrors;
  return [...annotationErrors, ...specErrors, ...tokens, ...spaces, ...ofCreate];
}

/** Tokens are of a service account, which must be named. */
function validateTokens(volumes: readonly Volume[]): readonly FieldError[] {
  return volumes.flatMap((volume, index) => (volume.projected?.sources ?? []).flatMap((source, place) => (
    source.serviceAccountToken === undefined ? [] : [forbidden(SPEC_PATH.child('volumes').index(index).child('projected', 'sources').index(place).child('serviceAccountToken'), 'must not be specified when serviceAccountName is not set')])));
}

/** What only new pods must keep to. */
function validateNew(pod: StoredPod): readonly FieldError[] {
  const { spec } = pod;
  const errors: FieldError[] = [];
  if (spec.ephemeralContainers !== undefined && spec.ephemeralContainers.length > 0) errors.push(forbidden(SPEC_PATH.child('ephemeralContainers'), 'cannot be set on create'));
  if (spec.schedulingGates !== undefined && spec.schedulingGates.length > 0 && (spec.nodeName ?? '') !== '') errors.push(forbidden(SPEC_PATH.child('nodeName'), 'cannot be set until all schedulingGates have been cleared'));
  return pod.metadata.annotations === undefined ? errors : [...errors, ...validateProfilesMatch(pod)];
}

/** Of a write of ephemeral containers only they count. */
function withEphemeralContainers(pod: StoredPod, old: StoredPod): StoredPod {
  return { ...old, metadata: { ...old.metadata, resourceVersion: pod.metadata.resourceVersion }, spec: withField(old.spec, 'ephemeralContainers', pod.spec.ephemeralContainers) };
}

function withGateCondition(status: PodStatus, pod: StoredPod, time: string): PodStatus {
  if ((pod.spec.schedulingGates ?? []).length === 0) return status;
  const condition = { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates', lastProbeTime: null, lastTransitionTime: time };
  return { ...status, conditions: [condition as unknown as NonNullable<PodStatus['conditions']>[number]] };
}

/** Pod. @public */
export const podKind: KindDefinition = defineKind<StoredPod>({
  group: '', version: 'v1', kind: 'Pod', resource: 'pods', singular: 'pod', shortNames: ['po'], categories: ['all'], namespaced: true, hasGeneration: true,
  subresources: {
    status: { prepareForUpdate: prepareStatus, validateUpdate: validatePodStatus }, binding: true, eviction: true,
    ephemeralcontainers: { prepareForUpdate: withEphemeralContainers, validateUpdate: (pod, old) => [...validate(pod, old), ...validateEphemeralUpdate(pod, old)] },
    resize: { prepareForUpdate: prepareResize, validateUpdate: (pod, old) => [...validate(pod, old), ...validateResize(pod, old)] },
    log: true, exec: true, attach: true, portforward: true, proxy: true,
  },
  deleteReturnsObject: true,
  defaultsSpecAlone: true,
  default: (pod) => withField(pod, 'spec', defaultSpecOfPod(pod.spec)),
  prepareForCreate: (pod, { time }) => ({ ...pod, status: withGateCondition(PENDING[qosOf(pod)], pod, time) }),
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
