// Decoding of what is plain: fields of the right types, in any order, nothing unknown. Functions of their own for the structs
// that are written most (generated/plain-decoders.ts) read and write fields by their names, which V8 does in a tenth of the time
// that a walk over any struct takes. They come to what the walk comes to, or to NOT_PLAIN: then the walk does it, and words errors.
import type { ListType, StructType, TypeNode } from './types.ts';

/** Some JSON object. @internal */
export type Fields = Readonly<Record<string, unknown>>;

/** What a decoder of plain values answers for others. @internal */
export const NOT_PLAIN: unique symbol = Symbol('not plain');

/** The walk over a value of any type; NOT_PLAIN where it finds an error or an unknown field. `isTried`: its decoder found it not plain. @internal */
export type AnyDecoder = (type: TypeNode, value: unknown, known: unknown, isTried?: boolean) => unknown;

/**
 * Decodes a plain object that is not `known`. As the walk: what is equal to `known` becomes it, what is frozen and right is
 * kept, all else is built anew and frozen. @internal
 */
export type PlainDecoder = (value: Fields, known: Fields | undefined, type: StructType, decodeAny: AnyDecoder) => unknown;

/** @internal */
export const NO_FIELDS: Fields = Object.freeze({});

/** @internal */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How many fields a value has, without a list of them. @internal */
export function countFields(value: object): number {
  let count = 0;
  // eslint-disable-next-line no-restricted-syntax -- a count has no order
  for (const _ in value) count++;
  return count;
}

/** An object in a field. @internal */
export function plainStruct(decode: PlainDecoder, type: TypeNode, value: unknown, known: unknown, decodeAny: AnyDecoder): unknown {
  if (value === known) return value;
  if (!isFields(value)) return NOT_PLAIN;
  const decoded = decode(value, isFields(known) ? known : undefined, type as StructType, decodeAny);
  return decoded === NOT_PLAIN ? decodeAny(type, value, known, true) : decoded;
}

/** A list of objects in a field. Frozen ones are left to the walk, which remembers them. @internal */
export function plainList(decode: PlainDecoder, type: TypeNode, value: unknown, known: unknown, decodeAny: AnyDecoder): unknown {
  if (value === known) return value;
  if (!Array.isArray(value)) return NOT_PLAIN;
  const { length } = value;
  const reference: readonly unknown[] | undefined = Array.isArray(known) ? known : undefined;
  if (length === 0 || Object.isFrozen(value)) return decodeAny(type, value, known);
  const itemType = (type as ListType).item;
  // A list that grows item by item would keep room for more.
  const items: unknown[] = value.slice();
  let isNew = reference === undefined || reference.length !== length;
  // Where the items of `known` go on, so that one item more or less shifts nothing.
  let next = 0;
  for (let index = 0; index < length; index++) {
    const sent: unknown = value[index];
    let item = sent;
    if (reference !== undefined && next < reference.length && (sent === reference[next] || sent === reference[next + 1])) next += sent === reference[next] ? 1 : 2;
    else {
      const held = reference?.[next];
      item = plainStruct(decode, itemType, sent, held, decodeAny);
      if (item === NOT_PLAIN) return NOT_PLAIN;
      if (held !== undefined && item === held) next++;
      items[index] = item;
    }
    if (!isNew && item !== (reference as readonly unknown[])[index]) isNew = true;
  }
  return isNew ? Object.freeze(items) : reference;
}

/** A map of texts in a field. @internal */
export function plainTexts(value: unknown, known: unknown): unknown {
  if (value === known) return value;
  if (!isFields(value)) return NOT_PLAIN;
  const keys = Object.keys(value);
  let isNew = !isFields(known) || countFields(known) !== keys.length;
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as string;
    const text = value[key];
    if (typeof text !== 'string' || key === '__proto__') return NOT_PLAIN;
    if (!isNew && (known as Fields)[key] !== text) isNew = true;
  }
  if (!isNew) return known;
  if (Object.isFrozen(value)) return value;
  const copy: Record<string, string> = {};
  for (let index = 0; index < keys.length; index++) copy[keys[index] as string] = value[keys[index] as string] as string;
  return Object.freeze(copy);
}

/** Whether Go leaves a value out that is not always written. @internal */
export function isEmpty(value: unknown): boolean {
  if (value === '' || value === 0 || value === false) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) ? value.length === 0 : countFields(value) === 0;
}

/** @internal */
export function isInt32(value: unknown): boolean {
  return typeof value === 'number' && (value | 0) === value;
}

/** Of the range of int64 what a double holds exactly: the rest is left to the walk. @internal */
export function isInt64(value: unknown): boolean {
  return Number.isSafeInteger(value);
}
