export { attachmentName } from './attachment-name.ts';
export type {
  CacheChange, Controller, EnqueueOptions, EventToRecord, HandlerContext, Lister, Profile, Random, Reason, ReconcileContext, ReconcileResult,
  Reconciling,
} from './reconcile.ts';
export { defineController, objectKey, splitKey, type ControllerParts } from './define-controller.ts';
export { createLeaderElector, electorName, leaderElectionError, type Candidate, type LeaderElectionOptions } from './leader-election.ts';
export type { Actor, ActorContext, TimerOptions } from './actor.ts';
export type { CallLatency, EventSource, Ports, WatchTarget } from './ports.ts';
export { addKey, backOffMs, emptyWorkqueue, finishKey, forgetKey, queueLength, takeKey, type WorkqueueState } from './workqueue.ts';
export { controllerComponent, ControllerHost, type ControllerArgs, type ReconcileEnd } from './controller-runtime.ts';
export { ActorHost, type ActorArgs, type ActorFactory } from './actor-runtime.ts';
export { processComponent, ProcessHost, processName } from './process.ts';
export { correlate, emptyRecorder, formatTime, type EventWrite, type RecorderState } from './event-recorder.ts';
export { send, type Calling, type CallOutcome } from './calling.ts';
export { call, CallFailed, failedWith, isNamespaceTerminating } from './call-failed.ts';
export { controllerOf, newControllerRef, type ControllerKind } from './controller-ref.ts';
export {
  adoptObject, adoptPatch, claimObjects, recheckDeletionTimestamp, releaseObject, type CanAdopt, type ControllerRefManager,
} from './controller-ref-manager.ts';
export {
  aggregate, apiError, flatten, isAlreadyExists, isConflict, isInvalid, isNotFound, wrapError, type ReconcileError,
} from './reconcile-error.ts';
export { DEFAULT_BACKOFF, DEFAULT_RETRY, retryOnConflict, type Backoff } from './retry.ts';
export { slowStart, slowStartBatches, type Batch, type SlowStartOptions } from './slow-start.ts';
export { isPodAvailable, isPodReady, readySinceMs } from './pod-condition.ts';
export { compileSelector, type Labels } from './label-selector.ts';
export { matchesSelector, selectsEverything } from './matches-selector.ts';
export {
  areFulfilled, creationObserved, deleteExpectations, deletionObserved, EXPECTATIONS_TIMEOUT_MS, initialExpectations, satisfiedExpectations,
  setExpectations, type ExpectationContext, type Expectations, type ExpectationState,
} from './expectations.ts';
