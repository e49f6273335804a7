// The tables of the store: the objects of one resource, their history, and the indexes that listers need.
import type { KubeObject, ResourceName } from '@kubesim/api';
import { OrderedMap, Vector, type Epoch } from '@kubesim/kernel';
import type { QuietSpan } from './quiet-span.ts';
import type { Change } from './storage.ts';

/** One resource in the store. Replaced when first written under another epoch. @internal */
export interface Table {
  readonly epoch: Epoch;
  /** By `namespace/name` or `name`. */
  objects: OrderedMap<KubeObject>;
  /** Every change since the last compaction, oldest first. */
  history: Vector<Change>;
  /** How many objects each key had before, for keys that had any. */
  incarnations: OrderedMap<number>;
}

/** State of the store component. @internal */
export interface StoreState {
  revision: number;
  /** Revision counter of Events, which are kept apart as large clusters keep them. */
  eventRevision: number;
  compactedRevision: number;
  tables: OrderedMap<Table>;
  /** Keys of objects by any owner reference: `<owner uid> <resource> <key>`. Indexes hold keys, so that only what moves between their entries writes to them. */
  dependents: OrderedMap<string>;
  /** Keys of objects without a controller, of the resources that controllers adopt: `<resource> <key>`. */
  orphans: OrderedMap<string>;
  /** Keys of pods by node: `<node> <key>`. */
  podsByNode: OrderedMap<string>;
  /** The instants at which anything but Events was written, oldest first, each with its first revision. */
  instants: Vector<WriteInstant>;
  /** Heartbeats that were crossed, oldest first: what histories and instants leave out. */
  spans: readonly QuietSpan[];
  /** Slots of the views that watch a resource: `<resource>`, or `<resource> <node>` for those of one node. */
  subscribers: OrderedMap<readonly number[]>;
}

/** An instant of writes and the first revision that was committed then. @internal */
export interface WriteInstant {
  readonly at: number;
  readonly revision: number;
}

/** Resources whose objects controllers adopt. */
const ADOPTABLE: ReadonlySet<ResourceName> = new Set(['pods', 'replicasets.apps', 'controllerrevisions.apps', 'jobs.batch']);

/** A store with nothing in it. @internal */
export function emptyStore(): StoreState {
  return {
    revision: 0, eventRevision: 0, compactedRevision: 0, tables: OrderedMap.empty(), dependents: OrderedMap.empty(), orphans: OrderedMap.empty(),
    podsByNode: OrderedMap.empty(), instants: Vector.empty(), spans: [], subscribers: OrderedMap.empty(),
  };
}

/** The table of a resource for reading; undefined if nothing was ever written there. @internal */
export function readTable(state: StoreState, resource: ResourceName): Table | undefined {
  return state.tables.get(resource);
}

/** The table of a resource for writing under this epoch. @internal */
export function editTable(state: StoreState, epoch: Epoch, resource: ResourceName): Table {
  const table = state.tables.get(resource);
  if (table !== undefined && table.epoch === epoch) return table;
  const edited: Table = table === undefined
    ? { epoch, objects: OrderedMap.empty(), history: Vector.empty(), incarnations: OrderedMap.empty() }
    : { epoch, objects: table.objects, history: table.history, incarnations: table.incarnations };
  state.tables = state.tables.set(epoch, resource, edited);
  return edited;
}

/** The owner reference that is the controller, if any. @internal */
export function hasController(object: KubeObject): boolean {
  const owners = object.metadata.ownerReferences;
  if (owners !== undefined) for (const owner of owners) if (owner.controller === true) return true;
  return false;
}

/** Objects under a prefix of an index, in key order. @internal */
export function indexed(index: OrderedMap<string>, prefix: string, objects: OrderedMap<KubeObject> | undefined): KubeObject[] {
  if (objects === undefined || index.size === 0) return [];
  const keys: string[] = [];
  index.forEach((key) => { keys.push(key); }, prefix, prefixEnd(prefix));
  const found: KubeObject[] = [];
  objects.forEachOf(keys, (object) => { found.push(object); });
  return found;
}

/** The least key that is greater than every key with this prefix. @internal */
export function prefixEnd(prefix: string): string {
  const last = prefix.length - 1;
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
}

/** Keeps the indexes in step with one change. @internal */
export function index(state: StoreState, epoch: Epoch, resource: ResourceName, key: string, before: KubeObject | undefined, after: KubeObject | undefined): void {
  const oldOwners = before?.metadata.ownerReferences;
  const newOwners = after?.metadata.ownerReferences;
  if (oldOwners !== newOwners) {
    for (const owner of oldOwners ?? []) state.dependents = state.dependents.delete(epoch, `${owner.uid} ${resource} ${key}`);
    for (const owner of newOwners ?? []) state.dependents = state.dependents.set(epoch, `${owner.uid} ${resource} ${key}`, key);
  }
  if (ADOPTABLE.has(resource) && (oldOwners !== newOwners || before === undefined || after === undefined)) {
    const wasOrphan = before !== undefined && !hasController(before);
    const isOrphan = after !== undefined && !hasController(after);
    if (isOrphan && !wasOrphan) state.orphans = state.orphans.set(epoch, `${resource} ${key}`, key);
    else if (wasOrphan && !isOrphan) state.orphans = state.orphans.delete(epoch, `${resource} ${key}`);
  }
  if (resource === 'pods') {
    const oldNode = before?.['spec']?.nodeName as string | undefined;
    const newNode = after?.['spec']?.nodeName as string | undefined;
    if (oldNode === newNode) return;
    if (oldNode !== undefined) state.podsByNode = state.podsByNode.delete(epoch, `${oldNode} ${key}`);
    if (newNode !== undefined) state.podsByNode = state.podsByNode.set(epoch, `${newNode} ${key}`, key);
  }
}
