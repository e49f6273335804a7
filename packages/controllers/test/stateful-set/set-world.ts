// One StatefulSet, its pods, claims and revisions; an API that answers at once, and caches that follow at once or when told.
// Each reconcile is run twice, with the kept summaries and without any, and must make the same calls: that the derived state
// changes no decision is checked at every step of every test that uses this world.
import { expect } from 'vitest';
import type { ApiCall, ApiReply, ControllerRevision, KubeObject, PersistentVolumeClaim, Pod, StatefulSet } from '@kubesim/api';
import type { CacheChange, HandlerContext, Lister, Profile, ReconcileContext, ReconcileResult } from '@kubesim/client';
import { OrderedMap, type Epoch } from '@kubesim/kernel';
import { statefulSetController } from '../../src/stateful-set/stateful-set-controller.ts';

export const SETS = 'statefulsets.apps';
export const REVISIONS = 'controllerrevisions.apps';
export const CLAIMS = 'persistentvolumeclaims';
export const START_MS: number = Date.UTC(2026, 0, 1);

/** An answer that fails: after so many that succeed, so many times (0: always). */
export interface Fault {
  readonly verb: string;
  readonly resource: string;
  readonly reason: string;
  after?: number;
  times: number;
}

/** What one reconcile did. */
export interface Done {
  readonly calls: readonly ApiCall[];
  /** `create pods web-0`, in order, failed ones marked with `!`. */
  readonly actions: readonly string[];
  readonly events: readonly string[];
  readonly error: string | undefined;
  readonly requeues: readonly number[];
}

interface StateRecord {
  summaries: OrderedMap<unknown>;
  writes: unknown;
}

export class SetWorld {
  now: number = START_MS;
  readonly faults: Fault[] = [];
  readonly enqueued: string[] = [];
  readonly delayed: { readonly key: string; readonly delayMs: number }[] = [];
  readonly explained: Map<string, string> = new Map();
  profile: Profile;
  /** Caches follow writes at once. */
  isPrompt = true;
  /** What a deleted pod becomes: gone, or terminating. */
  deletesAtOnce = true;
  private readonly store = new Map<string, Map<string, KubeObject>>();
  private readonly caches = new Map<string, Map<string, KubeObject>>();
  private readonly unseen = new Map<string, CacheChange[]>();
  private readonly seen = new Map<string, number>();
  private readonly state = statefulSetController.initialState?.() as StateRecord;
  private readonly epoch: Epoch = { kind: 'epoch' };
  private revision = 0;
  private incarnation = 0;

  constructor(kubernetes: Profile['kubernetes'] = '1.37', featureGates: Profile['featureGates'] = {}) {
    this.profile = { kubernetes, featureGates };
  }

  // ---- what tests do to the world

  create(resource: string, object: object): KubeObject {
    const reply = this.answer({ verb: 'create', resource, namespace: 'default', object: object as KubeObject }, false);
    if (!reply.ok) throw new Error(reply.status.message);
    return reply.object;
  }

  set(name = 'web'): StatefulSet {
    return this.stored(SETS, name) as unknown as StatefulSet;
  }

  /** Edits the set as a user does: the generation follows. */
  editSet(edit: (spec: StatefulSet['spec']) => Partial<StatefulSet['spec']>, name = 'web'): void {
    const set = this.set(name);
    const generation = (set.metadata.generation ?? 1) + 1;
    this.put(SETS, { ...set, metadata: { ...set.metadata, generation }, spec: { ...set.spec, ...edit(set.spec) } });
  }

  pods(): readonly Pod[] {
    return this.list('pods') as unknown as readonly Pod[];
  }

  podNames(): readonly string[] {
    return this.pods().map((pod) => pod.metadata.name);
  }

  claims(): readonly PersistentVolumeClaim[] {
    return this.list(CLAIMS) as unknown as readonly PersistentVolumeClaim[];
  }

  revisions(): readonly ControllerRevision[] {
    return [...(this.list(REVISIONS) as unknown as readonly ControllerRevision[])].sort((a, b) => (a.revision ?? 0) - (b.revision ?? 0));
  }

  pod(name: string): Pod {
    return this.stored('pods', name) as unknown as Pod;
  }

  editPod(name: string, edit: (pod: Pod) => Pod): void {
    this.put('pods', edit(this.pod(name)));
  }

  setPhase(name: string, phase: string, options: { readonly ready?: boolean; readonly since?: number } = {}): void {
    const lastTransitionTime = time(options.since ?? this.now);
    const conditions = options.ready === undefined ? undefined
      : [{ type: 'Ready', status: options.ready ? 'True' : 'False', lastTransitionTime, lastProbeTime: undefined }];
    this.editPod(name, (pod) => ({ ...pod, status: { phase, ...(conditions === undefined ? {} : { conditions }) } }) as Pod);
  }

  setReady(name: string, since?: number): void {
    this.setPhase(name, 'Running', { ready: true, since });
  }

  setTerminating(name: string): void {
    this.editPod(name, (pod) => ({ ...pod, metadata: { ...pod.metadata, deletionTimestamp: time(this.now) } }));
  }

  edit(resource: string, name: string, change: (object: KubeObject) => KubeObject): void {
    this.put(resource, change(this.stored(resource, name)));
  }

  remove(resource: string, name: string): void {
    const old = this.store.get(resource)?.get(name);
    if (old === undefined) return;
    this.store.get(resource)?.delete(name);
    this.revision++;
    this.publish({ resource, type: 'DELETED', before: old });
  }

  /** Lets the cache of a resource see its next changes. */
  deliver(resource: string, count: number = Infinity): void {
    const changes = this.unseen.get(resource) ?? [];
    for (const change of changes.splice(0, count)) {
      const name = ((change.after ?? change.before) as KubeObject).metadata.name ?? '';
      const cache = at(this.caches, resource);
      const before = cache.get(name);
      if (change.after === undefined) cache.delete(name);
      else cache.set(name, change.after);
      if (change.after !== undefined) this.seen.set(resource, Number(change.after.metadata.resourceVersion));
      statefulSetController.handle(this.handlerContext(), { ...change, before: before ?? change.before });
    }
    if (changes.length === 0) this.seen.set(resource, this.revision);
  }

  unseenCount(resource: string): number {
    return this.unseen.get(resource)?.length ?? 0;
  }

  deliverAll(): void {
    for (const resource of this.unseen.keys()) this.deliver(resource);
  }

  // ---- the controller

  /** One reconcile of the set, to its end. Throws if it would go another way without the kept summaries. */
  reconcile(name = 'web'): Done {
    const replies: (ApiReply | undefined)[] = [];
    const actions: string[] = [];
    const events: string[] = [];
    const requeues: number[] = [];
    const kept = this.run(name, this.state, { events, requeues, explains: true }, (call) => {
      const reply = this.answer(call, true);
      replies.push(reply);
      if (call.verb !== 'get') actions.push(actionOf(call, reply));
      return reply;
    });
    return { calls: kept.calls, actions, events, error: kept.error, requeues };
  }

  /** Reconciles until nothing is written any more; answers all that was done. */
  settle(name = 'web', limit = 50): readonly string[] {
    const all: string[] = [];
    for (let turn = 0; turn < limit; turn++) {
      const { actions } = this.reconcile(name);
      if (actions.length === 0) return all;
      all.push(...actions);
    }
    throw new Error(`does not settle: ${all.slice(-12).join(', ')}`);
  }

  /** What a reconcile would do first if nothing at all were kept: for comparing with what it does. */
  planned(name: string, withKept: boolean): unknown {
    const state: StateRecord = withKept ? this.state : { summaries: OrderedMap.empty(), writes: this.state.writes };
    const plans: unknown[] = [];
    const context = this.reconcileContext(state, { events: [], requeues: [], explains: false }, plans);
    const run = statefulSetController.reconcile(context, `default/${name}`);
    const first = run.next();
    return JSON.parse(JSON.stringify({ plans: plans.filter(isPlan), first: first.done === true ? null : first.value, end: first.done === true ? first.value : undefined }));
  }

  private run(
    name: string, state: StateRecord, notes: Notes, answer: (call: ApiCall) => ApiReply,
  ): { readonly calls: readonly ApiCall[]; readonly error: string | undefined } {
    expect(this.planned(name, true)).toEqual(this.planned(name, false));
    const calls: ApiCall[] = [];
    const run = statefulSetController.reconcile(this.reconcileContext(state, notes, []), `default/${name}`);
    let step = run.next();
    while (step.done !== true) {
      if ('pauseMs' in step.value) {
        step = run.next({ ok: true, object: { metadata: {} } });
        continue;
      }
      if (step.value.verb !== 'get') calls.push(step.value);
      step = run.next(answer(step.value));
    }
    const result: ReconcileResult = step.value;
    return { calls, error: result !== undefined && 'error' in result ? result.error : undefined };
  }

  private reconcileContext(state: StateRecord, notes: Notes, plans: unknown[]): ReconcileContext {
    return {
      now: this.now, clock: this.now, profile: this.profile, state, epoch: this.epoch,
      lister: <T>(resource: string) => this.lister(resource) as unknown as Lister<T>,
      decide: (make) => {
        const made = make();
        plans.push(made);
        return made;
      },
      event: (event) => { notes.events.push(`${event.type} ${event.reason} ${event.message}`); },
      enqueueAfter: (_key, delayMs) => { notes.requeues.push(delayMs); },
      explain: (subject, why) => { if (notes.explains) this.explained.set(subject, `${why.rule}: ${why.message}`); },
      random: () => ({ below: () => 0 }),
    };
  }

  private handlerContext(): HandlerContext {
    return {
      now: this.now, profile: this.profile, state: this.state, epoch: this.epoch,
      lister: <T>(resource: string) => this.lister(resource) as unknown as Lister<T>,
      watch: (resource) => { throw new RangeError(`${resource} is not among what a StatefulSet controller watches`); },
      enqueue: (key) => { this.enqueued.push(key); },
      enqueueAfter: (key, delayMs) => { this.delayed.push({ key, delayMs }); },
    };
  }

  private lister(resource: string): Lister {
    const all = (): readonly KubeObject[] => sorted(at(this.caches, resource));
    const controller = (object: KubeObject): string | undefined => object.metadata.ownerReferences?.find((reference) => reference.controller === true)?.uid;
    return {
      get: (_namespace, name) => at(this.caches, resource).get(name),
      list: all,
      byOwner: (uid) => all().filter((object) => controller(object) === uid),
      byOwnerUid: (uid) => all().filter((object) => object.metadata.ownerReferences?.some((reference) => reference.uid === uid)),
      orphans: () => all().filter((object) => controller(object) === undefined),
      seenRevision: () => (this.unseenCount(resource) === 0 ? this.revision : this.seen.get(resource) ?? 0),
    };
  }

  // ---- the API

  private list(resource: string): readonly KubeObject[] {
    return sorted(at(this.store, resource));
  }

  private stored(resource: string, name: string): KubeObject {
    const found = at(this.store, resource).get(name);
    if (found === undefined) throw new Error(`no ${resource} ${name}`);
    return found;
  }

  private put(resource: string, object: object): KubeObject {
    const value = object as KubeObject;
    const name = value.metadata.name ?? '';
    const before = at(this.store, resource).get(name);
    const stored = freeze({ ...value, metadata: { ...value.metadata, resourceVersion: String(++this.revision) } });
    at(this.store, resource).set(name, stored);
    this.publish(before === undefined ? { resource, type: 'ADDED', after: stored } : { resource, type: 'MODIFIED', before, after: stored });
    return stored;
  }

  private publish(change: CacheChange): void {
    const changes = this.unseen.get(change.resource);
    if (changes === undefined) this.unseen.set(change.resource, [change]);
    else changes.push(change);
    if (this.isPrompt) this.deliver(change.resource);
  }

  private answer(call: ApiCall, mayFail: boolean): ApiReply {
    const plural = call.resource.split('.')[0] as string;
    const name = 'name' in call && call.name !== undefined ? call.name : 'object' in call ? call.object.metadata.name ?? '' : '';
    const fault = mayFail ? this.faultFor(call) : undefined;
    if (fault !== undefined) return failure(fault, `injected ${fault} of ${plural} "${name}"`);
    const held = at(this.store, call.resource).get(name);
    if (call.verb === 'create') {
      if (held !== undefined) return failure('AlreadyExists', `${plural} "${name}" already exists`);
      const uid = `uid-${name}-${++this.incarnation}`;
      const status = call.resource === 'pods' ? { status: { phase: 'Pending' } } : {};
      const metadata = { generation: 1, ...call.object.metadata, uid, namespace: 'default', creationTimestamp: time(this.now) };
      return { ok: true, object: this.put(call.resource, { ...strip(call.object), ...status, metadata }) };
    }
    if (held === undefined) return failure('NotFound', `${plural} "${name}" not found`);
    switch (call.verb) {
      case 'get': return { ok: true, object: held };
      case 'update': {
        const version = call.object.metadata.resourceVersion;
        if (version !== undefined && version !== held.metadata.resourceVersion) return failure('Conflict', `${plural} "${name}" was modified`);
        const object = call.subresource === 'status' ? { ...held, status: strip(call.object['status'] as object) } : { ...strip(call.object), ...(held['status'] === undefined ? {} : { status: held['status'] as unknown }) };
        return { ok: true, object: this.put(call.resource, object) };
      }
      case 'patch': return { ok: true, object: this.put(call.resource, patchOwners(held, call.patch)) };
      case 'delete': {
        if (call.resource !== 'pods' || this.deletesAtOnce) this.remove(call.resource, name);
        else if (held.metadata.deletionTimestamp === undefined) this.put(call.resource, { ...held, metadata: { ...held.metadata, deletionTimestamp: time(this.now) } });
        return { ok: true, object: held };
      }
      default: throw new Error(`the controller does not ${call.verb}`);
    }
  }

  private faultFor(call: ApiCall): string | undefined {
    const resource = call.subresource === undefined ? call.resource : `${call.resource}/${call.subresource}`;
    const fault = this.faults.find((one) => one.verb === call.verb && one.resource === resource);
    if (fault === undefined) return undefined;
    if ((fault.after ?? 0) > 0) {
      fault.after = (fault.after ?? 0) - 1;
      return undefined;
    }
    if (fault.times === 1) this.faults.splice(this.faults.indexOf(fault), 1);
    else if (fault.times > 1) fault.times--;
    return fault.reason;
  }
}

interface Notes {
  readonly events: string[];
  readonly requeues: number[];
  readonly explains: boolean;
}

/** A plan of a sync or the names that history drops; what is listed on the way may differ, as it is listed only where needed. */
function isPlan(made: unknown): boolean {
  return typeof made === 'object' && made !== null && 'phases' in made;
}

function actionOf(call: ApiCall, reply: ApiReply): string {
  const resource = `${call.resource.split('.')[0]}${call.subresource === undefined ? '' : `/${call.subresource}`}`;
  const name = 'name' in call && call.name !== undefined ? call.name : 'object' in call ? call.object.metadata.name : '';
  return `${call.verb} ${resource} ${name}${reply.ok ? '' : ' !'}`;
}

function at(maps: Map<string, Map<string, KubeObject>>, resource: string): Map<string, KubeObject> {
  let map = maps.get(resource);
  if (map === undefined) maps.set(resource, (map = new Map()));
  return map;
}

function sorted(map: Map<string, KubeObject>): readonly KubeObject[] {
  return [...map.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
}

/** What is undefined in a body is not sent. */
function strip<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function patchOwners(object: KubeObject, patch: unknown): KubeObject {
  const owners = (patch as { metadata: { ownerReferences: readonly Record<string, unknown>[] } }).metadata.ownerReferences;
  let ownerReferences = [...(object.metadata.ownerReferences ?? [])];
  for (const owner of owners) {
    ownerReferences = ownerReferences.filter((reference) => reference.uid !== owner['uid']);
    if (owner['$patch'] !== 'delete') ownerReferences.push(owner as never);
  }
  return { ...object, metadata: { ...object.metadata, ownerReferences } };
}

function failure(reason: string, message: string): ApiReply {
  return { ok: false, status: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code: 500 } };
}

export function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) freeze(item);
  }
  return value;
}
