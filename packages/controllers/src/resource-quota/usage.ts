// What the objects of a namespace use of a quota's resources.
// Upstream: pkg/quota/v1/evaluator/core/{pods,services,persistent_volume_claims}.go and staging/src/k8s.io/apiserver/pkg/quota/v1 (1.37).
import type { Container, KubeObject, PersistentVolumeClaim, Pod, ResourceQuota, Service } from '@kubesim/api';
import { nanosOf } from '../quantity/quantity.ts';

/** Amounts in billionths by resource name. @internal */
export type Usage = Readonly<Record<string, bigint>>;

const ONE = 1_000_000_000n;
const COMPUTE: readonly string[] = ['cpu', 'memory', 'ephemeral-storage'];
/** Names that are short for the count of a core resource. */
const COUNTED: readonly string[] = ['pods', 'services', 'secrets', 'configmaps', 'persistentvolumeclaims', 'replicationcontrollers', 'resourcequotas'];

/** What one object uses. [RQ2] @internal */
export function usageOf(resource: string, object: KubeObject, now: number): Usage {
  const count: Record<string, bigint> = { [`count/${resource}`]: ONE };
  switch (resource) {
    case 'pods': return isCounted(object as Pod, now) ? { ...count, pods: ONE, ...podRequests(object as Pod) } : count;
    case 'services': return { ...count, ...serviceUsage(object as Service) };
    case 'persistentvolumeclaims': return { ...count, ...claimUsage(object as PersistentVolumeClaim) };
    default: return COUNTED.includes(resource) ? { ...count, [resource]: ONE } : count;
  }
}

/** The resource that a name of a quota counts objects of; undefined for sums. @internal */
export function resourceOfName(name: string): string {
  if (name.startsWith('count/')) return name.slice('count/'.length);
  if (name.startsWith('services')) return 'services';
  if (name.includes('storageclass.storage.k8s.io/') || name === 'requests.storage' || name === 'persistentvolumeclaims') return 'persistentvolumeclaims';
  return COUNTED.includes(name) ? name : 'pods';
}

/** [RQ3] A pod that has ended, or outlived the grace of its deletion, uses nothing. Upstream: QuotaV1Pod. @internal */
export function isCounted(pod: Pod, now: number): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata ?? {};
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return false;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true;
  return now <= Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

/** [RQ4] Whether the scopes of a quota take in an object. @internal */
export function isInScope(quota: Pick<ResourceQuota, 'spec'>, resource: string, object: KubeObject): boolean {
  const { scopes = [], scopeSelector } = quota.spec ?? {};
  const expressions = [...scopes.map((scopeName) => ({ scopeName, operator: 'Exists', values: [] as readonly string[] })), ...(scopeSelector?.matchExpressions ?? [])];
  if (expressions.length === 0) return true;
  if (resource !== 'pods') return false;
  const pod = object as Pod;
  return expressions.every(({ scopeName, operator, values = [] }) => {
    switch (scopeName) {
      case 'Terminating': return (pod.spec?.activeDeadlineSeconds ?? -1) >= 0;
      case 'NotTerminating': return (pod.spec?.activeDeadlineSeconds ?? -1) < 0;
      case 'BestEffort': return pod.status?.qosClass === 'BestEffort';
      case 'NotBestEffort': return pod.status?.qosClass !== 'BestEffort';
      case 'CrossNamespacePodAffinity': return usesCrossNamespaceAffinity(pod);
      case 'PriorityClass': {
        const name = pod.spec?.priorityClassName ?? '';
        switch (operator) {
          case 'In': return values.includes(name);
          case 'NotIn': return !values.includes(name);
          case 'DoesNotExist': return name === '';
          default: return name !== '';
        }
      }
      default: return false;
    }
  });
}

/** Requests and limits of a pod: sidecars add up, other init containers count at their highest. */
function podRequests(pod: Pod): Usage {
  const usage: Record<string, bigint> = {};
  for (const field of ['requests', 'limits'] as const) {
    const names = new Set<string>();
    const { containers = [], initContainers = [] } = pod.spec ?? {};
    for (const { resources } of [...containers, ...initContainers]) for (const name of Object.keys(resources?.[field] ?? {})) names.add(name);
    for (const name of names) {
      const of = (container: Container): bigint => nanosOf(container.resources?.[field]?.[name]);
      const total = containers.reduce((sum, container) => sum + of(container), 0n);
      let sidecars = 0n;
      let highest = 0n;
      for (const container of initContainers) {
        if (container.restartPolicy === 'Always') sidecars += of(container);
        const alone = container.restartPolicy === 'Always' ? sidecars : sidecars + of(container);
        if (alone > highest) highest = alone;
      }
      const overhead = nanosOf(pod.spec?.overhead?.[name]);
      const amount = (total + sidecars > highest ? total + sidecars : highest) + overhead;
      if (field === 'requests' && (COMPUTE.includes(name) || name.startsWith('hugepages-'))) usage[name] = amount;
      if (field === 'requests' || COMPUTE.includes(name)) usage[`${field}.${name}`] = amount;
    }
  }
  return usage;
}

function serviceUsage(service: Service): Usage {
  const { type, ports = [], allocateLoadBalancerNodePorts } = service.spec ?? {};
  const nodePorts = type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false) ? BigInt(ports.length) : 0n;
  return { services: ONE, 'services.nodeports': nodePorts * ONE, 'services.loadbalancers': type === 'LoadBalancer' ? ONE : 0n };
}

function claimUsage(claim: PersistentVolumeClaim): Usage {
  const asked = nanosOf(claim.spec?.resources?.requests?.['storage']);
  const has = nanosOf(claim.status?.capacity?.['storage']);
  const storage = has > asked ? has : asked;
  const usage: Record<string, bigint> = { persistentvolumeclaims: ONE, 'requests.storage': storage };
  const className = claim.spec?.storageClassName;
  if (className !== undefined && className !== '') {
    usage[`${className}.storageclass.storage.k8s.io/requests.storage`] = storage;
    usage[`${className}.storageclass.storage.k8s.io/persistentvolumeclaims`] = ONE;
  }
  return usage;
}

function usesCrossNamespaceAffinity(pod: Pod): boolean {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  const terms = [podAffinity, podAntiAffinity].flatMap((one) => [
    ...(one?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(one?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
  return terms.some((term) => (term?.namespaces ?? []).length > 0 || term?.namespaceSelector !== undefined);
}
