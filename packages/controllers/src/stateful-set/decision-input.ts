// What a decision may look at, and the questions that all phases ask of it.
import type { Pod, StatefulSet } from '@kubesim/api';
import type { Behaviour } from './behaviour.ts';
import type { ClaimReader } from './claims.ts';
import { endOrdinal, startOrdinal } from './identity.ts';
import { ordinalKey } from './ordinal-runs.ts';
import { podFacts } from './pod-facts.ts';
import type { RevisionPair } from './revision-pair.ts';
import type { SetSummary } from './set-summary.ts';

/** Everything from which a sync is decided. @internal */
export interface DecisionInput {
  readonly set: StatefulSet;
  readonly summary: SetSummary;
  readonly revisions: RevisionPair;
  readonly claims: ClaimReader;
  readonly behaviour: Behaviour;
  /** The one instant at which availability is judged, ms since 1970. */
  readonly now: number;
}

/** Ready pods that have not been ready for minReadySeconds yet, oldest first. @internal */
export function notYetAvailable(summary: SetSummary, set: StatefulSet, now: number): readonly Pod[] {
  // Nothing is kept of sets without minReadySeconds.
  if (summary.readySince.size === 0) return [];
  const availableSince = now - (set.spec.minReadySeconds ?? 0) * 1000;
  return [...summary.readySince.values(String(Math.max(0, availableSince + 1)).padStart(16, '0'))];
}

/** The lowest ordinal in [from, to) at which the pod is ready but not for long enough yet, slots only. @internal */
export function firstNotYetAvailable(input: DecisionInput, from: number, to: number): number | undefined {
  let first: number | undefined;
  for (const pod of notYetAvailable(input.summary, input.set, input.now)) {
    const ordinal = slotOrdinal(input.summary, pod);
    if (ordinal >= from && ordinal < to && (first === undefined || ordinal < first)) first = ordinal;
  }
  return first;
}

/** The ordinal of a pod that holds a slot, -1 for one that does not. @internal */
export function slotOrdinal(summary: SetSummary, pod: Pod): number {
  const { ordinal } = podFacts(pod);
  return summary.slots.get(ordinalKey(ordinal))?.metadata.name === pod.metadata.name ? ordinal : -1;
}

/** The lowest ordinal of a map keyed by ordinal, from `from` on. @internal */
export function firstOrdinal(map: { first(from?: string): readonly [string, unknown] | undefined }, from: number): number | undefined {
  const entry = map.first(ordinalKey(from));
  return entry === undefined ? undefined : Number(entry[0]);
}

/** The slots of a map keyed by ordinal in [from, to), ascending. @internal */
export function* between<V>(map: { entries(from?: string, to?: string): Iterable<readonly [string, V]> }, from: number, to: number): Generator<readonly [number, V], void> {
  for (const [key, value] of map.entries(ordinalKey(from), ordinalKey(to))) yield [Number(key), value];
}

/** The set's range of ordinals: from the first up to, not including, the end. @internal */
export function rangeOf(set: StatefulSet): { readonly start: number; readonly end: number } {
  return { start: startOrdinal(set), end: endOrdinal(set) };
}
