// The EndpointSlice controller: for each Service with a selector, slices with the endpoints of its pods. Rules: SPEC.md.
import type { EndpointPort, EndpointSlice, KubeObject, Node, Pod, Service } from '@kubesim/api';
import { aggregate, isNamespaceTerminating, send, type CacheChange, type Calling, type Controller, type HandlerContext, type ReconcileContext, type ReconcileError, type Reconciling } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';
import { expectDeletion, expectWritten, isStale, isWrittenByOthers, observeDeletion, type Generations } from './endpoint-slice-tracker.ts';
import { addressTypesOf, podEndpoint, portsKey, type AddressType, type PodEndpoint } from './endpoints-of-pods.ts';
import { podsOf, servicesToUpdate, shouldPodBeInEndpoints, triggerTime, type TriggerTimes } from './pod-changes.ts';
import { hasServiceLabels, layOut, MANAGED_BY, MANAGED_BY_LABEL, newEndpointSlice, pairUp, SERVICE_NAME_LABEL, type SliceChanges } from './slices.ts';

interface State {
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
  initialState: (): State => ({ times: OrderedMap.empty(), generations: OrderedMap.empty() }),
  handle(context, change) {
    switch (change.resource) {
      case 'services': {
        const { namespace, name } = (change.after ?? change.before as KubeObject).metadata;
        context.enqueue(`${namespace}/${name}`);
        return;
      }
      case 'pods':
        for (const key of servicesToUpdate(context, change)) context.enqueue(key);
        return;
      case SLICES:
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

interface Plan {
  readonly service: Service;
  readonly families: readonly SliceChanges[];
  readonly skipped: readonly string[];
  readonly time: string | null;
}

function decide(context: ReconcileContext, key: string): Plan | { readonly error: string } {
  const state = context.state as State;
  const [namespace = '', name = ''] = key.split('/');
  const service = context.lister<Service>('services').get(namespace, name);
  if (service === undefined) {
    state.times = state.times.delete(context.epoch, key);
    state.generations = state.generations.delete(context.epoch, key);
  }
  const nothing: Plan = { service: service ?? {} as Service, families: [], skipped: [], time: null };
  if (service === undefined || service.spec?.type === 'ExternalName' || service.spec?.selector === undefined) return nothing;
  const pods = podsOf(context, service);
  const slices = slicesOf(context, service);
  if (isStale(state.generations.get(key), slices)) return { error: 'EndpointSlice informer cache is out of date' };
  const { time, times } = triggerTime(state.times.get(key), service, pods);
  if (times !== state.times.get(key)) state.times = state.times.set(context.epoch, key, Object.freeze(times));
  const addressTypes = addressTypesOf(service);
  const skipped: string[] = [];
  const families = addressTypes.map((addressType) => decideFamily(context, service, pods, slices, addressType, skipped));
  const strangers = slices.filter((slice) => !addressTypes.includes(slice.addressType as AddressType));
  if (strangers.length > 0) families.push({ create: [], update: [], delete: strangers });
  return { service, families, skipped: [...new Set(skipped)], time: time ?? null };
}

/** Slices of one address family. Upstream: reconcileByAddressType. */
function decideFamily(context: ReconcileContext, service: Service, pods: readonly Pod[], slices: readonly EndpointSlice[], addressType: AddressType, skipped: string[]): SliceChanges {
  const mine = slices.filter((slice) => slice.addressType === addressType);
  const owned = mine.filter((slice) => slice.metadata?.ownerReferences?.some((owner) => owner.uid === service.metadata?.uid && owner.kind === 'Service'));
  const desired = new Map<string, { readonly ports: readonly EndpointPort[]; readonly endpoints: PodEndpoint[] }>();
  const nodes = context.lister<Node>('nodes');
  for (const pod of pods) {
    if (!shouldPodBeInEndpoints(pod, true)) continue;
    const nodeName = pod.spec?.nodeName ?? '';
    const node = nodes.get('', nodeName);
    const made = podEndpoint(pod, node, service, addressType);
    let group = desired.get(made.portsKey);
    if (group === undefined) desired.set(made.portsKey, group = { ports: made.ports, endpoints: [] });
    if (node === undefined && service.spec?.publishNotReadyAddresses !== true) {
      skipped.push(`skipping Pod ${pod.metadata?.name} for Service ${service.metadata?.namespace}/${service.metadata?.name}: Node ${nodeName} Not Found`);
      continue;
    }
    if (made.endpoint.addresses.length > 0) group.endpoints.push(made);
  }
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  const doomed = mine.filter((slice) => !owned.includes(slice));
  for (const [portKey, { ports, endpoints }] of desired) {
    const changes = layOut(service, owned.filter((slice) => portsKey(slice.ports) === portKey), endpoints, addressType, ports);
    create.push(...changes.create);
    update.push(...changes.update);
    doomed.push(...changes.delete);
  }
  doomed.push(...owned.filter((slice) => !desired.has(portsKey(slice.ports))));
  if (mine.length === doomed.length && create.length === 0) {
    const [only] = doomed;
    if (doomed.length === 1 && only !== undefined && isPlaceholder(only, service)) doomed.length = 0;
    else create.push(newEndpointSlice(service, addressType, []));
  }
  const strangers = doomed.filter((slice) => !owned.includes(slice));
  const paired = pairUp({ create, update, delete: doomed.filter((slice) => owned.includes(slice)) });
  return { ...paired, delete: [...strangers, ...paired.delete] };
}

/** Writes: creations, updates, deletions. Upstream: finalize. */
function* finalize(context: ReconcileContext, key: string, service: Service, changes: SliceChanges, time: string | null): Calling<ReconcileError | undefined> {
  const { namespace = '', name = '' } = service.metadata ?? {};
  const place = { resource: SLICES, namespace };
  const remember = (change: (generations: Generations | undefined) => Generations): void => {
    context.decide(() => {
      const state = context.state as State;
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

/** [ES9] Slices that others wrote bring their Service back, a second later. */
function handleSlice(context: HandlerContext, { before, after }: CacheChange): void {
  const state = context.state as State;
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

function slicesOf(context: ReconcileContext, service: Service): readonly EndpointSlice[] {
  const { namespace = '', name = '', uid = '' } = service.metadata ?? {};
  // Slices are nearly always owned by their Service; those of an earlier Service of the same name are found by label.
  const lister = context.lister<EndpointSlice>(SLICES);
  const owned = lister.byOwner(uid);
  const others = lister.list(namespace).filter((slice) => !owned.includes(slice));
  return [...owned, ...others].filter((slice) =>
    slice.metadata?.deletionTimestamp === undefined && isManaged(slice) && slice.metadata?.labels?.[SERVICE_NAME_LABEL] === name);
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
