// `kubectl describe` for workloads, pods, claims and services, laid out as kubectl 1.37 does.
import type { KubeObject } from '@kubesim/api';
import { parseFlags } from '../flags.ts';
import { KubectlError } from '../kubectl-error.ts';
import { describeContainer, describePodTemplate, tolerationsText, type RunningContainer } from '../printers/pod-template.ts';
import { alignTabs } from '../printers/tab-columns.ts';
import { qualified, type Session } from '../session.ts';
import { resolveObjects } from '../targets.ts';

// Objects of several kinds are read here field by field, as they came from the server.
type Loose = any; // eslint-disable-line @typescript-eslint/no-explicit-any
type Describer = (session: Session, object: Loose) => string;

const byCodeUnit = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
const pairs = (map: Readonly<Record<string, string>> | undefined, mark: string): readonly string[] => Object.entries(map ?? {}).filter(([key]) => key !== 'kubectl.kubernetes.io/last-applied-configuration').sort(byCodeUnit).map(([key, value]) => `${key}${mark}${value}`);
const line = (name: string, value: unknown): string => `${name}:\t${String(value)}\n`;
const many = (name: string, values: readonly string[]): string => (values.length === 0 ? line(name, '<none>') : values.map((value, index) => `${index === 0 ? `${name}:` : ''}\t${value}\n`).join(''));
const selector = (map: Readonly<Record<string, string>> | undefined): string => pairs(map, '=').join(',') || '<none>';

/** An instant as Go's RFC1123Z prints it. */
function instant(text: string): string {
  return new Date(text).toUTCString().replace('GMT', '+0000');
}

/** A duration in ms as kubectl's ages are written, up to days. */
function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  return seconds < 120 ? `${seconds}s` : seconds < 7_200 ? `${Math.floor(seconds / 60)}m` : seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

/** `describe TYPE NAME`. @internal */
export function describe(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, { selector: 'value', filename: 'list', all: 'bool', 'all-namespaces': 'bool', 'show-events': 'value' });
  const all = parsed.args.length === 1 && !(parsed.args[0] ?? '').includes('/') ? { ...parsed, flags: { all: 'true', ...parsed.flags } } : parsed;
  const texts = resolveObjects(session, all).map(({ mapping, object }) => {
    const describer = Object.hasOwn(DESCRIBERS, qualified(mapping)) ? DESCRIBERS[qualified(mapping)] : undefined;
    if (describer === undefined) throw new KubectlError(`error: describing ${mapping.resource} is not supported in process`);
    return describer(session, object) + (parsed.flags['show-events'] === 'false' ? '' : events(session, object));
  });
  session.out(texts.map(alignTabs).join('\n\n'));
}

function events(session: Session, object: KubeObject): string {
  const list = session.ask('GET', `/api/v1/namespaces/${session.namespace}/events`, { query: { fieldSelector: `involvedObject.uid=${object.metadata.uid ?? ''}` } });
  const items = (list['items'] ?? []) as readonly Loose[];
  if (items.length === 0) return 'Events:\t<none>\n';
  const last = (event: Loose): string => event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;
  const sorted = [...items].sort((a, b) => Date.parse(last(a)) - Date.parse(last(b)));
  const rows = sorted.map((event) => {
    const count = event.series?.count ?? event.count ?? 1;
    const since = age(session.options.now() - Date.parse(last(event)));
    const first = age(session.options.now() - Date.parse(event.firstTimestamp ?? event.eventTime ?? last(event)));
    return `  ${event.type}\t${event.reason}\t${count > 1 ? `${since} (x${count} over ${first})` : since}\t${event.source?.component || event.reportingComponent || ''}\t${String(event.message).trim()}\n`;
  });
  return `Events:\n  Type\tReason\tAge\tFrom\tMessage\n  ----\t------\t----\t----\t-------\n${rows.join('')}`;
}

function statefulSet(session: Session, { metadata, spec, status }: Loose): string {
  const list = session.ask('GET', `/api/v1/namespaces/${metadata.namespace}/pods`, { query: { labelSelector: pairs(spec.selector.matchLabels, '=').join(',') } });
  const owned = ((list['items'] ?? []) as readonly Loose[]).filter((pod) => pod.metadata.ownerReferences?.some((owner: Loose) => owner.controller === true && owner.uid === metadata.uid));
  const inPhase = (phase: string): number => owned.filter((pod) => pod.status?.phase === phase).length;
  let text = line('Name', metadata.name) + line('Namespace', metadata.namespace) + line('CreationTimestamp', instant(metadata.creationTimestamp)) + line('Selector', selector(spec.selector.matchLabels));
  text += many('Labels', pairs(metadata.labels, '=')) + many('Annotations', pairs(metadata.annotations, ': '));
  text += line('Service Name', spec.serviceName ?? '') + line('Pod Management Policy', spec.podManagementPolicy) + line('Replicas', `${spec.replicas} desired | ${status?.replicas ?? 0} total`) + line('Update Strategy', spec.updateStrategy.type);
  const rolling = spec.updateStrategy.rollingUpdate;
  if (rolling?.partition !== undefined) text += line('  Partition', rolling.partition);
  if (rolling?.maxUnavailable !== undefined) text += line('  MaxUnavailable', rolling.maxUnavailable);
  const retention = spec.persistentVolumeClaimRetentionPolicy;
  if (retention !== undefined) text += `Persistent Volume Claim Retention Policy:\n${line('  WhenDeleted', retention.whenDeleted)}${line('  WhenScaled', retention.whenScaled)}`;
  text += line('Pods Status', `${inPhase('Running')} Running / ${inPhase('Pending')} Waiting / ${inPhase('Succeeded')} Succeeded / ${inPhase('Failed')} Failed`) + describePodTemplate(spec.template);
  const claims = (spec.volumeClaimTemplates ?? []) as readonly Loose[];
  if (claims.length === 0) return `${text}Volume Claims:\t<none>\n`;
  const claimText = claims.map((claim) => line('  Name', claim.metadata.name) + line('  StorageClass', claim.spec.storageClassName ?? '') + many('  Labels', pairs(claim.metadata.labels, '=')) + many('  Annotations', pairs(claim.metadata.annotations, ': ')) + line('  Capacity', claim.spec.resources?.requests?.storage ?? '<default>') + line('  Access Modes', `[${(claim.spec.accessModes ?? []).join(' ')}]`));
  return `${text}Volume Claims:\n${claimText.join('')}`;
}

function deployment(session: Session, { metadata, spec, status }: Loose): string {
  const list = session.ask('GET', `/apis/apps/v1/namespaces/${metadata.namespace}/replicasets`, { query: { labelSelector: pairs(spec.selector.matchLabels, '=').join(',') } });
  const owned = ((list['items'] ?? []) as readonly Loose[]).filter((set) => set.metadata.ownerReferences?.some((owner: Loose) => owner.controller === true && owner.uid === metadata.uid));
  const revision = (set: Loose): string | undefined => set.metadata.annotations?.['deployment.kubernetes.io/revision'];
  const isNew = (set: Loose): boolean => revision(set) === metadata.annotations?.['deployment.kubernetes.io/revision'];
  const show = (sets: readonly Loose[]): string => sets.map((set) => `${set.metadata.name} (${set.status?.replicas ?? 0}/${set.spec.replicas} replicas created)`).join(', ') || '<none>';
  let text = line('Name', metadata.name) + line('Namespace', metadata.namespace) + line('CreationTimestamp', instant(metadata.creationTimestamp)) + many('Labels', pairs(metadata.labels, '=')) + many('Annotations', pairs(metadata.annotations, ': ')) + line('Selector', selector(spec.selector.matchLabels));
  text += line('Replicas', `${spec.replicas} desired | ${status?.updatedReplicas ?? 0} updated | ${status?.replicas ?? 0} total | ${status?.availableReplicas ?? 0} available | ${status?.unavailableReplicas ?? 0} unavailable`) + line('StrategyType', spec.strategy.type) + line('MinReadySeconds', spec.minReadySeconds ?? 0);
  const rolling = spec.strategy.rollingUpdate;
  if (rolling !== undefined) text += line('RollingUpdateStrategy', `${rolling.maxUnavailable} max unavailable, ${rolling.maxSurge} max surge`);
  text += describePodTemplate(spec.template);
  const conditions = (status?.conditions ?? []) as readonly Loose[];
  if (conditions.length > 0) text += `Conditions:\n  Type\tStatus\tReason\n  ----\t------\t------\n${conditions.map((each) => `  ${each.type} \t${each.status}\t${each.reason}\n`).join('')}`;
  return `${text}${line('OldReplicaSets', show(owned.filter((set) => !isNew(set))))}${line('NewReplicaSet', show(owned.filter(isNew)))}`;
}

function pod(session: Session, { metadata, spec, status }: Loose): string {
  const deleted = metadata.deletionTimestamp as string | undefined;
  let text = line('Name', metadata.name) + line('Namespace', metadata.namespace) + line('Priority', spec.priority ?? 0);
  text += spec.nodeName === undefined ? line('Node', '<none>') : line('Node', `${spec.nodeName}/${status?.hostIP ?? ''}`);
  if (status?.startTime !== undefined) text += line('Start Time', instant(status.startTime));
  text += many('Labels', pairs(metadata.labels, '=')) + many('Annotations', pairs(metadata.annotations, ': '));
  text += deleted === undefined ? line('Status', status?.reason ?? status?.phase ?? '') : line('Status', `Terminating (lasts ${age(session.options.now() - Date.parse(deleted))})`) + line('Termination Grace Period', `${metadata.deletionGracePeriodSeconds}s`);
  text += line('IP', status?.podIP ?? '') + ((status?.podIPs ?? []).length === 0 ? line('IPs', '<none>') : `IPs:\n${status.podIPs.map(({ ip }: Loose) => line('  IP', ip)).join('')}`);
  const owner = (metadata.ownerReferences ?? []).find((each: Loose) => each.controller === true);
  if (owner !== undefined) text += line('Controlled By', `${owner.kind}/${owner.name}`);
  const containers = (title: string, list: readonly Loose[], statuses: readonly RunningContainer[] = []): string => (list.length === 0 ? '' : `${title}:\n${list.map((container) => describeContainer(container, '  ', statuses.find(({ name }) => name === container.name), instant)).join('')}`);
  text += containers('Init Containers', spec.initContainers ?? [], status?.initContainerStatuses) + containers('Containers', spec.containers, status?.containerStatuses);
  const conditions = (status?.conditions ?? []) as readonly Loose[];
  if (conditions.length > 0) text += `Conditions:\n  Type\tStatus\n${conditions.map((each) => `  ${each.type} \t${each.status} \n`).join('')}`;
  const volumes = (spec.volumes ?? []) as readonly Loose[];
  text += volumes.length === 0 ? line('Volumes', '<none>') : `Volumes:\n${volumes.map((volume) => `  ${volume.name}:\n${volume.persistentVolumeClaim === undefined ? '' : `    Type:\tPersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)\n    ClaimName:\t${volume.persistentVolumeClaim.claimName}\n    ReadOnly:\t${volume.persistentVolumeClaim.readOnly === true}\n`}`).join('')}`;
  return text + line('QoS Class', status?.qosClass ?? '') + many('Node-Selectors', pairs(spec.nodeSelector, '=')) + many('Tolerations', tolerationsText(spec.tolerations ?? []));
}

function claim(session: Session, { metadata, spec, status }: Loose): string {
  const short: Readonly<Record<string, string>> = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' };
  const isBound = (spec.volumeName ?? '') !== '';
  const pods = (session.ask('GET', `/api/v1/namespaces/${metadata.namespace}/pods`)['items'] ?? []) as readonly Loose[];
  const users = pods.filter((each) => (each.spec.volumes ?? []).some((volume: Loose) => volume.persistentVolumeClaim?.claimName === metadata.name)).map((each) => each.metadata.name as string);
  const conditions = (status?.conditions ?? []) as readonly Loose[];
  const text = line('Name', metadata.name) + line('Namespace', metadata.namespace) + line('StorageClass', spec.storageClassName ?? '') + line('Status', metadata.deletionTimestamp === undefined ? status?.phase : `Terminating (lasts ${age(session.options.now() - Date.parse(metadata.deletionTimestamp))})`) + line('Volume', spec.volumeName ?? '') + many('Labels', pairs(metadata.labels, '=')) + many('Annotations', pairs(metadata.annotations, ': ')) + line('Finalizers', `[${(metadata.finalizers ?? []).join(' ')}]`);
  return text + line('Capacity', isBound ? status?.capacity?.storage ?? '' : '') + line('Access Modes', isBound ? (status?.accessModes ?? []).map((mode: string) => short[mode] ?? mode).join(',') : '') + line('VolumeMode', spec.volumeMode) + many('Used By', users) + (conditions.length === 0 ? '' : `Conditions:\n  Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage\n  ----\t------\t-----------------\t------------------\t------\t-------\n${conditions.map((each) => `  ${each.type} \t${each.status} \t${typeof each.lastProbeTime === 'string' ? instant(each.lastProbeTime) : 'Mon, 01 Jan 0001 00:00:00 +0000'} \t${instant(each.lastTransitionTime)} \t${each.reason} \t${each.message}\n`).join('')}`);
}

function service(session: Session, { metadata, spec }: Loose): string {
  const slices = (session.ask('GET', `/apis/discovery.k8s.io/v1/namespaces/${metadata.namespace}/endpointslices`, { query: { labelSelector: `kubernetes.io/service-name=${metadata.name}` } })['items'] ?? []) as readonly Loose[];
  const endpoints = (port: Loose): string => {
    const all = slices.flatMap((slice) => (slice.ports ?? []).filter((each: Loose) => (each.name ?? '') === (port.name ?? '')).flatMap((each: Loose) => (slice.endpoints ?? []).filter((endpoint: Loose) => endpoint.conditions?.ready !== false).flatMap((endpoint: Loose) => endpoint.addresses.map((address: string) => `${address}:${each.port}`)))) as string[];
    return `${all.slice(0, 3).join(',')}${all.length > 3 ? ` + ${all.length - 3} more...` : ''}`;
  };
  let text = line('Name', metadata.name) + line('Namespace', metadata.namespace) + many('Labels', pairs(metadata.labels, '=')) + many('Annotations', pairs(metadata.annotations, ': ')) + line('Selector', selector(spec.selector)) + line('Type', spec.type) + line('IP Family Policy', spec.ipFamilyPolicy ?? '<none>') + line('IP Families', (spec.ipFamilies ?? []).join(',') || '<none>') + line('IP', spec.clusterIP ?? '') + line('IPs', (spec.clusterIPs ?? []).join(',') || '<none>');
  for (const port of (spec.ports ?? []) as readonly Loose[]) text += `${line('Port', `${port.name ?? '<unset>'}  ${port.port}/${port.protocol}`)}${line('TargetPort', `${port.targetPort}/${port.protocol}`)}${port.nodePort === undefined ? '' : line('NodePort', `${port.name ?? '<unset>'}  ${port.nodePort}/${port.protocol}`)}${line('Endpoints', endpoints(port))}`;
  return text + line('Session Affinity', spec.sessionAffinity) + (spec.internalTrafficPolicy === undefined ? '' : line('Internal Traffic Policy', spec.internalTrafficPolicy));
}

const DESCRIBERS: Readonly<Record<string, Describer>> = { 'statefulset.apps': statefulSet, 'deployment.apps': deployment, pod, persistentvolumeclaim: claim, service };
