// The pods that the set asks for: replaced when they have ended, created where they are missing, waited for, repaired.
// Upstream: processReplica and its caller in pkg/controller/statefulset/stateful_set_control.go (1.37).
import { between, firstNotYetAvailable, firstOrdinal, rangeOf, type DecisionInput } from './decision-input.ts';
import { isMonotonic } from './identity.ts';
import { firstHole, holesBetween, ordinalKey } from './ordinal-runs.ts';
import type { Phase, Step } from './plan.ts';
import { newVersionedPod } from './revision-pair.ts';

/** What is to be done for the living replicas. @internal */
export function replicasPhase(input: DecisionInput): Phase {
  return isMonotonic(input.set) ? orderedReplicas(input) : parallelReplicas(input);
}

/** The lowest ordinal that an ordered set waits for in this sync, if any. @internal */
export function firstWaitedFor(input: DecisionInput): number | undefined {
  const { start, end } = rangeOf(input.set);
  const candidates = [
    firstOrdinal(input.summary.blocking, start), firstHole(input.summary.runs, start), firstNotYetAvailable(input, start, end),
  ];
  const first = Math.min(...candidates.filter((candidate) => candidate !== undefined));
  return first < end ? first : undefined;
}

function orderedReplicas(input: DecisionInput): Phase {
  const { start, end } = rangeOf(input.set);
  const stopAt = firstWaitedFor(input);
  const steps: Step[] = [];
  for (const [ordinal, pod] of between(input.summary.attention, start, stopAt ?? end)) {
    steps.push({ index: ordinal - start, pod, stops: false });
  }
  if (stopAt !== undefined) {
    const pod = input.summary.slots.get(ordinalKey(stopAt)) ?? newVersionedPod(input.set, input.revisions, stopAt);
    steps.push({ index: stopAt - start, pod, stops: true });
  }
  return { name: 'replicas', pace: 'ordered', memberCount: end - start, steps, endsSync: stopAt !== undefined };
}

function parallelReplicas(input: DecisionInput): Phase {
  const { start, end } = rangeOf(input.set);
  const steps: Step[] = holesBetween(input.summary.runs, start, end)
    .map((ordinal) => ({ index: ordinal - start, pod: newVersionedPod(input.set, input.revisions, ordinal), stops: false }));
  for (const [ordinal, pod] of between(input.summary.attention, start, end)) steps.push({ index: ordinal - start, pod, stops: false });
  steps.sort((a, b) => a.index - b.index);
  return { name: 'replicas', pace: 'slow-start', memberCount: Math.max(0, end - start), steps, endsSync: false };
}
