// The three-way strategic merge patch of client-side apply: what differs from the live object, and what stood in the last applied
// configuration and stands no more. Upstream: apimachinery/pkg/util/strategicpatch/patch.go (1.37).
import { schemaDefinition, type SchemaNode } from '@kubesim/api';

type Fields = Readonly<Record<string, unknown>>;

/** What to send so that the live object becomes what is wanted; `{}` if it is already. `schema` undefined: a JSON merge patch. @internal */
export function threeWayPatch(original: Fields | undefined, modified: Fields, current: Fields, schema: SchemaNode | undefined): Fields {
  const delta = diffMaps(current, modified, schema, { additions: true, deletions: false });
  const deletions = original === undefined ? {} : diffMaps(original, modified, schema, { additions: false, deletions: true });
  return mergePatches(delta, deletions, schema);
}

interface Wanted {
  readonly additions: boolean;
  readonly deletions: boolean;
}

function diffMaps(from: Fields, to: Fields, schema: SchemaNode | undefined, wanted: Wanted): Fields {
  const patch: Record<string, unknown> = {};
  const node = resolve(schema);
  for (const key of Object.keys(to).sort()) {
    const target = to[key];
    if (target === null || target === undefined) continue;
    const source = from[key];
    const property = child(node, key);
    if (source === undefined || source === null) {
      if (wanted.additions) patch[key] = target;
    } else if (isMap(source) && isMap(target)) {
      const inner = diffMaps(source, target, property, wanted);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (Array.isArray(source) && Array.isArray(target)) {
      diffLists(patch, key, source, target, property, wanted);
    } else if (wanted.additions && !isEqual(source, target)) {
      patch[key] = target;
    }
  }
  if (wanted.deletions) for (const key of Object.keys(from).sort()) if (from[key] !== null && (to[key] === undefined || to[key] === null)) patch[key] = null;
  return patch;
}

function diffLists(patch: Record<string, unknown>, key: string, from: readonly unknown[], to: readonly unknown[], property: SchemaNode | undefined, wanted: Wanted): void {
  const strategy = property?.['x-kubernetes-patch-strategy']?.includes('merge') === true;
  if (!strategy) {
    if (wanted.additions && !isEqual(from, to)) patch[key] = to;
    return;
  }
  const mergeKey = property?.['x-kubernetes-patch-merge-key'];
  if (mergeKey === undefined) {
    if (wanted.additions && to.some((item) => !from.includes(item))) patch[key] = to.filter((item) => !from.includes(item));
    const gone = from.filter((item) => !to.includes(item));
    if (wanted.deletions && gone.length > 0) patch[`$deleteFromPrimitiveList/${key}`] = gone;
    return;
  }
  const items: unknown[] = [];
  for (const item of to as readonly Fields[]) {
    const old = (from as readonly Fields[]).find((each) => each[mergeKey] === item[mergeKey]);
    if (old === undefined) {
      if (wanted.additions) items.push(item);
      continue;
    }
    const inner = diffMaps(old, item, property?.items, wanted);
    if (Object.keys(inner).length > 0) items.push({ ...inner, [mergeKey]: item[mergeKey] });
  }
  if (wanted.deletions) for (const old of from as readonly Fields[]) if (!(to as readonly Fields[]).some((item) => item[mergeKey] === old[mergeKey])) items.push({ $patch: 'delete', [mergeKey]: old[mergeKey] });
  if (items.length === 0) return;
  patch[key] = items;
  if (wanted.additions) patch[`$setElementOrder/${key}`] = (to as readonly Fields[]).map((item) => ({ [mergeKey]: item[mergeKey] }));
}

/** Deletions laid over additions: lists that merge are joined by their key. */
function mergePatches(delta: Fields, deletions: Fields, schema: SchemaNode | undefined): Fields {
  const merged: Record<string, unknown> = { ...delta };
  const node = resolve(schema);
  for (const [key, value] of Object.entries(deletions)) {
    const held = merged[key];
    const property = child(node, key);
    if (held === undefined) merged[key] = value;
    else if (isMap(held) && isMap(value)) merged[key] = mergePatches(held, value, property);
    else if (Array.isArray(held) && Array.isArray(value)) {
      const mergeKey = property?.['x-kubernetes-patch-merge-key'];
      if (mergeKey === undefined) continue;
      const rest = [...(value as Fields[])];
      const joined = (held as Fields[]).map((item) => {
        const place = rest.findIndex((each) => each[mergeKey] === item[mergeKey]);
        return place < 0 ? item : mergePatches(item, rest.splice(place, 1)[0] as Fields, property?.items);
      });
      merged[key] = [...joined, ...rest];
    }
  }
  return merged;
}

function resolve(schema: SchemaNode | undefined): SchemaNode | undefined {
  if (schema?.$ref !== undefined) return schemaDefinition(schema.$ref);
  const [first] = schema?.allOf ?? [];
  return first === undefined ? schema : resolve(first);
}

/** The node of a field: its own, which says how lists merge. */
function child(node: SchemaNode | undefined, key: string): SchemaNode | undefined {
  if (node?.properties !== undefined && Object.hasOwn(node.properties, key)) return node.properties[key];
  return typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined;
}

function isMap(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Deep equality of JSON values. @internal */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => isEqual(item, b[index]));
  if (!isMap(a) || !isMap(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]));
}
