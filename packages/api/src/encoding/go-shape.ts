// Objects with all that Go's JSON has: an empty struct, a null time, list or map stands where it holds nothing, unless it may be left out.
import type { KubeObject } from '../request.ts';
import { structOfKind, zeroOf, type StructType, type TypeNode } from '../schema/types.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * An object of a built-in kind with what Go always writes (`lastProbeTime: null`, `resources: {}`), Lists and their items too. Objects
 * in the store have no nulls. Other kinds come back as they are. @public
 */
export function goShaped<T extends KubeObject>(object: T): T {
  if (object.kind?.endsWith('List') === true && Array.isArray(object['items'])) return { ...object, items: (object['items'] as readonly KubeObject[]).map(goShaped) };
  const [version = '', group] = (object.apiVersion ?? '').split('/').reverse();
  const type = structOfKind(group ?? '', version, object.kind ?? '');
  return type === undefined ? object : fill(type, object) as T;
}

function fill(type: TypeNode, value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  switch (type.form) {
    case 'struct': return Array.isArray(value) || type.isCustom ? value : fillStruct(type, value as Fields);
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
    else if (field.isAlwaysWritten && field.name !== 'kind' && field.name !== 'apiVersion') {
      const empty = emptyOf(field.type);
      if (empty !== undefined) out[field.name] = empty;
    }
  }
  return out;
}

function emptyOf(type: TypeNode): unknown {
  if (type.form === 'struct') return fillStruct(type, {});
  if (type.form !== 'scalar' || type.scalar === 'time' || type.scalar === 'microTime') return null;
  return zeroOf(type);
}
