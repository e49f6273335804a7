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
  // Lists of which items come and go are the walk's, too: it finds where the others stand.
  if (length === 0 || Object.isFrozen(value) || (reference !== undefined && reference.length !== length)) return decodeAny(type, value, known);
  const itemType = (type as ListType).item;
  // A list that grows item by item would keep room for more.
  const items: unknown[] = value.slice();
  let isNew = reference === undefined;
  for (let index = 0; index < length; index++) {
    const held = reference?.[index];
    const item = plainStruct(decode, itemType, value[index], held, decodeAny);
    if (item === NOT_PLAIN) return NOT_PLAIN;
    if (item !== held) isNew = true;
    items[index] = item;
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
