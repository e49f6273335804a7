import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OrderedMap, Vector, type Epoch } from '@kubesim/kernel';

const raise = (): Epoch => ({ kind: 'epoch' });
type MapCommand = { readonly op: 'set' | 'delete'; readonly key: number } | { readonly op: 'seal' };

const commands = fc.array(fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: fc.constant('set' as const), key: fc.nat(400) }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('delete' as const), key: fc.nat(400) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('seal' as const) }) },
), { maxLength: 900, size: 'max' }) as fc.Arbitrary<MapCommand[]>;

describe('ordered map', () => {
  it('should equal a sorted Map after any commands, and every sealed version should stay as it was', () => {
    fc.assert(fc.property(commands, (list) => {
      let epoch = raise();
      let map = OrderedMap.empty<number>();
      const model = new Map<string, number>();
      const sealed: { readonly map: OrderedMap<number>; readonly entries: readonly (readonly [string, number])[] }[] = [];
      const sorted = (): (readonly [string, number])[] => [...model].sort(([a], [b]) => (a < b ? -1 : 1));
      list.forEach((command, index) => {
        if (command.op === 'seal') {
          sealed.push({ map, entries: sorted() });
          epoch = raise();
        } else if (command.op === 'set') {
          map = map.set(epoch, `k${command.key}`, index);
          model.set(`k${command.key}`, index);
        } else {
          map = map.delete(epoch, `k${command.key}`);
          model.delete(`k${command.key}`);
        }
      });
      expect([...map]).toEqual(sorted());
      expect(map.size).toBe(model.size);
      for (const [key, value] of model) expect(map.get(key)).toBe(value);
      expect([...map.entries('k2', 'k3')]).toEqual(sorted().filter(([key]) => key >= 'k2' && key < 'k3'));
      const asked = Array.from({ length: 401 }, (_, key) => `k${key}`).filter((_, key) => key % (1 + (list.length % 7)) === 0).sort();
      const found: (readonly [string, number])[] = [];
      map.forEachOf(asked, (value, key) => { found.push([key, value]); });
      expect(found).toEqual(sorted().filter(([key]) => asked.includes(key)));
      expect(map.last()?.[0]).toBe(sorted().at(-1)?.[0]);
      for (const version of sealed) expect([...version.map]).toEqual(version.entries);
    }), { numRuns: 60 });
  });

  it('should be edited in place while the epoch owns it and copied once it does not', () => {
    const epoch = raise();
    const map = OrderedMap.empty<number>().set(epoch, 'a', 1);
    expect(map.set(epoch, 'b', 2)).toBe(map);
    expect(map.set(raise(), 'c', 3)).not.toBe(map);
    expect([...map.keys()]).toEqual(['a', 'b']);
  });
});

describe('vector', () => {
  it('should equal an array after any pushes, writes, drops and seals', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom('push', 'push', 'push', 'set', 'drop', 'seal'), fc.nat(2000)), { maxLength: 2500, size: 'max' }), (list) => {
      let epoch = raise();
      let vector = Vector.empty<number>();
      const model: number[] = [];
      let base = 0;
      const sealed: { readonly vector: Vector<number>; readonly values: readonly number[] }[] = [];
      for (const [op, n] of list) {
        if (op === 'push') { vector = vector.push(epoch, n); model.push(n); }
        if (op === 'set' && model.length > base) { const at = base + (n % (model.length - base)); vector = vector.set(epoch, at, n); model[at] = n; }
        if (op === 'drop' && n < 300) { base = Math.min(model.length, base + (n % 20)); vector = vector.dropBefore(epoch, base); }
        if (op === 'seal') { sealed.push({ vector, values: model.slice(base) }); epoch = raise(); }
      }
      expect([...vector.values()]).toEqual(model.slice(base));
      expect(vector.get(base - 1)).toBeUndefined();
      for (const version of sealed) expect([...version.vector.values()]).toEqual(version.values);
    }), { numRuns: 60 });
  });
});
