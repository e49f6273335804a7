// What the Endpoints controller keeps in memory of a Service between syncs: the addresses of its pods in order, kept up with
// each change of a pod, so that a sync costs what changed. A property compares it with a recount of all pods.
import { memoizeFrozen, type EndpointAddress, type EndpointSubset, type Pod, type Service } from '@kubesim/api';
import { isPodReady } from '@kubesim/client';
import { OrderedMap, type Epoch } from '@kubesim/kernel';
import { addressTypeOf, findPort } from '../endpoint-slice/endpoints-of-pods.ts';
import { endpointHostname, sameAsEndpoint, selects, shouldPodBeInEndpoints } from '../endpoint-slice/pod-changes.ts';
import { readyTime } from '../endpoint-slice/trigger-times.ts';
import { addressKey, MAX_CAPACITY, portKeyOf, sameAddress, subsetOf, type AddressOnPort, type EndpointsPort } from './subsets.ts';

/** A Service's addresses. @internal */
export interface ServiceAddresses {
  /** The version of the Service that they were worked out for. */
  readonly service: Service;
  readonly ready: OrderedMap<EndpointAddress>;
  readonly notReady: OrderedMap<EndpointAddress>;
  /** Port lists of the pods, each with how many pods have it. */
  readonly portLists: OrderedMap<{ readonly ports: readonly EndpointsPort[]; readonly count: number }>;
  /** No two pods have the same address, so that the maps above hold all of them. */
  readonly isDistinct: boolean;
  /** Names of pods whose time of readiness may have changed since the last sync. */
  readonly retimed: OrderedMap<true>;
}

/** The addresses of a Service as all its pods have them. @internal */
export function buildServiceAddresses(epoch: Epoch, service: Service, pods: readonly Pod[]): ServiceAddresses {
  let held: ServiceAddresses = { service, ready: OrderedMap.empty(), notReady: OrderedMap.empty(), portLists: OrderedMap.empty(), isDistinct: true, retimed: OrderedMap.empty() };
  for (const pod of pods) held = add(epoch, held, addressesFor(service)(pod));
  return held;
}

/** The addresses after a change of a pod. @internal */
export function applyPodChange(epoch: Epoch, held: ServiceAddresses, before: Pod | undefined, after: Pod | undefined): ServiceAddresses {
  const { service } = held;
  const old = before !== undefined && selects(service, before) ? before : undefined;
  const pod = after !== undefined && selects(service, after) ? after : undefined;
  if (old === undefined && pod === undefined) return held;
  let next = held;
  if ((old === undefined ? undefined : readyTime(old)) !== (pod === undefined ? undefined : readyTime(pod))) {
    next = { ...next, retimed: next.retimed.set(epoch, (after ?? before)?.metadata?.name ?? '', true) };
  }
  if (old !== undefined && pod !== undefined && sameAsEndpoint(old, pod)) return next;
  if (old !== undefined) next = remove(epoch, next, addressesFor(service)(old));
  if (pod !== undefined) next = add(epoch, next, addressesFor(service)(pod));
  return next;
}

/** Its subsets, cut to the capacity, and how many addresses there were; undefined where only a recount can tell. [EP3] [EP4] @internal */
export function heldSubsets({ ready, notReady, portLists, isDistinct }: ServiceAddresses): { readonly subsets: readonly EndpointSubset[]; readonly isCut: boolean } | undefined {
  if (!isDistinct || portLists.size > 1) return undefined;
  const list = portLists.first()?.[1];
  if (list === undefined) return { subsets: [], isCut: false };
  const isCut = ready.size + notReady.size > MAX_CAPACITY;
  const room = MAX_CAPACITY - ready.size;
  const isReadyCut = room < 0;
  return { subsets: [subsetOf(leading(ready, MAX_CAPACITY), isReadyCut ? [] : leading(notReady, room), list.ports)], isCut };
}

function leading(addresses: OrderedMap<EndpointAddress>, limit: number): readonly EndpointAddress[] {
  const list: EndpointAddress[] = [];
  if (addresses.size <= limit) {
    addresses.forEach((address) => { list.push(address); });
    return list;
  }
  if (limit <= 0) return list;
  for (const address of addresses.values()) if (list.push(address) === limit) break;
  return list;
}

function add(epoch: Epoch, held: ServiceAddresses, addresses: readonly AddressOnPort[]): ServiceAddresses {
  const [first] = addresses;
  if (first === undefined) return held;
  const { address, isReady } = first;
  const key = addressKey(address);
  const { ready, notReady, portLists } = held;
  const isTaken = ready.has(key) || notReady.has(key);
  const name = portListKey(addresses);
  const list = portLists.get(name);
  return {
    ...held,
    ready: isReady ? ready.set(epoch, key, address) : ready,
    notReady: isReady ? notReady : notReady.set(epoch, key, address),
    portLists: portLists.set(epoch, name, { ports: list?.ports ?? portsOf(addresses), count: (list?.count ?? 0) + 1 }),
    isDistinct: held.isDistinct && !isTaken,
  };
}

function remove(epoch: Epoch, held: ServiceAddresses, addresses: readonly AddressOnPort[]): ServiceAddresses {
  const [first] = addresses;
  if (first === undefined) return held;
  const { address, isReady } = first;
  const key = addressKey(address);
  const { ready, notReady, portLists } = held;
  const shown = (isReady ? ready : notReady).get(key);
  const name = portListKey(addresses);
  const list = portLists.get(name);
  const count = (list?.count ?? 0) - 1;
  return {
    ...held,
    ready: isReady ? ready.delete(epoch, key) : ready,
    notReady: isReady ? notReady : notReady.delete(epoch, key),
    portLists: list === undefined || count <= 0 ? portLists.delete(epoch, name) : portLists.set(epoch, name, { ports: list.ports, count }),
    isDistinct: held.isDistinct && shown !== undefined && sameAddress(shown, address),
  };
}

function portListKey(addresses: readonly AddressOnPort[]): string {
  return addresses.map(({ port }) => (port === undefined ? '' : portKeyOf(port))).join(' ');
}

function portsOf(addresses: readonly AddressOnPort[]): readonly EndpointsPort[] {
  return addresses.flatMap(({ port }) => (port === undefined ? [] : [port]));
}

/** Addresses of the pods of a Service, worked out once for each version of pod and Service. @internal */
export const addressesFor: (service: Service) => (pod: Pod) => readonly AddressOnPort[] = memoizeFrozen((service: Service) => memoizeFrozen((pod: Pod) => addressesOf(service, pod)));

/** [EP1] [EP2] The address of a pod on each port of the Service. */
function addressesOf(service: Service, pod: Pod): readonly AddressOnPort[] {
  const isTolerant = service.spec?.publishNotReadyAddresses === true;
  if (!shouldPodBeInEndpoints(pod, isTolerant)) return [];
  const family = service.spec?.ipFamilies?.[0] ?? (addressTypeOf(service.spec?.clusterIP ?? ''));
  const ip = (pod.status?.podIPs ?? []).map((one) => one.ip).find((candidate) => addressTypeOf(candidate) === family);
  if (ip === undefined) return [];
  const hostname = endpointHostname(pod, service);
  const { namespace, name, uid } = pod.metadata ?? {};
  const address = {
    ip, ...(hostname === undefined ? {} : { hostname }), nodeName: pod.spec?.nodeName, targetRef: { kind: 'Pod', namespace, name, uid },
  } as EndpointAddress;
  const isReady = isTolerant || isPodReady(pod);
  const ports = service.spec?.ports ?? [];
  if (ports.length === 0) return service.spec?.clusterIP === 'None' ? [{ address, port: undefined, isReady }] : [];
  const found: AddressOnPort[] = [];
  for (const servicePort of ports) {
    const port = findPort(pod, servicePort);
    if (port === undefined) continue;
    const { name: portName, protocol, appProtocol } = servicePort;
    found.push({
      address, isReady,
      port: { ...(portName === undefined ? {} : { name: portName }), port, protocol: protocol ?? 'TCP', ...(appProtocol === undefined ? {} : { appProtocol }) },
    });
  }
  return found;
}
