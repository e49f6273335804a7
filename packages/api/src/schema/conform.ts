// Brings JSON into the form that Go's typed objects have: types checked, nulls and empty values that Go would not write taken
// out, zero values that it would write and published defaults put in, times and quantities in their one spelling.
// What is right already keeps its identity, and frozen objects are remembered, so that a template is walked once.
import type { ListType, MapType, ScalarType, StructType, TypeNode } from './types.ts';
import { deepFreeze } from '../edit.ts';
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

interface Walk {
  readonly findings: ConformFindings;
  /** Names of fields from the root, as decoding errors show them. */
  readonly names: string[];
  /** Path from the root, with indexes, as unknown fields are shown. */
  readonly path: string[];
  struct: string;
}

/** Conforms a value to a struct. With findings that carry an error the result says nothing. @public */
export function conform(type: StructType, value: unknown): { readonly value: unknown; readonly findings: ConformFindings } {
  if (typeof value === 'object' && value !== null) {
    const known = type.memo.get(value);
    if (known !== undefined) return { value: known, findings: NOTHING_FOUND };
  }
  const findings: ConformFindings = { unknown: [] };
  const result = conformStruct(type, value, { findings, names: [], path: [], struct: '' });
  return { value: result, findings };
}

const NOTHING_FOUND: ConformFindings = Object.freeze({ unknown: Object.freeze([]) as unknown as string[] });

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
  const where = walk.names.length === 0 ? 'value' : `struct field ${walk.struct}.${walk.names.join('.')}`;
  return fail(walk, `json: cannot unmarshal ${shown} into Go ${where} of type ${goType}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sets a key of a new object, whatever it is called. */
function put(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

function conformStruct(type: StructType, value: unknown, walk: Walk): unknown {
  if (!isRecord(value)) return value === null || value === undefined ? {} : mismatch(walk, value, type.goType);
  const isFrozen = Object.isFrozen(value);
  if (isFrozen) {
    const known = type.memo.get(value);
    if (known !== undefined) return known;
  }
  const unknownBefore = walk.findings.unknown.length;
  const keys = Object.keys(value);
  let out: Record<string, unknown> | undefined;
  const outer = walk.struct;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    const before = value[key];
    const field = type.fields.get(key);
    let after: unknown;
    if (field === undefined) {
      if (!type.preservesUnknown && before !== undefined) walk.findings.unknown.push([...walk.path, key].join('.').replaceAll('.[', '['));
      after = type.preservesUnknown ? before : undefined;
    } else if (before === null || before === undefined) {
      after = type.isCustom && before === null && field.type.form === 'scalar' ? null : undefined;
    } else {
      walk.names.push(key);
      walk.path.push(key);
      walk.struct = type.name;
      after = conformAny(field.type, before, walk);
      walk.names.pop();
      walk.path.pop();
      if (!type.isCustom && !field.isPointer && !field.isAlwaysWritten && isEmpty(after)) after = undefined;
    }
    if (out === undefined) {
      if (after === before) continue;
      out = {};
      for (let j = 0; j < i; j++) put(out, keys[j] as string, value[keys[j] as string]);
    }
    if (after !== undefined) put(out, key, after);
  }
  walk.struct = outer;
  for (const field of type.filled) {
    const present = (out ?? value)[field.name];
    if (present !== undefined && !(present === '' && field.default !== undefined && !field.isPointer)) continue;
    out ??= { ...value };
    out[field.name] = field.default ?? (field.type.form === 'struct' ? conformStruct(field.type, {}, walk) : zeroOf(field.type as ScalarType));
  }
  const result = out ?? value;
  if (isFrozen && walk.findings.error === undefined && walk.findings.unknown.length === unknownBefore) type.memo.set(value, deepFreeze(result));
  return result;
}

function isEmpty(value: unknown): boolean {
  if (value === '' || value === 0 || value === false) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
}

function conformAny(type: TypeNode, value: unknown, walk: Walk): unknown {
  switch (type.form) {
    case 'struct': return conformStruct(type, value, walk);
    case 'list': return conformList(type, value, walk);
    case 'map': return conformMap(type, value, walk);
    case 'scalar': return conformScalar(type, value, walk);
  }
}

function conformList(type: ListType, value: unknown, walk: Walk): unknown {
  if (!Array.isArray(value)) return type.isCustom ? value : mismatch(walk, value, type.goType);
  const isFrozen = Object.isFrozen(value);
  if (isFrozen) {
    const known = type.memo.get(value);
    if (known !== undefined) return known;
  }
  const unknownBefore = walk.findings.unknown.length;
  let out: unknown[] | undefined;
  for (let i = 0; i < value.length; i++) {
    const before: unknown = value[i];
    walk.path.push(`[${i}]`);
    const after = before === null ? zeroItem(type, walk) : conformAny(type.item, before, walk);
    walk.path.pop();
    if (after !== before && out === undefined) out = value.slice(0, i) as unknown[];
    out?.push(after);
  }
  const result = out ?? value;
  if (isFrozen && walk.findings.error === undefined && walk.findings.unknown.length === unknownBefore) type.memo.set(value, deepFreeze(result));
  return result;
}

function zeroItem(type: ListType, walk: Walk): unknown {
  if (type.isCustom) return null;
  if (type.item.form === 'struct') return conformStruct(type.item, {}, walk);
  return type.item.form === 'scalar' ? (zeroOf(type.item) ?? null) : null;
}

function conformMap(type: MapType, value: unknown, walk: Walk): unknown {
  if (!isRecord(value)) return type.isCustom ? value : mismatch(walk, value, type.goType);
  const keys = Object.keys(value);
  let out: Record<string, unknown> | undefined;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    const before = value[key];
    let after: unknown;
    if (before === null) {
      after = type.isCustom ? null : type.value.form === 'scalar' ? (zeroOf(type.value) ?? null) : type.value.form === 'struct' ? {} : null;
    } else {
      walk.path.push(key);
      after = conformAny(type.value, before, walk);
      walk.path.pop();
    }
    if (out === undefined) {
      if (after === before) continue;
      out = {};
      for (let j = 0; j < i; j++) put(out, keys[j] as string, value[keys[j] as string]);
    }
    if (after !== undefined) put(out, key, after);
  }
  return out ?? value;
}

const INTEGER_LIMITS = { int32: 2 ** 31, int64: 2 ** 63 } as const;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function conformScalar(type: ScalarType, value: unknown, walk: Walk): unknown {
  switch (type.scalar) {
    case 'any': return value;
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
