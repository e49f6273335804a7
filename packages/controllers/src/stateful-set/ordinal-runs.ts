// Which ordinals are there, as runs of consecutive ones: the first hole is found without looking at every pod.
import type { OrderedMap, Epoch } from '@kubesim/kernel';

const ORDINAL_MAX = 2147483647;

/** Keys of small numbers, made once: each change of a pod asks for several. */
const KEYS: string[] = [];
const KEPT_KEYS_MAX = 10_000;

/** A key that sorts as the ordinal does. @internal */
export function ordinalKey(ordinal: number): string {
  if (ordinal < 0 || ordinal >= KEPT_KEYS_MAX) return String(ordinal).padStart(10, '0');
  return KEYS[ordinal] ??= String(ordinal).padStart(10, '0');
}

/** A key that sorts in the opposite order, so that the first key from here on is the next lower ordinal. @internal */
export function descendingKey(ordinal: number): string {
  return String(ORDINAL_MAX - ordinal).padStart(10, '0');
}

/** The ordinal of a key of either sort. @internal */
export function ordinalOfDescendingKey(key: string): number {
  return ORDINAL_MAX - Number(key);
}

/** Runs of ordinals: last ordinal by the descending key of the first. @internal */
export type OrdinalRuns = OrderedMap<number>;

/** The run that holds this ordinal, or the nearest one below it. */
function runAtOrBelow(runs: OrdinalRuns, ordinal: number): { readonly first: number; readonly last: number } | undefined {
  const entry = runs.first(descendingKey(ordinal));
  return entry === undefined ? undefined : { first: ordinalOfDescendingKey(entry[0]), last: entry[1] };
}

/** Puts in an ordinal that is not there. @internal */
export function addOrdinal(epoch: Epoch, runs: OrdinalRuns, ordinal: number): OrdinalRuns {
  const below = runAtOrBelow(runs, ordinal);
  const isJoinedBelow = below !== undefined && below.last === ordinal - 1;
  const aboveKey = descendingKey(ordinal + 1);
  const aboveLast = runs.get(aboveKey);
  const rest = aboveLast === undefined ? runs : runs.delete(epoch, aboveKey);
  return rest.set(epoch, descendingKey(isJoinedBelow ? below.first : ordinal), aboveLast ?? ordinal);
}

/** Takes out an ordinal that is there. @internal */
export function removeOrdinal(epoch: Epoch, runs: OrdinalRuns, ordinal: number): OrdinalRuns {
  const run = runAtOrBelow(runs, ordinal);
  if (run === undefined || run.last < ordinal) return runs;
  const rest = run.first === ordinal
    ? runs.delete(epoch, descendingKey(ordinal))
    : runs.set(epoch, descendingKey(run.first), ordinal - 1);
  return run.last === ordinal ? rest : rest.set(epoch, descendingKey(ordinal + 1), run.last);
}

/** The lowest ordinal from `from` on that is not there. @internal */
export function firstHole(runs: OrdinalRuns, from: number): number {
  const run = runAtOrBelow(runs, from);
  return run === undefined || run.last < from ? from : run.last + 1;
}

/** The greatest ordinal up to `upTo` that is there. @internal */
export function lastOrdinal(runs: OrdinalRuns, upTo: number): number | undefined {
  const run = runAtOrBelow(runs, upTo);
  return run === undefined ? undefined : Math.min(run.last, upTo);
}

/** All ordinals in [from, to) that are not there, ascending. Costs as many steps as there are holes and runs. @internal */
export function holesBetween(runs: OrdinalRuns, from: number, to: number): readonly number[] {
  const holes: number[] = [];
  // Runs come highest first, so holes are gathered downwards.
  let above = to;
  while (above > from) {
    const last = lastOrdinal(runs, above - 1);
    const floor = last === undefined ? from : Math.max(from, last + 1);
    for (let hole = above - 1; hole >= floor; hole--) holes.push(hole);
    if (last === undefined) break;
    above = Math.max(from, (runAtOrBelow(runs, last) as { readonly first: number }).first);
  }
  return holes.reverse();
}
