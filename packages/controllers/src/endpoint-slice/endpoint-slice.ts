// The EndpointSlice controller: for each Service with a selector, slices with the endpoints of its pods. Rules: SPEC.md.
import type { Endpoint, EndpointPort, EndpointSlice, KubeObject, Node, Pod, Service } from '@kubesim/api';
import { aggregate, isNamespaceTerminating, send, type CacheChange, type Calling, type Controller, type HandlerContext, type ReconcileContext, type ReconcileError, type Reconciling } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';
import { expectDeletion, expectWritten, isStale, isWrittenByOthers, observeDeletion, type Generations } from './endpoint-slice-tracker.ts';
import { addressTypesOf, endpointKey, podEndpoint, portsKey, zoneOf, type AddressType, type PodEndpoint } from './endpoints-of-pods.ts';
import { isUnseenByServices, podsOf, selects, servicesToUpdate, shouldPodBeInEndpoints } from './pod-changes.ts';
import { applyPodChange, applySliceChange, buildServiceEndpoints, plainPorts, wantedOf, type Candidate, type FamilyEndpoints, type NodeOf, type ServiceEndpoints } from './service-endpoints.ts';
import { hasServiceLabels, isOwnedBy, judgeSlice, layOut, MANAGED_BY, MANAGED_BY_LABEL, newEndpointSlice, pairUp, SERVICE_NAME_LABEL, type SliceChanges } from './slices.ts';
import { allPodsToTime, triggerTime, type PodsToTime, type TriggerTimes } from './trigger-times.ts';

/** What the controller keeps in memory. @internal */
export interface EndpointSliceState {
  /** Endpoints and slices by Service key. */
  services: OrderedMap<ServiceEndpoints>;
  /** Trigger times seen, by Service key. */
  times: OrderedMap<TriggerTimes>;
  /** Generations written, by Service key. */
  generations: OrderedMap<Generations>;
}

const SLICES = 'endpointslices.discovery.k8s.io';
const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';
/** Least delay after which others' changes of a slice are looked at. Upstream: endpointSliceChangeMinSyncDelay (1.37). */
const SLICE_CHANGE_DELAY_MS = 1000;

/** Upstream: pkg/controller/endpointslice and staging/src/k8s.io/endpointslice (1.37). Topology hints are not modelled. @public */
export const endpointSliceController: Controller = {
  name: 'endpoint-slice-controller',
  watches: ['services', 'pods', 'nodes', SLICES],
  workers: 5,
  initialState: (): EndpointSliceState => ({ services: OrderedMap.empty(), times: OrderedMap.empty(), generations: OrderedMap.empty() }),
  handle(context, change) {
    switch (change.resource) {
      case 'services': {
        const { namespace, name } = (change.after ?? change.before as KubeObject).metadata;
        const state = context.state as EndpointSliceState;
        state.services = state.services.delete(context.epoch, `${namespace}/${name}`);
        context.enqueue(`${namespace}/${name}`);
        return;
      }
      case 'nodes':
        followNode(context, change);
        return;
      case 'pods':
        followPod(context, change);
        for (const key of servicesToUpdate(context, change)) context.enqueue(key);
        return;
      case SLICES:
        followSlice(context, change);
        handleSlice(context, change);
    }
  },
  *reconcile(context, key): Reconciling {
    const plan = context.decide(() => decide(context, key));
    if ('error' in plan) return plan;
    const errors: ReconcileError[] = plan.skipped.map((message) => ({ message }));
    for (const changes of plan.families) {
      const error = yield* finalize(context, key, plan.service, changes, plan.time);
      if (error !== undefined) errors.push(error);
    }
    const failure = aggregate(errors);
    if (failure === undefined) return undefined;
    const { namespace, name } = plan.service.metadata ?? {};
    context.event({ about: plan.service as KubeObject, type: 'Warning', reason: 'FailedToUpdateEndpointSlices', message: `Error updating Endpoint Slices for Service ${namespace}/${name}: ${failure.message}` });
    return { error: failure.message };
  },
};

/** What a sync does. @internal */
export interface Plan {
  readonly service: Service;
  readonly families: readonly SliceChanges[];
  readonly skipped: readonly string[];
  readonly time: string | null;
}

type Context = Pick<ReconcileContext, 'lister' | 'state' | 'epoch'>;

/** Upstream: syncService. With `isRecount` it goes through all pods and slices of the Service, as upstream does. @internal */
export function decide(context: Context, key: string, isRecount: boolean = false): Plan | { readonly error: string } {
  const state = context.state as EndpointSliceState;
  const [namespace = '', name = ''] = key.split('/');
  const service = context.lister<Service>('services').get(namespace, name);
  if (service === undefined) {
    state.times = state.times.delete(context.epoch, key);
    state.generations = state.generations.delete(context.epoch, key);
  }
  const nothing: Plan = { service: service ?? {} as Service, families: [], skipped: [], time: null };
  if (service === undefined || service.spec?.type === 'ExternalName' || service.spec?.selector === undefined) return nothing;
  let all: readonly Pod[] | undefined;
  const pods = (): readonly Pod[] => all ??= podsOf(context, service);
  const slices = slicesOf(context, service);
  if (isStale(state.generations.get(key), slices)) return { error: 'EndpointSlice informer cache is out of date' };
  const known = state.services.get(key);
  const held = known !== undefined && known.service === service && !isRecount ? known : undefined;
  const times = state.times.get(key);
  const timed = triggerTime(context.epoch, times, service, held === undefined ? allPodsToTime(times, pods()) : retimedPods(context, held, namespace));
  if (timed.times !== times) state.times = state.times.set(context.epoch, key, timed.times);
  const addressTypes = addressTypesOf(service);
  const endpoints = held ?? buildServiceEndpoints(context.epoch, service, addressTypes, pods(), slices, nodeOf(context));
  const skipped: string[] = [];
  const families: SliceChanges[] = [];
  const kept: Partial<Record<AddressType, FamilyEndpoints>> = {};
  for (const addressType of addressTypes) {
    const family = endpoints.families[addressType] as FamilyEndpoints;
    const decided = isRecount ? undefined : decideSuspects(context, service, family, addressType, skipped);
    families.push(decided?.changes ?? decideFamily(context, service, pods(), slices, addressType, skipped));
    kept[addressType] = decided?.family ?? family;
  }
  // Where slices share endpoints or are not all the Service's own, the next sync starts afresh.
  const isPlain = addressTypes.every((addressType) => kept[addressType]?.isPlain === true);
  state.services = isPlain
    ? state.services.set(context.epoch, key, { service, families: kept, retimed: OrderedMap.empty() })
    : state.services.delete(context.epoch, key);
  const strangers = slices.filter((slice) => !addressTypes.includes(slice.addressType as AddressType));
  if (strangers.length > 0) families.push({ create: [], update: [], delete: strangers });
  return { service, families, skipped: [...new Set(skipped)], time: timed.time ?? null };
}

/** Slices of one address family, by looking at those only that may not say what they should; undefined where that is not enough. */
function decideSuspects(context: Context, service: Service, family: FamilyEndpoints, addressType: AddressType, skipped: string[]): { readonly changes: SliceChanges; readonly family: FamilyEndpoints } | undefined {
  const ports = plainPorts(family);
  if (ports === undefined) return undefined;
  for (const name of family.skipped.keys()) skipped.push(skippedMessage(service, name, podNode(context, service, name)));
  const changed: { slice: EndpointSlice; endpoints: Endpoint[] }[] = [];
  const deleted: EndpointSlice[] = [];
  const agreed: string[] = [];
  const written = new Set<string>();
  family.suspects.forEach((suspicion, name) => {
    const slice = family.slices.get(name) as EndpointSlice;
    const { endpoints, is, isExact } = judgeSlice(service, slice, wantedOf(family, suspicion));
    if (is !== 'unchanged') {
      written.add(name);
      if (is === 'deleted') deleted.push(slice);
      else changed.push({ slice, endpoints });
    } else if (isExact) agreed.push(name);
    // What others wrote beside what is compared goes with the next update: such a slice is looked at each time.
  });
  const rest: Endpoint[] = [];
  family.unplaced.forEach((_, name) => { rest.push((family.candidates.get(name) as Candidate).made.endpoint); });
  let { suspects } = family;
  for (const name of agreed) suspects = suspects.delete(context.epoch, name);
  function* unchanged(): Iterable<EndpointSlice> {
    for (const [name, slice] of family.slices) if (!written.has(name)) yield slice;
  }
  const laidOut = layOut({ service, addressType, ports, changed, deleted, unchanged, rest });
  return { changes: finish({ service, addressType, mineCount: family.slices.size, changes: laidOut, strangers: [] }), family: { ...family, suspects } };
}

/** Slices of one address family, by all pods and slices. Upstream: reconcileByAddressType. */
function decideFamily(context: Context, service: Service, pods: readonly Pod[], slices: readonly EndpointSlice[], addressType: AddressType, skipped: string[]): SliceChanges {
  const mine = slices.filter((slice) => slice.addressType === addressType);
  const owned = mine.filter((slice) => isOwnedBy(slice, service));
  const desired = new Map<string, { readonly ports: readonly EndpointPort[]; readonly endpoints: PodEndpoint[] }>();
  for (const pod of pods) {
    if (!shouldPodBeInEndpoints(pod, true)) continue;
    const node = nodeOf(context)(pod);
    const made = podEndpoint(pod, node, service, addressType);
    let group = desired.get(made.portsKey);
    if (group === undefined) desired.set(made.portsKey, group = { ports: made.ports, endpoints: [] });
    if (node === undefined && service.spec?.publishNotReadyAddresses !== true) {
      skipped.push(skippedMessage(service, pod.metadata?.name ?? '', pod.spec?.nodeName ?? ''));
      continue;
    }
    if (made.endpoint.addresses.length > 0) group.endpoints.push(made);
  }
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  const doomed: EndpointSlice[] = [];
  for (const [portKey, { ports, endpoints }] of desired) {
    const wanted = new Map<string, Endpoint>();
    for (const { key, endpoint } of endpoints) wanted.set(key, endpoint);
    const changed: { slice: EndpointSlice; endpoints: Endpoint[] }[] = [];
    const deleted: EndpointSlice[] = [];
    const unchanged: EndpointSlice[] = [];
    for (const slice of owned) {
      if (portsKey(slice.ports) !== portKey) continue;
      const verdict = judgeSlice(service, slice, (endpoint) => {
        const key = endpointKey(endpoint);
        const want = wanted.get(key);
        wanted.delete(key);
        return want;
      });
      if (verdict.is === 'changed') changed.push({ slice, endpoints: verdict.endpoints });
      else if (verdict.is === 'deleted') deleted.push(slice);
      else unchanged.push(slice);
    }
    const changes = layOut({ service, addressType, ports, changed, deleted, unchanged: () => unchanged, rest: [...wanted.values()] });
    create.push(...changes.create);
    update.push(...changes.update);
    doomed.push(...changes.delete);
  }
  doomed.push(...owned.filter((slice) => !desired.has(portsKey(slice.ports))));
  return finish({ service, addressType, mineCount: mine.length, changes: { create, update, delete: doomed }, strangers: mine.filter((slice) => !owned.includes(slice)) });
}

interface FamilyChanges {
  readonly service: Service;
  readonly addressType: AddressType;
  /** How many slices of this family there are. */
  readonly mineCount: number;
  readonly changes: SliceChanges;
  /** Slices of this family that are not the Service's own. */
  readonly strangers: readonly EndpointSlice[];
}

/** [ES7] Leaves a placeholder where nothing else would be left, and makes updates of pairs of deletions and creations. */
function finish({ service, addressType, mineCount, changes, strangers }: FamilyChanges): SliceChanges {
  const create = [...changes.create];
  let doomed: readonly EndpointSlice[] = [...strangers, ...changes.delete];
  if (mineCount === doomed.length && create.length === 0) {
    const [only] = doomed;
    if (doomed.length === 1 && only !== undefined && isPlaceholder(only, service)) doomed = [];
    else create.push(newEndpointSlice(service, addressType, []));
  }
  const isStrange = (slice: EndpointSlice): boolean => strangers.includes(slice);
  const paired = pairUp({ create, update: changes.update, delete: doomed.filter((slice) => !isStrange(slice)) });
  return { ...paired, delete: [...doomed.filter(isStrange), ...paired.delete] };
}

function skippedMessage(service: Service, podName: string, nodeName: string): string {
  return `skipping Pod ${podName} for Service ${service.metadata?.namespace}/${service.metadata?.name}: Node ${nodeName} Not Found`;
}

function podNode(context: Context, service: Service, podName: string): string {
  return context.lister<Pod>('pods').get(service.metadata?.namespace ?? '', podName)?.spec?.nodeName ?? '';
}

function nodeOf(context: Pick<Context, 'lister'>): NodeOf {
  const nodes = context.lister<Node>('nodes');
  return (pod) => nodes.get('', pod.spec?.nodeName ?? '');
}

function* retimedPods(context: Context, { service, retimed }: ServiceEndpoints, namespace: string): PodsToTime {
  const pods = context.lister<Pod>('pods');
  for (const name of retimed.keys()) {
    const pod = pods.get(namespace, name);
    yield [name, pod !== undefined && selects(service, pod) ? pod : undefined];
  }
}

/** Writes: creations, updates, deletions. Upstream: finalize. */
function* finalize(context: ReconcileContext, key: string, service: Service, changes: SliceChanges, time: string | null): Calling<ReconcileError | undefined> {
  const { namespace = '', name = '' } = service.metadata ?? {};
  const place = { resource: SLICES, namespace };
  const remember = (change: (generations: Generations | undefined) => Generations): void => {
    context.decide(() => {
      const state = context.state as EndpointSliceState;
      state.generations = state.generations.set(context.epoch, key, Object.freeze(change(state.generations.get(key))));
      return null;
    });
  };
  for (const slice of service.metadata?.deletionTimestamp === undefined ? changes.create : []) {
    const { object, error } = yield* send({ verb: 'create', ...place, object: withTriggerTime(slice, time) });
    if (error !== undefined) {
      return isNamespaceTerminating(error) ? undefined : { message: `failed to create EndpointSlice for Service ${namespace}/${name}: ${error.message}` };
    }
    remember((generations) => expectWritten(generations, object as EndpointSlice));
  }
  for (const slice of changes.update) {
    const sliceName = slice.metadata?.name ?? '';
    const { object, error } = yield* send({ verb: 'update', ...place, name: sliceName, object: withTriggerTime(slice, time) });
    if (error !== undefined) return { message: `failed to update ${sliceName} EndpointSlice for Service ${namespace}/${name}: ${error.message}` };
    remember((generations) => expectWritten(generations, object as EndpointSlice));
  }
  for (const slice of changes.delete) {
    const sliceName = slice.metadata?.name ?? '';
    const { error } = yield* send({ verb: 'delete', ...place, name: sliceName });
    if (error !== undefined) return { message: `failed to delete ${sliceName} EndpointSlice for Service ${namespace}/${name}: ${error.message}` };
    remember((generations) => expectDeletion(generations, slice));
  }
  return undefined;
}

/** [ES8] Only writes that a transition triggered carry its time. */
function withTriggerTime(slice: EndpointSlice, time: string | null): KubeObject {
  const { [TRIGGER_TIME]: _, ...others } = slice.metadata?.annotations ?? {};
  const annotations = time === null ? others : { ...others, [TRIGGER_TIME]: time };
  const { annotations: __, ...metadata } = slice.metadata ?? {};
  return { ...slice, metadata: Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations } } as KubeObject;
}

/** Keeps what is held of Services up with a change of a pod. */
function followPod(context: HandlerContext, change: CacheChange): void {
  if (isUnseenByServices(change)) return;
  const { before, after } = change;
  const state = context.state as EndpointSliceState;
  const { namespace } = (after ?? before as KubeObject).metadata;
  const changed: (readonly [string, ServiceEndpoints])[] = [];
  state.services.forEach((held, key) => {
    const next = applyPodChange(context.epoch, held, before as Pod | undefined, after as Pod | undefined, nodeOf(context));
    if (next !== held) changed.push([key, next]);
  }, `${namespace}/`, `${namespace}0`);
  for (const [key, held] of changed) state.services = state.services.set(context.epoch, key, held);
}

/** A node that comes, goes or moves to another zone may change endpoints of any Service: what is held is worked out anew. */
function followNode(context: HandlerContext, { before, after }: CacheChange): void {
  const state = context.state as EndpointSliceState;
  if (before !== undefined && after !== undefined && zoneOf(before as Node) === zoneOf(after as Node)) return;
  if (state.services.size > 0) state.services = OrderedMap.empty();
}

function followSlice(context: HandlerContext, change: CacheChange): void {
  const state = context.state as EndpointSliceState;
  const before = change.before as EndpointSlice | undefined;
  const after = change.after as EndpointSlice | undefined;
  const from = before !== undefined && isInUse(before) ? serviceKey(before) : undefined;
  const to = after !== undefined && isInUse(after) ? serviceKey(after) : undefined;
  const follow = (key: string | undefined, old: EndpointSlice | undefined, slice: EndpointSlice | undefined): void => {
    const held = key === undefined ? undefined : state.services.get(key);
    if (key !== undefined && held !== undefined) state.services = state.services.set(context.epoch, key, applySliceChange(context.epoch, held, old, slice));
  };
  if (from === to) follow(from, before, after);
  else {
    follow(from, before, undefined);
    follow(to, undefined, after);
  }
}

/** [ES9] Slices that others wrote bring their Service back, a second later. */
function handleSlice(context: HandlerContext, { before, after }: CacheChange): void {
  const state = context.state as EndpointSliceState;
  const old = before as EndpointSlice | undefined;
  const slice = after as EndpointSlice | undefined;
  if (slice === undefined) {
    const key = old === undefined ? undefined : serviceKey(old);
    const generations = key === undefined ? undefined : state.generations.get(key);
    if (old === undefined || key === undefined || !isManaged(old) || generations === undefined || !Object.hasOwn(generations, old.metadata?.uid ?? '')) return;
    const observed = observeDeletion(generations, old);
    state.generations = state.generations.set(context.epoch, key, Object.freeze(observed.generations));
    if (!observed.isOwn) context.enqueueAfter(key, SLICE_CHANGE_DELAY_MS);
    return;
  }
  const key = serviceKey(slice);
  const oldKey = old === undefined ? key : serviceKey(old);
  const enqueue = (serviceName: string | undefined): void => {
    if (serviceName !== undefined) context.enqueueAfter(serviceName, SLICE_CHANGE_DELAY_MS);
  };
  if (key !== oldKey) {
    enqueue(key);
    enqueue(oldKey);
    return;
  }
  const isChangedHands = old !== undefined && isManaged(old) !== isManaged(slice);
  if (isChangedHands || (isManaged(slice) && isWrittenByOthers(key === undefined ? undefined : state.generations.get(key), slice))) enqueue(key);
}

function slicesOf(context: Context, service: Service): readonly EndpointSlice[] {
  const { namespace = '', name = '', uid = '' } = service.metadata ?? {};
  // Slices are nearly always owned by their Service; those of an earlier Service of the same name are found by label.
  const lister = context.lister<EndpointSlice>(SLICES);
  const owned = lister.byOwner(uid);
  const others = lister.list(namespace).filter((slice) => !owned.includes(slice));
  return [...owned, ...others].filter((slice) => isInUse(slice) && slice.metadata?.labels?.[SERVICE_NAME_LABEL] === name);
}

/** Whether a slice is this controller's to manage, and stays. */
function isInUse(slice: EndpointSlice): boolean {
  return slice.metadata?.deletionTimestamp === undefined && isManaged(slice);
}

function isPlaceholder(slice: EndpointSlice, service: Service): boolean {
  const isEmpty = (slice.endpoints ?? []).length === 0 && (slice.ports ?? []).length === 0;
  return isEmpty && hasServiceLabels(slice, service) && slice.metadata?.ownerReferences?.some((owner) => owner.uid === service.metadata?.uid) === true;
}

function isManaged(slice: EndpointSlice): boolean {
  return slice.metadata?.labels?.[MANAGED_BY_LABEL] === MANAGED_BY;
}

function serviceKey(slice: EndpointSlice): string | undefined {
  const name = slice.metadata?.labels?.[SERVICE_NAME_LABEL];
  return name === undefined || name === '' ? undefined : `${slice.metadata?.namespace}/${name}`;
}
