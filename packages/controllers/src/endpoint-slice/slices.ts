// How endpoints are laid out in slices: which are created, updated and deleted so that they hold what they should.
// Upstream: staging/src/k8s.io/endpointslice/reconciler.go (1.37).
import { isSame, type Endpoint, type EndpointPort, type EndpointSlice, type Service } from '@kubesim/api';
import { newControllerRef } from '@kubesim/client';
import { sameEndpoint, type AddressType } from './endpoints-of-pods.ts';
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

/** Whether a slice is a Service's own. @internal */
export function isOwnedBy(slice: EndpointSlice, service: Service): boolean {
  return slice.metadata?.ownerReferences?.some((owner) => owner.uid === service.metadata?.uid && owner.kind === 'Service') === true;
}

/** What becomes of a slice: the endpoints that stay in it, and how it stands to what it should say. @internal */
export interface Verdict {
  readonly endpoints: Endpoint[];
  readonly is: 'unchanged' | 'changed' | 'deleted';
  /** Its endpoints are those that should stand there in every field, those that are not compared among them. */
  readonly isExact: boolean;
}

/** Compares a slice with what should be in it: `want` answers the endpoint that should stand in place of one, if any. @internal */
export function judgeSlice(service: Service, slice: EndpointSlice, want: (endpoint: Endpoint) => Endpoint | undefined): Verdict {
  const before = slice.endpoints ?? [];
  const endpoints: Endpoint[] = [];
  let isUpdated = false;
  let isExact = true;
  for (const endpoint of before) {
    const wanted = want(endpoint);
    if (wanted === undefined) continue;
    endpoints.push(wanted);
    if (wanted === endpoint) continue;
    if (!sameEndpoint(wanted, endpoint)) isUpdated = true;
    else if (!isSame(wanted, endpoint)) isExact = false;
  }
  if (isUpdated || before.length !== endpoints.length) return { endpoints, is: endpoints.length === 0 ? 'deleted' : 'changed', isExact };
  return { endpoints, is: hasServiceLabels(slice, service) ? 'unchanged' : 'changed', isExact };
}

/** What `layOut` works from. @internal */
export interface Layout {
  readonly service: Service;
  readonly addressType: AddressType;
  readonly ports: readonly EndpointPort[];
  readonly changed: readonly { readonly slice: EndpointSlice; readonly endpoints: Endpoint[] }[];
  readonly deleted: readonly EndpointSlice[];
  readonly unchanged: () => Iterable<EndpointSlice>;
  /** Endpoints that are in no slice. */
  readonly rest: readonly Endpoint[];
}

/**
 * Lays out endpoints of one port list. What stays is updated in place; what is new goes into slices that change anyway, the
 * fullest first, then into the one unchanged slice that it fills best, then into new ones. Upstream: reconcileByPortMapping.
 * @internal
 */
export function layOut({ service, addressType, ports, changed, deleted, unchanged, rest: fresh }: Layout): SliceChanges {
  const updated = [...changed];
  let rest = fresh;
  if (rest.length > 0) {
    for (const one of [...changed].sort((a, b) => b.endpoints.length - a.endpoints.length)) {
      const room = MAX_ENDPOINTS_PER_SLICE - one.endpoints.length;
      one.endpoints.push(...rest.slice(0, room));
      rest = rest.slice(room);
    }
  }
  const create: EndpointSlice[] = [];
  while (rest.length > 0) {
    const fill = rest.length < MAX_ENDPOINTS_PER_SLICE ? sliceToFill(unchanged(), rest.length) : undefined;
    if (fill !== undefined) {
      updated.push({ slice: fill, endpoints: [...(fill.endpoints ?? []), ...rest] });
      rest = [];
    } else {
      create.push({ ...newEndpointSlice(service, addressType, ports), endpoints: rest.slice(0, MAX_ENDPOINTS_PER_SLICE) });
      rest = rest.slice(MAX_ENDPOINTS_PER_SLICE);
    }
  }
  const labels = sliceLabels(service);
  const update = updated.map(({ slice, endpoints }) => ({ ...slice, metadata: { ...slice.metadata, labels }, endpoints }));
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
function sliceToFill(slices: Iterable<EndpointSlice>, endpointCount: number): EndpointSlice | undefined {
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
