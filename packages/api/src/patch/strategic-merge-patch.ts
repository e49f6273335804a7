// Strategic merge patch: lists merge by key as the schema says, with the directives $patch, $retainKeys,
// $deleteFromPrimitiveList and $setElementOrder. Upstream: apimachinery/pkg/util/strategicpatch/patch.go (1.37).
import { schemaDefinition, type SchemaNode } from '../schema/schema.ts';

type Fields = Readonly<Record<string, unknown>>;

const DELETE_PRIMITIVE = '$deleteFromPrimitiveList/';
const ELEMENT_ORDER = '$setElementOrder/';

/** A patched value, or what no patch may ask in upstream's words. @public */
export type StrategicPatchOutcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: string };

/** The value with a strategic merge patch applied. `schema` is the node of the kind. Pure. @public */
export function applyStrategicMergePatch(value: unknown, patch: unknown, schema: SchemaNode | undefined): StrategicPatchOutcome {
  const error = isMap(patch) ? mapError(patch, schema) : undefined;
  return error === undefined ? { ok: true, value: mergeMap(isMap(value) ? value : {}, isMap(patch) ? patch : {}, schema) } : { ok: false, error };
}

/** Directives of maps; whatever stands beside one of them is not looked at. */
function mapError(patch: Fields, node: SchemaNode | undefined): string | undefined {
  const directive = patch['$patch'];
  if (directive !== undefined) return directive === 'replace' || directive === 'delete' ? undefined : `unknown patch type: ${goText(directive)} in map: ${goText(patch)}`;
  for (const key of Object.keys(patch).sort()) {
    const item = patch[key];
    const property = child(node, key);
    const error = Array.isArray(item) ? listError(item, property) : isMap(item) ? mapError(item, property) : undefined;
    if (error !== undefined) return error;
  }
  return undefined;
}

function listError(patch: readonly unknown[], property: SchemaNode | undefined): string | undefined {
  const mergeKey = mergeKeyOf(property);
  if (mergeKey === undefined || property?.['x-kubernetes-patch-strategy']?.split(',').includes('merge') !== true) return undefined;
  const maps = patch.filter(isMap);
  const noKey = (item: Fields): string => `map: ${goText(item)} does not contain declared merge key: ${mergeKey}`;
  for (const item of maps) {
    const directive = item['$patch'];
    if (directive === undefined || directive === 'replace') continue;
    if (directive === 'merge') return 'merging lists cannot yet be specified in the patch';
    if (directive !== 'delete') return `unknown patch type: ${goText(directive)} in map: ${goText(item)}`;
    if (item[mergeKey] === undefined) return noKey(item);
  }
  if (maps.some((item) => item['$patch'] === 'replace')) return undefined;
  for (const item of maps) {
    if (item['$patch'] !== undefined) continue;
    if (item[mergeKey] === undefined) return noKey(item);
    const error = mapError(item, property.items);
    if (error !== undefined) return error;
  }
  return undefined;
}

/** A value as Go prints it by `%v`. */
function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (isMap(value)) return `map[${Object.keys(value).sort().map((key) => `${key}:${goText(value[key])}`).join(' ')}]`;
  return String(value as string | number | boolean);
}

function isMap(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function resolve(node: SchemaNode | undefined): SchemaNode | undefined {
  if (node?.$ref !== undefined) return schemaDefinition(node.$ref);
  const [first] = node?.allOf ?? [];
  return node?.properties === undefined && first !== undefined ? resolve(first) : node;
}

function child(node: SchemaNode | undefined, key: string): SchemaNode | undefined {
  const resolved = resolve(node);
  if (resolved?.properties !== undefined && Object.hasOwn(resolved.properties, key)) return resolved.properties[key];
  return typeof resolved?.additionalProperties === 'object' ? resolved.additionalProperties : undefined;
}

function put(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

/** What of a patch stands for itself: directives out, nulls out. */
function plain(patch: unknown): unknown {
  if (Array.isArray(patch)) return patch.filter((item) => !(isMap(item) && item['$patch'] !== undefined && item['$patch'] !== 'merge')).map(plain);
  if (!isMap(patch)) return patch;
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(patch)) {
    if (key === '$patch' || key === '$retainKeys' || key.startsWith(DELETE_PRIMITIVE) || key.startsWith(ELEMENT_ORDER) || item === null) continue;
    put(result, key, plain(item));
  }
  return result;
}

function mergeMap(original: Fields, patch: Fields, node: SchemaNode | undefined): Fields {
  if (patch['$patch'] === 'replace') return plain(patch) as Fields;
  if (patch['$patch'] === 'delete') return {};
  const result: Record<string, unknown> = { ...original };
  const retain = patch['$retainKeys'];
  if (Array.isArray(retain)) for (const key of Object.keys(result)) if (!retain.includes(key)) delete result[key];
  for (const [key, item] of Object.entries(patch)) {
    if (key === '$patch' || key === '$retainKeys' || key.startsWith(ELEMENT_ORDER)) continue;
    if (key.startsWith(DELETE_PRIMITIVE)) {
      const field = key.slice(DELETE_PRIMITIVE.length);
      const held = result[field];
      if (Array.isArray(held) && Array.isArray(item)) put(result, field, held.filter((each) => !item.includes(each)));
      continue;
    }
    if (item === null) {
      delete result[key];
      continue;
    }
    const property = child(node, key);
    const held = Object.hasOwn(result, key) ? result[key] : undefined;
    if (isMap(item)) put(result, key, isMap(held) && !replaces(property) ? mergeMap(held, item, property) : mergeMap({}, item, property));
    else if (Array.isArray(item)) put(result, key, mergeList(Array.isArray(held) ? held : [], item, property, patch[`${ELEMENT_ORDER}${key}`]));
    else put(result, key, item);
  }
  // An order may be given for a list that the patch does not otherwise touch.
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(ELEMENT_ORDER) || patch[key.slice(ELEMENT_ORDER.length)] !== undefined) continue;
    const field = key.slice(ELEMENT_ORDER.length);
    const held = result[field];
    if (Array.isArray(held)) put(result, field, inOrder(held, held, order, mergeKeyOf(child(node, field))));
  }
  return result;
}

function replaces(property: SchemaNode | undefined): boolean {
  return property?.['x-kubernetes-patch-strategy'] === 'replace';
}

function mergeKeyOf(property: SchemaNode | undefined): string | undefined {
  return property?.['x-kubernetes-patch-merge-key'];
}

function mergeList(original: readonly unknown[], patch: readonly unknown[], property: SchemaNode | undefined, order: unknown): readonly unknown[] {
  const merges = property?.['x-kubernetes-patch-strategy']?.split(',').includes('merge') === true;
  if (!merges) return plain(patch) as readonly unknown[];
  const mergeKey = mergeKeyOf(property);
  if (patch.some((item) => isMap(item) && item['$patch'] === 'replace')) return plain(patch.filter((item) => !(isMap(item) && item['$patch'] === 'replace' && Object.keys(item).length === 1))) as readonly unknown[];
  if (mergeKey === undefined) {
    const merged = [...original, ...patch.filter((item) => !original.includes(item))];
    return inOrder(merged, original, order ?? patch, undefined);
  }
  let result = [...original];
  for (const item of patch as readonly Fields[]) {
    // What is no object has no key to merge by; decoding would drop a null, too.
    if (!isMap(item)) continue;
    const key = item[mergeKey];
    const place = result.findIndex((each) => isMap(each) && each[mergeKey] === key);
    if (item['$patch'] === 'delete') {
      result = result.filter((each) => !(isMap(each) && each[mergeKey] === key));
    } else if (place < 0) {
      result.push(mergeMap({}, item, property?.items));
    } else {
      result[place] = mergeMap(result[place] as Fields, item, property?.items);
    }
  }
  return inOrder(result, original, order ?? patch, mergeKey);
}

/**
 * Puts a list in the order that the patch asks for, or that it has itself. Items that the order does not name (the server's
 * own) come as soon as the live list has them before the next one that it names.
 */
function inOrder(list: readonly unknown[], original: readonly unknown[], order: unknown, mergeKey: string | undefined): readonly unknown[] {
  if (!Array.isArray(order)) return list;
  const keyOf = (item: unknown): unknown => (mergeKey === undefined || !isMap(item) ? item : item[mergeKey]);
  const wanted = order.map(keyOf);
  const live = original.map(keyOf);
  const named = list.filter((item) => wanted.includes(keyOf(item))).sort((a, b) => wanted.indexOf(keyOf(a)) - wanted.indexOf(keyOf(b)));
  const serverOnly = list.filter((item) => !wanted.includes(keyOf(item)));
  const result: unknown[] = [];
  let next = 0;
  for (const item of named) {
    const place = live.indexOf(keyOf(item));
    for (; next < serverOnly.length; next++) {
      const own = live.indexOf(keyOf(serverOnly[next]));
      if (place < 0 || own < 0 || own >= place) break;
      result.push(serverOnly[next]);
    }
    result.push(item);
  }
  return [...result, ...serverOnly.slice(next)];
}
