// Defaults that a structural schema declares (apiextensions-apiserver/pkg/apiserver/schema/defaulting, 1.37).
import type { SchemaNode } from '../schema/schema.ts';

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value with defaults filled in, all the way down; the same value if nothing was missing. A null that may not be is replaced. @internal */
export function withSchemaDefaults(value: unknown, schema: SchemaNode): unknown {
  if (Array.isArray(value)) return mapList(value, schema);
  if (!isFields(value)) return value;
  let out: Record<string, unknown> | undefined;
  const properties = schema.properties ?? {};
  for (const key of Object.keys(properties)) {
    const property = properties[key] as SchemaNode;
    const before = Object.hasOwn(value, key) ? value[key] : undefined;
    const isMissing = before === undefined || (before === null && property.nullable !== true);
    const given = isMissing && property.default !== undefined ? property.default : before;
    const after = given === undefined || given === null ? given : withSchemaDefaults(given, property);
    if (after !== before) (out ??= { ...value })[key] = after;
  }
  const rest = schema.additionalProperties;
  if (typeof rest === 'object') {
    for (const key of Object.keys(value)) {
      if (Object.hasOwn(properties, key)) continue;
      const after = withSchemaDefaults(value[key], rest);
      if (after !== value[key]) (out ??= { ...value })[key] = after;
    }
  }
  return out ?? value;
}

function mapList(list: readonly unknown[], { items }: SchemaNode): readonly unknown[] {
  if (items === undefined) return list;
  const mapped = list.map((item) => withSchemaDefaults(item, items));
  return mapped.some((item, index) => item !== list[index]) ? mapped : list;
}
