// Printers against independent readings: JSONPath, order of --sort-by, YAML.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderJsonPath, select } from '../src/printers/jsonpath.ts';
import { compareValues, sortBy } from '../src/printers/sort.ts';
import { emitYaml } from '../src/printers/yaml.ts';

const SEED = 13;

type Step = { readonly key: string } | { readonly index: number } | { readonly all: true };

/** The plain reading of a path: one step after the other, from the whole list of values. */
function oracle(value: unknown, steps: readonly Step[]): unknown[] {
  let current = [value];
  for (const step of steps) {
    const next: unknown[] = [];
    for (const item of current) {
      if (item === null || typeof item !== 'object') continue;
      if ('all' in step) next.push(...(Array.isArray(item) ? item : Object.keys(item).sort().map((key) => (item as Record<string, unknown>)[key])));
      else if ('key' in step && !Array.isArray(item) && Object.hasOwn(item, step.key)) next.push((item as Record<string, unknown>)[step.key]);
      else if ('index' in step && Array.isArray(item) && step.index < item.length) next.push(item[step.index]);
    }
    current = next;
  }
  return current;
}

describe('JSONPath', () => {
  const key = fc.constantFrom('a', 'b', 'app.kubernetes.io/x');
  const tree = fc.letrec<{ readonly node: unknown }>((tie) => ({ node: fc.oneof({ maxDepth: 4 }, fc.integer(), fc.string(), fc.array(tie('node'), { maxLength: 3 }), fc.dictionary(key, tie('node'), { maxKeys: 3 })) })).node;
  const step = fc.oneof(key.map((name): Step => ({ key: name })), fc.constant<Step>({ all: true }));

  it('selects what a plain walk selects', () => {
    fc.assert(fc.property(tree, fc.array(step, { minLength: 1, maxLength: 4 }), (value, steps) => {
      const path = steps.map((each) => ('all' in each ? '[*]' : 'key' in each ? `['${each.key}']` : `[${each.index}]`)).join('');
      expect(select(path, value)).toEqual(oracle(value, steps));
      const dotted = steps.map((each) => ('all' in each ? '.*' : 'key' in each ? `.${each.key.replace(/\./g, '\\.')}` : '')).join('');
      expect(select(dotted, value)).toEqual(oracle(value, steps));
    }), { seed: SEED, numRuns: 300 });
  });

  const LIST = { items: [{ n: 'x', v: 1 }, { n: 'y', v: 2 }, { n: 'z', v: 3, m: { b: 1, a: 2 } }] };
  it.each([
    ['{.items[*].n}', 'x y z'], ['{.items[0:2].n}', 'x y'], ['{.items[-1:].n}', 'z'], ['{.items[-1].n}', 'z'], ['{.items[0,2].n}', 'x z'], ['{.items[?(@.v>=2)].n}', 'y z'], ['{.items[?(@.n=="x")].v}', '1'],
    ['{.items[?(@.m)].n}', 'z'], ['{..v}', '1 2 3'], ["{.items[*]['n','v']}", 'x y z 1 2 3'], ['{range .items[*]}{.n}{"\\t"}{end}', 'x\ty\tz\t'], ['{.items[2].m}', '{"a":2,"b":1}'], ['{.nosuch}', ''], ['.items[0].n', 'x'], ['items[0].n', 'x'], ['a {.items[0].n} b', 'a x b'],
  ])('%s', (template, text) => {
    expect(renderJsonPath(template, LIST)).toBe(text);
  });

  it('says what is wrong', () => {
    expect(() => renderJsonPath('{.items[0', LIST)).toThrow('error: error parsing jsonpath {.items[0, unterminated array');
    expect(() => renderJsonPath('{.items[9].n}', LIST)).toThrow('array index out of bounds: index 9, length 3');
  });
});

describe('--sort-by', () => {
  it('is stable, and puts what is missing first', () => {
    fc.assert(fc.property(fc.array(fc.record({ key: fc.option(fc.oneof(fc.integer({ min: 0, max: 3 }).map((value) => `web-${value * 7}`), fc.constantFrom('1Gi', '100m', '2')), { nil: undefined }) })), (list) => {
      const items = list.map((each, place) => ({ ...each, place }));
      const sorted = sortBy(items, '.key', (item) => item);
      expect(sorted).toHaveLength(items.length);
      sorted.slice(1).forEach((item, index) => {
        const before = sorted[index] as (typeof items)[number];
        const order = compareValues(before.key, item.key);
        if (before.key === undefined || item.key === undefined) expect(before.key === undefined || item.key !== undefined).toBe(true);
        if (order === 0) expect(before.place).toBeLessThan(item.place);
      });
    }), { seed: SEED, numRuns: 200 });
  });

  it.each([['web-2', 'web-10'], ['100m', '1Gi'], [2, 10], ['a', 'b'], ['web-2', 'web-2a']])('has %s before %s', (a, b) => {
    expect(compareValues(a, b)).toBeLessThan(0);
    expect(compareValues(b, a)).toBeGreaterThan(0);
  });
});

describe('YAML', () => {
  it('is read back as it was by a YAML 1.1 reader', () => {
    // The reader takes a lone point for a number, which Go does not.
    const isOdd = (word: string): boolean => /^[-+]?[._]+$/.test(word);
    const text = fc.oneof(fc.string({ maxLength: 200 }).filter((word) => !isOdd(word)), fc.constantFrom('yes', 'null', '1', '1.5', '0x1', '12:30', 'a: b', '- a', '* * * * *', '', ' x', 'x ', 'a\nb\n', 'a\n\n', '\n', ' a\nb', '#x', "it's", '2026-01-01T00:00:00Z', 'word '.repeat(40).trim()));
    const value = fc.letrec<{ readonly node: unknown }>((tie) => ({ node: fc.oneof({ maxDepth: 3 }, text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(tie('node'), { maxLength: 3 }), fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }).filter((key) => key !== '__proto__' && key !== '<<' && !isOdd(key)), tie('node'), { maxKeys: 3 })) })).node;
    fc.assert(fc.property(value, (given) => {
      expect(parse(emitYaml(given), { version: '1.1', merge: false })).toEqual(given);
    }), { seed: SEED, numRuns: 500 });
  });

  it.each([
    [{ a: '* * * * *' }, "a: '* * * * *'\n"], [{ a: 'True' }, 'a: "True"\n'], [{ a: '' }, 'a: ""\n'], [{ a: 'x\ny\n' }, 'a: |\n  x\n  y\n'], [{ a: [{ b: 1, c: [] }, 'd'] }, 'a:\n- b: 1\n  c: []\n- d\n'], [{ a: {} }, 'a: {}\n'],
  ])('prints %j as go-yaml does', (value, text) => {
    expect(emitYaml(value)).toBe(text);
  });
});
