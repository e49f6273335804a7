// Contexts through which the code of ReplicaSets sees ReplicationControllers: converted on the way in, and back on the way out.
// Upstream: informerAdapter, clientsetAdapter, podControlAdapter in pkg/controller/replication/conversion.go (1.37).
import type { ApiCall, ApiReply, KubeObject, ReplicaSet, ReplicationController, ResourceName } from '@kubesim/api';
import type { EnqueueOptions, EventToRecord, HandlerContext, Lister, Profile, Random, Reason, ReconcileContext, ReconcileResult, Reconciling } from '@kubesim/client';
import type { Epoch } from '@kubesim/kernel';
import { asReplicaSet, asReplicationController } from './conversion.ts';

/** Where ReplicaSets live. @internal */
export const SETS: ResourceName = 'replicasets.apps';
/** Where ReplicationControllers live. @internal */
export const CONTROLLERS: ResourceName = 'replicationcontrollers';

const COMPONENT = 'replication-controller';

function adaptedLister(lister: Lister<ReplicationController>): Lister<ReplicaSet> {
  return {
    get: (namespace, name) => {
      const found = lister.get(namespace, name);
      return found === undefined ? undefined : asReplicaSet(found);
    },
    list: (namespace) => lister.list(namespace).map(asReplicaSet),
    byOwner: (uid) => lister.byOwner(uid).map(asReplicaSet),
    byOwnerUid: (uid) => lister.byOwnerUid(uid).map(asReplicaSet),
    orphans: (namespace) => lister.orphans(namespace).map(asReplicaSet),
  };
}

/** What a handler of ReplicaSets holds. @internal */
export class AdaptedHandlerContext implements HandlerContext {
  protected readonly context: HandlerContext;

  constructor(context: HandlerContext) {
    this.context = context;
  }

  get now(): number { return this.context.now; }

  get profile(): Profile { return this.context.profile; }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each controller knows its own
  get state(): any { return this.context.state; }

  get epoch(): Epoch { return this.context.epoch; }

  lister<T = KubeObject>(resource: ResourceName): Lister<T> {
    return resource === SETS ? adaptedLister(this.context.lister<ReplicationController>(CONTROLLERS)) as unknown as Lister<T> : this.context.lister<T>(resource);
  }

  watch(resource: ResourceName): void { this.context.watch(resource); }

  enqueue(key: string): void { this.context.enqueue(key); }

  enqueueAfter(key: string, delayMs: number, options?: EnqueueOptions): void { this.context.enqueueAfter(key, delayMs, options); }
}

/** What a reconcile of ReplicaSets holds. */
class AdaptedReconcileContext implements ReconcileContext {
  private readonly context: ReconcileContext;

  constructor(context: ReconcileContext) {
    this.context = context;
  }

  get now(): number { return this.context.now; }

  get clock(): number { return this.context.clock; }

  get profile(): Profile { return this.context.profile; }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each controller knows its own
  get state(): any { return this.context.state; }

  get epoch(): Epoch { return this.context.epoch; }

  lister<T = KubeObject>(resource: ResourceName): Lister<T> {
    return resource === SETS ? adaptedLister(this.context.lister<ReplicationController>(CONTROLLERS)) as unknown as Lister<T> : this.context.lister<T>(resource);
  }

  decide<P>(make: () => P): P { return this.context.decide(make); }

  event(event: EventToRecord): void {
    this.context.event({ ...event, about: event.about.kind === 'ReplicaSet' ? asReplicationController(event.about) : event.about, component: COMPONENT });
  }

  explain(subject: string, why: Reason): void { this.context.explain(subject.replace(/^replicaset\//, 'replicationcontroller/'), why); }

  random(name: string): Random { return this.context.random(name); }

  enqueueAfter(key: string, delayMs: number, options?: EnqueueOptions): void { this.context.enqueueAfter(key, delayMs, options); }
}

function adaptedCall(call: ApiCall): ApiCall {
  if (call.resource !== SETS) return call;
  return 'object' in call ? { ...call, resource: CONTROLLERS, object: asReplicationController(call.object) } : { ...call, resource: CONTROLLERS };
}

function adaptedReply(call: ApiCall, reply: ApiReply): ApiReply {
  return call.resource === SETS && reply.ok ? { ok: true, object: asReplicaSet(reply.object as unknown as ReplicationController) as unknown as KubeObject } : reply;
}

/** Runs a reconcile of ReplicaSets on a ReplicationController. @internal */
export function* adaptedReconcile(context: ReconcileContext, key: string, reconcile: (context: ReconcileContext, key: string) => Reconciling): Generator<ApiCall | { readonly pauseMs: number }, ReconcileResult, ApiReply> {
  const inner = reconcile(new AdaptedReconcileContext(context), key);
  let next = inner.next();
  while (next.done !== true) {
    const asked = next.value;
    if ('pauseMs' in asked) {
      yield asked;
      next = inner.next();
    } else {
      next = inner.next(adaptedReply(asked, yield adaptedCall(asked)));
    }
  }
  return next.value;
}
