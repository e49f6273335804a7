// The nulls of Go's JSON: a time, list or map that is always written stands as null where it holds nothing.
import type { KubeObject } from '../request.ts';
import { structOfKind, type StructType, type TypeNode } from '../schema/types.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * An object of a built-in kind with the nulls that a server's JSON has and objects here leave out (`lastProbeTime: null`), Lists
 * and their items too. Itself where there are none. @public
 */
export function withGoNulls<T extends KubeObject>(object: T): T {
  if (object.kind?.endsWith('List') === true && Array.isArray(object['items'])) return { ...object, items: (object['items'] as readonly KubeObject[]).map(withGoNulls) };
  const [version = '', group] = (object.apiVersion ?? '').split('/').reverse();
  const type = structOfKind(group ?? '', version, object.kind ?? '');
  return type === undefined ? object : fill(type, object) as T;
}

function fill(type: TypeNode, value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  switch (type.form) {
    case 'struct': return Array.isArray(value) ? value : fillStruct(type, value as Fields);
    case 'list': return Array.isArray(value) ? value.map((item) => fill(type.item, item)) : value;
    case 'map': return type.value.form === 'scalar' ? value : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(type.value, item)]));
    case 'scalar': return value;
  }
}

function fillStruct(type: StructType, value: Fields): Fields {
  const out: Record<string, unknown> = { ...value };
  for (const field of type.fields.values()) {
    const held = out[field.name];
    if (held !== undefined) out[field.name] = fill(field.type, held);
    else if (field.isAlwaysWritten && isNullable(field.type)) out[field.name] = null;
  }
  return out;
}

function isNullable(type: TypeNode): boolean {
  return type.form === 'list' || type.form === 'map' || (type.form === 'scalar' && (type.scalar === 'time' || type.scalar === 'microTime'));
}
