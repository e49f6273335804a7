// Descriptions of services, endpoints, ingresses, claims, volumes and classes. Upstream: kubectl/pkg/describe/describe.go (1.37).
import type { Session } from '../session.ts';
import { describeSource } from './pod-template.ts';
import { age, annotations, head, instant, line, many, pairs, selector, type Loose } from './text.ts';

function slicesOf(session: Session, { metadata }: Loose): readonly Loose[] {
  return (session.ask('GET', `/apis/discovery.k8s.io/v1/namespaces/${metadata.namespace}/endpointslices`, { query: { labelSelector: `kubernetes.io/service-name=${metadata.name}` } })['items'] ?? []) as readonly Loose[];
}

function endpointsText(slices: readonly Loose[], portName: string): string {
  const all = slices.flatMap((slice) => (slice.ports ?? []).filter((each: Loose) => (each.name ?? '') === portName).flatMap((each: Loose) => (slice.endpoints ?? []).filter((endpoint: Loose) => endpoint.conditions?.ready !== false).flatMap((endpoint: Loose) => endpoint.addresses.map((address: string) => `${address}:${each.port}`)))) as string[];
  return `${all.slice(0, 3).join(',')}${all.length > 3 ? ` + ${all.length - 3} more...` : ''}`;
}

/** Service. @internal */
export function service(session: Session, object: Loose): string {
  const { spec, status } = object;
  const slices = slicesOf(session, object);
  let text = head(object) + line('Selector', pairs(spec.selector, '=').join(',') || '<none>') + line('Type', spec.type) + line('IP Family Policy', spec.ipFamilyPolicy ?? '<none>') + line('IP Families', (spec.ipFamilies ?? []).join(',') || '<none>') + line('IP', spec.clusterIP ?? '') + line('IPs', (spec.clusterIPs ?? []).join(',') || '<none>');
  if ((spec.externalIPs ?? []).length > 0) text += line('External IPs', spec.externalIPs.join(','));
  if ((spec.loadBalancerIP ?? '') !== '') text += line('Desired LoadBalancer IP', spec.loadBalancerIP);
  if ((spec.externalName ?? '') !== '') text += line('External Name', spec.externalName);
  const ingress = ((status?.loadBalancer?.ingress ?? []) as readonly Loose[]).map(({ ip, hostname, ipMode }) => (ip === undefined ? hostname : `${ip}${ipMode === undefined ? '' : ` (${ipMode})`}`));
  if (ingress.length > 0) text += line('LoadBalancer Ingress', ingress.join(', '));
  for (const port of (spec.ports ?? []) as readonly Loose[]) text += `${line('Port', `${port.name ?? '<unset>'}  ${port.port}/${port.protocol}`)}${line('TargetPort', `${port.targetPort}/${port.protocol}`)}${port.nodePort === undefined ? '' : line('NodePort', `${port.name ?? '<unset>'}  ${port.nodePort}/${port.protocol}`)}${line('Endpoints', endpointsText(slices, port.name ?? ''))}`;
  text += line('Session Affinity', spec.sessionAffinity);
  if ((spec.externalTrafficPolicy ?? '') !== '') text += line('External Traffic Policy', spec.externalTrafficPolicy);
  if ((spec.internalTrafficPolicy ?? '') !== '') text += line('Internal Traffic Policy', spec.internalTrafficPolicy);
  if (spec.trafficDistribution !== undefined) text += line('Traffic Distribution', spec.trafficDistribution);
  if ((spec.healthCheckNodePort ?? 0) !== 0) text += line('HealthCheck NodePort', spec.healthCheckNodePort);
  return text + ((spec.loadBalancerSourceRanges ?? []).length === 0 ? '' : line('LoadBalancer Source Ranges', spec.loadBalancerSourceRanges.join(',')));
}

/** Endpoints. @internal */
export function endpoints(_session: Session, object: Loose): string {
  const subsets = ((object.subsets ?? []) as readonly Loose[]).map(({ addresses = [], notReadyAddresses = [], ports = [] }) => {
    const ips = (list: readonly Loose[]): string => list.map(({ ip }) => ip).join(',') || '<none>';
    const portText = ports.length === 0 ? '' : `  Ports:\n    Name\tPort\tProtocol\n    ----\t----\t--------\n${ports.map(({ name, port, protocol }: Loose) => `    ${name ?? '<unset>'}\t${port}\t${protocol}\n`).join('')}`;
    return `  Addresses:\t${ips(addresses)}\n  NotReadyAddresses:\t${ips(notReadyAddresses)}\n${portText}\n`;
  });
  return `${head(object)}Subsets:\n${subsets.join('')}`;
}

/** EndpointSlice. @internal */
export function endpointSlice(_session: Session, object: Loose): string {
  const ports = (object.ports ?? []) as readonly Loose[];
  let text = head(object) + line('AddressType', object.addressType) + (ports.length === 0 ? 'Ports: <unset>\n' : `Ports:\n  Name\tPort\tProtocol\n  ----\t----\t--------\n${ports.map(({ name, port, protocol }) => `  ${(name ?? '') === '' ? '<unset>' : name}\t${port ?? '<unset>'}\t${protocol}\n`).join('')}`);
  const list = (object.endpoints ?? []) as readonly Loose[];
  if (list.length === 0) return `${text}Endpoints: <none>\n`;
  text += 'Endpoints:\n';
  for (const { addresses, conditions, hostname, targetRef, nodeName, zone } of list) {
    text += `  - Addresses:\t${addresses.join(', ')}\n    Conditions:\n      Ready:\t${conditions?.ready ?? '<unset>'}\n    Hostname:\t${hostname ?? '<unset>'}\n`;
    if (targetRef !== undefined) text += `    TargetRef:\t${targetRef.kind}/${targetRef.name}\n`;
    text += `    NodeName:\t${nodeName ?? '<unset>'}\n    Zone:\t${zone ?? '<unset>'}\n`;
  }
  return text;
}

/** Ingress. @internal */
export function ingress(session: Session, { metadata, spec, status }: Loose): string {
  const backend = (value: Loose): string => {
    if (value?.service === undefined) return value?.resource === undefined ? '<default>' : `APIGroup: ${value.resource.apiGroup ?? ''}, Kind: ${value.resource.kind}, Name: ${value.resource.name}`;
    const { name, port } = value.service;
    const found = session.find(session.resource('services'), name, metadata.namespace) as Loose | undefined;
    const shown = `${name}:${port?.name ?? port?.number ?? 0}`;
    if (found === undefined) return `${shown} (<error: services "${name}" not found>)`;
    const servicePort = ((found.spec.ports ?? []) as readonly Loose[]).find((each) => (port?.name === undefined ? each.port === port?.number : each.name === port.name));
    return `${shown} (${endpointsText(slicesOf(session, found), servicePort?.name ?? '')})`;
  };
  const addresses = ((status?.loadBalancer?.ingress ?? []) as readonly Loose[]).map(({ ip, hostname }) => ip ?? hostname).join(',');
  let text = line('Name', metadata.name) + many('Labels', pairs(metadata.labels, '=')) + line('Namespace', metadata.namespace) + line('Address', addresses) + line('Ingress Class', spec.ingressClassName ?? '<none>') + line('Default backend', backend(spec.defaultBackend));
  const tls = (spec.tls ?? []) as readonly Loose[];
  if (tls.length > 0) text += `TLS:\n${tls.map(({ secretName, hosts }) => `  ${(secretName ?? '') === '' ? 'SNI routes' : `${secretName} terminates`} ${(hosts ?? []).join(',')}\n`).join('')}`;
  text += 'Rules:\n  Host\tPath\tBackends\n  ----\t----\t--------\n';
  const rules = ((spec.rules ?? []) as readonly Loose[]).filter(({ http }) => http !== undefined);
  for (const { host, http } of rules) text += `  ${(host ?? '') === '' ? '*' : host}\t\n${http.paths.map((path: Loose) => `    \t${path.path ?? ''} \t${backend(path.backend)}\n`).join('')}`;
  if (rules.length === 0) text += `  *\t*\t${backend(spec.defaultBackend)}\n`;
  return text + annotations(metadata.annotations);
}

/** NetworkPolicy. @internal */
export function networkPolicy(_session: Session, object: Loose): string {
  const { metadata, spec } = object;
  const types = (spec.policyTypes ?? ['Ingress']) as readonly string[];
  const peers = (title: string, list: readonly Loose[] | undefined): string => (list === undefined || list.length === 0 ? `    ${title}: <any> (traffic not restricted by ${title === 'From' ? 'source' : 'destination'})\n` : list.map((peer) => `    ${title}:\n${peer.ipBlock !== undefined ? `      IPBlock:\n        CIDR: ${peer.ipBlock.cidr}\n        Except: ${(peer.ipBlock.except ?? []).join(', ')}\n` : `${peer.namespaceSelector === undefined ? '' : `      NamespaceSelector: ${selector(peer.namespaceSelector)}\n`}${peer.podSelector === undefined ? '' : `      PodSelector: ${selector(peer.podSelector)}\n`}`}`).join(''));
  const ports = (list: readonly Loose[] | undefined): string => (list === undefined || list.length === 0 ? '    To Port: <any> (traffic allowed to all ports)\n' : list.map(({ port, protocol }) => `    To Port: ${port ?? '<any>'}/${protocol ?? 'TCP'}\n`).join(''));
  const rules = (kind: 'Ingress' | 'Egress'): string => {
    const noun = kind.toLowerCase();
    if (!types.includes(kind)) return `  Not affecting ${noun} traffic\n`;
    const list = (spec[noun] ?? []) as readonly Loose[];
    if (list.length === 0) return `  Allowing ${noun} traffic:\n    <none> (Selected pods are isolated for ${noun} connectivity)\n`;
    return `  Allowing ${noun} traffic:\n${list.map((rule) => ports(rule.ports) + (kind === 'Ingress' ? peers('From', rule.from) : peers('To', rule.to))).join('    ----------\n')}`;
  };
  const chosen = selector(spec.podSelector);
  return `${line('Name', metadata.name)}${line('Namespace', metadata.namespace)}Created on:\t${metadata.creationTimestamp.replace('T', ' ').replace('Z', ' +0000 UTC')}\n${many('Labels', pairs(metadata.labels, '='))}${annotations(metadata.annotations)}Spec:\n  PodSelector: ${chosen === '<none>' ? '<none> (Allowing the specific traffic to all pods in this namespace)' : chosen}\n${rules('Ingress')}${rules('Egress')}  Policy Types: ${types.join(', ')}\n`;
}

const SHORT_MODES: Readonly<Record<string, string>> = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' };
const modes = (list: readonly string[] | undefined): string => (list ?? []).map((mode) => SHORT_MODES[mode] ?? mode).join(',');

/** PersistentVolumeClaim. @internal */
export function claim(session: Session, { metadata, spec, status }: Loose): string {
  const isBound = (spec.volumeName ?? '') !== '';
  const pods = (session.ask('GET', `/api/v1/namespaces/${metadata.namespace}/pods`)['items'] ?? []) as readonly Loose[];
  const users = pods.filter((each) => (each.spec.volumes ?? []).some((volume: Loose) => volume.persistentVolumeClaim?.claimName === metadata.name || (volume.ephemeral !== undefined && `${each.metadata.name}-${volume.name}` === metadata.name))).map((each) => each.metadata.name as string);
  const conditions = (status?.conditions ?? []) as readonly Loose[];
  let text = line('Name', metadata.name) + line('Namespace', metadata.namespace) + line('StorageClass', spec.storageClassName ?? '') + line('Status', metadata.deletionTimestamp === undefined ? status?.phase : `Terminating (lasts ${age(session.options.now() - Date.parse(metadata.deletionTimestamp))})`) + line('Volume', spec.volumeName ?? '') + many('Labels', pairs(metadata.labels, '=')) + annotations(metadata.annotations) + line('Finalizers', `[${(metadata.finalizers ?? []).join(' ')}]`);
  text += line('Capacity', isBound ? status?.capacity?.storage ?? '' : '') + line('Access Modes', isBound ? modes(status?.accessModes) : '') + line('VolumeMode', spec.volumeMode);
  if (spec.dataSource !== undefined) text += `DataSource:\n${spec.dataSource.apiGroup === undefined ? '' : line('  APIGroup', spec.dataSource.apiGroup)}${line('  Kind', spec.dataSource.kind)}${line('  Name', spec.dataSource.name)}`;
  text += many('Used By', users);
  return text + (conditions.length === 0 ? '' : `Conditions:\n  Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage\n  ----\t------\t-----------------\t------------------\t------\t-------\n${conditions.map((each) => `  ${each.type} \t${each.status} \t${instant(each.lastProbeTime)} \t${instant(each.lastTransitionTime)} \t${each.reason ?? ''} \t${each.message ?? ''}\n`).join('')}`);
}

/** PersistentVolume. @internal */
export function volume(session: Session, { metadata, spec, status }: Loose): string {
  let text = line('Name', metadata.name) + many('Labels', pairs(metadata.labels, '=')) + annotations(metadata.annotations) + line('Finalizers', `[${(metadata.finalizers ?? []).join(' ')}]`) + line('StorageClass', spec.storageClassName ?? '');
  text += line('Status', metadata.deletionTimestamp === undefined ? status?.phase ?? '' : `Terminating (lasts ${age(session.options.now() - Date.parse(metadata.deletionTimestamp))})`) + line('Claim', spec.claimRef === undefined ? '' : `${spec.claimRef.namespace}/${spec.claimRef.name}`) + line('Reclaim Policy', spec.persistentVolumeReclaimPolicy) + line('Access Modes', modes(spec.accessModes)) + line('VolumeMode', spec.volumeMode) + line('Capacity', spec.capacity?.storage ?? '');
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms as readonly Loose[] | undefined;
  text += terms === undefined ? line('Node Affinity', '<none>') : `Node Affinity:\t\n  Required Terms:\t\n${terms.map((term, index) => many(`    Term ${index}`, ((term.matchExpressions ?? []) as readonly Loose[]).map(({ key, operator, values }) => `${key} ${operator.toLowerCase()} [${(values ?? []).join(', ')}]`))).join('')}`;
  return `${text}${line('Message', status?.message ?? '')}Source:\n${describeSource(spec)}`;
}

/** StorageClass. @internal */
export function storageClass(_session: Session, object: Loose): string {
  const { metadata } = object;
  const isDefault = metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true' || metadata.annotations?.['storageclass.beta.kubernetes.io/is-default-class'] === 'true';
  const topologies = (object.allowedTopologies ?? []) as readonly Loose[];
  return line('Name', metadata.name) + line('IsDefaultClass', isDefault ? 'Yes' : 'No') + line('Annotations', pairs(metadata.annotations, '=').join(',') || '<none>') + line('Provisioner', object.provisioner) + line('Parameters', pairs(object.parameters, '=').join(',') || '<none>') + line('AllowVolumeExpansion', object.allowVolumeExpansion === undefined ? '<unset>' : object.allowVolumeExpansion ? 'True' : 'False')
    + ((object.mountOptions ?? []).length === 0 ? line('MountOptions', '<none>') : `MountOptions:\n${object.mountOptions.map((option: string) => `  ${option}\n`).join('')}`) + line('ReclaimPolicy', object.reclaimPolicy ?? 'Delete') + line('VolumeBindingMode', object.volumeBindingMode ?? 'Immediate')
    + (topologies.length === 0 ? '' : `AllowedTopologies:\t\n${topologies.map((term, index) => many(`  Term ${index}`, ((term.matchLabelExpressions ?? []) as readonly Loose[]).map(({ key, values }) => `${key} in [${values.join(', ')}]`))).join('')}`);
}
