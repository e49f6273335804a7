// What the EndpointSlice controller keeps in memory of a Service between syncs: the endpoints of its pods, its slices, and
// which of them do not agree yet. Kept up with each change of a pod or a slice, so that a sync costs what changed; a property
// compares its decisions with those of a recount.
import { forEachNew, type Endpoint, type EndpointPort, type EndpointSlice, type Node, type Pod, type Service } from '@kubesim/api';
import { OrderedMap, type Epoch } from '@kubesim/kernel';
import { endpointKey, podEndpoint, portsKey, sameEndpoint, type AddressType, type PodEndpoint } from './endpoints-of-pods.ts';
import { sameAsEndpoint, selects, shouldPodBeInEndpoints } from './pod-changes.ts';
import { isOwnedBy } from './slices.ts';
import { readyTime } from './trigger-times.ts';

/** A pod that can be an endpoint. @internal */
export interface Candidate {
  readonly made: PodEndpoint;
  /** In one of the slices it belongs: it has an address, and a node that is known. [ES4] */
  readonly isWanted: boolean;
  readonly isNodeMissing: boolean;
}

/** Names of the pods whose endpoints may stand wrongly in a slice; null where all of them may. @internal */
export type Suspicion = readonly string[] | null;

/** A longer list is no gain over a look at all. */
const SUSPICIONS_MAX = 8;

/** Endpoints and slices of one address family. @internal */
export interface FamilyEndpoints {
  /** By name of the pod. */
  readonly candidates: OrderedMap<Candidate>;
  /** Names of pods that are wanted and in no slice. */
  readonly unplaced: OrderedMap<true>;
  /** Names of pods whose node is missing. */
  readonly skipped: OrderedMap<true>;
  /** Port lists of the candidates, each with how many have it. */
  readonly portLists: OrderedMap<{ readonly ports: readonly EndpointPort[]; readonly count: number }>;
  /** By name. */
  readonly slices: OrderedMap<EndpointSlice>;
  /** How many slices have a port list, by its key. */
  readonly slicePorts: OrderedMap<number>;
  /** Which slice holds an endpoint, by the endpoint's key. */
  readonly holders: OrderedMap<string>;
  /** Slices that may not say what they should, by name: the pods whose endpoints are to be looked at in them, null for all. */
  readonly suspects: OrderedMap<Suspicion>;
  /** All slices are the Service's own, and none shares an endpoint with another. */
  readonly isPlain: boolean;
}

/** Endpoints and slices of a Service. @internal */
export interface ServiceEndpoints {
  /** The version of the Service that they were worked out for. */
  readonly service: Service;
  readonly families: Readonly<Partial<Record<AddressType, FamilyEndpoints>>>;
  /** Names of pods whose time of readiness may have changed since the last sync. */
  readonly retimed: OrderedMap<true>;
}

/** Finds the node of a pod. @internal */
export type NodeOf = (pod: Pod) => Node | undefined;

/** The endpoints and slices of a Service as all its pods and slices have them. @internal */
export function buildServiceEndpoints(epoch: Epoch, service: Service, addressTypes: readonly AddressType[], pods: readonly Pod[], slices: readonly EndpointSlice[], nodeOf: NodeOf): ServiceEndpoints {
  const families: Partial<Record<AddressType, FamilyEndpoints>> = {};
  for (const addressType of addressTypes) {
    let family: FamilyEndpoints = {
      candidates: OrderedMap.empty(), unplaced: OrderedMap.empty(), skipped: OrderedMap.empty(), portLists: OrderedMap.empty(),
      slices: OrderedMap.empty(), slicePorts: OrderedMap.empty(), holders: OrderedMap.empty(), suspects: OrderedMap.empty(), isPlain: true,
    };
    for (const slice of slices) if (slice.addressType === addressType) family = changeSlice(epoch, service, family, undefined, slice);
    for (const pod of pods) family = changeCandidate(epoch, family, pod.metadata?.name ?? '', candidateOf(service, pod, addressType, nodeOf));
    families[addressType] = family;
  }
  return { service, families, retimed: OrderedMap.empty() };
}

/** The endpoints after a change of a pod. @internal */
export function applyPodChange(epoch: Epoch, held: ServiceEndpoints, before: Pod | undefined, after: Pod | undefined, nodeOf: NodeOf): ServiceEndpoints {
  const { service } = held;
  const old = before !== undefined && selects(service, before) ? before : undefined;
  const pod = after !== undefined && selects(service, after) ? after : undefined;
  if (old === undefined && pod === undefined) return held;
  const name = (after ?? before)?.metadata?.name ?? '';
  const isRetimed = (old === undefined ? undefined : readyTime(old)) !== (pod === undefined ? undefined : readyTime(pod));
  const retimed = isRetimed ? held.retimed.set(epoch, name, true) : held.retimed;
  if (old !== undefined && pod !== undefined && sameAsEndpoint(old, pod)) return isRetimed ? { ...held, retimed } : held;
  const families: Partial<Record<AddressType, FamilyEndpoints>> = {};
  for (const addressType of familiesOf(held)) {
    const candidate = pod === undefined ? undefined : candidateOf(service, pod, addressType, nodeOf);
    families[addressType] = changeCandidate(epoch, held.families[addressType] as FamilyEndpoints, name, candidate);
  }
  return { service, families, retimed };
}

/** The slices after a change of one of this Service's, before or after the change. @internal */
export function applySliceChange(epoch: Epoch, held: ServiceEndpoints, before: EndpointSlice | undefined, after: EndpointSlice | undefined): ServiceEndpoints {
  const families: Partial<Record<AddressType, FamilyEndpoints>> = {};
  for (const addressType of familiesOf(held)) {
    const family = held.families[addressType] as FamilyEndpoints;
    const old = before?.addressType === addressType ? before : undefined;
    const slice = after?.addressType === addressType ? after : undefined;
    families[addressType] = old === undefined && slice === undefined ? family : changeSlice(epoch, held.service, family, old, slice);
  }
  return { ...held, families };
}

/** The only port list of a family whose slices are laid out by looking at its suspects alone; undefined where only a recount can tell. @internal */
export function plainPorts({ isPlain, portLists, slicePorts }: FamilyEndpoints): readonly EndpointPort[] | undefined {
  if (!isPlain || portLists.size !== 1 || slicePorts.size > 1) return undefined;
  const [key, { ports }] = portLists.first() as readonly [string, { readonly ports: readonly EndpointPort[] }];
  return slicePorts.size === 0 || slicePorts.has(key) ? ports : undefined;
}

/** The endpoint that should stand in a slice in place of this one; undefined if none should. @internal */
export function wantedFor({ candidates }: FamilyEndpoints, endpoint: Endpoint): Endpoint | undefined {
  const candidate = candidates.get(endpoint.targetRef?.name ?? '');
  if (candidate === undefined || !candidate.isWanted) return undefined;
  const { made } = candidate;
  return made.endpoint === endpoint || made.key === endpointKey(endpoint) ? made.endpoint : undefined;
}

/** The same where only endpoints of suspected pods are looked at: all others stand as they should, to the last field. @internal */
export function wantedOf(family: FamilyEndpoints, suspicion: Suspicion): (endpoint: Endpoint) => Endpoint | undefined {
  return (endpoint) => (suspicion === null || suspicion.includes(endpoint.targetRef?.name ?? '') ? wantedFor(family, endpoint) : endpoint);
}

function familiesOf({ families }: ServiceEndpoints): readonly AddressType[] {
  return (['IPv4', 'IPv6'] as const).filter((addressType) => families[addressType] !== undefined);
}

function candidateOf(service: Service, pod: Pod, addressType: AddressType, nodeOf: NodeOf): Candidate | undefined {
  if (!shouldPodBeInEndpoints(pod, true)) return undefined;
  const node = nodeOf(pod);
  const made = podEndpoint(pod, node, service, addressType);
  const isNodeMissing = node === undefined && service.spec?.publishNotReadyAddresses !== true;
  return { made, isNodeMissing, isWanted: !isNodeMissing && made.endpoint.addresses.length > 0 };
}

function changeCandidate(epoch: Epoch, family: FamilyEndpoints, name: string, candidate: Candidate | undefined): FamilyEndpoints {
  const old = family.candidates.get(name);
  if (old === undefined && candidate === undefined) return family;
  const oldKey = old?.isWanted === true ? old.made.key : undefined;
  const key = candidate?.isWanted === true ? candidate.made.key : undefined;
  const isSame = key === oldKey && (old === undefined || candidate === undefined || sameEndpoint(old.made.endpoint, candidate.made.endpoint));
  let { candidates, unplaced, skipped, portLists, suspects } = family;
  if (!isSame) {
    const holder = oldKey === undefined ? undefined : family.holders.get(oldKey);
    if (holder !== undefined) suspects = suspects.set(epoch, holder, alsoOf(suspects.get(holder), name));
    const next = key === undefined ? undefined : family.holders.get(key);
    if (next !== undefined) suspects = suspects.set(epoch, next, alsoOf(suspects.get(next), name));
    unplaced = key !== undefined && next === undefined ? unplaced.set(epoch, name, true) : unplaced.delete(epoch, name);
  }
  if (old?.isNodeMissing !== candidate?.isNodeMissing) skipped = candidate?.isNodeMissing === true ? skipped.set(epoch, name, true) : skipped.delete(epoch, name);
  if (old?.made.portsKey !== candidate?.made.portsKey) {
    if (old !== undefined) portLists = countPorts(epoch, portLists, old.made, -1);
    if (candidate !== undefined) portLists = countPorts(epoch, portLists, candidate.made, 1);
  }
  candidates = candidate === undefined ? candidates.delete(epoch, name) : candidates.set(epoch, name, candidate);
  return { ...family, candidates, unplaced, skipped, portLists, suspects };
}

function alsoOf(suspicion: Suspicion | undefined, podName: string): Suspicion {
  if (suspicion === undefined) return [podName];
  if (suspicion === null || suspicion.includes(podName)) return suspicion;
  return suspicion.length < SUSPICIONS_MAX ? [...suspicion, podName] : null;
}

/** What is to be looked at in a slice after a change of it: what it was suspected of, and the endpoints that are others now. */
function suspicionOf(suspicion: Suspicion | undefined, old: readonly Endpoint[], next: readonly Endpoint[]): Suspicion {
  let changed: Suspicion = suspicion === undefined ? [] : suspicion;
  const add = (endpoint: Endpoint): void => { changed = alsoOf(changed, endpoint.targetRef?.name ?? ''); };
  forEachNew(next, old, add);
  forEachNew(old, next, add);
  return changed;
}

function countPorts(epoch: Epoch, portLists: FamilyEndpoints['portLists'], { portsKey: key, ports }: PodEndpoint, by: number): FamilyEndpoints['portLists'] {
  const held = portLists.get(key);
  const count = (held?.count ?? 0) + by;
  return count === 0 ? portLists.delete(epoch, key) : portLists.set(epoch, key, { ports: held?.ports ?? ports, count });
}

function changeSlice(epoch: Epoch, service: Service, family: FamilyEndpoints, before: EndpointSlice | undefined, after: EndpointSlice | undefined): FamilyEndpoints {
  const name = (after ?? before)?.metadata?.name ?? '';
  let { unplaced, slices, slicePorts, holders, suspects, isPlain } = family;
  const old = before?.endpoints ?? [];
  const next = after?.endpoints ?? [];
  // What stands at both ends of both versions stays where it is.
  let start = 0;
  while (start < old.length && start < next.length && isSamePlace(old[start] as Endpoint, next[start] as Endpoint)) start++;
  let [end, nextEnd] = [old.length, next.length];
  while (end > start && nextEnd > start && isSamePlace(old[end - 1] as Endpoint, next[nextEnd - 1] as Endpoint)) { end--; nextEnd--; }
  for (const endpoint of old.slice(start, end)) {
    const key = endpointKey(endpoint);
    if (holders.get(key) !== name) continue;
    holders = holders.delete(epoch, key);
    if (wantedFor(family, endpoint) !== undefined) unplaced = unplaced.set(epoch, endpoint.targetRef?.name ?? '', true);
  }
  for (const endpoint of next.slice(start, nextEnd)) {
    const key = endpointKey(endpoint);
    if (holders.has(key)) isPlain = false;
    holders = holders.set(epoch, key, name);
    if (wantedFor(family, endpoint) !== undefined) unplaced = unplaced.delete(epoch, endpoint.targetRef?.name ?? '');
  }
  if (before !== undefined) slicePorts = countSlicePorts(epoch, slicePorts, portsKey(before.ports), -1);
  if (after !== undefined) slicePorts = countSlicePorts(epoch, slicePorts, portsKey(after.ports), 1);
  slices = after === undefined ? slices.delete(epoch, name) : slices.set(epoch, name, after);
  suspects = after === undefined ? suspects.delete(epoch, name) : suspects.set(epoch, name, before === undefined ? null : suspicionOf(suspects.get(name), old, next));
  return { ...family, unplaced, slices, slicePorts, holders, suspects, isPlain: isPlain && (after === undefined || isOwnedBy(after, service)) };
}

function countSlicePorts(epoch: Epoch, slicePorts: OrderedMap<number>, key: string, by: number): OrderedMap<number> {
  const count = (slicePorts.get(key) ?? 0) + by;
  return count === 0 ? slicePorts.delete(epoch, key) : slicePorts.set(epoch, key, count);
}

function isSamePlace(a: Endpoint, b: Endpoint): boolean {
  return a === b || endpointKey(a) === endpointKey(b);
}
