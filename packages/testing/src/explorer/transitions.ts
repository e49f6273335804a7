// Transitions carried out again without running them. A state is a row of interned component states; what a step reads, writes and
// sends is remembered by what it read, so that a step which happens in another state of the whole with the same of its parts costs a look-up.
import { WorldStorage, type Change } from '@kubesim/apiserver';
import { Hasher, Machine, mix, Vector, type Digest, type Instance, type OrderedMap, type Task, type World } from '@kubesim/kernel';
import { DigestTable } from './digest-table.ts';
import { KeptHasher, KeptValues } from './kept-values.ts';
import { PartBranch, putPortable, type Effect } from './parts-memo.ts';
import { Projector, ProjectionContext, UidNames, type Projection } from './projection.ts';
import { add, addStamp, addWords, Branch, changed, copySums, Latest, Memo, NO_LOCALS, NO_SLOTS, settled, State, subtractWords, traitsOf, type Attended, type Delta, type Head, type Local, type Operation, type Parts, type Pending, type StoreFacts, type Timer, type Watched, type Words } from './state.ts';
import { UNWATCHED, Witness, type Part } from './witness.ts';

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

/** Something that may be done from outside in any state. @internal */
export interface RegisteredAction {
  readonly act: (machine: Machine) => void;
  readonly memo: Memo;
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
  private readonly values = new KeptValues();
  private readonly channels = new Map<string, number>();
  private readonly channelNames: string[] = [];
  private readonly streamSlot: number;
  private readonly storeSlot: number;
  /** Steps that were run, that were carried over from states with the same parts, and that were looked up. */
  made = 0;
  carried = 0;
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
    return this.complete(world.now, locals, due, timers, foreground);
  }

  /** The state with time moved to the next instant if nothing is due; undefined if nothing is left. */
  ready(state: State): State | undefined {
    if (state.due.length > 0) return state;
    const [first] = state.timers;
    if (first === undefined) return undefined;
    let end = 1;
    while (end < state.timers.length && (state.timers[end] as Timer).dueAt === first.dueAt) end++;
    const due: Pending[] = [];
    for (let at = 0; at < end; at++) due.push((state.timers[at] as Timer).pending);
    return this.moved(state, first.dueAt, due, state.timers.slice(end));
  }

  /** The state at a later instant, before which nothing is due. */
  later(state: State, now: number): State {
    return this.moved(state, now, state.due, state.timers);
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
      if (isHead) heads.push(pending.heads[index] ??= { pending, index });
    }
    return heads;
  }

  /** What receiving a message would do in this state. */
  deltaOf(state: State, pending: Pending): Delta {
    return this.recall(state, pending.memo, () => { this.machine.hand(pending.task.to, pending.task.message); }, true);
  }

  /** What is done from outside would do in this state. */
  deltaOfAction(state: State, action: RegisteredAction): Delta {
    return this.recall(state, action.memo, () => { action.act(this.machine); }, false);
  }

  /** The state after a step: the message at `index` of what is due is taken, unless it is an input's (−1). */
  apply(state: State, index: number, delta: Delta): State {
    const { now, locals } = state;
    const { writes, results } = delta;
    const sums = copySums(state.sums);
    let { foreground } = state;
    const waiting = state.due;
    // Its length is known: a list that grows by pushing holds room for many more.
    const due = new Array<Pending>(waiting.length - (index < 0 ? 0 : 1) + delta.traits.dues);
    let count = 0;
    for (let at = 0; at < waiting.length; at++) if (at !== index) due[count++] = waiting[at] as Pending;
    if (index >= 0 && (waiting[index] as Pending).isForeground) foreground--;
    let timers = state.timers as Timer[];
    for (const operation of delta.operations) {
      switch (operation.do) {
        case 'due':
          due[count++] = operation.pending;
          if (operation.pending.isForeground) foreground++;
          break;
        case 'timer': {
          if (timers === state.timers) timers = timers.slice();
          let place = timers.length;
          while (place > 0 && (timers[place - 1] as Timer).dueAt > operation.dueAt) place--;
          timers.splice(place, 0, { pending: operation.pending, dueAt: operation.dueAt });
          this.addTimer(sums, operation.pending, operation.dueAt, now, true);
          if (operation.pending.isForeground) foreground++;
          break;
        }
        case 'takeBack': {
          const { to, channel } = operation;
          const isMeant = ({ task }: Pending): boolean => task.to === to && (channel === undefined || task.channel === channel);
          for (let at = 0; at < count; at++) {
            if (!isMeant(due[at] as Pending)) continue;
            if ((due[at] as Pending).isForeground) foreground--;
            due.splice(at--, 1);
            count--;
            if (channel !== undefined) break;
          }
          for (let at = 0; at < timers.length; at++) {
            const { pending, dueAt } = timers[at] as Timer;
            if (!isMeant(pending)) continue;
            if (timers === state.timers) timers = timers.slice();
            if (pending.isForeground) foreground--;
            this.addTimer(sums, pending, dueAt, now, false);
            timers.splice(at--, 1);
            if (channel !== undefined) break;
          }
        }
      }
    }
    const before = state.facts;
    let facts = before;
    let { attended } = state;
    for (let at = 0; at < writes.length; at++) if (writes[at] === this.storeSlot) ({ facts } = results[at] as Local);
    for (let at = 0; at < writes.length; at++) {
      const slot = writes[at] as number;
      const old = locals[slot] as Local;
      const local = results[at] as Local;
      this.subtractLocal(sums, old, now, before);
      this.addLocal(sums, local, now, facts);
      attended = attend(attended, slot, old, local);
    }
    if (facts !== before && facts !== undefined && before !== undefined) {
      // What others hold of versions and uids is current or not by what the store has now.
      for (const slot of state.attended.referring) {
        if (writes.includes(slot)) continue;
        const { parts } = locals[slot] as Local;
        for (let renaming = 0; renaming < parts.length; renaming++) {
          const part = parts[renaming] as Parts;
          const sum = sums[renaming] as Words;
          subtractWords(sum, settled(part, before));
          addWords(sum, settled(part, facts));
        }
      }
    }
    return new State({ now, due, timers, foreground, sums, attended, facts }, locals, writes, results);
  }

  /** The state with everything of a channel that is due put off to the next instant, behind what is due there. */
  defer(state: State, channel: number): State {
    const sums = copySums(state.sums);
    const due = state.due.filter((pending) => pending.channel !== channel);
    const instant = (state.timers[0] as Timer).dueAt;
    let place = 0;
    while (place < state.timers.length && (state.timers[place] as Timer).dueAt === instant) place++;
    const moved = state.due.filter((pending) => pending.channel === channel).map((pending) => ({ pending, dueAt: instant }));
    for (const { pending } of moved) this.addTimer(sums, pending, instant, state.now, true);
    return state.with({ now: state.now, due, timers: [...state.timers.slice(0, place), ...moved, ...state.timers.slice(place)], foreground: state.foreground, sums });
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
    return this.machine.perform(this.materials(state), note === undefined ? UNWATCHED : this.noting(note), () => look(this.machine));
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
    const { facts } = state;
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
    const { now, due, facts } = state;
    const { a, b, c, d } = state.sums[renaming] as Words;
    const sum: Words = { a: (a + extraA) | 0, b: (b + extraB) | 0, c, d };
    const { revised } = state.attended;
    for (let at = 0; at < revised.length; at++) {
      const local = state.local(revised[at] as number);
      this.addRevisions(sum, local.parts[renaming] as Parts, state, local.process);
    }
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

  /** A revision counts by how many unseen changes it covers in the views of its resource that the process has. */
  private addRevisions(sum: Words, parts: Parts, state: State, process: string | undefined): void {
    const { unseen } = state.attended;
    for (const { place, value, resource } of parts.revisions) {
      let count = 0;
      for (let at = 0; at < unseen.length; at++) {
        const view = state.local(unseen[at] as number);
        if (view.resource !== resource || (process !== undefined && view.process !== process)) continue;
        for (const revision of view.unseen) if (revision <= value) count++;
      }
      addStamp(sum, place, count);
    }
  }

  private addLocal(sums: readonly Words[], { parts, hasReferences }: Local, now: number, facts: StoreFacts | undefined): void {
    for (let renaming = 0; renaming < parts.length; renaming++) {
      const part = parts[renaming] as Parts;
      addWords(sums[renaming] as Words, this.timed(part, now));
      if (hasReferences && facts !== undefined) addWords(sums[renaming] as Words, settled(part, facts));
    }
  }

  private subtractLocal(sums: readonly Words[], { parts, hasReferences }: Local, now: number, facts: StoreFacts | undefined): void {
    for (let renaming = 0; renaming < parts.length; renaming++) {
      const part = parts[renaming] as Parts;
      subtractWords(sums[renaming] as Words, this.timed(part, now));
      if (hasReferences && facts !== undefined) subtractWords(sums[renaming] as Words, settled(part, facts));
    }
  }

  private age(instant: number, now: number): number {
    return Math.max(instant - now, -this.rules.ageCapMs);
  }

  /** Digest of a component's state as of an instant. */
  private timed(parts: Parts, now: number): Words {
    if (parts.times.length === 0) return parts.digest;
    let words = parts.timed.get(now);
    if (words === undefined) {
      words = { ...parts.digest };
      for (const stamp of parts.times) addStamp(words, stamp.place, this.age(stamp.value, now));
      parts.timed.set(now, words);
    }
    return words;
  }

  /** Puts a timer's digest into the sums, or takes it out. */
  private addTimer(sums: readonly Words[], { parts }: Pending, dueAt: number, now: number, isAdded: boolean): void {
    const offset = dueAt - now;
    for (let renaming = 0; renaming < parts.length; renaming++) {
      const { digest, times } = parts[renaming] as Parts;
      const words: Words = { a: mix(digest.a, offset), b: mix(digest.b, offset ^ 0x74696d65), c: digest.c ^ mix(digest.d, offset), d: digest.d };
      for (const stamp of times) addStamp(words, stamp.place, this.age(stamp.value, now));
      if (isAdded) addWords(sums[renaming] as Words, words);
      else subtractWords(sums[renaming] as Words, words);
    }
  }

  /** The state at another instant, with what is due then. */
  private moved(state: State, now: number, due: readonly Pending[], timers: readonly Timer[]): State {
    const sums = copySums(state.sums);
    for (const slot of state.attended.timed) {
      const { parts } = state.local(slot);
      for (let renaming = 0; renaming < parts.length; renaming++) {
        const part = parts[renaming] as Parts;
        subtractWords(sums[renaming] as Words, this.timed(part, state.now));
        addWords(sums[renaming] as Words, this.timed(part, now));
      }
    }
    for (const { pending, dueAt } of state.timers) this.addTimer(sums, pending, dueAt, state.now, false);
    for (const { pending, dueAt } of timers) this.addTimer(sums, pending, dueAt, now, true);
    return state.with({ now, due, timers, foreground: state.foreground, sums });
  }

  private complete(now: number, locals: readonly Local[], due: readonly Pending[], timers: readonly Timer[], foreground: number): State {
    const sums: Words[] = this.contexts.map(() => ({ a: 0, b: 0, c: 0, d: 0 }));
    const facts = this.storeSlot < 0 ? undefined : (locals[this.storeSlot] as Local).facts;
    let attended: Attended = { timed: NO_SLOTS, referring: NO_SLOTS, unseen: NO_SLOTS, revised: NO_SLOTS };
    for (let slot = 0; slot < locals.length; slot++) {
      const local = locals[slot] as Local;
      this.addLocal(sums, local, now, facts);
      attended = attend(attended, slot, undefined, local);
    }
    for (const { pending, dueAt } of timers) this.addTimer(sums, pending, dueAt, now, true);
    return new State({ now, due, timers, foreground, sums, attended, facts }, locals, NO_SLOTS, NO_LOCALS);
  }

  private recall(state: State, memo: Memo, action: () => void, mayCarry: boolean): Delta {
    const { locals } = state;
    let branch = memo.roots.get(state.now);
    if (branch === undefined) memo.roots.set(state.now, branch = new Branch());
    const root = branch;
    while (branch.slot >= 0) {
      const next = branch.after(locals[branch.slot] as Local);
      if (next === undefined) break;
      branch = next;
    }
    if (branch.delta !== undefined) {
      this.found++;
      return branch.delta;
    }
    const delta = (mayCarry ? this.carry(state, memo.byParts.get(state.now)) : undefined) ?? this.run(state, action, mayCarry ? memo : undefined);
    this.remember(locals, root, delta);
    return delta;
  }

  /** Puts a step under the components that it read, along the branches that are there. */
  private remember(locals: readonly Local[], root: Branch, delta: Delta): void {
    const left = new Set(delta.reads);
    let branch = root;
    while (branch.slot >= 0) {
      left.delete(branch.slot);
      const local = locals[branch.slot] as Local;
      branch = branch.after(local) ?? branch.add(local);
    }
    for (const slot of left) {
      branch.slot = slot;
      branch = branch.add(locals[slot] as Local);
    }
    branch.delta = delta;
  }

  /** What a step does by what it did where all parts that it reads were the same, if it was run there. */
  private carry(state: State, root: PartBranch | undefined): Delta | undefined {
    if (root === undefined) return undefined;
    const reads = new Set<number>();
    const reached = this.descend(state, root, reads, false);
    // Questions are asked of the machine, which is given the state when the first of them is met.
    const branch = reached?.part === undefined ? reached : this.look(state, () => this.descend(state, reached, reads, true), reads);
    const portable = branch?.portable;
    if (portable === undefined) return undefined;
    this.carried++;
    const { delta } = portable;
    const writes: number[] = [];
    const results: Local[] = [];
    for (const effect of portable.effects) {
      // What it leaves of a component depends on the component, though it may have read nothing of it.
      reads.add(effect.slot);
      const before = state.locals[effect.slot] as Local;
      const local = 'local' in effect ? effect.local : this.assign(before, effect.fields);
      // What was written as it was is no write.
      if (local === before) continue;
      writes.push(effect.slot);
      results.push(local);
    }
    const used = [...reads];
    const { operations, sends, changes } = delta;
    return { reads: used, writes, results, operations, sends, traits: traitsOf(used, writes, sends, operations), changes, watched: new Map(), seen: new Set(), isVisible: undefined };
  }

  /** Goes on along what a state's parts are: to the end, or to where a question must be asked and cannot. */
  private descend(state: State, from: PartBranch, reads: Set<number>, mayAsk: boolean): PartBranch | undefined {
    let branch = from;
    while (branch.part !== undefined) {
      if (branch.part.kind !== 'answer') reads.add(branch.part.slot);
      else if (!mayAsk) return branch;
      const next = branch.after(this.idIn(state, branch.part));
      if (next === undefined) return undefined;
      branch = next;
    }
    return branch;
  }

  /** A component with some fields assigned. */
  private assign(local: Local, fields: readonly (readonly [string, unknown])[]): Local {
    if (fields.length === 0) return local;
    const before = local.instance as Instance;
    const state: Record<string, unknown> = { ...before.state };
    for (const [field, value] of fields) state[field] = value;
    return this.internInstance(this.machine, { ...before, state, digest: undefined });
  }

  private noting(slots: Set<number>): typeof UNWATCHED {
    return { ...UNWATCHED, read: (slot, state) => { slots.add(slot); return state; } };
  }

  /** The number of what a part is in a state, which the machine holds. */
  private idIn(state: State, part: Part): number {
    if (part.kind === 'answer') return this.values.idOf(part.question());
    const local = state.locals[part.slot] as Local;
    return part.kind === 'component' ? local.id : this.values.idOf((local.instance as Instance & { readonly state: Readonly<Record<string, unknown>> }).state[part.field]);
  }

  private run(state: State, action: () => void, memo: Memo | undefined): Delta {
    this.made++;
    const { machine } = this;
    const witness = new Witness(this.streamSlot, state.locals.map(({ instance }) => instance), memo === undefined ? undefined : (instance) => machine.typeOf(instance));
    let changes: readonly Change[] = [];
    const written: { readonly slot: number; readonly local: Local; readonly instance: Instance | undefined }[] = [];
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
      for (const slot of witness.written) {
        if (slot === this.streamSlot) {
          written.push({ slot, local: this.internStreams(machine.streamCounters()), instance: undefined });
          continue;
        }
        const instance = instances[slot] as Instance;
        const was = state.locals[slot] as Local;
        written.push({ slot, local: isUntouched(instance, was.instance) ? was : this.internInstance(machine, instance), instance });
      }
    });
    if (witness.cannotFollow !== undefined) throw new RangeError(`explore: ${witness.cannotFollow} in a step: an explorer cannot follow that`);
    // What was written as it was is no write.
    const kept = written.filter(({ slot, local }) => state.locals[slot] !== local);
    const operations = witness.operations.map((operation): Operation => {
      if (operation.do === 'takeBack') return operation;
      const pending = this.internTask(operation.task);
      return operation.task.dueAt === state.now ? { do: 'due', pending } : { do: 'timer', pending, dueAt: operation.task.dueAt };
    });
    const sends = [...new Set(operations.flatMap((operation) => (operation.do === 'takeBack' ? [] : [operation.pending.channel])))];
    const reads = [...witness.used];
    const writes = kept.map(({ slot }) => slot);
    const delta: Delta = {
      reads, writes, results: kept.map(({ local }) => local), operations, sends, traits: traitsOf(reads, writes, sends, operations), changes, watched: new Map(), seen: new Set(), isVisible: undefined,
    };
    if (memo !== undefined && witness.isPortable) this.keepPortable(state, memo, witness, delta, written);
    return delta;
  }

  /** Keeps a step that was run, under the parts that it read. */
  private keepPortable(state: State, memo: Memo, witness: Witness, delta: Delta, written: readonly { readonly slot: number; readonly local: Local; readonly instance: Instance | undefined }[]): void {
    const effects = written.map(({ slot, local, instance }): Effect => {
      if (instance === undefined || witness.readings.has(String(slot))) return { slot, local };
      const after = instance.state as Readonly<Record<string, unknown>>;
      const before = (state.locals[slot] as Local).instance?.state as Readonly<Record<string, unknown>>;
      const fields: (readonly [string, unknown])[] = [];
      for (const field of witness.assigned.get(slot) ?? []) {
        // What is now as it was before may be so because it was so: then that counts.
        if (after[field] === before[field]) witness.noteField(slot, field);
        else fields.push([field, after[field]]);
      }
      return { slot, fields };
    });
    let root = memo.byParts.get(state.now);
    if (root === undefined) memo.byParts.set(state.now, root = new PartBranch());
    putPortable(root, witness.readings, { delta, effects }, (part, reading) => {
      if (part.kind !== 'answer') return this.idIn(state, part);
      return reading === undefined ? this.look(state, () => this.idIn(state, part)) : this.values.idOf(reading.value);
    });
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
    const hasher = new KeptHasher(this.values);
    machine.hashInstance(instance, hasher);
    const digest = hasher.finish();
    const known = this.localIds.get(digest);
    if (known >= 0) return this.locals[known] as Local;
    const parts = this.contexts.map((context) => {
      const projector = new Projector(context);
      machine.hashInstance(instance, projector);
      return partsOf(projector.projection());
    });
    const { canonical } = machine.typeOf(instance);
    const facts = instance.type === STORE ? factsOf(machine, this.uids) : undefined;
    return this.keepLocal(digest, { instance: canonical === undefined ? instance : { ...instance, state: canonical(instance.state) }, streams: undefined, facts, parts: facts === undefined ? parts : parts.map((part) => settleReferences(part, facts)) });
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
    const kept: Local = { id: this.locals.length, ...local, hasTimes: parts.times.length > 0, hasReferences: parts.references.length > 0, hasRevisions: parts.revisions.length > 0, unseen: unseenOf(local.instance), process: args?.process, resource: args?.resource };
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
    const pending: Pending = { id: this.pendings.length, task, channel: this.numberOf(channel), lane: this.numberOf(`lane ${this.uids.replaceIn(channel)}`), isForeground: task.long !== true && task.quietUntil !== Infinity, parts, memo: new Memo(), heads: [] };
    this.pendingIds.set(digest, pending.id);
    this.pendings.push(pending);
    return pending;
  }

}

/** Slots with one of them put in or taken out, by what it was and is. */
function attend(attended: Attended, slot: number, was: Local | undefined, is: Local): Attended {
  const timed = changed(attended.timed, slot, was?.hasTimes ?? false, is.hasTimes);
  const referring = changed(attended.referring, slot, was?.hasReferences ?? false, is.hasReferences);
  const unseen = changed(attended.unseen, slot, (was?.unseen.length ?? 0) > 0, is.unseen.length > 0);
  const revised = changed(attended.revised, slot, was?.hasRevisions ?? false, is.hasRevisions);
  if (timed === attended.timed && referring === attended.referring && unseen === attended.unseen && revised === attended.revised) return attended;
  return { timed, referring, unseen, revised };
}

function isLess(one: Digest, other: Digest): boolean {
  if (one.a !== other.a) return one.a < other.a;
  if (one.b !== other.b) return one.b < other.b;
  if (one.c !== other.c) return one.c < other.c;
  return one.d < other.d;
}

/** Whether what was opened for writing was left as it was: what is written in depth has another identity, since others may hold what was there. */
function isUntouched(now: Instance, before: Instance | undefined): boolean {
  if (before === undefined || now.args !== before.args) return false;
  const after = now.state as Readonly<Record<string, unknown>>;
  const earlier = before.state as Readonly<Record<string, unknown>>;
  const keys = Object.keys(after);
  return keys.length === Object.keys(earlier).length && keys.every((key) => after[key] === earlier[key]);
}

function unseenOf(instance: Instance | undefined): readonly number[] {
  if (instance?.type !== VIEW) return [];
  const { unseen, head } = instance.state as { readonly unseen: readonly Change[]; readonly head: number };
  return unseen.slice(head).map(({ revision }) => revision);
}

function partsOf({ digest, stamps }: Projection): Parts {
  return {
    digest, times: stamps.filter(({ kind }) => kind === 'instant'), references: stamps.filter(({ kind }) => kind === 'version' || kind === 'uid'),
    revisions: stamps.filter(({ kind }) => kind === 'revision'), settled: new Latest(), timed: new Latest(),
  };
}

/** Of the store's own state: what is current there is part of it. */
function settleReferences(parts: Parts, facts: StoreFacts): Parts {
  const sum: Words = { ...parts.digest };
  addWords(sum, settled(parts, facts));
  return { digest: sum, times: parts.times, references: [], revisions: parts.revisions, settled: new Latest(), timed: new Latest() };
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
