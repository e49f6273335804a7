// Transitions carried out again without running them. A state is a row of interned component states; what a step reads, writes and
// sends is remembered by what it read, so that a step which happens in another state of the whole with the same of its parts costs a look-up.
import { WorldStorage, type Change } from '@kubesim/apiserver';
import { Hasher, Machine, mix, Vector, type Digest, type Instance, type OrderedMap, type StepWitness, type Task, type World } from '@kubesim/kernel';
import { DigestTable } from './digest-table.ts';
import { Projector, ProjectionContext, UidNames, type Projection, type Stamp } from './projection.ts';

/** How digests of states are taken. @internal */
export interface DigestRules {
  /** Renamings of texts under which states are alike (symmetry); the first one changes nothing. */
  readonly renamings: readonly ((text: string) => string)[];
  /** Instants further in the past than this are alike, ms. */
  readonly ageCapMs: number;
  /** Whether counters of random streams count. */
  readonly ignoreChance: boolean;
  /** Whether the order between channels counts. */
  readonly ordered: boolean;
}

/** What of a projection is fixed, and what depends on now, on what the store holds, and on what views have not seen. @internal */
export interface Parts {
  readonly digest: Digest;
  readonly times: readonly Stamp[];
  /** Versions and uids. */
  readonly references: readonly Stamp[];
  readonly revisions: readonly Stamp[];
  /** What the references come to, by the store's state. */
  readonly settled: Map<StoreFacts, Words>;
}

/** A component's state, or the counters of the random streams, kept once. @internal */
export interface Local {
  readonly id: number;
  readonly instance: Instance | undefined;
  readonly streams: OrderedMap<number> | undefined;
  readonly parts: readonly Parts[];
  readonly hasReferences: boolean;
  readonly hasRevisions: boolean;
  /** Of a view: revisions of the changes that it has not seen. */
  readonly unseen: readonly number[];
  /** Process and resource of a view, process of a controller. */
  readonly process: string | undefined;
  readonly resource: string | undefined;
  /** What is current in the store, of the store's states alone. */
  readonly facts: StoreFacts | undefined;
  /** Digest with the instants as of `timedAt`: four words for each renaming. */
  timedAt: number;
  readonly timed: Int32Array;
}

interface StoreFacts {
  readonly versions: ReadonlySet<number>;
  readonly uids: ReadonlySet<number>;
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
}

interface Timer {
  readonly pending: Pending;
  readonly dueAt: number;
}

/** A state of the whole. Never changed. @internal */
export interface State {
  readonly now: number;
  /** By slot; the random streams come last. */
  readonly locals: readonly Local[];
  /** What is due, in order of sending. */
  readonly due: readonly Pending[];
  /** By instant, then in order of sending. */
  readonly timers: readonly Timer[];
  readonly foreground: number;
  /** Digests of the components and of the timers, summed: four words for each renaming. */
  readonly sums: Int32Array;
  /** Slots of views with something unseen, and of states that hold revisions. */
  readonly unseenSlots: readonly number[];
  readonly revisionSlots: readonly number[];
}

type Operation =
  | { readonly do: 'due'; readonly pending: Pending }
  | { readonly do: 'timer'; readonly pending: Pending; readonly dueAt: number }
  | { readonly do: 'takeBack'; readonly to: number; readonly channel: string | undefined };

/** What one step does. @internal */
export interface Delta {
  /** Slots that it read or wrote, in order of first use, and those that it wrote. */
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  readonly results: readonly Local[];
  readonly operations: readonly Operation[];
  /** Channels that it sends into, as numbers. */
  readonly sends: readonly number[];
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

/** What was seen of a step so far: which slot it reads next, and what follows for each state of it. */
interface Branch {
  readonly slot: number;
  readonly next: Map<Local, Branch | Delta>;
}

class Memo {
  readonly roots: Map<number, Branch | Delta> = new Map<number, Branch | Delta>();
}

/** Something that may be done from outside in any state. @internal */
export interface RegisteredAction {
  readonly act: (machine: Machine) => void;
  readonly memo: Memo;
}

/** The head of a channel, and where it stands among what is due. @internal */
export interface Head {
  readonly pending: Pending;
  readonly index: number;
}

const STORE = 'store';
const VIEW = 'view';
const LEASES = 'leases.coordination.k8s.io';

/** States and steps of one machine. @internal */
export class Transitions {
  private readonly machine: Machine;
  private readonly rules: DigestRules;
  private readonly contexts: readonly ProjectionContext[];
  private readonly uids = new UidNames();
  private readonly localIds = new DigestTable();
  private readonly locals: Local[] = [];
  private readonly pendingIds = new DigestTable();
  private readonly pendings: Pending[] = [];
  private readonly channels = new Map<string, number>();
  private readonly channelNames: string[] = [];
  private readonly streamSlot: number;
  private readonly storeSlot: number;
  /** Steps that were run, and steps that were looked up. */
  made = 0;
  found = 0;

  constructor(world: World, rules: DigestRules) {
    this.machine = Machine.from(world);
    this.rules = rules;
    this.contexts = rules.renamings.map((rename) => new ProjectionContext(this.uids, rules.renamings.length === 1 ? undefined : rename));
    this.streamSlot = this.machine.instanceList().length;
    this.storeSlot = this.machine.slotOf(STORE);
  }

  registerAction(act: (machine: Machine) => void): RegisteredAction {
    return { act, memo: new Memo() };
  }

  /** A World as a state. */
  state(world: World): State {
    const machine = Machine.from(world);
    const instances = machine.instanceList();
    const tasks = [...machine.tasks()];
    const dueCount = machine.dueCount;
    if (this.storeSlot >= 0) this.noteUids(machine);
    const locals = instances.map((instance) => this.internInstance(machine, instance));
    locals.push(this.internStreams(machine.streamCounters()));
    const due = tasks.slice(0, dueCount).map((task) => this.internTask(task));
    const timers = tasks.slice(dueCount).map((task) => ({ pending: this.internTask(task), dueAt: task.dueAt }));
    const foreground = [...due, ...timers.map(({ pending }) => pending)].filter(({ isForeground }) => isForeground).length;
    return this.complete({ now: world.now, locals, due, timers, foreground });
  }

  /** The state with time moved to the next instant if nothing is due; undefined if nothing is left. */
  ready(state: State): State | undefined {
    if (state.due.length > 0) return state;
    const [first] = state.timers;
    if (first === undefined) return undefined;
    let end = 1;
    while (end < state.timers.length && (state.timers[end] as Timer).dueAt === first.dueAt) end++;
    return this.complete({ now: first.dueAt, locals: state.locals, due: state.timers.slice(0, end).map(({ pending }) => pending), timers: state.timers.slice(end), foreground: state.foreground });
  }

  /** The state at a later instant, before which nothing is due. */
  later(state: State, now: number): State {
    return this.complete({ now, locals: state.locals, due: state.due, timers: state.timers, foreground: state.foreground });
  }

  /** The instant of the next step, or Infinity. */
  nextInstant(state: State): number {
    return state.due.length > 0 ? state.now : state.timers[0]?.dueAt ?? Infinity;
  }

  /** The heads that may be received, in order of sending. */
  heads(state: State): Head[] {
    const heads: Head[] = [];
    const { due } = state;
    for (let index = 0; index < due.length; index++) {
      const pending = due[index] as Pending;
      let isHead = true;
      for (let before = 0; before < index; before++) {
        if ((due[before] as Pending).channel === pending.channel) {
          isHead = false;
          break;
        }
      }
      if (isHead) heads.push({ pending, index });
    }
    return heads;
  }

  /** What receiving a message would do in this state. */
  deltaOf(state: State, pending: Pending): Delta {
    return this.recall(state, pending.memo, () => { this.machine.hand(pending.task.to, pending.task.message); });
  }

  /** What is done from outside would do in this state. */
  deltaOfAction(state: State, action: RegisteredAction): Delta {
    return this.recall(state, action.memo, () => { action.act(this.machine); });
  }

  /** The state after a step: the message at `index` of what is due is taken, unless it is an input's (−1). */
  apply(state: State, index: number, delta: Delta): State {
    const locals = [...state.locals];
    const { writes, results } = delta;
    for (let at = 0; at < writes.length; at++) locals[writes[at] as number] = results[at] as Local;
    let { foreground } = state;
    const due: Pending[] = [];
    for (let at = 0; at < state.due.length; at++) if (at !== index) due.push(state.due[at] as Pending);
    if (index >= 0 && (state.due[index] as Pending).isForeground) foreground--;
    let timers = state.timers as Timer[];
    for (const operation of delta.operations) {
      switch (operation.do) {
        case 'due':
          due.push(operation.pending);
          if (operation.pending.isForeground) foreground++;
          break;
        case 'timer': {
          if (timers === state.timers) timers = [...timers];
          let place = timers.length;
          while (place > 0 && (timers[place - 1] as Timer).dueAt > operation.dueAt) place--;
          timers.splice(place, 0, { pending: operation.pending, dueAt: operation.dueAt });
          if (operation.pending.isForeground) foreground++;
          break;
        }
        case 'takeBack': {
          const { to, channel } = operation;
          const isMeant = ({ task }: Pending): boolean => task.to === to && (channel === undefined || task.channel === channel);
          for (let at = 0; at < due.length; at++) {
            if (!isMeant(due[at] as Pending)) continue;
            if ((due[at] as Pending).isForeground) foreground--;
            due.splice(at--, 1);
            if (channel !== undefined) break;
          }
          if (timers === state.timers) timers = [...timers];
          for (let at = 0; at < timers.length; at++) {
            const { pending } = timers[at] as Timer;
            if (!isMeant(pending)) continue;
            if (pending.isForeground) foreground--;
            timers.splice(at--, 1);
            if (channel !== undefined) break;
          }
        }
      }
    }
    const after = { now: state.now, locals, due, timers, foreground };
    if (this.storeSlot >= 0 && locals[this.storeSlot] !== state.locals[this.storeSlot]) return this.complete(after);
    const sums = new Int32Array(state.sums);
    const facts = this.factsIn(state);
    let { unseenSlots, revisionSlots } = state;
    for (let at = 0; at < writes.length; at++) {
      const slot = writes[at] as number;
      const old = state.locals[slot] as Local;
      const now = results[at] as Local;
      this.addLocal(sums, old, state.now, facts, -1);
      this.addLocal(sums, now, state.now, facts, 1);
      unseenSlots = changed(unseenSlots, slot, old.unseen.length > 0, now.unseen.length > 0);
      revisionSlots = changed(revisionSlots, slot, old.hasRevisions, now.hasRevisions);
    }
    if (timers !== state.timers) {
      this.addTimers(sums, state.timers, state.now, -1);
      this.addTimers(sums, timers, state.now, 1);
    }
    return { ...after, sums, unseenSlots, revisionSlots };
  }

  /** The state with everything of a channel that is due put off to the next instant, behind what is due there. */
  defer(state: State, channel: number): State {
    const moved = state.due.filter((pending) => pending.channel === channel);
    const due = state.due.filter((pending) => pending.channel !== channel);
    const instant = (state.timers[0] as Timer).dueAt;
    let place = 0;
    while (place < state.timers.length && (state.timers[place] as Timer).dueAt === instant) place++;
    const timers = [...state.timers.slice(0, place), ...moved.map((pending) => ({ pending, dueAt: instant })), ...state.timers.slice(place)];
    return this.complete({ now: state.now, locals: state.locals, due, timers, foreground: state.foreground });
  }

  /** Identifies a state, with a word of the caller's; the least over the renamings. */
  digest(state: State, a: number, b: number): Digest {
    let best: Digest | undefined;
    for (let renaming = 0; renaming < this.contexts.length; renaming++) {
      const digest = this.digestUnder(state, renaming, a, b);
      if (best === undefined || isLess(digest, best)) best = digest;
    }
    return best as Digest;
  }

  /** Runs a look at the state on the machine, with nothing remembered; `note` takes in what it read. */
  look<Result>(state: State, look: (machine: Machine) => Result, note?: Set<number>): Result {
    let result: Result | undefined;
    const witness = note === undefined ? UNWATCHED : { ...UNWATCHED, read: (slot: number) => { note.add(slot); } };
    this.machine.perform(this.materials(state), witness, () => { result = look(this.machine); });
    return result as Result;
  }

  /** A component's state. */
  componentState(state: State, slot: number): object {
    return ((state.locals[slot] as Local).instance as Instance).state;
  }

  slotOf(name: string): number {
    return this.machine.slotOf(name);
  }

  /** Data of the caller's, projected as states are. */
  project(data: unknown): Parts {
    return partsOf(new Projector(this.contexts[0] as ProjectionContext).value(data).projection());
  }

  /** What projected data comes to at an instant, but for what of it is relative to the store and to views. */
  wordsAt({ digest, times }: Parts, now: number): Digest {
    const sum: Words = { ...digest };
    // What a monitor remembers has its own age: how far back it looks is its affair.
    for (const stamp of times) addStamp(sum, stamp.place, stamp.value - now);
    return sum;
  }

  /** What of projected data is relative to the store and to views, in a state. */
  relativeWords(parts: Parts, state: State): Digest {
    const sum: Words = { a: 0, b: 0, c: 0, d: 0 };
    const facts = this.factsIn(state);
    if (facts !== undefined && parts.references.length > 0) addWords(sum, settled(parts, facts));
    if (parts.revisions.length > 0) this.addRevisions(sum, parts, state, undefined);
    return sum;
  }

  /** Whether each of these components is as it was. */
  isAsSeen(state: State, { slots, locals }: Watched): boolean {
    for (let index = 0; index < slots.length; index++) if (state.locals[slots[index] as number] !== locals[index]) return false;
    return true;
  }

  /** What identifies each component's state exactly, versions and instants included: equal for a machine's and this one's. */
  exactIds(state: State): readonly number[] {
    return state.locals.map(({ id }) => id);
  }

  /** The number of a channel or lane, and its name. */
  numberOf(channel: string): number {
    let number = this.channels.get(channel);
    if (number === undefined) {
      number = this.channels.size;
      this.channels.set(channel, number);
      this.channelNames.push(channel);
    }
    return number;
  }

  channelName(number: number): string {
    return this.channelNames[number] ?? '';
  }

  private digestUnder(state: State, renaming: number, extraA: number, extraB: number): Digest {
    const { sums, now, due } = state;
    const at = renaming * 4;
    const sum: Words = { a: (sums[at] as number) + extraA | 0, b: (sums[at + 1] as number) + extraB | 0, c: sums[at + 2] as number, d: sums[at + 3] as number };
    const facts = this.factsIn(state);
    for (const slot of state.revisionSlots) this.addRevisions(sum, (state.locals[slot] as Local).parts[renaming] as Parts, state, (state.locals[slot] as Local).process);
    let line = 0x6c696e65;
    for (let index = 0; index < due.length; index++) {
      const pending = due[index] as Pending;
      let place = 0;
      for (let before = 0; before < index; before++) if ((due[before] as Pending).channel === pending.channel) place++;
      const parts = pending.parts[renaming] as Parts;
      add(sum, mix(parts.digest.a, place + 11), parts.digest.b ^ mix(parts.digest.a, place), parts.digest.c, parts.digest.d);
      for (const stamp of parts.times) addStamp(sum, mix(stamp.place, place), this.age(stamp.value, now));
      if (facts !== undefined && parts.references.length > 0) addWords(sum, settled(parts, facts));
      if (parts.revisions.length > 0) this.addRevisions(sum, parts, state, undefined);
      if (this.rules.ordered) line = mix(line, parts.digest.a);
    }
    if (this.rules.ordered) {
      // Timers of one instant come due in their order; between nodes that are alike it is free.
      if (this.contexts.length === 1) for (const { pending } of state.timers) line = mix(line, (pending.parts[renaming] as Parts).digest.a);
      add(sum, line, mix(line, 1), mix(line, 2), mix(line, 3));
    }
    return { a: mix(sum.a, 1), b: mix(sum.b, 2), c: mix(sum.c, 3), d: mix(sum.d, 4) };
  }

  private factsIn(state: Pick<State, 'locals'>): StoreFacts | undefined {
    return this.storeSlot < 0 ? undefined : (state.locals[this.storeSlot] as Local).facts;
  }

  /** A revision counts by how many unseen changes it covers in the views of its resource that the process has. */
  private addRevisions(sum: Words, parts: Parts, state: State, process: string | undefined): void {
    for (const { place, value, resource } of parts.revisions) {
      let count = 0;
      for (const slot of state.unseenSlots) {
        const view = state.locals[slot] as Local;
        if (view.resource !== resource || (process !== undefined && view.process !== process)) continue;
        for (const revision of view.unseen) if (revision <= value) count++;
      }
      addStamp(sum, place, count);
    }
  }

  /** Puts a component's digest into the sums, or takes it out. */
  private addLocal(sums: Int32Array, local: Local, now: number, facts: StoreFacts | undefined, sign: 1 | -1): void {
    const timed = this.timed(local, now);
    for (let word = 0; word < sums.length; word++) sums[word] = (sums[word] as number) + sign * (timed[word] as number);
    if (!local.hasReferences || facts === undefined) return;
    for (let renaming = 0; renaming < local.parts.length; renaming++) {
      const { a, b, c, d } = settled(local.parts[renaming] as Parts, facts);
      const at = renaming * 4;
      sums[at] = (sums[at] as number) + sign * a;
      sums[at + 1] = (sums[at + 1] as number) + sign * b;
      sums[at + 2] = (sums[at + 2] as number) + sign * c;
      sums[at + 3] = (sums[at + 3] as number) + sign * d;
    }
  }

  private age(instant: number, now: number): number {
    return Math.max(instant - now, -this.rules.ageCapMs);
  }

  /** Digest of a component's state as of an instant. */
  private timed(local: Local, now: number): Int32Array {
    if (local.timedAt === now) return local.timed;
    const { timed, parts } = local;
    for (let renaming = 0; renaming < parts.length; renaming++) {
      const { digest, times } = parts[renaming] as Parts;
      const sum: Words = { ...digest };
      for (const stamp of times) addStamp(sum, stamp.place, this.age(stamp.value, now));
      timed.set([sum.a, sum.b, sum.c, sum.d], renaming * 4);
    }
    local.timedAt = now;
    return timed;
  }

  private addTimers(sums: Int32Array, timers: readonly Timer[], now: number, sign: 1 | -1): void {
    for (const { pending, dueAt } of timers) {
      const offset = dueAt - now;
      for (let renaming = 0; renaming < pending.parts.length; renaming++) {
        const { digest, times } = pending.parts[renaming] as Parts;
        const sum: Words = { a: mix(digest.a, offset), b: mix(digest.b, offset ^ 0x74696d65), c: digest.c ^ mix(digest.d, offset), d: digest.d };
        for (const stamp of times) addStamp(sum, stamp.place, this.age(stamp.value, now));
        const at = renaming * 4;
        sums[at] = (sums[at] as number) + sign * sum.a;
        sums[at + 1] = (sums[at + 1] as number) + sign * sum.b;
        sums[at + 2] = (sums[at + 2] as number) + sign * sum.c;
        sums[at + 3] = (sums[at + 3] as number) + sign * sum.d;
      }
    }
  }

  private complete(state: Omit<State, 'sums' | 'unseenSlots' | 'revisionSlots'>): State {
    const sums = new Int32Array(this.contexts.length * 4);
    const unseenSlots: number[] = [];
    const revisionSlots: number[] = [];
    const facts = this.factsIn(state);
    for (let slot = 0; slot < state.locals.length; slot++) {
      const local = state.locals[slot] as Local;
      this.addLocal(sums, local, state.now, facts, 1);
      if (local.unseen.length > 0) unseenSlots.push(slot);
      if (local.hasRevisions) revisionSlots.push(slot);
    }
    this.addTimers(sums, state.timers, state.now, 1);
    const { now, locals, due, timers, foreground } = state;
    return { now, locals, due, timers, foreground, sums, unseenSlots, revisionSlots };
  }

  private recall(state: State, memo: Memo, action: () => void): Delta {
    const { locals } = state;
    let found = memo.roots.get(state.now);
    let branch: Branch | undefined;
    while (found !== undefined) {
      if (!('next' in found)) {
        this.found++;
        return found;
      }
      branch = found;
      found = branch.next.get(locals[branch.slot] as Local);
    }
    this.made++;
    const delta = this.run(state, action);
    this.remember(state, memo, delta);
    return delta;
  }

  /** Puts a step under what it read, along the branches that are there. */
  private remember(state: State, memo: Memo, delta: Delta): void {
    let put = (child: Branch | Delta): void => { memo.roots.set(state.now, child); };
    let present = memo.roots.get(state.now);
    for (const slot of delta.reads) {
      let branch = present as Branch | undefined;
      if (branch === undefined) {
        branch = { slot, next: new Map() };
        put(branch);
      }
      const local = state.locals[slot] as Local;
      const { next } = branch;
      put = (child) => { next.set(local, child); };
      present = next.get(local);
    }
    put(delta);
  }

  private run(state: State, action: () => void): Delta {
    const { machine } = this;
    const witness = new Witness(this.streamSlot);
    let results: Local[] = [];
    let changes: readonly Change[] = [];
    let writes: number[] = [];
    machine.perform(this.materials(state), witness, () => {
      const goOn = witness.pause();
      const before = this.storeSlot < 0 ? 0 : new WorldStorage(machine).revision;
      goOn();
      action();
      witness.pause();
      const instances = machine.instanceList();
      if (this.storeSlot >= 0 && witness.written.has(this.storeSlot)) {
        changes = changesSince(machine, before);
        this.noteUids(machine);
      }
      writes = [...witness.written].filter((slot) => slot !== this.streamSlot);
      results = writes.map((slot) => this.internInstance(machine, instances[slot] as Instance));
      if (witness.written.has(this.streamSlot)) {
        writes.push(this.streamSlot);
        results.push(this.internStreams(machine.streamCounters()));
      }
    });
    if (witness.cannotFollow !== undefined) throw new RangeError(`explore: ${witness.cannotFollow} in a step: an explorer cannot follow that`);
    // What was written as it was is no write.
    const kept = writes.map((slot, index) => ({ slot, local: results[index] as Local })).filter(({ slot, local }) => state.locals[slot] !== local);
    const operations = witness.operations.map((operation): Operation => {
      if (operation.do === 'takeBack') return operation;
      const pending = this.internTask(operation.task);
      return operation.task.dueAt === state.now ? { do: 'due', pending } : { do: 'timer', pending, dueAt: operation.task.dueAt };
    });
    const sends = [...new Set(operations.flatMap((operation) => (operation.do === 'takeBack' ? [] : [operation.pending.channel])))];
    return { reads: [...witness.used], writes: kept.map(({ slot }) => slot), results: kept.map(({ local }) => local), operations, sends, changes, watched: new Map(), seen: new Set(), isVisible: undefined };
  }

  private materials(state: State): { readonly instances: Vector<Instance>; readonly streams: OrderedMap<number>; readonly now: number } {
    const instances: Instance[] = [];
    for (const { instance } of state.locals) if (instance !== undefined) instances.push(instance);
    return { instances: Vector.of(instances), streams: (state.locals[this.streamSlot] as Local).streams as OrderedMap<number>, now: state.now };
  }

  private noteUids(machine: Machine): void {
    const storage = new WorldStorage(machine);
    for (const resource of storage.resources()) for (const object of storage.list(resource)) this.uids.note(object);
  }

  private internInstance(machine: Machine, instance: Instance): Local {
    const hasher = new Hasher();
    machine.hashInstance(instance, hasher);
    const digest = hasher.finish();
    const known = this.localIds.get(digest);
    if (known >= 0) return this.locals[known] as Local;
    const parts = this.contexts.map((context) => {
      const projector = new Projector(context);
      machine.hashInstance(instance, projector);
      return partsOf(projector.projection());
    });
    const facts = instance.type === STORE ? factsOf(machine, this.uids) : undefined;
    return this.keepLocal(digest, { instance, streams: undefined, facts, parts: facts === undefined ? parts : parts.map((part) => settleReferences(part, facts)) });
  }

  private internStreams(streams: OrderedMap<number>): Local {
    const hasher = new Hasher().text('random streams');
    streams.forEach((counter, name) => hasher.text(name).word(counter));
    const digest = hasher.finish();
    const known = this.localIds.get(digest);
    if (known >= 0) return this.locals[known] as Local;
    const parts = this.contexts.map((context) => partsOf((this.rules.ignoreChance ? new Projector(context) : new Projector(context).value(streams)).projection()));
    return this.keepLocal(digest, { instance: undefined, streams, facts: undefined, parts });
  }

  private keepLocal(digest: Digest, local: Pick<Local, 'instance' | 'streams' | 'facts' | 'parts'>): Local {
    const parts = local.parts[0] as Parts;
    const args = local.instance?.args as { readonly process?: string; readonly resource?: string } | null | undefined;
    const kept: Local = { id: this.locals.length, ...local, hasReferences: parts.references.length > 0, hasRevisions: parts.revisions.length > 0, unseen: unseenOf(local.instance), process: args?.process, resource: args?.resource, timedAt: NaN, timed: new Int32Array(local.parts.length * 4) };
    this.localIds.set(digest, kept.id);
    this.locals.push(kept);
    return kept;
  }

  private internTask(task: Task): Pending {
    const { to, channel, label, message, quietUntil, long } = task;
    const digest = new Hasher().word(to).text(channel).text(label).value(message).value(quietUntil ?? null).value(long ?? null).finish();
    const known = this.pendingIds.get(digest);
    if (known >= 0) return this.pendings[known] as Pending;
    const parts = this.contexts.map((context) => partsOf(new Projector(context).text(channel).text(label).value(message).projection()));
    const pending: Pending = { id: this.pendings.length, task, channel: this.numberOf(channel), lane: this.numberOf(`lane ${this.uids.replaceIn(channel)}`), isForeground: task.long !== true && task.quietUntil !== Infinity, parts, memo: new Memo() };
    this.pendingIds.set(digest, pending.id);
    this.pendings.push(pending);
    return pending;
  }

}

interface Words {
  a: number;
  b: number;
  c: number;
  d: number;
}

function add(sum: Words, a: number, b: number, c: number, d: number): void {
  sum.a = (sum.a + a) | 0;
  sum.b = (sum.b + b) | 0;
  sum.c = (sum.c + c) | 0;
  sum.d = (sum.d + d) | 0;
}

function addStamp(sum: Words, place: number, value: number): void {
  const word = mix(place, value);
  add(sum, word, mix(word, place), Math.imul(word ^ 0x5bd1e995, 0x9e3779b1), mix(place ^ 0x55555555, value));
}

function isLess(one: Digest, other: Digest): boolean {
  if (one.a !== other.a) return one.a < other.a;
  if (one.b !== other.b) return one.b < other.b;
  if (one.c !== other.c) return one.c < other.c;
  return one.d < other.d;
}

function addWords(sum: Words, { a, b, c, d }: Words): void {
  add(sum, a, b, c, d);
}

/** What the versions and uids in a projection come to where these are current. */
function settled(parts: Parts, facts: StoreFacts): Words {
  let words = parts.settled.get(facts);
  if (words === undefined) {
    words = { a: 0, b: 0, c: 0, d: 0 };
    for (const { kind, place, value } of parts.references) addStamp(words, place, (kind === 'uid' ? facts.uids : facts.versions).has(value) ? 1 : 2);
    parts.settled.set(facts, words);
  }
  return words;
}

/** A list of slots with one of them put in or taken out. */
function changed(slots: readonly number[], slot: number, was: boolean, is: boolean): readonly number[] {
  if (was === is) return slots;
  return is ? [...slots, slot] : slots.filter((each) => each !== slot);
}

function unseenOf(instance: Instance | undefined): readonly number[] {
  if (instance?.type !== VIEW) return [];
  const { unseen, head } = instance.state as { readonly unseen: readonly Change[]; readonly head: number };
  return unseen.slice(head).map(({ revision }) => revision);
}

function partsOf({ digest, stamps }: Projection): Parts {
  return {
    digest, times: stamps.filter(({ kind }) => kind === 'instant'), references: stamps.filter(({ kind }) => kind === 'version' || kind === 'uid'),
    revisions: stamps.filter(({ kind }) => kind === 'revision'), settled: new Map(),
  };
}

/** Of the store's own state: what is current there is part of it. */
function settleReferences(parts: Parts, facts: StoreFacts): Parts {
  const sum: Words = { ...parts.digest };
  addWords(sum, settled(parts, facts));
  return { digest: sum, times: parts.times, references: [], revisions: parts.revisions, settled: new Map() };
}

function factsOf(machine: Machine, uids: UidNames): StoreFacts {
  const storage = new WorldStorage(machine);
  const versions = new Set<number>();
  const live = new Set<number>();
  for (const resource of storage.resources()) {
    if (resource.startsWith('events')) continue;
    for (const { metadata } of storage.list(resource)) {
      versions.add(Number(metadata.resourceVersion));
      const number = uids.numberOf(metadata.uid ?? '');
      if (number !== undefined) live.add(number);
    }
  }
  return { versions, uids: live };
}

function changesSince(machine: Machine, revision: number): readonly Change[] {
  const storage = new WorldStorage(machine);
  const changes: Change[] = [];
  for (const resource of storage.resources()) {
    if (!resource.startsWith('events') && resource !== LEASES) changes.push(...storage.changesSince(resource, revision));
  }
  return changes.sort((one, other) => one.revision - other.revision);
}

type Noted = { readonly do: 'send'; readonly task: Task } | { readonly do: 'takeBack'; readonly to: number; readonly channel: string | undefined };

class Witness implements StepWitness {
  readonly used = new Set<number>();
  readonly written = new Set<number>();
  readonly operations: Noted[] = [];
  cannotFollow: string | undefined;
  private isPaused = false;
  private readonly streamSlot: number;

  constructor(streamSlot: number) {
    this.streamSlot = streamSlot;
  }

  /** Stops noting; answers what goes on with it. */
  pause(): () => void {
    this.isPaused = true;
    return () => { this.isPaused = false; };
  }

  read(slot: number): void {
    if (!this.isPaused) this.used.add(slot);
  }

  wrote(slot: number): void {
    if (!this.isPaused) this.written.add(slot);
  }

  sent(task: Task): void {
    this.operations.push({ do: 'send', task });
  }

  tookBack(to: number, channel: string | undefined): void {
    this.operations.push({ do: 'takeBack', to, channel });
  }

  drew(): void {
    this.used.add(this.streamSlot);
    this.written.add(this.streamSlot);
  }

  impure(what: string): void {
    if (!this.isPaused) this.cannotFollow = what;
  }

  mark(): number {
    return this.operations.length;
  }

  rewind(mark: number): void {
    this.operations.length = mark;
  }
}

const UNWATCHED: StepWitness = { read: () => {}, wrote: () => {}, sent: () => {}, tookBack: () => {}, drew: () => {}, impure: () => {}, mark: () => 0, rewind: () => {} };
