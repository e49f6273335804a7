import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocuments } from '../src/index.ts';

describe('parseDocuments', () => {
  it('should read JSON as what it says', () => {
    fc.assert(fc.property(fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue())), (value) => {
      const text = JSON.stringify(value);
      expect(parseDocuments(text)).toEqual([{ ok: true, value: JSON.parse(text) }]);
    }), { seed: 1, numRuns: 200 });
  });
  it('should read YAML in flow style that looks like JSON', () => {
    expect(parseDocuments('{a: 1}\n---\n[b]')).toEqual([{ ok: true, value: { a: 1 } }, { ok: true, value: ['b'] }]);
  });
  it('should read documents in order, an empty one as null, and say what is wrong with one', () => {
    const [first, second, third] = parseDocuments('a: yes\n---\n# nothing\n---\nb: [1');
    expect(first).toEqual({ ok: true, value: { a: true } });
    expect(second).toEqual({ ok: true, value: null });
    expect(third?.ok === false && third.error).toMatch(/flow/i);
  });
  it('should merge keys as YAML 1.1 does', () => {
    expect(parseDocuments('base: &b {x: 1}\nother:\n  <<: *b\n  z: 2')).toEqual([{ ok: true, value: { base: { x: 1 }, other: { x: 1, z: 2 } } }]);
  });
});
