// How a state that comes back every period differs from one period to the next: instants move by the period, counted versions
// by what a period counts, and nothing else may differ. From two states one period apart follow all later ones.
import { OrderedMap } from './ordered-map.ts';
import { Vector } from './vector.ts';

/** By how much a span is later: virtual ms, and counted versions. @public */
export interface Lateness {
  readonly ms: number;
  readonly versions: number;
}

/** A period that was observed. @public */
export interface ObservedPeriod extends Lateness {
  /** The last version that was counted before it. */
  readonly version: number;
}

/** A kind of text that moves with time: an instant as text, a version. A pure function, registered with the machine. @public */
export interface TextRule {
  readonly name: string;
  /** The text so much later; undefined where the text, in a field of that name, is not of this kind. */
  later(text: string, field: string, by: Lateness): string | undefined;
  /**
   * Whether the text was made in an observed period. For names of versions, of which nothing but equality counts: what stood there
   * before may be older than a period. Without it a text must have moved by the period.
   */
  isOf?(text: string, field: string, period: ObservedPeriod): boolean;
}

/** What is crossed in closed form, and how. @public */
export interface QuietRules {
  /** A common period of the quiet tasks, virtual ms. One that is none of theirs is found out, and nothing is crossed. */
  readonly periodMs: number;
  readonly texts: readonly TextRule[];
}

/**
 * Which parts of a value move with time, as data: the name of a text rule, `instant` for a number of ms, or the same for some
 * fields of an object or places of an array. @public
 */
export type DriftPlan = string | { readonly [field: string]: DriftPlan };

/** A period was observed that is no repetition of the one before: nothing is crossed. @internal */
export class NotPeriodic extends Error {
  override readonly name = 'NotPeriodic';
}

const INSTANT = 'instant';

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** The kind of a leaf that moved by one period; throws NotPeriodic for one that changed in another way. */
function leafKind(before: unknown, after: unknown, field: string, period: ObservedPeriod, texts: readonly TextRule[]): string {
  if (typeof before === 'number' && typeof after === 'number' && after - before === period.ms) return INSTANT;
  if (typeof before === 'string' && typeof after === 'string') {
    const rule = texts.find((each) => each.later(before, field, period) === after || each.isOf?.(after, field, period) === true);
    if (rule !== undefined) return rule.name;
  }
  throw new NotPeriodic(`'${field}' went from ${String(before)} to ${String(after)}`);
}

function laterLeaf(value: unknown, kind: string, field: string, by: Lateness, texts: readonly TextRule[]): unknown {
  if (kind === INSTANT) return (value as number) + by.ms;
  return texts.find(({ name }) => name === kind)?.later(value as string, field, by);
}

/** Which parts of a JSON value moved by one period; undefined if none did. Throws NotPeriodic for what changed in another way. @public */
export function driftPlan(before: unknown, after: unknown, period: ObservedPeriod, texts: readonly TextRule[], field: string = ''): DriftPlan | undefined {
  if (before === after) return undefined;
  if (!isContainer(before) || !isContainer(after)) return leafKind(before, after, field, period, texts);
  const plan: Record<string, DriftPlan> = {};
  let moves = false;
  for (const key of sameKeys(before, after, field)) {
    const part = driftPlan((before as Record<string, unknown>)[key], (after as Record<string, unknown>)[key], period, texts, key);
    if (part === undefined) continue;
    plan[key] = part;
    moves = true;
  }
  return moves ? Object.freeze(plan) : undefined;
}

/** Throws NotPeriodic if two values differ anywhere but where a plan says that they move. @public */
export function checkMovesAt(before: unknown, after: unknown, plan: DriftPlan | undefined, field: string = ''): void {
  if (before === after || typeof plan === 'string') return;
  if (!isContainer(before) || !isContainer(after)) throw new NotPeriodic(`'${field}' changes within a period`);
  for (const key of sameKeys(before, after, field)) {
    checkMovesAt((before as Record<string, unknown>)[key], (after as Record<string, unknown>)[key], plan !== undefined && Object.hasOwn(plan, key) ? plan[key] : undefined, key);
  }
}

/** A frozen JSON value so much later. @public */
export function laterBy<T>(value: T, plan: DriftPlan | undefined, by: Lateness, texts: readonly TextRule[], field: string = ''): T {
  if (plan === undefined) return value;
  if (typeof plan === 'string') return laterLeaf(value, plan, field, by, texts) as T;
  return Object.freeze(copyWith(value as object, (item, key) => (Object.hasOwn(plan, key) ? laterBy(item, plan[key], by, texts, key) : item))) as T;
}

/** Fields of both objects, or places of both arrays. Throws NotPeriodic unless they are the same. */
function sameKeys(before: object, after: object, field: string): readonly string[] {
  const keys = Object.keys(after);
  const were = Object.keys(before);
  if (Array.isArray(before) !== Array.isArray(after) || keys.length !== were.length || !keys.every((key) => Object.hasOwn(before, key))) {
    throw new NotPeriodic(`'${field}' has other fields or another length`);
  }
  return keys;
}

function copyWith(value: object, change: (item: unknown, key: string) => unknown): object {
  if (Array.isArray(value)) return value.map((item: unknown, index) => change(item, String(index)));
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = change((value as Record<string, unknown>)[key], key);
    if (key === '__proto__') Object.defineProperty(copy, key, { value: item, enumerable: true, configurable: true, writable: true });
    else copy[key] = item;
  }
  return copy;
}

/** One observed period and how often it is repeated: what a component's `repeat` is given. @public */
export class Repetition {
  readonly texts: readonly TextRule[];
  /** What one period moves. */
  readonly period: ObservedPeriod;
  /** How many further periods are crossed. */
  readonly periods: number;
  /** What they move together. */
  readonly by: Lateness;
  /** The instant at which the observed period ended, where the crossing begins. */
  readonly startsAt: number;
  private readonly known = new Map<object, { readonly before: object; readonly later: object }>();

  constructor(texts: readonly TextRule[], period: ObservedPeriod, periods: number, startsAt: number) {
    this.startsAt = startsAt;
    this.texts = texts;
    this.period = period;
    this.periods = periods;
    this.by = { ms: period.ms * periods, versions: period.versions * periods };
  }

  /**
   * What a value will be after the periods that are crossed, from what it was before and after the observed one. JSON, ordered
   * maps and vectors; what stays the same keeps its identity, and what is one object in several places stays one. Neither is
   * written to. Throws NotPeriodic where anything changed otherwise than by the period.
   */
  value<T>(before: T, after: T, field: string = ''): T {
    if (before === after) return after;
    if (!isContainer(before) || !isContainer(after)) {
      return laterLeaf(after, leafKind(before, after, field, this.period, this.texts), field, this.by, this.texts) as T;
    }
    const known = this.known.get(after);
    if (known?.before === before) return known.later as T;
    const later = this.container(before, after, field);
    if (known === undefined) this.known.set(after, { before, later });
    return later as T;
  }

  private container(before: object, after: object, field: string): object {
    if (after instanceof OrderedMap) return this.map(before, after, field);
    if (after instanceof Vector) return this.vector(before, after, field);
    const keys = sameKeys(before, after, field);
    let moves = false;
    const items = new Map<string, unknown>();
    for (const key of keys) {
      const item = (after as Record<string, unknown>)[key];
      const later = this.value((before as Record<string, unknown>)[key], item, key);
      items.set(key, later);
      if (later !== item) moves = true;
    }
    if (!moves) return after;
    const copy = copyWith(after, (_, key) => items.get(key));
    return Object.isFrozen(after) ? Object.freeze(copy) : copy;
  }

  private map(before: object, after: OrderedMap<unknown>, field: string): OrderedMap<unknown> {
    if (!(before instanceof OrderedMap) || before.size !== after.size) throw new NotPeriodic(`'${field}' has another size`);
    const were = (before as OrderedMap<unknown>).entries();
    const changed: (readonly [string, unknown])[] = [];
    for (const [key, item] of after) {
      const [keyBefore, itemBefore] = were.next().value as readonly [string, unknown];
      if (keyBefore !== key) throw new NotPeriodic(`'${field}' has other keys`);
      const later = this.value(itemBefore, item, key);
      if (later !== item) changed.push([key, later]);
    }
    // Under an epoch of its own: neither of the two maps is edited.
    const epoch = { kind: 'epoch' as const };
    let result = after;
    for (const [key, later] of changed) result = result.set(epoch, key, later);
    return result;
  }

  private vector(before: object, after: Vector<unknown>, field: string): Vector<unknown> {
    if (!(before instanceof Vector) || before.base !== after.base || before.length !== after.length) throw new NotPeriodic(`'${field}' has another length`);
    const epoch = { kind: 'epoch' as const };
    let result = after;
    for (let index = after.base; index < after.length; index++) {
      const item = after.get(index);
      const later = this.value((before as Vector<unknown>).get(index), item, field);
      if (later !== item) result = result.set(epoch, index, later);
    }
    return result;
  }
}
