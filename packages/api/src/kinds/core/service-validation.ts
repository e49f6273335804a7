// Errors of Services. Upstream: pkg/apis/core/validation/validation.go (ValidateService, 1.37).
import type { Service, ServicePort, ServiceSpec } from '../../generated/types.ts';
import { duplicate, forbidden, invalid, notSupported, required, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import { validateEndpointIp } from '../../names/endpoint-ip.ts';
import { parseIp, validateLegacyCidr, validateLegacyIp } from '../../names/ip.ts';
import { validateLabels } from '../../names/labels.ts';
import { dnsLabelErrors, dnsSubdomainErrors, portNameErrors, portNumberErrors, qualifiedNameErrors, rangeErrors } from '../../names/names.ts';
import { needsHealthCheckPort } from './service-allocation.ts';

const SPEC = fieldPath('spec');
const AFFINITIES = ['ClientIP', 'None'];
const FAMILIES = ['IPv4', 'IPv6'];
const FAMILY_POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const POLICIES = ['Cluster', 'Local'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const DISTRIBUTIONS = ['PreferClose', 'PreferSameNode', 'PreferSameZone'];
const AFFINITY_SECONDS_MAX = 86_400;
const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints';
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';

function isHeadless(spec: ServiceSpec): boolean {
  return spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None';
}

function validatePort(port: ServicePort, isNameRequired: boolean, names: Set<string>, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const name = port.name ?? '';
  if (isNameRequired && name === '') errors.push(required(path.child('name')));
  else if (name !== '') {
    for (const text of dnsLabelErrors(name)) errors.push(invalid(path.child('name'), name, text));
    if (names.has(name)) errors.push(duplicate(path.child('name'), name));
    names.add(name);
  }
  for (const text of portNumberErrors(port.port)) errors.push(invalid(path.child('port'), port.port, text));
  if ((port.protocol ?? '') === '') errors.push(required(path.child('protocol')));
  else if (!PROTOCOLS.includes(port.protocol as string)) errors.push(notSupported(path.child('protocol'), port.protocol, PROTOCOLS));
  const target = port.targetPort ?? 0;
  const texts = typeof target === 'number' ? portNumberErrors(target) : portNameErrors(target);
  for (const text of texts) errors.push(invalid(path.child('targetPort'), target, text));
  if (port.appProtocol !== undefined) for (const text of qualifiedNameErrors(port.appProtocol)) errors.push(invalid(path.child('appProtocol'), port.appProtocol, text));
  return errors;
}

function validateType(spec: ServiceSpec): readonly FieldError[] {
  const errors: FieldError[] = [];
  if ((spec.ports ?? []).length === 0 && !isHeadless(spec) && spec.type !== 'ExternalName') errors.push(required(SPEC.child('ports')));
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless(spec)) {
    errors.push(invalid(SPEC.child('clusterIPs').index(0), 'None', `may not be set to 'None' for ${spec.type} services`));
  }
  if (spec.type !== 'ExternalName') return errors;
  if ((spec.clusterIPs ?? []).length > 0) errors.push(forbidden(SPEC.child('clusterIPs'), 'may not be set for ExternalName services'));
  if ((spec.ipFamilies ?? []).length > 0) errors.push(forbidden(SPEC.child('ipFamilies'), 'may not be set for ExternalName services'));
  if (spec.ipFamilyPolicy !== undefined) errors.push(forbidden(SPEC.child('ipFamilyPolicy'), 'may not be set for ExternalName services'));
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  if (name === '') errors.push(required(SPEC.child('externalName')));
  else for (const text of dnsSubdomainErrors(name)) errors.push(invalid(SPEC.child('externalName'), name, text));
  return errors;
}

/** Errors of the fields that say which addresses a Service has; upstream looks at them before it gives any. @internal */
export function validateClusterIpFields(spec: ServiceSpec, old: ServiceSpec | undefined): readonly FieldError[] {
  if (spec.type === 'ExternalName') return [];
  const errors: FieldError[] = [];
  const path = SPEC.child('clusterIPs');
  const { clusterIP = '', clusterIPs = [], ipFamilies = [] } = spec;
  if (clusterIP !== '') {
    if (clusterIPs.length === 0) errors.push(required(path));
    else if (clusterIPs[0] !== clusterIP) errors.push(invalid(path, clusterIPs, 'first value must match `clusterIP`'));
  } else if (clusterIPs.length > 0) errors.push(invalid(path, clusterIPs, 'must be empty when `clusterIP` is not specified'));
  const seen = new Set<string>();
  for (const [index, family] of ipFamilies.entries()) {
    const at = SPEC.child('ipFamilies').index(index);
    if (!FAMILIES.includes(family)) errors.push(notSupported(at, family, FAMILIES));
    if (seen.has(family)) errors.push(duplicate(at, family));
    seen.add(family);
  }
  if (spec.ipFamilyPolicy !== undefined && !FAMILY_POLICIES.includes(spec.ipFamilyPolicy)) errors.push(notSupported(SPEC.child('ipFamilyPolicy'), spec.ipFamilyPolicy, FAMILY_POLICIES));
  let hasInvalid = false;
  for (const [index, address] of clusterIPs.entries()) {
    if (index === 0 && address === 'None') {
      if (clusterIPs.length > 1) {
        hasInvalid = true;
        errors.push(invalid(path, clusterIPs, "'None' must be the first and only value"));
      }
      continue;
    }
    const wrong = validateLegacyIp(path.index(index), address, old?.clusterIPs ?? []);
    hasInvalid ||= wrong.length > 0;
    errors.push(...wrong);
  }
  if (clusterIPs.length > 2) errors.push(invalid(path, clusterIPs, 'may only hold up to 2 values'));
  if (hasInvalid) return errors;
  const families = clusterIPs.map((address) => parseIp(address)?.family);
  if (clusterIPs.length > 1 && new Set(families).size !== 2) errors.push(invalid(path, clusterIPs, 'may specify no more than one IP for each IP family'));
  if (!isHeadless(spec)) {
    for (const [index, address] of clusterIPs.entries()) {
      const family = ipFamilies[index];
      if (family !== undefined && family !== families[index]) errors.push(invalid(path.index(index), address, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``));
    }
  }
  return errors;
}

function validateAffinity(spec: ServiceSpec): readonly FieldError[] {
  const affinity = spec.sessionAffinity ?? '';
  const errors: FieldError[] = [];
  if (affinity === '') errors.push(required(SPEC.child('sessionAffinity')));
  else if (!AFFINITIES.includes(affinity)) errors.push(notSupported(SPEC.child('sessionAffinity'), affinity, AFFINITIES));
  const path = SPEC.child('sessionAffinityConfig');
  if (affinity === 'ClientIP') {
    const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
    if (spec.sessionAffinityConfig === undefined) errors.push(required(path, 'when session affinity type is ClientIP'));
    else if (spec.sessionAffinityConfig.clientIP === undefined) errors.push(required(path.child('clientIP'), 'when session affinity type is ClientIP'));
    else if (seconds === undefined) errors.push(required(path.child('clientIP', 'timeoutSeconds'), 'when session affinity type is ClientIP'));
    else if (seconds <= 0 || seconds > AFFINITY_SECONDS_MAX) errors.push(invalid(path.child('clientIP', 'timeoutSeconds'), seconds, `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`));
  } else if (affinity === 'None' && spec.sessionAffinityConfig !== undefined) errors.push(forbidden(path, 'must not be set when session affinity is None'));
  return errors;
}

function validatePortSet(spec: ServiceSpec): readonly FieldError[] {
  const errors: FieldError[] = [];
  const ports = spec.ports ?? [];
  const path = SPEC.child('ports');
  if (spec.type === 'ClusterIP') {
    for (const [index, port] of ports.entries()) if ((port.nodePort ?? 0) !== 0) errors.push(forbidden(path.index(index).child('nodePort'), "may not be used when `type` is 'ClusterIP'"));
  }
  const nodePorts = new Set<string>();
  for (const [index, port] of ports.entries()) {
    if ((port.nodePort ?? 0) === 0) continue;
    const identity = `${port.protocol}/${port.nodePort}`;
    if (nodePorts.has(identity)) errors.push(duplicate(path.index(index).child('nodePort'), port.nodePort));
    nodePorts.add(identity);
  }
  const seen = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const identity = `${port.protocol}/${port.port}`;
    if (seen.has(identity)) errors.push(duplicate(path.index(index), { protocol: port.protocol, port: port.port }));
    seen.add(identity);
  }
  return errors;
}

function validateLoadBalancer(service: Service & { readonly spec: ServiceSpec }, old: ServiceSpec | undefined): readonly FieldError[] {
  const { spec } = service;
  const annotation = service.metadata?.annotations?.[SOURCE_RANGES];
  const errors: FieldError[] = [];
  const only = "may only be used when `type` is 'LoadBalancer'";
  const isBalancer = spec.type === 'LoadBalancer';
  const ranges = spec.loadBalancerSourceRanges ?? [];
  if (ranges.length > 0) {
    const path = SPEC.child('LoadBalancerSourceRanges');
    if (!isBalancer) errors.push(forbidden(path, only));
    for (const [index, range] of ranges.entries()) errors.push(...validateLegacyCidr(path.index(index), range.trim(), (old?.loadBalancerSourceRanges ?? []).map((each) => each.trim())));
  } else if (annotation !== undefined) {
    const path = fieldPath('metadata', 'annotations').key(SOURCE_RANGES);
    if (!isBalancer) errors.push(forbidden(path, only));
    if (annotation.trim() !== '') for (const range of annotation.split(',')) errors.push(...validateLegacyCidr(path, range.trim()));
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isBalancer) errors.push(forbidden(SPEC.child('allocateLoadBalancerNodePorts'), only));
  if (isBalancer && spec.allocateLoadBalancerNodePorts === undefined) errors.push(required('allocateLoadBalancerNodePorts'));
  return [...errors, ...validateLoadBalancerClass(spec)];
}

function validateLoadBalancerClass(spec: ServiceSpec): readonly FieldError[] {
  const path = SPEC.child('loadBalancerClass');
  if (spec.loadBalancerClass === undefined) return [];
  if (spec.type !== 'LoadBalancer') return [forbidden(path, "may only be used when `type` is 'LoadBalancer'")];
  return qualifiedNameErrors(spec.loadBalancerClass).map((text) => invalid(path, spec.loadBalancerClass, text));
}

function validateTraffic(spec: ServiceSpec): readonly FieldError[] {
  const errors: FieldError[] = [];
  const external = spec.externalTrafficPolicy ?? '';
  const isExternal = spec.type === 'LoadBalancer' || spec.type === 'NodePort' || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0);
  const path = SPEC.child('externalTrafficPolicy');
  if (!isExternal) {
    if (external !== '') errors.push(invalid(path, external, 'may only be set for externally-accessible services'));
  } else if (external === '') errors.push(required(path));
  else if (!POLICIES.includes(external)) errors.push(notSupported(path, external, POLICIES));
  const port = spec.healthCheckNodePort ?? 0;
  const portPath = SPEC.child('healthCheckNodePort');
  if (port !== 0) {
    if (!needsHealthCheckPort(spec)) errors.push(invalid(portPath, port, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"));
    else for (const text of rangeErrors(port, 1, 65_535)) errors.push(invalid(portPath, port, text));
  }
  const internal = spec.internalTrafficPolicy;
  if (internal === undefined) {
    if (TYPES.includes(spec.type ?? '') && spec.type !== 'ExternalName') errors.push(required(SPEC.child('internalTrafficPolicy')));
  } else if (!POLICIES.includes(internal)) errors.push(notSupported(SPEC.child('internalTrafficPolicy'), internal, POLICIES));
  const distribution = spec.trafficDistribution;
  if (distribution !== undefined && !DISTRIBUTIONS.includes(distribution)) errors.push(notSupported(SPEC.child('trafficDistribution'), distribution, DISTRIBUTIONS));
  return errors;
}

/** Errors of a Service that is created, or updated by the same rules. @internal */
export function validateService(service: Service & { readonly spec: ServiceSpec }, old: ServiceSpec | undefined): readonly FieldError[] {
  const { spec } = service;
  const errors: FieldError[] = [];
  const mode = service.metadata?.annotations?.[TOPOLOGY_MODE];
  const hints = service.metadata?.annotations?.[TOPOLOGY_HINTS];
  if (mode !== undefined && hints !== undefined && mode !== hints) errors.push(invalid(fieldPath('metadata', 'annotations').key(TOPOLOGY_MODE), mode, `must match annotations[${TOPOLOGY_HINTS}] when both are specified`));
  errors.push(...validateType(spec));
  const names = new Set<string>();
  for (const [index, port] of (spec.ports ?? []).entries()) errors.push(...validatePort(port, (spec.ports ?? []).length > 1, names, SPEC.child('ports').index(index)));
  errors.push(...validateLabels(spec.selector, SPEC.child('selector')), ...validateAffinity(spec), ...validateClusterIpFields(spec, old));
  for (const [index, address] of (spec.externalIPs ?? []).entries()) {
    const path = SPEC.child('externalIPs').index(index);
    const wrong = validateLegacyIp(path, address, old?.externalIPs ?? []);
    errors.push(...(wrong.length > 0 ? wrong : validateEndpointIp(path, address)));
  }
  const type = spec.type ?? '';
  if (type === '') errors.push(required(SPEC.child('type')));
  else if (!TYPES.includes(type)) errors.push(notSupported(SPEC.child('type'), type, TYPES));
  return [...errors, ...validatePortSet(spec), ...validateLoadBalancer(service, old), ...validateTraffic(spec)];
}

/** Errors of what an update changes. @internal */
export function validateServiceUpdate(spec: ServiceSpec, old: ServiceSpec): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (spec.type !== 'ExternalName' && old.type !== 'ExternalName' && !(isHeadless(spec) && isHeadless(old))) {
    const before = old.clusterIPs ?? [];
    const after = spec.clusterIPs ?? [];
    const path = SPEC.child('clusterIPs');
    if (before.length === after.length) {
      for (const [index, address] of before.entries()) if (address !== after[index]) errors.push(invalid(path.index(index), after, 'may not change once set'));
    } else {
      if (after.length === 0) errors.push(invalid(path.index(0), after, 'primary clusterIP can not be unset'));
      else if (before.length > 0 && before[0] !== after[0]) errors.push(invalid(path.index(0), after, 'may not change once set'));
    }
  }
  if (spec.type === 'LoadBalancer' && old.type === 'LoadBalancer' && spec.loadBalancerClass !== old.loadBalancerClass) {
    errors.push(invalid(SPEC.child('loadBalancerClass'), spec.loadBalancerClass ?? null, 'may not change once set'));
  }
  errors.push(...validateLoadBalancerClass(spec));
  if (needsHealthCheckPort(old) && needsHealthCheckPort(spec) && old.healthCheckNodePort !== spec.healthCheckNodePort) errors.push(forbidden(SPEC.child('healthCheckNodePort'), 'field is immutable'));
  return errors;
}
