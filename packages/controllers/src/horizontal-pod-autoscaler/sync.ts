// The sync of a HorizontalPodAutoscaler: read the scale, ask the metrics, scale, write the status.
// Upstream: reconcileAutoscaler in pkg/controller/podautoscaler/horizontal.go (1.37).
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerCondition, HorizontalPodAutoscalerStatus, KubeObject, MetricSpec, MetricStatus, Pod, Scale } from '@kubesim/api';
import { call, CallFailed, formatTime, matchesSelector, type Calling, type ReconcileContext, type Reconciling } from '@kubesim/client';
import type { OrderedMap } from '@kubesim/kernel';
import { remember } from '../pods/remember.ts';
import { EMPTY_MEMORY, limit, stabilize, toleranceOf, withRecommendation, withScaling, type Memory } from './behaviour.ts';
import type { MetricsClient } from './metrics.ts';
import { proposeReplicas, type Proposal } from './replica-calculator.ts';
import { parseSelectorText } from './scale-selector.ts';

/** How often each autoscaler is looked at, in ms. Upstream: --horizontal-pod-autoscaler-sync-period. @internal */
export const SYNC_PERIOD_MS = 15_000;

const AUTOSCALERS = 'horizontalpodautoscalers.autoscaling';

/** Private state: what is remembered by key. @internal */
export interface AutoscalerState {
  memories: OrderedMap<Memory>;
}

/** A sync in progress. */
interface Running {
  readonly context: ReconcileContext;
  readonly autoscaler: HorizontalPodAutoscaler;
  status: HorizontalPodAutoscalerStatus;
}

/** Reconciles the autoscaler of a key `namespace/name`. @internal */
export function* syncAutoscaler(context: ReconcileContext, key: string, metrics: MetricsClient): Reconciling {
  const [namespace = '', name = ''] = key.split('/');
  const autoscaler = context.decide(() => context.lister<HorizontalPodAutoscaler>(AUTOSCALERS).get(namespace, name) ?? null);
  if (autoscaler === null) {
    remember(context, () => { stateOf(context).memories = stateOf(context).memories.delete(context.epoch, key); });
    return undefined;
  }
  const running: Running = { context, autoscaler, status: autoscaler.status ?? { desiredReplicas: 0 } };
  let isHeld = true;
  try {
    isHeld = yield* scaleTarget(running, key, metrics);
    yield* writeStatus(running);
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
  }
  // Upstream's queue waits one period whether the sync failed or not. While nothing is held back, the next look is a heartbeat.
  context.enqueueAfter(key, SYNC_PERIOD_MS, { quietUntil: isHeld ? context.now : Infinity });
  return undefined;
}

function stateOf(context: ReconcileContext): AutoscalerState {
  return context.state as AutoscalerState;
}

/** Resource of a kind: lower case and plural, as all scalable built-in kinds and most custom ones have it. */
function resourceOf(apiVersion: string | undefined, kind: string): string {
  const group = apiVersion?.includes('/') === true ? apiVersion.split('/')[0] : '';
  const plural = `${kind.toLowerCase()}s`;
  return group === '' ? plural : `${plural}.${group}`;
}

/** Answers whether something is held back that time alone may let go. */
function* scaleTarget(running: Running, key: string, metrics: MetricsClient): Calling<boolean> {
  const { context, autoscaler } = running;
  const { now } = context;
  const { namespace = '', name: ownName } = autoscaler.metadata;
  const { scaleTargetRef, minReplicas = 1, maxReplicas } = autoscaler.spec;
  const target = { resource: resourceOf(scaleTargetRef.apiVersion, scaleTargetRef.kind), subresource: 'scale', namespace, name: scaleTargetRef.name };
  const reply = yield { verb: 'get', ...target };
  if (!reply.ok) {
    const message = reply.status.message ?? '';
    record(running, 'Warning', 'FailedGetScale', message);
    setCondition(running, 'AbleToScale', 'False', 'FailedGetScale', `the HPA controller was unable to get the target's current scale: ${message}`);
    return false;
  }
  setCondition(running, 'AbleToScale', 'True', 'SucceededGetScale', "the HPA controller was able to get the target's current scale");
  const scale = reply.object as unknown as Scale;
  const current = scale.spec.replicas ?? 0;
  let memory = context.decide(() => stateOf(context).memories.get(key) ?? EMPTY_MEMORY);
  let desired: number;
  let reason: string;
  let recommendation = 0;
  if (current === 0 && minReplicas !== 0) {
    setCondition(running, 'ScalingActive', 'False', 'ScalingDisabled', 'scaling is disabled since the replica count of the target is zero');
    setStatus(running, current, 0, running.status.currentMetrics);
    return false;
  }
  if (current > maxReplicas) [desired, reason] = [maxReplicas, 'Current number of replicas above Spec.MaxReplicas'];
  else if (current < minReplicas) [desired, reason] = [minReplicas, 'Current number of replicas below Spec.MinReplicas'];
  else {
    const found = context.decide(() => ask(running, scale, metrics));
    if (found.best === undefined) {
      record(running, 'Warning', 'FailedComputeMetricsReplicas', found.failure);
      setCondition(running, 'ScalingActive', 'False', found.reason, found.failure);
      setStatus(running, current, running.status.desiredReplicas, undefined);
      return false;
    }
    setCondition(running, 'ScalingActive', 'True', 'ValidMetricFound', `the HPA was able to successfully calculate a replica count from ${found.best.name}`);
    setStatus(running, current, current, found.statuses);
    recommendation = found.best.replicas;
    memory = withRecommendation(memory, recommendation, now);
    const stable = stabilize(autoscaler, memory, current, recommendation, now);
    setCondition(running, 'AbleToScale', 'True', stable.reason, stable.message);
    const limited = limit(autoscaler, memory, current, stable.replicas, now);
    setCondition(running, 'ScalingLimited', limited.reason === 'DesiredWithinRange' ? 'False' : 'True', limited.reason, limited.message);
    desired = limited.replicas;
    reason = desired > current ? `${found.best.name} above target` : 'All metrics below target';
  }
  context.explain(`horizontalpodautoscaler/${ownName}`, {
    rule: desired === current ? 'no change' : reason, message: `${current} replicas, ${recommendation} recommended, ${desired} wanted`,
  });
  if (desired !== current) {
    const update = yield { verb: 'update', ...target, object: { ...scale, spec: { ...scale.spec, replicas: desired } } as unknown as KubeObject };
    if (!update.ok) {
      const message = update.status.message ?? '';
      record(running, 'Warning', 'FailedRescale', `New size: ${desired}; reason: ${reason}; error: ${message}`);
      setCondition(running, 'AbleToScale', 'False', 'FailedUpdateScale', `the HPA controller was unable to update the target scale: ${message}`);
      return true;
    }
    setCondition(running, 'AbleToScale', 'True', 'SucceededRescale', `the HPA controller was able to update the target scale to ${desired}`);
    record(running, 'Normal', 'SuccessfulRescale', `New size: ${desired}; reason: ${reason}`);
    memory = withScaling(memory, current, desired, now);
    running.status = { ...running.status, lastScaleTime: formatTime(now) };
  }
  setStatus(running, current, desired, running.status.currentMetrics);
  const kept = memory;
  remember(context, () => { stateOf(context).memories = stateOf(context).memories.set(context.epoch, key, kept); });
  return desired !== current || (recommendation !== 0 && recommendation !== desired);
}

interface Asked {
  readonly best?: Proposal;
  readonly statuses: readonly MetricStatus[];
  readonly failure: string;
  readonly reason: string;
}

/** Asks every metric; the highest answer counts. Where one is silent the others may still ask for more, not for less. */
function ask({ context, autoscaler }: Running, scale: Scale, metrics: MetricsClient): Asked {
  const { namespace = '' } = autoscaler.metadata;
  const none = { statuses: [], failure: '', reason: '' };
  const selector = scale.status?.selector ?? '';
  if (selector === '') return { ...none, failure: 'selector is required', reason: 'InvalidSelector' };
  const parsed = parseSelectorText(selector);
  const pods = context.lister<Pod>('pods').list(namespace).filter((pod) => matchesSelector(parsed, pod.metadata.labels));
  const specs: readonly MetricSpec[] = autoscaler.spec.metrics ?? [];
  const situation = {
    now: context.now, pods, specReplicas: scale.spec.replicas ?? 0, statusReplicas: scale.status?.replicas ?? 0, tolerance: toleranceOf(autoscaler),
  };
  const answers = specs.map((metric) => ({ metric, proposal: proposeReplicas(metric, metrics({ now: context.now, namespace, metric, pods }), situation) }));
  const failures = answers.filter(({ proposal }) => typeof proposal === 'string');
  let best: Proposal | undefined;
  for (const { proposal } of answers) if (typeof proposal !== 'string' && (best === undefined || proposal.replicas > best.replicas)) best = proposal;
  const failed = failures[0];
  if (best === undefined || (failed !== undefined && best.replicas < situation.specReplicas)) {
    const failure = `invalid metrics (${failures.length} invalid out of ${specs.length}), first error is: failed to get ${failed?.metric.type.toLowerCase()} metric value: ${String(failed?.proposal)}`;
    return { ...none, failure, reason: `FailedGet${failed?.metric.type ?? 'Resource'}Metric` };
  }
  return { best, statuses: answers.flatMap(({ metric, proposal }) => (typeof proposal === 'string' ? [] : [statusOf(metric, proposal)])), failure: '', reason: '' };
}

function statusOf(metric: MetricSpec, { current: { averageUtilization, averageValueMilli, valueMilli } }: Proposal): MetricStatus {
  const text = (milli: number): string => (milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`);
  const current = {
    ...(averageUtilization === undefined ? {} : { averageUtilization }),
    ...(averageValueMilli === undefined ? {} : { averageValue: text(averageValueMilli) }),
    ...(valueMilli === undefined ? {} : { value: text(valueMilli) }),
  };
  const { resource, containerResource, pods, object, external } = metric;
  if (resource !== undefined) return { type: metric.type, resource: { name: resource.name, current } };
  if (containerResource !== undefined) return { type: metric.type, containerResource: { name: containerResource.name, container: containerResource.container, current } };
  if (pods !== undefined) return { type: metric.type, pods: { metric: pods.metric, current } };
  if (object !== undefined) return { type: metric.type, object: { metric: object.metric, describedObject: object.describedObject, current } };
  if (external !== undefined) return { type: metric.type, external: { metric: external.metric, current } };
  return { type: metric.type };
}

function setStatus(running: Running, currentReplicas: number, desiredReplicas: number, currentMetrics: readonly MetricStatus[] | undefined): void {
  const { currentMetrics: _before, ...others } = running.status;
  running.status = { ...others, currentReplicas, desiredReplicas, ...(currentMetrics === undefined ? {} : { currentMetrics }) };
}

function setCondition(running: Running, type: string, status: string, reason: string, message: string): void {
  const conditions = running.status.conditions ?? [];
  const before = conditions.find((one) => one.type === type);
  const lastTransitionTime = before?.status === status ? before.lastTransitionTime : formatTime(running.context.now);
  const condition: HorizontalPodAutoscalerCondition = { type, status, lastTransitionTime, reason, message };
  running.status = { ...running.status, conditions: before === undefined ? [...conditions, condition] : conditions.map((one) => (one.type === type ? condition : one)) };
}

function* writeStatus({ autoscaler, status }: Running): Calling<void> {
  if (JSON.stringify(sorted(autoscaler.status ?? {})) === JSON.stringify(sorted(status))) return;
  const { namespace, name } = autoscaler.metadata;
  yield* call({ verb: 'update', resource: AUTOSCALERS, subresource: 'status', namespace, name, object: { ...autoscaler, status } });
}

/** The same with keys in order, so that equal statuses give equal texts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]));
}

function record({ context, autoscaler }: Running, type: 'Normal' | 'Warning', reason: string, message: string): void {
  context.event({ about: autoscaler, type, reason, message });
}
