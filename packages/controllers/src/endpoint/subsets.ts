// Subsets of Endpoints: addresses that share ports, in one canonical order, and the limit of 1000.
// Upstream: RepackSubsets in pkg/api/v1/endpoints/util.go and truncateEndpoints in pkg/controller/endpoint (1.37).
import { memoizeFrozen, type EndpointAddress, type EndpointSubset } from '@kubesim/api';

/** A port of a subset. @internal */
export type EndpointsPort = NonNullable<EndpointSubset['ports']>[number];

/** One address on one port. @internal */
export interface AddressOnPort {
  readonly address: EndpointAddress;
  readonly port: EndpointsPort | undefined;
  readonly isReady: boolean;
}

/** Addresses of Endpoints at most. @internal */
export const MAX_CAPACITY = 1000;

/** What tells addresses apart, and their order. @internal */
export const addressKey: (address: EndpointAddress) => string = memoizeFrozen(({ ip, targetRef }: EndpointAddress) => `${ip} ${targetRef?.uid ?? ''}`);
/** What tells ports apart. @internal */
export const portKeyOf: (port: EndpointsPort) => string = memoizeFrozen(({ name, protocol, port, appProtocol }: EndpointsPort) => [name ?? '', protocol ?? '', port, appProtocol ?? ''].join('/'));

/** Groups addresses by the set of ports they have, and ports by the set of addresses. [EP3] @internal */
export function packSubsets(addresses: readonly AddressOnPort[]): readonly EndpointSubset[] {
  const ports = new Map<string, { readonly port: EndpointsPort | undefined; readonly addresses: Map<string, AddressOnPort> }>();
  for (const one of addresses) {
    const portKey = one.port === undefined ? '' : portKeyOf(one.port);
    let group = ports.get(portKey);
    if (group === undefined) ports.set(portKey, group = { port: one.port, addresses: new Map() });
    const key = addressKey(one.address);
    const known = group.addresses.get(key);
    if (known === undefined || known.isReady) group.addresses.set(key, one);
  }
  const subsets = new Map<string, { ports: EndpointsPort[]; addresses: readonly AddressOnPort[] }>();
  for (const { port, addresses: members } of ports.values()) {
    const sorted = [...members.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    // Addresses of one port need no key: there is nothing to tell them from.
    const key = ports.size === 1 ? '' : sorted.map(([name, { isReady }]) => `${name} ${isReady}`).join(',');
    let subset = subsets.get(key);
    if (subset === undefined) subsets.set(key, subset = { ports: [], addresses: sorted.map(([, one]) => one) });
    if (port !== undefined) subset.ports.push(port);
  }
  return [...subsets.values()].map(({ ports: shared, addresses: members }) => {
    const ready = members.filter(({ isReady }) => isReady).map(({ address }) => address);
    const notReady = members.filter(({ isReady }) => !isReady).map(({ address }) => address);
    return subsetOf(ready, notReady, shared);
  });
}

/** A subset of these addresses, which are in order; its ports by number. @internal */
export function subsetOf(ready: readonly EndpointAddress[], notReady: readonly EndpointAddress[], ports: readonly EndpointsPort[]): EndpointSubset {
  const sortedPorts = [...ports].sort((a, b) => a.port - b.port || compare(a.protocol ?? '', b.protocol ?? '') || compare(a.name ?? '', b.name ?? ''));
  return {
    ...(ready.length === 0 ? {} : { addresses: ready }),
    ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady }),
    ...(sortedPorts.length === 0 ? {} : { ports: sortedPorts }),
  };
}

/** Cuts down to 1000 addresses, ready ones first; the same subsets if there are no more. [EP4] @internal */
export function truncateSubsets(subsets: readonly EndpointSubset[]): readonly EndpointSubset[] {
  const readyCount = subsets.reduce((sum, { addresses = [] }) => sum + addresses.length, 0);
  const notReadyCount = subsets.reduce((sum, { notReadyAddresses = [] }) => sum + notReadyAddresses.length, 0);
  if (readyCount + notReadyCount <= MAX_CAPACITY) return subsets;
  const isReadyCut = readyCount > MAX_CAPACITY;
  const max = isReadyCut ? MAX_CAPACITY : MAX_CAPACITY - readyCount;
  const total = isReadyCut ? readyCount : notReadyCount;
  let left = max;
  return subsets.map((subset) => {
    const list = (isReadyCut ? subset.addresses : subset.notReadyAddresses) ?? [];
    const kept = list.slice(0, Math.min(left, Math.ceil((list.length * max) / total)));
    left -= kept.length;
    const { addresses, notReadyAddresses: _, ...rest } = subset;
    if (isReadyCut) return { ...(kept.length === 0 ? {} : { addresses: kept }), ...rest };
    return { ...(addresses === undefined ? {} : { addresses }), ...(kept.length === 0 ? {} : { notReadyAddresses: kept }), ...rest };
  });
}

/** Whether two lists of subsets say the same, resourceVersions of targets apart. @internal */
export function sameSubsets(a: readonly EndpointSubset[] = [], b: readonly EndpointSubset[] = []): boolean {
  return sameItems(a, b, (one, other) => sameItems(one.addresses, other.addresses, sameAddress) && sameItems(one.notReadyAddresses, other.notReadyAddresses, sameAddress) && sameItems(one.ports, other.ports, samePort));
}

function sameItems<T>(a: readonly T[] = [], b: readonly T[] = [], same: (a: T, b: T) => boolean): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index] && !same(a[index] as T, b[index] as T)) return false;
  return true;
}

/** Whether two addresses say the same, resourceVersions of targets apart. @internal */
export function sameAddress(a: EndpointAddress, b: EndpointAddress): boolean {
  const [target, other] = [a.targetRef, b.targetRef];
  return a.ip === b.ip && a.hostname === b.hostname && a.nodeName === b.nodeName && target?.kind === other?.kind && target?.name === other?.name && target?.uid === other?.uid;
}

function samePort(a: EndpointsPort, b: EndpointsPort): boolean {
  return (a.name ?? '') === (b.name ?? '') && (a.protocol ?? '') === (b.protocol ?? '') && a.port === b.port && (a.appProtocol ?? '') === (b.appProtocol ?? '');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
