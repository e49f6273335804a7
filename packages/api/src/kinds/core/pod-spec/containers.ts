// Containers, init containers and ephemeral containers. Upstream: pkg/apis/core/validation/validation.go validateContainers (1.37).
import { duplicate, forbidden, invalid, notSupported, required, type FieldError } from '../../../field-error.ts';
import type { FieldPath } from '../../../field-path.ts';
import type { Container, ContainerPort, EphemeralContainer, PodSpec, Volume } from '../../../generated/types.ts';
import { dnsLabelErrors, portNameErrors, portNumberErrors } from '../../../names/names.ts';
import { validateEnv, validateEnvFrom } from './env.ts';
import { validateLifecycle, validateProbes } from './probes.ts';
import { validateResources } from './resources.ts';
import { validateContainerSecurity } from './security.ts';
import { validateMounts } from './volumes.ts';

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
const TERMINATION_POLICIES = ['File', 'FallbackToLogsOnError'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const NOT_FOR_INIT = 'may not be set for init containers without restartPolicy=Always';

function validatePorts(ports: readonly ContainerPort[], path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = path.index(index);
    const { name = '', containerPort, hostPort = 0, protocol = '' } = port;
    if (name !== '') {
      const texts = portNameErrors(name);
      if (texts.length > 0) errors.push(...texts.map((text) => invalid(at.child('name'), name, text)));
      else if (names.has(name)) errors.push(duplicate(at.child('name'), name));
      else names.add(name);
    }
    if (containerPort === 0) errors.push(required(at.child('containerPort')));
    else errors.push(...portNumberErrors(containerPort).map((text) => invalid(at.child('containerPort'), containerPort, text)));
    if (hostPort !== 0) errors.push(...portNumberErrors(hostPort).map((text) => invalid(at.child('hostPort'), hostPort, text)));
    if (protocol === '') errors.push(required(at.child('protocol')));
    else if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(at.child('protocol'), protocol, PROTOCOLS));
  }
  return errors;
}

function validateResizePolicy(container: Container | EphemeralContainer, podRestart: string | undefined, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { resourceName, restartPolicy }] of (container.resizePolicy ?? []).entries()) {
    if (seen.has(resourceName)) errors.push(duplicate(path.index(index), resourceName));
    seen.add(resourceName);
    if (resourceName === '') errors.push(required(path));
    else if (resourceName !== 'cpu' && resourceName !== 'memory') errors.push(notSupported(path, resourceName, ['cpu', 'memory']));
    if (restartPolicy === '') errors.push(required(path));
    else if (restartPolicy !== 'NotRequired' && restartPolicy !== 'RestartContainer') errors.push(notSupported(path, restartPolicy, ['NotRequired', 'RestartContainer']));
    if (podRestart === 'Never' && restartPolicy !== 'NotRequired') errors.push(invalid(path, restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'"));
  }
  return errors;
}

/** What holds for containers of every sort. */
function validateCommon(container: Container | EphemeralContainer, spec: PodSpec, volumes: ReadonlyMap<string, Volume>, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (container.name === '') errors.push(required(path.child('name')));
  else errors.push(...dnsLabelErrors(container.name).map((text) => invalid(path.child('name'), container.name, text)));
  if ((container.image ?? '') === '') errors.push(required(path.child('image')));
  const termination = container.terminationMessagePolicy ?? '';
  if (termination === '') errors.push(required(path.child('terminationMessagePolicy')));
  else if (!TERMINATION_POLICIES.includes(termination)) errors.push(notSupported(path.child('terminationMessagePolicy'), termination, TERMINATION_POLICIES));
  errors.push(
    ...validatePorts(container.ports ?? [], path.child('ports')), ...validateEnv(container.env ?? [], path.child('env')), ...validateEnvFrom(container.envFrom ?? [], path.child('envFrom')),
    ...validateMounts(container, volumes, path),
  );
  const pull = container.imagePullPolicy ?? '';
  if (pull === '') errors.push(required(path.child('imagePullPolicy')));
  else if (!PULL_POLICIES.includes(pull)) errors.push(notSupported(path.child('imagePullPolicy'), pull, PULL_POLICIES));
  errors.push(...validateResources(container.resources, path.child('resources'), spec.resourceClaims));
  errors.push(...validateResizePolicy(container, spec.restartPolicy, path.child('resizePolicy')));
  errors.push(...validateContainerSecurity(container.securityContext, path.child('securityContext'), spec.hostUsers !== false));
  return errors;
}

const RESTART_POLICIES = ['Always', 'Never', 'OnFailure'];

/** A container's own restart policy. */
function validateRestart({ restartPolicy }: Container, path: FieldPath): readonly FieldError[] {
  return restartPolicy === undefined || RESTART_POLICIES.includes(restartPolicy) ? [] : [notSupported(path.child('restartPolicy'), restartPolicy, RESTART_POLICIES)];
}

/** Ports of the host that two containers ask for. */
function validateHostPorts(containers: readonly Container[], path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const taken = new Set<string>();
  for (const [index, container] of containers.entries()) {
    for (const [place, port] of (container.ports ?? []).entries()) {
      if ((port.hostPort ?? 0) === 0) continue;
      const key = `${port.protocol ?? ''}/${port.hostIP ?? ''}/${port.hostPort ?? 0}`;
      if (taken.has(key)) errors.push(duplicate(path.index(index).child('ports').index(place).child('hostPort'), key));
      taken.add(key);
    }
  }
  return errors;
}

/** Errors of the regular containers. @internal */
export function validateContainers(spec: PodSpec, volumes: ReadonlyMap<string, Volume>, path: FieldPath): readonly FieldError[] {
  const containers = spec.containers ?? [];
  if (containers.length === 0) return [required(path)];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, container] of containers.entries()) {
    const at = path.index(index);
    errors.push(...validateCommon(container, spec, volumes, at));
    if (names.has(container.name)) errors.push(duplicate(at.child('name'), container.name));
    names.add(container.name);
    errors.push(...validateLifecycle(container.lifecycle, spec.terminationGracePeriodSeconds, at.child('lifecycle')), ...validateProbes(container, spec.terminationGracePeriodSeconds, at), ...validateRestart(container, at));
  }
  errors.push(...validateHostPorts(containers, path));
  return errors;
}

/** Errors of the init containers. @internal */
export function validateInitContainers(spec: PodSpec, volumes: ReadonlyMap<string, Volume>, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set((spec.containers ?? []).map((container) => container.name));
  for (const [index, container] of (spec.initContainers ?? []).entries()) {
    const at = path.index(index);
    errors.push(...validateCommon(container, spec, volumes, at));
    const isSidecar = container.restartPolicy === 'Always';
    errors.push(...validateRestart(container, at));
    if (names.has(container.name)) errors.push(duplicate(at.child('name'), container.name));
    else if (container.name !== '') names.add(container.name);
    errors.push(...validateHostPorts([container], path));
    if (isSidecar) errors.push(...validateLifecycle(container.lifecycle, spec.terminationGracePeriodSeconds, at.child('lifecycle')), ...validateProbes(container, spec.terminationGracePeriodSeconds, at));
    else {
      for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) if (container[field] !== undefined) errors.push(forbidden(at.child(field), NOT_FOR_INIT));
    }
  }
  return errors;
}

/** Errors of the ephemeral containers. @internal */
export function validateEphemeralContainers(spec: PodSpec, volumes: ReadonlyMap<string, Volume>, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const regular = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((container) => container.name));
  const names = new Set(regular);
  for (const [index, container] of (spec.ephemeralContainers ?? []).entries()) {
    const at = path.index(index);
    errors.push(...validateCommon(container, spec, volumes, at));
    const image = container.image ?? '';
    if (image.trim() !== image) errors.push(invalid(at.child('image'), image, 'must not have leading or trailing whitespace'));
    if (names.has(container.name)) errors.push(duplicate(at.child('name'), container.name));
    names.add(container.name);
    const target = container.targetContainerName ?? '';
    if (target !== '' && !regular.has(target)) errors.push({ type: 'Not found', field: String(at.child('targetContainerName')), badValue: target, detail: '' });
    const isSet = (value: unknown): boolean => value !== undefined && (typeof value !== 'object' || value === null || Object.keys(value).length > 0);
    for (const field of ['ports', 'resources', 'resizePolicy', 'restartPolicy', 'restartPolicyRules', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'] as const) {
      if (isSet(container[field])) errors.push(forbidden(at.child(field), 'cannot be set for an Ephemeral Container'));
    }
    for (const [place, mount] of (container.volumeMounts ?? []).entries()) {
      for (const field of ['subPath', 'subPathExpr'] as const) if ((mount[field] ?? '') !== '') errors.push(forbidden(at.child('volumeMounts').index(place).child(field), 'cannot be set for an Ephemeral Container'));
    }
  }
  return errors;
}
