// Sleep sets: which heads need not be taken from a state, since a path that takes them earlier leads to the same states. Every state
// is still entered; what is saved is the ways to it (Godefroid, Partial-Order Methods for the Verification of Concurrent Systems).
import type { Space } from './space.ts';
import type { Delta } from './state.ts';

/** A head that sleeps, or was explored: its lane, where it goes, and what it does. @internal */
export interface Sleeper {
  readonly lane: number;
  readonly to: number;
  readonly delta: Delta;
}

/** Whether two steps lead to the same state in either order, and neither hinders or changes the other. @internal */
export function areIndependent(one: Sleeper, other: Sleeper, space: Space): boolean {
  const { traits } = one.delta;
  const others = other.delta.traits;
  if ((traits.writes & others.reads) !== 0 && touches(one.delta.writes, other.delta.reads)) return false;
  if ((others.writes & traits.reads) !== 0 && touches(other.delta.writes, one.delta.reads)) return false;
  if ((traits.sends & others.sends) !== 0 && touches(one.delta.sends, other.delta.sends)) return false;
  if ((traits.takesBack && takesFrom(one, other)) || (others.takesBack && takesFrom(other, one))) return false;
  // What a property reads is never commuted.
  if (space.isVisible(one.delta) && space.isVisible(other.delta)) return false;
  return !touchesSeen(one.delta.writes, other.delta.seen) && !touchesSeen(other.delta.writes, one.delta.seen);
}

function touchesSeen(writes: readonly number[], seen: ReadonlySet<number>): boolean {
  if (seen.size === 0) return false;
  for (const slot of writes) if (seen.has(slot)) return true;
  return false;
}

function touches(some: readonly number[], others: readonly number[]): boolean {
  for (let index = 0; index < some.length; index++) {
    const each = some[index];
    for (let at = 0; at < others.length; at++) if (others[at] === each) return true;
  }
  return false;
}

/** Whether a step may take back what the other one receives or sends. */
function takesFrom({ delta }: Sleeper, other: Sleeper): boolean {
  for (const operation of delta.operations) {
    if (operation.do !== 'takeBack') continue;
    if (operation.to === other.to) return true;
    for (const sent of other.delta.operations) if ((sent.do === 'takeBack' ? sent.to : sent.pending.task.to) === operation.to) return true;
  }
  return false;
}

/** Sets of lanes, kept once. Set 0 is empty. @internal */
export class SleepSets {
  private readonly sets: ReadonlySet<number>[] = [new Set()];
  /** By set: the sets with one lane more, by that lane. */
  private readonly extended: Map<number, number>[] = [new Map()];
  /** The lanes that are looked for, in ascending order, as far as `find` is told. */
  private readonly sorted: number[] = [];

  idOf(sleepers: readonly Sleeper[]): number {
    const { sorted } = this;
    for (let index = 0; index < sleepers.length; index++) insert(sorted, index, (sleepers[index] as Sleeper).lane);
    return this.find(sleepers.length);
  }

  idOfLanes(lanes: readonly number[]): number {
    lanes.forEach((lane, index) => { insert(this.sorted, index, lane); });
    return this.find(lanes.length);
  }

  lanes(id: number): ReadonlySet<number> {
    return this.sets[id] as ReadonlySet<number>;
  }

  isWithin(id: number, other: number): boolean {
    if (id === 0 || id === other) return true;
    if (other === 0) return false;
    const set = this.lanes(other);
    for (const lane of this.lanes(id)) if (!set.has(lane)) return false;
    return true;
  }

  /** Goes from the empty set lane by lane in order: each set is known by the one without its last lane. */
  private find(count: number): number {
    const { sorted } = this;
    let id = 0;
    let last = -1;
    for (let index = 0; index < count; index++) {
      const lane = sorted[index] as number;
      if (lane === last) continue;
      last = lane;
      const extended = this.extended[id] as Map<number, number>;
      let next = extended.get(lane);
      if (next === undefined) {
        next = this.sets.length;
        extended.set(lane, next);
        this.sets.push(new Set([...this.lanes(id), lane]));
        this.extended.push(new Map());
      }
      id = next;
    }
    return id;
  }
}

/** Into the first `count` of a list, which are in ascending order: they are few. */
function insert(sorted: number[], count: number, lane: number): void {
  let place = count;
  while (place > 0 && (sorted[place - 1] as number) > lane) {
    sorted[place] = sorted[place - 1] as number;
    place--;
  }
  sorted[place] = lane;
}
