// What the server warns of in pods and pod templates that it takes.
// Upstream: pkg/api/pod/warnings.go, pkg/api/node/util.go, pkg/apis/core/pods/helpers.go (1.37).
import { fieldPath, type FieldPath } from '../../../field-path.ts';
import type { Affinity, Container, ContainerPort, NodeSelectorTerm, PersistentVolumeClaimSpec, PodAffinityTerm, PodSpec, PodTemplateSpec, Volume, VolumeProjection, WeightedPodAffinityTerm } from '../../../generated/types.ts';
import { warningsForIp } from '../../../names/ip.ts';
import { dnsLabelErrors, labelValueErrors } from '../../../names/names.ts';
import { formatQuantity, quantityMilliValue, quantityOf } from '../../../quantity/quantity.ts';
import { isSame } from '../../../is-same.ts';

type Annotations = Readonly<Record<string, string>>;
type Amounts = Readonly<Record<string, unknown>> | undefined;

const NODE_LABELS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};
const POD_ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};
const VOLUME_KINDS: readonly (readonly [keyof Volume, string])[] = [
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'], ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'], ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'], ['storageos', 'deprecated in v1.22, non-functional in v1.25+'], ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'], ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'], ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];
/** Upstream spells one volume kind otherwise in its warning than in the API. */
const SHOWN_AS: Readonly<Record<string, string>> = { storageos: 'storageOS' };
const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';
const APPARMOR_CONTAINER = 'container.apparmor.security.beta.kubernetes.io/';
const SECCOMP_TEXT = 'non-functional in v1.27+; use the "seccompProfile" field instead';
const NULL_SELECTOR = 'a null labelSelector results in matching no pod';

/** The warning for a node label that has a newer name; undefined for other labels. @internal */
export function nodeLabelWarning(key: string): string | undefined {
  return Object.hasOwn(NODE_LABELS, key) ? NODE_LABELS[key] : undefined;
}

/** Warnings for one term of a node selector; values are looked at where validation does not. @internal */
export function nodeTermWarnings(term: NodeSelectorTerm, path: FieldPath, checksValues: boolean = false): readonly string[] {
  const texts: string[] = [];
  for (const [index, { key, values }] of (term.matchExpressions ?? []).entries()) {
    const at = path.child('matchExpressions').index(index);
    const message = nodeLabelWarning(key);
    if (message !== undefined) texts.push(`${at.child('key')}: ${key} is ${message}`);
    if (checksValues) for (const [place, value] of (values ?? []).entries()) for (const error of labelValueErrors(value)) texts.push(`${at.child('values').index(place)}: ${value} is invalid, ${error}`);
  }
  return texts;
}

function fractionWarnings(amounts: Amounts, names: readonly string[], path: FieldPath): readonly string[] {
  const texts: string[] = [];
  for (const name of names) {
    if (amounts?.[name] === undefined) continue;
    const amount = quantityOf(amounts[name] as string);
    if (quantityMilliValue(amount) % 1000n !== 0n) texts.push(`${path.key(name)}: fractional byte value ${JSON.stringify(formatQuantity(amount))} is invalid, must be an integer`);
  }
  return texts;
}

const BYTES = ['memory', 'ephemeral-storage'];

/** Warnings for what a claim asks for. @internal */
export function claimSpecWarnings(spec: Pick<PersistentVolumeClaimSpec, 'resources'> | undefined, path: FieldPath): readonly string[] {
  const resources = spec?.resources;
  return [...fractionWarnings(resources?.requests, ['storage'], path.child('resources', 'requests')), ...fractionWarnings(resources?.limits, ['storage'], path.child('resources', 'limits'))];
}

interface Source {
  readonly path: string;
  readonly source: string;
}

function shown({ path, source }: Source): string {
  return source === '' ? JSON.stringify(path) : `${JSON.stringify(path)} (${source})`;
}

/** Texts of the paths that fall on or into one another, in their order. */
function overlaps(sources: readonly Source[]): readonly string[] {
  const texts: string[] = [];
  const before: Source[] = [];
  for (const given of sources) {
    const next = { ...given, path: given.path.replace(/\/+$/, '') };
    for (const other of before) {
      if (next.path === '' || other.path === '') continue;
      if (`${other.path}/`.startsWith(`${next.path}/`) || `${next.path}/`.startsWith(`${other.path}/`)) texts.push(`${shown(next)} with ${shown(other)}`);
    }
    before.push(next);
  }
  return texts;
}

function sourcesOf(items: readonly { readonly path: string }[] | undefined, source: string): readonly Source[] {
  return (items ?? []).map(({ path }) => ({ path, source }));
}

function projectedSources(projection: VolumeProjection): readonly Source[] | undefined {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = projection;
  if (configMap !== undefined) return sourcesOf(configMap.items, `ConfigMap ${JSON.stringify(configMap.name ?? '')}`);
  if (secret !== undefined) return sourcesOf(secret.items, `Secret ${JSON.stringify(secret.name ?? '')}`);
  if (downwardAPI !== undefined) return sourcesOf(downwardAPI.items, 'DownwardAPI');
  if (serviceAccountToken !== undefined) return [{ path: serviceAccountToken.path, source: 'ServiceAccountToken' }];
  if (clusterTrustBundle !== undefined) return [{ path: clusterTrustBundle.path, source: `ClusterTrustBundle ${JSON.stringify(clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? '')}` }];
  if (podCertificate === undefined) return undefined;
  const paths = [[podCertificate.certificateChainPath, 'chain'], [podCertificate.keyPath, 'key'], [podCertificate.credentialBundlePath, 'credential bundle']] as const;
  return paths.flatMap(([path = '', what]) => (path === '' ? [] : [{ path, source: `PodCertificate ${what}` }]));
}

function overlapWarnings({ name, configMap, secret, downwardAPI, projected }: Volume): readonly string[] {
  const texts: string[] = [];
  const add = (what: string, found: readonly string[]): void => {
    texts.push(...found.map((text) => `volume ${JSON.stringify(name)} (${what}): overlapping paths: ${text}`));
  };
  if (configMap !== undefined) add(`ConfigMap ${JSON.stringify(configMap.name ?? '')}`, overlaps(sourcesOf(configMap.items, '')));
  if (secret !== undefined) add(`Secret ${JSON.stringify(secret.secretName ?? '')}`, overlaps(sourcesOf(secret.items, '')));
  if (downwardAPI !== undefined) add('DownwardAPI', overlaps(sourcesOf(downwardAPI.items, '')));
  if (projected !== undefined) {
    const all: Source[] = [];
    for (const projection of projected.sources ?? []) {
      const sources = projectedSources(projection);
      if (sources === undefined) texts.push(`volume ${JSON.stringify(name)} (Projected) has no sources provided`);
      else all.push(...sources);
    }
    add('Projected', overlaps(all));
  }
  return texts;
}

function volumeWarnings(volumes: readonly Volume[], path: FieldPath): readonly string[] {
  const texts: string[] = [];
  for (const [index, volume] of volumes.entries()) {
    const at = path.index(index);
    for (const [kind, text] of VOLUME_KINDS) if (volume[kind] !== undefined) texts.push(`${at.child(SHOWN_AS[kind] ?? kind)}: ${text}`);
    const claim = volume.ephemeral?.volumeClaimTemplate;
    if (claim !== undefined) texts.push(...claimSpecWarnings(claim.spec, at.child('ephemeral', 'volumeClaimTemplate', 'spec')));
  }
  for (const volume of volumes) texts.push(...overlapWarnings(volume));
  return texts;
}

interface Visited {
  readonly container: Pick<Container, 'name' | 'env' | 'ports' | 'resources' | 'securityContext' | 'restartPolicy'>;
  readonly path: FieldPath;
  readonly isServing: boolean;
}

function visited(spec: PodSpec, path: FieldPath): readonly Visited[] {
  const of = (list: readonly Visited['container'][] | undefined, field: string, isServing: (index: number) => boolean): readonly Visited[] => (list ?? []).map((container, index) => ({ container, path: path.child(field).index(index), isServing: isServing(index) }));
  const inits = spec.initContainers ?? [];
  // Upstream leaves off at the first init container that is no sidecar: the port names of what follows are not looked at.
  const last = inits.findIndex(({ restartPolicy }) => restartPolicy !== 'Always');
  return [
    ...of(inits, 'initContainers', (index) => last < 0 || index < last), ...of(spec.containers, 'containers', () => last < 0),
    ...of(spec.ephemeralContainers as readonly Visited['container'][] | undefined, 'ephemeralContainers', () => false),
  ];
}

function envWarnings({ container: { env = [] }, path }: Visited): readonly string[] {
  const texts: string[] = [];
  const names = new Set<string>();
  for (const [index, { name, value = '', valueFrom }] of env.entries()) {
    const reference = `$(${name})`;
    if (names.has(name) && (valueFrom !== undefined || value === reference || !value.includes(reference))) texts.push(`${path.child('env').index(index)}: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`);
    names.add(name);
  }
  return texts;
}

function portOverlap(port: ContainerPort, other: ContainerPort): string | undefined {
  const [hostIP, otherIP, hostPort, otherPort] = [port.hostIP ?? '', other.hostIP ?? '', port.hostPort ?? 0, other.hostPort ?? 0];
  if (hostIP === otherIP && hostPort === otherPort) return 'duplicate';
  if (hostPort === 0 || otherPort === 0) return 'overlapping';
  return hostPort === otherPort && (hostIP === '') !== (otherIP === '') ? 'dangerously ambiguous' : undefined;
}

function portWarnings(containers: readonly Visited[]): readonly string[] {
  const texts: string[] = [];
  const all: { readonly port: ContainerPort; readonly path: FieldPath }[] = [];
  for (const { container, path } of containers) {
    for (const [index, port] of (container.ports ?? []).entries()) {
      const at = path.child('ports').index(index);
      const { name = '', hostIP = '', hostPort = 0, protocol = '' } = port;
      if (hostIP !== '' && hostPort === 0) texts.push(`${at}: hostIP set without hostPort: {Name:${name} HostPort:0 ContainerPort:${port.containerPort} Protocol:${protocol} HostIP:${hostIP}}`);
      for (const other of all) {
        if (other.port.containerPort !== port.containerPort || (other.port.protocol ?? '') !== protocol) continue;
        const overlap = portOverlap(port, other.port);
        if (overlap !== undefined) texts.push(`${at}: ${overlap} port definition with ${other.path}`);
      }
      all.push({ port, path: at });
    }
  }
  const names = new Map<string, FieldPath>();
  for (const { container, path, isServing } of containers) {
    if (!isServing) continue;
    for (const [index, { name = '' }] of (container.ports ?? []).entries()) {
      if (name === '') continue;
      const at = path.child('ports').index(index);
      const other = names.get(name);
      if (other === undefined) names.set(name, at);
      else texts.push(`${at}: duplicate port name ${JSON.stringify(name)} with ${other}, services and probes that select ports by name will use ${other}`);
    }
  }
  return texts;
}

function containerWarnings(spec: PodSpec, annotations: Annotations, path: FieldPath, root: FieldPath, isTemplate: boolean): readonly string[] {
  const texts: string[] = [];
  const containers = visited(spec, path);
  const key = (name: string): FieldPath => root.child('metadata', 'annotations').key(name);
  for (const each of containers) {
    const { container, path: at } = each;
    const { name, securityContext, resources } = container;
    if (securityContext?.seccompProfile === undefined && Object.hasOwn(annotations, `${SECCOMP_CONTAINER}${name}`)) texts.push(`${key(`${SECCOMP_CONTAINER}${name}`)}: ${SECCOMP_TEXT}`);
    const hasProfile = spec.securityContext?.appArmorProfile !== undefined || securityContext?.appArmorProfile !== undefined;
    if (isTemplate && !hasProfile && Object.hasOwn(annotations, `${APPARMOR_CONTAINER}${name}`)) texts.push(`${key(`${APPARMOR_CONTAINER}${name}`)}: deprecated since v1.30; use the "appArmorProfile" field instead`);
    for (const amount of BYTES) for (const field of ['limits', 'requests'] as const) texts.push(...fractionWarnings(resources?.[field], [amount], at.child('resources', field)));
    texts.push(...envWarnings(each));
  }
  return [...texts, ...portWarnings(containers)];
}

function affinityTermWarnings(terms: readonly PodAffinityTerm[] | undefined, preferred: readonly WeightedPodAffinityTerm[] | undefined, path: FieldPath): readonly string[] {
  const texts: string[] = [];
  for (const [index, term] of (terms ?? []).entries()) if (term.labelSelector === undefined) texts.push(`${path.child('requiredDuringSchedulingIgnoredDuringExecution').index(index).child('labelSelector')}: ${NULL_SELECTOR}`);
  for (const [index, { podAffinityTerm }] of (preferred ?? []).entries()) {
    if (podAffinityTerm.labelSelector === undefined) texts.push(`${path.child('preferredDuringSchedulingIgnoredDuringExecution').index(index).child('podAffinityTerm', 'labelSelector')}: ${NULL_SELECTOR}`);
  }
  return texts;
}

function podAffinityWarnings(affinity: Affinity | undefined, path: FieldPath): readonly string[] {
  if (affinity === undefined) return [];
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((field) => affinityTermWarnings(affinity[field]?.requiredDuringSchedulingIgnoredDuringExecution, affinity[field]?.preferredDuringSchedulingIgnoredDuringExecution, path.child(field)));
}

function placementWarnings(spec: PodSpec, path: FieldPath): readonly string[] {
  const texts: string[] = [];
  for (const key of Object.keys(spec.nodeSelector ?? {}).sort()) {
    const message = nodeLabelWarning(key);
    if (message !== undefined) texts.push(`${path.child('nodeSelector').key(key)}: ${message}`);
  }
  const nodes = spec.affinity?.nodeAffinity;
  const at = path.child('affinity', 'nodeAffinity');
  for (const [index, term] of (nodes?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).entries()) texts.push(...nodeTermWarnings(term, at.child('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms').index(index)));
  for (const [index, { preference }] of (nodes?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) texts.push(...nodeTermWarnings(preference, at.child('preferredDuringSchedulingIgnoredDuringExecution').index(index).child('preference'), true));
  for (const [index, { topologyKey, labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const place = path.child('topologySpreadConstraints').index(index);
    const message = nodeLabelWarning(topologyKey);
    if (message !== undefined) texts.push(`${place.child('topologyKey')}: ${topologyKey} is ${message}`);
    if (labelSelector === undefined) texts.push(`${place.child('labelSelector')}: ${NULL_SELECTOR}`);
  }
  return texts;
}

function duplicateTexts(values: readonly (string | undefined)[], field: string, path: FieldPath): readonly string[] {
  return values.flatMap((value, index) => (values.indexOf(value) < index ? [`${path.index(index).child(field)}: duplicate ${field} ${JSON.stringify(value ?? '')}`] : []));
}

function specWarnings(spec: PodSpec, annotations: Annotations, root: FieldPath, isTemplate: boolean): readonly string[] {
  const path = root.child('spec');
  const notes = root.child('metadata', 'annotations');
  const texts: string[] = [...placementWarnings(spec, path)];
  for (const [key, message] of Object.entries(POD_ANNOTATIONS)) if (Object.hasOwn(annotations, key)) texts.push(`${notes.key(key)}: ${message}`);
  texts.push(...volumeWarnings(spec.volumes ?? [], path.child('volumes')));
  const [aliases, secrets] = [spec.hostAliases ?? [], (spec.imagePullSecrets ?? []).map(({ name = '' }) => name)];
  texts.push(...duplicateTexts(aliases.map(({ ip }) => ip), 'ip', path.child('hostAliases')), ...duplicateTexts(secrets, 'name', path.child('imagePullSecrets')));
  for (const [index, name] of secrets.entries()) if (name === '') texts.push(`${path.child('imagePullSecrets').index(index).child('name')}: invalid empty name ""`);
  texts.push(...fractionWarnings(spec.overhead, BYTES, path.child('overhead')));
  if (spec.securityContext?.seccompProfile === undefined && Object.hasOwn(annotations, SECCOMP_POD)) texts.push(`${notes.key(SECCOMP_POD)}: ${SECCOMP_TEXT}`);
  texts.push(...containerWarnings(spec, annotations, path, root, isTemplate));
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) texts.push(`${path.child('terminationGracePeriodSeconds')}: must be >= 0; negative values are invalid and will be treated as 1`);
  texts.push(...podAffinityWarnings(spec.affinity, path.child('affinity')));
  for (const [index, address] of (spec.dnsConfig?.nameservers ?? []).entries()) texts.push(...warningsForIp(path.child('dnsConfig', 'nameservers').index(index), address));
  for (const [index, { ip }] of aliases.entries()) texts.push(...warningsForIp(path.child('hostAliases').index(index).child('ip'), ip));
  return texts;
}

const NO_ANNOTATIONS: Annotations = {};

/** Warnings for a new pod. @internal */
export function podWarnings(pod: { readonly metadata: { readonly name?: string; readonly annotations?: Annotations }; readonly spec: PodSpec }): readonly string[] {
  const errors = dnsLabelErrors(pod.metadata.name ?? '');
  const name = errors.length === 0 ? [] : [`metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${errors.join(' ')}]`];
  return [...name, ...specWarnings(pod.spec, pod.metadata.annotations ?? NO_ANNOTATIONS, fieldPath(), false)];
}

/** Warnings for a template at `path`. @internal */
export function templateWarnings(template: PodTemplateSpec | undefined, path: FieldPath): readonly string[] {
  if (template?.spec === undefined) return [];
  return specWarnings(template.spec, template.metadata?.annotations ?? NO_ANNOTATIONS, path, true);
}

/** The warning for a workload whose pods take a name from it that is no DNS label. @internal */
export function workloadNameWarnings(name: string | undefined): readonly string[] {
  const errors = dnsLabelErrors(name ?? '');
  return errors.length === 0 ? [] : [`metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${errors.join(' ')}]`];
}

/** Warnings for the template of a workload: for each new one, and for updates that raise its generation. @internal */
export function workloadWarnings<T extends { readonly spec: object }>(object: T, old: T | undefined, warn: (object: T) => readonly string[]): readonly string[] {
  return old !== undefined && isSame(object.spec, old.spec) ? [] : warn(object);
}
