// core/v1 Service. Upstream: pkg/apis/core/v1/defaults.go, pkg/registry/core/service (1.37).
import type { Service, ServicePort, ServiceSpec } from '../../generated/types.ts';
import { mapField, mapItems, withDefaults, withField } from '../../edit.ts';
import { invalid, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import { defineKind, type KindContext, type KindDefinition } from '../../kind.ts';
import { parseIp, warningsForCidr, warningsForIp } from '../../names/ip.ts';
import type { KubeObject } from '../../request.ts';
import { isSame } from '../../is-same.ts';
import { ageCell } from '../../table/cells.ts';
import { allocateService, needsClusterIp, needsHealthCheckPort, needsNodePort } from './service-allocation.ts';
import { validateClusterIpFields, validateService, validateServiceUpdate } from './service-validation.ts';

type ServiceObject = Service & KubeObject;

const AFFINITY_SECONDS_DEFAULT = 10_800;

function setPortDefaults(port: ServicePort): ServicePort {
  const withProtocol = (port.protocol ?? '') === '' ? { ...port, protocol: 'TCP' as const } : port;
  return (withProtocol.targetPort ?? '') === '' || withProtocol.targetPort === 0 ? { ...withProtocol, targetPort: port.port } : withProtocol;
}

function setDefaults(spec: ServiceSpec): ServiceSpec {
  let filled = withField(spec, 'type', (spec.type ?? '') === '' ? 'ClusterIP' : spec.type);
  filled = withField(filled, 'sessionAffinity', (filled.sessionAffinity ?? '') === '' ? 'None' : filled.sessionAffinity);
  if (filled.sessionAffinity === 'None') filled = withField(filled, 'sessionAffinityConfig', undefined);
  if (filled.sessionAffinity === 'ClientIP' && filled.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    filled = { ...filled, sessionAffinityConfig: { clientIP: { timeoutSeconds: AFFINITY_SECONDS_DEFAULT } } };
  }
  filled = mapField(filled, 'ports', (ports) => mapItems(ports, setPortDefaults));
  const isExternal = needsNodePort(filled) || (filled.type === 'ClusterIP' && (filled.externalIPs ?? []).length > 0);
  if (isExternal && (filled.externalTrafficPolicy ?? '') === '') filled = withField(filled, 'externalTrafficPolicy', 'Cluster');
  if (filled.type === 'ClusterIP' || needsNodePort(filled)) filled = withDefaults(filled, { internalTrafficPolicy: 'Cluster' });
  return filled.type === 'LoadBalancer' ? withDefaults(filled, { allocateLoadBalancerNodePorts: true }) : filled;
}

/** The plural and the singular of cluster IPs say the same; what an update leaves out or changes in one moves the other. */
function syncClusterIps(spec: ServiceSpec, old: ServiceSpec | undefined): ServiceSpec {
  const { clusterIP = '', clusterIPs = [] } = spec;
  if (old === undefined) return clusterIP !== '' && clusterIPs.length === 0 ? withField(spec, 'clusterIPs', [clusterIP]) : spec;
  const before = old.clusterIP ?? '';
  let synced = spec;
  if (clusterIPs.length === 0 && (old.clusterIPs ?? []).length > 0 && before === clusterIP) synced = withField(synced, 'clusterIPs', old.clusterIPs);
  if (before !== clusterIP && isSame(synced.clusterIPs ?? [], old.clusterIPs ?? [])) synced = withField(synced, 'clusterIPs', before !== '' && clusterIP === '' ? undefined : [clusterIP]);
  return synced;
}

/** What was given and is left out of an update stays. */
function keepAllocated(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  let kept = spec;
  if (needsClusterIp(old) && needsClusterIp(kept)) {
    if ((kept.clusterIP ?? '') === '') kept = withField(kept, 'clusterIP', old.clusterIP);
    if ((kept.clusterIPs ?? []).length === 0) kept = withField(kept, 'clusterIPs', old.clusterIPs);
  }
  if (needsNodePort(old) && needsNodePort(kept)) {
    const asked = new Set((kept.ports ?? []).map((port) => port.nodePort));
    const known = new Map((old.ports ?? []).map((port) => [port.name ?? '', port.nodePort]));
    kept = mapField(kept, 'ports', (ports) => mapItems(ports, (port) => {
      const nodePort = known.get(port.name ?? '');
      return (port.nodePort ?? 0) !== 0 || nodePort === undefined || asked.has(nodePort) ? port : { ...port, nodePort };
    }));
  }
  if (needsHealthCheckPort(old) && needsHealthCheckPort(kept) && (kept.healthCheckNodePort ?? 0) === 0) kept = withField(kept, 'healthCheckNodePort', old.healthCheckNodePort);
  return kept;
}

/** What only the old type could have, and nobody changed, goes with it. */
function dropOfOldType(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  if (spec.type === old.type && spec.externalTrafficPolicy === old.externalTrafficPolicy) return spec;
  let kept = spec;
  if (needsClusterIp(old) && !needsClusterIp(kept)) {
    if (kept.clusterIP === old.clusterIP && isSame(kept.clusterIPs, old.clusterIPs)) kept = withField(withField(kept, 'clusterIP', undefined), 'clusterIPs', undefined);
    if (isSame(kept.ipFamilies, old.ipFamilies)) kept = withField(kept, 'ipFamilies', undefined);
    if (kept.ipFamilyPolicy === old.ipFamilyPolicy) kept = withField(kept, 'ipFamilyPolicy', undefined);
    if (kept.internalTrafficPolicy === old.internalTrafficPolicy) kept = withField(kept, 'internalTrafficPolicy', undefined);
  }
  if (needsNodePort(old) && !needsNodePort(kept)) {
    const before = new Set((old.ports ?? []).map((port) => port.nodePort ?? 0));
    const isSamePorts = (kept.ports ?? []).every((port) => before.has(port.nodePort ?? 0));
    if (isSamePorts) kept = mapField(kept, 'ports', (ports) => mapItems(ports, (port) => withField(port, 'nodePort', undefined)));
    if (kept.externalTrafficPolicy === old.externalTrafficPolicy) kept = withField(kept, 'externalTrafficPolicy', undefined);
  }
  if (needsHealthCheckPort(old) && !needsHealthCheckPort(kept) && kept.healthCheckNodePort === old.healthCheckNodePort) kept = withField(kept, 'healthCheckNodePort', undefined);
  if (old.type === 'LoadBalancer' && kept.type !== 'LoadBalancer') {
    if (kept.allocateLoadBalancerNodePorts === old.allocateLoadBalancerNodePorts) kept = withField(kept, 'allocateLoadBalancerNodePorts', undefined);
    if (kept.loadBalancerClass === old.loadBalancerClass) kept = withField(kept, 'loadBalancerClass', undefined);
  }
  return kept;
}

/** Families of a cluster that has IPv4 alone. A Service without selector and address may stand for both. */
function setFamilies(spec: ServiceSpec, old: ServiceSpec | undefined): ServiceSpec {
  if (spec.type === 'ExternalName') return spec;
  const isSelectorless = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  const policy = spec.ipFamilyPolicy ?? old?.ipFamilyPolicy ?? (isSelectorless ? 'RequireDualStack' : 'SingleStack');
  let families = spec.ipFamilies ?? [];
  const fromAddresses = (spec.clusterIPs ?? []).filter((address) => address !== 'None').map((address) => parseIp(address)?.family ?? 'IPv4');
  families = [...families, ...fromAddresses.slice(families.length)];
  if (families.length === 0) families = ['IPv4'];
  if (isSelectorless && families.length < 2 && policy !== 'SingleStack') families = [...families, families[0] === 'IPv4' ? 'IPv6' : 'IPv4'];
  return { ...spec, ipFamilyPolicy: policy, ipFamilies: families };
}

/** What upstream finds while it gives addresses, before it looks at anything else. */
function familyErrors(spec: ServiceSpec, old: ServiceSpec | undefined): readonly FieldError[] {
  if (spec.type === 'ExternalName') return [];
  const errors = validateClusterIpFields(spec, old);
  if (errors.length > 0 || (spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0)) return errors;
  const path = fieldPath('spec');
  const found: FieldError[] = [];
  if (spec.ipFamilyPolicy === 'SingleStack') {
    const text = (what: string): string => `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
    if (spec.clusterIPs?.length === 2) found.push(invalid(path.child('ipFamilyPolicy'), spec.ipFamilyPolicy, text('cluster IPs')));
    if (spec.ipFamilies?.length === 2) found.push(invalid(path.child('ipFamilyPolicy'), spec.ipFamilyPolicy, text('IP families')));
    if (found.length > 0) return found;
  }
  if (spec.ipFamilyPolicy === 'RequireDualStack') found.push(invalid(path.child('ipFamilyPolicy'), spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'));
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) if (family !== 'IPv4') found.push(invalid(path.child('ipFamilies').index(index), family, 'not configured on this cluster'));
  return found;
}

function validateCreate(service: ServiceObject, old: ServiceObject | undefined): readonly FieldError[] {
  const early = familyErrors(service.spec, old?.spec);
  return early.length > 0 ? early : validateService(service, old?.spec);
}

/** Upstream: pkg/api/service/warnings.go (1.37). */
function warnings({ metadata, spec }: ServiceObject, { profile }: KindContext): readonly string[] {
  const texts: string[] = [];
  const path = fieldPath('spec');
  const { type, clusterIPs = [], externalIPs = [], loadBalancerIP = '', loadBalancerSourceRanges = [] } = spec;
  const isHeadless = type === 'ClusterIP' && spec.clusterIP === 'None';
  if (Object.hasOwn(metadata.annotations ?? {}, 'service.kubernetes.io/topology-aware-hints')) texts.push('annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead');
  if (clusterIPs[0] !== 'None') for (const [index, address] of clusterIPs.entries()) texts.push(...warningsForIp(path.child('clusterIPs').index(index), address));
  if (isHeadless) {
    if (loadBalancerIP !== '') texts.push('spec.loadBalancerIP is ignored for headless services');
    if (externalIPs.length > 0) texts.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity !== 'None') texts.push('spec.SessionAffinity is ignored for headless services');
  }
  for (const [index, address] of externalIPs.entries()) texts.push(...warningsForIp(path.child('externalIPs').index(index), address));
  if (profile.kubernetes !== '1.34' && externalIPs.length > 0 && !isHeadless && type !== 'ExternalName') texts.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  if (loadBalancerIP !== '') texts.push(...warningsForIp(path.child('loadBalancerIP'), loadBalancerIP));
  for (const [index, cidr] of loadBalancerSourceRanges.entries()) texts.push(...warningsForCidr(path.child('loadBalancerSourceRanges').index(index), cidr));
  if (type === 'ExternalName' && externalIPs.length > 0) texts.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (type !== 'ExternalName' && (spec.externalName ?? '') !== '') texts.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === 'PreferClose') texts.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return texts;
}

function portsCell(spec: ServiceSpec): string {
  const ports = (spec.ports ?? []).map((port) => `${port.port}${(port.nodePort ?? 0) === 0 ? '' : `:${port.nodePort}`}/${port.protocol ?? 'TCP'}`);
  return ports.length === 0 ? '<none>' : ports.join(',');
}

function externalCell({ spec, status }: ServiceObject): string {
  const addresses = spec.externalIPs ?? [];
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  if (spec.type !== 'LoadBalancer') return addresses.length > 0 ? addresses.join(',') : '<none>';
  const ingress = (status?.loadBalancer?.ingress ?? []).map((each) => ((each.ip ?? '') === '' ? each.hostname ?? '' : each.ip as string));
  const all = [...new Set([...ingress, ...addresses])].filter((address) => address !== '').sort();
  return all.length > 0 ? all.join(',') : '<pending>';
}

function selectorCell(spec: ServiceSpec): string {
  const terms = Object.entries(spec.selector ?? {}).map(([key, value]) => `${key}=${value}`).sort();
  return terms.length === 0 ? '<none>' : terms.join(',');
}

/** Service. @public */
export const serviceKind: KindDefinition = defineKind<ServiceObject>({
  // Since 1.36 a name may start with a digit (RelaxedServiceNameValidation).
  group: '', version: 'v1', kind: 'Service', resource: 'services', singular: 'service', shortNames: ['svc'], categories: ['all'], namespaced: true, nameRule: 'label',
  subresources: { status: true, proxy: true },
  deleteReturnsObject: true,
  createsOnUpdate: true,
  defaultsSpecAlone: true,
  default: (service) => withField(service, 'spec', setDefaults(service.spec)),
  prepareForCreate: (service) => ({ ...service, spec: setFamilies(syncClusterIps(service.spec, undefined), undefined), status: { loadBalancer: {} } as NonNullable<Service['status']> }),
  prepareForUpdate: (service, old) => withField(service, 'spec', dropOfOldType(setFamilies(syncClusterIps(keepAllocated(service.spec, old.spec), old.spec), old.spec), old.spec)),
  validateCreate: (service, context) => validateCreate(service, context.old as ServiceObject | undefined),
  validateUpdate: (service, old) => (familyErrors(service.spec, old.spec).length > 0 ? [] : validateServiceUpdate(service.spec, old.spec)),
  warnings: (service, _old, context) => warnings(service, context),
  allocate: allocateService,
  selectableFields: { 'spec.clusterIP': (service) => service.spec.clusterIP ?? '', 'spec.type': (service) => service.spec.type ?? '' },
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Type', type: 'string' }, { name: 'Cluster-IP', type: 'string' }, { name: 'External-IP', type: 'string' }, { name: 'Port(s)', type: 'string' }, { name: 'Age', type: 'string' }, { name: 'Selector', type: 'string', priority: 1 },
  ],
  cells: (service, now) => {
    const { spec } = service;
    return [service.metadata.name, spec.type ?? '', spec.clusterIPs?.[0] ?? '<none>', externalCell(service), portsCell(spec), ageCell(service, now), selectorCell(spec)];
  },
});
