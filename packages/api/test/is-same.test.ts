import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSame } from '../src/index.ts';

describe('isSame', () => {
  it('should take a copy for the same, whatever the order of its keys, and a field that is undefined for absent', () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(JSON.parse(JSON.stringify(value)) as object).reverse());
      expect(isSame(value, { ...turned, more: value['more'] })).toBe(true);
      expect(isSame(value, { ...turned, 'one more': value['one more'] ?? 1 })).toBe(value['one more'] !== undefined && value['one more'] !== null);
    }), { seed: 1, numRuns: 200 });
  });
  it('should tell lists, objects and null apart', () => {
    for (const [a, b] of [[[], {}], [null, {}], [[1], [2]], [[1], [1, 2]], [{ a: null }, {}], [0, false]] as const) {
      expect(isSame(a, b)).toBe(false);
      expect(isSame(b, a)).toBe(false);
    }
  });
});
