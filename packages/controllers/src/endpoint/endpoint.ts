// The Endpoints controller: for each Service with a selector, one Endpoints object with the addresses of its pods. Rules: SPEC.md.
import { memoizeFrozen, type Endpoints, type EndpointAddress, type KubeObject, type Pod, type Service } from '@kubesim/api';
import { isNamespaceTerminating, isNotFound, isPodReady, send, type Controller, type ReconcileContext, type Reconciling } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';
import { addressTypeOf, findPort } from '../endpoint-slice/endpoints-of-pods.ts';
import { endpointHostname, podsOf, sameLabels, servicesToUpdate, shouldPodBeInEndpoints, triggerTime, type TriggerTimes } from '../endpoint-slice/pod-changes.ts';
import { MAX_CAPACITY, packSubsets, sameSubsets, truncateSubsets, type AddressOnPort } from './subsets.ts';

interface State {
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
  initialState: (): State => ({ times: OrderedMap.empty(), stale: OrderedMap.empty() }),
  handle(context, change) {
    if (change.resource === 'pods') {
      for (const key of servicesToUpdate(context, change)) context.enqueue(key);
      return;
    }
    // [EP5] Of Endpoints only a deletion matters: a Service that is still there makes them again.
    if (change.resource === 'endpoints' && change.after !== undefined) return;
    const { namespace, name } = (change.after ?? change.before as KubeObject).metadata;
    context.enqueue(`${namespace}/${name}`);
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
            const state = context.state as State;
            state.stale = state.stale.set(context.epoch, key, overwritten);
            return null;
          });
        }
        return undefined;
      }
    }
  },
};

type Plan =
  | { readonly do: 'nothing' | 'delete' }
  | { readonly do: 'fail'; readonly error: string }
  | { readonly do: 'create' | 'update'; readonly endpoints: KubeObject };

function decide(context: ReconcileContext, key: string): Plan {
  const state = context.state as State;
  const [namespace = '', name = ''] = key.split('/');
  const service = context.lister<Service>('services').get(namespace, name);
  if (service === undefined) {
    state.times = state.times.delete(context.epoch, key);
    state.stale = state.stale.delete(context.epoch, key);
    return { do: 'delete' };
  }
  if (service.spec?.type === 'ExternalName' || service.spec?.selector === undefined) return { do: 'nothing' };
  const pods = podsOf(context, service);
  const { time, times } = triggerTime(state.times.get(key), service, pods);
  if (times !== state.times.get(key)) state.times = state.times.set(context.epoch, key, Object.freeze(times));
  const current = context.lister<Endpoints>('endpoints').get(namespace, name);
  if (current !== undefined && state.stale.get(key) === current.metadata?.resourceVersion) {
    return { do: 'fail', error: `endpoints informer cache is out of date, resource version ${current.metadata?.resourceVersion} already processed for endpoints ${key}` };
  }
  const packed = packSubsets(pods.flatMap(addressesFor(service)));
  const labels = labelsOf(service);
  const count = (current?.subsets ?? []).reduce((sum, { addresses = [], notReadyAddresses = [] }) => sum + addresses.length + notReadyAddresses.length, 0);
  const isCapacityRight = count <= MAX_CAPACITY && current?.metadata?.annotations?.[OVER_CAPACITY] === undefined;
  if (current !== undefined && isCapacityRight && sameSubsets(current.subsets, packed) && sameLabels(current.metadata?.labels, labels)) return { do: 'nothing' };
  const subsets = truncateSubsets(packed);
  const { [TRIGGER_TIME]: _, [OVER_CAPACITY]: __, ...others } = current?.metadata?.annotations ?? {};
  const annotations = { ...others, ...(time === undefined ? {} : { [TRIGGER_TIME]: time }), ...(subsets === packed ? {} : { [OVER_CAPACITY]: 'truncated' }) };
  const { annotations: ___, ...metadata } = current?.metadata ?? { name, namespace };
  const endpoints = {
    apiVersion: 'v1', kind: 'Endpoints',
    metadata: { ...metadata, labels, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    ...(subsets.length === 0 ? {} : { subsets }),
  };
  return { do: current === undefined ? 'create' : 'update', endpoints };
}

/** Addresses of the pods of a Service, worked out once for each version of pod and Service: a sync builds only what changed. */
const addressesFor: (service: Service) => (pod: Pod) => readonly AddressOnPort[] = memoizeFrozen((service: Service) => memoizeFrozen((pod: Pod) => addressesOf(service, pod)));

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

function labelsOf(service: Service): Readonly<Record<string, string>> {
  const { [HEADLESS_LABEL]: _, ...labels } = service.metadata?.labels ?? {};
  const clusterIP = service.spec?.clusterIP ?? '';
  const isHeadless = clusterIP === '' || clusterIP === 'None';
  return { ...labels, ...(isHeadless ? { [HEADLESS_LABEL]: '' } : {}), [MANAGED_BY_LABEL]: 'endpoint-controller' };
}
