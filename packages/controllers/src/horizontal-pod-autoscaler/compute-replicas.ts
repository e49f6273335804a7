// What the metrics of an autoscaler come to together: replicas, statuses, and the words for what could not be told.
// Upstream: computeReplicasForMetrics and what it calls in pkg/controller/podautoscaler/horizontal.go (1.37).
import type { LabelSelector, MetricSpec, MetricStatus, MetricTarget } from '@kubesim/api';
import type { Measured } from './metrics.ts';
import { milli, replicasByAverage, replicasByShare, replicasByUtilization, replicasByValue, type Calculated, type Situation } from './replica-calculator.ts';

/** A metric that proposes replicas. */
interface Proposal {
  readonly replicas: number;
  /** The metric in words, for conditions and Events. */
  readonly name: string;
  readonly status: MetricStatus;
}

/** A metric that does not: the reason and message of the condition, and the error that the sync ends with. */
interface Failure {
  readonly reason: string;
  readonly message: string;
  readonly error: string;
}

/** What all metrics come to. Plain data. */
export interface Computed {
  /** Undefined: nothing can be done by these metrics. */
  readonly replicas?: number;
  readonly name: string;
  readonly statuses: readonly MetricStatus[];
  /** Why metrics failed, one each. */
  readonly failures: readonly Failure[];
  readonly error: string;
}

/** [HPA9] [HPA10] The highest proposal counts. Where one metric is silent the others may still ask for more, not for fewer. */
export function computeReplicas(metrics: readonly MetricSpec[], namespace: string, measure: (metric: MetricSpec) => Measured | undefined, situation: Situation): Computed {
  let best: Proposal | undefined;
  const failures: Failure[] = [];
  const statuses: MetricStatus[] = [];
  for (const metric of metrics) {
    const found = propose(metric, namespace, measure(metric), situation);
    if ('error' in found) {
      failures.push(found);
      statuses.push({ type: '' });
      continue;
    }
    statuses.push(found.status);
    if (best === undefined || best.replicas === 0 || found.replicas > best.replicas) best = found;
  }
  const [first] = failures;
  const error = first === undefined ? '' : `invalid metrics (${failures.length} invalid out of ${metrics.length}), first error is: ${first.error}`;
  if (best === undefined || (first !== undefined && best.replicas < situation.specReplicas)) return { name: '', statuses, failures, error };
  return { replicas: best.replicas, name: best.name, statuses, failures, error };
}

function propose(metric: MetricSpec, namespace: string, measured: Measured | undefined, situation: Situation): Proposal | Failure {
  const { resource, containerResource, pods, object, external } = metric;
  if (resource !== undefined) {
    const found = byResource(resource.name, undefined, resource.target, measured, situation);
    if (typeof found === 'string') return failure('FailedGetResourceMetric', found, `failed to get ${resource.name} resource metric value: ${found}`);
    const name = found.utilization === undefined ? `${resource.name} resource` : `${resource.name} resource utilization (percentage of request)`;
    return { replicas: found.replicas, name, status: { type: metric.type, resource: { name: resource.name, current: levelOf(found) } } };
  }
  if (containerResource !== undefined) {
    const { name: resourceName, container, target } = containerResource;
    const found = byResource(resourceName, container, target, measured, situation);
    if (typeof found === 'string') return failure('FailedGetContainerResourceMetric', found, `failed to get ${container} container metric value: ${found}`);
    const name = found.utilization === undefined ? `${resourceName} resource` : `${resourceName} container resource utilization (percentage of request)`;
    return { replicas: found.replicas, name, status: { type: metric.type, containerResource: { name: resourceName, container, current: levelOf(found) } } };
  }
  if (pods !== undefined) {
    const found = measured === undefined ? `unable to get metric ${pods.metric.name}: ${NO_CUSTOM}` : replicasByAverage(perPod(measured), milli(pods.target.averageValue ?? 0), '', situation);
    if (typeof found === 'string') return failure('FailedGetPodsMetric', found, `failed to get pods metric value: ${found}`);
    return { replicas: found.replicas, name: `pods metric ${pods.metric.name}`, status: { type: metric.type, pods: { metric: pods.metric, current: { averageValue: text(found.usage) } } } };
  }
  if (object !== undefined) {
    const { describedObject, metric: { name: metricName, selector }, target } = object;
    const isShare = target.averageValue !== undefined && target.type === 'AverageValue';
    // The order of these words is upstream's.
    const found = measured === undefined ? `unable to get metric ${metricName}: ${describedObject.kind} on ${namespace} ${describedObject.name}/${NO_CUSTOM}` : byOne(one(measured), target, isShare, situation);
    if (typeof found === 'string') return failure('FailedGetObjectMetric', found, `failed to get object metric value: ${isShare ? `failed to get ${metricName} object metric: ` : ''}${found}`);
    const name = isShare ? `external metric ${metricName}(${selectorText(selector)})` : `${describedObject.kind} metric ${metricName}`;
    return { replicas: found.replicas, name, status: { type: metric.type, object: { metric: object.metric, describedObject, current: isShare ? { averageValue: text(found.usage) } : { value: text(found.usage) } } } };
  }
  if (external !== undefined) {
    const { metric: { name: metricName, selector }, target } = external;
    const isShare = target.averageValue !== undefined;
    const found = measured === undefined ? `unable to get external metric ${namespace}/${metricName}/${selectorText(selector)}: no metrics returned from external metrics API` : byOne(one(measured), target, isShare, situation);
    if (typeof found === 'string') {
      const wrapped = isShare ? `failed to get ${metricName} external metric: ${found}` : `failed to get external metric ${metricName}: ${found}`;
      return failure('FailedGetExternalMetric', found, `failed to get ${metricName} external metric value: ${wrapped}`);
    }
    return { replicas: found.replicas, name: `external metric ${metricName}(${selectorText(selector)})`, status: { type: metric.type, external: { metric: external.metric, current: isShare ? { averageValue: text(found.usage) } : { value: text(found.usage) } } } };
  }
  const unknown = `unknown metric source type "${metric.type}"`;
  return failure('InvalidMetricSourceType', unknown, unknown);
}

const NO_CUSTOM = 'no metrics returned from custom metrics API';

function failure(reason: string, message: string, error: string): Failure {
  return { reason, message: `the HPA was unable to compute the replica count: ${message}`, error };
}

function perPod(measured: Measured): ReadonlyMap<string, number> {
  return 'pods' in measured ? measured.pods : new Map();
}

function one(measured: Measured): number {
  return 'value' in measured ? measured.value : 0;
}

function byOne(usage: number, target: MetricTarget, isShare: boolean, situation: Situation): Calculated | string {
  return isShare ? replicasByShare(usage, milli(target.averageValue ?? 0), situation) : replicasByValue(usage, milli(target.value ?? 0), situation);
}

function byResource(resource: string, container: string | undefined, target: MetricTarget, measured: Measured | undefined, situation: Situation): Calculated | string {
  const isAverage = target.averageValue !== undefined;
  const what = `failed to get ${resource} ${isAverage ? 'usage' : 'utilization'}: `;
  if (measured === undefined || perPod(measured).size === 0) return `${what}unable to get metrics for resource ${resource}: no metrics returned from resource metrics API`;
  const found = isAverage
    ? replicasByAverage(perPod(measured), milli(target.averageValue ?? 0), resource, situation)
    : replicasByUtilization(perPod(measured), target.averageUtilization ?? 0, resource, container, situation);
  return typeof found === 'string' ? `${what}${found}` : found;
}

function levelOf({ utilization, usage }: Calculated): { readonly averageUtilization?: number; readonly averageValue: string } {
  return { ...(utilization === undefined ? {} : { averageUtilization: utilization }), averageValue: text(usage) };
}

/** Thousandths as a quantity. */
function text(thousandths: number): string {
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
}

/** [HPA11] A selector as Go prints the message. */
function selectorText(selector: LabelSelector | undefined): string {
  if (selector === undefined) return 'nil';
  const labels = Object.entries(selector.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}: ${value},`).join('');
  const requirements = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`).join('');
  return `&LabelSelector{MatchLabels:map[string]string{${labels}},MatchExpressions:[]LabelSelectorRequirement{${requirements}},}`;
}
