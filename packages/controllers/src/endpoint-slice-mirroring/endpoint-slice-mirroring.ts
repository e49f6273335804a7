// Mirrors Endpoints that somebody keeps by hand, for Services without a selector, into slices. Rules: SPEC.md.
import type { Endpoint, EndpointAddress, EndpointPort, Endpoints, EndpointSlice, KubeObject, Service } from '@kubesim/api';
import { isNamespaceTerminating, newControllerRef, send, type Controller, type ReconcileContext, type Reconciling } from '@kubesim/client';
import { addressTypeOf, endpointKey, portsKey, sameEndpoint, type AddressType } from '../endpoint-slice/endpoints-of-pods.ts';
import { sameLabels } from '../endpoint-slice/pod-changes.ts';
import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL } from '../endpoint-slice/slices.ts';

const SLICES = 'endpointslices.discovery.k8s.io';
const MANAGED_BY = 'endpointslicemirroring-controller.k8s.io';
const SKIP_LABEL = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER = 'control-plane.alpha.kubernetes.io/leader';
/** Addresses of one subset that are mirrored at most. Upstream: MirroringMaxEndpointsPerSubset (1.37). */
const MAX_PER_SUBSET = 1000;

/** Upstream: pkg/controller/endpointslicemirroring (1.37). One slice holds all mirrored addresses of one family and port list. @public */
export const endpointSliceMirroringController: Controller = {
  name: 'endpoint-slice-mirroring-controller',
  watches: ['endpoints', 'services', SLICES],
  workers: 5,
  handle(context, { resource, before, after }) {
    const { namespace, name, labels } = (after ?? before as KubeObject).metadata;
    if (resource !== SLICES) {
      const services = context.lister<Service>('services');
      const service = services.get(namespace ?? '', name ?? '');
      // Endpoints of Services with a selector are another controller's.
      if (resource === 'endpoints' && service?.spec?.selector !== undefined) return;
      if (resource === 'services' && before === undefined && service?.spec?.selector !== undefined) return;
      context.enqueue(`${namespace}/${name}`);
    } else if (labels?.[MANAGED_BY_LABEL] === MANAGED_BY && after === undefined) context.enqueue(`${namespace}/${labels[SERVICE_NAME_LABEL]}`);
  },
  *reconcile(context, key): Reconciling {
    const [namespace = '', name = ''] = key.split('/');
    const plan = context.decide(() => decide(context, namespace, name));
    for (const object of plan.create) {
      const { error } = yield* send({ verb: 'create', resource: SLICES, namespace, object });
      if (error !== undefined) return isNamespaceTerminating(error) ? undefined : { error: error.message };
    }
    for (const object of plan.update) {
      const { error } = yield* send({ verb: 'update', resource: SLICES, namespace, name: object.metadata.name ?? '', object });
      if (error !== undefined) return { error: error.message };
    }
    for (const doomed of plan.delete) {
      const { error } = yield* send({ verb: 'delete', resource: SLICES, namespace, name: doomed });
      if (error !== undefined) return { error: error.message };
    }
    return undefined;
  },
};

function decide(context: ReconcileContext, namespace: string, name: string): { readonly create: readonly KubeObject[]; readonly update: readonly KubeObject[]; readonly delete: readonly string[] } {
  const existing = context.lister<EndpointSlice>(SLICES).list(namespace)
    .filter(({ metadata }) => metadata?.labels?.[MANAGED_BY_LABEL] === MANAGED_BY && metadata.labels[SERVICE_NAME_LABEL] === name);
  const endpoints = context.lister<Endpoints>('endpoints').get(namespace, name);
  const service = context.lister<Service>('services').get(namespace, name);
  const isMirrored = endpoints !== undefined && service !== undefined && service.spec?.selector === undefined
    && endpoints.metadata?.labels?.[SKIP_LABEL] !== 'true' && endpoints.metadata?.annotations?.[LEADER] === undefined;
  const wanted = isMirrored ? mirror(endpoints) : [];
  const create: KubeObject[] = [];
  const update: KubeObject[] = [];
  const left = [...existing];
  for (const slice of wanted) {
    const index = left.findIndex((one) => one.addressType === slice.addressType && portsKey(one.ports) === portsKey(slice.ports));
    const [old] = index < 0 ? [] : left.splice(index, 1);
    if (old === undefined) create.push(slice as KubeObject);
    else if (!isSame(old, slice)) update.push({ ...old, metadata: { ...old.metadata, labels: slice.metadata?.labels }, endpoints: slice.endpoints, ports: slice.ports } as KubeObject);
  }
  return { create, update, delete: left.map(({ metadata }) => metadata?.name ?? '') };
}

/** [EM1] [EM2] The slices that say what Endpoints say. */
function mirror(endpoints: Endpoints): readonly EndpointSlice[] {
  const { name = '', namespace } = endpoints.metadata ?? {};
  const labels = { ...endpoints.metadata?.labels, [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: MANAGED_BY };
  const slices = new Map<string, { readonly slice: EndpointSlice; readonly endpoints: Endpoint[] }>();
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of endpoints.subsets ?? []) {
    const all = [...addresses.map((address) => [address, true] as const), ...notReadyAddresses.map((address) => [address, false] as const)];
    for (const [address, ready] of all.slice(0, MAX_PER_SUBSET)) {
      const addressType = addressTypeOf(address.ip);
      const mirrored = ports.map(({ name: portName = '', port, protocol = 'TCP', appProtocol }) => ({ name: portName, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) })) as EndpointPort[];
      const key = `${addressType} ${portsKey(mirrored)}`;
      let group = slices.get(key);
      if (group === undefined) {
        const slice = {
          apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice',
          metadata: { generateName: `${name}-`, namespace, labels, ownerReferences: [newControllerRef(endpoints as KubeObject, { apiVersion: 'v1', kind: 'Endpoints' })] },
          addressType: addressType satisfies AddressType, ports: mirrored,
        } as unknown as EndpointSlice;
        slices.set(key, group = { slice, endpoints: [] });
      }
      group.endpoints.push(endpointOf(address, ready));
    }
  }
  return [...slices.values()].map((group) => ({ ...group.slice, endpoints: group.endpoints }));
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip], conditions: { ready }, ...(hostname === undefined ? {} : { hostname }), ...(targetRef === undefined ? {} : { targetRef }),
    ...(nodeName === undefined ? {} : { nodeName }),
  } as Endpoint;
}

function isSame(a: EndpointSlice, b: EndpointSlice): boolean {
  const before = a.endpoints ?? [];
  const after = b.endpoints ?? [];
  return sameLabels(a.metadata?.labels, b.metadata?.labels) && before.length === after.length
    && before.every((endpoint, index) => endpointKey(endpoint) === endpointKey(after[index] as Endpoint) && sameEndpoint(endpoint, after[index] as Endpoint));
}
