// Why a sync does what it does, in words for people.
import type { Pod, StatefulSet } from '@kubesim/api';
import type { Reason } from '@kubesim/client';
import { highestCondemned } from './condemned.ts';
import { notYetAvailable, type DecisionInput } from './decision-input.ts';
import { hasEnded, isCreated, podFacts } from './pod-facts.ts';
import type { Explanation, Phase, Step } from './plan.ts';
import { parentAndOrdinal, revisionOf } from './identity.ts';

/** The set as `explain` knows it. @internal */
export function setSubject(set: StatefulSet): string {
  return `statefulset/${set.metadata.namespace}/${set.metadata.name}`;
}

/** Says one thing of the set. @internal */
export function explainSet(set: StatefulSet, why: Reason): Explanation {
  return { subject: setSubject(set), why };
}

/** Why the living replicas keep the sync from going further, or what is done for them. @internal */
export function explainReplicas(input: DecisionInput, phase: Phase): Reason {
  const stop = phase.steps.find((step) => step.stops);
  if (stop !== undefined) return explainStop(input, stop);
  const created = phase.steps.filter((step) => !isCreated(step.pod));
  if (created.length > 0) {
    return { rule: 'Parallel', message: `creates ${names(created)} at once: Parallel waits for no other pod` };
  }
  return { rule: 'Repair', message: `repairs ${names(phase.steps)}: identity, volumes or the owners of claims are not as they should be` };
}

function explainStop(input: DecisionInput, { pod }: Step): Reason {
  const { name } = pod.metadata;
  const next = `${input.set.metadata.name}-${parentAndOrdinal(name).ordinal + 1}`;
  const blockedBy = `pod/${name}`;
  if (!isCreated(pod)) return { rule: 'OrderedReady', message: `creates ${name} at revision ${revisionOf(pod)}; ${next} waits for it`, blockedBy };
  if (hasEnded(pod)) {
    return { rule: 'TerminalPod', message: `${name} is ${pod.status?.phase}: it is deleted, and created again once it is gone`, blockedBy };
  }
  return { rule: 'OrderedReady', message: `nothing else is done: OrderedReady waits for ${name}, which ${state(input, pod)}`, blockedBy };
}

/** What of a pod others wait for. */
function state(input: DecisionInput, pod: Pod): string {
  const facts = podFacts(pod);
  if (facts.isTerminating) return 'is terminating';
  if (!facts.isCreated) return 'has no phase yet';
  const { phase, conditions } = pod.status as NonNullable<Pod['status']>;
  if (phase !== 'Running') return `is ${phase}`;
  if (facts.isRunningAndReady) return `is Ready but not yet for ${input.set.spec.minReadySeconds} s`;
  const message = conditions?.find((condition) => condition.type === 'Ready')?.message;
  return message === undefined ? 'is not Ready' : `is not Ready: ${message}`;
}

/** Why condemned pods go, or the highest of them does not. @internal */
export function explainCondemned(input: DecisionInput, phase: Phase): Reason {
  if (phase.steps.length > 0) return { rule: 'ScaleDown', message: `deletes ${names(phase.steps)}: not among the ordinals asked for` };
  const highest = highestCondemned(input) as Pod;
  const { name } = highest.metadata;
  return { rule: 'ScaleDown', message: `scale-down waits for ${name}, which ${state(input, highest)}`, blockedBy: `pod/${name}` };
}

/** Why the rolling update deletes what it deletes, or nothing. @internal */
export function explainUpdate(input: DecisionInput, pods: readonly Pod[]): Reason {
  const { current, update } = input.revisions;
  if (pods.length > 0) {
    return { rule: 'RollingUpdate', message: `deletes ${pods.map((pod) => pod.metadata.name).join(', ')}: not at revision ${update.name}` };
  }
  if (current.name === update.name) return { rule: 'UpToDate', message: `all pods are as asked for, at revision ${update.name}` };
  const blocking = input.summary.blocking.first()?.[1] ?? notYetAvailable(input.summary, input.set, input.now)[0];
  if (blocking === undefined) {
    return { rule: 'RollingUpdate', message: `no pod at or above the partition is at another revision than ${update.name}` };
  }
  const { name } = blocking.metadata;
  return { rule: 'RollingUpdate', message: `the update waits for ${name}, which ${state(input, blocking)}`, blockedBy: `pod/${name}` };
}

const NAMED_MAX = 5;

function names(steps: readonly Step[]): string {
  const named = steps.slice(0, NAMED_MAX).map((step) => step.pod.metadata.name).join(', ');
  return steps.length > NAMED_MAX ? `${named} and ${steps.length - NAMED_MAX} more` : named;
}
