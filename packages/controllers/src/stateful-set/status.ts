// The set's status: what is counted, when an update is complete, and whether anything changed that is worth a write.
// Upstream: computeReplicaStatus in stateful_set_control.go, completeUpdate and inconsistentStatus in stateful_set_utils.go (1.37).
import type { StatefulSet, StatefulSetCondition, StatefulSetStatus } from '@kubesim/api';
import type { Behaviour } from './behaviour.ts';
import { notYetAvailable, type DecisionInput } from './decision-input.ts';
import { replicasOf } from './identity.ts';
import { podFacts } from './pod-facts.ts';
import { isRecreating, RECREATED, withProgress } from './recreate.ts';
import { isInRange } from './revision-pair.ts';

/** The status while a sync works on it: every counter is there. @internal */
export interface Counters {
  readonly replicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
  readonly currentReplicas: number;
  readonly updatedReplicas: number;
}

/** Counts over all claimed pods. @internal */
export function countClaimed(input: DecisionInput): Counters {
  const { summary, revisions } = input;
  let availableReplicas = summary.readyReplicas;
  for (const pod of notYetAvailable(summary, input.set, input.now)) if (podFacts(pod).isRunningAndReady) availableReplicas--;
  return {
    replicas: summary.replicas,
    readyReplicas: summary.readyReplicas,
    availableReplicas,
    currentReplicas: summary.tallies.get(revisions.current.name)?.liveCount ?? 0,
    updatedReplicas: summary.tallies.get(revisions.update.name)?.liveCount ?? 0,
  };
}

/** Counts over living and condemned pods: claimed ones without those that have no place in either. @internal */
export function countPlaced(input: DecisionInput): Counters {
  const counters = { ...countClaimed(input) } as { -readonly [Field in keyof Counters]: number };
  if (input.summary.extras.size === 0) return counters;
  const young = new Set(notYetAvailable(input.summary, input.set, input.now));
  input.summary.extras.forEach((pod) => {
    const facts = podFacts(pod);
    if (!facts.isCreated || (facts.ordinal >= 0 && !isInRange(input.set, facts.ordinal))) return;
    counters.replicas--;
    if (facts.isRunningAndReady) {
      counters.readyReplicas--;
      if (!young.has(pod)) counters.availableReplicas--;
    }
    if (facts.isTerminating) return;
    if (facts.revision === input.revisions.current.name) counters.currentReplicas--;
    if (facts.revision === input.revisions.update.name) counters.updatedReplicas--;
  });
  return counters;
}

/** The status of these counters, as it stands on the wire: zeros are left out where the API leaves them out. @internal */
export function newStatus(input: DecisionInput, counters: Counters, conditions: readonly StatefulSetCondition[] | undefined): StatefulSetStatus {
  const { set, revisions } = input;
  return omitZeros({
    observedGeneration: set.metadata.generation,
    replicas: counters.replicas,
    readyReplicas: counters.readyReplicas,
    currentReplicas: counters.currentReplicas,
    updatedReplicas: counters.updatedReplicas,
    currentRevision: revisions.current.name,
    updateRevision: revisions.update.name,
    collisionCount: revisions.collisionCount,
    conditions,
    availableReplicas: counters.availableReplicas,
  });
}

function omitZeros(status: StatefulSetStatus): StatefulSetStatus {
  const nonZero = (value: number | undefined): number | undefined => (value === 0 ? undefined : value);
  return {
    ...status,
    observedGeneration: nonZero(status.observedGeneration),
    readyReplicas: nonZero(status.readyReplicas),
    currentReplicas: nonZero(status.currentReplicas),
    updatedReplicas: nonZero(status.updatedReplicas),
    conditions: status.conditions !== undefined && status.conditions.length > 0 ? status.conditions : undefined,
  };
}

/** The conditions that a new status starts with. @internal */
export function keptConditions(set: StatefulSet, behaviour: Behaviour): readonly StatefulSetCondition[] | undefined {
  return behaviour.keepsConditions ? set.status?.conditions : undefined;
}

/** The status after so many deletions of the rolling update. What the pods were is not looked at: it may fall below zero. @internal */
export function withoutCurrent(status: StatefulSetStatus, deletedCount: number): StatefulSetStatus {
  return deletedCount === 0 ? status : omitZeros({ ...status, currentReplicas: (status.currentReplicas ?? 0) - deletedCount });
}

/** The status with the update declared complete, if it is. Availability and partition are not looked at. @internal */
export function completeUpdate(set: StatefulSet, status: StatefulSetStatus, behaviour: Behaviour, now: number): StatefulSetStatus {
  const replicas = replicasOf(set);
  const isComplete = (status.updatedReplicas ?? 0) === replicas && (status.readyReplicas ?? 0) === replicas &&
    status.replicas === replicas && (behaviour.completesAnyStrategy || set.spec.updateStrategy?.type === 'RollingUpdate');
  if (!isComplete) return status;
  const isNews = isRecreating(set, behaviour) && status.currentRevision !== status.updateRevision;
  return omitZeros({
    ...status,
    currentReplicas: status.updatedReplicas,
    currentRevision: status.updateRevision,
    conditions: isNews ? withProgress(status.conditions, RECREATED, now) : status.conditions,
  });
}

const COMPARED = [
  'replicas', 'currentReplicas', 'readyReplicas', 'updatedReplicas', 'availableReplicas',
] as const satisfies readonly (keyof StatefulSetStatus)[];

/** The stored status differs in what a write is worth. collisionCount and conditions are not among it. @internal */
export function isStatusInconsistent(set: StatefulSet, status: StatefulSetStatus): boolean {
  const stored: Partial<StatefulSetStatus> = set.status ?? {};
  return (status.observedGeneration ?? 0) > (stored.observedGeneration ?? 0) ||
    COMPARED.some((field) => (status[field] ?? 0) !== (stored[field] ?? 0)) ||
    (status.currentRevision ?? '') !== (stored.currentRevision ?? '') ||
    (status.updateRevision ?? '') !== (stored.updateRevision ?? '');
}
