// Builds a bug into a controller from outside: what it asks of the API, what it is answered, what its caches show it, what it
// decides and what it hears of. The controller itself knows nothing of it.
import type { ApiCall, ApiReply, KubeObject } from '@kubesim/api';
import type { CacheChange, Controller, EnqueueOptions, HandlerContext, Lister, ReconcileContext, Reconciling } from '@kubesim/client';
import type { RunOptions } from '@kubesim/testing';

/** The places at which a controller is patched. */
export interface Patch {
  /** Another call in place of one; `skip` answers it as if it had been made. May read listers. */
  call?(call: ApiCall, context: ReconcileContext, key: string): ApiCall | 'skip';
  /** Another reply in place of one. */
  reply?(reply: ApiReply, call: ApiCall): ApiReply;
  /** After how long it looks again, in place of a delay in ms; undefined: not at all. */
  again?(delayMs: number): number | undefined;
  /** An object as the cache shows it; undefined hides it. */
  cached?(object: KubeObject, resource: string): KubeObject | undefined;
  /** Another decision in place of one: the controller's plans pass here. May read listers. */
  decided?(plan: unknown, context: ReconcileContext, key: string): unknown;
  /** Whether the controller hears of a change. */
  hears?(change: CacheChange, context: HandlerContext): boolean;
  /** What is done before each reconcile; true ends it there. */
  first?(context: ReconcileContext, key: string): Generator<ApiCall | { readonly pauseMs: number }, boolean | undefined, ApiReply>;
  /** The reconcile's error is swallowed. */
  readonly forgetsErrors?: boolean;
  /** Further resources that the patch reads. */
  readonly watches?: readonly string[];
}

function patchedLister<T>(lister: Lister<T>, resource: string, cached: NonNullable<Patch['cached']>): Lister<T> {
  const one = (object: T | undefined): T | undefined => (object === undefined ? undefined : (cached(object as KubeObject, resource) as T | undefined));
  const many = (objects: readonly T[]): readonly T[] => objects.flatMap((object) => one(object) ?? []);
  return {
    get: (namespace, name) => one(lister.get(namespace, name)), list: (namespace) => many(lister.list(namespace)), byOwner: (uid) => many(lister.byOwner(uid)),
    byOwnerUid: (uid) => many(lister.byOwnerUid(uid)), orphans: (namespace) => many(lister.orphans(namespace)), ...(lister.seenRevision === undefined ? {} : { seenRevision: () => lister.seenRevision?.() ?? 0 }),
  };
}

function listing(context: Pick<ReconcileContext, 'lister'>, { cached }: Patch): ReconcileContext['lister'] {
  return <T = KubeObject>(resource: string): Lister<T> => (cached === undefined ? context.lister<T>(resource) : patchedLister(context.lister<T>(resource), resource, cached));
}

function later(context: Pick<HandlerContext, 'enqueueAfter'>, { again }: Patch, key: string, delayMs: number, options: EnqueueOptions | undefined): void {
  const delay = again === undefined ? delayMs : again(delayMs);
  if (delay !== undefined) context.enqueueAfter(key, delay, options);
}

function handling(context: HandlerContext, patch: Patch): HandlerContext {
  return {
    get now() { return context.now; }, get profile() { return context.profile; }, get state(): unknown { return context.state; }, get epoch() { return context.epoch; },
    lister: listing(context, patch), watch: (resource) => { context.watch(resource); }, enqueue: (key) => { context.enqueue(key); }, enqueueAfter: (key, delayMs, options) => { later(context, patch, key, delayMs, options); },
  };
}

function reconciling(context: ReconcileContext, patch: Patch, key: string): ReconcileContext {
  const { decided } = patch;
  return {
    get now() { return context.now; }, get clock() { return context.clock; }, get profile() { return context.profile; }, get state(): unknown { return context.state; }, get epoch() { return context.epoch; },
    lister: listing(context, patch), decide: decided === undefined ? (make) => context.decide(make) : <P>(make: () => P): P => context.decide(() => decided(make(), context, key) as P),
    event: (event) => { context.event(event); }, enqueueAfter: (name, delayMs, options) => { later(context, patch, name, delayMs, options); }, explain: (subject, why) => { context.explain(subject, why); }, random: (name) => context.random(name),
  };
}

function changed({ resource, type, before, after }: CacheChange, { cached }: Patch): CacheChange | undefined {
  if (cached === undefined) return { resource, type, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
  const old = before === undefined ? undefined : cached(before, resource);
  const now = after === undefined ? undefined : cached(after, resource);
  return old === undefined && now === undefined ? undefined : { resource, type, ...(old === undefined ? {} : { before: old }), ...(now === undefined ? {} : { after: now }) };
}

/** The controller with a bug in it. */
export function faulty(controller: Controller, patch: Patch): Controller {
  const { hears } = patch;
  return {
    ...controller, watches: [...new Set([...controller.watches, ...(patch.watches ?? [])])],
    handle: (context, change) => {
      if (hears?.(change, context) === false || !controller.watches.includes(change.resource)) return;
      const shown = changed(change, patch);
      if (shown !== undefined) controller.handle(handling(context, patch), shown);
    },
    ...(controller.start === undefined ? {} : { start: (context) => { controller.start?.(handling(context, patch)); } }),
    *reconcile(context, key): Reconciling {
      if (patch.first !== undefined && (yield* patch.first(context, key)) === true) return undefined;
      const inner = controller.reconcile(reconciling(context, patch, key), key);
      let step = inner.next();
      while (step.done !== true) {
        const wanted = step.value;
        if ('pauseMs' in wanted) {
          step = inner.next(yield wanted);
          continue;
        }
        const call = patch.call === undefined ? wanted : context.decide(() => patch.call?.(wanted, context, key) ?? wanted);
        if (call === 'skip') {
          step = inner.next({ ok: true, object: 'object' in wanted ? wanted.object : { metadata: {} } } as ApiReply);
          continue;
        }
        const reply = yield call;
        step = inner.next(patch.reply?.(reply, call) ?? reply);
      }
      return patch.forgetsErrors === true ? undefined : step.value;
    },
  };
}

/** A build in which the built-in controllers of these names are replaced. */
export function replaced(...controllers: readonly Controller[]): RunOptions {
  return { controllers, withoutControllers: controllers.map(({ name }) => name) };
}

/** A build with one controller patched. */
export function patched(controller: Controller, patch: Patch): RunOptions {
  return replaced(faulty(controller, patch));
}
