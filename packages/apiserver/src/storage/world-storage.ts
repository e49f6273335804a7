// Storage over the World of a machine: the head, one history of changes, and the views that follow it.
import type { KubeObject, ResourceName } from '@kubesim/api';
import { hashText, type ComponentType, type Machine } from '@kubesim/kernel';
import { changesOf, instantInSpans, lastRevision, repeatStore, revisionInSpans, type QuietSpan } from './quiet-span.ts';
import type { Change, Storage } from './storage.ts';
import { editTable, emptyStore, index, indexed, prefixEnd, readTable, type StoreState, type WriteInstant } from './table.ts';
import { wakeSubscribers } from './view.ts';

/** Name of the store component in a World. @public */
export const STORE = 'store';

/** Resources with a revision counter of their own, so that recording Events changes nothing else. */
export function isEventResource(resource: ResourceName): boolean {
  return resource === 'events' || resource === 'events.events.k8s.io';
}

/** The component that holds the store. It receives nothing: processes write through the API server within their own steps. @public */
export const storeComponent: ComponentType<StoreState, never> = {
  name: STORE,
  version: 3,
  initial: emptyStore,
  receive: () => {},
  repeat: repeatStore,
  // Indexes say nothing that the objects do not, history is read by watchers outside the machine alone, and Events steer nothing.
  hash: (state, hasher) => {
    hasher.counter(state.revision).counter(state.compactedRevision);
    // Who watches follows from which processes are up; the order in which they are told counts for exact identity alone.
    state.subscribers.forEach((slots, key) => {
      hasher.counter(hashText(slots.length, key));
      for (const slot of slots) hasher.counter(slot);
    });
    state.tables.forEach(({ objects, incarnations }, resource) => {
      if (isEventResource(resource)) return;
      hasher.text(resource).value(objects);
      incarnations.forEach((count, key) => hasher.counter(hashText(count, key)));
    });
  },
};

/**
 * The value frozen with everything under it. What is frozen already is frozen deeply, and is kept; the rest is copied field by
 * field: what V8 copies by spread and freezes afterwards would get a hidden class of its own, in more time and memory. @internal
 */
export function frozen<T>(value: T): T {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) return Object.freeze(value.map((item: unknown) => frozen(item))) as T;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const field = (value as Readonly<Record<string, unknown>>)[key];
    if (key === '__proto__') Object.defineProperty(copy, key, { value: frozen(field), enumerable: true });
    else copy[key] = typeof field === 'object' ? frozen(field) : field;
  }
  return Object.freeze(copy) as T;
}

const NO_OBJECTS: readonly KubeObject[] = [];

const NO_RESOURCES: QuietSpan['resources'] = Object.freeze({});

const CHANGE_CODES = { ADDED: 1, MODIFIED: 2, DELETED: 3 } as const;

/** Reads and writes the store of a machine's World. Holds no state of its own. @public */
export class WorldStorage implements Storage {
  private readonly machine: Machine;
  private readonly slot: number;

  constructor(machine: Machine) {
    this.machine = machine;
    this.slot = machine.slotOf(STORE);
    if (this.slot < 0) throw new RangeError('storage: the machine has no store component');
  }

  private get state(): StoreState {
    return this.machine.peek<StoreState>(this.slot);
  }

  get revision(): number {
    return this.state.revision;
  }

  revisionOf(resource: ResourceName): number {
    return isEventResource(resource) ? this.state.eventRevision : this.state.revision;
  }

  /** Resources that anything was ever written to, in key order. */
  resources(): readonly ResourceName[] {
    return [...this.state.tables.keys()];
  }

  get compactedRevision(): number {
    return this.state.compactedRevision;
  }

  get(resource: ResourceName, key: string): KubeObject | undefined {
    return readTable(this.state, resource)?.objects.get(key);
  }

  list(resource: ResourceName, prefix: string = '', startKey?: string): Iterable<KubeObject> {
    const objects = readTable(this.state, resource)?.objects;
    if (objects === undefined || objects.size === 0) return NO_OBJECTS;
    const from = startKey !== undefined && startKey > prefix ? startKey : prefix;
    const found: KubeObject[] = [];
    objects.forEach((object) => { found.push(object); }, from === '' ? undefined : from, prefix === '' ? undefined : prefixEnd(prefix));
    return found;
  }

  count(resource: ResourceName, prefix: string = ''): number {
    const objects = readTable(this.state, resource)?.objects;
    if (objects === undefined) return 0;
    if (prefix === '') return objects.size;
    let count = 0;
    objects.forEach(() => count++, prefix, prefixEnd(prefix));
    return count;
  }

  at(revision: number): Pick<Storage, 'get' | 'list' | 'count'> {
    return new PastStorage(this, revision);
  }

  put(resource: ResourceName, key: string, object: KubeObject, held?: KubeObject | null): Change {
    const before = held === undefined ? this.get(resource, key) : held ?? undefined;
    return this.commit(before === undefined ? 'ADDED' : 'MODIFIED', resource, key, before, frozen(object));
  }

  remove(resource: ResourceName, key: string, last: KubeObject): Change {
    return this.commit('DELETED', resource, key, this.get(resource, key), frozen(last));
  }

  changesSince(resource: ResourceName, revision: number): Iterable<Change> {
    return this.changes(resource, revision, false);
  }

  /** Changes after a revision; of heartbeats that were crossed all, or one period: then every key that changes shows its first change. */
  *changes(resource: ResourceName, revision: number, firstOnly: boolean): Generator<Change, void, undefined> {
    const { tables, spans, compactedRevision } = this.state;
    const history = tables.get(resource)?.history;
    if (history === undefined) return;
    let low = history.base;
    let high = history.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((history.get(middle) as Change).revision <= revision) low = middle + 1;
      else high = middle;
    }
    for (const span of isEventResource(resource) ? [] : spans) {
      if (lastRevision(span) <= revision) continue;
      for (; low < history.length && (history.get(low) as Change).revision <= span.revision; low++) yield history.get(low) as Change;
      const from = Math.max(revision, compactedRevision, span.revision);
      yield* changesOf(span, resource, from, firstOnly ? from + span.period.versions : Infinity);
    }
    for (; low < history.length; low++) yield history.get(low) as Change;
  }

  incarnation(resource: ResourceName, key: string): number {
    return readTable(this.state, resource)?.incarnations.get(key) ?? 0;
  }

  /** Objects with an owner reference of this uid, of one resource or of all, by resource and key. */
  *dependents(uid: string, resource?: ResourceName): Iterable<{ readonly resource: ResourceName; readonly object: KubeObject }> {
    const prefix = resource === undefined ? `${uid} ` : `${uid} ${resource} `;
    if (resource !== undefined) {
      for (const object of indexed(this.state.dependents, prefix, readTable(this.state, resource)?.objects)) yield { resource, object };
      return;
    }
    for (const [entry, key] of this.state.dependents.entries(prefix, prefixEnd(prefix))) {
      const of = entry.slice(uid.length + 1, entry.indexOf(' ', uid.length + 1));
      const object = this.get(of, key);
      if (object !== undefined) yield { resource: of, object };
    }
  }

  *podsOnNode(node: string): Iterable<KubeObject> {
    yield* indexed(this.state.podsByNode, `${node} `, readTable(this.state, 'pods')?.objects);
  }

  *orphans(resource: ResourceName, namespace: string): Iterable<KubeObject> {
    yield* indexed(this.state.orphans, `${resource} ${namespace}/`, readTable(this.state, resource)?.objects);
  }

  /** The last revision that was committed at an instant or before it; 0 if there was none yet. */
  revisionAt(instant: number): number {
    const { instants, revision, spans } = this.state;
    const crossed = revisionInSpans(spans, instant);
    if (crossed !== undefined) return crossed;
    const place = instantsUpTo(instants, (each) => each.at <= instant);
    const next = instants.get(place);
    return next === undefined ? revision : next.revision - 1;
  }

  /** The instant at which a revision was committed; undefined if that was before anything that is still known. */
  instantOf(revision: number): number | undefined {
    const { instants, spans } = this.state;
    return instantInSpans(spans, revision) ?? instants.get(instantsUpTo(instants, (each) => each.revision <= revision) - 1)?.at;
  }

  /**
   * Puts an object as another cluster stored it: with its uid, status and version. Its revision must lie after the last one.
   * Throws RangeError otherwise.
   */
  adopt(resource: ResourceName, key: string, object: KubeObject, revision: number): Change {
    const state = this.machine.edit<StoreState>(this.slot);
    const last = isEventResource(resource) ? state.eventRevision : state.revision;
    if (!Number.isSafeInteger(revision) || revision <= last) throw new RangeError(`storage: ${resource} ${key}: revision ${revision} does not lie after ${last}`);
    if (isEventResource(resource)) state.eventRevision = revision - 1;
    else state.revision = revision - 1;
    return this.put(resource, key, object);
  }

  /** Forgets changes up to and with a revision: lists and watches from there are then told that it is gone. */
  compact(revision: number): void {
    const state = this.machine.edit<StoreState>(this.slot);
    const { epoch } = this.machine;
    if (revision <= state.compactedRevision) return;
    state.compactedRevision = Math.min(revision, state.revision);
    // Instants of revisions are kept, as those of other writes are.
    state.spans = state.spans.map((span) => (lastRevision(span) > state.compactedRevision ? span : { ...span, resources: NO_RESOURCES }));
    for (const resource of [...state.tables.keys()]) {
      const table = editTable(state, epoch, resource);
      const limit = isEventResource(resource) ? state.eventRevision : state.compactedRevision;
      let keep = table.history.base;
      while (keep < table.history.length && (table.history.get(keep) as Change).revision <= limit) keep++;
      table.history = table.history.dropBefore(epoch, keep);
    }
  }

  private commit(type: Change['type'], resource: ResourceName, key: string, before: KubeObject | undefined, after: KubeObject): Change {
    const { machine } = this;
    const { epoch } = machine;
    const state = machine.edit<StoreState>(this.slot);
    const isEvent = isEventResource(resource);
    const revision = isEvent ? ++state.eventRevision : ++state.revision;
    if (after.metadata.resourceVersion !== String(revision)) {
      throw new Error(`storage: ${resource} ${key} carries resourceVersion ${after.metadata.resourceVersion ?? '(none)'} where ${revision} is next`);
    }
    const change: Change = { revision, resource, key, type, before, after };
    if (!isEvent && state.instants.get(state.instants.length - 1)?.at !== machine.now) state.instants = state.instants.push(epoch, { at: machine.now, revision });
    const table = editTable(state, epoch, resource);
    table.history = table.history.push(epoch, change);
    if (type === 'DELETED') {
      table.objects = table.objects.delete(epoch, key);
      table.incarnations = table.incarnations.set(epoch, key, (table.incarnations.get(key) ?? 0) + 1);
      index(state, epoch, resource, key, before, undefined);
    } else {
      table.objects = table.objects.set(epoch, key, after);
      index(state, epoch, resource, key, before, after);
    }
    if (!isEvent) machine.noteVersion(hashText(CHANGE_CODES[type], key), revision);
    wakeSubscribers(machine, state, change);
    return change;
  }
}

/** How many entries from the front (counted from 0, not from the base) pass a test that all later ones fail. */
function instantsUpTo(instants: StoreState['instants'], passes: (each: WriteInstant) => boolean): number {
  let low = instants.base;
  let high = instants.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (passes(instants.get(middle) as WriteInstant)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The store as of an older revision: the head, undone by the first later change of each key. */
class PastStorage implements Pick<Storage, 'get' | 'list' | 'count'> {
  private readonly storage: WorldStorage;
  private readonly revision: number;

  constructor(storage: WorldStorage, revision: number) {
    this.storage = storage;
    this.revision = revision;
  }

  get(resource: ResourceName, key: string): KubeObject | undefined {
    for (const change of this.storage.changes(resource, this.revision, true)) if (change.key === key) return change.before;
    return this.storage.get(resource, key);
  }

  *list(resource: ResourceName, prefix: string = '', startKey: string = ''): Iterable<KubeObject> {
    const undone = new Map<string, KubeObject | undefined>();
    for (const change of this.storage.changes(resource, this.revision, true)) {
      if (change.key.startsWith(prefix) && change.key >= startKey && !undone.has(change.key)) undone.set(change.key, change.before);
    }
    const merged = new Map<string, KubeObject>();
    for (const object of this.storage.list(resource, prefix, startKey)) merged.set(keyOf(object), object);
    for (const [key, before] of undone) {
      if (before === undefined) merged.delete(key);
      else merged.set(key, before);
    }
    for (const key of [...merged.keys()].sort()) yield merged.get(key) as KubeObject;
  }

  count(resource: ResourceName, prefix: string = ''): number {
    return [...this.list(resource, prefix)].length;
  }
}

/** The storage key of an object: `namespace/name`, or `name`. @public */
export function keyOf(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined || namespace === '' ? name ?? '' : `${namespace}/${name ?? ''}`;
}
