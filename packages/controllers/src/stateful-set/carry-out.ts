// Carries out the plan of a sync, one call at a time. What the API server answers decides only what must depend on it:
// where an error ends the sync, and what the status then says.
// Upstream: runForAll, processReplica and processCondemned in pkg/controller/statefulset/stateful_set_control.go (1.37).
import type { StatefulSet, StatefulSetStatus } from '@kubesim/api';
import { aggregate, isNotFound, slowStartBatches, type Calling, type ReconcileError } from '@kubesim/client';
import { hasEnded, isCreated } from './pod-facts.ts';
import { createClaims, createStatefulPod, deleteStatefulPod, isWaitingForClaims, updatePodClaims, updateStatefulPod } from './pod-control.ts';
import { podEvent } from './pod-events.ts';
import type { Phase, Step, SyncPlan } from './plan.ts';
import { withoutCurrent } from './status.ts';
import type { Sync } from './sync-context.ts';

/** Upstream's MaxBatchSize. */
const BATCH_SIZE_MAX = 500;

/** Carries out a plan; answers the status to write, and the error that ended it, if one did. @internal */
export function* carryOut(
  sync: Sync, set: StatefulSet, plan: SyncPlan,
): Calling<{ readonly status: StatefulSetStatus; readonly error: ReconcileError | undefined }> {
  for (const phase of plan.phases) {
    if (phase.name === 'rolling-update') return yield* rollingUpdate(sync, set, plan, phase);
    const error = yield* runForAll(phase, (step) => member(sync, set, phase, step));
    if (error !== undefined) return { status: plan.status, error };
  }
  return { status: plan.status, error: undefined };
}

function member(sync: Sync, set: StatefulSet, phase: Phase, step: Step): Calling<ReconcileError | undefined> {
  switch (phase.name) {
    case 'replicas': return processReplica(sync, set, step);
    case 'condemned-claims': return updatePodClaims(sync, set, step.pod);
    default: return deleteStatefulPod(sync, set, step.pod);
  }
}

/** Ordered: up to the first error. In batches: to the end of the batch in which one fails. */
function* runForAll(phase: Phase, run: (step: Step) => Calling<ReconcileError | undefined>): Calling<ReconcileError | undefined> {
  if (phase.pace === 'ordered') {
    for (const step of phase.steps) {
      const error = yield* run(step);
      if (error !== undefined) return error;
    }
    return undefined;
  }
  let next = 0;
  for (const { to } of slowStartBatches(phase.memberCount, { batchSizeMax: BATCH_SIZE_MAX })) {
    const errors: ReconcileError[] = [];
    for (; next < phase.steps.length && (phase.steps[next] as Step).index < to; next++) {
      const error = yield* run(phase.steps[next] as Step);
      if (error !== undefined) errors.push(error);
    }
    if (errors.length > 0) return aggregate(errors);
  }
  return undefined;
}

function* processReplica(sync: Sync, set: StatefulSet, { pod, stops }: Step): Calling<ReconcileError | undefined> {
  if (hasEnded(pod)) return pod.metadata.deletionTimestamp === undefined ? yield* deleteStatefulPod(sync, set, pod) : undefined;
  if (!isCreated(pod)) {
    if (isWaitingForClaims(sync, set, pod)) return undefined;
    const error = yield* createStatefulPod(sync, set, pod);
    if (error !== undefined) return error;
  }
  if (pod.status?.phase === 'Pending') {
    const error = yield* ensureClaims(sync, set, pod);
    if (error !== undefined) return error;
  }
  return stops ? undefined : yield* updateStatefulPod(sync, set, pod);
}

/** A pending pod may wait for a claim that somebody deleted. */
function* ensureClaims(sync: Sync, set: StatefulSet, pod: Step['pod']): Calling<ReconcileError | undefined> {
  const error = yield* createClaims(sync, set, pod);
  if (error !== undefined) return error;
  const ownerError = yield* updatePodClaims(sync, set, pod);
  if (ownerError !== undefined) sync.context.event(podEvent(sync.behaviour, 'update', set, pod, ownerError));
  return ownerError;
}

function* rollingUpdate(
  sync: Sync, set: StatefulSet, plan: SyncPlan, phase: Phase,
): Calling<{ readonly status: StatefulSetStatus; readonly error: ReconcileError | undefined }> {
  let deletedCount = 0;
  for (const { pod } of phase.steps) {
    const error = yield* deleteStatefulPod(sync, set, pod);
    if (error !== undefined && !isNotFound(error)) return { status: withoutCurrent(plan.status, deletedCount), error };
    deletedCount++;
  }
  return { status: withoutCurrent(plan.status, deletedCount), error: undefined };
}
