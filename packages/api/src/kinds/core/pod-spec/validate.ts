// The rules of a pod spec, in upstream's order. Upstream: pkg/apis/core/validation/validation.go ValidatePodSpec (1.37).
import { AlikeMemo } from '../../../edit.ts';
import { copyPodSpec, isAlikePodSpec } from '../../../generated/plain-decoders.ts';
import { forbidden, invalid, notSupported, required, tooLong, type FieldError } from '../../../field-error.ts';
import type { FieldPath } from '../../../field-path.ts';
import type { PodDNSConfig, PodSpec, PodTemplateSpec, Volume } from '../../../generated/types.ts';
import { validateLabelName, validateLabels } from '../../../names/labels.ts';
import { ipErrors } from '../../../names/ip.ts';
import { dnsLabelErrors, dnsSubdomainErrors, dnsSubdomainWithUnderscoreErrors, qualifiedNameErrors } from '../../../names/names.ts';
import { validateContainers, validateEphemeralContainers, validateInitContainers } from './containers.ts';
import { rememberErrors, rememberErrorsAround } from './remember.ts';
import { validatePodResources, validateResourceClaims, validateResources } from './resources.ts';
import { validateAffinity, validateSchedulingGates, validateSpreadConstraints, validateTolerations } from './scheduling.ts';
import { validateHostNetworkPorts, validatePodSecurity } from './security.ts';
import { isBlockSource, validateVolumes } from './volumes.ts';
import { validateHostProcess, validateSystem } from './windows.ts';

const INT32_MAX = 2_147_483_647;
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const NAMESERVERS_MAX = 3;
const SEARCHES_MAX = 32;
const SEARCHES_LENGTH_MAX = 2048;
const HOSTNAME_LENGTH_MAX = 64;

function validateDns(config: PodDNSConfig | undefined, policy: string, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const nameservers = config?.nameservers ?? [];
  if (policy === 'None') {
    if (config === undefined) return [required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if (nameservers.length === 0) return [required(path.child('nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
  }
  if (config === undefined) return errors;
  if (nameservers.length > NAMESERVERS_MAX) errors.push(invalid(path.child('nameservers'), nameservers, `must not have more than ${NAMESERVERS_MAX} nameservers`));
  for (const [index, address] of nameservers.entries()) errors.push(...ipErrors(address).map((text) => invalid(path.child('nameservers').index(index), address, text)));
  const searches = config.searches ?? [];
  if (searches.length > SEARCHES_MAX) errors.push(invalid(path.child('searches'), searches, `must not have more than ${SEARCHES_MAX} search paths`));
  if (searches.join(' ').length > SEARCHES_LENGTH_MAX) errors.push(invalid(path.child('searches'), searches, `must not have more than ${SEARCHES_LENGTH_MAX} characters (including spaces) in the search list`));
  for (const [index, search] of searches.entries()) {
    if (search === '.') continue;
    const name = search.endsWith('.') ? search.slice(0, -1) : search;
    errors.push(...dnsSubdomainWithUnderscoreErrors(name).map((text) => invalid(path.child('searches').index(index), name, text)));
  }
  for (const [index, option] of (config.options ?? []).entries()) if ((option.name ?? '') === '') errors.push(required(path.child('options').index(index), 'must not be empty'));
  return errors;
}

function validateName(value: string | undefined, rule: (text: string) => readonly string[], path: FieldPath): readonly FieldError[] {
  return (value ?? '') === '' ? [] : rule(value as string).map((text) => invalid(path, value, text));
}

type Volumes = ReadonlyMap<string, Volume>;

interface Surroundings {
  readonly spec: PodSpec;
  readonly volumes: Volumes;
}

/** All that the rules of containers look at besides them, as text. */
function surroundingsKey({ terminationGracePeriodSeconds, restartPolicy, hostUsers, resourceClaims = [] }: PodSpec, volumes: Volumes): string {
  const names = [...volumes.values()].map((volume) => `${volume.name}${volume.image === undefined ? '' : '!'}${isBlockSource(volume) ? '*' : ''}`);
  return `${terminationGracePeriodSeconds ?? ''} ${restartPolicy ?? ''} ${hostUsers ?? ''} ${resourceClaims.map(({ name }) => name).join(',')} ${names.join(' ')}`;
}

const regularContainers = rememberErrorsAround((_: PodSpec['containers'], path, { spec, volumes }: Surroundings) => validateContainers(spec, volumes, path));

/** Containers look at the names of volumes and at the grace of their pod; those of other sorts at the names of the regular ones, too. */
function validateAllContainers(spec: PodSpec, volumes: Volumes, path: FieldPath): readonly FieldError[] {
  const around = { spec, volumes };
  const regular = spec.containers === undefined ? validateContainers(spec, volumes, path.child('containers'))
    : regularContainers(spec.containers, path.child('containers'), around, surroundingsKey(spec, volumes));
  if (spec.initContainers === undefined && spec.ephemeralContainers === undefined) return regular;
  return [...regular, ...validateInitContainers(spec, volumes, path.child('initContainers')), ...validateEphemeralContainers(spec, volumes, path.child('ephemeralContainers'))];
}

const affinityErrors = rememberErrors(validateAffinity);
const tolerationErrors = rememberErrors(validateTolerations);
const spreadErrors = rememberErrors(validateSpreadConstraints);

/** A name of the host that its cluster does not know. */
function validateHostnameOverride({ hostnameOverride: name, hostNetwork, setHostnameAsFQDN }: PodSpec, path: FieldPath): readonly FieldError[] {
  if (name === undefined || name === '') return [];
  const errors: FieldError[] = dnsSubdomainErrors(name).map((text) => invalid(path, name, text));
  if (name.length > HOSTNAME_LENGTH_MAX) errors.push(tooLong(path, name, HOSTNAME_LENGTH_MAX));
  if (hostNetwork === true) errors.push(forbidden(path, 'may not be set when `hostNetwork` is true'));
  if (setHostnameAsFQDN === true) errors.push(forbidden(path, 'may not be set when `setHostnameAsFQDN` is true'));
  return errors;
}

/** A pod with users of its own shares nothing else with its node. */
function validateOwnUsers(spec: PodSpec, path: FieldPath): readonly FieldError[] {
  if (spec.hostUsers !== false) return [];
  const errors: FieldError[] = [];
  for (const [isSet, field] of [[spec.hostNetwork, 'hostNetwork'], [spec.hostPID, 'HostPID'], [spec.hostIPC, 'HostIPC']] as const) if (isSet === true) errors.push(forbidden(path.child(field), 'when `pod.Spec.HostUsers` is false'));
  return errors;
}

/** Errors of a spec whose volumes are given apart: a StatefulSet's claims are volumes of its template. */
function validateWith(spec: PodSpec, volumes: readonly Volume[], path: FieldPath): FieldError[] {
  const { errors: volumeErrors, good: mountable } = validateVolumes(volumes, path.child('volumes'));
  const errors: FieldError[] = [...volumeErrors];
  if (spec.resourceClaims !== undefined) errors.push(...validateResourceClaims(spec.resourceClaims, path.child('resourceClaims')));
  errors.push(...validateAllContainers(spec, mountable, path));
  if (spec.resources !== undefined) errors.push(...validatePodResources(spec, path.child('resources')));
  errors.push(...validateHostNetworkPorts(spec, path.child('containers')));
  const restart = spec.restartPolicy ?? '';
  if (restart === '') errors.push(required(path.child('restartPolicy')));
  else if (!['Always', 'OnFailure', 'Never'].includes(restart)) errors.push(notSupported(path.child('restartPolicy'), restart, ['Always', 'OnFailure', 'Never']));
  const dns = spec.dnsPolicy ?? '';
  if (dns === '') errors.push(required(path.child('dnsPolicy')));
  else if (!DNS_POLICIES.includes(dns)) errors.push(notSupported(path.child('dnsPolicy'), dns, DNS_POLICIES));
  errors.push(...validateLabels(spec.nodeSelector, path.child('nodeSelector')), ...validatePodSecurity(spec, path.child('securityContext')));
  errors.push(...affinityErrors(spec.affinity, path.child('affinity')), ...validateDns(spec.dnsConfig, dns, path.child('dnsConfig')));
  for (const [index, gate] of (spec.readinessGates ?? []).entries()) errors.push(...validateLabelName(gate.conditionType, path.child('readinessGates').index(index).child('conditionType')));
  errors.push(...validateSchedulingGates(spec.schedulingGates ?? [], path.child('schedulingGates')), ...spreadErrors(spec.topologySpreadConstraints, path.child('topologySpreadConstraints')));
  errors.push(...validateHostProcess(spec, path), ...validateOwnUsers(spec, path));
  errors.push(...validateName(spec.serviceAccountName, dnsSubdomainErrors, path.child('serviceAccountName')), ...validateName(spec.nodeName, dnsSubdomainErrors, path.child('nodeName')));
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > INT32_MAX)) errors.push(invalid(path.child('activeDeadlineSeconds'), deadline, `must be between 1 and ${INT32_MAX}, inclusive`));
  errors.push(...validateName(spec.hostname, dnsLabelErrors, path.child('hostname')), ...validateName(spec.subdomain, dnsLabelErrors, path.child('subdomain')), ...validateHostnameOverride(spec, path.child('hostnameOverride')), ...tolerationErrors(spec.tolerations, path.child('tolerations')));
  for (const [index, alias] of (spec.hostAliases ?? []).entries()) {
    const at = path.child('hostAliases').index(index);
    errors.push(...ipErrors(alias.ip).map((text) => invalid(at.child('ip'), alias.ip, text)));
    for (const [place, name] of (alias.hostnames ?? []).entries()) errors.push(...dnsSubdomainErrors(name).map((text) => invalid(at.child('hostnames').index(place), name, text)));
  }
  errors.push(...validateName(spec.priorityClassName, dnsSubdomainErrors, path.child('priorityClassName')), ...validateName(spec.runtimeClassName, dnsSubdomainErrors, path.child('runtimeClassName')));
  const preemption = spec.preemptionPolicy;
  if (preemption !== undefined && preemption !== 'PreemptLowerPriority' && preemption !== 'Never') errors.push(preemption === '' ? required(path.child('preemptionPolicy')) : notSupported(path.child('preemptionPolicy'), preemption, ['PreemptLowerPriority', 'Never']));
  if (spec.overhead !== undefined) errors.push(...validateResources({ limits: spec.overhead }, path.child('overhead')));
  errors.push(...validateSystem(spec, path));
  return errors;
}

interface Good {
  readonly volumes: readonly Volume[] | undefined;
}

/** Where specs were found good: the path does not matter then. Names are looked at for each, volumes and what names them where they differ. */
const good = new AlikeMemo<PodSpec, Good>('containers', ['hostname', 'subdomain', 'nodeName', 'volumes'], { copy: copyPodSpec, isAlike: isAlikePodSpec });

/** Errors of a spec that is like one without errors: of what pods of one template have for themselves. */
function validateOwn(spec: PodSpec, alike: Good, path: FieldPath): readonly FieldError[] {
  const { nodeName = '', hostname = '', subdomain = '' } = spec;
  const errors: FieldError[] = [];
  if (spec.volumes !== alike.volumes) {
    const { errors: volumeErrors, good: mountable } = validateVolumes(spec.volumes ?? [], path.child('volumes'));
    errors.push(...volumeErrors, ...validateAllContainers(spec, mountable, path));
  }
  if (nodeName !== '') errors.push(...validateName(nodeName, dnsSubdomainErrors, path.child('nodeName')));
  if (hostname !== '') errors.push(...validateName(hostname, dnsLabelErrors, path.child('hostname')));
  if (subdomain !== '') errors.push(...validateName(subdomain, dnsLabelErrors, path.child('subdomain')));
  return errors;
}

/** Errors of a pod spec; `extraVolumes` stand before the spec's own. Remembered for frozen specs that are alike. @public */
export function validatePodSpec(spec: PodSpec, path: FieldPath, extraVolumes?: readonly Volume[]): readonly FieldError[] {
  const alike = extraVolumes === undefined ? good.get(spec) : undefined;
  if (alike !== undefined) return validateOwn(spec, alike.result, path);
  const own = spec.volumes ?? [];
  const errors = validateWith(spec, extraVolumes === undefined ? own : [...extraVolumes, ...own.filter((volume) => !extraVolumes.some((extra) => extra.name === volume.name))], path);
  if (errors.length === 0 && extraVolumes === undefined && (spec.volumes === undefined || Object.isFrozen(spec.volumes))) good.set(spec, { volumes: spec.volumes });
  return errors;
}

/** Errors of the labels, annotations and spec of a pod template. @public */
export function validatePodTemplate(template: PodTemplateSpec, path: FieldPath, extraVolumes?: readonly Volume[]): readonly FieldError[] {
  const errors: FieldError[] = [...validateLabels(template.metadata?.labels, path.child('labels'))];
  for (const key of Object.keys(template.metadata?.annotations ?? {}).sort()) errors.push(...qualifiedNameErrors(key.toLowerCase()).map((text) => invalid(path.child('annotations'), key, text)));
  if (template.spec === undefined) return [...errors, required(path.child('spec', 'containers'))];
  errors.push(...validatePodSpec(template.spec, path.child('spec'), extraVolumes));
  if ((template.spec.ephemeralContainers ?? []).length > 0) errors.push({ type: 'Forbidden', field: String(path.child('spec', 'ephemeralContainers')), badValue: '', detail: 'ephemeral containers not allowed in pod template' });
  return errors;
}
