// Strategy Recreate: all pods of older revisions go before the first new one comes.
// Upstream: pkg/controller/statefulset/stateful_set_control.go, gate StatefulSetRecreateStrategy (1.37 alpha, #137187).
import { formatTime, type Pod, type StatefulSet, type StatefulSetCondition } from '@kubesim/api';
import type { Behaviour } from './behaviour.ts';
import { condemnedPods } from './condemned.ts';
import { between, rangeOf, type DecisionInput } from './decision-input.ts';
import { podFacts } from './pod-facts.ts';
import type { Phase } from './plan.ts';

/** The strategy is asked for and its gate is on. @internal */
export function isRecreating(set: StatefulSet, behaviour: Behaviour): boolean {
  return behaviour.hasRecreate && set.spec.updateStrategy?.type === 'Recreate';
}

/** Created pods with any other revision label than the update's, living ones ascending, then condemned ones descending. @internal */
export function oldPods(input: DecisionInput): readonly Pod[] {
  const { start, end } = rangeOf(input.set);
  const { tallies, slots } = input.summary;
  // Nearly always every pod names the one revision, and then none is looked at.
  if (tallies.size === 0 || (tallies.size === 1 && tallies.has(input.revisions.update.name))) return [];
  const isOld = (pod: Pod): boolean => {
    const facts = podFacts(pod);
    return facts.isCreated && facts.revision !== input.revisions.update.name;
  };
  return [...[...between(slots, start, end)].map(([, pod]) => pod), ...condemnedPods(input)].filter(isOld);
}

/** Deletes what is old and not going yet; it is all that the sync does, ordered set or not. @internal */
export function recreatePhase(olds: readonly Pod[]): Phase {
  const pods = olds.filter((pod) => !podFacts(pod).isTerminating);
  return {
    name: 'recreate', pace: 'slow-start', memberCount: pods.length, endsSync: true,
    steps: pods.map((pod, index) => ({ index, pod, stops: false })),
  };
}

/** How a recreation stands. @internal */
export interface Progress {
  readonly status: 'True' | 'False';
  readonly reason: 'RecreateInProgress' | 'RecreateCompleted';
  readonly message: string;
}

/** Old pods are going. @internal */
export const DELETING_OLD_PODS: Progress = { status: 'True', reason: 'RecreateInProgress', message: 'Deleting old revision pods' };
/** The old pods are gone, the new ones are not all there. @internal */
export const CREATING_NEW_PODS: Progress = { status: 'True', reason: 'RecreateInProgress', message: 'Waiting for new-revision pods to be created' };
/** All is done. @internal */
export const RECREATED: Progress = { status: 'False', reason: 'RecreateCompleted', message: 'All pods recreated successfully' };

/** The conditions with Progressing set; its time of transition is kept while its status stays the same. @internal */
export function withProgress(conditions: readonly StatefulSetCondition[] | undefined, progress: Progress, now: number): readonly StatefulSetCondition[] {
  const before = conditions?.find((condition) => condition.type === 'Progressing');
  const condition: StatefulSetCondition = {
    type: 'Progressing',
    status: progress.status,
    lastTransitionTime: before !== undefined && before.status === progress.status ? before.lastTransitionTime : formatTime(now),
    reason: progress.reason,
    message: progress.message,
  };
  if (before === undefined) return [...(conditions ?? []), condition];
  return (conditions as readonly StatefulSetCondition[]).map((other) => (other === before ? condition : other));
}
