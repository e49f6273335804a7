// Writes JSON as Go writes typed objects: fields in the order of their struct, map keys sorted; and as a JSON or merge patch
// leaves it: sorted as far as the patch reached, untouched below. Only error messages show this.
import type { TypeNode } from '../schema/types.ts';
import { goJson, compareBytes } from './go-json.ts';

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a type as Go writes it. @public */
export function structJson(type: TypeNode | undefined, value: unknown): string {
  if (type?.form === 'list' && Array.isArray(value)) return `[${value.map((item) => structJson(type.item, item)).join(',')}]`;
  if (!isFields(value)) return goJson(value);
  if (type?.form === 'struct' && !type.isCustom) {
    const order = [...type.fields.keys()];
    const keys = Object.keys(value).sort((a, b) => order.indexOf(a) - order.indexOf(b));
    return write(value, keys, (key, item) => structJson(type.fields.get(key)?.type, item));
  }
  if (type?.form === 'map') return write(value, Object.keys(value).sort(compareBytes), (_key, item) => structJson(type.value, item));
  return goJson(value);
}

/** The patched value as the patch leaves it: `before` is what it was. @public */
export function patchedJson(type: TypeNode | undefined, before: unknown, after: unknown): string {
  if (before === after || !isFields(before) || !isFields(after)) return structJson(type, after);
  return write(after, Object.keys(after).sort(compareBytes), (key, item) => {
    const inner = type?.form === 'struct' ? type.fields.get(key)?.type : type?.form === 'map' ? type.value : undefined;
    const held = before[key];
    return held !== undefined && goJson(held) === goJson(item) ? structJson(inner, item) : patchedJson(inner, held, item);
  });
}

function write(value: Fields, keys: readonly string[], show: (key: string, item: unknown) => string): string {
  return `{${keys.filter((key) => value[key] !== undefined).map((key) => `${goJson(key)}:${show(key, value[key])}`).join(',')}}`;
}
