// Data of a World as JSON and back: plain values, ordered maps and vectors; what is shared stays shared.
import { OrderedMap } from './ordered-map.ts';
import { Vector } from './vector.ts';

/** Writes data as JSON: an object that stands in several places is written once and referred to. Throws TypeError for what is no data: a function, a class of its own, a cycle. @internal */
export function encodeData(value: unknown): unknown {
  const seen = new Map<object, number>();
  count(value, seen, 0);
  const places = new Map<object, number>();
  const shared: unknown[] = [];
  const writer: Writer = { seen, places, shared };
  const root = encode(value, writer, 0);
  return { shared, root };
}

interface Writer {
  readonly seen: ReadonlyMap<object, number>;
  readonly places: Map<object, number>;
  readonly shared: unknown[];
}

const DEPTH_MAX = 200;

function children(value: object): Iterable<unknown> {
  if (value instanceof OrderedMap || value instanceof Vector) return value.values();
  return Array.isArray(value) ? value : Object.values(value);
}

function count(value: unknown, seen: Map<object, number>, depth: number): void {
  if (value === null || typeof value !== 'object') return;
  if (depth > DEPTH_MAX) throw new TypeError('world: data is nested too deeply, or in a cycle');
  const times = seen.get(value) ?? 0;
  seen.set(value, times + 1);
  if (times === 0) for (const child of children(value)) count(child, seen, depth + 1);
}

function encode(value: unknown, writer: Writer, depth: number): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
  if (value === undefined) return { $number: 'undefined' };
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') throw new TypeError(`world: a ${typeof value} is no data`);
  if (value === null || typeof value !== 'object') return value;
  if (depth > DEPTH_MAX) throw new TypeError('world: data is nested too deeply, or in a cycle');
  if ((writer.seen.get(value) ?? 0) < 2) return encodeObject(value, writer, depth);
  let place = writer.places.get(value);
  if (place === undefined) {
    const written = encodeObject(value, writer, depth);
    place = writer.shared.push(written) - 1;
    writer.places.set(value, place);
  }
  return { $ref: place };
}

function encodeObject(value: object, writer: Writer, depth: number): unknown {
  if (value instanceof OrderedMap) return { $map: [...value.entries()].map(([key, item]) => [key, encode(item, writer, depth + 1)]) };
  if (value instanceof Vector) return { $vector: [value.base, [...value.values()].map((item) => encode(item, writer, depth + 1))] };
  if (Array.isArray(value)) return value.map((item) => encode(item, writer, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError(`world: an object of class ${value.constructor.name} is no data`);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined).map(([key, item]) => [key, encode(item, writer, depth + 1)] as const);
  // Field names that a reader could mistake for a mark, or that JavaScript treats specially, go as a list.
  if (entries.some(([key]) => key.startsWith('$') || key === '__proto__')) return { $object: entries };
  return Object.fromEntries(entries);
}

/** Reads what `encodeData` wrote. Everything but what holds containers comes back frozen. @internal */
export function decodeData(json: unknown): unknown {
  const { shared, root } = json as { readonly shared: readonly unknown[]; readonly root: unknown };
  const made: unknown[] = [];
  // A shared object refers only to those before it, since it was put down after its parts.
  for (const item of shared) made.push(decode(item, made));
  return decode(root, made);
}

function decode(value: unknown, made: readonly unknown[]): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return Object.freeze(value.map((item) => decode(item, made)));
  const record = value as Readonly<Record<string, unknown>>;
  if (typeof record['$ref'] === 'number') return made[record['$ref']];
  if (typeof record['$number'] === 'string') return record['$number'] === 'undefined' ? undefined : Number(record['$number']);
  if (Array.isArray(record['$map'])) return OrderedMap.of((record['$map'] as [string, unknown][]).map(([key, item]) => [key, decode(item, made)] as const));
  if (Array.isArray(record['$vector'])) {
    const [base, items] = record['$vector'] as [number, unknown[]];
    return Vector.of(items.map((item) => decode(item, made)), base);
  }
  const entries = (Array.isArray(record['$object']) ? record['$object'] as [string, unknown][] : Object.entries(record));
  const result: Record<string, unknown> = {};
  for (const [key, item] of entries) {
    if (key === '__proto__') Object.defineProperty(result, key, { value: decode(item, made), enumerable: true, configurable: true, writable: true });
    else result[key] = decode(item, made);
  }
  return Object.freeze(result);
}
