// Brings JSON into the form that Go's typed objects have: types checked, nulls and empty values that Go would not write taken
// out, zero values that it would write and published defaults put in, times and quantities in their one spelling.
// What is right already keeps its identity, and frozen objects are remembered, so that a template is walked once.
import type { ListType, MapType, ScalarType, StructType, TypeNode } from './types.ts';
import { deepFreeze } from '../edit.ts';
import { isEmpty, isFields, NO_FIELDS, NOT_PLAIN, type AnyDecoder, type Fields, type PlainDecoder } from './plain.ts';
import { canonicalQuantity } from './quantity-text.ts';
import { canonicalMicroTime, canonicalTime } from '../encoding/time.ts';
import { zeroOf } from './types.ts';

/** What a walk found besides its result. */
export interface ConformFindings {
  /** The first value that cannot be decoded, in the words of Go's decoder. */
  error?: string;
  /** Paths of fields that the type does not have, in document order. */
  readonly unknown: string[];
}

/** Where a walk stands: the steps from the root, and the struct that each field belongs to (none for indexes and keys of maps). */
interface Walk {
  readonly findings: ConformFindings;
  readonly steps: (string | number)[];
  readonly structs: (string | undefined)[];
  depth: number;
}

/**
 * Conforms a value to a struct. With findings that carry an error the result says nothing; without, it is frozen, and built
 * so that objects of equal fields share a hidden class. `known` is any value that conforms already, such as what is stored:
 * what is identical to its parts is not looked at again, and parts that are equal to it become it. @public
 */
export function conform(type: StructType, value: unknown, known?: unknown): { readonly value: unknown; readonly findings: ConformFindings } {
  if (typeof value === 'object' && value !== null) {
    if (value === known) return { value, findings: NOTHING_FOUND };
    const remembered = type.memo.get(value);
    if (remembered !== undefined) return { value: remembered, findings: NOTHING_FOUND };
    if (type.decodePlain !== undefined && isFields(value)) {
      const plain = decodePlain(type, type.decodePlain, value, known);
      if (plain !== NOT_PLAIN) return { value: plain, findings: NOTHING_FOUND };
    }
  }
  const walk = startWalk();
  const result = conformStruct(type, value, known, walk, true);
  return { value: result, findings: walk.findings };
}

function startWalk(): Walk {
  return { findings: { unknown: [] }, steps: [], structs: [], depth: 0 };
}

/** What of a plain value is not decoded by names of fields. */
const decodeAny: AnyDecoder = (type, value, known, isTried = false) => {
  if (value === null) return NOT_PLAIN;
  if (value === known) return value;
  if ((type.form === 'struct' || type.form === 'list') && typeof value === 'object') {
    const remembered = type.memo.get(value);
    if (remembered !== undefined) return remembered;
  }
  const walk = startWalk();
  const decoded = type.form === 'struct' ? conformStruct(type, value, known, walk, isTried) : conformAny(type, value, known, walk);
  return walk.findings.error !== undefined || walk.findings.unknown.length > 0 ? NOT_PLAIN : decoded;
};

function decodePlain(type: StructType, decode: PlainDecoder, value: Fields, known: unknown): unknown {
  const decoded = decode(value, isFields(known) ? known : undefined, type, decodeAny);
  if (decoded === value && !isFields(known)) type.memo.set(value, value);
  return decoded;
}

const NOTHING_FOUND: ConformFindings = Object.freeze({ unknown: Object.freeze([]) as unknown as string[] });

function enter(walk: Walk, step: string | number, struct: string | undefined): void {
  walk.steps[walk.depth] = step;
  walk.structs[walk.depth] = struct;
  walk.depth++;
}

function fail(walk: Walk, message: string): undefined {
  walk.findings.error ??= message;
  return undefined;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function mismatch(walk: Walk, value: unknown, goType: string, shown: string = describe(value)): undefined {
  const { steps, structs, depth } = walk;
  const names: string[] = [];
  let struct = '';
  for (let index = 0; index < depth; index++) {
    const owner = structs[index];
    if (owner === undefined) continue;
    struct = owner;
    names.push(steps[index] as string);
  }
  const where = names.length === 0 ? 'value' : `struct field ${struct}.${names.join('.')}`;
  return fail(walk, `json: cannot unmarshal ${shown} into Go ${where} of type ${goType}`);
}

function noteUnknown(walk: Walk, key: string): void {
  let path = '';
  for (let index = 0; index < walk.depth; index++) {
    const step = walk.steps[index] as string | number;
    path += typeof step === 'number' ? `[${step}]` : path === '' ? step : `.${step}`;
  }
  walk.findings.unknown.push(path === '' ? key : `${path}.${key}`);
}

/** Sets a key of a new object, whatever it is called. */
function put(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

/** A copy of the first fields of an object. */
function firstFields(value: Record<string, unknown>, keys: readonly string[], count: number): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (let index = 0; index < count; index++) {
    const field = value[keys[index] as string];
    if (field !== undefined) put(out, keys[index] as string, field);
  }
  return out;
}

/** `isTried` says that the value is not plain, as its decoder found. */
function conformStruct(type: StructType, value: unknown, known: unknown, walk: Walk, isTried: boolean = false): unknown {
  if (!isFields(value)) {
    // The schema of a custom resource judges its fields later.
    if (value !== undefined && type.isCustom && walk.depth > 0) return deepFreeze(value);
    return value === null || value === undefined ? NO_FIELDS : mismatch(walk, value, type.goType);
  }
  if (value === known) return value;
  const isFrozen = Object.isFrozen(value);
  if (isFrozen) {
    const remembered = type.memo.get(value);
    if (remembered !== undefined) return remembered;
  }
  if (type.decodePlain !== undefined && !isTried) {
    const plain = decodePlain(type, type.decodePlain, value, known);
    if (plain !== NOT_PLAIN) return plain;
  }
  const reference = isFields(known) ? known : undefined;
  const unknownBefore = walk.findings.unknown.length;
  const keys = Object.keys(value);
  // What may still change is copied, field by field: a copy by spread of what is not frozen would get a hidden class of its
  // own once it is frozen, and take half a microsecond for that.
  let out: Record<string, unknown> | undefined = isFrozen || reference !== undefined ? undefined : {};
  let kept = 0;
  let isNew = reference === undefined;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    const before = value[key];
    const held = reference === undefined ? undefined : reference[key];
    let after: unknown;
    if (before !== undefined && before === held) after = before;
    else {
      const field = type.fields.get(key);
      if (field === undefined) {
        if (!type.preservesUnknown && before !== undefined) noteUnknown(walk, key);
        after = type.preservesUnknown ? deepFreeze(before) : undefined;
      } else if (before === null || before === undefined) {
        after = type.isCustom && before === null && field.type.form === 'scalar' ? null : undefined;
      } else {
        const fieldType = field.type;
        if (fieldType.form === 'scalar' && fieldType.scalar === 'string' && typeof before === 'string') after = before;
        else {
          enter(walk, key, type.name);
          after = conformAny(fieldType, before, held, walk);
          walk.depth--;
        }
        if (!type.isCustom && !field.isPointer && !field.isAlwaysWritten && isEmpty(after)) after = undefined;
      }
      if (after !== held && !isNew) {
        // Up to here everything was as in the reference, whose copy it is.
        isNew = true;
        if (!isFrozen) out = firstFields(reference as Record<string, unknown>, keys, i);
      }
    }
    if (after !== undefined) kept++;
    if (out === undefined) {
      if (isFrozen ? after === before && before !== undefined : after === before || !isNew) continue;
      out = firstFields(value, keys, i);
    }
    if (after !== undefined) put(out, key, after);
  }
  for (const field of type.filled) {
    const present = (out ?? value)[field.name];
    if (present !== undefined && !(present === '' && field.default !== undefined && !field.isPointer)) continue;
    out ??= firstFields(isFrozen ? value : reference as Record<string, unknown>, keys, keys.length);
    const filled = field.default !== undefined ? deepFreeze(field.default) : field.type.form === 'struct' ? conformStruct(field.type, NO_FIELDS, undefined, walk) : zeroOf(field.type as ScalarType);
    if (present === undefined) kept++;
    if (!isNew && reference?.[field.name] !== filled) isNew = true;
    out[field.name] = filled;
  }
  if (!isNew && kept === Object.keys(reference as object).length) return reference;
  if (out === undefined && !isFrozen) out = firstFields(reference as Record<string, unknown>, keys, keys.length);
  const result = out === undefined ? value : Object.freeze(out);
  if (isFrozen && reference === undefined && walk.findings.error === undefined && walk.findings.unknown.length === unknownBefore) type.memo.set(value, result);
  return result;
}

function conformAny(type: TypeNode, value: unknown, known: unknown, walk: Walk): unknown {
  switch (type.form) {
    case 'struct': return conformStruct(type, value, known, walk);
    case 'list': return conformList(type, value, known, walk);
    case 'map': return conformMap(type, value, known, walk);
    case 'scalar': return conformScalar(type, value, walk);
  }
}

function conformList(type: ListType, value: unknown, known: unknown, walk: Walk): unknown {
  if (!Array.isArray(value)) return type.isCustom ? deepFreeze(value) : mismatch(walk, value, type.goType);
  if (value === known) return value;
  const isFrozen = Object.isFrozen(value);
  if (isFrozen) {
    const remembered = type.memo.get(value);
    if (remembered !== undefined) return remembered;
  }
  const reference = Array.isArray(known) ? known as readonly unknown[] : undefined;
  const unknownBefore = walk.findings.unknown.length;
  const { length } = value;
  // Most of a long list stands where it stood.
  let start = 0;
  if (reference !== undefined) {
    const shorter = Math.min(length, reference.length);
    while (start < shorter && value[start] === reference[start]) start++;
  }
  // Copied whole: a list that grows item by item would keep room for more.
  let out: unknown[] | undefined = isFrozen ? undefined : value.slice();
  let isNew = reference === undefined || reference.length !== length;
  // Where the items of the reference go on: past what was found, so that one item more or less shifts nothing.
  let next = start;
  for (let i = start; i < length; i++) {
    const before: unknown = value[i];
    let after: unknown;
    if (reference !== undefined && typeof before === 'object' && before !== null && next < reference.length && (before === reference[next] || before === reference[next + 1])) {
      after = before;
      next += before === reference[next] ? 1 : 2;
    } else {
      enter(walk, i, undefined);
      after = before === null ? zeroItem(type, walk) : conformAny(type.item, before, reference?.[next], walk);
      walk.depth--;
      if (reference !== undefined && after === reference[next]) next++;
    }
    if (!isNew && after !== (reference as readonly unknown[])[i]) isNew = true;
    if (after !== before && out === undefined) out = value.slice() as unknown[];
    if (out !== undefined) out[i] = after;
  }
  if (!isNew) return reference;
  const result = out === undefined ? value : Object.freeze(out);
  if (isFrozen && reference === undefined && walk.findings.error === undefined && walk.findings.unknown.length === unknownBefore) type.memo.set(value, result);
  return result;
}

function zeroItem(type: ListType, walk: Walk): unknown {
  if (type.isCustom) return null;
  if (type.item.form === 'struct') return conformStruct(type.item, NO_FIELDS, undefined, walk);
  return type.item.form === 'scalar' ? (zeroOf(type.item) ?? null) : null;
}

function conformMap(type: MapType, value: unknown, known: unknown, walk: Walk): unknown {
  if (!isFields(value)) return type.isCustom ? deepFreeze(value) : mismatch(walk, value, type.goType);
  if (value === known) return value;
  const reference = isFields(known) ? known : undefined;
  const keys = Object.keys(value);
  let out: Record<string, unknown> | undefined = Object.isFrozen(value) ? undefined : {};
  let isNew = reference === undefined;
  let kept = 0;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    const before = value[key];
    let after: unknown;
    if (before === null) {
      after = type.isCustom ? null : type.value.form === 'scalar' ? (zeroOf(type.value) ?? null) : type.value.form === 'struct' ? NO_FIELDS : null;
    } else {
      enter(walk, key, undefined);
      after = conformAny(type.value, before, reference?.[key], walk);
      walk.depth--;
    }
    if (after !== undefined) kept++;
    if (!isNew && after !== reference?.[key]) isNew = true;
    if (out === undefined) {
      if (after === before) continue;
      out = firstFields(value, keys, i);
    }
    if (after !== undefined) put(out, key, after);
  }
  if (!isNew && kept === Object.keys(reference as object).length) return reference;
  return out === undefined ? value : Object.freeze(out);
}

const INTEGER_LIMITS = { int32: 2 ** 31, int64: 2 ** 63 } as const;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function conformScalar(type: ScalarType, value: unknown, walk: Walk): unknown {
  switch (type.scalar) {
    case 'any': return deepFreeze(value);
    case 'string': return typeof value === 'string' ? value : mismatch(walk, value, type.goType);
    case 'bool': return typeof value === 'boolean' ? value : mismatch(walk, value, type.goType);
    case 'float64': return typeof value === 'number' ? value : mismatch(walk, value, type.goType);
    case 'int32': case 'int64': {
      if (typeof value !== 'number') return mismatch(walk, value, type.goType);
      const limit = INTEGER_LIMITS[type.scalar];
      return Number.isInteger(value) && value >= -limit && value < limit ? value : mismatch(walk, value, type.goType, `number ${value}`);
    }
    case 'intOrString':
      if (typeof value === 'string') return value;
      if (typeof value !== 'number') return mismatch(walk, value, type.scalar === 'intOrString' ? 'string' : type.goType);
      return Number.isInteger(value) && Math.abs(value) <= INTEGER_LIMITS.int32 ? value : mismatch(walk, value, 'int32', `number ${value}`);
    case 'bytes': {
      if (typeof value !== 'string') return mismatch(walk, value, type.goType);
      const plain = value.replace(/[\r\n]/g, '');
      return BASE64.test(plain) ? plain : fail(walk, `illegal base64 data at input byte ${firstIllegalBase64(plain)}`);
    }
    case 'quantity': {
      if (typeof value !== 'string' && typeof value !== 'number') return mismatch(walk, value, type.goType);
      const canonical = canonicalQuantity(String(value));
      return canonical.ok ? canonical.text : fail(walk, canonical.error);
    }
    case 'time': return typeof value === 'string' ? canonicalTime(value) ?? fail(walk, timeError(value)) : mismatch(walk, value, 'string');
    case 'microTime': return typeof value === 'string' ? canonicalMicroTime(value) ?? fail(walk, timeError(value)) : mismatch(walk, value, 'string');
  }
}

function timeError(text: string): string {
  return `parsing time "${text}" as "2006-01-02T15:04:05Z07:00": cannot parse "${text}" as "2006"`;
}

/** Where Go's decoder stops: at the first character outside the alphabet, or at the start of an incomplete last group. */
function firstIllegalBase64(text: string): number {
  const bad = /[^A-Za-z0-9+/=]/.exec(text);
  if (bad !== null) return bad.index;
  const padding = text.indexOf('=');
  if (padding >= 0 && padding % 4 < 2) return padding;
  return padding >= 0 ? Math.min(text.length, padding + 1) : text.length - (text.length % 4);
}

/** The zero value of a kind as JSON shows it, without nulls. @public */
export function zeroObject(type: StructType | undefined): Readonly<Record<string, unknown>> {
  return type === undefined || type.isCustom ? {} : conform(type, {}).value as Readonly<Record<string, unknown>>;
}
