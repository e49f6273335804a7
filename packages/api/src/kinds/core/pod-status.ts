// What a write of a pod's status may say. Upstream: pkg/registry/core/pod/strategy.go podStatusStrategy,
// pkg/apis/core/validation/validation.go ValidatePodStatusUpdate (1.37).
import { withField } from '../../edit.ts';
import { duplicate, forbidden, invalid, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import type { ContainerStatus, Pod, PodSpec, PodStatus } from '../../generated/types.ts';
import { parseIp, validateIp } from '../../names/ip.ts';
import { dnsSubdomainErrors, qualifiedNameErrors } from '../../names/names.ts';
import type { KubeObject } from '../../request.ts';
import { validatePodAnnotationsUpdate } from './pod-annotations.ts';

type StoredPod = Pod & KubeObject;
type Conditions = NonNullable<PodStatus['conditions']>;

const STATUS = fieldPath('status');
// Upstream begins the paths of conditions at the metadata.
const CONDITIONS = fieldPath('metadata', 'conditions');
const SYSTEM_CONDITIONS: ReadonlySet<string> = new Set(['PodScheduled', 'Ready', 'Initialized']);
const KUBELET_CONDITIONS: ReadonlySet<string> = new Set(['ContainersReady', 'DisruptionTarget', 'PodReadyToStartContainers', 'PodResizePending', 'PodResizeInProgress']);
const FAMILIES = 2;

/** The first of the addresses stands alone, too; where both are sent and differ, the one that stands alone counts. */
function withAddresses(status: PodStatus): PodStatus {
  const { podIP = '', podIPs = [] } = status;
  const [first] = podIPs;
  if (podIP === (first?.ip ?? '')) return status;
  return podIP === '' ? { ...status, podIP: first?.ip } : { ...status, podIPs: [{ ip: podIP }] };
}

function forgetsGenerations(conditions: Conditions = [], old: Conditions = []): boolean {
  for (let index = 0; index < conditions.length; index++) {
    const { type, observedGeneration = 0 } = conditions[index] as Conditions[number];
    if (observedGeneration !== 0) continue;
    for (let place = 0; place < old.length; place++) {
      const before = old[place] as Conditions[number];
      if (before.type === type && (before.observedGeneration ?? 0) !== 0) return true;
    }
  }
  return false;
}

/** Which generation was observed is not forgotten by a writer that does not know of it. */
function withGenerations(status: PodStatus, old: PodStatus | undefined): PodStatus {
  if (old === undefined) return status;
  let result = status;
  if ((status.observedGeneration ?? 0) === 0 && (old.observedGeneration ?? 0) !== 0) result = { ...result, observedGeneration: old.observedGeneration };
  // Nearly always nothing is forgotten: that is told without a list.
  if (!forgetsGenerations(status.conditions, old.conditions)) return result;
  const held = old.conditions?.filter((condition) => (condition.observedGeneration ?? 0) !== 0) ?? [];
  const conditions: Conditions = (status.conditions ?? []).map((condition) => {
    const before = (condition.observedGeneration ?? 0) === 0 ? held.find(({ type }) => type === condition.type) : undefined;
    return before === undefined ? condition : { ...condition, observedGeneration: before.observedGeneration };
  });
  return { ...result, conditions };
}

/** Of a status write only the status counts; the class of service stays. @internal */
export function prepareStatus(pod: StoredPod, old: StoredPod): StoredPod {
  const sent: PodStatus = pod.status ?? {};
  let status = withGenerations(withAddresses(sent), old.status);
  if ((status.qosClass ?? '') === '' && old.status?.qosClass !== undefined) status = { ...status, qosClass: old.status.qosClass };
  const metadata = pod.metadata.ownerReferences === old.metadata.ownerReferences ? pod.metadata : withField(pod.metadata, 'ownerReferences', old.metadata.ownerReferences);
  if (status === pod.status && metadata === pod.metadata && pod.spec === old.spec) return pod;
  return { ...old, metadata, status };
}

function validateConditions(conditions: Conditions): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (let index = 0; index < conditions.length; index++) {
    const { type } = conditions[index] as Conditions[number];
    if (SYSTEM_CONDITIONS.has(type) || KUBELET_CONDITIONS.has(type)) continue;
    errors.push(...qualifiedNameErrors(type).map((text) => invalid(CONDITIONS.index(index).child('Type'), type, text)));
  }
  return errors;
}

/** Containers that ended for good do not run again. */
function validateTransitions(next: readonly ContainerStatus[], old: readonly ContainerStatus[], path: FieldPath, policyOf: (name: string) => string): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, { name, state }] of old.entries()) {
    if (state?.terminated === undefined) continue;
    const policy = policyOf(name);
    if (policy === 'Always' || (policy === 'OnFailure' && state.terminated.exitCode !== 0)) continue;
    for (const status of next) if (status.name === name && status.state?.terminated === undefined) errors.push(forbidden(path.index(index).child('state'), 'may not be transitioned to non-terminated state'));
  }
  return errors;
}

function validateAddresses(addresses: readonly { readonly ip?: string }[], path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, { ip = '' }] of addresses.entries()) errors.push(...validateIp(path.index(index), ip));
  if (addresses.length < FAMILIES) return errors;
  const families = new Set(addresses.map(({ ip = '' }) => parseIp(ip)?.family));
  if (families.size < FAMILIES || addresses.length > FAMILIES) errors.push(invalid(path, addresses.map(({ ip }) => ({ IP: ip })), 'may specify no more than one IP for each IP family'));
  const seen = new Set<string>();
  for (const [index, { ip = '' }] of addresses.entries()) {
    if (seen.has(ip)) errors.push(duplicate(path.index(index), { IP: ip }));
    seen.add(ip);
  }
  return errors;
}

function validateHostAddresses({ hostIP = '', hostIPs = [] }: PodStatus, path: FieldPath): readonly FieldError[] {
  const [first] = hostIPs;
  if (first === undefined) return [];
  const errors: FieldError[] = hostIP === first.ip ? [] : [invalid(path.index(0).child('ip'), first.ip, 'must be equal to `hostIP`')];
  return [...errors, ...validateAddresses(hostIPs, path)];
}

function validateClaims({ resourceClaimStatuses = [] }: PodStatus, { resourceClaims = [] }: PodSpec, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { name, resourceClaimName }] of resourceClaimStatuses.entries()) {
    const at = path.index(index).child('name');
    if (!resourceClaims.some((claim) => claim.name === name)) errors.push(invalid(at, name, 'must match the name of an entry in `spec.resourceClaims`'));
    if (seen.has(name)) errors.push(duplicate(at, name));
    seen.add(name);
    if (resourceClaimName !== undefined) errors.push(...dnsSubdomainErrors(resourceClaimName).map((text) => invalid(at, resourceClaimName, text)));
  }
  return errors;
}

/** Errors of a status write. @internal */
export function validatePodStatus(pod: StoredPod, old: StoredPod): readonly FieldError[] {
  const status: PodStatus = pod.status ?? {};
  const before: PodStatus = old.status ?? {};
  const { restartPolicy = 'Always', initContainers = [], containers = [] } = old.spec;
  const errors: FieldError[] = pod.metadata.annotations === old.metadata.annotations ? [] : [...validatePodAnnotationsUpdate(pod, old)];
  if (status.conditions !== undefined) errors.push(...validateConditions(status.conditions));
  const nominated = status.nominatedNodeName ?? '';
  if (nominated !== '' && nominated !== before.nominatedNodeName) errors.push(...dnsSubdomainErrors(nominated).map((text) => invalid(STATUS.child('nominatedNodeName'), nominated, text)));
  if ((status.qosClass ?? '') !== (before.qosClass ?? '')) errors.push(invalid(STATUS.child('qosClass'), status.qosClass, 'field is immutable'));
  if (restartPolicy !== 'Always') {
    const own = (list: PodSpec['containers'], name: string): string | undefined => list.find((container) => container.name === name)?.restartPolicy;
    errors.push(...validateTransitions(status.containerStatuses ?? [], before.containerStatuses ?? [], STATUS.child('containerStatuses'), (name) => own(containers, name) ?? restartPolicy));
    errors.push(...validateTransitions(status.initContainerStatuses ?? [], before.initContainerStatuses ?? [], STATUS.child('initContainerStatuses'), (name) => own(initContainers, name) ?? restartPolicy));
  }
  if (before.ephemeralContainerStatuses !== undefined) errors.push(...validateTransitions(status.ephemeralContainerStatuses ?? [], before.ephemeralContainerStatuses, STATUS.child('ephemeralContainerStatuses'), () => 'Never'));
  if (status.resourceClaimStatuses !== undefined) errors.push(...validateClaims(status, pod.spec, STATUS.child('resourceClaimStatuses')));
  if (status.podIPs !== undefined && status.podIPs !== before.podIPs) errors.push(...validateAddresses(status.podIPs, STATUS.child('podIPs')));
  if (status.hostIPs !== undefined && (status.hostIPs !== before.hostIPs || status.hostIP !== before.hostIP)) errors.push(...validateHostAddresses(status, STATUS.child('hostIPs')));
  return errors;
}
