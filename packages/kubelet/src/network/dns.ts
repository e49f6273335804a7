// Cluster DNS as an actor with its own, lagging view. Sources: CoreDNS plugin/kubernetes, kubernetes/dns specification; E.7.
import type { EndpointSlice, Service } from '@kubesim/api';
import type { Actor, CacheChange } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';
import type { DnsAnswer } from './dns-query.ts';

/** Options of createDns. @public */
export interface DnsOptions {
  /** From a change in the API to the answer that shows it. */
  readonly lagMs?: number;
  /** Seconds that answers may be kept (kubeadm: 30; CoreDNS: 5). */
  readonly ttlSeconds?: number;
  /** Whether answers, also negative ones, are kept for their time to live. */
  readonly caches?: boolean;
}

/** What the DNS server knows. @public */
export interface DnsState {
  services: OrderedMap<Service>;
  /** Slices by `namespace/service/slice`. */
  slices: OrderedMap<EndpointSlice>;
  cache: OrderedMap<{ readonly answer: DnsAnswer; readonly until: number }>;
  ttlSeconds: number;
  caches: boolean;
}

/** What the DNS server is sent: changes that have come through its lag, and answers to keep. @public */
export type DnsMessage =
  | { readonly kind: 'apply'; readonly change: CacheChange }
  | { readonly kind: 'remember'; readonly name: string; readonly answer: DnsAnswer; readonly until: number };

/** Label that names a slice's service. */
const SERVICE_NAME = 'kubernetes.io/service-name';

function sliceKey(slice: EndpointSlice): string {
  return `${slice.metadata?.namespace}/${slice.metadata?.labels?.[SERVICE_NAME] ?? ''}/${slice.metadata?.name}`;
}

/** Makes the DNS server. Throws RangeError for a negative lag or time to live. @public */
export function createDns(options: DnsOptions = {}): Actor<DnsState, DnsMessage> {
  const { lagMs = 0, ttlSeconds = 30, caches = false } = options;
  if (!(lagMs >= 0) || !(ttlSeconds >= 0)) throw new RangeError('dns: lagMs and ttlSeconds must not be negative');
  return {
    name: 'coredns',
    isTimeless: true,
    watches: [{ resource: 'services' }, { resource: 'endpointslices.discovery.k8s.io' }],
    initial: () => ({ services: OrderedMap.empty(), slices: OrderedMap.empty(), cache: OrderedMap.empty(), ttlSeconds, caches }),
    start(context, state) {
      for (const service of context.lister<Service>('services').list()) state.services = state.services.set(context.epoch, `${service.metadata?.namespace}/${service.metadata?.name}`, service);
      for (const slice of context.lister<EndpointSlice>('endpointslices.discovery.k8s.io').list()) state.slices = state.slices.set(context.epoch, sliceKey(slice), slice);
    },
    observe(context, state, change) {
      if (lagMs === 0) apply(state, change, context.epoch);
      else context.after(lagMs, { kind: 'apply', change });
    },
    receive(context, state, message) {
      if (message.kind === 'apply') apply(state, message.change, context.epoch);
      else if (state.caches) state.cache = state.cache.set(context.epoch, message.name, { answer: message.answer, until: message.until });
    },
  };
}

function apply(state: DnsState, change: CacheChange, epoch: Parameters<OrderedMap<unknown>['set']>[0]): void {
  if (change.resource === 'services') {
    const service = (change.after ?? change.before) as Service;
    const key = `${service.metadata?.namespace}/${service.metadata?.name}`;
    state.services = change.after === undefined ? state.services.delete(epoch, key) : state.services.set(epoch, key, service);
    return;
  }
  if (change.before !== undefined) state.slices = state.slices.delete(epoch, sliceKey(change.before as EndpointSlice));
  if (change.after !== undefined) state.slices = state.slices.set(epoch, sliceKey(change.after as EndpointSlice), change.after as EndpointSlice);
}
