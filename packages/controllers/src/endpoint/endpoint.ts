// The Endpoints controller: for each Service with a selector, one Endpoints object with the addresses of its pods. Rules: SPEC.md.
import type { Endpoints, EndpointSubset, KubeObject, Pod, Service } from '@kubesim/api';
import { isNamespaceTerminating, isNotFound, send, type CacheChange, type Controller, type HandlerContext, type ReconcileContext, type Reconciling } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';
import { isUnseenByServices, podsOf, sameLabels, selects, servicesToUpdate } from '../endpoint-slice/pod-changes.ts';
import { allPodsToTime, triggerTime, type PodsToTime, type TriggerTimes } from '../endpoint-slice/trigger-times.ts';
import { addressesFor, applyPodChange, buildServiceAddresses, heldSubsets, type ServiceAddresses } from './service-addresses.ts';
import { MAX_CAPACITY, packSubsets, sameSubsets, truncateSubsets } from './subsets.ts';

/** What the controller keeps in memory. @internal */
export interface EndpointState {
  /** Addresses by Service. */
  addresses: OrderedMap<ServiceAddresses>;
  times: OrderedMap<TriggerTimes>;
  /** resourceVersions of Endpoints that were overwritten: a cache that still shows one is stale. */
  stale: OrderedMap<string>;
}

const HEADLESS_LABEL = 'service.kubernetes.io/headless';
const MANAGED_BY_LABEL = 'endpoints.kubernetes.io/managed-by';
const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';

/** Upstream: pkg/controller/endpoint (1.37). @public */
export const endpointController: Controller = {
  name: 'endpoint-controller',
  watches: ['services', 'pods', 'endpoints'],
  workers: 5,
  initialState: (): EndpointState => ({ addresses: OrderedMap.empty(), times: OrderedMap.empty(), stale: OrderedMap.empty() }),
  handle(context, change) {
    if (change.resource === 'pods') {
      followPod(context, change);
      for (const key of servicesToUpdate(context, change)) context.enqueue(key);
      return;
    }
    // [EP5] Of Endpoints only a deletion matters: a Service that is still there makes them again.
    if (change.resource === 'endpoints' && change.after !== undefined) return;
    const { namespace, name } = (change.after ?? change.before as KubeObject).metadata;
    const key = `${namespace}/${name}`;
    if (change.resource === 'services') {
      const state = context.state as EndpointState;
      state.addresses = state.addresses.delete(context.epoch, key);
    }
    context.enqueue(key);
  },
  *reconcile(context, key): Reconciling {
    const [namespace = '', name = ''] = key.split('/');
    const place = { resource: 'endpoints', namespace };
    const plan = context.decide(() => decide(context, key));
    switch (plan.do) {
      case 'nothing': return undefined;
      case 'fail': return { error: plan.error };
      case 'delete': {
        const { error } = yield* send({ verb: 'delete', ...place, name });
        return error === undefined || isNotFound(error) ? undefined : { error: error.message };
      }
      case 'create': {
        const { error } = yield* send({ verb: 'create', ...place, object: plan.endpoints });
        if (error === undefined || isNamespaceTerminating(error)) return undefined;
        context.event({ about: plan.endpoints, type: 'Warning', reason: 'FailedToCreateEndpoint', message: `Failed to create endpoint for service ${key}: ${error.message}` });
        return { error: error.message };
      }
      case 'update': {
        const { object, error } = yield* send({ verb: 'update', ...place, name, object: plan.endpoints });
        if (error !== undefined) {
          context.event({ about: plan.endpoints, type: 'Warning', reason: 'FailedToUpdateEndpoint', message: `Failed to update endpoint ${key}: ${error.message}` });
          return { error: error.message };
        }
        const overwritten = plan.endpoints.metadata.resourceVersion ?? '';
        if (object.metadata.resourceVersion !== overwritten) {
          context.decide(() => {
            const state = context.state as EndpointState;
            state.stale = state.stale.set(context.epoch, key, overwritten);
            return null;
          });
        }
        return undefined;
      }
    }
  },
};

/** What a sync does. @internal */
export type Plan =
  | { readonly do: 'nothing' | 'delete' }
  | { readonly do: 'fail'; readonly error: string }
  | { readonly do: 'create' | 'update'; readonly endpoints: KubeObject };

/** Upstream: syncService. With `isRecount` it goes through all pods of the Service, as upstream does. @internal */
export function decide(context: Pick<ReconcileContext, 'lister' | 'state' | 'epoch'>, key: string, isRecount: boolean = false): Plan {
  const state = context.state as EndpointState;
  const [namespace = '', name = ''] = key.split('/');
  const service = context.lister<Service>('services').get(namespace, name);
  if (service === undefined) {
    state.times = state.times.delete(context.epoch, key);
    state.stale = state.stale.delete(context.epoch, key);
    return { do: 'delete' };
  }
  if (service.spec?.type === 'ExternalName' || service.spec?.selector === undefined) return { do: 'nothing' };
  let all: readonly Pod[] | undefined;
  const pods = (): readonly Pod[] => all ??= podsOf(context, service);
  const known = state.addresses.get(key);
  const held = known !== undefined && known.service === service && !isRecount ? known : undefined;
  const times = state.times.get(key);
  const timed = triggerTime(context.epoch, times, service, held === undefined ? allPodsToTime(times, pods()) : retimedPods(context, held, namespace));
  if (timed.times !== times) state.times = state.times.set(context.epoch, key, timed.times);
  const addresses = held ?? buildServiceAddresses(context.epoch, service, pods());
  if (held === undefined || held.retimed.size > 0) state.addresses = state.addresses.set(context.epoch, key, { ...addresses, retimed: OrderedMap.empty() });
  const current = context.lister<Endpoints>('endpoints').get(namespace, name);
  if (current !== undefined && state.stale.get(key) === current.metadata?.resourceVersion) {
    return { do: 'fail', error: `endpoints informer cache is out of date, resource version ${current.metadata?.resourceVersion} already processed for endpoints ${key}` };
  }
  const { subsets, isCut } = (isRecount ? undefined : heldSubsets(addresses)) ?? recountSubsets(service, pods());
  const labels = labelsOf(service);
  const count = (current?.subsets ?? []).reduce((sum, { addresses: ready = [], notReadyAddresses = [] }) => sum + ready.length + notReadyAddresses.length, 0);
  const isCapacityRight = count <= MAX_CAPACITY && current?.metadata?.annotations?.[OVER_CAPACITY] === undefined;
  if (current !== undefined && !isCut && isCapacityRight && sameSubsets(current.subsets, subsets) && sameLabels(current.metadata?.labels, labels)) return { do: 'nothing' };
  const { [TRIGGER_TIME]: _, [OVER_CAPACITY]: __, ...others } = current?.metadata?.annotations ?? {};
  const annotations = { ...others, ...(timed.time === undefined ? {} : { [TRIGGER_TIME]: timed.time }), ...(isCut ? { [OVER_CAPACITY]: 'truncated' } : {}) };
  const { annotations: ___, ...metadata } = current?.metadata ?? { name, namespace };
  const endpoints = {
    apiVersion: 'v1', kind: 'Endpoints',
    metadata: { ...metadata, labels, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    ...(subsets.length === 0 ? {} : { subsets }),
  };
  return { do: current === undefined ? 'create' : 'update', endpoints };
}

function recountSubsets(service: Service, pods: readonly Pod[]): { readonly subsets: readonly EndpointSubset[]; readonly isCut: boolean } {
  const packed = packSubsets(pods.flatMap(addressesFor(service)));
  const subsets = truncateSubsets(packed);
  return { subsets, isCut: subsets !== packed };
}

function* retimedPods(context: Pick<ReconcileContext, 'lister'>, { service, retimed }: ServiceAddresses, namespace: string): PodsToTime {
  const pods = context.lister<Pod>('pods');
  for (const name of retimed.keys()) {
    const pod = pods.get(namespace, name);
    yield [name, pod !== undefined && selects(service, pod) ? pod : undefined];
  }
}

function followPod(context: HandlerContext, change: CacheChange): void {
  if (isUnseenByServices(change)) return;
  const { before, after } = change;
  const state = context.state as EndpointState;
  const { namespace } = (after ?? before as KubeObject).metadata;
  const changed: (readonly [string, ServiceAddresses])[] = [];
  state.addresses.forEach((held, key) => {
    const next = applyPodChange(context.epoch, held, before as Pod | undefined, after as Pod | undefined);
    if (next !== held) changed.push([key, next]);
  }, `${namespace}/`, `${namespace}0`);
  for (const [key, held] of changed) state.addresses = state.addresses.set(context.epoch, key, held);
}

function labelsOf(service: Service): Readonly<Record<string, string>> {
  const { [HEADLESS_LABEL]: _, ...labels } = service.metadata?.labels ?? {};
  const clusterIP = service.spec?.clusterIP ?? '';
  const isHeadless = clusterIP === '' || clusterIP === 'None';
  return { ...labels, ...(isHeadless ? { [HEADLESS_LABEL]: '' } : {}), [MANAGED_BY_LABEL]: 'endpoint-controller' };
}
