// What a process with a life of its own (a kubelet, the scheduler, DNS) is to the runtime. Controllers are in reconcile.ts.
import type { ApiCall, ApiReply, KubeObject, ResourceName } from '@kubesim/api';
import type { Epoch } from '@kubesim/kernel';
import type { CacheChange, EventToRecord, Lister, Profile, Random, Reason } from './reconcile.ts';

/** Options of a timer. @public */
export interface TimerOptions {
  /** A timer of the same name replaces the one that is pending. Without a name it is added beside it. */
  readonly name?: string;
  /** A periodic task that does no more than a heartbeat before this instant if nothing else changes (ms since 1970; Infinity: never). */
  readonly quietUntil?: number;
  /** A long timer (ttl, next cron run) that `settle` does not wait for. */
  readonly long?: boolean;
}

/** What an actor may do in one step. A step takes no virtual time. @public */
export interface ActorContext<Message> {
  /** The epoch under which containers of the state are edited in place now. */
  readonly epoch: Epoch;
  /** Virtual instant, ms since 1970. */
  readonly now: number;
  readonly profile: Profile;
  lister<T = KubeObject>(resource: ResourceName): Lister<T>;
  /** Sends one call to the API server and has its reply at once. At most one write a step: set a timer of 0 ms between two. */
  call(call: ApiCall): ApiReply;
  /** Delivers `message` to this actor's `receive` after a delay; 0 is the next step in line. */
  after(delayMs: number, message: Message, options?: TimerOptions): void;
  /** Takes back the pending timer of that name, if any. */
  cancel(name: string): void;
  event(event: EventToRecord): void;
  explain(subject: string, why: Reason): void;
  random(name: string): Random;
}

/**
 * A process with state and timers. `state` is a plain record that belongs to the actor: handlers may assign its fields, but
 * whatever a field holds is immutable (replace objects, do not write into them), JSON, or an `OrderedMap` of the kernel. @public
 */
export interface Actor<State extends object, Message> {
  /** Upstream's process name: `kubelet/node-1`, `kube-scheduler`. */
  readonly name: string;
  /** Resources whose caches it reads, each with the field selector of its watch, such as `spec.nodeName=node-1`. */
  readonly watches: readonly { readonly resource: ResourceName; readonly fieldSelector?: string }[];
  initial(): State;
  /** What goes on to be when the process ends and its machine does not: containers beside a kubelet. Without it nothing does. */
  outlives?(state: State): Partial<State>;
  /** Called once when the process starts or restarts. */
  start(context: ActorContext<Message>, state: State): void;
  /** Called once per change of a watched cache, after the cache has moved. */
  observe(context: ActorContext<Message>, state: State, change: CacheChange): void;
  /** A timer of the actor is due. */
  receive(context: ActorContext<Message>, state: State, message: Message): void;
  /** As of controllers: time alone changes nothing about what its quiet timers and the heartbeats of others make it do. */
  readonly isTimeless?: boolean;
}
