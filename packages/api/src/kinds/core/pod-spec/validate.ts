// The rules of a pod spec, in upstream's order. Upstream: pkg/apis/core/validation/validation.go ValidatePodSpec (1.37).
import { AlikeMemo } from '../../../edit.ts';
import { invalid, notSupported, required, type FieldError } from '../../../field-error.ts';
import type { FieldPath } from '../../../field-path.ts';
import type { PodDNSConfig, PodSpec, PodTemplateSpec, Volume } from '../../../generated/types.ts';
import { validateLabelName, validateLabels } from '../../../names/labels.ts';
import { ipErrors } from '../../../names/ip.ts';
import { dnsLabelErrors, dnsSubdomainErrors, qualifiedNameErrors } from '../../../names/names.ts';
import { validateContainers, validateEphemeralContainers, validateInitContainers } from './containers.ts';
import { rememberErrors, rememberErrorsAround } from './remember.ts';
import { validateAffinity, validateSchedulingGates, validateSpreadConstraints, validateTolerations } from './scheduling.ts';
import { validatePodSecurity } from './security.ts';
import { validateVolumes } from './volumes.ts';

const INT32_MAX = 2_147_483_647;
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const NAMESERVERS_MAX = 3;
const SEARCHES_MAX = 32;

function validateDns(config: PodDNSConfig | undefined, policy: string, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const nameservers = config?.nameservers ?? [];
  if (policy === 'None') {
    if (config === undefined) return [required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if (nameservers.length === 0) errors.push(required(path.child('nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None'));
  }
  if (config === undefined) return errors;
  if (nameservers.length > NAMESERVERS_MAX) errors.push(invalid(path.child('nameservers'), nameservers, `must not have more than ${NAMESERVERS_MAX} nameservers`));
  for (const [index, address] of nameservers.entries()) errors.push(...ipErrors(address).map((text) => invalid(path.child('nameservers').index(index), address, text)));
  const searches = config.searches ?? [];
  if (searches.length > SEARCHES_MAX) errors.push(invalid(path.child('searches'), searches, `must not have more than ${SEARCHES_MAX} search paths`));
  for (const [index, search] of searches.entries()) {
    if (search === '.') continue;
    const name = search.endsWith('.') ? search.slice(0, -1) : search;
    errors.push(...dnsSubdomainErrors(name.replaceAll('_', '-')).map((text) => invalid(path.child('searches').index(index), search, text)));
  }
  for (const [index, option] of (config.options ?? []).entries()) if ((option.name ?? '') === '') errors.push(required(path.child('options').index(index), 'must not be empty'));
  return errors;
}

function validateName(value: string | undefined, rule: (text: string) => readonly string[], path: FieldPath): readonly FieldError[] {
  return (value ?? '') === '' ? [] : rule(value as string).map((text) => invalid(path, value, text));
}

interface Surroundings {
  readonly spec: PodSpec;
  readonly volumes: ReadonlySet<string>;
}

const regularContainers = rememberErrorsAround((_: PodSpec['containers'], path, { spec, volumes }: Surroundings) => validateContainers(spec, volumes, path));

/** Containers look at the names of volumes and at the grace of their pod; those of other sorts at the names of the regular ones, too. */
function validateAllContainers(spec: PodSpec, volumes: ReadonlySet<string>, path: FieldPath): readonly FieldError[] {
  const around = { spec, volumes };
  const regular = spec.containers === undefined ? validateContainers(spec, volumes, path.child('containers'))
    : regularContainers(spec.containers, path.child('containers'), around, `${spec.terminationGracePeriodSeconds ?? ''} ${[...volumes].join(' ')}`);
  if (spec.initContainers === undefined && spec.ephemeralContainers === undefined) return regular;
  return [...regular, ...validateInitContainers(spec, volumes, path.child('initContainers')), ...validateEphemeralContainers(spec, volumes, path.child('ephemeralContainers'))];
}

const affinityErrors = rememberErrors(validateAffinity);
const tolerationErrors = rememberErrors(validateTolerations);
const spreadErrors = rememberErrors(validateSpreadConstraints);

/** Errors of a spec whose volumes are given apart: a StatefulSet's claims are volumes of its template. */
function validateWith(spec: PodSpec, volumes: readonly Volume[], path: FieldPath): FieldError[] {
  const { errors: volumeErrors, names } = validateVolumes(volumes, path.child('volumes'));
  const errors: FieldError[] = [...volumeErrors, ...validateAllContainers(spec, names, path)];
  const restart = spec.restartPolicy ?? '';
  if (restart === '') errors.push(required(path.child('restartPolicy')));
  else if (!['Always', 'OnFailure', 'Never'].includes(restart)) errors.push(notSupported(path.child('restartPolicy'), restart, ['Always', 'OnFailure', 'Never']));
  const dns = spec.dnsPolicy ?? '';
  if (dns === '') errors.push(required(path.child('dnsPolicy')));
  else if (!DNS_POLICIES.includes(dns)) errors.push(notSupported(path.child('dnsPolicy'), dns, DNS_POLICIES));
  errors.push(...validateLabels(spec.nodeSelector, path.child('nodeSelector')), ...validatePodSecurity(spec, path));
  for (const [index, secret] of (spec.imagePullSecrets ?? []).entries()) if ((secret.name ?? '') === '') errors.push(required(path.child('imagePullSecrets').index(index).child('name')));
  errors.push(...affinityErrors(spec.affinity, path.child('affinity')), ...validateDns(spec.dnsConfig, dns, path.child('dnsConfig')));
  for (const [index, gate] of (spec.readinessGates ?? []).entries()) errors.push(...validateLabelName(gate.conditionType, path.child('readinessGates').index(index).child('conditionType')));
  errors.push(...validateSchedulingGates(spec.schedulingGates ?? [], path.child('schedulingGates')), ...spreadErrors(spec.topologySpreadConstraints, path.child('topologySpreadConstraints')));
  if (spec.hostUsers === false && spec.hostNetwork === true) errors.push({ type: 'Forbidden', field: String(path.child('hostUsers')), badValue: '', detail: 'when `hostNetwork` is true' });
  errors.push(...validateName(spec.serviceAccountName, dnsSubdomainErrors, path.child('serviceAccountName')), ...validateName(spec.nodeName, dnsSubdomainErrors, path.child('nodeName')));
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > INT32_MAX)) errors.push(invalid(path.child('activeDeadlineSeconds'), deadline, `must be between 1 and ${INT32_MAX}, inclusive`));
  errors.push(...validateName(spec.hostname, dnsLabelErrors, path.child('hostname')), ...validateName(spec.subdomain, dnsLabelErrors, path.child('subdomain')), ...tolerationErrors(spec.tolerations, path.child('tolerations')));
  for (const [index, alias] of (spec.hostAliases ?? []).entries()) {
    const at = path.child('hostAliases').index(index);
    errors.push(...ipErrors(alias.ip).map((text) => invalid(at.child('ip'), alias.ip, text)));
    for (const [place, name] of (alias.hostnames ?? []).entries()) errors.push(...dnsSubdomainErrors(name).map((text) => invalid(at.child('hostnames').index(place), name, text)));
  }
  errors.push(...validateName(spec.priorityClassName, dnsSubdomainErrors, path.child('priorityClassName')), ...validateName(spec.runtimeClassName, dnsSubdomainErrors, path.child('runtimeClassName')));
  const preemption = spec.preemptionPolicy;
  if (preemption !== undefined && preemption !== 'PreemptLowerPriority' && preemption !== 'Never') errors.push(preemption === '' ? required(path.child('preemptionPolicy')) : notSupported(path.child('preemptionPolicy'), preemption, ['PreemptLowerPriority', 'Never']));
  if (spec.os !== undefined) {
    if (spec.os.name === '') errors.push(required(path.child('os', 'name'), 'cannot be empty'));
    else if (spec.os.name !== 'linux' && spec.os.name !== 'windows') errors.push(notSupported(path.child('os'), spec.os.name, ['linux', 'windows']));
  }
  return errors;
}

interface Good {
  readonly volumes: readonly Volume[] | undefined;
}

/** Where specs were found good: the path does not matter then. Names are looked at for each, volumes and what names them where they differ. */
const good = new AlikeMemo<PodSpec, Good>('containers', ['hostname', 'subdomain', 'nodeName', 'volumes']);

/** Errors of a spec that is like one without errors: of what pods of one template have for themselves. */
function validateOwn(spec: PodSpec, alike: Good, path: FieldPath): readonly FieldError[] {
  const { nodeName = '', hostname = '', subdomain = '' } = spec;
  const errors: FieldError[] = [];
  if (spec.volumes !== alike.volumes) {
    const { errors: volumeErrors, names } = validateVolumes(spec.volumes ?? [], path.child('volumes'));
    errors.push(...volumeErrors, ...validateAllContainers(spec, names, path));
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
