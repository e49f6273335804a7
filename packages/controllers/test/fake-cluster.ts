// A tiny cluster for tests of controllers: objects in maps, an API that answers at once, and queues run to quiescence.
// It knows deletion (finalizers, propagation, grace of scheduled pods), merge patches, and Conflict on stale writes.
// Validation, admission and lagging caches are not here.
import { builtInScheme, type ApiCall, type ApiReply, type KubeObject } from '@kubesim/api';
import type { CacheChange, Controller, EventToRecord, HandlerContext, Lister, Profile, Reason, ReconcileContext } from '@kubesim/client';

const EPOCH = { kind: 'epoch' } as const;
const START_MS = Date.UTC(2026, 0, 1);
const UNGRACEFUL = { ok: true } as const;

interface Member {
  readonly controller: Controller;
  readonly state: object;
  readonly queue: string[];
  readonly delayed: Map<string, { at: number; quiet: boolean }>;
  readonly failures: Map<string, number>;
  readonly watched: Set<string>;
}

/** A failure to answer with: counts down, 0 times is always. */
export interface Fault {
  readonly verb: string;
  readonly resource: string;
  readonly name?: string;
  readonly reason: string;
  readonly message?: string;
  times: number;
}

/** A merge patch of JSON. `null` deletes; lists are replaced, except those that `key` merges. */
function merge(target: unknown, patch: unknown, strategic: boolean, field = ''): unknown {
  if (strategic && Array.isArray(patch)) {
    const key = field === 'ownerReferences' ? 'uid' : field === 'conditions' ? 'type' : undefined;
    if (key !== undefined) {
      let items = [...((target as Record<string, unknown>[] | undefined) ?? [])];
      for (const item of patch as Record<string, unknown>[]) {
        if (item['$patch'] === 'delete') items = items.filter((old) => old[key] !== item[key]);
        else if (items.some((old) => old[key] === item[key])) items = items.map((old) => (old[key] === item[key] ? merge(old, item, true) : old) as Record<string, unknown>);
        else items.push(item);
      }
      return items;
    }
    return patch;
  }
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const out: Record<string, unknown> = typeof target === 'object' && target !== null ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    const listed = /^\$deleteFromPrimitiveList\/(.*)$/.exec(name)?.[1];
    if (listed !== undefined) out[listed] = ((out[listed] as unknown[] | undefined) ?? []).filter((item) => !(value as unknown[]).includes(item));
    if (name.startsWith('$')) continue;
    if (value === null) delete out[name];
    else out[name] = merge(out[name], value, strategic, name);
  }
  return out;
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) freeze(item);
  }
  return value;
}

/** Objects, an API and controllers. */
export class FakeCluster {
  now = START_MS;
  readonly calls: string[] = [];
  readonly bodies: ApiCall[] = [];
  readonly events: string[] = [];
  readonly eventObjects: EventToRecord[] = [];
  readonly why = new Map<string, Reason>();
  readonly errors: string[] = [];
  readonly faults: Fault[] = [];
  profile: Profile = { kubernetes: '1.37', featureGates: {} };
  private readonly store = new Map<string, Map<string, KubeObject>>();
  private readonly members: Member[] = [];
  private revision = 0;
  private started = false;

  constructor(...controllers: Controller[]) {
    for (const controller of controllers) {
      this.members.push({ controller, state: controller.initialState?.() ?? {}, queue: [], delayed: new Map(), failures: new Map(), watched: new Set(controller.watches) });
    }
  }

  /** Creates an object as a user would. */
  create(resource: string, object: object): KubeObject {
    const reply = this.answer({ verb: 'create', resource, object: object as KubeObject, ...this.namespaceOf(object as KubeObject) });
    if (!reply.ok) throw new Error(reply.status.message);
    return reply.object;
  }

  /** Replaces fields of an object (a merge patch) as a user or another process would. */
  patch(resource: string, key: string, patch: unknown): KubeObject {
    const old = this.find(resource, key);
    if (old === undefined) throw new Error(`no ${resource} ${key}`);
    return this.put(resource, key, merge(old, patch, false) as KubeObject);
  }

  delete(resource: string, key: string, options: Record<string, unknown> = {}): void {
    const { namespace, name } = split(key);
    const reply = this.answer({ verb: 'delete', resource, namespace, name, options });
    if (!reply.ok) throw new Error(reply.status.message);
  }

  /** Takes an object away, whatever its finalizers (as a kubelet's last delete does for a pod). */
  remove(resource: string, key: string): void {
    const old = this.find(resource, key);
    this.store.get(resource)?.delete(key);
    if (old !== undefined) this.notify({ resource, type: 'DELETED', before: old });
  }

  find(resource: string, key: string): KubeObject | undefined {
    return this.store.get(resource)?.get(key);
  }

  get(resource: string, key: string): KubeObject {
    const found = this.find(resource, key);
    if (found === undefined) throw new Error(`no ${resource} ${key}`);
    return found;
  }

  list(resource: string): readonly KubeObject[] {
    return [...(this.store.get(resource) ?? new Map<string, KubeObject>()).entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  /** Runs all that is due now, to quiescence. */
  settle(): void {
    if (!this.started) {
      this.started = true;
      for (const member of this.members) member.controller.start?.(this.contextOf(member));
    }
    for (let turn = 0; turn < 5000; turn++) {
      const member = this.members.find((one) => one.queue.length > 0);
      if (member === undefined) return;
      this.work(member, member.queue.shift() as string);
    }
    throw new Error(`does not settle: ${this.calls.slice(-10).join(', ')}`);
  }

  /** Lets time pass, firing what falls due on the way. */
  advance(ms: number): void {
    this.settle();
    const end = this.now + ms;
    for (let turn = 0; turn < 20_000; turn++) {
      let next: { member: Member; key: string; at: number } | undefined;
      for (const member of this.members) {
        for (const [key, { at }] of member.delayed) if (at <= end && (next === undefined || at < next.at)) next = { member, key, at };
      }
      if (next === undefined) {
        this.now = end;
        return;
      }
      this.now = Math.max(this.now, next.at);
      next.member.delayed.delete(next.key);
      this.enqueue(next.member, next.key);
      this.settle();
    }
    throw new Error('time does not pass');
  }

  /** What was called since the last look. */
  taken(): string[] {
    return this.calls.splice(0);
  }

  takenEvents(): string[] {
    return this.events.splice(0);
  }

  /** Keys that wait for an instant, other than quiet ones. */
  waiting(): string[] {
    return this.members.flatMap((member) => [...member.delayed].filter(([, { quiet }]) => !quiet).map(([key]) => key));
  }

  stateOf<S>(name: string): S {
    return this.members.find((member) => member.controller.name === name)?.state as S;
  }

  private namespaceOf(object: KubeObject): { namespace?: string } {
    return object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace };
  }

  private enqueue(member: Member, key: string): void {
    if (!member.queue.includes(key)) member.queue.push(key);
  }

  private work(member: Member, key: string): void {
    const context = this.contextOf(member);
    const run = member.controller.reconcile(context, key);
    let next = run.next();
    while (next.done !== true) {
      if ('pauseMs' in next.value) {
        this.now += next.value.pauseMs;
        next = run.next(UNGRACEFUL as unknown as ApiReply);
        continue;
      }
      const call = next.value;
      if (call.verb !== 'get' && call.verb !== 'list') {
        const name = 'name' in call && call.name !== undefined ? call.name : call.verb === 'create' ? (call.object.metadata.name ?? `${call.object.metadata.generateName}?`) : '*';
        this.calls.push(`${call.verb} ${call.resource}${call.subresource === undefined ? '' : `/${call.subresource}`} ${name}`);
        this.bodies.push(call);
      }
      next = run.next(this.answer(call));
    }
    const result = next.value;
    if (result !== undefined && 'error' in result) {
      this.errors.push(result.error);
      const failures = member.failures.get(key) ?? 0;
      member.failures.set(key, failures + 1);
      context.enqueueAfter(key, Math.min(1_000_000, 5 * 2 ** failures));
    } else {
      member.failures.delete(key);
      if (result !== undefined && 'requeueAfterMs' in result) context.enqueueAfter(key, result.requeueAfterMs);
    }
  }

  private contextOf(member: Member): ReconcileContext & HandlerContext {
    const cluster = this;
    return {
      now: this.now,
      get clock() { return cluster.now; },
      profile: this.profile,
      state: member.state,
      epoch: EPOCH,
      lister: <T>(resource: string) => {
        if (!member.watched.has(resource)) throw new RangeError(`${member.controller.name}: ${resource} is not among what it watches`);
        return this.lister(resource) as unknown as Lister<T>;
      },
      decide: (make) => freeze(make()),
      event: (event) => {
        this.eventObjects.push(event);
        this.events.push(`${event.type} ${event.reason} ${event.message}`);
      },
      watch: (resource) => {
        if (member.watched.has(resource)) return;
        member.watched.add(resource);
        for (const object of this.list(resource)) member.controller.handle(this.contextOf(member), { resource, type: 'ADDED', after: object });
      },
      enqueue: (key) => this.enqueue(member, key),
      enqueueAfter: (key, delayMs, options) => {
        if (delayMs <= 0) return this.enqueue(member, key);
        const at = this.now + Math.ceil(delayMs);
        const old = member.delayed.get(key);
        if (old === undefined || old.at > at) member.delayed.set(key, { at, quiet: options?.quietUntil !== undefined || options?.long === true });
      },
      explain: (subject, why) => { this.why.set(subject, why); },
      random: () => ({ below: () => 0 }),
    };
  }

  private lister(resource: string): Lister {
    const all = (namespace?: string): readonly KubeObject[] => this.list(resource).filter((object) => namespace === undefined || (object.metadata.namespace ?? '') === namespace);
    return {
      get: (namespace, name) => this.find(resource, namespace === '' ? name : `${namespace}/${name}`),
      list: all,
      byOwner: (uid) => all().filter((object) => object.metadata.ownerReferences?.some((reference) => reference.controller === true && reference.uid === uid)),
      byOwnerUid: (uid) => all().filter((object) => object.metadata.ownerReferences?.some((reference) => reference.uid === uid)),
      orphans: (namespace) => all(namespace).filter((object) => !object.metadata.ownerReferences?.some((reference) => reference.controller === true)),
    };
  }

  private notify(change: CacheChange): void {
    for (const member of this.members) {
      if (member.watched.has(change.resource)) member.controller.handle(this.contextOf(member), change);
    }
  }

  private put(resource: string, key: string, object: KubeObject): KubeObject {
    const old = this.find(resource, key);
    // A write that changes nothing takes no revision.
    if (old !== undefined && JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: old.metadata.resourceVersion } }) === JSON.stringify(old)) return old;
    this.revision++;
    const stored = freeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(this.revision) } });
    let map = this.store.get(resource);
    if (map === undefined) this.store.set(resource, map = new Map());
    if (old !== undefined && stored.metadata.deletionTimestamp !== undefined && isDone(stored)) {
      map.delete(key);
      this.notify({ resource, type: 'DELETED', before: old });
      return stored;
    }
    map.set(key, stored);
    this.notify(old === undefined ? { resource, type: 'ADDED', after: stored } : { resource, type: 'MODIFIED', before: old, after: stored });
    return stored;
  }

  private answer(call: ApiCall): ApiReply {
    const name = 'name' in call ? call.name : undefined;
    const fault = this.faults.find((one) => one.verb === call.verb && one.resource === call.resource && (one.name === undefined || one.name === name) && one.times !== -1);
    if (fault !== undefined) {
      if (fault.times > 0) fault.times = fault.times === 1 ? -1 : fault.times - 1;
      return failed(fault.reason, fault.message ?? `injected ${fault.reason}`);
    }
    const key = call.namespace === undefined || call.namespace === '' ? (name ?? '') : `${call.namespace}/${name ?? ''}`;
    const old = name === undefined ? undefined : this.find(call.resource, key);
    switch (call.verb) {
      case 'create': return this.answerCreate(call);
      case 'list': return { ok: true, object: { metadata: { resourceVersion: String(this.revision) }, items: this.list(call.resource).filter((object) => matches(object, call)) } as unknown as KubeObject };
      case 'deletecollection': {
        for (const object of this.list(call.resource)) if (matches(object, call)) this.answerDelete(call.resource, object, call.options ?? {});
        return { ok: true, object: { metadata: {} } };
      }
      default:
    }
    if (old === undefined) return failed('NotFound', `${call.resource} "${name}" not found`);
    switch (call.verb) {
      case 'get': return { ok: true, object: old };
      case 'delete': return this.answerDelete(call.resource, old, call.options ?? {});
      case 'patch': {
        const patch = call.patch as { metadata?: { resourceVersion?: string; uid?: string } };
        const { resourceVersion, uid } = patch.metadata ?? {};
        if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) return failed('Conflict', 'the object has been modified');
        if (uid !== undefined && uid !== old.metadata.uid) return failed('Conflict', 'uid differs');
        return { ok: true, object: this.put(call.resource, key, merge(old, patch, call.patchType === 'strategic') as KubeObject) };
      }
      case 'update': {
        const version = call.object.metadata.resourceVersion;
        if (version !== undefined && version !== old.metadata.resourceVersion) return failed('Conflict', `Operation cannot be fulfilled on ${call.resource} "${name}": the object has been modified; please apply your changes to the latest version and try again`);
        const next = call.subresource === 'status' ? { ...old, status: call.object['status'] }
          : call.subresource === 'finalize' ? { ...old, spec: call.object['spec'] }
          : { ...call.object, ...(old['status'] === undefined ? {} : { status: old['status'] }), metadata: { ...call.object.metadata, uid: old.metadata.uid, creationTimestamp: old.metadata.creationTimestamp } };
        return { ok: true, object: this.put(call.resource, key, next as KubeObject) };
      }
    }
  }

  private answerCreate(call: ApiCall & { verb: 'create' }): ApiReply {
    const { object } = call;
    if (call.subresource !== undefined) return { ok: true, object };
    const name = object.metadata.name ?? `${object.metadata.generateName}${this.revision + 1}`;
    const namespace = object.metadata.namespace ?? call.namespace;
    const key = namespace === undefined ? name : `${namespace}/${name}`;
    if (this.find(call.resource, key) !== undefined) return failed('AlreadyExists', `${call.resource} "${name}" already exists`);
    const kind = builtInScheme.byResource(call.resource);
    const metadata = { uid: `uid-${name}-${this.revision + 1}`, creationTimestamp: time(this.now), generation: 1, ...object.metadata, name, ...(namespace === undefined ? {} : { namespace }) };
    const identity = kind === undefined ? {} : { apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`, kind: kind.kind };
    return { ok: true, object: this.put(call.resource, key, { ...identity, ...object, metadata } as KubeObject) };
  }

  private answerDelete(resource: string, old: KubeObject, options: { propagationPolicy?: string; gracePeriodSeconds?: number; preconditions?: { uid?: string; resourceVersion?: string } }): ApiReply {
    const key = old.metadata.namespace === undefined ? old.metadata.name as string : `${old.metadata.namespace}/${old.metadata.name}`;
    const { uid, resourceVersion } = options.preconditions ?? {};
    if (uid !== undefined && uid !== old.metadata.uid) return failed('Conflict', 'uid precondition');
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) return failed('Conflict', 'rv precondition');
    const finalizers = (old.metadata.finalizers ?? []).filter((finalizer) => options.propagationPolicy === undefined || (finalizer !== 'orphan' && finalizer !== 'foregroundDeletion'));
    if (options.propagationPolicy === 'Orphan') finalizers.push('orphan');
    if (options.propagationPolicy === 'Foreground') finalizers.push('foregroundDeletion');
    const isScheduledPod = resource === 'pods' && old['spec']?.nodeName !== undefined && !['Succeeded', 'Failed'].includes(old['status']?.phase ?? '');
    const grace = isScheduledPod ? (options.gracePeriodSeconds ?? old['spec'].terminationGracePeriodSeconds ?? 30) : 0;
    const metadata = { ...old.metadata, finalizers, deletionTimestamp: old.metadata.deletionTimestamp ?? time(this.now + grace * 1000), deletionGracePeriodSeconds: Math.min(grace, old.metadata.deletionGracePeriodSeconds ?? grace) };
    return { ok: true, object: this.put(resource, key, { ...old, metadata }) };
  }
}

function isDone(object: KubeObject): boolean {
  return (object.metadata.finalizers ?? []).length === 0 && (object.metadata.deletionGracePeriodSeconds ?? 0) === 0 && (object['spec']?.finalizers ?? []).length === 0;
}

function matches(object: KubeObject, call: { readonly namespace?: string; readonly fieldSelector?: string }): boolean {
  if (call.namespace !== undefined && call.namespace !== '' && object.metadata.namespace !== call.namespace) return false;
  const [field, value] = (call.fieldSelector ?? '').split('=');
  return field !== 'spec.nodeName' || object['spec']?.nodeName === value;
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function split(key: string): { namespace?: string; name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

function failed(reason: string, message: string): ApiReply {
  return { ok: false, status: { apiVersion: 'v1', kind: 'Status', status: 'Failure', reason, message, code: 400 } as never };
}
