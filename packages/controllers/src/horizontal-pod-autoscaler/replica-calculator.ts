// How many replicas a metric asks for. Upstream: pkg/controller/podautoscaler/replica_calculator.go (1.37). Ratios are exact
// quotients of whole numbers; it reads and writes nothing.
import { quantityMilliValue, quantityOf, type MetricSpec, type MetricTarget, type Pod } from '@kubesim/api';
import type { MetricAnswer } from './metrics.ts';

const CPU_INITIALIZATION_MS = 300_000;
const INITIAL_READINESS_MS = 30_000;

/** What a metric comes to. */
export interface Proposal {
  readonly replicas: number;
  /** The metric in words, for conditions and Events. */
  readonly name: string;
  /** What was measured: percent, or thousandths. */
  readonly current: { readonly averageUtilization?: number; readonly averageValueMilli?: number; readonly valueMilli?: number };
}

/** The situation of the target. */
export interface Situation {
  readonly now: number;
  readonly pods: readonly Pod[];
  readonly specReplicas: number;
  readonly statusReplicas: number;
  readonly tolerance: { readonly up: number; readonly down: number };
}

/** Replicas by one metric; a text says why it cannot be told. @public */
export function proposeReplicas(metric: MetricSpec, answer: MetricAnswer | undefined, situation: Situation): Proposal | string {
  const { target, name, resource, container } = describe(metric);
  if (target === undefined) return `unknown metric source type "${metric.type}"`;
  if (answer === undefined) return `unable to get metric ${name}: no metrics returned`;
  if ('value' in answer) return ofValue(answer.value, target, name, situation);
  return ofPods(answer.pods, target, { name, resource, container }, situation);
}

interface Description {
  readonly target?: MetricTarget;
  readonly name: string;
  readonly resource?: string;
  readonly container?: string;
}

function describe(metric: MetricSpec): Description {
  const { resource, containerResource, pods, object, external } = metric;
  const of = (target: MetricTarget): string => (target.averageUtilization === undefined ? '' : ' utilization (percentage of request)');
  if (resource !== undefined) return { target: resource.target, resource: resource.name, name: `${resource.name} resource${of(resource.target)}` };
  if (containerResource !== undefined) {
    const { name, container, target } = containerResource;
    return { target, resource: name, container, name: `${name} container resource${of(target)}` };
  }
  if (pods !== undefined) return { target: pods.target, name: `pods metric ${pods.metric.name}` };
  if (object !== undefined) return { target: object.target, name: `${object.describedObject.kind} metric ${object.metric.name}` };
  if (external !== undefined) return { target: external.target, name: `external metric ${external.metric.name}` };
  return { name: metric.type };
}

function isTolerable(ratio: number, { up, down }: Situation['tolerance']): boolean {
  return ratio >= 1 - down && ratio <= 1 + up;
}

function ofValue(value: number, target: MetricTarget, name: string, { pods, specReplicas, statusReplicas, tolerance }: Situation): Proposal {
  if (target.averageValue !== undefined) {
    const wanted = milli(target.averageValue);
    const ratio = value / (wanted * statusReplicas);
    const replicas = isTolerable(ratio, tolerance) ? statusReplicas : Math.ceil(value / wanted);
    return { replicas, name, current: { averageValueMilli: Math.ceil(value / Math.max(1, statusReplicas)) } };
  }
  const ratio = value / milli(target.value ?? '1');
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && readiness(pod)?.status === 'True').length;
  const replicas = specReplicas === 0 ? Math.ceil(ratio) : isTolerable(ratio, tolerance) ? specReplicas : Math.ceil(ratio * ready);
  return { replicas, name, current: { valueMilli: value } };
}

function ofPods(
  measured: Readonly<Record<string, number>>, target: MetricTarget,
  { name, resource, container }: { readonly name: string; readonly resource?: string; readonly container?: string }, situation: Situation,
): Proposal | string {
  const { now, pods, specReplicas, tolerance } = situation;
  const counted = new Map<string, number>();
  const unready: string[] = [];
  const missing: string[] = [];
  for (const pod of pods) {
    const podName = pod.metadata.name;
    if (pod.metadata.deletionTimestamp !== undefined || pod.status?.phase === 'Failed') continue;
    const value = Object.hasOwn(measured, podName) ? measured[podName] : undefined;
    if (pod.status?.phase === 'Pending') unready.push(podName);
    else if (value === undefined) missing.push(podName);
    else if (resource === 'cpu' && isStarting(pod, now)) unready.push(podName);
    else counted.set(podName, value);
  }
  if (counted.size === 0) return `did not receive metrics for targeted pods (pods might be unready)`;
  const requests = new Map<string, number>();
  const isUtilization = target.averageUtilization !== undefined;
  if (isUtilization) {
    for (const pod of pods) {
      const request = requestOf(pod, resource ?? '', container);
      if (request === undefined) return `missing request for ${resource} in container of Pod ${pod.metadata.name}`;
      requests.set(pod.metadata.name, request);
    }
  }
  const wanted = target.averageUtilization ?? milli(target.averageValue ?? '1');
  const level = (): number => {
    let used = 0;
    let asked = 0;
    for (const [podName, value] of counted) {
      used += value;
      asked += requests.get(podName) ?? 0;
    }
    return isUtilization ? Math.floor((used * 100) / Math.max(1, asked)) : used / counted.size;
  };
  const first = level();
  const ratio = first / wanted;
  let used = 0;
  for (const value of counted.values()) used += value;
  const current = isUtilization ? { averageUtilization: first, averageValueMilli: Math.floor(used / counted.size) } : { averageValueMilli: Math.floor(first) };
  const countsUnready = unready.length > 0 && ratio > 1;
  if (!countsUnready && missing.length === 0) {
    return { replicas: isTolerable(ratio, tolerance) ? specReplicas : Math.ceil(ratio * counted.size), name, current };
  }
  // Whoever says nothing is taken to say what would move the target least.
  if (ratio !== 1) for (const podName of missing) counted.set(podName, ratio > 1 ? 0 : isUtilization ? (requests.get(podName) ?? 0) : wanted);
  if (countsUnready) for (const podName of unready) counted.set(podName, 0);
  const second = level() / wanted;
  const turned = (ratio < 1 && second > 1) || (ratio > 1 && second < 1);
  const replicas = Math.ceil(second * counted.size);
  const overshoots = (second < 1 && replicas > specReplicas) || (second > 1 && replicas < specReplicas);
  return { replicas: isTolerable(second, tolerance) || turned || overshoots ? specReplicas : replicas, name, current };
}

/** The pod is not ready, or has not been for long enough: its processor time says little. */
function isStarting(pod: Pod, now: number): boolean {
  const condition = readiness(pod);
  const startTime = pod.status?.startTime;
  if (condition === undefined || startTime === undefined) return true;
  const startedAt = Date.parse(startTime);
  if (startedAt + CPU_INITIALIZATION_MS > now) return condition.status === 'False';
  return condition.status === 'False' && startedAt + INITIAL_READINESS_MS > Date.parse(condition.lastTransitionTime ?? '');
}

function readiness(pod: Pod): { readonly status: string; readonly lastTransitionTime?: string } | undefined {
  return pod.status?.conditions?.find(({ type }) => type === 'Ready');
}

function requestOf(pod: Pod, resource: string, container: string | undefined): number | undefined {
  let sum = 0;
  for (const one of pod.spec.containers) {
    if (container !== undefined && one.name !== container) continue;
    const request = one.resources?.requests?.[resource];
    if (request === undefined) return undefined;
    sum += milli(request);
  }
  return sum;
}

/** A quantity in thousandths. */
export function milli(quantity: string | number): number {
  return Number(quantityMilliValue(quantityOf(quantity)));
}
