// A paused exploration as data: the states entered, with what; and the path to where it stands.
import type { Digest } from '@kubesim/kernel';
import type { DigestTable } from './digest-table.ts';
import type { SleepSets } from './sleep-sets.ts';
import type { Transitions } from './transitions.ts';
import type { VisitTable, Visit } from './visits.ts';

/** One state of the path on which an exploration paused: places among its moves. @public */
export interface PausedFrame {
  readonly moves: readonly number[];
  readonly at: number;
  readonly sleep: readonly number[];
  readonly done: readonly number[];
}

/** A paused exploration: goes on with `resume`. @public */
export interface PausedExploration {
  readonly format: 'kubesim-exploration/1';
  /** Digest of the start: what it goes on with must be the same. */
  readonly start: string;
  readonly frames: readonly PausedFrame[];
  /** Names of the channels that sleep sets speak of, by number. */
  readonly lanes: Readonly<Record<string, string>>;
  /** Lists of visits, each as [what was left, who slept]. */
  readonly visits: readonly (readonly (readonly [readonly number[], readonly number[]])[])[];
  /** Digests of four words, each with a number: of the states (their list of visits), and of the final ones. Base 64. */
  readonly seen: string;
  readonly finals: string;
  readonly counts: { readonly edges: number; readonly depth: number; readonly isCut: boolean };
}

const ENTRY_WORDS = 5;

/** A table as text. @internal */
export function writeTable(table: DigestTable, valueOf: (value: number) => number = (value) => value): string {
  const words = new Int32Array(table.size * ENTRY_WORDS);
  let at = 0;
  table.forEach(({ a, b, c, d }, value) => {
    words.set([a, b, c, d, valueOf(value)], at);
    at += ENTRY_WORDS;
  });
  return Buffer.from(words.buffer).toString('base64');
}

/** Fills a table from text. Throws RangeError if it is none. @internal */
export function readTable(text: string, table: DigestTable, valueOf: (value: number) => number = (value) => value): void {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % (4 * ENTRY_WORDS) !== 0) throw new RangeError('explore: resume: its tables are damaged');
  for (let at = 0; at < bytes.length; at += 4 * ENTRY_WORDS) {
    const word = (index: number): number => bytes.readInt32LE(at + 4 * index);
    const digest: Digest = { a: word(0), b: word(1), c: word(2), d: word(3) };
    table.set(digest, valueOf(word(4)));
  }
}

/** The visits of a table as data. @internal */
export function writeVisits(table: DigestTable, visits: VisitTable, sleepSets: SleepSets, transitions: Transitions): Pick<PausedExploration, 'seen' | 'visits' | 'lanes'> {
  const numbers = new Map<number, number>();
  const lists: (readonly (readonly [readonly number[], readonly number[]])[])[] = [];
  const lanes: Record<string, string> = {};
  const seen = writeTable(table, (value) => {
    let number = numbers.get(value);
    if (number === undefined) {
      number = lists.length;
      numbers.set(value, number);
      lists.push(visits.list(value).map(({ left, sleep }) => {
        for (const lane of sleepSets.lanes(sleep)) lanes[lane] = transitions.channelName(lane);
        return [left, [...sleepSets.lanes(sleep)]] as const;
      }));
    }
    return number;
  });
  return { seen, visits: lists, lanes };
}

/** Reads visits back into tables of another run. @internal */
export function readVisits(paused: PausedExploration, table: DigestTable, visits: VisitTable, sleepSets: SleepSets, transitions: Transitions): void {
  const laneOf = (lane: number): number => transitions.numberOf(paused.lanes[lane] ?? '');
  const lists = paused.visits.map((list) => list.map(([left, lanes]): Visit => ({ left, sleep: sleepSets.idOfLanes(lanes.map(laneOf)) })));
  const numbers = lists.map((list) => (list.length === 1 ? visits.first((list[0] as Visit).left, (list[0] as Visit).sleep) : visits.add(list)));
  readTable(paused.seen, table, (value) => numbers[value] ?? 0);
}
