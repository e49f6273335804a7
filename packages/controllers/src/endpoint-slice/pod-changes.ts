// Which Services a change of a pod concerns, and which pods belong to a Service.
// Upstream: staging/src/k8s.io/endpointslice/util/controller_utils.go (1.37). Used by Endpoints and EndpointSlices alike.
import type { Pod, Service } from '@kubesim/api';
import { isPodReady, type CacheChange, type HandlerContext } from '@kubesim/client';
import { readyTime } from './trigger-times.ts';

/** Keys of the Services that have to look at their endpoints because of this change of a pod. [ES1] @internal */
export function servicesToUpdate(context: Pick<HandlerContext, 'lister'>, change: CacheChange): readonly string[] {
  const before = change.before as Pod | undefined;
  const after = change.after as Pod | undefined;
  const pod = after ?? before;
  if (pod === undefined) return [];
  // Most changes concern no Service at all: that is told without a look at any.
  const isMoved = before !== undefined && after !== undefined
    && (!sameLabels(before.metadata?.labels, after.metadata?.labels) || before.spec?.hostname !== after.spec?.hostname || before.spec?.subdomain !== after.spec?.subdomain);
  const isChanged = before === undefined || after === undefined || endpointChanged(before, after);
  if (!isMoved && !isChanged) return [];
  const services = context.lister<Service>('services').list(pod.metadata?.namespace ?? '');
  if (before === undefined || after === undefined) return keysOf(services.filter((service) => selects(service, pod)));
  return keysOf(services.filter((service) => {
    const selected = selects(service, after);
    if (!isMoved) return selected;
    const was = selects(service, before);
    return isChanged ? selected || was : selected !== was;
  }));
}

/** The pods that a Service selects, in key order. @internal */
export function podsOf(context: Pick<HandlerContext, 'lister'>, service: Service): readonly Pod[] {
  return context.lister<Pod>('pods').list(service.metadata?.namespace ?? '').filter((pod) => selects(service, pod));
}

/** Whether a Service selects a pod by its labels. One without a selector selects none. @internal */
export function selects(service: Service, pod: Pod): boolean {
  const selector = service.spec?.selector;
  if (selector === undefined) return false;
  const labels = pod.metadata?.labels;
  for (const key of Object.keys(selector)) if (labels === undefined || !Object.hasOwn(labels, key) || labels[key] !== selector[key]) return false;
  return true;
}

/** Whether a pod can be an endpoint: it has an address, and neither an end nor, unless asked for, a deletion. Upstream: ShouldPodBeInEndpoints. @internal */
export function shouldPodBeInEndpoints(pod: Pod, includeTerminating: boolean): boolean {
  const { phase, podIP, podIPs } = pod.status ?? {};
  if (phase === 'Succeeded' || phase === 'Failed') return false;
  if ((podIP ?? '') === '' && (podIPs ?? []).length === 0) return false;
  return includeTerminating || pod.metadata?.deletionTimestamp === undefined;
}

/** The pod's hostname if its subdomain is this Service. Upstream: ShouldSetHostname. @internal */
export function endpointHostname(pod: Pod, service: Service): string | undefined {
  const hostname = pod.spec?.hostname;
  return hostname !== undefined && hostname !== '' && pod.spec?.subdomain === service.metadata?.name ? hostname : undefined;
}

/** Whether two versions of a pod are the same endpoint to every Service: nothing that an endpoint or its ports are made of has changed. @internal */
export function sameAsEndpoint(before: Pod, after: Pod): boolean {
  if (before.spec !== after.spec || before.metadata?.uid !== after.metadata?.uid || !sameLabels(before.metadata?.labels, after.metadata?.labels)) return false;
  if (before.metadata?.deletionTimestamp !== after.metadata?.deletionTimestamp || before.status?.phase !== after.status?.phase) return false;
  return before.status?.podIP === after.status?.podIP && sameIps(before, after) && isPodReady(before) === isPodReady(after);
}

/** Whether a change leaves a pod the same endpoint to every Service, and its time of readiness. @internal */
export function isUnseenByServices({ before, after }: CacheChange): boolean {
  return before !== undefined && after !== undefined && sameAsEndpoint(before as Pod, after as Pod) && readyTime(before as Pod) === readyTime(after as Pod);
}

/** Same keys with the same values. @internal */
export function sameLabels(a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): boolean {
  if (a === b) return true;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
}

function endpointChanged(before: Pod, after: Pod): boolean {
  // Upstream compares the pointers of the two times: any change of a pod that is being deleted counts.
  if (before.metadata?.deletionTimestamp !== undefined || after.metadata?.deletionTimestamp !== undefined) return true;
  return isPodReady(before) !== isPodReady(after) || !sameIps(before, after);
}

function sameIps(a: Pod, b: Pod): boolean {
  const ips = a.status?.podIPs ?? [];
  const others = b.status?.podIPs ?? [];
  return ips.length === others.length && ips.every(({ ip }, index) => ip === others[index]?.ip);
}

function keysOf(services: readonly Service[]): readonly string[] {
  return services.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`);
}
