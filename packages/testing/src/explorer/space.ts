// The space that an exploration walks: spots (a state, what is left of the budgets, what monitors hold, how far a script is), and the moves between them.
import { Machine, mix, type Digest, type World } from '@kubesim/kernel';
import { monitorView, type Monitor } from './monitor.ts';
import { renamings } from './symmetry.ts';
import type { Delta, Head, Parts, State } from './state.ts';
import { Transitions, type RegisteredAction } from './transitions.ts';

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
  /** Virtual instant beyond which no path goes on. What is left of the time is part of a state then: one that is reached earlier is another one. */
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

/** Something that may happen at any point, as what it does to a machine. @internal */
export interface Happening {
  readonly name: string;
  readonly act: (machine: Machine) => void;
  readonly budget: string;
  readonly undo?: (machine: Machine) => void;
  /** It lasts so long at least, and so long at the most, ms. */
  readonly minMs: number;
  readonly forMs: number;
}

/** One thing that is done on every path. @internal */
export interface ScriptItem {
  readonly name: string;
  /** Instant at which it is done; it is never before the item before it. */
  readonly dueAt: number;
  /** Nothing is done, and what follows waits until nothing is left to do. */
  readonly awaitsRest: boolean;
  readonly act: (machine: Machine) => void;
}

/** What is done from outside on every path, and what may happen. @internal */
export interface Script {
  /** Done in order, each within its instant. */
  readonly items: readonly ScriptItem[];
  /** Done in any order, at any point. */
  readonly loose: readonly ScriptItem[];
  readonly happenings: readonly Happening[];
  /** What monitors remember at the start, by monitor; they are asked there without it. */
  readonly held?: readonly unknown[];
  /** How late a cache may legally be, ms. */
  readonly staleMs: number;
  /** Monitors are asked for what is broken at the end only where a path ends at rest. */
  readonly endsAtRest: boolean;
}

/** What all monitors remember, kept once. @internal */
interface Row {
  readonly held: readonly unknown[];
  /** By instant: what identifies it, and what of it is relative to the store and to views. */
  readonly words: Map<number, { readonly a: number; readonly b: number; readonly relative: readonly Parts[] }>;
}

/** @internal */
export interface Spot {
  readonly state: State;
  /** Deviations, deferrals, then the budgets in order. */
  readonly left: readonly number[];
  /** By happening: since when it waits for its undoing, or −1. */
  readonly since: readonly number[];
  readonly row: Row;
  /** How many items of the script are done; which of the loose ones, as bits. */
  readonly next: number;
  readonly loose: number;
}

/** @internal */
export type Move =
  | { readonly kind: 'receive' | 'defer'; readonly choice: number; readonly head: Head }
  | { readonly kind: 'intervene' | 'undo' | 'item' | 'loose'; readonly name: string; readonly index: number };

/** One step of a path: a choice among the alternatives, or an intervention (or its undoing) or a command by name. @public */
export type PathStep = number | string;

/** What a move leads to. @internal */
export interface Taken {
  readonly spot: Spot;
  readonly delta: Delta | undefined;
  /** What a monitor found broken. */
  readonly violation: string | undefined;
}

const HOUR_MS = 3_600_000;
const HAPPENINGS_MAX = 30;
const WORST = 1_000_000;

/** @internal */
export class Space {
  readonly world: World;
  readonly transitions: Transitions;
  readonly isBounded: boolean;
  readonly budgetNames: readonly string[];
  readonly script: Script;
  private readonly bounds: Bounds;
  private readonly until: number;
  private readonly allLoose: number;
  private readonly monitors: readonly Monitor[];
  private readonly watched: readonly number[];
  private readonly storeSlot: number;
  private readonly happenings: readonly { readonly run: RegisteredAction; readonly undo: RegisteredAction | undefined; readonly budget: number }[];
  private readonly items: readonly RegisteredAction[];
  private readonly looseItems: readonly RegisteredAction[];
  private readonly nothingSince: readonly number[];
  private readonly heldIds = new Map<string, { readonly id: number; readonly state: unknown }>();
  private readonly rows = new Map<string, Row>();

  constructor(world: World, bounds: Bounds, script: Script = scriptOf(world, bounds)) {
    this.world = world;
    this.bounds = bounds;
    this.script = script;
    this.until = bounds.until ?? Infinity;
    this.monitors = bounds.monitors ?? [];
    this.isBounded = bounds.deviations !== undefined && bounds.deviations !== Infinity;
    this.budgetNames = [...new Set(script.happenings.map(({ budget }) => budget))];
    checkBounds(bounds, script, this.budgetNames);
    this.allLoose = 2 ** script.loose.length - 1;
    this.transitions = new Transitions(world, {
      renamings: renamings(bounds.symmetry ?? []), ageCapMs: bounds.ageCapMs ?? HOUR_MS, ignoreChance: bounds.ignoreChance ?? false, ordered: this.isBounded,
    });
    this.storeSlot = this.transitions.slotOf('store');
    this.watched = this.monitors.map(({ name, watches = 'store' }) => {
      const slot = this.transitions.slotOf(watches);
      if (slot < 0) throw new RangeError(`explore: monitor '${name}' watches '${watches}', which is no component`);
      return slot;
    });
    this.happenings = script.happenings.map(({ act, undo, budget }) => ({
      run: this.transitions.registerAction(act), undo: undo === undefined ? undefined : this.transitions.registerAction(undo), budget: 2 + this.budgetNames.indexOf(budget),
    }));
    this.items = script.items.map(({ act }) => this.transitions.registerAction(act));
    this.looseItems = script.loose.map(({ act }) => this.transitions.registerAction(act));
    this.nothingSince = script.happenings.map(() => -1);
  }

  /** Where it begins; a text if a monitor finds the start broken. */
  start(): Spot | { readonly violation: string } {
    const state = this.transitions.state(this.world);
    const { deviations = Infinity, deferrals = 0, budgets = {} } = this.bounds;
    let { held } = this.script;
    if (held === undefined) {
      const first: unknown[] = [];
      for (const monitor of this.monitors) {
        const verdict = this.transitions.look(state, (machine) => monitor.step(monitor.initial, monitorView(machine, [], false, this.script.staleMs)));
        if ('violation' in verdict) return { violation: `${monitor.name}: ${verdict.violation}` };
        first.push(verdict.state);
      }
      held = first;
    }
    const moved = this.forward(state, this.nothingSince, 0, 0);
    const left = [Math.min(deviations, WORST), deferrals, ...this.budgetNames.map((name) => budgets[name] ?? 1)];
    return { state: moved, left, since: this.nothingSince, row: this.rowOf(held), next: 0, loose: 0 };
  }

  digest(spot: Spot): Digest {
    let a = 0;
    let b = 0;
    const { state, since, row } = spot;
    const { now } = state;
    if (since !== this.nothingSince) {
      for (let index = 0; index < since.length; index++) {
        const at = since[index] as number;
        if (at < 0) continue;
        // How long ago counts only where there is a limit to it.
        const { forMs, minMs } = this.script.happenings[index] as Happening;
        const age = forMs === Infinity ? Math.min(now - at, minMs) : now - at;
        a = (a + mix(0x616374 + index, age)) | 0;
        b = (b + mix(0x697665 + index, age)) | 0;
      }
    }
    if (this.monitors.length > 0) {
      const words = this.wordsOf(row, now);
      a = (a + words.a) | 0;
      b = (b + words.b) | 0;
      for (let index = 0; index < words.relative.length; index++) {
        const relative = this.transitions.relativeWords(words.relative[index] as Parts, state);
        a = (a + mix(relative.a, index)) | 0;
        b = (b + mix(relative.b, index)) | 0;
      }
    }
    for (let index = spot.next; index < this.script.items.length; index++) {
      // How far off each of what is still to come is; what is late is done at once.
      const { dueAt, awaitsRest } = this.script.items[index] as ScriptItem;
      const offset = awaitsRest ? -1 : Math.max(0, dueAt - now);
      a = (a + mix(0x6974656d + index, offset)) | 0;
      b = (b + mix(0x646f6e65 ^ index, offset)) | 0;
    }
    if (this.until !== Infinity) {
      a = (a + mix(0x756e7469, this.until - now)) | 0;
      b = (b + mix(0x6c2a2a2a, this.until - now)) | 0;
    }
    if (this.allLoose !== 0) {
      a = (a + mix(0x6c6f6f73, spot.loose)) | 0;
      b = (b + mix(0x652a2a2a, spot.loose)) | 0;
    }
    return this.transitions.digest(state, a, b);
  }

  /** What tells spots of one state apart by what is left of their budgets. */
  leftKey({ left }: Spot): number {
    let key = 7;
    for (let index = 0; index < left.length; index++) key = Math.imul(key, 31) + (left[index] as number);
    return key;
  }

  /** Whether a path ends here. */
  hasEnded(spot: Spot): boolean {
    const { state } = spot;
    const instant = Math.min(this.transitions.nextInstant(state), this.itemInstant(spot.next));
    if (instant > this.until) return true;
    if (!this.isScriptDone(spot)) return false;
    if (instant === Infinity) return true;
    return (this.bounds.settle ?? true) && state.foreground === 0 && spot.since.every((each) => each < 0);
  }

  /** What a monitor finds broken where a path ends. */
  endViolation({ state, row }: Spot): string | undefined {
    if (this.script.endsAtRest && state.foreground > 0) return undefined;
    for (let index = 0; index < this.monitors.length; index++) {
      const monitor = this.monitors[index] as Monitor;
      if (monitor.end === undefined) continue;
      const broken = this.transitions.look(state, (machine) => monitor.end?.(row.held[index], monitorView(machine, [], false, this.script.staleMs)));
      if (broken !== undefined) return `${monitor.name}: ${broken}`;
    }
    return undefined;
  }

  /** What may be done, heads first, in a fixed order. */
  moves(spot: Spot): Move[] {
    const moves: Move[] = [];
    const { state } = spot;
    const [deviations = 0, deferrals = 0] = spot.left;
    const item = this.script.items[spot.next];
    if (item !== undefined && (item.awaitsRest ? state.foreground === 0 : item.dueAt < state.now)) return [{ kind: 'item', name: item.name, index: spot.next }];
    if (!this.hasEnded(spot)) {
      const heads = this.transitions.heads(state);
      const count = deviations > 0 ? heads.length : Math.min(1, heads.length);
      for (let choice = 0; choice < count; choice++) moves.push({ kind: 'receive', choice, head: heads[choice] as Head });
      if (deferrals > 0 && deviations > 0 && state.timers.length > 0) {
        heads.forEach((head, index) => moves.push({ kind: 'defer', choice: heads.length + index, head }));
      }
      // First in, first out, an item comes when nothing more is due at its instant.
      if (item !== undefined && !item.awaitsRest && item.dueAt === state.now && (heads.length === 0 || deviations > 0)) moves.push({ kind: 'item', name: item.name, index: spot.next });
      if (spot.loose !== this.allLoose) this.script.loose.forEach(({ name }, index) => { if ((spot.loose & (1 << index)) === 0) moves.push({ kind: 'loose', name, index }); });
    }
    for (let index = 0; index < this.happenings.length; index++) {
      const { undo, budget } = this.happenings[index] as { undo: RegisteredAction | undefined; budget: number };
      const { name, minMs } = this.script.happenings[index] as Happening;
      const since = spot.since[index] as number;
      if (since >= 0) {
        if (undo !== undefined && state.now >= since + minMs) moves.push({ kind: 'undo', name: `${name} ends`, index });
      } else if ((spot.left[budget] as number) > 0) moves.push({ kind: 'intervene', name, index });
    }
    return moves;
  }

  take(spot: Spot, move: Move): Taken {
    const { transitions } = this;
    const { state, since } = spot;
    switch (move.kind) {
      case 'defer': {
        const moved = this.forward(transitions.defer(state, move.head.pending.channel), since, spot.next, spot.loose);
        return { spot: { ...spot, state: moved, left: spend(spend(spot.left, 0), 1) }, delta: undefined, violation: undefined };
      }
      case 'receive': {
        const delta = transitions.deltaOf(state, move.head.pending);
        const left = move.choice === 0 || !this.isBounded ? spot.left : spend(spot.left, 0);
        return this.after(spot, delta, move.head.index, left, since, spot.next, spot.loose, false);
      }
      case 'intervene': {
        const { run, undo, budget } = this.happenings[move.index] as { run: RegisteredAction; undo: RegisteredAction | undefined; budget: number };
        return this.after(spot, transitions.deltaOfAction(state, run), -1, spend(spot.left, budget), undo === undefined ? since : since.with(move.index, state.now), spot.next, spot.loose, true);
      }
      case 'undo': {
        const ended = since.with(move.index, -1);
        return this.after(spot, transitions.deltaOfAction(state, this.happenings[move.index]?.undo as RegisteredAction), -1, spot.left, ended.every((each) => each < 0) ? this.nothingSince : ended, spot.next, spot.loose, true);
      }
      case 'item': {
        const left = this.isBounded && state.due.length > 0 && (this.script.items[move.index] as ScriptItem).dueAt === state.now && !(this.script.items[move.index] as ScriptItem).awaitsRest ? spend(spot.left, 0) : spot.left;
        return this.after(spot, transitions.deltaOfAction(state, this.items[move.index] as RegisteredAction), -1, left, since, spot.next + 1, spot.loose, true);
      }
      case 'loose':
        return this.after(spot, transitions.deltaOfAction(state, this.looseItems[move.index] as RegisteredAction), -1, spot.left, since, spot.next, spot.loose | (1 << move.index), true);
    }
  }

  /** Whether a monitor is asked after a step. */
  isVisible(delta: Delta): boolean {
    delta.isVisible ??= this.watched.some((_slot, index) => this.isAsked(index, delta));
    return delta.isVisible;
  }

  /**
   * Goes a path on a machine: the very World that it leads to, with its history. Each step is told before it is made, with the spot before it.
   * Throws RangeError for a path of another space.
   */
  follow(path: readonly PathStep[], machine: Machine = Machine.from(this.world), each: (spot: Spot, move: Move) => void = () => {}): Machine {
    const start = this.start();
    if ('violation' in start) throw new RangeError('explore: a path from a start that is broken');
    let spot: Spot = start;
    for (const step of path) {
      const move: Move | undefined = this.moves(spot).find((candidate) => ('name' in candidate ? candidate.name : candidate.choice) === step);
      if (move === undefined) throw new RangeError(`explore: the path goes on with ${JSON.stringify(step)}, which cannot be done there`);
      bringTo(machine, spot.state.now);
      each(spot, move);
      this.makeOn(machine, move);
      spot = this.take(spot, move).spot;
    }
    bringTo(machine, spot.state.now);
    return machine;
  }

  /** Makes a move on a machine that stands where it can be made. */
  makeOn(machine: Machine, move: Move): void {
    if ('choice' in move) machine.stepChoice(move.choice);
    else this.actionOf(move)(machine);
  }

  private actionOf({ kind, index }: Extract<Move, { readonly name: string }>): (machine: Machine) => void {
    if (kind === 'item' || kind === 'loose') return (kind === 'item' ? this.script.items : this.script.loose)[index]?.act as (machine: Machine) => void;
    const { act, undo } = this.script.happenings[index] as Happening;
    return kind === 'intervene' ? act : undo as (machine: Machine) => void;
  }

  private isScriptDone({ next, loose }: Spot): boolean {
    return next === this.script.items.length && loose === this.allLoose;
  }

  private itemInstant(next: number): number {
    const item = this.script.items[next];
    return item === undefined || item.awaitsRest ? Infinity : item.dueAt;
  }

  /** Time moves as soon as nothing is due, unless nothing is left but what settling does not wait for, or something must be done or undone first. */
  private forward(state: State, since: readonly number[], next: number, loose: number): State {
    if (state.due.length > 0) return state;
    const instant = this.transitions.nextInstant(state);
    const itemAt = this.itemInstant(next);
    if (itemAt <= state.now) return state;
    let target = Math.min(instant, itemAt);
    const isAtRest = (this.bounds.settle ?? true) && state.foreground === 0;
    let isHeld = false;
    if (since !== this.nothingSince) {
      for (let index = 0; index < since.length; index++) {
        const at = since[index] as number;
        if (at < 0) continue;
        const { minMs, forMs } = this.script.happenings[index] as Happening;
        if (state.now < at + minMs) {
          isHeld = true;
          target = Math.min(target, at + minMs);
        } else if (target > at + forMs) return state;
      }
    }
    if (isAtRest && itemAt === Infinity && !isHeld) return state;
    // Who waits for rest, at rest, or for loose commands that are all that is left, has it.
    if (isAtRest && !isHeld && (this.script.items[next]?.awaitsRest === true || (next === this.script.items.length && loose !== this.allLoose))) return state;
    if (target > this.until || target === Infinity) return state;
    return target === instant ? this.transitions.ready(state) ?? state : this.transitions.later(state, target);
  }

  private after(before: Spot, delta: Delta, index: number, left: readonly number[], since: readonly number[], next: number, loose: number, byUser: boolean): Taken {
    const applied = this.transitions.apply(before.state, index, delta);
    let { row } = before;
    let violation: string | undefined;
    if (this.monitors.length > 0 && this.isVisible(delta)) {
      const watched = this.watch(row, delta, applied, byUser);
      if (typeof watched === 'string') violation = watched;
      else row = watched;
    }
    const state = this.forward(applied, since, next, loose);
    return { spot: { state, left, since, row, next, loose }, delta, violation };
  }

  private isAsked(index: number, delta: Delta): boolean {
    const slot = this.watched[index] as number;
    return delta.writes.includes(slot) && (slot !== this.storeSlot || delta.changes.length > 0);
  }

  /** What monitors make of a step: worked out once for what they remember and read. */
  private watch(row: Row, delta: Delta, state: State, byUser: boolean): Row | string {
    let known = delta.watched.get(row);
    if (known === undefined) delta.watched.set(row, known = []);
    for (const each of known) if (this.transitions.isAsSeen(state, each)) return each.result as Row | string;
    const reads = new Set<number>();
    const result = this.transitions.look(state, (machine): Row | string => {
      const view = monitorView(machine, delta.changes, byUser, this.script.staleMs);
      const held: unknown[] = [];
      for (let index = 0; index < this.monitors.length; index++) {
        const monitor = this.monitors[index] as Monitor;
        if (!this.isAsked(index, delta)) {
          held.push(row.held[index]);
          continue;
        }
        const verdict = monitor.step(row.held[index], view);
        if ('violation' in verdict) return `${monitor.name}: ${verdict.violation}`;
        held.push(verdict.state);
      }
      return this.rowOf(held);
    }, reads);
    const slots = [...reads];
    known.push({ slots, locals: slots.map((slot) => state.locals[slot] as State['locals'][number]), result });
    for (const slot of slots) delta.seen.add(slot);
    return result;
  }

  private rowOf(states: readonly unknown[]): Row {
    const kept = states.map((state) => this.hold(state));
    const key = kept.map(({ id }) => id).join(',');
    let row = this.rows.get(key);
    if (row === undefined) this.rows.set(key, row = { held: kept.map(({ state }) => state), words: new Map() });
    return row;
  }

  private hold(state: unknown): { readonly id: number; readonly state: unknown } {
    const key = JSON.stringify(state) ?? 'undefined';
    let held = this.heldIds.get(key);
    if (held === undefined) {
      held = { id: this.heldIds.size, state: freeze(state) };
      this.heldIds.set(key, held);
    }
    return held;
  }

  private wordsOf(row: Row, now: number): { readonly a: number; readonly b: number; readonly relative: readonly Parts[] } {
    let words = row.words.get(now);
    if (words === undefined) {
      let a = 0;
      let b = 0;
      const relative: Parts[] = [];
      const moment = { now, staleMs: this.script.staleMs };
      this.monitors.forEach((monitor, index) => {
        const held = row.held[index];
        const parts = this.transitions.project(monitor.identity === undefined ? held : monitor.identity(held, moment));
        const digest = this.transitions.wordsAt(parts, now);
        a = (a + mix(digest.a, index)) | 0;
        b = (b + mix(digest.b, index)) | 0;
        if (parts.references.length > 0 || parts.revisions.length > 0) relative.push(parts);
      });
      row.words.set(now, words = { a, b, relative });
    }
    return words;
  }
}

/** Lets a machine's time come to an instant before which nothing is due; what is due then is not done. @internal */
export function bringTo(machine: Machine, now: number): void {
  if (machine.now >= now) return;
  if (machine.nextInstant === now) machine.alternatives();
  else machine.run({ until: now });
}

function scriptOf(world: World, { interventions = [] }: Bounds): Script {
  const { inputs } = world.definition;
  const actOf = ({ input, args }: { readonly input: string; readonly args: unknown }) => (machine: Machine): void => {
    const run = inputs?.[input];
    if (run === undefined) throw new RangeError(`explore: no input '${input}' is registered`);
    run(machine, args);
  };
  return {
    items: [], loose: [], staleMs: 0, endsAtRest: false,
    happenings: interventions.map((each) => ({ name: each.name, act: actOf(each), budget: each.budget ?? 'faults', ...(each.undo === undefined ? {} : { undo: actOf(each.undo) }), minMs: 0, forMs: each.forMs ?? Infinity })),
  };
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

function checkBounds(bounds: Bounds, { happenings, items, loose }: Script, budgetNames: readonly string[]): void {
  const whole = (name: string, value: number | undefined): void => {
    if (value !== undefined && value !== Infinity && (!Number.isInteger(value) || value < 0)) throw new RangeError(`explore: ${name} must be a whole number, 0 or more, not ${value}`);
  };
  whole('deviations', bounds.deviations);
  whole('deferrals', bounds.deferrals);
  for (const [name, value] of Object.entries(bounds.budgets ?? {})) {
    if (!budgetNames.includes(name)) throw new RangeError(`explore: budgets.${name}: no intervention is taken from it (${budgetNames.join(', ') || 'there are none'})`);
    whole(`budgets.${name}`, value);
  }
  if (happenings.length > HAPPENINGS_MAX) throw new RangeError(`explore: interventions: at most ${HAPPENINGS_MAX}, not ${happenings.length}`);
  if (loose.length > HAPPENINGS_MAX) throw new RangeError(`explore: workload: at most ${HAPPENINGS_MAX} commands that are submitted together, not ${loose.length}`);
  const names = [...happenings, ...items, ...loose].map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new RangeError(`explore: interventions: two are named '${twice}'`);
}
