// How fast a target may follow what its metrics ask for: stabilisation windows, policies and bounds.
// Upstream: normalizeDesiredReplicas and normalizeDesiredReplicasWithBehaviors in pkg/controller/podautoscaler/horizontal.go (1.37).
import type { HorizontalPodAutoscaler, HPAScalingRules } from '@kubesim/api';
import type { Profile } from '@kubesim/client';
import { milli, type Tolerance } from './replica-calculator.ts';

/** Something at an instant, ms since 1970: a recommendation, or by how many pods the target was scaled. Plain data. */
export interface Timed {
  readonly at: number;
  readonly count: number;
}

/** What is remembered of one autoscaler. Plain data. */
export interface Memory {
  readonly recommendations: readonly Timed[];
  readonly ups: readonly Timed[];
  readonly downs: readonly Timed[];
  /** The target's selector when it was last read: what tells two autoscalers of one target. */
  readonly selector?: string;
}

/** Nothing remembered. */
export const EMPTY_MEMORY: Memory = Object.freeze({ recommendations: [], ups: [], downs: [] });

const DOWNSCALE_WINDOW_MS = 300_000;
const SCALE_UP_FACTOR = 2;
const SCALE_UP_LEAST = 4;
const TOLERANCE_MILLI = 100;
const MEMORY_MS = 3_600_000;

/** [HPA19] By how much a ratio may differ from 1 before anything is done. The gate HPAConfigurableTolerance is on since 1.35. */
export function toleranceOf({ spec }: HorizontalPodAutoscaler, { kubernetes, featureGates }: Profile): Tolerance {
  const isSettable = featureGates['HPAConfigurableTolerance'] ?? kubernetes !== '1.34';
  const of = (rules: HPAScalingRules | undefined): number => (isSettable && rules?.tolerance !== undefined ? milli(rules.tolerance) : TOLERANCE_MILLI) / 1000;
  return { up: of(spec.behavior?.scaleUp), down: of(spec.behavior?.scaleDown) };
}

/** A number of replicas, and the condition that says what limited it. */
export interface Limited {
  readonly replicas: number;
  readonly reason: string;
  readonly message: string;
  /** Time alone may let go of it. */
  readonly isForNow: boolean;
}

const STABLE = { reason: 'ReadyForNewScale', message: 'recommended size matches current size', isForNow: false };
const DOWN_STABILIZED = { reason: 'ScaleDownStabilized', message: 'recent recommendations were higher than current one, applying the highest recent recommendation', isForNow: true };
const UP_STABILIZED = { reason: 'ScaleUpStabilized', message: 'recent recommendations were lower than current one, applying the lowest recent recommendation', isForNow: true };
const WITHIN = { reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range', isForNow: false };
const TOO_MANY = { reason: 'TooManyReplicas', message: 'the desired replica count is more than the maximum replica count', isForNow: false };
const TOO_FEW = { reason: 'TooFewReplicas', message: 'the desired replica count is less than the minimum replica count', isForNow: false };
const TOO_FAST_UP = { reason: 'ScaleUpLimit', message: 'the desired replica count is increasing faster than the maximum scale rate', isForNow: true };
const TOO_FAST_DOWN = { reason: 'ScaleDownLimit', message: 'the desired replica count is decreasing faster than the maximum scale rate', isForNow: true };

/** [HPA20] [HPA21] The recommendation that the windows leave. */
export function stabilize({ spec }: HorizontalPodAutoscaler, { recommendations }: Memory, current: number, desired: number, now: number): Limited {
  if (spec.behavior === undefined) {
    const recent = recommendations.filter(({ at }) => at >= now - DOWNSCALE_WINDOW_MS).map(({ count }) => count);
    const replicas = Math.max(desired, ...recent);
    return { replicas, ...(replicas === desired ? STABLE : DOWN_STABILIZED) };
  }
  const { scaleUp, scaleDown } = spec.behavior;
  const within = (windowMs: number): readonly number[] => recommendations.filter(({ at }) => at > now - windowMs).map(({ count }) => count);
  const lowest = Math.min(desired, ...within((scaleUp?.stabilizationWindowSeconds ?? 0) * 1000));
  const downMs = scaleDown?.stabilizationWindowSeconds === undefined ? DOWNSCALE_WINDOW_MS : scaleDown.stabilizationWindowSeconds * 1000;
  const highest = Math.max(desired, ...within(downMs));
  const replicas = Math.min(Math.max(current, lowest), highest);
  if (replicas === desired) return { replicas, ...STABLE };
  return { replicas, ...(desired >= current ? UP_STABILIZED : DOWN_STABILIZED) };
}

/** The number that policies and bounds leave. */
export function limit(autoscaler: HorizontalPodAutoscaler, memory: Memory, current: number, desired: number, now: number): Limited {
  const { maxReplicas, minReplicas = 1, behavior } = autoscaler.spec;
  return behavior === undefined
    ? limitByFactor(minReplicas, maxReplicas, current, desired)
    : limitByPolicies(behavior.scaleUp ?? {}, behavior.scaleDown ?? {}, memory, { minReplicas, maxReplicas, current, desired, now });
}

/** [HPA22] Upstream: convertDesiredReplicasWithRules. */
function limitByFactor(minReplicas: number, maxReplicas: number, current: number, desired: number): Limited {
  const rate = Math.max(SCALE_UP_FACTOR * current, SCALE_UP_LEAST);
  if (desired < minReplicas) return { replicas: minReplicas, ...TOO_FEW };
  if (desired > Math.min(rate, maxReplicas)) return maxReplicas > rate ? { replicas: rate, ...TOO_FAST_UP } : { replicas: maxReplicas, ...TOO_MANY };
  return { replicas: desired, ...WITHIN };
}

interface Asked {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly current: number;
  readonly desired: number;
  readonly now: number;
}

/** [HPA23] Upstream: convertDesiredReplicasWithBehaviorRate. */
function limitByPolicies(up: HPAScalingRules, down: HPAScalingRules, memory: Memory, { minReplicas, maxReplicas, current, desired, now }: Asked): Limited {
  if (desired > current) {
    const rate = Math.max(current, upLimit(up, memory, current, now));
    if (desired > Math.min(rate, maxReplicas)) {
      return maxReplicas > rate ? { replicas: rate, ...TOO_FAST_UP, isForNow: up.selectPolicy !== 'Disabled' } : { replicas: maxReplicas, ...TOO_MANY };
    }
  } else if (desired < current) {
    const rate = Math.min(current, downLimit(down, memory, current, now));
    if (desired < Math.max(rate, minReplicas)) {
      return minReplicas < rate ? { replicas: rate, ...TOO_FAST_DOWN, isForNow: down.selectPolicy !== 'Disabled' } : { replicas: minReplicas, ...TOO_FEW };
    }
  }
  return { replicas: desired, ...WITHIN };
}

/** What a policy's period began with. */
function atPeriodStart({ ups, downs }: Memory, current: number, since: number): number {
  const change = (events: readonly Timed[]): number => events.reduce((sum, { at, count }) => (at > since ? sum + count : sum), 0);
  return current - change(ups) + change(downs);
}

function upLimit({ selectPolicy, policies = [] }: HPAScalingRules, memory: Memory, current: number, now: number): number {
  if (selectPolicy === 'Disabled') return current;
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const base = atPeriodStart(memory, current, now - periodSeconds * 1000);
    return type === 'Pods' ? base + value : Math.ceil(base * (1 + value / 100));
  });
  return selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits);
}

function downLimit({ selectPolicy, policies = [] }: HPAScalingRules, memory: Memory, current: number, now: number): number {
  if (selectPolicy === 'Disabled') return current;
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const base = atPeriodStart(memory, current, now - periodSeconds * 1000);
    return type === 'Pods' ? base - value : Math.trunc(base * (1 - value / 100));
  });
  return selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits);
}

/** [HPA24] The memory of an autoscaler that has none yet: its target is as big as it should be. Upstream: recordInitialRecommendation. */
export function withInitialRecommendation(memory: Memory, current: number, now: number): Memory {
  return memory.recommendations.length > 0 ? memory : withRecommendation(memory, current, now);
}

/** The memory with a recommendation. */
export function withRecommendation(memory: Memory, count: number, now: number): Memory {
  return { ...memory, recommendations: [...memory.recommendations.filter(({ at }) => at > now - MEMORY_MS), { at: now, count }] };
}

/** The memory with a scaling that was done. Upstream: storeScaleEvent. */
export function withScaling(memory: Memory, { spec }: HorizontalPodAutoscaler, from: number, to: number, now: number): Memory {
  if (spec.behavior === undefined) return memory;
  const recent = (events: readonly Timed[]): readonly Timed[] => events.filter(({ at }) => at > now - MEMORY_MS);
  return to > from
    ? { ...memory, ups: [...recent(memory.ups), { at: now, count: to - from }] }
    : { ...memory, downs: [...recent(memory.downs), { at: now, count: from - to }] };
}
