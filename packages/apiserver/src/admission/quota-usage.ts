// What an object uses of a quota. Upstream: pkg/quota/v1/evaluator/core (1.37).
import { addQuantities, compareQuantities, quantityOf, wholeQuantity, type Container, type ExactQuantity, type KubeObject, type PodSpec, type Quantity, type ResourceQuota, type ServiceSpec } from '@kubesim/api';

/** Amounts by resource. @internal */
export type Usage = Readonly<Record<string, ExactQuantity>>;

const ONE = wholeQuantity(1);
const COUNTED: ReadonlySet<string> = new Set(['configmaps', 'persistentvolumeclaims', 'pods', 'replicationcontrollers', 'resourcequotas', 'secrets', 'services']);
const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'];
const CONSTRAINED: ReadonlySet<string> = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']);

function total(spec: PodSpec, list: 'requests' | 'limits'): Readonly<Record<string, ExactQuantity>> {
  const sum: Record<string, ExactQuantity> = {};
  const initContainers = spec.initContainers ?? [];
  for (const container of [...spec.containers, ...initContainers.filter((each) => each.restartPolicy === 'Always')]) {
    const quantities = container.resources?.[list] ?? {};
    for (const name of Object.keys(quantities)) sum[name] = sum[name] === undefined ? quantityOf(quantities[name]) : addQuantities(sum[name], quantityOf(quantities[name]));
  }
  for (const container of initContainers) {
    const quantities = container.resources?.[list] ?? {};
    for (const name of Object.keys(quantities)) if (sum[name] === undefined || compareQuantities(quantityOf(quantities[name]), sum[name]) > 0) sum[name] = quantityOf(quantities[name]);
  }
  for (const name of Object.keys(spec.overhead ?? {})) sum[name] = sum[name] === undefined ? quantityOf(spec.overhead?.[name]) : addQuantities(sum[name], quantityOf(spec.overhead?.[name]));
  return sum;
}

function computeUsage(requests: Readonly<Record<string, ExactQuantity | Quantity>>, limits: Readonly<Record<string, ExactQuantity | Quantity>>): Record<string, ExactQuantity> {
  const usage: Record<string, ExactQuantity> = {};
  const exact = (value: ExactQuantity | Quantity): ExactQuantity => (typeof value === 'object' ? value : quantityOf(value));
  for (const name of Object.keys(requests)) {
    const amount = exact(requests[name] as ExactQuantity | Quantity);
    if (COMPUTE.includes(name) || name.startsWith('hugepages-')) usage[name] = amount;
    usage[`requests.${name}`] = amount;
  }
  for (const name of Object.keys(limits)) if (COMPUTE.includes(name)) usage[`limits.${name}`] = exact(limits[name] as ExactQuantity | Quantity);
  return usage;
}

function podUsage(pod: KubeObject): Usage {
  const count = { 'count/pods': ONE };
  const phase = pod['status']?.phase as string | undefined;
  if (phase === 'Succeeded' || phase === 'Failed') return count;
  const spec = pod['spec'] as PodSpec;
  return { ...count, pods: ONE, ...computeUsage(total(spec, 'requests'), total(spec, 'limits')) };
}

function serviceUsage({ type, ports = [], allocateLoadBalancerNodePorts }: ServiceSpec): Usage {
  const hasPorts = type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false);
  return {
    'services.nodeports': wholeQuantity(hasPorts ? ports.length : type === 'LoadBalancer' ? ports.filter((port) => (port.nodePort ?? 0) !== 0).length : 0),
    'services.loadbalancers': wholeQuantity(type === 'LoadBalancer' ? 1 : 0),
  };
}

function claimUsage(claim: KubeObject): Usage {
  const size = quantityOf(claim['spec']?.resources?.requests?.storage as string | undefined);
  const storageClass = (claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? claim['spec']?.storageClassName ?? '') as string;
  const usage: Record<string, ExactQuantity> = { 'requests.storage': size };
  if (storageClass !== '') {
    usage[`${storageClass}.storageclass.storage.k8s.io/requests.storage`] = size;
    usage[`${storageClass}.storageclass.storage.k8s.io/persistentvolumeclaims`] = ONE;
  }
  return usage;
}

/** What an object of a resource (`pods`, `statefulsets.apps`) uses. @internal */
export function usageOf(resource: string, object: KubeObject): Usage {
  if (resource === 'pods') return podUsage(object);
  const counted: Usage = { [`count/${resource}`]: ONE, ...(COUNTED.has(resource) ? { [resource]: ONE } : {}) };
  if (resource === 'services') return { ...counted, ...serviceUsage(object['spec'] as ServiceSpec) };
  return resource === 'persistentvolumeclaims' ? { ...counted, ...claimUsage(object) } : counted;
}

function isBestEffort({ containers, initContainers = [] }: PodSpec): boolean {
  const asksNothing = ({ resources }: Container): boolean => [resources?.requests, resources?.limits].every((list) => COMPUTE.slice(0, 2).every((name) => quantityOf(list?.[name]).unscaled === 0n));
  return [...containers, ...initContainers].every(asksNothing);
}

function matchesScope(scope: string, operator: string, values: readonly string[], spec: PodSpec): boolean {
  switch (scope) {
    case 'Terminating': return spec.activeDeadlineSeconds !== undefined;
    case 'NotTerminating': return spec.activeDeadlineSeconds === undefined;
    case 'BestEffort': return isBestEffort(spec);
    case 'NotBestEffort': return !isBestEffort(spec);
    case 'PriorityClass': {
      const name = spec.priorityClassName ?? '';
      if (operator === 'Exists') return name !== '';
      if (operator === 'DoesNotExist') return name === '';
      return values.includes(name) === (operator === 'In');
    }
    case 'CrossNamespacePodAffinity': {
      const terms = [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity].flatMap((affinity) => [
        ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []), ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((each) => each.podAffinityTerm),
      ]);
      return terms.some((term) => (term.namespaces?.length ?? 0) > 0 || term.namespaceSelector !== undefined);
    }
    default: return false;
  }
}

/** Whether a quota's scopes take an object in. Only pods have scopes. @internal */
export function isInScope(quota: ResourceQuota, resource: string, object: KubeObject): boolean {
  const scopes = quota.spec?.scopes ?? [];
  const terms = quota.spec?.scopeSelector?.matchExpressions ?? [];
  if (scopes.length === 0 && terms.length === 0) return true;
  if (resource !== 'pods') return false;
  const spec = object['spec'] as PodSpec;
  return scopes.every((scope) => matchesScope(scope, 'Exists', [], spec)) && terms.every((term) => matchesScope(term.scopeName, term.operator, term.values ?? [], spec));
}

/** What containers must say because a quota limits it: `limits.cpu for: a,b; …`; empty if all do. @internal */
export function missingOf(spec: PodSpec, names: readonly string[]): string {
  const missing = new Map<string, string[]>();
  const required = names.filter((name) => CONSTRAINED.has(name));
  for (const { name, resources } of [...spec.containers, ...spec.initContainers ?? []]) {
    const usage = computeUsage(resources?.requests ?? {}, resources?.limits ?? {});
    for (const each of required) if (usage[each] === undefined) missing.set(each, [...missing.get(each) ?? [], name]);
  }
  return [...missing.keys()].sort().map((name) => `${name} for: ${(missing.get(name) as string[]).sort().join(',')}`).join('; ');
}
