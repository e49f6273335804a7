// How a pod is served when its node runs short. Upstream: pkg/apis/core/v1/helper/qos/qos.go (1.37).
import type { Pod, ResourceRequirements } from '../../generated/types.ts';
import { compareQuantities } from '../../quantity/quantity.ts';

const COMPUTE = ['cpu', 'memory'] as const;

/** Quality of service class of a pod; its own resources count before those of its containers. @public */
export function qosClass(pod: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const own = pod.spec.resources;
  const bearers: readonly (ResourceRequirements | undefined)[] = own !== undefined && (isAsked(own.requests) || isAsked(own.limits))
    ? [own] : [...(pod.spec.containers ?? []), ...(pod.spec.initContainers ?? [])].map(({ resources }) => resources);
  if (!bearers.some((resources) => isAsked(resources?.requests) || isAsked(resources?.limits))) return 'BestEffort';
  return bearers.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}

/** An amount as its text, undefined where nothing is asked for: zero is always written alike. */
function amountOf(list: ResourceRequirements['limits'], name: string): string | undefined {
  const amount = list?.[name];
  return amount === undefined || String(amount) === '0' ? undefined : String(amount);
}

function isAsked(list: ResourceRequirements['limits']): boolean {
  return list !== undefined && COMPUTE.some((name) => amountOf(list, name) !== undefined);
}

function isGuaranteed(resources: ResourceRequirements | undefined): boolean {
  return COMPUTE.every((name) => {
    const limit = amountOf(resources?.limits, name);
    if (limit === undefined) return false;
    const request = resources?.requests?.[name] === undefined ? limit : String(resources.requests[name]);
    return request === limit || compareQuantities(request, limit) === 0;
  });
}
