// The machine: takes a task from the agenda, hands it to its component, and so gets the next World. It knows no Kubernetes word.
import { Agenda, type Alternative } from './agenda.ts';
import { choose, fifoArbiter, longestDeferral, type ArbiterState, type Decision, type Deviation } from './arbiter.ts';
import { checkFingerprint, fingerprint, type ComponentType, type MachineDefinition } from './component.ts';
import { planCrossing, Tape } from './crossing.ts';
import { NotPeriodic, type QuietRules } from './drift.ts';
import { raiseEpoch, type Epoch } from './epoch.ts';
import { DigestSum, Hasher, hashText, mix, type Digest } from './hash.ts';
import { OrderedMap } from './ordered-map.ts';
import { drawBelow } from './random.ts';
import type { Task } from './task.ts';
import { Vector } from './vector.ts';
import { World, type Instance } from './world.ts';

/** Options of a new machine. @public */
export interface MachineOptions {
  readonly definition: MachineDefinition;
  /** Seed of every random stream and derived identity. */
  readonly seed?: number;
  /** Virtual instant of the start, ms since 1970. */
  readonly startAt?: number;
  readonly arbiter?: ArbiterState;
}

/** How a task is sent. @public */
export interface SendOptions {
  /** Virtual ms from now; 0 is due at once. */
  readonly delayMs?: number;
  readonly quietUntil?: number;
  readonly long?: boolean;
}

/** When a run stops. @public */
export interface RunLimits {
  /** Virtual instant up to which time may move (inclusive of what is due then). */
  readonly until?: number;
  /** Stop as soon as nothing is left that settling waits for. */
  readonly settle?: boolean;
  /** Looked at before each step; true stops. */
  readonly stop?: () => boolean;
  /** All that `stop` looks at, as one frozen value: while it is the same, so is the answer, and spans may be crossed. */
  readonly stopReads?: () => unknown;
  /** Stop after so many steps. */
  readonly steps?: number;
  /** How many steps at most, counted anew whenever a run that has an end comes to rest; beyond it BoundExceeded. */
  readonly maxSteps?: number;
  /**
   * `cross`: spans in which only quiet tasks are due are crossed in closed form where the machine has rules for it
   * (`MachineDefinition.quiet`), with the same outcome in every respect. Only first in, first out, and while nobody looks at or
   * keeps single steps (`stop` without `stopReads`, `observe`, `record`). `step`, as without it: every step is made.
   */
  readonly quiet?: 'cross' | 'step';
}

/** Is told what one step reads and does, by explorers that carry it out again without running it. @internal */
export interface StepWitness {
  /** A component's state is read: answers what is handed out. */
  read(slot: number, state: object): object;
  /** A component's state may be written from now on: answers what is handed out. */
  wrote(slot: number, state: object): object;
  /** A question that is answered from components' states and nothing else, with a name of its own. */
  ask<Answer>(name: string, question: () => Answer): Answer;
  sent(task: Task): void;
  /** A message of a channel was taken back; everything that is sent to the component without a channel. */
  tookBack(to: number, channel: string | undefined): void;
  /** A random stream was drawn from. */
  drew(): void;
  /** Something was read that the witness cannot follow. */
  impure(what: string): void;
  /** How much was sent and taken back so far. */
  mark(): number;
  /** What was sent and taken back since a mark is undone. */
  rewind(mark: number): void;
}

/** Why a run stopped. @public */
export type RunOutcome = 'settled' | 'until' | 'stopped' | 'idle';

/** A run reached its bound: something is spinning, and the message says what. @public */
export class BoundExceeded extends Error {
  override readonly name = 'BoundExceeded';
  /** Labels of the last steps, oldest first. */
  readonly lastSteps: readonly string[];
  constructor(message: string, lastSteps: readonly string[]) {
    super(message);
    this.lastSteps = lastSteps;
  }
}

/** What a recording machine keeps of its choices. @public */
export interface ChoiceRecord {
  readonly deviations: readonly Deviation[];
  readonly decisions: readonly Decision[];
  /** Points with more than one alternative. */
  readonly points: number;
}

/** Choices with how often each channel stood first: what a recording needs to go on. @public */
export interface KeptChoices extends ChoiceRecord {
  readonly counts: readonly (readonly [string, number])[];
}

/** A period that is being observed. */
interface Observation {
  readonly before: World;
  readonly endsAt: number;
  /** What `stop` looked at when it began. */
  readonly read: unknown;
}

/** Where a run that crosses ends. */
interface CrossingLimits {
  readonly until: number;
  /** Steps made at the end. */
  readonly steps: number;
  readonly stopReads: (() => unknown) | undefined;
}

const STEPS_MAX_DEFAULT = 10_000_000;
const LAST_STEPS = 64;

/** Runs Worlds. Mutable, and owned by whoever runs it: hand out `seal()`, never the machine. @public */
export class Machine {
  readonly definition: MachineDefinition;
  readonly seed: number;
  /** The epoch under which containers are edited in place now. */
  epoch: Epoch;
  /** Virtual instant, ms since 1970. */
  now: number;
  private agenda: Agenda;
  private instances: Vector<Instance>;
  private names: OrderedMap<number>;
  private streams: OrderedMap<number>;
  private arbiter: ArbiterState;
  private arbiterEpoch: Epoch;
  private sequence: number;
  private stepsMade: number;
  private rollingA: number;
  private rollingB: number;
  private readonly types: ReadonlyMap<string, ComponentType>;
  private readonly own: readonly string[];
  private recording: { deviations: Deviation[]; decisions: Decision[]; points: number; counts: Map<string, number> } | undefined;
  private readonly recent: string[] = [];
  private observer: ((task: Task) => void) | undefined;
  private witness: StepWitness | undefined;
  private companions: Map<object, unknown> | undefined;
  /** Takes down what the rolling digest takes in, while a period is observed. */
  private tape: Tape | undefined;
  private observation: Observation | undefined;

  constructor(options: MachineOptions) {
    this.definition = options.definition;
    const prepared = prepare(options.definition);
    this.types = prepared.types;
    this.own = prepared.fingerprint;
    this.seed = (options.seed ?? 1) | 0;
    this.epoch = raiseEpoch();
    this.now = options.startAt ?? 0;
    this.agenda = Agenda.empty(this.epoch);
    this.instances = Vector.empty();
    this.names = OrderedMap.empty();
    this.streams = OrderedMap.empty();
    this.arbiter = options.arbiter ?? fifoArbiter;
    this.arbiterEpoch = raiseEpoch();
    this.sequence = 0;
    this.stepsMade = 0;
    this.rollingA = 0x6b65726e;
    this.rollingB = 0x656c2e31;
  }

  /** A machine that goes on from a sealed World, which stays as it is. O(1). Throws FingerprintMismatch for another machine's. */
  static from(world: World, definition: MachineDefinition = world.definition): Machine {
    const machine = new Machine({ definition, seed: world.seed, startAt: world.now, arbiter: world.arbiter });
    if (definition !== world.definition) checkFingerprint(fingerprint(world.definition), machine.own);
    machine.agenda = world.agenda;
    machine.instances = world.instances;
    machine.names = world.names;
    machine.streams = world.streams;
    machine.sequence = world.sequence;
    machine.stepsMade = world.steps;
    machine.rollingA = world.rollingA;
    machine.rollingB = world.rollingB;
    return machine;
  }

  /** The World as it is now, as a value. O(1). The machine goes on under a new epoch and no longer writes into it. */
  seal(): World {
    this.epoch = raiseEpoch();
    return new World({
      definition: this.definition, seed: this.seed, now: this.now, agenda: this.agenda, instances: this.instances, names: this.names,
      streams: this.streams, arbiter: this.arbiter, sequence: this.sequence, steps: this.stepsMade, rollingA: this.rollingA, rollingB: this.rollingB,
    });
  }

  /**
   * What somebody made for this very machine, made when first asked for: a server over its store, generators that run. No part of
   * the World: it must follow from that alone. It goes with the machine: a WeakMap by machines would hold what is made for the
   * many short-lived ones of an explorer until a full collection.
   */
  companion<T>(by: object, make: () => T): T {
    this.companions ??= new Map();
    let companion = this.companions.get(by) as T | undefined;
    if (companion === undefined) this.companions.set(by, companion = make());
    return companion;
  }

  // Components

  /** Adds a component; its name must be new. Answers its slot. */
  spawn(type: string, name: string, args: unknown = null): number {
    this.witness?.impure(`component '${name}' was added`);
    const componentType = this.types.get(type);
    if (componentType === undefined) throw new RangeError(`machine: no component type '${type}' is registered`);
    if (this.names.has(name)) throw new RangeError(`machine: a component named '${name}' exists`);
    const slot = this.instances.length;
    this.names = this.names.set(this.epoch, name, slot);
    this.instances = this.instances.push(this.epoch, { type, name, args, epoch: this.epoch, state: componentType.initial(args, this), digest: undefined });
    return slot;
  }

  /** The slot of a component, or −1. */
  slotOf(name: string): number {
    return this.names.get(name) ?? -1;
  }

  nameOf(slot: number): string {
    return this.instance(slot).name;
  }

  argsOf(slot: number): unknown {
    return this.instance(slot).args;
  }

  componentNames(): string[] {
    return [...this.names.keys()];
  }

  /** The state of a component for reading only. */
  peek<State extends object>(slot: number): State {
    const { state } = this.instance(slot);
    return (this.witness === undefined ? state : this.witness.read(slot, state)) as State;
  }

  /** The state of a component for writing: the machine's own copy from here on. */
  edit<State extends object>(slot: number): State {
    const instance = this.instance(slot);
    let { state } = instance;
    if (instance.epoch === this.epoch) instance.digest = undefined;
    else {
      state = { ...state };
      this.instances = this.instances.set(this.epoch, slot, { type: instance.type, name: instance.name, args: instance.args, epoch: this.epoch, state, digest: undefined });
    }
    return (this.witness === undefined ? state : this.witness.wrote(slot, state)) as State;
  }

  // Sending

  /** Sends a message. */
  send(to: number, channel: string, label: string, message: unknown, options: SendOptions = {}): void {
    const delayMs = options.delayMs ?? 0;
    if (!Number.isInteger(delayMs) || delayMs < 0) throw new RangeError(`send '${label}': delayMs must be a whole number of ms, 0 or more, not ${delayMs}`);
    const agenda = this.ownAgenda();
    const task: Task = { sequence: this.sequence++, to, channel, dueAt: this.now + delayMs, label, message, quietUntil: options.quietUntil, long: options.long };
    this.witness?.sent(task);
    if (delayMs === 0) agenda.addDue(task);
    else agenda.addTimer(task);
  }

  /** Sends a message that is due at once: `send` without options, for hot paths. */
  post(to: number, channel: string, label: string, message: unknown): void {
    const task: Task = { sequence: this.sequence++, to, channel, dueAt: this.now, label, message, quietUntil: undefined, long: undefined };
    this.witness?.sent(task);
    this.ownAgenda().addDue(task);
  }

  /** Takes back the message of a channel that a component was not handed yet, the earliest if there are several; false if there is none. */
  takeBack(to: number, channel: string): boolean {
    this.witness?.tookBack(to, channel);
    return this.ownAgenda().remove((task) => task.to === to && task.channel === channel);
  }

  /** Takes back everything that a component was not handed yet. */
  takeBackAll(to: number): void {
    this.witness?.tookBack(to, undefined);
    const agenda = this.ownAgenda();
    while (agenda.remove((task) => task.to === to));
  }

  /** A whole number from 0 up to, not including, `bound`, from the stream of that name. */
  random(name: string, bound: number): number {
    this.witness?.drew();
    const counter = this.streams.get(name) ?? 0;
    this.streams = this.streams.set(this.epoch, name, counter + 1);
    return drawBelow(this.seed, name, counter, bound);
  }

  /** Puts a word of what was decided or changed into the rolling digest. */
  note(word: number): void {
    this.tape?.word(word);
    this.roll(word);
  }

  /** Puts a word with a version into the rolling digest. Each version that a World counts is noted once, in order. */
  noteVersion(word: number, version: number): void {
    this.tape?.version(word, version);
    this.roll(mix(word, version));
  }

  private roll(word: number): void {
    this.rollingA = mix(this.rollingA, word);
    this.rollingB = Math.imul(this.rollingB ^ word, 0x01000193) ^ (this.rollingA >>> 7);
  }

  /** Puts a text into the rolling digest. */
  noteText(text: string): void {
    this.note(hashText(0, text));
  }

  // Inputs

  /** Applies a registered input. If it throws, the machine is as it was before. */
  input(name: string, args: unknown): unknown {
    const run = this.definition.inputs !== undefined && Object.hasOwn(this.definition.inputs, name) ? this.definition.inputs[name] : undefined;
    if (run === undefined) throw new RangeError(`machine: no input '${name}' is registered`);
    const before = this.seal();
    const mark = this.witness?.mark() ?? 0;
    try {
      return run(this, args);
    } catch (error) {
      this.restore(before);
      this.witness?.rewind(mark);
      throw error;
    }
  }

  /** Goes back (or over) to a sealed World of the same machine. */
  restore(world: World): void {
    const { agenda, instances, names, streams, arbiter, sequence, steps, rollingA, rollingB, now } = world;
    Object.assign(this, { agenda, instances, names, streams, arbiter, sequence, stepsMade: steps, rollingA, rollingB, now });
    this.epoch = raiseEpoch();
  }

  // Running

  get steps(): number {
    return this.stepsMade;
  }

  get pending(): number {
    return this.agenda.size;
  }

  get dueCount(): number {
    return this.agenda.dueCount;
  }

  get foregroundCount(): number {
    return this.agenda.foregroundCount;
  }

  /** The instant at which the next thing happens, or Infinity. */
  get nextInstant(): number {
    return this.agenda.dueCount > 0 ? this.now : this.agenda.nextInstant;
  }

  /** Timers that settling does not wait for because they are long, in order of their instants. */
  longTimers(): Task[] {
    return this.agenda.timerTasks().filter((task) => task.long === true);
  }

  /** Everything that waits: what is due, then timers in order. */
  tasks(): Task[] {
    this.witness?.impure('all tasks were read');
    return [...this.agenda.dueTasks(), ...this.agenda.timerTasks()];
  }

  useArbiter(arbiter: ArbiterState): void {
    this.arbiter = arbiter;
    this.arbiterEpoch = raiseEpoch();
  }

  /** Keeps the choices that are made from here on; after those that another machine kept up to this World, if given. */
  record(before?: KeptChoices): void {
    const { deviations = [], decisions = [], points = 0, counts = [] } = before ?? {};
    this.recording = { deviations: [...deviations], decisions: [...decisions], points, counts: new Map(counts) };
  }

  /** What was kept since `record`, for a machine that goes on from here; undefined if nothing is kept. */
  get kept(): KeptChoices | undefined {
    return this.recording === undefined ? undefined : { ...this.choices, counts: [...this.recording.counts] };
  }

  get choices(): ChoiceRecord {
    const { deviations = [], decisions = [], points = 0 } = this.recording ?? {};
    return { deviations: [...deviations], decisions: [...decisions], points };
  }

  /** Is told of each task before it is received: for traces, never for results. */
  observe(observer: ((task: Task) => void) | undefined): void {
    this.observer = observer;
  }

  /** The heads that may go next; time moves to the next instant if nothing is due. Empty: nothing is left to do. */
  alternatives(): Alternative[] {
    if (!this.makeDue()) return [];
    return this.agenda.alternatives();
  }

  /** One step with a choice of the caller's, which a recording keeps as any; false when nothing is left. */
  stepChoice(choice: number): boolean {
    const alternatives = this.alternatives();
    if (alternatives.length === 0) return false;
    this.recordChoice(alternatives, choice, this.agenda.nextInstant !== Infinity);
    this.carryOut(alternatives, choice);
    return true;
  }

  /** One step by the arbiter; false when nothing is left. */
  step(): boolean {
    if (!this.makeDue()) return false;
    if (this.arbiter.kind === 'fifo' && this.recording === undefined) {
      this.receive(this.ownAgenda().take(0), 0);
      return true;
    }
    const alternatives = this.agenda.alternatives();
    const canDefer = this.agenda.nextInstant !== Infinity;
    const choice = choose(this.ownArbiter(), alternatives, this.agenda.nextInstant - this.now <= longestDeferral(this.arbiter));
    this.recordChoice(alternatives, choice, canDefer);
    this.carryOut(alternatives, choice);
    return true;
  }

  /** Steps until a limit is met. Throws BoundExceeded beyond `maxSteps`, the World being that of the last step. */
  run(limits: RunLimits = {}): RunOutcome {
    try {
      return this.runOn(limits);
    } finally {
      // A period that was not observed to its end is not held on to.
      this.observation = undefined;
      this.tape = undefined;
    }
  }

  private runOn(limits: RunLimits): RunOutcome {
    const until = limits.until ?? Infinity;
    const maxSteps = limits.maxSteps ?? STEPS_MAX_DEFAULT;
    let bound = this.stepsMade + maxSteps;
    const { stop, settle, stopReads } = limits;
    const goal = limits.steps === undefined ? Infinity : this.stepsMade + limits.steps;
    const hasEnd = until !== Infinity || goal !== Infinity;
    const quiet = limits.quiet === 'cross' && hasEnd && (stop === undefined || stopReads !== undefined) && this.mayCross() ? this.definition.quiet : undefined;
    for (;;) {
      if (this.stepsMade >= goal || stop?.() === true) return 'stopped';
      if (settle === true && this.agenda.foregroundCount === 0) return 'settled';
      if (this.agenda.dueCount === 0 && hasEnd) {
        if (quiet !== undefined) this.crossQuiet(quiet, { until, steps: goal, stopReads });
        // What comes to rest does not spin, however long it goes on.
        if (this.agenda.foregroundCount === 0) bound = this.stepsMade + maxSteps;
      }
      const next = this.nextInstant;
      if (next > until) {
        if (until !== Infinity && until > this.now) this.now = until;
        return until === Infinity ? 'idle' : 'until';
      }
      if (next === Infinity) return 'idle';
      if (this.stepsMade >= bound) throw this.boundExceeded(maxSteps);
      this.step();
    }
  }

  /** Nothing that tells one step from another is asked for. */
  private mayCross(): boolean {
    return this.arbiter.kind === 'fifo' && this.recording === undefined && this.observer === undefined && this.witness === undefined;
  }

  /** Between two instants of a run: begins to observe a period, or crosses those that follow the observed one. */
  private crossQuiet(rules: QuietRules, limits: CrossingLimits): void {
    if (this.agenda.foregroundCount > 0) {
      this.observation = undefined;
      this.tape = undefined;
      return;
    }
    const { observation, tape } = this;
    if (observation === undefined || tape === undefined) {
      if (limits.until - this.now < 2 * rules.periodMs) return;
      this.observation = { before: this.seal(), endsAt: this.now + rules.periodMs, read: limits.stopReads?.() };
      this.tape = new Tape();
      return;
    }
    if (this.agenda.nextInstant <= observation.endsAt) return;
    this.now = observation.endsAt;
    this.observation = undefined;
    this.tape = undefined;
    if (limits.stopReads?.() === observation.read) this.repeatPeriod(observation.before, tape, rules, limits);
  }

  private repeatPeriod(before: World, tape: Tape, rules: QuietRules, limits: CrossingLimits): void {
    // Sealed, so that what is worked out from it writes into none of it.
    const after = this.seal();
    let crossing;
    try {
      crossing = planCrossing(before, after, tape, limits, rules, this.types);
    } catch (error) {
      if (error instanceof NotPeriodic) return;
      throw error;
    }
    if (crossing === undefined) return;
    const { periods } = crossing;
    for (const [slot, state] of crossing.states) {
      const { type, name, args } = this.instance(slot);
      this.instances = this.instances.set(this.epoch, slot, { type, name, args, epoch: this.epoch, state, digest: undefined });
    }
    this.agenda = Agenda.of(this.epoch, [], crossing.timers);
    const stepsEach = after.steps - before.steps;
    const labels = Array.from({ length: LAST_STEPS }, (_, back) => this.recent[(after.steps - (back % Math.max(1, stepsEach))) % LAST_STEPS]);
    this.now += crossing.ms;
    this.sequence += (after.sequence - before.sequence) * periods;
    this.stepsMade += stepsEach * periods;
    labels.forEach((label, back) => { if (label !== undefined && back < this.stepsMade) this.recent[(this.stepsMade - back) % LAST_STEPS] = label; });
    const rolling = { a: this.rollingA, b: this.rollingB };
    tape.play(rolling, periods, after.now - before.now);
    this.rollingA = rolling.a;
    this.rollingB = rolling.b;
  }

  // Digests

  /** What was decided and changed on every step so far, as 16 hex digits. */
  get rollingDigest(): string {
    return (this.rollingA >>> 0).toString(16).padStart(8, '0') + (this.rollingB >>> 0).toString(16).padStart(8, '0');
  }

  /**
   * Identifies the state for an explorer: equal digests mean equal futures. Worked out anew only for components that were
   * written. `ordered` counts the order between channels too, which matters unless every alternative is explored.
   */
  stateDigest(ordered: boolean = false): Digest {
    const sum = new DigestSum();
    for (let slot = 0; slot < this.instances.length; slot++) sum.add(this.digestOf(slot));
    this.addAgendaDigest(sum, ordered);
    this.streams.forEach((counter, name) => sum.add(new Hasher().text(name).word(counter).finish()));
    return sum.value();
  }

  private digestOf(slot: number): Digest {
    const instance = this.instance(slot);
    if (instance.digest !== undefined) return instance.digest;
    const hasher = new Hasher();
    this.hashInstance(instance, hasher);
    instance.digest = hasher.finish();
    return instance.digest;
  }

  /** Messages count with their place in their channel, timers with how far they are off: a due message and a timer never look alike. */
  private addAgendaDigest(sum: DigestSum, ordered: boolean): void {
    const places = new Map<string, number>();
    if (ordered) {
      const line = new Hasher();
      for (const task of this.agenda.dueTasks()) line.digest(taskDigest(task));
      // Timers of one instant come due in their order.
      for (const task of this.agenda.timerTasks()) line.digest(taskDigest(task));
      sum.add(line.finish());
    }
    for (const task of this.agenda.dueTasks()) {
      const place = places.get(task.channel) ?? 0;
      places.set(task.channel, place + 1);
      sum.add(new Hasher().word(11).word(place).digest(taskDigest(task)).finish());
    }
    for (const task of this.agenda.unorderedTimers()) {
      sum.add(new Hasher().word(12).number(task.dueAt - this.now).digest(taskDigest(task)).finish());
    }
  }

  // For explorers

  /** Whether somebody takes down what is read: then it is worth a name what is asked. @internal */
  get isWitnessed(): boolean {
    return this.witness !== undefined;
  }

  /**
   * Answers a question from components' states. Who takes down what is read may hold on to the answer in place of all that it was
   * made of; so it must follow from the machine's components alone, whichever these are when it is asked again. @internal
   */
  ask<Answer>(name: string, question: () => Answer): Answer {
    return this.witness === undefined ? question() : this.witness.ask(name, question);
  }

  /** The components' states, by slot. @internal */
  instanceList(): Instance[] {
    return [...this.instances.values()];
  }

  /** The counters of random streams. @internal */
  streamCounters(): OrderedMap<number> {
    return this.streams;
  }

  /**
   * Puts other components' states under this machine, runs an action on it, and tells the witness what the action read, wrote
   * and sent. What is waiting is not looked at: the agenda is empty meanwhile, and afterwards. @internal
   */
  perform<Result>(state: { readonly instances: Vector<Instance>; readonly streams: OrderedMap<number>; readonly now: number }, witness: StepWitness, action: () => Result): Result {
    this.epoch = raiseEpoch();
    this.instances = state.instances;
    this.streams = state.streams;
    this.now = state.now;
    this.agenda = Agenda.empty(this.epoch);
    this.witness = witness;
    try {
      return action();
    } finally {
      this.witness = undefined;
      this.agenda = Agenda.empty(this.epoch);
      this.epoch = raiseEpoch();
    }
  }

  /** Hands a message to a component within `perform`. @internal */
  hand(to: number, message: unknown): void {
    const state = this.edit(to);
    (this.types.get(this.instance(to).type) as ComponentType).receive(this, state, message, to);
  }

  /** How a component's state is read, and what stands for it: see `ComponentType`. @internal */
  typeOf(instance: Instance): ComponentType {
    return this.types.get(instance.type) as ComponentType;
  }

  /** What counts of a component's state, put into a hasher of the caller's. @internal */
  hashInstance(instance: Instance, hasher: Hasher): void {
    hasher.text(instance.name);
    const type = this.types.get(instance.type) as ComponentType;
    if (type.hash === undefined) hasher.value(instance.state);
    else type.hash(instance.state, hasher, this);
  }

  // Inside

  private instance(slot: number): Instance {
    const instance = this.instances.get(slot);
    if (instance === undefined) throw new RangeError(`machine: no component has slot ${slot}`);
    return instance;
  }

  private ownAgenda(): Agenda {
    if (this.agenda.epoch !== this.epoch) this.agenda = this.agenda.copy(this.epoch);
    return this.agenda;
  }

  private ownArbiter(): ArbiterState {
    if (this.arbiterEpoch !== this.epoch) {
      this.arbiter = { ...this.arbiter };
      this.arbiterEpoch = this.epoch;
    }
    return this.arbiter;
  }

  private makeDue(): boolean {
    if (this.agenda.dueCount > 0) return true;
    if (this.agenda.nextInstant === Infinity) return false;
    this.now = this.ownAgenda().advance();
    return true;
  }

  private carryOut(alternatives: readonly Alternative[], choice: number): void {
    if (choice >= 2 * alternatives.length) throw new RangeError(`machine: choice ${choice} of ${alternatives.length} alternatives`);
    if (choice < alternatives.length) {
      this.receive(this.ownAgenda().take((alternatives[choice] as Alternative).index), choice);
      return;
    }
    this.note(choice);
    this.ownAgenda().defer((alternatives[choice - alternatives.length] as Alternative).channel, () => this.sequence++);
  }

  private recordChoice(alternatives: readonly Alternative[], choice: number, canDefer: boolean): void {
    const { recording } = this;
    if (recording === undefined || (alternatives.length < 2 && !canDefer)) return;
    const first = alternatives[0] as Alternative;
    const occurrence = (recording.counts.get(first.channel) ?? 0) + 1;
    recording.counts.set(first.channel, occurrence);
    if (alternatives.length > 1) {
      recording.points++;
      recording.decisions.push({ label: first.task.label, alternatives: alternatives.length, choice });
    }
    if (choice === 0) return;
    const deferred = choice >= alternatives.length;
    const { channel } = alternatives[deferred ? choice - alternatives.length : choice] as Alternative;
    recording.deviations.push(deferred ? { channel: first.channel, occurrence, defer: channel } : { channel: first.channel, occurrence, pick: channel });
  }

  private receive(task: Task, choice: number): void {
    this.stepsMade++;
    // Instants enter by their low 32 bits, which is what differs between steps.
    const word = mix(task.to, choice);
    this.tape?.step(word, task.dueAt);
    this.roll(word ^ (task.dueAt | 0));
    this.observer?.(task);
    this.recent[this.stepsMade % LAST_STEPS] = task.label;
    const state = this.edit(task.to);
    const type = this.types.get(this.instance(task.to).type) as ComponentType;
    type.receive(this, state, task.message, task.to);
  }

  private boundExceeded(maxSteps: number): BoundExceeded {
    const last: string[] = [];
    for (let step = Math.max(1, this.stepsMade - LAST_STEPS + 1); step <= this.stepsMade; step++) last.push(this.recent[step % LAST_STEPS] ?? '');
    const counts = new Map<string, number>();
    for (const label of last) counts.set(label, (counts.get(label) ?? 0) + 1);
    const busiest = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 3).map(([label, count]) => `${label} (${count} of the last ${last.length} steps)`);
    return new BoundExceeded(`no end after ${maxSteps} steps, at ${new Date(this.now).toISOString()}; spinning: ${busiest.join(', ')}`, last);
  }
}

interface Prepared {
  readonly types: ReadonlyMap<string, ComponentType>;
  readonly fingerprint: readonly string[];
}

/** What follows from a definition alone, worked out once: machines are made by the hundred thousand when Worlds fork. */
const PREPARED = new WeakMap<MachineDefinition, Prepared>();

function prepare(definition: MachineDefinition): Prepared {
  let prepared = PREPARED.get(definition);
  if (prepared === undefined) {
    prepared = { types: new Map(definition.components.map((type) => [type.name, type])), fingerprint: fingerprint(definition) };
    PREPARED.set(definition, prepared);
  }
  return prepared;
}

/** What identifies a task besides its place and instant, worked out once for each. */
const TASK_DIGESTS = new WeakMap<Task, Digest>();

function taskDigest(task: Task): Digest {
  let digest = TASK_DIGESTS.get(task);
  if (digest === undefined) {
    digest = new Hasher().text(task.channel).text(task.label).value(task.message).finish();
    TASK_DIGESTS.set(task, digest);
  }
  return digest;
}

/** The World one step on, by its own arbiter, or undefined when nothing is left to do. @public */
export function step(world: World): World | undefined {
  const machine = Machine.from(world);
  return machine.step() ? machine.seal() : undefined;
}
