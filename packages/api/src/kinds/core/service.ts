// core/v1 Service.
import type { Service, ServiceSpec } from '../../generated/types.ts';
import { mapItems, withDefaults, withField } from '../../edit.ts';
import { defineKind, type AllocationContext, type KindDefinition } from '../../kind.ts';
import type { KubeObject } from '../../request.ts';
import { ageCell } from '../../table/cells.ts';

/** Size of 10.96.0.0/16 less network, first (kubernetes) and broadcast addresses. */
const ADDRESSES = 65_533;
const NODE_PORT_FIRST = 30_000;
const NODE_PORTS = 2_768;

function defaultSpec(spec: ServiceSpec): ServiceSpec {
  const typed = withField(spec, 'type', (spec.type ?? '') === '' ? 'ClusterIP' : spec.type);
  const filled = withField(typed, 'sessionAffinity', (typed.sessionAffinity ?? '') === '' ? 'None' : typed.sessionAffinity);
  const ports = mapItems(filled.ports ?? [], (port) => withDefaults((port.targetPort ?? '') === '' || port.targetPort === 0 ? { ...port, targetPort: port.port } : port, { protocol: 'TCP' }));
  const withPorts = filled.ports === undefined ? filled : withField(filled, 'ports', ports);
  if (withPorts.type === 'ExternalName') return withPorts;
  return withDefaults(withPorts, { internalTrafficPolicy: 'Cluster', ...(withPorts.type === 'ClusterIP' ? {} : { externalTrafficPolicy: 'Cluster' }), ...(withPorts.type === 'LoadBalancer' ? { allocateLoadBalancerNodePorts: true } : {}) });
}

function* taken(context: AllocationContext): Generator<ServiceSpec> {
  for (const service of context.store.list('services')) yield service['spec'] as ServiceSpec;
}

/** Cluster IP and node ports: derived from the name, the next free ones where taken. */
function allocate(service: Service & KubeObject, context: AllocationContext): Service & KubeObject {
  let { spec } = service;
  if (spec.type === 'ExternalName') return service;
  spec = withDefaults(spec, { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' });
  if ((spec.clusterIP ?? '') === '') {
    const used = new Set([...taken(context)].map((other) => other.clusterIP));
    let index = context.draw('clusterIP', ADDRESSES);
    const address = (): string => `10.96.${(index + 2) >> 8}.${(index + 2) & 255}`;
    while (used.has(address())) index = (index + 1) % ADDRESSES;
    spec = { ...spec, clusterIP: address() };
  }
  spec = withDefaults(spec, { clusterIPs: [spec.clusterIP as string] });
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') {
    const used = new Set([...taken(context)].flatMap((other) => (other.ports ?? []).map((port) => port.nodePort)));
    spec = { ...spec, ports: (spec.ports ?? []).map((port, position) => {
      if ((port.nodePort ?? 0) !== 0) return port;
      let index = context.draw(`nodePort ${position}`, NODE_PORTS);
      while (used.has(NODE_PORT_FIRST + index)) index = (index + 1) % NODE_PORTS;
      used.add(NODE_PORT_FIRST + index);
      return { ...port, nodePort: NODE_PORT_FIRST + index };
    }) };
  }
  return { ...service, spec };
}

/** Service. @public */
export const serviceKind: KindDefinition = defineKind<Service & KubeObject>({
  group: '', version: 'v1', kind: 'Service', resource: 'services', singular: 'service', shortNames: ['svc'], categories: ['all'], namespaced: true, nameRule: 'label1035',
  subresources: { status: true, proxy: true },
  deleteReturnsObject: true,
  default: (service) => withField(service, 'spec', defaultSpec(service.spec)),
  prepareForCreate: (service) => ({ ...service, status: { loadBalancer: {} } as Service['status'] }),
  prepareForUpdate: (service, old) => withField(service, 'spec', withDefaults((service.spec.clusterIP ?? '') === '' ? { ...service.spec, clusterIP: old.spec.clusterIP } : service.spec, { clusterIPs: old.spec.clusterIPs, ipFamilies: old.spec.ipFamilies, ipFamilyPolicy: old.spec.ipFamilyPolicy })),
  allocate: (service, _old, context) => allocate(service, context),
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Type', type: 'string' }, { name: 'Cluster-IP', type: 'string' }, { name: 'External-IP', type: 'string' }, { name: 'Port(s)', type: 'string' }, { name: 'Age', type: 'string' }, { name: 'Selector', type: 'string', priority: 1 },
  ],
  cells: (service, now) => {
    const { spec } = service;
    const ports = (spec.ports ?? []).map((port) => `${port.port}${(port.nodePort ?? 0) === 0 ? '' : `:${port.nodePort ?? 0}`}/${port.protocol ?? 'TCP'}`).join(',');
    const external = spec.type === 'ExternalName' ? spec.externalName ?? '' : (spec.externalIPs ?? []).length > 0 ? (spec.externalIPs ?? []).join(',') : spec.type === 'LoadBalancer' ? '<pending>' : '<none>';
    const selector = Object.entries(spec.selector ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}=${value}`).join(',');
    return [service.metadata.name, spec.type ?? '', spec.clusterIP ?? '<none>', external, ports === '' ? '<none>' : ports, ageCell(service, now), selector === '' ? '<none>' : selector];
  },
});
