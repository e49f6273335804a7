// Managed fields: which manager owns which fields, and what updates and applies do to that.
// Upstream: apimachinery/pkg/util/managedfields and structured-merge-diff/v6/merge (1.37).
import type { ManagedFieldsEntry } from '../generated/types.ts';
import type { StructType } from '../schema/types.ts';
import { compareFields, fieldSetOf, mergeFields, pruneFields } from './walk.ts';
import { decodeFieldSet, EMPTY_SET, encodeFieldSet, excludeSets, intersectSets, isEmptySet, listPaths, setOfPaths, subtractSets, unionSets, type FieldSet } from './field-set.ts';

/** Who writes, and how. @public */
export interface FieldManager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  /** As metadata shows it; a scale's entries have none. */
  readonly time: string | undefined;
}

/** A manager whose fields an apply would change. @public */
export interface FieldConflict {
  readonly entry: ManagedFieldsEntry;
  readonly paths: readonly string[];
}

interface Owner {
  readonly entry: ManagedFieldsEntry;
  readonly set: FieldSet;
}

/** Fields that nobody owns: identity is the server's. */
const STRIPPED: FieldSet = setOfPaths([
  ['apiVersion'], ['kind'], ['metadata'], ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation', 'managedFields', 'resourceVersion'].map((name) => ['metadata', name]),
]);

function ownersOf(entries: readonly ManagedFieldsEntry[] | undefined): Owner[] {
  return (entries ?? []).map((entry) => ({ entry, set: decodeFieldSet(entry.fieldsV1 ?? {}) }));
}

function encode(owners: readonly Owner[]): readonly ManagedFieldsEntry[] | undefined {
  const entries = owners.flatMap(({ entry, set }) => {
    const stripped = subtractSets(set, STRIPPED);
    return isEmptySet(stripped) ? [] : [{ ...entry, fieldsType: 'FieldsV1', fieldsV1: encodeFieldSet(stripped) } as ManagedFieldsEntry];
  });
  if (entries.length === 0) return undefined;
  return entries.sort((a, b) => inOrder(a.operation, b.operation) || inOrder(a.time, b.time) || inOrder(a.manager, b.manager) || inOrder(a.apiVersion, b.apiVersion) || inOrder(a.subresource, b.subresource));
}

function inOrder(a: string = '', b: string = ''): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function isOf(entry: ManagedFieldsEntry, by: FieldManager): boolean {
  return entry.manager === by.manager && entry.operation === by.operation && (entry.subresource ?? '') === by.subresource && (by.operation === 'Apply' || entry.apiVersion === by.apiVersion);
}

function entryOf(by: FieldManager): ManagedFieldsEntry {
  return { manager: by.manager, operation: by.operation, apiVersion: by.apiVersion, ...(by.time === undefined ? {} : { time: by.time }), ...(by.subresource === '' ? {} : { subresource: by.subresource }) };
}

/** The entries after an update that made `after` of `before`. `ignored` are fields that the strategy puts back. @public */
export function managedFieldsOfUpdate(type: StructType, before: unknown, after: unknown, entries: readonly ManagedFieldsEntry[] | undefined, by: FieldManager, ignored: FieldSet): readonly ManagedFieldsEntry[] | undefined {
  const { changed, removed } = compareFields(type, before, after);
  const gained = excludeSets(subtractSets(changed, STRIPPED), ignored);
  const lost = unionSets(gained, excludeSets(removed, ignored));
  const owners = ownersOf(entries).map(({ entry, set }) => ({ entry, set: subtractSets(set, lost) }));
  if (isEmptySet(gained)) return encode(owners);
  const own = owners.find(({ entry }) => isOf(entry, by));
  const others = owners.filter((owner) => owner !== own);
  return encode([...others, { entry: entryOf(by), set: unionSets(own?.set ?? EMPTY_SET, gained) }]);
}

/** What an apply comes to. @public */
export type ApplyOutcome =
  | { readonly ok: true; readonly object: unknown; readonly entries: readonly ManagedFieldsEntry[] | undefined }
  | { readonly ok: false; readonly conflicts: readonly FieldConflict[] };

/** Applies a configuration to a live object. @public */
export function applyFields(type: StructType, live: unknown, config: unknown, entries: readonly ManagedFieldsEntry[] | undefined, by: FieldManager, ignored: FieldSet, force: boolean): ApplyOutcome {
  const owners = ownersOf(entries);
  const own = owners.find(({ entry }) => isOf(entry, by));
  const others = owners.filter((owner) => owner !== own);
  const set = excludeSets(fieldSetOf(type, config), ignored);
  let object = mergeFields(type, live, config);
  const gone = own === undefined ? EMPTY_SET : own.set;
  if (!isEmptySet(gone)) object = pruneFields(type, object, gone, [set, ...others.map((owner) => owner.set)]);
  const { changed, removed } = compareFields(type, live, object);
  const conflicts: FieldConflict[] = [];
  const remaining: Owner[] = [];
  for (const owner of others) {
    const clash = intersectSets(owner.set, excludeSets(changed, ignored));
    if (!isEmptySet(clash)) conflicts.push({ entry: owner.entry, paths: listPaths(clash) });
    remaining.push({ entry: owner.entry, set: subtractSets(subtractSets(owner.set, clash), removed) });
  }
  if (conflicts.length > 0 && !force) return { ok: false, conflicts };
  const unchanged = own !== undefined && isEmptySet(subtractSets(own.set, set)) && isEmptySet(subtractSets(subtractSets(set, STRIPPED), own.set)) && isEmptySet(changed) && isEmptySet(removed);
  return { ok: true, object, entries: encode([...remaining, { entry: unchanged ? own.entry : entryOf(by), set }]) };
}
