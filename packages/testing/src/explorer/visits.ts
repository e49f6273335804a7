// With what a state was entered: what was left of the budgets, and who slept. A visit covers another one that has no more of either.
import type { SleepSets } from './sleep-sets.ts';

/** One entering of a state. @internal */
export interface Visit {
  readonly left: readonly number[];
  readonly sleep: number;
}

/** Whether an entering is covered; else which lanes are all that is left to explore (all without it), and what to note. @internal */
export type Covering = { readonly isCovered: true } | { readonly isCovered: false; readonly only: ReadonlySet<number> | undefined; readonly slept: ReadonlySet<number>; readonly next: number };

/** Lists of visits by number; lists of one visit are kept once. @internal */
export class VisitTable {
  private readonly lists: (readonly Visit[])[] = [];
  private readonly singles = new Map<string, number>();
  private lastLeft: readonly number[] | undefined;
  private lastOfSleep: number[] = [];

  /** The number of the list of this one visit. */
  first(left: readonly number[], sleep: number): number {
    if (left !== this.lastLeft) {
      this.lastLeft = left;
      this.lastOfSleep = [];
    }
    const last = this.lastOfSleep[sleep];
    if (last !== undefined) return last;
    const key = `${left.join(',')} ${sleep}`;
    let number = this.singles.get(key);
    if (number === undefined) {
      number = this.add([{ left, sleep }]);
      this.singles.set(key, number);
    }
    this.lastOfSleep[sleep] = number;
    return number;
  }

  add(visits: readonly Visit[]): number {
    this.lists.push(visits);
    return this.lists.length - 1;
  }

  list(number: number): readonly Visit[] {
    return this.lists[number] as readonly Visit[];
  }

  find(number: number, left: readonly number[], sleep: number, sets: SleepSets): Covering {
    const visits = this.list(number);
    let wider: Visit | undefined;
    for (const visit of visits) {
      if (!hasAtLeast(visit.left, left)) continue;
      if (sets.isWithin(visit.sleep, sleep)) return { isCovered: true };
      wider ??= visit;
    }
    if (wider === undefined) return { isCovered: false, only: undefined, slept: sets.lanes(0), next: this.with(visits, { left, sleep }, sets) };
    // All but the sleepers of that visit were explored with as much: what is left are those of them that do not sleep now.
    const asleep = sets.lanes(sleep);
    const before = sets.lanes(wider.sleep);
    const only = new Set([...before].filter((lane) => !asleep.has(lane)));
    return { isCovered: false, only, slept: before, next: this.with(visits, { left, sleep: sets.idOfLanes([...before].filter((lane) => asleep.has(lane))) }, sets) };
  }

  private with(visits: readonly Visit[], visit: Visit, sets: SleepSets): number {
    const kept = visits.filter((each) => !(hasAtLeast(visit.left, each.left) && sets.isWithin(visit.sleep, each.sleep)));
    return kept.length === 0 ? this.first(visit.left, visit.sleep) : this.add([...kept, visit]);
  }
}

function hasAtLeast(left: readonly number[], other: readonly number[]): boolean {
  if (left === other) return true;
  for (let index = 0; index < left.length; index++) if ((left[index] as number) < (other[index] as number)) return false;
  return true;
}
