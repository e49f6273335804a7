// Which Services a change of a pod concerns, and which pods belong to a Service.
// Upstream: staging/src/k8s.io/endpointslice/util/controller_utils.go (1.37). Used by Endpoints and EndpointSlices alike.
import type { Pod, Service } from '@kubesim/api';
import { isPodReady, type CacheChange, type HandlerContext } from '@kubesim/client';

/** Keys of the Services that have to look at their endpoints because of this change of a pod. [ES1] @internal */
export function servicesToUpdate(context: Pick<HandlerContext, 'lister'>, change: CacheChange): readonly string[] {
  const before = change.before as Pod | undefined;
  const after = change.after as Pod | undefined;
  const pod = after ?? before;
  const namespace = pod?.metadata?.namespace ?? '';
  const services = context.lister<Service>('services').list(namespace);
  if (services.length === 0 || pod === undefined) return [];
  if (before === undefined || after === undefined) return keysOf(services.filter((service) => selects(service, pod)));
  const isMoved = !sameLabels(before.metadata?.labels, after.metadata?.labels) || before.spec?.hostname !== after.spec?.hostname || before.spec?.subdomain !== after.spec?.subdomain;
  const isChanged = endpointChanged(before, after);
  if (!isMoved && !isChanged) return [];
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

/** The earliest change of a pod's readiness or of the Service that no sync has seen yet; undefined if there is none. Times are texts, which sort as instants. Upstream: TriggerTimeTracker. @internal */
export interface TriggerTimes {
  readonly service: string;
  /** Names of the pods that have a time, in key order. */
  readonly names: readonly string[];
  /** Their times, in the same order. */
  readonly times: readonly string[];
}

const NO_TIMES: TriggerTimes = Object.freeze({ service: '', names: Object.freeze([]), times: Object.freeze([]) });

/** [ES8] The trigger time of a sync of pods in key order, and what to remember for the next. @internal */
export function triggerTime(known: TriggerTimes | undefined, service: Service, pods: readonly Pod[]): { readonly time: string | undefined; readonly times: TriggerTimes } {
  const created = service.metadata?.creationTimestamp ?? '';
  const before = known ?? NO_TIMES;
  const names: string[] = [];
  const times: string[] = [];
  let earliest: string | undefined;
  let isSame = created === before.service;
  let at = 0;
  for (const pod of pods) {
    const time = readyTime(pod);
    if (time === undefined) continue;
    const name = pod.metadata?.name ?? '';
    while (at < before.names.length && (before.names[at] as string) < name) at++;
    const timeBefore = before.names[at] === name ? before.times[at] as string : '';
    if (time !== timeBefore) {
      isSame = false;
      if (time > timeBefore && (earliest === undefined || time < earliest)) earliest = time;
    }
    names.push(name);
    times.push(time);
  }
  if (isSame && known !== undefined && names.length === known.names.length) return { time: earliest, times: known };
  const next = { service: created, names: Object.freeze(names), times: Object.freeze(times) };
  if (known === undefined) return { time: created === '' ? undefined : created, times: next };
  if (created > known.service && (earliest === undefined || created < earliest)) earliest = created;
  return { time: earliest, times: next };
}

function readyTime(pod: Pod): string | undefined {
  for (const condition of pod.status?.conditions ?? []) if (condition.type === 'Ready') return condition.lastTransitionTime;
  return undefined;
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
  if (isPodReady(before) !== isPodReady(after)) return true;
  const ips = before.status?.podIPs ?? [];
  const ipsAfter = after.status?.podIPs ?? [];
  return ips.length !== ipsAfter.length || ips.some(({ ip }, index) => ip !== ipsAfter[index]?.ip);
}

function keysOf(services: readonly Service[]): readonly string[] {
  return services.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`);
}
