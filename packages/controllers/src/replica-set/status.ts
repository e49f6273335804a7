// The status of a ReplicaSet: counted, and written if it changed.
// Upstream: pkg/controller/replicaset/replica_set_utils.go (1.37).
import type { Pod, ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from '@kubesim/api';
import { call, CallFailed, formatTime, isPodAvailable, readySinceMs, type Calling } from '@kubesim/client';
import { isFullyLabeled } from './summary.ts';

/** What the active pods of a set amount to. */
export interface PodCounts {
  readonly replicas: number;
  readonly fullyLabeled: number;
  readonly ready: number;
  readonly available: number;
}

/** Tries beyond the first to write a status. Upstream: statusUpdateRetries. */
const STATUS_UPDATE_RETRIES = 1;

/** Counts active pods. */
export function countPods(set: ReplicaSet, pods: readonly Pod[], now: number): PodCounts {
  let fullyLabeled = 0;
  let ready = 0;
  let available = 0;
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  for (const pod of pods) {
    if (isFullyLabeled(set, pod)) fullyLabeled++;
    if (readySinceMs(pod) === undefined) continue;
    ready++;
    if (isPodAvailable(pod, minReadySeconds, now)) available++;
  }
  return { replicas: pods.length, fullyLabeled, ready, available };
}

/** The status of these counts. `failure`: what creating or deleting pods failed with in this sync. */
export function calculateStatus(
  set: ReplicaSet, counts: PodCounts, terminating: number | undefined, failure: string | undefined, now: number,
): ReplicaSetStatus {
  const { replicas, fullyLabeled, ready, available } = counts;
  const conditions = failureConditions(set, replicas, failure, now);
  const observedGeneration = set.metadata.generation ?? 0;
  return {
    replicas,
    ...(fullyLabeled === 0 ? {} : { fullyLabeledReplicas: fullyLabeled }),
    ...(ready === 0 ? {} : { readyReplicas: ready }),
    ...(available === 0 ? {} : { availableReplicas: available }),
    ...(terminating === undefined ? {} : { terminatingReplicas: terminating }),
    ...(observedGeneration === 0 ? {} : { observedGeneration }),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

/** The condition ReplicaFailure is there while creating or deleting fails; the first failure keeps its text. */
function failureConditions(set: ReplicaSet, replicas: number, failure: string | undefined, now: number): readonly ReplicaSetCondition[] {
  const conditions = set.status?.conditions ?? [];
  const has = conditions.some(({ type }) => type === 'ReplicaFailure');
  if ((failure !== undefined) === has) return conditions;
  if (failure === undefined) return conditions.filter(({ type }) => type !== 'ReplicaFailure');
  const reason = replicas < (set.spec.replicas ?? 1) ? 'FailedCreate' : 'FailedDelete';
  return [...conditions, { type: 'ReplicaFailure', status: 'True', reason, message: failure, lastTransitionTime: formatTime(now) }];
}

/** Writes a status if it says something new. A failed write is tried once more on the set as the API has it. */
export function* updateStatus(set: ReplicaSet, status: ReplicaSetStatus): Calling<void> {
  if (isSameStatus(set, status)) return;
  const { namespace, name } = set.metadata;
  let base = set;
  for (let retry = 0; ; retry++) {
    try {
      yield* call({ verb: 'update', resource: 'replicasets.apps', subresource: 'status', namespace, name, object: { ...base, status } });
      return;
    } catch (error) {
      if (!(error instanceof CallFailed) || retry >= STATUS_UPDATE_RETRIES) throw error;
      base = yield* call<ReplicaSet>({ verb: 'get', resource: 'replicasets.apps', namespace, name });
    }
  }
}

function isSameStatus(set: ReplicaSet, status: ReplicaSetStatus): boolean {
  const before = set.status ?? { replicas: 0 };
  return before.replicas === status.replicas
    && (before.fullyLabeledReplicas ?? 0) === (status.fullyLabeledReplicas ?? 0)
    && (before.readyReplicas ?? 0) === (status.readyReplicas ?? 0)
    && (before.availableReplicas ?? 0) === (status.availableReplicas ?? 0)
    && before.terminatingReplicas === status.terminatingReplicas
    && (before.observedGeneration ?? 0) === (set.metadata.generation ?? 0)
    && isSameConditions(before.conditions ?? [], status.conditions ?? []);
}

/** Conditions are added, removed or carried over, never changed in place. */
function isSameConditions(before: readonly ReplicaSetCondition[], after: readonly ReplicaSetCondition[]): boolean {
  return before.length === after.length && before.every((condition, index) => condition === after[index]);
}
