// How endpoints are laid out in slices: which are created, updated and deleted so that they hold what they should.
// Upstream: staging/src/k8s.io/endpointslice/reconciler.go (1.37).
import type { Endpoint, EndpointPort, EndpointSlice, Service } from '@kubesim/api';
import { newControllerRef } from '@kubesim/client';
import { endpointKey, sameEndpoint, type AddressType, type PodEndpoint } from './endpoints-of-pods.ts';
import { sameLabels } from './pod-changes.ts';

/** Endpoints of a slice at most. [ES6] @internal */
export const MAX_ENDPOINTS_PER_SLICE = 100;

/** Value of the managed-by label. @internal */
export const MANAGED_BY = 'endpointslice-controller.k8s.io';
/** Label that names the manager of a slice. @internal */
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
/** Label that names the Service of a slice. @internal */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
const HEADLESS_LABEL = 'service.kubernetes.io/headless';
const RESERVED_LABELS: readonly string[] = [MANAGED_BY_LABEL, SERVICE_NAME_LABEL, HEADLESS_LABEL];

/** What to do with slices. @internal */
export interface SliceChanges {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly delete: readonly EndpointSlice[];
}

/** A slice for a Service that nobody has made yet. Without endpoints it is the placeholder. [ES7] @internal */
export function newEndpointSlice(service: Service, addressType: AddressType, ports: readonly EndpointPort[]): EndpointSlice {
  const { name = '', namespace } = service.metadata ?? {};
  return {
    apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice',
    metadata: { generateName: `${name}-`, namespace, labels: sliceLabels(service), ownerReferences: [newControllerRef(service as never, { apiVersion: 'v1', kind: 'Service' })] },
    addressType, endpoints: null, ports: ports.length === 0 ? null : ports,
  } as unknown as EndpointSlice;
}

/** Labels of the Service, without those that are the controller's own, and those. Upstream: setEndpointSliceLabels. @internal */
export function sliceLabels(service: Service): Readonly<Record<string, string>> {
  const labels: Record<string, string> = plainLabels(service.metadata?.labels);
  const clusterIP = service.spec?.clusterIP ?? '';
  if (clusterIP === '' || clusterIP === 'None') labels[HEADLESS_LABEL] = '';
  labels[SERVICE_NAME_LABEL] = service.metadata?.name ?? '';
  labels[MANAGED_BY_LABEL] = MANAGED_BY;
  return labels;
}

/** Whether a slice carries the labels of its Service. Reserved ones are not looked at. @internal */
export function hasServiceLabels(slice: EndpointSlice, service: Service): boolean {
  return sameLabels(plainLabels(slice.metadata?.labels), plainLabels(service.metadata?.labels));
}

/**
 * Lays out endpoints of one port list. What stays is updated in place; what is new goes into slices that change anyway, the
 * fullest first, then into the one unchanged slice that it fills best, then into new ones. Upstream: reconcileByPortMapping.
 * @internal
 */
export function layOut(service: Service, existing: readonly EndpointSlice[], desired: readonly PodEndpoint[], addressType: AddressType, ports: readonly EndpointPort[]): SliceChanges {
  const wanted = new Map<string, Endpoint>();
  for (const { key, endpoint } of desired) wanted.set(key, endpoint);
  const changed: { slice: EndpointSlice; endpoints: Endpoint[] }[] = [];
  const deleted: EndpointSlice[] = [];
  let unchanged: EndpointSlice[] = [];
  for (const slice of existing) {
    const before = slice.endpoints ?? [];
    const endpoints: Endpoint[] = [];
    let isUpdated = false;
    for (const endpoint of before) {
      const key = endpointKey(endpoint);
      const want = wanted.get(key);
      if (want === undefined) continue;
      endpoints.push(want);
      if (!sameEndpoint(want, endpoint)) isUpdated = true;
      wanted.delete(key);
    }
    if (isUpdated || before.length !== endpoints.length) {
      if (endpoints.length === 0) deleted.push(slice);
      else changed.push({ slice, endpoints });
    } else if (!hasServiceLabels(slice, service)) changed.push({ slice, endpoints });
    else unchanged.push(slice);
  }
  let rest = [...wanted.values()];
  for (const one of [...changed].sort((a, b) => b.endpoints.length - a.endpoints.length)) {
    const room = MAX_ENDPOINTS_PER_SLICE - one.endpoints.length;
    one.endpoints.push(...rest.slice(0, room));
    rest = rest.slice(room);
  }
  const create: EndpointSlice[] = [];
  while (rest.length > 0) {
    const fill = rest.length < MAX_ENDPOINTS_PER_SLICE ? sliceToFill(unchanged, rest.length) : undefined;
    if (fill !== undefined) {
      changed.push({ slice: fill, endpoints: [...(fill.endpoints ?? []), ...rest] });
      unchanged = unchanged.filter((slice) => slice !== fill);
      rest = [];
    } else {
      create.push({ ...newEndpointSlice(service, addressType, ports), endpoints: rest.slice(0, MAX_ENDPOINTS_PER_SLICE) });
      rest = rest.slice(MAX_ENDPOINTS_PER_SLICE);
    }
  }
  const labels = sliceLabels(service);
  const update = changed.map(({ slice, endpoints }) => ({ ...slice, metadata: { ...slice.metadata, labels }, endpoints }));
  return { create, update, delete: deleted };
}

/** Turns deletions and creations into updates where they can be, so that names last. Upstream: the first part of finalize. @internal */
export function pairUp({ create, update, delete: doomed }: SliceChanges): SliceChanges {
  const creates = [...create];
  const updates = [...update];
  const deletes: EndpointSlice[] = [];
  for (const slice of doomed) {
    const made = creates[creates.length - 1];
    if (made !== undefined && made.addressType === slice.addressType) {
      creates.pop();
      updates.push({ ...made, metadata: { ...made.metadata, name: slice.metadata?.name } } as EndpointSlice);
    } else deletes.push(slice);
  }
  return { create: creates, update: updates, delete: deletes };
}

/** The slice that is fullest once all endpoints are in. Upstream: getSliceToFill. */
function sliceToFill(slices: readonly EndpointSlice[], endpointCount: number): EndpointSlice | undefined {
  let best: EndpointSlice | undefined;
  let bestRoom = MAX_ENDPOINTS_PER_SLICE;
  for (const slice of slices) {
    const room = MAX_ENDPOINTS_PER_SLICE - endpointCount - (slice.endpoints ?? []).length;
    if (room < 0 || room >= bestRoom) continue;
    best = slice;
    bestRoom = room;
  }
  return best;
}

function plainLabels(labels: Readonly<Record<string, string>> = {}): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const key of Object.keys(labels)) if (!RESERVED_LABELS.includes(key)) plain[key] = labels[key] as string;
  return plain;
}
