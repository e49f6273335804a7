// Which pods of older revisions go so that they come back on the newer one.
// Upstream: pkg/controller/statefulset/stateful_set_control.go: updateStatefulSetAfterInvariantEstablished (1.37).
import type { Pod, StatefulSet } from '@kubesim/api';
import { between, firstNotYetAvailable, notYetAvailable, rangeOf, slotOrdinal, type DecisionInput } from './decision-input.ts';
import { isMonotonic, replicasOf } from './identity.ts';
import { descendingKey, firstHole, holesBetween, ordinalOfDescendingKey } from './ordinal-runs.ts';
import { podFacts } from './pod-facts.ts';
import { newVersionedPod, revisionForHole } from './revision-pair.ts';

/** Pods to delete, in order. What comes of each is up to the API server; all but its NotFound ends the update. @internal */
export function podsToUpdate(input: DecisionInput): readonly Pod[] {
  if (!input.behaviour.hasMaxUnavailable) return oneAtATime(input);
  return input.behaviour.updatesInTwoPhases && !isMonotonic(input.set) ? inTwoPhases(input) : withinBudget(input);
}

/** How many replicas may be unavailable: a number, or a share of the replicas rounded down; never less than one. @internal */
export function maxUnavailable(set: StatefulSet): number {
  const value = set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1;
  const count = typeof value === 'number' ? value : Math.floor((Number.parseInt(value, 10) * replicasOf(set)) / 100);
  return Math.max(1, count);
}

/** How many replicas in range are unavailable, missing ones included. @internal */
export function unavailableCount(input: DecisionInput): number {
  const { summary, set } = input;
  const { start, end } = rangeOf(set);
  const outside = (map: DecisionInput['summary']['blocking']): number =>
    countOf(between(map, 0, start)) + countOf(between(map, end, 2147483648));
  const blocking = summary.blocking.size - outside(summary.blocking);
  const blockingReady = summary.blockingReady.size - outside(summary.blockingReady);
  const present = summary.slots.size - outside(summary.slots);
  const young = youngInRange(input).length;
  return Math.max(0, end - start) - present + blocking - blockingReady + young;
}

/** Slots in range that are ready, not terminating, and not ready for long enough yet. */
function youngInRange(input: DecisionInput): readonly (readonly [number, Pod])[] {
  const { start, end } = rangeOf(input.set);
  return notYetAvailable(input.summary, input.set, input.now)
    .filter((pod) => pod.metadata.deletionTimestamp === undefined)
    .map((pod) => [slotOrdinal(input.summary, pod), pod] as const)
    .filter(([ordinal]) => ordinal >= start && ordinal < end);
}

/** Without a budget: the highest old pod, once everything above it is available. */
function oneAtATime(input: DecisionInput): readonly Pod[] {
  const { summary } = input;
  const { end } = rangeOf(input.set);
  for (const [ordinal, pod] of oldDescending(input)) {
    const above = ordinal + 1;
    const isWaiting = firstUnavailable(input, above, end) !== undefined || firstHole(summary.runs, above) < end ||
      firstNotYetAvailable(input, above, end) !== undefined;
    return isWaiting ? [] : [pod];
  }
  return [];
}

/** The lowest ordinal in [from, to) whose pod is terminating or not ready. */
function firstUnavailable(input: DecisionInput, from: number, to: number): number | undefined {
  for (const [ordinal, pod] of between(input.summary.blocking, from, to)) if (podFacts(pod).isUnavailable) return ordinal;
  return undefined;
}

/** With a budget: the highest old pods, available or not, as many as may still become unavailable. */
function withinBudget(input: DecisionInput): readonly Pod[] {
  return take(oldDescending(input), maxUnavailable(input.set) - unavailableCount(input));
}

/** Parallel sets since 1.37: old pods that are of no use anyway go at once, then available ones within the budget. */
function inTwoPhases(input: DecisionInput): readonly Pod[] {
  const olds = [...oldDescending(input)];
  if (olds.length === 0) return [];
  const young = new Set(youngInRange(input).map(([ordinal]) => ordinal));
  const isBroken = ([ordinal, pod]: readonly [number, Pod]): boolean => podFacts(pod).isUnavailable || young.has(ordinal);
  const unavailable = unavailableCount(input);
  const left = maxUnavailable(input.set) - unavailable;
  return [
    ...olds.filter(isBroken).map(([, pod]) => pod),
    ...take(olds.filter((old) => !isBroken(old)), left),
  ];
}

/** Old pods at or above the partition that are not terminating, highest first; those still to be created among them. */
function* oldDescending(input: DecisionInput): Generator<readonly [number, Pod], void> {
  const { summary, set, revisions } = input;
  const { start, end } = rangeOf(set);
  const floor = start + (set.spec.updateStrategy?.rollingUpdate?.partition ?? 0);
  const sources = [...summary.byRevision.entries()]
    .filter(([revision]) => revision !== revisions.update.name)
    .map(([, pods]) => pods.entries(descendingKey(end - 1), descendingKey(floor - 1)));
  const iterators = sources.map((source) => source[Symbol.iterator]());
  const heads = iterators.map((iterator) => iterator.next().value as readonly [string, Pod] | undefined);
  const holes = oldHoles(input, floor, end);
  for (;;) {
    let best = -1;
    heads.forEach((head, index) => {
      if (head !== undefined && (best < 0 || head[0] < (heads[best] as readonly [string, Pod])[0])) best = index;
    });
    const head = best < 0 ? undefined : heads[best];
    const ordinal = head === undefined ? -1 : ordinalOfDescendingKey(head[0]);
    const hole = holes[holes.length - 1];
    if (hole !== undefined && hole > ordinal) {
      holes.pop();
      yield [hole, newVersionedPod(set, revisions, hole)];
    } else if (head !== undefined) {
      heads[best] = (iterators[best] as Iterator<readonly [string, Pod]>).next().value as readonly [string, Pod] | undefined;
      yield [ordinal, head[1]];
    } else return;
  }
}

/** Ordinals whose pods are missing and are made by another revision than the update's, ascending. */
function oldHoles(input: DecisionInput, floor: number, end: number): number[] {
  if (input.revisions.current.name === input.revisions.update.name) return [];
  return holesBetween(input.summary.runs, floor, end).filter((ordinal) => revisionForHole(input.set, ordinal) === 'current');
}

function take(olds: Iterable<readonly [number, Pod]>, limit: number): readonly Pod[] {
  const taken: Pod[] = [];
  if (limit <= 0) return taken;
  for (const [, pod] of olds) {
    taken.push(pod);
    if (taken.length >= limit) break;
  }
  return taken;
}

function countOf(items: Iterable<unknown>): number {
  let count = 0;
  for (const _item of items) count++;
  return count;
}
