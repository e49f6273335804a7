// Views: what a process has seen of one resource. A view is the head, undone by what it has not seen yet; what it has not
// seen is its watch channel at the same time. Views only move forward, one change a step.
import type { KubeObject, ResourceName } from '@kubesim/api';
import type { ComponentType, Epoch, Machine } from '@kubesim/kernel';
import type { Change } from './storage.ts';
import { hasController, indexed, prefixEnd, readTable, type StoreState } from './table.ts';

/** Arguments of a view: who watches what. @public */
export interface ViewArgs {
  /** Slot of the process's component. */
  readonly owner: number;
  /** The process that owns the cache: `kube-controller-manager`, `kubelet/node-1`. */
  readonly process: string;
  readonly resource: ResourceName;
  /** For the pods of one node only. */
  readonly node?: string;
  /** For one object only, by its key. */
  readonly only?: string;
}

/** State of a view component. @internal */
export interface ViewState {
  /** Changes that were committed and not seen, oldest first, from `head` on. */
  unseen: Change[];
  /** How many of them are of objects that have no controller, or had none. */
  orphanChanges: number;
  /** Under which epoch `unseen` may be pushed to in place. */
  owner: Epoch | null;
  head: number;
  /** Stopped by a fault: changes pile up unseen. */
  frozen: boolean;
  /** Whether a delivery is on its way. */
  waiting: boolean;
  /** The watch is lost: what is unseen will come as one relist. */
  lost: boolean;
  /** Virtual ms by which changes come late, by a fault; what is committed meanwhile comes along. */
  lagMs: number;
}

/** Is told of each change as the view moves over it. @public */
export type Deliver = (machine: Machine, viewSlot: number, args: ViewArgs, change: Change) => void;

/** Component name of a view. @public */
export function viewName(args: ViewArgs): string {
  return `view ${args.process} ${args.resource}`;
}

/** The component type of views; `deliver` hands each change to the process that owns the view. @public */
export function viewComponent(deliver: Deliver): ComponentType<ViewState, null, ViewArgs> {
  return {
    name: 'view',
    version: 2,
    initial: () => ({ unseen: [], orphanChanges: 0, owner: null, head: 0, frozen: false, waiting: false, lost: false, lagMs: 0 }),
    receive: (machine, state, _message, slot) => {
      state.waiting = false;
      if (state.frozen || state.head === state.unseen.length) return;
      const change = state.unseen[state.head] as Change;
      state.head++;
      if (isOfOrphan(change)) state.orphanChanges--;
      if (state.head === state.unseen.length || state.head >= 64) {
        state.unseen = state.unseen.slice(state.head);
        state.owner = machine.epoch;
        state.head = 0;
      }
      const args = machine.argsOf(slot) as ViewArgs;
      if (state.head < state.unseen.length) scheduleDelivery(machine, state, slot, args, 0);
      deliver(machine, slot, args, change);
    },
    // What was seen does not count, nor where in the list it stood.
    hash: (state, hasher) => {
      hasher.word((state.frozen ? 1 : 0) | (state.waiting ? 2 : 0) | (state.lost ? 4 : 0)).word(state.lagMs).word(state.unseen.length - state.head);
      for (let index = state.head; index < state.unseen.length; index++) {
        const { revision, key, type, before, after } = state.unseen[index] as Change;
        hasher.counter(revision).text(type).text(key).value(before).value(after);
      }
    },
  };
}

function isOfOrphan({ before, after }: Change): boolean {
  return !hasController(after) || (before !== undefined && !hasController(before));
}

function scheduleDelivery(machine: Machine, state: ViewState, slot: number, args: ViewArgs, delayMs: number): void {
  state.waiting = true;
  const channel = viewName(args);
  if (delayMs === 0) machine.post(slot, channel, channel, null);
  else machine.send(slot, channel, channel, null, { delayMs });
}

/** Watches from the present state on: the view holds what is there, and gets every change. @public */
export function subscribe(machine: Machine, storeSlot: number, viewSlot: number): void {
  const args = machine.argsOf(viewSlot) as ViewArgs;
  const state = machine.edit<StoreState>(storeSlot);
  const key = subscriberKey(args);
  state.subscribers = state.subscribers.set(machine.epoch, key, [...(state.subscribers.get(key) ?? []), viewSlot]);
}

/** What a view's resource holds now, as additions. @public */
export function* initialList(machine: Machine, storeSlot: number, viewSlot: number): Generator<Change, void, undefined> {
  const args = machine.argsOf(viewSlot) as ViewArgs;
  const state = machine.peek<StoreState>(storeSlot);
  const objects = readTable(state, args.resource)?.objects;
  if (objects === undefined) return;
  const entries = args.only !== undefined ? objects.entries(args.only, `${args.only}\u0000`) : objects.entries();
  for (const [key, object] of entries) {
    if (args.node !== undefined && object['spec']?.nodeName !== args.node) continue;
    yield { revision: state.revision, resource: args.resource, key, type: 'ADDED', after: object };
  }
}

/** Ends a view's following; what it has not seen is dropped. @public */
export function unsubscribe(machine: Machine, storeSlot: number, viewSlot: number): void {
  const key = subscriberKey(machine.argsOf(viewSlot) as ViewArgs);
  const state = machine.edit<StoreState>(storeSlot);
  state.subscribers = state.subscribers.set(machine.epoch, key, (state.subscribers.get(key) ?? []).filter((slot) => slot !== viewSlot));
  const view = machine.edit<ViewState>(viewSlot);
  view.unseen = [];
  view.owner = machine.epoch;
  view.head = 0;
}

function subscriberKey(args: ViewArgs): string {
  const only = args.node ?? args.only;
  return only === undefined ? args.resource : `${args.resource} ${only}`;
}

/**
 * Lets a view that has just been opened stand where it was before these changes, and stay there until it is thawed: it is served by an
 * API server that has not seen them. Legal: a list from version 0 may be answered by any server's cache, which may lag as any. @public
 */
export function standBefore(machine: Machine, slot: number, changes: Iterable<Change>): void {
  const args = machine.argsOf(slot) as ViewArgs;
  const view = machine.edit<ViewState>(slot);
  const unseen: Change[] = [];
  for (const change of changes) if (args.only === undefined || args.only === change.key) unseen.push(...(args.node === undefined ? [change] : changesOfNode(change, args.node)));
  view.unseen = unseen;
  view.orphanChanges = unseen.filter(isOfOrphan).length;
  view.owner = machine.epoch;
  view.head = 0;
  view.frozen = true;
}

/** What a pod's change is to the watch of one node: a pod comes when it is bound there. */
function changesOfNode(change: Change, node: string): readonly Change[] {
  const was = change.before?.['spec']?.nodeName === node;
  const is = change.after['spec']?.nodeName === node;
  if (is) return [was ? change : { ...change, type: 'ADDED', before: undefined }];
  return was ? [{ ...change, type: 'DELETED', after: change.before as KubeObject }] : [];
}

/** What a view holds, as additions: what a process lists from the server that it stands with. @public */
export function* standingList(machine: Machine, storeSlot: number, viewSlot: number): Generator<Change, void, undefined> {
  const { resource, only } = machine.argsOf(viewSlot) as ViewArgs;
  const reader = new ViewReader(machine, storeSlot, viewSlot);
  const revision = reader.seenRevision();
  for (const object of reader.list()) if (only === undefined || only === objectKey(object)) yield { revision, resource, key: objectKey(object), type: 'ADDED', after: object };
}

/** Puts a change before every view that it concerns. @internal */
export function wakeSubscribers(machine: Machine, state: StoreState, change: Change): void {
  const all = state.subscribers.get(change.resource);
  if (all !== undefined) for (const slot of all) push(machine, slot, change);
  const single = state.subscribers.get(`${change.resource} ${change.key}`);
  if (single !== undefined) for (const slot of single) push(machine, slot, change);
  if (change.resource !== 'pods') return;
  const oldNode = change.before?.['spec']?.nodeName as string | undefined;
  const newNode = change.after['spec']?.nodeName as string | undefined;
  if (newNode !== undefined) for (const slot of state.subscribers.get(`pods ${newNode}`) ?? []) push(machine, slot, oldNode === newNode ? change : { ...change, type: 'ADDED', before: undefined });
  if (oldNode !== undefined && oldNode !== newNode) {
    for (const slot of state.subscribers.get(`pods ${oldNode}`) ?? []) push(machine, slot, { ...change, type: 'DELETED', after: change.before as KubeObject });
  }
}

function push(machine: Machine, slot: number, change: Change): void {
  const view = machine.edit<ViewState>(slot);
  if (view.owner !== machine.epoch) {
    view.unseen = [...view.unseen];
    view.owner = machine.epoch;
  }
  view.unseen.push(change);
  if (isOfOrphan(change)) view.orphanChanges++;
  if (view.waiting || view.frozen) return;
  scheduleDelivery(machine, view, slot, machine.argsOf(slot) as ViewArgs, view.lagMs);
}

/** Lets changes come late from now on: up to so many virtual ms, in order. 0 ends it. Legal as in `freezeView`. @public */
export function delayView(machine: Machine, slot: number, lagMs: number): void {
  machine.edit<ViewState>(slot).lagMs = lagMs;
}

/** Stops a view: what changes piles up unseen. Legal: a watch may be slow for any time. @public */
export function freezeView(machine: Machine, slot: number): void {
  machine.edit<ViewState>(slot).frozen = true;
}

/** Lets a stopped view go on where it stood. @public */
export function thawView(machine: Machine, slot: number): void {
  const view = machine.edit<ViewState>(slot);
  if (!view.frozen) return;
  view.frozen = false;
  if (view.head < view.unseen.length && !view.waiting) scheduleDelivery(machine, view, slot, machine.argsOf(slot) as ViewArgs, 0);
}

/**
 * Loses the watch and lists anew: states between are skipped, none is invented. Each key then shows one change, from what
 * the view held to what is there now; a key that went and came back with another uid shows both. @public
 */
export function relist(machine: Machine, slot: number): void {
  const view = machine.edit<ViewState>(slot);
  const latest = new Map<string, Change[]>();
  for (const change of view.unseen.slice(view.head)) {
    const held = latest.get(change.key);
    if (held === undefined) latest.set(change.key, [change]);
    else held.push(change);
  }
  const merged: Change[] = [];
  for (const changes of latest.values()) {
    const first = changes[0] as Change;
    const last = changes[changes.length - 1] as Change;
    const before = first.before;
    if (last.type === 'DELETED') {
      if (before !== undefined) merged.push({ ...last, before });
    } else if (before === undefined) {
      merged.push({ ...last, type: 'ADDED', before: undefined });
    } else if (before.metadata.uid !== last.after.metadata.uid) {
      merged.push({ ...last, type: 'DELETED', before, after: before }, { ...last, type: 'ADDED', before: undefined });
    } else {
      merged.push({ ...last, type: 'MODIFIED', before });
    }
  }
  // Oldest first, as unseen changes always are: by the first of them is known up to where everything was seen.
  view.unseen = merged.sort((a, b) => a.revision - b.revision);
  view.orphanChanges = merged.filter(isOfOrphan).length;
  view.owner = machine.epoch;
  view.head = 0;
}

/** Reads through a view: as the process sees the resource now. @public */
export class ViewReader {
  private readonly machine: Machine;
  private readonly storeSlot: number;
  private readonly viewSlot: number;
  private readonly resource: ResourceName;
  private readonly node: string | undefined;

  constructor(machine: Machine, storeSlot: number, viewSlot: number) {
    this.machine = machine;
    this.storeSlot = storeSlot;
    this.viewSlot = viewSlot;
    const args = machine.argsOf(viewSlot) as ViewArgs;
    this.resource = args.resource;
    this.node = args.node;
  }

  get(namespace: string, name: string): KubeObject | undefined {
    return this.byKey(namespace === '' ? name : `${namespace}/${name}`);
  }

  byKey(key: string): KubeObject | undefined {
    return this.machine.isWitnessed ? this.machine.ask(`${this.viewSlot} get ${key}`, () => this.lookUp(key)) : this.lookUp(key);
  }

  private lookUp(key: string): KubeObject | undefined {
    const view = this.machine.peek<ViewState>(this.viewSlot);
    for (let index = view.head; index < view.unseen.length; index++) {
      const change = view.unseen[index] as Change;
      if (change.key === key) return change.before;
    }
    const object = readTable(this.store, this.resource)?.objects.get(key);
    return object === undefined || this.node === undefined || object['spec']?.nodeName === this.node ? object : undefined;
  }

  list(namespace?: string): readonly KubeObject[] {
    return this.machine.isWitnessed ? this.machine.ask(namespace === undefined ? `${this.viewSlot} all` : `${this.viewSlot} list ${namespace}`, () => this.listAll(namespace)) : this.listAll(namespace);
  }

  private listAll(namespace: string | undefined): readonly KubeObject[] {
    const prefix = namespace === undefined ? undefined : `${namespace}/`;
    const objects = readTable(this.store, this.resource)?.objects;
    let head: KubeObject[] = [];
    if (this.node !== undefined) head = indexed(this.store.podsByNode, `${this.node} ${prefix ?? ''}`, objects);
    else objects?.forEach((object) => { head.push(object); }, prefix, prefix === undefined ? undefined : prefixEnd(prefix));
    return this.undo(head, (object) => namespace === undefined || object.metadata.namespace === namespace);
  }

  byOwner(uid: string): readonly KubeObject[] {
    const isControlled = (object: KubeObject): boolean => object.metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === uid) ?? false;
    return this.byOwnerUid(uid).filter(isControlled);
  }

  /** Objects with any owner reference of this uid. */
  byOwnerUid(uid: string): readonly KubeObject[] {
    return this.machine.isWitnessed ? this.machine.ask(`${this.viewSlot} owner ${uid}`, () => this.listOwned(uid)) : this.listOwned(uid);
  }

  private listOwned(uid: string): readonly KubeObject[] {
    const head = indexed(this.store.dependents, `${uid} ${this.resource} `, readTable(this.store, this.resource)?.objects);
    return this.undo(head, (object) => object.metadata.ownerReferences?.some((owner) => owner.uid === uid) ?? false);
  }

  orphans(namespace: string): readonly KubeObject[] {
    return this.machine.isWitnessed ? this.machine.ask(`${this.viewSlot} orphans ${namespace}`, () => this.listOrphans(namespace)) : this.listOrphans(namespace);
  }

  private listOrphans(namespace: string): readonly KubeObject[] {
    const head = indexed(this.store.orphans, `${this.resource} ${namespace}/`, readTable(this.store, this.resource)?.objects);
    if (this.machine.peek<ViewState>(this.viewSlot).orphanChanges === 0) return head;
    return this.undo(head, (object) => object.metadata.namespace === namespace && !hasController(object));
  }

  /** The revision up to which this view has seen everything. */
  seenRevision(): number {
    return this.machine.isWitnessed ? this.machine.ask(`${this.viewSlot} revision`, () => this.lastSeen()) : this.lastSeen();
  }

  private lastSeen(): number {
    const view = this.machine.peek<ViewState>(this.viewSlot);
    const next = view.unseen[view.head];
    return next === undefined ? this.store.revision : next.revision - 1;
  }

  private get store(): StoreState {
    return this.machine.peek<StoreState>(this.storeSlot);
  }

  /** The head's objects, undone by the first unseen change of each key, in key order. The head is this call's own list. */
  private undo(head: KubeObject[], belongs: (object: KubeObject) => boolean): readonly KubeObject[] {
    const view = this.machine.peek<ViewState>(this.viewSlot);
    if (view.head === view.unseen.length) return head;
    const undone = new Set<string>();
    for (let index = view.head; index < view.unseen.length; index++) {
      const { key, before, after } = view.unseen[index] as Change;
      const belonged = before !== undefined && belongs(before);
      // What belongs neither before nor after was not shown before, and a later change of its key says so, too.
      if (!belonged && !belongs(after)) continue;
      if (undone.has(key)) continue;
      undone.add(key);
      const at = positionOf(head, key);
      const isThere = at < head.length && objectKey(head[at] as KubeObject) === key;
      const shown = belonged ? [before] : [];
      if (isThere || shown.length > 0) head.splice(at, isThere ? 1 : 0, ...shown);
    }
    return head;
  }
}

/** Where the key stands in a list in key order, or would stand. */
function positionOf(objects: readonly KubeObject[], key: string): number {
  let low = 0;
  let high = objects.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (objectKey(objects[middle] as KubeObject) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function objectKey(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined || namespace === '' ? name ?? '' : `${namespace}/${name ?? ''}`;
}
