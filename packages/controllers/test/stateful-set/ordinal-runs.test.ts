// Runs of ordinals against a plain set of numbers, at random, at both ends of what an ordinal may be.
import { OrderedMap, type Epoch } from '@kubesim/kernel';
import { describe, expect, it } from 'vitest';
import { addOrdinal, descendingKey, firstHole, holesBetween, lastOrdinal, ordinalKey, ordinalOfDescendingKey, removeOrdinal } from '../../src/stateful-set/ordinal-runs.ts';
import { seeded } from './invariants.ts';

const EPOCH: Epoch = { kind: 'epoch' };
const ORDINAL_MAX = 2147483647;

describe('runs of ordinals', () => {
  it.each([0, 100, ORDINAL_MAX - 23])('from %i on are those of a list of flags', (base) => {
    const below = seeded(base + 5);
    let runs = OrderedMap.empty<number>();
    const present = new Set<number>();
    for (let turn = 0; turn < 1000; turn++) {
      const ordinal = base + below(24);
      const wasThere = present.has(ordinal);
      if (wasThere || below(4) === 0) {
        // One that is not there may be taken out, too.
        runs = removeOrdinal(EPOCH, runs, ordinal);
        present.delete(ordinal);
      } else {
        runs = addOrdinal(EPOCH, runs, ordinal);
        present.add(ordinal);
      }
      // As few runs as there can be, by their first ordinals descending.
      const sorted = [...present].sort((a, b) => b - a);
      const firsts = sorted.filter((candidate) => !present.has(candidate - 1));
      expect([...runs.entries()].map(([key]) => ordinalOfDescendingKey(key))).toEqual(firsts);
      const from = base + below(24) - below(3);
      const to = from + below(10);
      const missing = Array.from({ length: to - from }, (_, index) => from + index).filter((candidate) => !present.has(candidate));
      if (from >= 0) expect(holesBetween(runs, from, to)).toEqual(missing);
      let first = from;
      while (present.has(first)) first++;
      expect(firstHole(runs, from)).toBe(first);
      expect(lastOrdinal(runs, from)).toBe(sorted.find((candidate) => candidate <= from));
    }
  });

  it('have keys that sort as ordinals do, or the other way round', () => {
    const below = seeded(3);
    for (let turn = 0; turn < 200; turn++) {
      const [a, b] = [below(2 ** (1 + below(30))), below(2 ** (1 + below(30)))];
      expect(ordinalKey(a) < ordinalKey(b)).toBe(a < b);
      expect(descendingKey(a) < descendingKey(b)).toBe(a > b);
      expect(ordinalOfDescendingKey(descendingKey(a))).toBe(a);
    }
  });
});
