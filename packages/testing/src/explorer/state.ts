// States of the whole as rows of component states that are kept once each, with sums of their digests carried along: what a step changes is taken
// out of the sum and put in anew, and nothing else is looked at.
import { mix, type Digest, type Instance, type OrderedMap, type Task } from '@kubesim/kernel';
import type { Change } from '@kubesim/apiserver';
import type { PartBranch } from './parts-memo.ts';
import type { Stamp } from './projection.ts';

/** A digest that is added up. @internal */
export interface Words {
  a: number;
  b: number;
  c: number;
  d: number;
}

/** What is current in the store. @internal */
export interface StoreFacts {
  readonly versions: ReadonlySet<number>;
  readonly uids: ReadonlySet<number>;
}

/** What of a projection is fixed, and what depends on now, on what the store holds, and on what views have not seen. @internal */
export interface Parts {
  readonly digest: Digest;
  readonly times: readonly Stamp[];
  /** Versions and uids. */
  readonly references: readonly Stamp[];
  readonly revisions: readonly Stamp[];
  /** What the references come to, by the store's state. */
  readonly settled: Latest<StoreFacts, Words>;
  /** What it comes to at an instant, but for references and revisions. */
  readonly timed: Latest<number, Words>;
}

/** A map that is mostly asked for what it was asked for last. @internal */
export class Latest<Key, Value> {
  private readonly all = new Map<Key, Value>();
  private key: Key | undefined;
  private value: Value | undefined;

  get(key: Key): Value | undefined {
    if (key === this.key) return this.value;
    const value = this.all.get(key);
    if (value !== undefined) {
      this.key = key;
      this.value = value;
    }
    return value;
  }

  set(key: Key, value: Value): void {
    this.all.set(key, value);
    this.key = key;
    this.value = value;
  }
}

/** A component's state, or the counters of the random streams, kept once. @internal */
export interface Local {
  readonly id: number;
  readonly instance: Instance | undefined;
  readonly streams: OrderedMap<number> | undefined;
  readonly parts: readonly Parts[];
  readonly hasTimes: boolean;
  readonly hasReferences: boolean;
  readonly hasRevisions: boolean;
  /** Of a view: revisions of the changes that it has not seen. */
  readonly unseen: readonly number[];
  /** Process and resource of a view, process of a controller. */
  readonly process: string | undefined;
  readonly resource: string | undefined;
  /** What is current in the store, of the store's states alone. */
  readonly facts: StoreFacts | undefined;
}

/** A message that waits, kept once. @internal */
export interface Pending {
  readonly id: number;
  readonly task: Task;
  /** Number of its channel, and of its channel's name with uids named by their objects. */
  readonly channel: number;
  readonly lane: number;
  readonly isForeground: boolean;
  readonly parts: readonly Parts[];
  readonly memo: Memo;
  /** As the head of its channel, by where it stands. */
  readonly heads: Head[];
}

/** The head of a channel, and where it stands among what is due. @internal */
export interface Head {
  readonly pending: Pending;
  readonly index: number;
}

/** @internal */
export interface Timer {
  readonly pending: Pending;
  readonly dueAt: number;
}

/** @internal */
export type Operation =
  | { readonly do: 'due'; readonly pending: Pending }
  | { readonly do: 'timer'; readonly pending: Pending; readonly dueAt: number }
  | { readonly do: 'takeBack'; readonly to: number; readonly channel: string | undefined };

/** What a step does at a glance. Of lists of numbers one bit each, by their last five bits: lists without a common bit have no common number. @internal */
export interface Traits {
  readonly reads: number;
  readonly writes: number;
  readonly sends: number;
  readonly takesBack: boolean;
  /** How many messages become due at once. */
  readonly dues: number;
}

function bitsOf(numbers: readonly number[]): number {
  let bits = 0;
  for (const number of numbers) bits |= 1 << (number & 31);
  return bits;
}

/** @internal */
export function traitsOf(reads: readonly number[], writes: readonly number[], sends: readonly number[], operations: readonly Operation[]): Traits {
  return { reads: bitsOf(reads), writes: bitsOf(writes), sends: bitsOf(sends), takesBack: operations.some((each) => each.do === 'takeBack'), dues: operations.filter((each) => each.do === 'due').length };
}

/** What one step does. @internal */
export interface Delta {
  /** Slots that it read or wrote, in order of first use, and those that it wrote. */
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  readonly results: readonly Local[];
  readonly operations: readonly Operation[];
  /** Channels that it sends into, as numbers. */
  readonly sends: readonly number[];
  readonly traits: Traits;
  /** Committed writes but of Events and leases, in order. */
  readonly changes: readonly Change[];
  /** What monitors made of it, by what they remembered. */
  readonly watched: Map<object, Watched[]>;
  /** What monitors read of the states after it, so far. */
  readonly seen: Set<number>;
  /** Whether a monitor is asked after it; worked out by the space. */
  isVisible: boolean | undefined;
}

/** What monitors came to after a step, by what they read of the state. @internal */
export interface Watched {
  readonly slots: readonly number[];
  readonly locals: readonly Local[];
  readonly result: unknown;
}

/** What was seen of a step so far: which slot it reads next, and what follows for each state of it; or what it does, if that is all it reads. @internal */
export class Branch {
  slot = -1;
  delta: Delta | undefined;
  /** The state of the slot that was met last, and what follows from it: most slots are found in one state again and again. */
  private local: Local | undefined;
  private child: Branch | undefined;
  private children: Map<number, Branch> | undefined;

  after(local: Local): Branch | undefined {
    if (local === this.local) return this.child;
    const child = this.children?.get(local.id);
    if (child !== undefined) {
      this.local = local;
      this.child = child;
    }
    return child;
  }

  add(local: Local): Branch {
    const child = new Branch();
    if (this.local !== undefined) {
      this.children ??= new Map([[this.local.id, this.child as Branch]]);
      this.children.set(local.id, child);
    }
    this.local = local;
    this.child = child;
    return child;
  }
}

/** What is known of a step, by the instant at which it is made: by the components that it reads, and by the parts of these. @internal */
export class Memo {
  readonly roots: Latest<number, Branch> = new Latest<number, Branch>();
  readonly byParts: Map<number, PartBranch> = new Map<number, PartBranch>();
}

/** Slots of which something has to be looked at anew: when time moves, when the store changes, when a digest is taken. @internal */
export interface Attended {
  readonly timed: readonly number[];
  readonly referring: readonly number[];
  /** Views with something unseen. */
  readonly unseen: readonly number[];
  readonly revised: readonly number[];
}

/** A state of the whole. Never changed, though its row is written out only when somebody asks for it: most states are left again at once. @internal */
export class State {
  readonly now: number;
  /** What is due, in order of sending. */
  readonly due: readonly Pending[];
  /** By instant, then in order of sending. */
  readonly timers: readonly Timer[];
  readonly foreground: number;
  /** Digests of the components and of the timers, summed, for each renaming. */
  readonly sums: readonly Words[];
  readonly attended: Attended;
  readonly facts: StoreFacts | undefined;
  private row: readonly Local[];
  private writes: readonly number[];
  private results: readonly Local[];

  constructor(parts: Omit<State, 'locals' | 'local' | 'with'>, row: readonly Local[], writes: readonly number[], results: readonly Local[]) {
    this.now = parts.now;
    this.due = parts.due;
    this.timers = parts.timers;
    this.foreground = parts.foreground;
    this.sums = parts.sums;
    this.attended = parts.attended;
    this.facts = parts.facts;
    this.row = row;
    this.writes = writes;
    this.results = results;
  }

  /** By slot; the random streams come last. */
  get locals(): readonly Local[] {
    const { writes, results } = this;
    if (writes.length === 0) return this.row;
    const row = this.row.slice();
    for (let at = 0; at < writes.length; at++) row[writes[at] as number] = results[at] as Local;
    this.row = row;
    this.writes = NO_SLOTS;
    this.results = NO_LOCALS;
    return row;
  }

  local(slot: number): Local {
    const at = this.writes.indexOf(slot);
    return (at < 0 ? this.row[slot] : this.results[at]) as Local;
  }

  /** The same components with other things waiting, or at another instant. */
  with(parts: Pick<State, 'now' | 'due' | 'timers' | 'foreground' | 'sums'>): State {
    return new State({ ...parts, attended: this.attended, facts: this.facts }, this.row, this.writes, this.results);
  }
}

/** @internal */
export const NO_SLOTS: readonly number[] = [];
/** @internal */
export const NO_LOCALS: readonly Local[] = [];

/** @internal */
export function add(sum: Words, a: number, b: number, c: number, d: number): void {
  sum.a = (sum.a + a) | 0;
  sum.b = (sum.b + b) | 0;
  sum.c = (sum.c + c) | 0;
  sum.d = (sum.d + d) | 0;
}

/** @internal */
export function addStamp(sum: Words, place: number, value: number): void {
  const word = mix(place, value);
  add(sum, word, mix(word, place), Math.imul(word ^ 0x5bd1e995, 0x9e3779b1), mix(place ^ 0x55555555, value));
}

/** @internal */
export function addWords(sum: Words, { a, b, c, d }: Words): void {
  add(sum, a, b, c, d);
}

/** @internal */
export function subtractWords(sum: Words, { a, b, c, d }: Words): void {
  sum.a = (sum.a - a) | 0;
  sum.b = (sum.b - b) | 0;
  sum.c = (sum.c - c) | 0;
  sum.d = (sum.d - d) | 0;
}

/** What the versions and uids in a projection come to where these are current. @internal */
export function settled(parts: Parts, facts: StoreFacts): Words {
  let words = parts.settled.get(facts);
  if (words === undefined) {
    words = { a: 0, b: 0, c: 0, d: 0 };
    for (const { kind, place, value } of parts.references) addStamp(words, place, (kind === 'uid' ? facts.uids : facts.versions).has(value) ? 1 : 2);
    parts.settled.set(facts, words);
  }
  return words;
}

/** Sums that go on from others. @internal */
export function copySums(sums: readonly Words[]): Words[] {
  // A list that grows by pushing holds room for many more.
  const copy: Words[] = sums.slice();
  for (let index = 0; index < copy.length; index++) {
    const { a, b, c, d } = copy[index] as Words;
    copy[index] = { a, b, c, d };
  }
  return copy;
}

/** A list of slots with one of them put in or taken out. @internal */
export function changed(slots: readonly number[], slot: number, was: boolean, is: boolean): readonly number[] {
  if (was === is) return slots;
  return is ? [...slots, slot] : slots.filter((each) => each !== slot);
}
