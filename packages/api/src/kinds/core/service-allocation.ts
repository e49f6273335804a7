// What a Service gets from the cluster: a cluster IP of 10.96.0.0/16 and node ports, derived from its name; the next free one
// where that is taken. Upstream draws them at random (pkg/registry/core/service/{ipallocator,portallocator}, 1.37).
import type { Service, ServicePort, ServiceSpec } from '../../generated/types.ts';
import { withField } from '../../edit.ts';
import { invalid, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import type { AllocationContext } from '../../kind.ts';
import { formatIp, parseIp } from '../../names/ip.ts';
import type { KubeObject } from '../../request.ts';

type ServiceObject = Service & KubeObject;

/** Addresses of 10.96.0.0/16 that may be given: without the network, the broadcast and the first, which is the API's own. */
const ADDRESS_COUNT = 65_533;
const FIRST_OFFSET = 2;
const API_ADDRESS = '10.96.0.1';
const NODE_PORT_FIRST = 30_000;
const NODE_PORT_COUNT = 2768;

/** Whether a Service of its type has a cluster IP. @internal */
export function needsClusterIp(spec: ServiceSpec): boolean {
  return spec.type !== 'ExternalName';
}

/** Whether the ports of a Service of its type have node ports. @internal */
export function needsNodePort(spec: ServiceSpec): boolean {
  return spec.type === 'NodePort' || spec.type === 'LoadBalancer';
}

/** Whether a Service has a port for health checks. @internal */
export function needsHealthCheckPort(spec: ServiceSpec): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

function addressAt(index: number): string {
  const offset = index + FIRST_OFFSET;
  return `10.96.${offset >> 8}.${offset & 255}`;
}

function isInRange(address: string): boolean {
  return address.startsWith('10.96.') && address !== '10.96.0.0' && address !== '10.96.255.255';
}

interface Taken {
  readonly addresses: ReadonlySet<string>;
  readonly ports: Set<number>;
}

function findTaken(service: ServiceObject, context: AllocationContext): Taken {
  const addresses = new Set([API_ADDRESS]);
  const ports = new Set<number>();
  for (const other of context.store.list('services')) {
    if (other.metadata.name === service.metadata.name && other.metadata.namespace === service.metadata.namespace) continue;
    const spec = other['spec'] as ServiceSpec;
    for (const address of spec.clusterIPs ?? []) if (address !== 'None') addresses.add(address);
    for (const port of spec.ports ?? []) if ((port.nodePort ?? 0) !== 0) ports.add(port.nodePort as number);
    if ((spec.healthCheckNodePort ?? 0) !== 0) ports.add(spec.healthCheckNodePort as number);
  }
  return { addresses, ports };
}

function allocateAddress(spec: ServiceSpec, old: ServiceSpec | undefined, taken: Taken, context: AllocationContext): ServiceSpec | readonly FieldError[] {
  const asked = spec.clusterIPs?.[0] ?? spec.clusterIP ?? '';
  if (asked === 'None') return spec;
  if (asked === '') {
    let index = context.draw('clusterIP', ADDRESS_COUNT);
    while (taken.addresses.has(addressAt(index))) index = (index + 1) % ADDRESS_COUNT;
    return { ...spec, clusterIP: addressAt(index), clusterIPs: [addressAt(index)] };
  }
  if (old !== undefined && needsClusterIp(old) && (old.clusterIPs ?? []).includes(asked)) return spec;
  const parsed = parseIp(asked);
  const address = parsed === undefined ? asked : formatIp(parsed);
  const path = fieldPath('spec', 'clusterIPs');
  if (!isInRange(address)) return [invalid(path, spec.clusterIPs ?? [], `failed to allocate IP ${asked}: the provided network does not match the current range`)];
  if (taken.addresses.has(address)) return [invalid(path, spec.clusterIPs ?? [], `failed to allocate IP ${asked}: provided IP is already allocated`)];
  return spec;
}

function nextPort(taken: Taken, label: string, context: AllocationContext): number {
  let index = context.draw(label, NODE_PORT_COUNT);
  while (taken.ports.has(NODE_PORT_FIRST + index)) index = (index + 1) % NODE_PORT_COUNT;
  const port = NODE_PORT_FIRST + index;
  taken.ports.add(port);
  return port;
}

function isNodePort(port: number): boolean {
  return port >= NODE_PORT_FIRST && port < NODE_PORT_FIRST + NODE_PORT_COUNT;
}

function allocatePorts(spec: ServiceSpec, old: ServiceSpec | undefined, taken: Taken, context: AllocationContext): ServiceSpec | readonly FieldError[] {
  const errors: FieldError[] = [];
  const kept = new Set((old?.ports ?? []).map((port) => port.nodePort));
  // Ports that differ only in their protocol share a node port.
  const byPort = new Map<number, number>();
  for (const [index, port] of (spec.ports ?? []).entries()) {
    const nodePort = port.nodePort ?? 0;
    if (nodePort === 0) continue;
    const path = fieldPath('spec', 'ports').index(index).child('nodePort');
    if (!kept.has(nodePort)) {
      if (!isNodePort(nodePort)) errors.push(invalid(path, nodePort, 'provided port is not in the valid range. The range of valid ports is 30000-32767'));
      else if (taken.ports.has(nodePort) && ![...byPort.values()].includes(nodePort)) errors.push(invalid(path, nodePort, 'provided port is already allocated'));
    }
    taken.ports.add(nodePort);
    byPort.set(port.port, nodePort);
  }
  if (errors.length > 0) return errors;
  if (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts === false) return spec;
  const ports = (spec.ports ?? []).map((port, index): ServicePort => {
    if ((port.nodePort ?? 0) !== 0) return port;
    const nodePort = byPort.get(port.port) ?? nextPort(taken, `nodePort ${index}`, context);
    byPort.set(port.port, nodePort);
    return { ...port, nodePort };
  });
  return withField(spec, 'ports', ports.length > 0 ? ports : spec.ports);
}

/** The Service with what it needs from the cluster, or why it cannot have it. @internal */
export function allocateService(service: ServiceObject, old: ServiceObject | undefined, context: AllocationContext): ServiceObject | readonly FieldError[] {
  if (!needsClusterIp(service.spec)) return service;
  const lacks = (service.spec.clusterIP ?? '') === '' || old === undefined || !needsClusterIp(old.spec) || needsNodePort(service.spec);
  if (!lacks) return service;
  const taken = findTaken(service, context);
  const addressed = allocateAddress(service.spec, old?.spec, taken, context);
  if (Array.isArray(addressed)) return addressed as readonly FieldError[];
  let spec = addressed as ServiceSpec;
  if (needsNodePort(spec)) {
    const ported = allocatePorts(spec, old !== undefined && needsNodePort(old.spec) ? old.spec : undefined, taken, context);
    if (Array.isArray(ported)) return ported as readonly FieldError[];
    spec = ported as ServiceSpec;
  }
  if (needsHealthCheckPort(spec) && (spec.healthCheckNodePort ?? 0) === 0) spec = { ...spec, healthCheckNodePort: nextPort(taken, 'healthCheckNodePort', context) };
  return withField(service, 'spec', spec);
}
