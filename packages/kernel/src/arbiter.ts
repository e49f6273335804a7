// Arbiters: which of the heads that are due goes next. An arbiter is data in the World; choice 0 is first in, first out.
import type { Alternative } from './agenda.ts';
import { hashText, mix } from './hash.ts';

/** A choice that was not 0, named by where it was made, so that it survives changes elsewhere in the run. @public */
export interface Deviation {
  /** The channel that first in, first out would have taken. */
  readonly channel: string;
  /** The how-manieth time, from 1, that this channel stood first where there was a choice. */
  readonly occurrence: number;
  /** The channel taken instead, or put off: `defer` names a channel that is put off past the next instant. */
  readonly pick?: string;
  readonly defer?: string;
}

/** A decision of a strict replay: what stood there, and which was taken. @public */
export interface Decision {
  readonly label: string;
  readonly alternatives: number;
  readonly choice: number;
}

/** How the next task is chosen. Plain data: kinds and positions. @public */
export type ArbiterState =
  | { readonly kind: 'fifo' }
  /** Every alternative alike; `deferrals` is how many heads may still be put off, by `deferWithinMs` virtual ms at most if given. */
  | { readonly kind: 'random'; readonly seed: number; drawn: number; deferrals: number; readonly deferWithinMs?: number }
  /** Probabilistic concurrency testing: channels by random priority, changed at `changePoints` (counted in choices). */
  | { readonly kind: 'pct'; readonly seed: number; readonly changePoints: readonly number[]; made: number; demoted: readonly string[] }
  /** These choices in order, each modulo the number of alternatives; 0 when they run out. */
  | { readonly kind: 'list'; readonly choices: readonly number[]; position: number; deferrals: number }
  | { readonly kind: 'deviations'; readonly deviations: readonly Deviation[]; counts: Readonly<Record<string, number>> }
  | { readonly kind: 'replay'; readonly decisions: readonly Decision[]; position: number };

/** First in, first out. @public */
export const fifoArbiter: ArbiterState = Object.freeze({ kind: 'fifo' as const });

/**
 * An arbiter that draws every choice from a seed. Of `deferrals` heads each is put off to the next instant, however far that is,
 * or only where it is no more than `deferWithinMs` away. @public
 */
export function randomArbiter(seed: number, options: { readonly deferrals?: number; readonly deferWithinMs?: number } = {}): ArbiterState {
  const { deferrals = 0, deferWithinMs } = options;
  return { kind: 'random', seed: seed | 0, drawn: 0, deferrals, ...(deferWithinMs === undefined ? {} : { deferWithinMs }) };
}

/** By how much an arbiter puts anything off at most, virtual ms. @internal */
export function longestDeferral(arbiter: ArbiterState): number {
  return arbiter.kind === 'random' ? arbiter.deferWithinMs ?? Number.MAX_VALUE : Number.MAX_VALUE;
}

/** Random priorities with `depth` change points within the first `horizon` choices (Burckhardt et al.). @public */
export function pctArbiter(seed: number, depth: number, horizon: number): ArbiterState {
  const changePoints: number[] = [];
  for (let index = 0; index < depth; index++) changePoints.push((mix(mix(seed | 0, 0x7063), index) >>> 0) % Math.max(1, horizon));
  return { kind: 'pct', seed: seed | 0, changePoints: changePoints.sort((a, b) => a - b), made: 0, demoted: [] };
}

/** An arbiter that takes these choices in order. @public */
export function listArbiter(choices: readonly number[], options: { readonly deferrals?: number } = {}): ArbiterState {
  return { kind: 'list', choices: [...choices], position: 0, deferrals: options.deferrals ?? 0 };
}

/** First in, first out but for these. @public */
export function deviationArbiter(deviations: readonly Deviation[]): ArbiterState {
  return { kind: 'deviations', deviations: [...deviations], counts: {} };
}

/** Makes the decisions of a recording again and stops at the first point that differs. @public */
export function replayArbiter(decisions: readonly Decision[]): ArbiterState {
  return { kind: 'replay', decisions: [...decisions], position: 0 };
}

/** A replay came to a point that is not the recorded one. @public */
export class ReplayDifference extends Error {
  override readonly name = 'ReplayDifference';
  readonly position: number;
  constructor(position: number, recorded: string, found: string) {
    super(`replay differs at choice ${position}: recorded ${recorded}, found ${found}`);
    this.position = position;
  }
}

/**
 * The choice at one point: an index into `alternatives`, or `alternatives.length + i` to put head i off. `arbiter` is the
 * machine's own copy and moves on. `canDefer` says whether there is a later instant to put anything off to. @internal
 */
export function choose(arbiter: ArbiterState, alternatives: readonly Alternative[], canDefer: boolean): number {
  const count = alternatives.length;
  switch (arbiter.kind) {
    case 'fifo':
      return 0;
    case 'random': {
      const options = canDefer && arbiter.deferrals > 0 ? 2 * count : count;
      if (options < 2) return 0;
      const choice = (mix(mix(arbiter.seed, 0x72616e64), arbiter.drawn++) >>> 0) % options;
      if (choice >= count) arbiter.deferrals--;
      return choice;
    }
    case 'pct':
      return choosePct(arbiter, alternatives);
    case 'list': {
      const options = canDefer && arbiter.deferrals > 0 ? 2 * count : count;
      if (options < 2) return 0;
      const wanted = arbiter.choices[arbiter.position++] ?? 0;
      const choice = wanted % options;
      if (choice >= count) arbiter.deferrals--;
      return choice;
    }
    case 'deviations':
      return count < 2 && !canDefer ? 0 : chooseDeviation(arbiter, alternatives, canDefer);
    case 'replay': {
      if (count < 2) return 0;
      const decision = arbiter.decisions[arbiter.position];
      const first = (alternatives[0] as Alternative).task.label;
      if (decision === undefined) return 0;
      if (decision.label !== first || decision.alternatives !== count) {
        throw new ReplayDifference(arbiter.position, `'${decision.label}' of ${decision.alternatives}`, `'${first}' of ${count}`);
      }
      arbiter.position++;
      return decision.choice;
    }
  }
}

function choosePct(arbiter: ArbiterState & { readonly kind: 'pct' }, alternatives: readonly Alternative[]): number {
  if (alternatives.length < 2) return 0;
  const rank = (channel: string): number => {
    const demotion = arbiter.demoted.indexOf(channel);
    return demotion >= 0 ? -1 - demotion : hashText(arbiter.seed, channel) >>> 0;
  };
  const best = (): number => {
    let winner = 0;
    for (let index = 1; index < alternatives.length; index++) {
      if (rank((alternatives[index] as Alternative).channel) > rank((alternatives[winner] as Alternative).channel)) winner = index;
    }
    return winner;
  };
  if (arbiter.changePoints.includes(arbiter.made)) {
    arbiter.demoted = [...arbiter.demoted.filter((channel) => channel !== (alternatives[best()] as Alternative).channel), (alternatives[best()] as Alternative).channel];
  }
  arbiter.made++;
  return best();
}

function chooseDeviation(arbiter: ArbiterState & { readonly kind: 'deviations' }, alternatives: readonly Alternative[], canDefer: boolean): number {
  const { channel } = alternatives[0] as Alternative;
  const occurrence = (arbiter.counts[channel] ?? 0) + 1;
  arbiter.counts = { ...arbiter.counts, [channel]: occurrence };
  const deviation = arbiter.deviations.find((candidate) => candidate.channel === channel && candidate.occurrence === occurrence);
  if (deviation === undefined) return 0;
  const wanted = deviation.pick ?? deviation.defer;
  const index = alternatives.findIndex((alternative) => alternative.channel === wanted);
  if (index < 0) return 0;
  if (deviation.defer === undefined) return index;
  return canDefer ? alternatives.length + index : 0;
}
