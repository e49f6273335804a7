export type {
  CacheChange, Controller, EventToRecord, HandlerContext, Lister, Profile, Random, Reason, ReconcileContext, ReconcileResult, Reconciling,
} from './reconcile.ts';
export type { Actor, ActorContext, TimerOptions } from './actor.ts';
