// Typed values as structured merge sees them: the set of a value's fields, what changed between two, and their merge.
// Upstream: sigs.k8s.io/structured-merge-diff/v6/typed.
import type { Field, ListType, TypeNode } from '../schema/types.ts';
import { goJson } from '../encoding/go-json.ts';
import { buildSet, childOf, finishSet, type FieldSet, type SetBuilder } from './field-set.ts';

type Fields = Readonly<Record<string, unknown>>;

const ANY: TypeNode = { form: 'scalar', scalar: 'any', goType: 'interface {}' };
/** A field that is there and null: Go writes it so where there is no omitempty. */
const NULL = Symbol('null');

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAtomicType(type: TypeNode, value: unknown): boolean {
  switch (type.form) {
    case 'struct': case 'map': return type.isAtomic || !isFields(value);
    case 'list': return type.listType === 'atomic' || !Array.isArray(value);
    case 'scalar': return !(type.scalar === 'any' && type.goType === 'interface {}' && isFields(value));
  }
}

function childType(type: TypeNode, key: string): TypeNode {
  if (type.form === 'struct') return type.fields.get(key)?.type ?? ANY;
  return type.form === 'map' ? type.value : ANY;
}

/** The path element of a list's item. @internal */
export function itemElement(type: ListType, item: unknown): string {
  if (type.listType === 'set') return `v:${goJson(item)}`;
  const keys: Record<string, unknown> = {};
  for (const key of type.keys) {
    const field = type.item.form === 'struct' ? type.item.fields.get(key) : undefined;
    const value = (item as Fields)[key] ?? field?.default;
    if (value !== undefined && value !== null) keys[key] = value;
  }
  return `k:${goJson(keys)}`;
}

/** The fields that a configuration sets. @public */
export function fieldSetOf(type: TypeNode, value: unknown): FieldSet {
  const set = buildSet();
  collect(type, value, set);
  return finishSet(set);
}

function collect(type: TypeNode, value: unknown, set: SetBuilder): void {
  if (isAtomicType(type, value)) {
    set.isMember = true;
    return;
  }
  if (type.form === 'list') {
    for (const item of value as readonly unknown[]) {
      const child = childOf(set, itemElement(type, item));
      child.isMember = true;
      collect(type.item, item, child);
    }
    return;
  }
  for (const key of Object.keys(value as Fields)) {
    const item = (value as Fields)[key];
    if (item === undefined) continue;
    const child = childOf(set, `f:${key}`);
    const isDeclared = type.form === 'struct' && type.fields.has(key);
    if (item === null || (isFields(item) && Object.keys(item).length === 0) || !isDeclared) child.isMember = true;
    if (item !== null) collect(childType(type, key), item, child);
  }
}

/** What differs between two values: fields added or changed, and fields taken away. @public */
export interface FieldChanges {
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** Compares two values of a type. Identity of unchanged parts makes it cheap. @public */
export function compareFields(type: TypeNode, before: unknown, after: unknown): FieldChanges {
  const changed = buildSet();
  const removed = buildSet();
  compare(type, before, after, changed, removed);
  return { changed: finishSet(changed), removed: finishSet(removed) };
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === NULL || (typeof value === 'object' && Object.keys(value).length === 0);
}

function compare(type: TypeNode, before: unknown, after: unknown, changed: SetBuilder, removed: SetBuilder): void {
  if (before === after) return;
  const shaped = after === undefined || after === NULL ? before : after;
  const isLeaf = isAtomicType(type, shaped === NULL ? undefined : shaped) || (isBlank(before) && isBlank(after));
  if (isLeaf) {
    if (before === undefined) changed.isMember = true;
    else if (after === undefined) removed.isMember = true;
    else if (!isEqual(before, after)) changed.isMember = true;
    return;
  }
  if (type.form === 'list') compareLists(type, before, after, changed, removed);
  else compareMaps(type, before, after, changed, removed);
  if (before === undefined) changed.isMember = true;
  else if (after === undefined) removed.isMember = true;
}

function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if ((a === NULL || a === null) && (b === NULL || b === null)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  return goJson(a) === goJson(b);
}

function compareMaps(type: TypeNode, before: unknown, after: unknown, changed: SetBuilder, removed: SetBuilder): void {
  const left = isFields(before) ? before : undefined;
  const right = isFields(after) ? after : undefined;
  const keys = new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})]);
  // Of a struct that comes or goes as a whole, the fields that Go writes as null come or go, too.
  if (type.form === 'struct' && (left === undefined || right === undefined)) {
    for (const field of type.fields.values()) if (field.isAlwaysWritten) keys.add(field.name);
  }
  for (const key of keys) {
    const field = type.form === 'struct' ? type.fields.get(key) : undefined;
    const l = presence(left, key, field);
    const r = presence(right, key, field);
    if (l === r || (l === undefined && r === undefined)) continue;
    compare(childType(type, key), l, r, childOf(changed, `f:${key}`), childOf(removed, `f:${key}`));
  }
}

/** A field's value; NULL where Go writes null for what is not set. */
function presence(object: Fields | undefined, key: string, field: Field | undefined): unknown {
  if (object === undefined) return undefined;
  const value = object[key];
  if (value !== undefined && value !== null) return value;
  return field !== undefined && field.isAlwaysWritten ? NULL : undefined;
}

function compareLists(type: ListType, before: unknown, after: unknown, changed: SetBuilder, removed: SetBuilder): void {
  const left = new Map((Array.isArray(before) ? before : []).map((item) => [itemElement(type, item), item as unknown]));
  const right = new Map((Array.isArray(after) ? after : []).map((item) => [itemElement(type, item), item as unknown]));
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    compare(type.item, left.get(element), right.get(element), childOf(changed, element), childOf(removed, element));
  }
}

/** The live value with a configuration laid over it. @public */
export function mergeFields(type: TypeNode, live: unknown, config: unknown): unknown {
  if (config === undefined) return live;
  if (live === undefined || live === null || config === null || isAtomicType(type, config)) return config;
  if (type.form === 'list') return Array.isArray(live) ? mergeLists(type, live, config as readonly unknown[]) : config;
  if (!isFields(live)) return config;
  const out: Record<string, unknown> = { ...live };
  for (const key of Object.keys(config as Fields)) {
    const value = mergeFields(childType(type, key), live[key], (config as Fields)[key]);
    Object.defineProperty(out, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return out;
}

/** Items of the configuration keep its order; items of the live list alone stay where they stood between them. */
function mergeLists(type: ListType, live: readonly unknown[], config: readonly unknown[]): readonly unknown[] {
  const liveKeys = live.map((item) => itemElement(type, item));
  const configKeys = config.map((item) => itemElement(type, item));
  const inConfig = new Set(configKeys);
  const merged = new Set<string>();
  const shared = configKeys.filter((key) => liveKeys.includes(key));
  let nextShared = 0;
  const out: unknown[] = [];
  const takeConfig = (index: number): void => {
    const key = configKeys[index] as string;
    merged.add(key);
    const place = liveKeys.indexOf(key);
    out.push(mergeFields(type.item, place < 0 ? undefined : live[place], config[index]));
    if (shared[nextShared] === key) nextShared++;
  };
  let l = 0;
  let r = 0;
  while (l < live.length || r < config.length) {
    const key = liveKeys[l];
    if (key !== undefined && r < config.length) {
      if (key === configKeys[r]) {
        takeConfig(r);
        l++;
        r++;
        continue;
      }
      if (inConfig.has(key) && shared[nextShared] !== undefined && shared[nextShared] !== key) {
        l++;
        continue;
      }
    }
    if (key !== undefined) {
      if (!inConfig.has(key)) {
        out.push(live[l]);
        l++;
        continue;
      }
      if (merged.has(key)) l++;
    }
    if (r < config.length) takeConfig(r++);
  }
  return out;
}

/**
 * The value without what only `gone` owns: fields that its last configuration had and neither `kept` set holds anything at or
 * under. @public
 */
export function pruneFields(type: TypeNode, value: unknown, gone: FieldSet, kept: readonly FieldSet[]): unknown {
  if (isAtomicType(type, value)) return value;
  if (type.form === 'list') {
    return (value as readonly unknown[]).flatMap((item) => {
      const element = itemElement(type, item);
      const owned = gone.children.get(element);
      if (owned === undefined) return [item];
      const keepers = below(kept, element);
      if (keepers.length === 0) return owned.isMember ? [] : [pruneFields(type.item, item, owned, keepers)];
      return [pruneFields(type.item, item, owned, keepers)];
    });
  }
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(value as Fields)) {
    const item = (value as Fields)[key];
    const element = `f:${key}`;
    const owned = gone.children.get(element);
    let left: unknown = item;
    if (owned !== undefined) {
      const keepers = below(kept, element);
      const isDeclared = type.form === 'struct' && type.fields.has(key);
      if (keepers.length === 0 && (owned.isMember || isDeclared)) continue;
      left = pruneFields(childType(type, key), item, owned, keepers);
    }
    Object.defineProperty(out, key, { value: left, enumerable: true, configurable: true, writable: true });
  }
  return out;
}

function below(sets: readonly FieldSet[], element: string): readonly FieldSet[] {
  return sets.flatMap((set) => set.children.get(element) ?? []);
}

