export type {
  CacheChange, Controller, EnqueueOptions, EventToRecord, HandlerContext, Lister, Profile, Random, Reason, ReconcileContext, ReconcileResult,
  Reconciling,
} from './reconcile.ts';
export type { Actor, ActorContext, TimerOptions } from './actor.ts';
export type { EventSource, Ports, WatchTarget } from './ports.ts';
export { addKey, backOffMs, emptyWorkqueue, finishKey, forgetKey, queueLength, takeKey, type WorkqueueState } from './workqueue.ts';
export { controllerComponent, ControllerHost, type ControllerArgs, type ReconcileEnd } from './controller-runtime.ts';
export { ActorHost, type ActorArgs, type ActorFactory } from './actor-runtime.ts';
export { processComponent, ProcessHost, processName } from './process.ts';
export { correlate, emptyRecorder, formatTime, type EventWrite, type RecorderState } from './event-recorder.ts';
