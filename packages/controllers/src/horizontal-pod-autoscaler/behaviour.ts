// How fast a target may follow what its metrics ask for: stabilisation windows and policies.
// Upstream: stabilizeRecommendationWithBehaviors, convertDesiredReplicasWithBehaviorRate in
// pkg/controller/podautoscaler/horizontal.go (1.37).
import type { HorizontalPodAutoscaler, HPAScalingRules } from '@kubesim/api';
import { milli } from './replica-calculator.ts';

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
}

/** Nothing remembered. */
export const EMPTY_MEMORY: Memory = Object.freeze({ recommendations: [], ups: [], downs: [] });

const DEFAULT_UP: HPAScalingRules = {
  stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, { type: 'Percent', value: 100, periodSeconds: 15 }],
};
const DEFAULT_DOWN: HPAScalingRules = { stabilizationWindowSeconds: 300, selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] };
const TOLERANCE_MILLI = 100;
const MEMORY_MS = 3_600_000;

/** The rules of both directions, defaults filled in. */
export function rulesOf({ spec }: HorizontalPodAutoscaler): { readonly up: HPAScalingRules; readonly down: HPAScalingRules } {
  return { up: { ...DEFAULT_UP, ...spec.behavior?.scaleUp }, down: { ...DEFAULT_DOWN, ...spec.behavior?.scaleDown } };
}

/** By how much a ratio may differ from 1 before anything is done. */
export function toleranceOf(autoscaler: HorizontalPodAutoscaler): { readonly up: number; readonly down: number } {
  const { up, down } = rulesOf(autoscaler);
  const of = ({ tolerance }: HPAScalingRules): number => (tolerance === undefined ? TOLERANCE_MILLI : milli(tolerance)) / 1000;
  return { up: of(up), down: of(down) };
}

/** A number of replicas, and the condition that says what limited it. */
export interface Limited {
  readonly replicas: number;
  readonly reason: string;
  readonly message: string;
}

/** The recommendation that the windows leave. */
export function stabilize(autoscaler: HorizontalPodAutoscaler, memory: Memory, current: number, desired: number, now: number): Limited {
  const { up, down } = rulesOf(autoscaler);
  const within = (rules: HPAScalingRules): readonly number[] => memory.recommendations
    .filter(({ at }) => at > now - (rules.stabilizationWindowSeconds ?? 0) * 1000).map(({ count }) => count);
  const lowest = Math.min(desired, ...within(up));
  const highest = Math.max(desired, ...within(down));
  const replicas = Math.min(Math.max(current, lowest), highest);
  if (replicas === desired) return { replicas, reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
  return desired > replicas
    ? { replicas, reason: 'ScaleUpStabilized', message: 'recent recommendations were lower than current one, applying the lowest recent recommendation' }
    : { replicas, reason: 'ScaleDownStabilized', message: 'recent recommendations were higher than current one, applying the highest recent recommendation' };
}

/** The number that policies and bounds leave. */
export function limit(autoscaler: HorizontalPodAutoscaler, memory: Memory, current: number, desired: number, now: number): Limited {
  const { up, down } = rulesOf(autoscaler);
  const { maxReplicas, minReplicas = 1 } = autoscaler.spec;
  if (desired > current) {
    const rate = Math.max(current, upLimit(up, memory, current, now));
    const most = Math.min(rate, maxReplicas);
    if (desired > most) {
      return rate < maxReplicas
        ? { replicas: most, reason: 'ScaleUpLimit', message: 'the desired replica count is increasing faster than the maximum scale rate' }
        : { replicas: most, reason: 'TooManyReplicas', message: 'the desired replica count is more than the maximum replica count' };
    }
  } else if (desired < current) {
    const rate = Math.min(current, downLimit(down, memory, current, now));
    const least = Math.max(rate, minReplicas);
    if (desired < least) {
      return rate > minReplicas
        ? { replicas: least, reason: 'ScaleDownLimit', message: 'the desired replica count is decreasing faster than the maximum scale rate' }
        : { replicas: least, reason: 'TooFewReplicas', message: 'the desired replica count is less than the minimum replica count' };
    }
  }
  if (desired > maxReplicas) return { replicas: maxReplicas, reason: 'TooManyReplicas', message: 'the desired replica count is more than the maximum replica count' };
  if (desired < minReplicas) return { replicas: minReplicas, reason: 'TooFewReplicas', message: 'the desired replica count is less than the minimum replica count' };
  return { replicas: desired, reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' };
}

function changeSince(events: readonly Timed[], since: number): number {
  return events.reduce((sum, { at, count }) => (at > since ? sum + count : sum), 0);
}

function upLimit(rules: HPAScalingRules, { ups, downs }: Memory, current: number, now: number): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const limits = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
    const since = now - periodSeconds * 1000;
    const base = current - changeSince(ups, since) + changeSince(downs, since);
    return type === 'Pods' ? base + value : Math.ceil(base * (1 + value / 100));
  });
  return rules.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits);
}

function downLimit(rules: HPAScalingRules, { ups, downs }: Memory, current: number, now: number): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const limits = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
    const since = now - periodSeconds * 1000;
    const base = current - changeSince(ups, since) + changeSince(downs, since);
    return type === 'Pods' ? base - value : Math.floor(base * (1 - value / 100));
  });
  return rules.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits);
}

/** The memory with a recommendation. */
export function withRecommendation(memory: Memory, count: number, now: number): Memory {
  return { ...memory, recommendations: [...memory.recommendations.filter(({ at }) => at > now - MEMORY_MS), { at: now, count }] };
}

/** The memory with a scaling that was done. */
export function withScaling(memory: Memory, from: number, to: number, now: number): Memory {
  const recent = (events: readonly Timed[]): readonly Timed[] => events.filter(({ at }) => at > now - MEMORY_MS);
  return to > from
    ? { ...memory, ups: [...recent(memory.ups), { at: now, count: to - from }] }
    : { ...memory, downs: [...recent(memory.downs), { at: now, count: from - to }] };
}
