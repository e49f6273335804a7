// The space that an exploration walks: spots (a state, what is left of the budgets, what monitors hold), and the moves between them.
import { Machine, mix, type Digest, type World } from '@kubesim/kernel';
import { monitorView, type Monitor } from './monitor.ts';
import { renamings } from './symmetry.ts';
import { Transitions, type Delta, type Head, type RegisteredInput, type State } from './transitions.ts';

/** Something that may happen at any point: a fault, or what a user does, as an input of the machine. @public */
export interface Intervention {
  /** How it is named in paths. */
  readonly name: string;
  readonly input: string;
  readonly args: unknown;
  /** Which budget it is taken from, by name; `faults` without it. */
  readonly budget?: string;
  /** What ends it, at any later point and free of charge: `thaw` after `freeze`. A path does not end before. */
  readonly undo?: { readonly input: string; readonly args: unknown };
  /** At the most so much virtual time passes before it is undone, ms; without it, any. */
  readonly forMs?: number;
}

/** What is explored, and how far. @public */
export interface Bounds {
  /** How many choices may differ from first in, first out on one path; Infinity without it: every alternative. */
  readonly deviations?: number;
  /** How many heads may be put off past the next instant on one path. */
  readonly deferrals?: number;
  /** What may happen at any point. */
  readonly interventions?: readonly Intervention[];
  /** How many interventions of each budget one path may hold; 1 each without it. */
  readonly budgets?: Readonly<Record<string, number>>;
  /** Virtual instant beyond which no path goes on. */
  readonly until?: number;
  /** A path ends once nothing is left that settling waits for; true without it. */
  readonly settle?: boolean;
  /** Followed along every path. */
  readonly monitors?: readonly Monitor[];
  /** Groups of nodes that are alike but for their names and addresses: states that differ in which is which are one. */
  readonly symmetry?: readonly (readonly NodeNames[])[];
  /** Instants longer ago than this count alike, ms; an hour without it. */
  readonly ageCapMs?: number;
  /** Draws of random streams steer nothing that counts: for loops. */
  readonly ignoreChance?: boolean;
}

/** The texts that name one node: its name, and prefixes of its addresses. @public */
export type NodeNames = readonly string[];

/** A monitor's state, kept once. @internal */
interface Held {
  readonly id: number;
  readonly state: unknown;
}

/** @internal */
export interface Spot {
  readonly state: State;
  /** Deviations, deferrals, then the budgets in order. */
  readonly left: readonly number[];
  /** By intervention: since when it waits for its undoing, or −1. */
  readonly since: readonly number[];
  readonly held: readonly Held[];
}

/** @internal */
export type Move =
  | { readonly kind: 'receive' | 'defer'; readonly choice: number; readonly head: Head }
  | { readonly kind: 'intervene' | 'undo'; readonly name: string; readonly index: number };

/** One step of a path: a choice among the alternatives, or an intervention (or its undoing) by name. @public */
export type PathStep = number | string;

/** What a move leads to. @internal */
export interface Taken {
  readonly spot: Spot;
  readonly delta: Delta | undefined;
  /** What a monitor found broken. */
  readonly violation: string | undefined;
}

const HOUR_MS = 3_600_000;
const INTERVENTIONS_MAX = 30;
const WORST = 1_000_000;

/** @internal */
export class Space {
  readonly world: World;
  readonly transitions: Transitions;
  readonly isBounded: boolean;
  readonly budgetNames: readonly string[];
  readonly interventions: readonly Intervention[];
  private readonly bounds: Bounds;
  private readonly monitors: readonly Monitor[];
  private readonly watched: readonly number[];
  private readonly inputs: readonly { readonly run: RegisteredInput; readonly undo: RegisteredInput | undefined; readonly budget: number }[];
  private readonly heldIds = new Map<string, Held>();

  constructor(world: World, bounds: Bounds) {
    this.world = world;
    this.bounds = bounds;
    this.monitors = bounds.monitors ?? [];
    this.interventions = bounds.interventions ?? [];
    this.isBounded = bounds.deviations !== undefined && bounds.deviations !== Infinity;
    this.budgetNames = [...new Set(this.interventions.map(({ budget }) => budget ?? 'faults'))];
    checkBounds(bounds, this.budgetNames);
    this.transitions = new Transitions(world, {
      renamings: renamings(bounds.symmetry ?? []), ageCapMs: bounds.ageCapMs ?? HOUR_MS, ignoreChance: bounds.ignoreChance ?? false, ordered: this.isBounded,
    });
    this.watched = this.monitors.map(({ name, watches = 'store' }) => {
      const slot = this.transitions.slotOf(watches);
      if (slot < 0) throw new RangeError(`explore: monitor '${name}' watches '${watches}', which is no component`);
      return slot;
    });
    this.inputs = this.interventions.map(({ input, args, undo, budget = 'faults' }) => ({
      run: this.transitions.registerInput(input, args), undo: undo === undefined ? undefined : this.transitions.registerInput(undo.input, undo.args),
      budget: 2 + this.budgetNames.indexOf(budget),
    }));
  }

  /** Where it begins; a text if a monitor finds the start broken. */
  start(): Spot | { readonly violation: string } {
    const state = this.transitions.state(this.world);
    const { deviations = Infinity, deferrals = 0, budgets = {} } = this.bounds;
    const held: Held[] = [];
    for (const monitor of this.monitors) {
      const verdict = this.transitions.look(state, (machine) => monitor.step(monitor.initial, monitorView(machine, [])));
      if ('violation' in verdict) return { violation: `${monitor.name}: ${verdict.violation}` };
      held.push(this.hold(verdict.state));
    }
    const since = this.interventions.map(() => -1);
    return { state: this.forward(state, since), left: [Math.min(deviations, WORST), deferrals, ...this.budgetNames.map((name) => budgets[name] ?? 1)], since, held };
  }

  digest(spot: Spot): Digest {
    let a = 0;
    let b = 0;
    spot.since.forEach((since, index) => {
      if (since < 0) return;
      // How long ago counts only where there is a limit to it.
      const age = this.interventions[index]?.forMs === undefined ? 0 : spot.state.now - since;
      a = (a + mix(0x616374 + index, age)) | 0;
      b = (b + mix(0x697665 + index, age)) | 0;
    });
    spot.held.forEach(({ state }, index) => {
      const digest = this.transitions.dataDigest(state, spot.state.now);
      a = (a + mix(digest.a, index)) | 0;
      b = (b + mix(digest.b, index)) | 0;
    });
    return this.transitions.digest(spot.state, a, b);
  }

  /** Whether a path ends here. */
  hasEnded({ state, since }: Spot): boolean {
    const instant = this.transitions.nextInstant(state);
    if (instant === Infinity || instant > (this.bounds.until ?? Infinity)) return true;
    return (this.bounds.settle ?? true) && state.foreground === 0 && since.every((each) => each < 0);
  }

  /** What a monitor finds broken where a path ends. */
  endViolation({ state, held }: Spot): string | undefined {
    for (let index = 0; index < this.monitors.length; index++) {
      const monitor = this.monitors[index] as Monitor;
      if (monitor.end === undefined) continue;
      const broken = this.transitions.look(state, (machine) => monitor.end?.((held[index] as Held).state, monitorView(machine, [])));
      if (broken !== undefined) return `${monitor.name}: ${broken}`;
    }
    return undefined;
  }

  /** What may be done, heads first, in a fixed order. */
  moves(spot: Spot): Move[] {
    const moves: Move[] = [];
    const [deviations = 0, deferrals = 0] = spot.left;
    if (!this.hasEnded(spot)) {
      const heads = this.transitions.heads(spot.state);
      const count = deviations > 0 ? heads.length : Math.min(1, heads.length);
      for (let choice = 0; choice < count; choice++) moves.push({ kind: 'receive', choice, head: heads[choice] as Head });
      if (deferrals > 0 && deviations > 0 && spot.state.timers.length > 0) {
        heads.forEach((head, index) => moves.push({ kind: 'defer', choice: heads.length + index, head }));
      }
    }
    for (let index = 0; index < this.inputs.length; index++) {
      const { undo, budget } = this.inputs[index] as { undo: RegisteredInput | undefined; budget: number };
      const { name } = this.interventions[index] as Intervention;
      const isActive = (spot.since[index] as number) >= 0;
      if (isActive) {
        if (undo !== undefined) moves.push({ kind: 'undo', name: `${name} ends`, index });
      } else if ((spot.left[budget] as number) > 0) moves.push({ kind: 'intervene', name, index });
    }
    return moves;
  }

  take(spot: Spot, move: Move): Taken {
    const { transitions } = this;
    const { state } = spot;
    switch (move.kind) {
      case 'defer':
        return { spot: { ...spot, state: this.forward(transitions.defer(state, move.head.pending.channel), spot.since), left: spend(spend(spot.left, 0), 1) }, delta: undefined, violation: undefined };
      case 'receive': {
        const delta = transitions.deltaOf(state, move.head.pending);
        const left = move.choice === 0 || !this.isBounded ? spot.left : spend(spot.left, 0);
        return this.after(spot, delta, transitions.apply(state, move.head.index, delta), left, spot.since);
      }
      case 'intervene': {
        const { run, undo, budget } = this.inputs[move.index] as { run: RegisteredInput; undo: RegisteredInput | undefined; budget: number };
        const delta = transitions.deltaOfInput(state, run);
        return this.after(spot, delta, transitions.apply(state, -1, delta), spend(spot.left, budget), undo === undefined ? spot.since : spot.since.with(move.index, state.now));
      }
      case 'undo': {
        const delta = transitions.deltaOfInput(state, this.inputs[move.index]?.undo as RegisteredInput);
        return this.after(spot, delta, transitions.apply(state, -1, delta), spot.left, spot.since.with(move.index, -1));
      }
    }
  }

  /** Whether a monitor reads what a step writes. */
  isVisible(delta: Delta): boolean {
    return this.watched.some((slot) => delta.writes.includes(slot));
  }

  /** Goes a path on a machine of its own: the very World that it leads to, with its history. Throws RangeError for a path of another space. */
  follow(path: readonly PathStep[]): Machine {
    const machine = Machine.from(this.world);
    const since = this.interventions.map(() => -1);
    for (const step of path) {
      if (typeof step === 'number') {
        if (!machine.stepChoice(step)) throw new RangeError(`explore: the path goes on where nothing is left to do`);
        continue;
      }
      const begun = this.interventions.findIndex(({ name }) => name === step);
      const ended = this.interventions.findIndex(({ name }) => `${name} ends` === step);
      const input = this.interventions[begun] ?? this.interventions[ended]?.undo;
      if (input === undefined) throw new RangeError(`explore: the path names '${step}', which is no intervention`);
      // Interventions come where time stands at the next instant, if it moves.
      if (machine.dueCount === 0 && this.movesOn(machine.nextInstant, machine.foregroundCount, since)) machine.alternatives();
      machine.input(input.input, input.args);
      since[begun >= 0 ? begun : ended] = begun >= 0 && this.interventions[begun]?.undo !== undefined ? machine.now : -1;
    }
    return machine;
  }

  /** Time moves as soon as nothing is due, unless nothing is left but what settling does not wait for, or something must be undone first. */
  private forward(state: State, since: readonly number[]): State {
    if (state.due.length > 0 || !this.movesOn(this.transitions.nextInstant(state), state.foreground, since)) return state;
    return this.transitions.ready(state) ?? state;
  }

  private movesOn(instant: number, foreground: number, since: readonly number[]): boolean {
    if (instant > (this.bounds.until ?? Infinity) || ((this.bounds.settle ?? true) && foreground === 0)) return false;
    for (let index = 0; index < since.length; index++) {
      if ((since[index] as number) >= 0 && instant > (since[index] as number) + (this.interventions[index]?.forMs ?? Infinity)) return false;
    }
    return true;
  }

  private after(before: Spot, delta: Delta, state: State, left: readonly number[], since: readonly number[]): Taken {
    let { held } = before;
    let violation: string | undefined;
    if (this.monitors.length > 0 && this.isVisible(delta)) {
      held = held.map((each, index) => {
        if (!delta.writes.includes(this.watched[index] as number)) return each;
        const next = this.ask(index, each, delta, state);
        if (typeof next !== 'string') return next;
        violation ??= `${(this.monitors[index] as Monitor).name}: ${next}`;
        return each;
      });
    }
    return { spot: { state: this.forward(state, since), left, since, held }, delta, violation };
  }

  private ask(index: number, held: Held, delta: Delta, state: State): Held | string {
    let known = delta.watched.get(held) as (Held | string | undefined)[] | undefined;
    if (known === undefined) {
      known = [];
      delta.watched.set(held, known);
    }
    let answer = known[index];
    if (answer === undefined) {
      const monitor = this.monitors[index] as Monitor;
      const verdict = this.transitions.look(state, (machine) => monitor.step(held.state, monitorView(machine, delta.changes)));
      answer = 'violation' in verdict ? verdict.violation : this.hold(verdict.state);
      known[index] = answer;
    }
    return answer;
  }

  private hold(state: unknown): Held {
    const key = JSON.stringify(state) ?? 'undefined';
    let held = this.heldIds.get(key);
    if (held === undefined) {
      held = { id: this.heldIds.size, state: freeze(state) };
      this.heldIds.set(key, held);
    }
    return held;
  }
}

function spend(left: readonly number[], index: number): readonly number[] {
  return left.with(index, (left[index] as number) - 1);
}

function freeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) freeze(child);
  }
  return value;
}

function checkBounds(bounds: Bounds, budgetNames: readonly string[]): void {
  const whole = (name: string, value: number | undefined): void => {
    if (value !== undefined && value !== Infinity && (!Number.isInteger(value) || value < 0)) throw new RangeError(`explore: ${name} must be a whole number, 0 or more, not ${value}`);
  };
  whole('deviations', bounds.deviations);
  whole('deferrals', bounds.deferrals);
  for (const [name, value] of Object.entries(bounds.budgets ?? {})) {
    if (!budgetNames.includes(name)) throw new RangeError(`explore: budgets.${name}: no intervention is taken from it (${budgetNames.join(', ') || 'there are none'})`);
    whole(`budgets.${name}`, value);
  }
  const names = (bounds.interventions ?? []).map(({ name }) => name);
  if (names.length > INTERVENTIONS_MAX) throw new RangeError(`explore: interventions: at most ${INTERVENTIONS_MAX}, not ${names.length}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new RangeError(`explore: interventions: two are named '${twice}'`);
}
