import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepFreeze, forEachNew, memoizeAlike } from '../src/edit.ts';

interface Shape {
  readonly part?: object;
  readonly kind?: string;
  readonly size?: number;
  readonly own?: string;
}

const PARTS = [deepFreeze({ a: 1 }), deepFreeze({ a: 2 })] as const;
const shapes: fc.Arbitrary<Shape> = fc.record({ part: fc.constantFrom(...PARTS), kind: fc.constantFrom('x', 'y'), size: fc.constantFrom(0, 1), own: fc.constantFrom('p', 'q') }, { requiredKeys: [] });

describe('memoizeAlike', () => {
  it('should answer as the function does, for objects alike or not, frozen or not', () => {
    const plain = (shape: Shape): Shape => (shape.kind === undefined ? { ...shape, kind: 'x', size: (shape.size ?? 0) + 1 } : shape);
    const memoized = memoizeAlike<Shape>('part', ['own'], plain);
    fc.assert(fc.property(shapes, fc.boolean(), (shape, isFrozen) => {
      const given = isFrozen ? deepFreeze({ ...shape }) : { ...shape };
      const result = memoized(given);
      expect(result).toEqual(plain(given));
      if (plain(given) === given) expect(result).toBe(given);
      if (isFrozen) expect(Object.isFrozen(result)).toBe(true);
    }), { seed: 1, numRuns: 500 });
  });
  it('should work once for objects alike', () => {
    let calls = 0;
    const memoized = memoizeAlike<Shape>('part', ['own'], (shape) => { calls++; return { ...shape, size: 7 }; });
    for (const own of ['a', 'b', 'c']) expect(memoized(deepFreeze({ part: PARTS[0], own }))).toEqual({ part: PARTS[0], own, size: 7 });
    expect(calls).toBe(1);
  });
});

describe('forEachNew', () => {
  it('should visit what is not known, in order and with its place', () => {
    const visited = (items: readonly string[], known: readonly string[]): string => {
      const seen: string[] = [];
      forEachNew(items, known, (item, index) => { seen.push(`${index}${item}`); });
      return seen.join(' ');
    };
    expect(visited(['a', 'b', 'c'], [])).toBe('0a 1b 2c');
    expect(visited(['a', 'b', 'c'], ['a', 'b', 'c'])).toBe('');
    expect(visited(['a', 'x', 'b', 'c'], ['a', 'b', 'c'])).toBe('1x');
    expect(visited(['a', 'x', 'c'], ['a', 'b', 'c'])).toBe('1x');
    expect(visited(['a', 'c'], ['a', 'b', 'c'])).toBe('');
  });
  it('should leave out nothing that is not known', () => {
    fc.assert(fc.property(fc.array(fc.nat(9)), fc.array(fc.nat(9)), (items, known) => {
      const seen: number[] = [];
      forEachNew(items, known, (item, index) => {
        expect(items[index]).toBe(item);
        seen.push(index);
      });
      items.forEach((item, index) => { if (!seen.includes(index)) expect(known).toContain(item); });
    }), { seed: 1, numRuns: 500 });
  });
});
