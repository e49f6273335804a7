// How many replicas a measured value asks for. Upstream: pkg/controller/podautoscaler/replica_calculator.go (1.37). Measured
// values and targets are thousandths; ratios are quotients of whole numbers; it reads and writes nothing.
import { quantityMilliValue, quantityOf, type Container, type Pod } from '@kubesim/api';

const CPU_INITIALIZATION_MS = 300_000;
const INITIAL_READINESS_MS = 30_000;
const FULL_PERCENT = 100;

/** How far a ratio may be from 1 before anything is done. */
export interface Tolerance {
  readonly up: number;
  readonly down: number;
}

/** The target as the metrics find it. */
export interface Situation {
  readonly now: number;
  /** What the target's selector selects. */
  readonly pods: readonly Pod[];
  readonly specReplicas: number;
  readonly statusReplicas: number;
  readonly tolerance: Tolerance;
}

/** What a metric comes to: replicas, and what was measured. Thousandths, but for percents. */
export interface Calculated {
  readonly replicas: number;
  readonly usage: number;
  readonly utilization?: number;
}

/** A sum of thousandths or percents per pod, as a level to hold against a target. */
interface Gauge {
  /** The level over the pods measured so far. A text says why there is none. */
  levelOf(measured: ReadonlyMap<string, number>): number | string;
  readonly target: number;
  /** What a pod without a sample is taken for where the others ask for fewer. */
  busy(pod: string): number;
}

/** [HPA12] Share of requested resources in use. A text says why it cannot be told. */
export function replicasByUtilization(measured: ReadonlyMap<string, number>, target: number, resource: string, container: string | undefined, situation: Situation): Calculated | string {
  const asked = countedPods(measured, resource, situation);
  if (typeof asked === 'string') return asked;
  const requests = requestsOf(situation.pods, resource, container);
  if (typeof requests === 'string') return requests;
  const levelOf = (values: ReadonlyMap<string, number>): number | string => {
    let used = 0;
    let requested = 0;
    for (const [pod, value] of values) {
      used += value * (requests.has(pod) ? 1 : 0);
      requested += requests.get(pod) ?? 0;
    }
    return requested === 0 ? 'no metrics returned matched known pods' : Math.trunc((used * FULL_PERCENT) / requested);
  };
  const busyPercent = Math.max(FULL_PERCENT, target);
  const found = byGauge(asked, { levelOf, target, busy: (pod) => Math.trunc(((requests.get(pod) ?? 0) * busyPercent) / FULL_PERCENT) }, situation, false);
  if (typeof found === 'string') return found;
  const known = [...asked.counted].filter(([pod]) => requests.has(pod));
  return { replicas: found.replicas, utilization: found.level, usage: Math.trunc(known.reduce((sum, [, value]) => sum + value, 0) / known.length) };
}

/** [HPA13] An average per pod. `resource` is empty for a metric of the pods' own. */
export function replicasByAverage(measured: ReadonlyMap<string, number>, target: number, resource: string, situation: Situation): Calculated | string {
  const asked = countedPods(measured, resource, situation);
  if (typeof asked === 'string') return asked;
  const levelOf = (values: ReadonlyMap<string, number>): number => Math.trunc([...values.values()].reduce((sum, value) => sum + value, 0) / values.size);
  const found = byGauge(asked, { levelOf, target, busy: () => target }, situation, true);
  return typeof found === 'string' ? found : { replicas: found.replicas, usage: found.level };
}

/** [HPA14] One value against one target: the ratio is that of the ready pods. */
export function replicasByValue(usage: number, target: number, { pods, specReplicas, tolerance }: Situation): Calculated | string {
  const ratio = usage / target;
  if (specReplicas === 0) return { replicas: Math.ceil(ratio), usage };
  if (isTolerable(ratio, tolerance)) return { replicas: specReplicas, usage };
  if (pods.length === 0) return NO_PODS;
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && readiness(pod)?.status === 'True').length;
  return { replicas: Math.ceil(ratio * ready), usage };
}

/** [HPA15] One value, so much of it for each pod. */
export function replicasByShare(total: number, target: number, { statusReplicas, tolerance }: Situation): Calculated {
  const ratio = total / (target * statusReplicas);
  return { replicas: isTolerable(ratio, tolerance) ? statusReplicas : Math.ceil(total / target), usage: Math.ceil(total / statusReplicas) };
}

const NO_PODS = 'no pods returned by selector while calculating replica count';

/** Pods whose samples count, and pods that have none that does. */
interface Counted {
  readonly counted: ReadonlyMap<string, number>;
  readonly readyCount: number;
  readonly unready: readonly string[];
  readonly missing: readonly string[];
}

function isTolerable(ratio: number, { up, down }: Tolerance): boolean {
  return 1 - down <= ratio && ratio <= 1 + up;
}

/** [HPA16] Sorts the pods. Upstream: groupPods and removeMetricsForPods. */
function countedPods(measured: ReadonlyMap<string, number>, resource: string, { now, pods }: Situation): Counted | string {
  if (pods.length === 0) return NO_PODS;
  const counted = new Map(measured);
  const unready: string[] = [];
  const missing: string[] = [];
  let readyCount = 0;
  for (const pod of pods) {
    const { name = '' } = pod.metadata;
    if (pod.metadata.deletionTimestamp !== undefined || pod.status?.phase === 'Failed') counted.delete(name);
    else if (pod.status?.phase === 'Pending') unready.push(name);
    else if (!measured.has(name)) missing.push(name);
    else if (resource === 'cpu' && isStarting(pod, now)) unready.push(name);
    else readyCount++;
  }
  for (const name of unready) counted.delete(name);
  return counted.size === 0 ? 'did not receive metrics for targeted pods (pods might be unready)' : { counted, readyCount, unready, missing };
}

/** [HPA17] Whoever is silent is taken to say what moves the target least; what then turns the direction around does nothing. */
function byGauge(
  { counted, readyCount, unready, missing }: Counted, { levelOf, target, busy }: Gauge, { specReplicas, tolerance }: Situation, isIdleAtTarget: boolean,
): { readonly replicas: number; readonly level: number } | string {
  const level = levelOf(counted);
  if (typeof level === 'string') return level;
  const ratio = level / target;
  const countsUnready = unready.length > 0 && ratio > 1;
  if (!countsUnready && missing.length === 0) return { replicas: isTolerable(ratio, tolerance) ? specReplicas : Math.ceil(ratio * readyCount), level };
  const filled = new Map(counted);
  if (ratio < 1) for (const pod of missing) filled.set(pod, busy(pod));
  // At the target exactly a silent pod is idle by its average, and left out by its utilization, as upstream has it.
  else if (ratio > 1 || isIdleAtTarget) for (const pod of missing) filled.set(pod, 0);
  if (countsUnready) for (const pod of unready) filled.set(pod, 0);
  const second = (levelOf(filled) as number) / target;
  const isTurned = (ratio < 1 && second > 1) || (ratio > 1 && second < 1);
  const replicas = Math.ceil(second * filled.size);
  const overshoots = (second < 1 && replicas > specReplicas) || (second > 1 && replicas < specReplicas);
  return { replicas: isTolerable(second, tolerance) || isTurned || overshoots ? specReplicas : replicas, level };
}

/** The pod is not ready, or has never been: its processor time says little. */
function isStarting(pod: Pod, now: number): boolean {
  const condition = readiness(pod);
  const startTime = pod.status?.startTime;
  if (condition === undefined || startTime === undefined) return true;
  if (condition.status !== 'False') return false;
  const startedAt = Date.parse(startTime);
  return startedAt + CPU_INITIALIZATION_MS > now || startedAt + INITIAL_READINESS_MS > Date.parse(condition.lastTransitionTime ?? '');
}

function readiness(pod: Pod): { readonly status: string; readonly lastTransitionTime?: string } | undefined {
  return pod.status?.conditions?.find(({ type }) => type === 'Ready');
}

/** [HPA18] What each pod has asked for. Upstream: calculateRequests. */
function requestsOf(pods: readonly Pod[], resource: string, container: string | undefined): ReadonlyMap<string, number> | string {
  const requests = new Map<string, number>();
  for (const pod of pods) {
    const request = container === undefined && pod.spec.resources?.requests !== undefined ? requestOfPod(pod, resource) : requestOfContainers(pod, resource, container);
    if (typeof request === 'string') return request;
    requests.set(pod.metadata.name, request);
  }
  return requests;
}

/** What a pod asks for as a whole, in thousandths, or why there is no such request. */
function requestOfPod(pod: Pod, resource: string): number | string {
  const request = pod.spec.resources?.requests?.[resource];
  return request === undefined ? `missing pod-level request for ${resource} in Pod ${pod.metadata.name}` : milli(request);
}

/** The sum of what containers ask for, sidecars among them, in thousandths, or why there is none. */
function requestOfContainers(pod: Pod, resource: string, container: string | undefined): number | string {
  const sidecars = (pod.spec.initContainers ?? []).filter((one) => one.restartPolicy === 'Always');
  const all: readonly Container[] = [...pod.spec.containers, ...sidecars];
  const counted = all.filter(({ name }) => container === undefined || name === container);
  if (counted.length === 0 && container !== undefined) return `container ${container} not found in Pod ${pod.metadata.name}`;
  let sum = 0;
  for (const { name, resources } of counted) {
    const request = resources?.requests?.[resource];
    if (request === undefined) return `missing request for ${resource} in container ${name} of Pod ${pod.metadata.name}`;
    sum += milli(request);
  }
  return sum;
}

/** A quantity in thousandths. */
export function milli(quantity: string | number): number {
  return Number(quantityMilliValue(quantityOf(quantity)));
}
