// The sync of a HorizontalPodAutoscaler: read the scale, ask the metrics, scale, write the status.
// Upstream: reconcileAutoscaler in pkg/controller/podautoscaler/horizontal.go (1.37).
import { matchesRequirements, parseLabelSelector, type HorizontalPodAutoscaler, type HorizontalPodAutoscalerCondition, type HorizontalPodAutoscalerStatus, type KubeObject, type MetricStatus, type Pod, type Scale } from '@kubesim/api';
import { formatTime, send, type Calling, type ReconcileContext, type Reconciling } from '@kubesim/client';
import type { OrderedMap } from '@kubesim/kernel';
import { remember } from '../pods/remember.ts';
import { EMPTY_MEMORY, limit, stabilize, toleranceOf, withInitialRecommendation, withRecommendation, withScaling, type Limited, type Memory } from './behaviour.ts';
import { computeReplicas, type Computed } from './compute-replicas.ts';
import { ask, type MetricsSource } from './metrics.ts';
import { resourceOfKind } from './scale-target.ts';

/** How often each autoscaler is looked at, in ms. Upstream: --horizontal-pod-autoscaler-sync-period. @internal */
export const SYNC_PERIOD_MS = 15_000;

/** @internal */
export const AUTOSCALERS = 'horizontalpodautoscalers.autoscaling';

/** Events name it so, whatever the controller is called. */
const COMPONENT = 'horizontal-pod-autoscaler';

/** Private state: what is remembered by key. @internal */
export interface AutoscalerState {
  memories: OrderedMap<Memory>;
  /** The source has asked for the instant: what it measures may differ though nothing has changed. */
  readsTime: boolean;
}

/** A sync in progress. */
interface Running {
  readonly context: ReconcileContext;
  readonly key: string;
  readonly autoscaler: HorizontalPodAutoscaler;
  readonly source: MetricsSource;
  status: HorizontalPodAutoscalerStatus;
  /** Something is held back that time alone may let go. */
  isHeld: boolean;
}

/** Reconciles the autoscaler of a key `namespace/name`. @internal */
export function* syncAutoscaler(context: ReconcileContext, key: string, source: MetricsSource): Reconciling {
  const [namespace = '', name = ''] = key.split('/');
  const autoscaler = context.decide(() => context.lister<HorizontalPodAutoscaler>(AUTOSCALERS).get(namespace, name) ?? null);
  if (autoscaler === null) {
    remember(context, () => { stateOf(context).memories = stateOf(context).memories.delete(context.epoch, key); });
    return undefined;
  }
  const running: Running = { context, key, autoscaler, source, status: autoscaler.status ?? { desiredReplicas: 0 }, isHeld: false };
  const failure = yield* reconcileAutoscaler(running);
  if (failure !== undefined) context.explain(`horizontalpodautoscaler/${key}`, { rule: 'failed', message: failure });
  // [HPA1] Upstream's queue waits one period whether the sync failed or not. While nothing is held back, the next look is a heartbeat.
  context.enqueueAfter(key, SYNC_PERIOD_MS, running.isHeld ? {} : { quietUntil: Infinity });
  return undefined;
}

function stateOf(context: ReconcileContext): AutoscalerState {
  return context.state as AutoscalerState;
}

/** Answers the error that upstream would log. */
function* reconcileAutoscaler(running: Running): Calling<string | undefined> {
  const { context, autoscaler } = running;
  const { scaleTargetRef: { apiVersion = '', kind, name }, maxReplicas, minReplicas = 1 } = autoscaler.spec;
  const { namespace = '' } = autoscaler.metadata;
  const mapping = context.decide(() => resourceOfKind(context, apiVersion, kind));
  if ('error' in mapping) return yield* failGettingScale(running, mapping.error);
  const target = { resource: mapping.resource, subresource: 'scale', namespace, name };
  const read = yield* send({ verb: 'get', ...target });
  if (read.error !== undefined) return yield* failGettingScale(running, read.error.message);
  setCondition(running, 'AbleToScale', 'True', 'SucceededGetScale', "the HPA controller was able to get the target's current scale");
  const scale = read.object as unknown as Scale;
  const current = scale.spec.replicas ?? 0;
  keepMemory(running, (memory) => withInitialRecommendation(memory, current, context.now));
  // [HPA5] A target of no pods is switched off.
  if (current === 0 && minReplicas !== 0) {
    setCondition(running, 'ScalingActive', 'False', 'ScalingDisabled', 'scaling is disabled since the replica count of the target is zero');
    setStatus(running, current, current, undefined);
    return yield* writeStatus(running);
  }
  // [HPA6] Bounds come before metrics.
  if (current > maxReplicas) return yield* rescale(running, target, scale, maxReplicas, 'Current number of replicas above Spec.MaxReplicas', undefined);
  if (current < minReplicas) return yield* rescale(running, target, scale, minReplicas, 'Current number of replicas below Spec.MinReplicas', undefined);
  const found = context.decide(() => compute(running, scale));
  for (const [reason, message] of found.warnings) record(running, 'Warning', reason, message);
  if (found.active !== undefined) setCondition(running, 'ScalingActive', found.active.status, found.active.reason, found.active.message);
  if (found.replicas === undefined) {
    setStatus(running, current, running.status.desiredReplicas, found.statuses);
    yield* writeStatus(running);
    record(running, 'Warning', 'FailedComputeMetricsReplicas', found.error);
    return `failed to compute desired number of replicas based on listed metrics for ${reference(autoscaler)}: ${found.error}`;
  }
  const { stable, limited } = context.decide(() => normalize(running, current, found.replicas as number));
  setCondition(running, 'AbleToScale', 'True', stable.reason, stable.message);
  setCondition(running, 'ScalingLimited', limited.replicas === stable.replicas ? 'False' : 'True', limited.reason, limited.message);
  running.isHeld = stable.isForNow || limited.isForNow;
  context.explain(`horizontalpodautoscaler/${running.key}`, { rule: limited.reason === 'DesiredWithinRange' ? stable.reason : limited.reason, message: `${current} replicas, ${found.replicas} by ${found.name}, ${limited.replicas} wanted` });
  const reason = found.replicas > current ? `${found.name} above target` : found.replicas < current ? 'All metrics below target' : '';
  if (limited.replicas !== current) return yield* rescale(running, target, scale, limited.replicas, reason, found.statuses);
  setStatus(running, current, current, found.statuses);
  return (yield* writeStatus(running)) ?? (found.error === '' ? undefined : found.error);
}

/** [HPA4] */
function* failGettingScale(running: Running, error: string): Calling<string> {
  record(running, 'Warning', 'FailedGetScale', error);
  setCondition(running, 'AbleToScale', 'False', 'FailedGetScale', `the HPA controller was unable to get the target's current scale: ${error}`);
  yield* writeStatus(running);
  return `failed to query scale subresource for ${reference(running.autoscaler)}: ${error}`;
}

/** [HPA7] */
function* rescale(
  running: Running, target: { readonly resource: string; readonly subresource: string; readonly namespace: string; readonly name: string }, scale: Scale, desired: number, reason: string,
  statuses: readonly MetricStatus[] | undefined,
): Calling<string | undefined> {
  const { context, autoscaler } = running;
  const current = scale.spec.replicas ?? 0;
  running.isHeld = true;
  const { error } = yield* send({ verb: 'update', ...target, object: { ...scale, spec: { ...scale.spec, replicas: desired } } as unknown as KubeObject });
  if (error !== undefined) {
    record(running, 'Warning', 'FailedRescale', `New size: ${desired}; reason: ${reason}; error: ${error.message}`);
    setCondition(running, 'AbleToScale', 'False', 'FailedUpdateScale', `the HPA controller was unable to update the target scale: ${error.message}`);
    setStatus(running, current, running.status.desiredReplicas, statuses);
    yield* writeStatus(running);
    return `failed to rescale ${reference(autoscaler)}: ${error.message}`;
  }
  setCondition(running, 'AbleToScale', 'True', 'SucceededRescale', `the HPA controller was able to update the target scale to ${desired}`);
  record(running, 'Normal', 'SuccessfulRescale', `New size: ${desired}; reason: ${reason}`);
  keepMemory(running, (memory) => withScaling(memory, autoscaler, current, desired, context.now));
  setStatus(running, current, desired, statuses);
  running.status = { ...running.status, lastScaleTime: formatTime(context.now) };
  return yield* writeStatus(running);
}

function reference({ metadata, spec }: HorizontalPodAutoscaler): string {
  return `${spec.scaleTargetRef.kind}/${metadata.namespace}/${spec.scaleTargetRef.name}`;
}

/** What the metrics come to, with the Events and the condition that tell of it. */
interface Found extends Computed {
  readonly warnings: readonly (readonly [reason: string, message: string])[];
  readonly active?: { readonly status: 'True' | 'False'; readonly reason: string; readonly message: string };
}

function compute(running: Running, scale: Scale): Found {
  const { context, autoscaler, source } = running;
  const { namespace = '' } = autoscaler.metadata;
  const selected = selectPods(running, scale.status?.selector ?? '');
  if ('error' in selected) {
    const { error, event, reason, message } = selected;
    return { name: '', statuses: [], failures: [], error, warnings: [[event, error]], active: { status: 'False', reason, message } };
  }
  const situation = { now: context.now, pods: selected.pods, specReplicas: scale.spec.replicas ?? 0, statusReplicas: scale.status?.replicas ?? 0, tolerance: toleranceOf(autoscaler, context.profile) };
  const lister = context.lister.bind(context);
  const state = stateOf(context);
  const computed = computeReplicas(autoscaler.spec.metrics ?? [], namespace, (metric) => ask(source, {
    get now() {
      state.readsTime = true;
      return context.now;
    },
    namespace, autoscaler, metric, pods: selected.pods, lister,
  }), situation);
  const [failed] = computed.failures;
  const active = computed.replicas !== undefined
    ? { status: 'True' as const, reason: 'ValidMetricFound', message: `the HPA was able to successfully calculate a replica count from ${computed.name}` }
    : failed === undefined ? undefined : { status: 'False' as const, reason: failed.reason, message: failed.message };
  const warnings = computed.failures.map(({ reason, message }) => [reason, message.slice(message.indexOf(': ') + 2)] as const);
  return { ...computed, warnings, active };
}

/** [HPA8] The pods of the target; an error where its selector is none, or where another autoscaler has pods of it. */
function selectPods({ context, autoscaler, key }: Running, selector: string): { readonly pods: readonly Pod[] } | { readonly error: string; readonly event: string; readonly reason: string; readonly message: string } {
  if (selector === '') return { error: 'selector is required', event: 'SelectorRequired', reason: 'InvalidSelector', message: "the HPA target's scale is missing a selector" };
  const parsed = parseLabelSelector(selector);
  if (!parsed.ok) {
    const error = `couldn't convert selector into a corresponding internal selector object: ${parsed.error}`;
    return { error, event: 'InvalidSelector', reason: 'InvalidSelector', message: error };
  }
  const { namespace = '' } = autoscaler.metadata;
  const state = stateOf(context);
  state.memories = state.memories.set(context.epoch, key, { ...(state.memories.get(key) ?? EMPTY_MEMORY), selector });
  const pods = context.lister<Pod>('pods').list(namespace).filter((pod) => matchesRequirements(parsed.requirements, pod.metadata.labels));
  const rivals: string[] = [];
  for (const [other, memory] of state.memories.entries()) {
    const theirs = other.startsWith(`${namespace}/`) && memory.selector !== undefined ? parseLabelSelector(memory.selector) : undefined;
    if (theirs?.ok === true && pods.some((pod) => matchesRequirements(theirs.requirements, pod.metadata.labels))) rivals.push(other);
  }
  if (rivals.length < 2) return { pods };
  const error = `pods by selector ${selector} are controlled by multiple HPAs: [${rivals.join(' ')}]`;
  return { error, event: 'AmbiguousSelector', reason: 'AmbiguousSelector', message: error };
}

/** What windows, policies and bounds make of a recommendation, which is remembered. Runs within a decision. */
function normalize({ context, autoscaler, key }: Running, current: number, recommended: number): { readonly stable: Limited; readonly limited: Limited } {
  const state = stateOf(context);
  const memory = state.memories.get(key) ?? EMPTY_MEMORY;
  const stable = stabilize(autoscaler, memory, current, recommended, context.now);
  const limited = limit(autoscaler, memory, current, stable.replicas, context.now);
  state.memories = state.memories.set(context.epoch, key, withRecommendation(memory, recommended, context.now));
  return { stable, limited };
}

function keepMemory({ context, key }: Running, change: (memory: Memory) => Memory): void {
  remember(context, () => { stateOf(context).memories = stateOf(context).memories.set(context.epoch, key, change(stateOf(context).memories.get(key) ?? EMPTY_MEMORY)); });
}

function setStatus(running: Running, currentReplicas: number, desiredReplicas: number, currentMetrics: readonly MetricStatus[] | undefined): void {
  const { currentMetrics: _before, ...others } = running.status;
  running.status = { ...others, currentReplicas, desiredReplicas, ...(currentMetrics === undefined || currentMetrics.length === 0 ? {} : { currentMetrics }) };
}

function setCondition(running: Running, type: string, status: string, reason: string, message: string): void {
  const conditions = running.status.conditions ?? [];
  const before = conditions.find((one) => one.type === type);
  const lastTransitionTime = before?.status === status ? before.lastTransitionTime : formatTime(running.context.now);
  const condition: HorizontalPodAutoscalerCondition = { type, status, lastTransitionTime, reason, message };
  running.status = { ...running.status, conditions: before === undefined ? [...conditions, condition] : conditions.map((one) => (one.type === type ? condition : one)) };
}

/** [HPA25] Writes the status if it is another one. */
function* writeStatus(running: Running): Calling<string | undefined> {
  const { autoscaler, status } = running;
  if (JSON.stringify(sorted(autoscaler.status ?? {})) === JSON.stringify(sorted(status))) return undefined;
  const { namespace, name } = autoscaler.metadata;
  const { error } = yield* send({ verb: 'update', resource: AUTOSCALERS, subresource: 'status', namespace, name, object: { ...autoscaler, status } });
  if (error === undefined) return undefined;
  record(running, 'Warning', 'FailedUpdateStatus', error.message);
  return `failed to update status for ${name}: ${error.message}`;
}

/** The same with keys in order, so that equal statuses give equal texts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined && item !== null).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]));
}

function record({ context, autoscaler }: Running, type: 'Normal' | 'Warning', reason: string, message: string): void {
  context.event({ about: autoscaler, type, reason, message, component: COMPONENT });
}
