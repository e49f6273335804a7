// What a controller is to the runtime: handlers that name keys, and a reconcile that yields one API call at a time.
// How queues, workers and caches carry it is in controller-runtime.ts.
import type { ApiCall, ApiReply, KubeObject, ResourceName, WatchEvent } from '@kubesim/api';
import type { Epoch } from '@kubesim/kernel';

/** Reads one kind through the cache of the process. What it answers is frozen and may be stale. @public */
export interface Lister<T = KubeObject> {
  get(namespace: string, name: string): T | undefined;
  /** In key order (namespace/name by code unit); all namespaces without one. */
  list(namespace?: string): readonly T[];
  /** Objects whose controller owner reference has this uid, in key order. Cost is independent of the size of the store. */
  byOwner(uid: string): readonly T[];
  /** Objects with any owner reference of this uid, in key order. */
  byOwnerUid(uid: string): readonly T[];
  /** Objects of the namespace with no controller owner reference whatever, in key order. */
  orphans(namespace: string): readonly T[];
  /** The revision up to which the cache has seen everything; absent where the cache cannot say. */
  seenRevision?(): number;
}

/** A source of whole random numbers, named, so that a new draw elsewhere shifts none here. @public */
export interface Random {
  /** A whole number from 0 up to, not including, `bound`. */
  below(bound: number): number;
}

/** A core/v1 Event to record. Recording never fails and never waits. @public */
export interface EventToRecord {
  readonly about: KubeObject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** The part of the object that it is about: `spec.containers{nginx}`. */
  readonly fieldPath?: string;
  /** Recorded by the new events API (the scheduler): the action, such as `Scheduling`. Without it, by the legacy recorder. */
  readonly action?: string;
  /** Component that stands as its source where that is not the controller's name. */
  readonly component?: string;
}

/** What a running reconcile may look at. All of it is given, nothing else may be read: a fork runs it again on the same gifts. @public */
export interface ReconcileContext {
  /** Virtual instant, ms since 1970, when this reconcile started. */
  readonly now: number;
  /** The instant at which the present step runs: later than `now` only after a pause. */
  readonly clock: number;
  /** The profile of the control plane: release and feature gates. */
  readonly profile: Profile;
  lister<T = KubeObject>(resource: ResourceName): Lister<T>;
  /**
   * Makes the plan of this reconcile. `make` may read any lister; what it returns must be plain data. It runs once: a fork
   * in the middle of the reconcile is handed the same plan again.
   */
  decide<P>(make: () => P): P;
  /** Records an Event; the runtime correlates (aggregation, spam filter) and writes it. */
  event(event: EventToRecord): void;
  /**
   * The controller's private state (see `initialState`): a plain record whose fields may be assigned, between yields too.
   * What a field holds is immutable JSON, an `OrderedMap` or a `Vector`, edited under `epoch`.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each controller knows its own
  readonly state: any;
  /** The epoch under which containers of `state` are edited in place now. */
  readonly epoch: Epoch;
  /** Adds a key of this controller's queue after a delay. The earlier of two delays counts. */
  enqueueAfter(key: string, delayMs: number, options?: EnqueueOptions): void;
  /** Why things are as they are, for `explain`: replaces what was said of this subject before. */
  explain(subject: string, why: Reason): void;
  random(name: string): Random;
}

/** One reason, for people: the rule, what it waits for, what would change it. @public */
export interface Reason {
  readonly rule: string;
  readonly message: string;
  /** The object that blocks or drives, as `kind/name`. */
  readonly blockedBy?: string;
}

/** Which control plane is simulated. @public */
export interface Profile {
  readonly kubernetes: '1.34' | '1.36' | '1.37';
  readonly featureGates: Readonly<Record<string, boolean>>;
}

/**
 * How a reconcile ended. An error is retried with back-off; its text is the one upstream would log. `leads` is an elector's
 * answer: the other members of its process run from now on, or no more. @public
 */
export type ReconcileResult =
  | undefined
  | { readonly requeueAfterMs: number }
  | { readonly leads: boolean }
  | { readonly error: string };

/** A reconcile in progress: yields a call, is resumed with its reply. `{ pauseMs }` waits on the virtual clock. @public */
export type Reconciling = Generator<ApiCall | { readonly pauseMs: number }, ReconcileResult, ApiReply>;

/** What a handler of watch events may do: name keys to look at again. @public */
export interface HandlerContext {
  readonly now: number;
  readonly profile: Profile;
  lister<T = KubeObject>(resource: ResourceName): Lister<T>;
  /** As in ReconcileContext. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each controller knows its own
  readonly state: any;
  readonly epoch: Epoch;
  /**
   * Watches a further resource from now on, for as long as the process has caches: one that was not known when the controller
   * was written. What is there comes to `handle` as additions, and `lister` knows the resource. A resource that is watched stays so.
   */
  watch(resource: ResourceName): void;
  enqueue(key: string): void;
  enqueueAfter(key: string, delayMs: number, options?: EnqueueOptions): void;
}

/** How a delayed key stands to settling. @public */
export interface EnqueueOptions {
  /** A periodic look that does no more than a heartbeat before this instant if nothing else changes (ms since 1970; Infinity: never). */
  readonly quietUntil?: number;
  /** A long timer (ttl, next cron run) that `settle` does not wait for. */
  readonly long?: boolean;
}

/** A change of a cache: `before` is absent for an add, `after` for a delete (`before` is then the last state known). @public */
export interface CacheChange<T = KubeObject> {
  readonly resource: ResourceName;
  readonly type: WatchEvent['type'];
  readonly before?: T;
  readonly after?: T;
}

/** A control loop: upstream's name, what it watches, what its events enqueue, and its reconcile. @public */
export interface Controller {
  /** Upstream's name: `statefulset-controller`. */
  readonly name: string;
  /** Resources whose caches it reads. */
  readonly watches: readonly ResourceName[];
  /** Called once per change of a watched cache, after the cache has moved. */
  handle(context: HandlerContext, change: CacheChange): void;
  reconcile(context: ReconcileContext, key: string): Reconciling;
  /** Private state that real controllers keep in memory and lose in a crash. */
  initialState?(): object;
  /** Called once when the process starts or restarts, before any change is seen: periodic keys are enqueued here. */
  start?(context: HandlerContext): void;
  /** How many keys may be worked on at once. */
  readonly workers: number;
  /**
   * Whether time alone changes nothing about what it does in a settled cluster: neither its quiet looks nor what heartbeats of nodes
   * and leases make it do depend on the instant. Then spans in which it takes part may be crossed (docs/decisions/0005); without
   * it they are stepped through, with the same outcome. A function says so of its private state.
   */
  readonly isTimeless?: boolean | ((state: object) => boolean);
}
