// Crossing quiet spans: one period is stepped through and written to a tape; where it led to the same state, only later, so do
// the periods that follow, and they are crossed by arithmetic. Nothing tells a crossed run from a stepped one.
import type { ComponentType } from './component.ts';
import { NotPeriodic, Repetition, type QuietRules } from './drift.ts';
import { mix } from './hash.ts';
import type { Task } from './task.ts';
import type { Instance, World } from './world.ts';

/** The rolling digest: two words. @internal */
export interface Rolling {
  a: number;
  b: number;
}

const STEP = 0;
const VERSION = 1;
const WORD = 2;

/** What the rolling digest took in during one period, so that it can take in the later ones. @internal */
export class Tape {
  private readonly entries: number[] = [];
  /** How many versions were counted. */
  versions: number = 0;
  /** The last version before them. */
  versionBefore: number = 0;

  step(word: number, dueAt: number): void {
    this.entries.push(STEP, word, dueAt | 0);
  }

  version(word: number, version: number): void {
    if (this.versions++ === 0) this.versionBefore = version - 1;
    this.entries.push(VERSION, word, version | 0);
  }

  word(word: number): void {
    this.entries.push(WORD, word, 0);
  }

  /** Takes in further periods of so many ms. All of it is arithmetic modulo 2³²: a few nanoseconds an entry. */
  play(rolling: Rolling, periods: number, ms: number): void {
    const entries = Int32Array.from(this.entries);
    let { a, b } = rolling;
    for (let period = 1; period <= periods; period++) {
      const laterMs = (ms * period) | 0;
      const laterVersions = Math.imul(this.versions, period);
      for (let index = 0; index < entries.length; index += 3) {
        const kind = entries[index] as number;
        let word = entries[index + 1] as number;
        const moving = entries[index + 2] as number;
        if (kind === STEP) word ^= (moving + laterMs) | 0;
        else if (kind === VERSION) word = mix(word, (moving + laterVersions) | 0);
        a = mix(a, word);
        b = Math.imul(b ^ word, 0x01000193) ^ (a >>> 7);
      }
    }
    rolling.a = a;
    rolling.b = b;
  }
}

/** A crossing worked out, and not yet done. @internal */
export interface Crossing {
  readonly periods: number;
  readonly ms: number;
  /** Everything that waits at its end, in order. */
  readonly timers: readonly Task[];
  /** States that differ at its end, by slot. */
  readonly states: ReadonlyMap<number, object>;
}

/**
 * What it takes to cross as many periods as fit before the end of the run and before the first task that is no part of the
 * period, from the Worlds before and after one; undefined if none fits. Throws NotPeriodic if the second is not the first, one period later.
 * @internal
 */
export function planCrossing(before: World, after: World, tape: Tape, end: { readonly until: number; readonly steps: number }, rules: QuietRules, types: ReadonlyMap<string, ComponentType>): Crossing | undefined {
  const periodMs = after.now - before.now;
  const { standing, moving, were } = sortTasks(before, after);
  let limit = end.until;
  for (const { dueAt } of standing) limit = Math.min(limit, dueAt - 1);
  // The last step of a run says when it ends: it is made, not crossed.
  const periods = Math.min(Math.floor((limit - after.now) / periodMs), Math.floor((end.steps - after.steps - 1) / Math.max(1, after.steps - before.steps)));
  if (periods < 1 || periods === Infinity) return undefined;
  if (before.instances.length !== after.instances.length) throw new NotPeriodic('components were added');
  if (before.streams !== after.streams) throw new NotPeriodic('a random stream was drawn from');
  const repetition = new Repetition(rules.texts, { ms: periodMs, versions: tape.versions, version: tape.versionBefore }, periods, after.now);
  const sequences = after.sequence - before.sequence;
  const timers = [...standing, ...moving.map((task, index) => laterTask(were[index] as Task, task, repetition, sequences))];
  const states = new Map<number, object>();
  for (let slot = 0; slot < after.instances.length; slot++) {
    const was = before.instances.get(slot) as Instance;
    const is = after.instances.get(slot) as Instance;
    if (was.state === is.state) continue;
    const { repeat } = types.get(is.type) as ComponentType;
    const later = repeat === undefined ? repetition.value(was.state, is.state) : repeat(was.state, is.state, repetition, is.args) as object;
    if (later !== is.state) states.set(slot, later);
  }
  return { periods, ms: repetition.by.ms, timers: timers.sort((a, b) => a.dueAt - b.dueAt || a.sequence - b.sequence), states };
}

/** Tasks that waited all the while, and those that were sent in the period, with what waited in their places before it. */
function sortTasks(before: World, after: World): { readonly standing: readonly Task[]; readonly moving: readonly Task[]; readonly were: readonly Task[] } {
  const tasks = after.agenda.timerTasks();
  const known = new Set(before.agenda.timerTasks());
  const standing = tasks.filter((task) => known.has(task));
  const moving = tasks.filter((task) => !known.has(task));
  for (const task of standing) known.delete(task);
  if (known.size !== moving.length) throw new NotPeriodic('other tasks wait after the period than before it');
  return { standing, moving, were: [...known] };
}

/**
 * A task after the crossing. Of sequence numbers only the order counts, in which both Worlds' tasks are paired here. This one was
 * sent in the observed period, so that the later periods, which send the same in the same order, each add as many as that one took.
 */
function laterTask(before: Task, after: Task, repetition: Repetition, sequences: number): Task {
  const { period, periods, by } = repetition;
  if (after.to !== before.to || after.channel !== before.channel || after.label !== before.label || after.quietUntil !== before.quietUntil || after.long !== before.long
    || after.dueAt !== before.dueAt + period.ms) {
    throw new NotPeriodic(`task '${after.label}' does not come back every period`);
  }
  const { to, channel, label, quietUntil, long } = after;
  return { sequence: after.sequence + sequences * periods, to, channel, dueAt: after.dueAt + by.ms, label, message: repetition.value(before.message, after.message, 'message'), quietUntil, long };
}
