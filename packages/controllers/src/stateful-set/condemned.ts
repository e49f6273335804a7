// Pods outside the range: their claims get their owners first, then the pods go, highest ordinal first.
// Upstream: processCondemned and its callers in pkg/controller/statefulset/stateful_set_control.go (1.37).
import type { Pod } from '@kubesim/api';
import { claimsMatchRetentionPolicy } from './claims.ts';
import { between, notYetAvailable, rangeOf, type DecisionInput } from './decision-input.ts';
import { isMonotonic } from './identity.ts';
import { lastOrdinal, ordinalKey } from './ordinal-runs.ts';
import { podFacts } from './pod-facts.ts';
import type { Phase, Step } from './plan.ts';
import { isInRange } from './revision-pair.ts';

const NO_LIMIT = 2147483648;

/** All pods outside the range that have an ordinal, highest first. @internal */
export function condemnedPods(input: DecisionInput): readonly Pod[] {
  const { start, end } = rangeOf(input.set);
  const ascending = [...between(input.summary.slots, 0, start), ...between(input.summary.slots, end, NO_LIMIT)].map(([, pod]) => pod);
  const extras = condemnedExtras(input);
  const descending = ascending.reverse();
  // Of one ordinal the order of the list counts, and there the pod that holds the slot is the last.
  return extras.length === 0 ? descending : [...extras, ...descending].sort((a, b) => podFacts(b).ordinal - podFacts(a).ordinal);
}

/** Pods without a slot whose ordinal is outside the range: they go, too. */
function condemnedExtras(input: DecisionInput): readonly Pod[] {
  return [...input.summary.extras.values()].filter((pod) => {
    const { ordinal } = podFacts(pod);
    return ordinal >= 0 && !isInRange(input.set, ordinal);
  });
}

/** Claims of condemned pods whose owners are not those that the policy wants. @internal */
export function condemnedClaimsPhase(input: DecisionInput): Phase {
  // Slots with wrong claims are among those that need attention; only pods without a slot must be looked at anyway.
  const pods = input.summary.extras.size + input.summary.attention.size > 0 ? condemnedPods(input) : [];
  const steps: Step[] = [];
  pods.forEach((pod, index) => {
    if (!claimsMatchRetentionPolicy(input.set, pod, input.claims)) steps.push({ index, pod, stops: false });
  });
  return { name: 'condemned-claims', pace: isMonotonic(input.set) ? 'ordered' : 'slow-start', memberCount: pods.length, steps, endsSync: false };
}

/** Deletions of condemned pods: all that are not going yet, or in an ordered set the highest one, if it may go. @internal */
export function condemnedPhase(input: DecisionInput): Phase {
  if (!isMonotonic(input.set)) {
    const pods = condemnedPods(input);
    const steps: Step[] = [];
    pods.forEach((pod, index) => {
      if (!podFacts(pod).isTerminating) steps.push({ index, pod, stops: true });
    });
    return { name: 'condemned', pace: 'slow-start', memberCount: pods.length, steps, endsSync: false };
  }
  const pod = highestCondemned(input);
  const steps = pod !== undefined && mayGo(input, pod) ? [{ index: 0, pod, stops: true }] : [];
  return { name: 'condemned', pace: 'ordered', memberCount: pod === undefined ? 0 : 1, steps, endsSync: pod !== undefined };
}

/** The pod that an ordered scale-down looks at. @internal */
export function highestCondemned(input: DecisionInput): Pod | undefined {
  const { summary, set } = input;
  const { start, end } = rangeOf(set);
  const last = lastOrdinal(summary.runs, NO_LIMIT - 1);
  const ordinal = (last ?? end) >= end ? last : lastOrdinal(summary.runs, start - 1);
  const slot = summary.slots.get(ordinalKey(ordinal ?? -1));
  if (summary.extras.size === 0) return slot;
  return condemnedPods(input)[0] ?? slot;
}

/** Terminating pods are waited for; one that is not available goes only if it is the lowest such pod of the whole set. */
function mayGo(input: DecisionInput, pod: Pod): boolean {
  const facts = podFacts(pod);
  if (facts.isTerminating) return false;
  const isYoung = notYetAvailable(input.summary, input.set, input.now).some((young) => young.metadata.name === pod.metadata.name);
  if (facts.isRunningAndReady && !isYoung) return true;
  return firstUnavailableCondemned(input)?.metadata.name === pod.metadata.name;
}

/** Lowest ordinal first; living pods are all available when this is asked. */
function firstUnavailableCondemned(input: DecisionInput): Pod | undefined {
  const young = new Set(notYetAvailable(input.summary, input.set, input.now).map((pod) => pod.metadata.name));
  return condemnedPods(input).findLast((pod) => podFacts(pod).isUnavailable || young.has(pod.metadata.name));
}
