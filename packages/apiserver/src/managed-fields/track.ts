// Who owns which field. A write only notes who wrote what over what; entries of metadata.managedFields are worked out of such
// notes when somebody reads them or an apply needs them.
import {
  apiVersionOf, deepFreeze, EMPTY_SET, managedFieldsOfUpdate, setOfPaths, zeroObject, type FieldManager, type FieldSet, type KindDefinition, type KubeObject, type ManagedFieldsEntry,
} from '@kubesim/api';
import { structOf } from '../decode.ts';
import type { Scope, ServerContext } from '../server.ts';

const STATUS: FieldSet = setOfPaths([['status']]);
const ALL_BUT_STATUS: FieldSet = setOfPaths([['spec'], ['metadata', 'ownerReferences'], ['metadata', 'deletionTimestamp']]);

/** Fields that a write through this path puts back, so that its manager does not come to own them. @internal */
export function ignoredFields(kind: KindDefinition, subresource: string): FieldSet {
  if (kind.subresources?.status === undefined) return EMPTY_SET;
  if (subresource === 'status') return ALL_BUT_STATUS;
  return STATUS;
}

/** The manager of a write as an entry names it. @internal */
export function managerOf(context: ServerContext, kind: KindDefinition, manager: string, operation: 'Apply' | 'Update', subresource: string): FieldManager {
  return { manager, operation, apiVersion: apiVersionOf(kind), subresource, time: operation === 'Update' && subresource === 'scale' ? undefined : context.kindContext.time };
}

type Entries = KubeObject['metadata']['managedFields'];

/** What stands for entries that are still to be worked out: one entry of the last writer, with a note instead of fields. */
const DEFERRED = 'Deferred';
const LAG = 16;

interface Note {
  /** What was stored; null where the write created the object. Its own entries may be deferred in their turn. */
  readonly before: KubeObject | null;
  /** What was sent, decoded. */
  readonly sent: KubeObject;
  /** How many writes are still to be worked out, this one included. */
  readonly lag: number;
}

function noteOf(entries: Entries): Note | undefined {
  const first = entries?.[0];
  return first !== undefined && first.fieldsType === DEFERRED ? first.fieldsV1 as unknown as Note : undefined;
}

/**
 * The managed fields after an update by a manager: as they were where the write is not tracked, else a note of the write. An
 * object carries no more than so many notes: what is noted is kept alive. @internal
 */
export function trackUpdate(context: ServerContext, scope: Scope, old: KubeObject | undefined, decoded: KubeObject, subresource: string, manager: string | undefined): Entries {
  const { kind } = scope;
  const sent = decoded.metadata.managedFields;
  const isReset = sent !== undefined && sent.length === 1 && Object.keys(sent[0] ?? {}).length === 0;
  if (isReset) return undefined;
  const held = old?.metadata.managedFields;
  if (manager === undefined || structOf(kind) === undefined || (old !== undefined && (held === undefined || held.length === 0))) return held;
  const { time, ...by } = managerOf(context, kind, manager, 'Update', subresource);
  const lag = (noteOf(held)?.lag ?? 0) + 1;
  const note: Note = { before: old ?? null, sent: decoded, lag };
  const entry = { ...by, ...(time === undefined ? {} : { time }), fieldsType: DEFERRED, fieldsV1: note as unknown as ManagedFieldsEntry['fieldsV1'] } as ManagedFieldsEntry;
  const noted = deepFreeze([entry]);
  return lag > (context.options.managedFieldsLag ?? LAG) ? entriesOf(kind, noted) : noted;
}

const workedOut = new WeakMap<object, { readonly entries: Entries }>();

/** The entries themselves, worked out where they are deferred; undefined if there is none. @internal */
export function entriesOf(kind: KindDefinition, entries: Entries): Entries {
  const note = noteOf(entries);
  if (note === undefined || entries === undefined) return entries;
  let known = workedOut.get(entries);
  if (known === undefined) {
    known = { entries: deepFreeze(workOut(kind, entries[0] as ManagedFieldsEntry, note)) };
    workedOut.set(entries, known);
  }
  return known.entries;
}

function workOut(kind: KindDefinition, { manager = '', apiVersion = '', subresource = '', time }: ManagedFieldsEntry, { before, sent }: Note): Entries {
  const held = before === null ? undefined : entriesOf(kind, before.metadata.managedFields);
  const struct = structOf(kind);
  if (struct === undefined || (before !== null && (held === undefined || held.length === 0))) return held;
  const by: FieldManager = { manager, operation: 'Update', apiVersion, subresource, time };
  return managedFieldsOfUpdate(struct, before === null ? { ...zeroObject(struct), metadata: {} } : withoutEntries(before), withoutEntries(sent), held, by, ignoredFields(kind, subresource));
}

function withoutEntries(object: KubeObject): KubeObject {
  if (object.metadata.managedFields === undefined) return object;
  const { managedFields: _entries, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** An object, or a list, as readers see it: with the entries themselves. @internal */
export function withEntries(kind: KindDefinition, object: KubeObject): KubeObject {
  const items = object['items'] as readonly KubeObject[] | undefined;
  if (Array.isArray(items) && object.metadata.uid === undefined) return items.some(isDeferred) ? { ...object, items: items.map((item) => withEntries(kind, item)) } : object;
  if (!isDeferred(object)) return object;
  const known = shown.get(object);
  if (known !== undefined) return known;
  const entries = entriesOf(kind, object.metadata.managedFields);
  const bare = withoutEntries(object);
  const complete = deepFreeze(entries === undefined || entries.length === 0 ? bare : { ...bare, metadata: { ...bare.metadata, managedFields: entries } });
  if (Object.isFrozen(object)) shown.set(object, complete);
  return complete;
}

const shown = new WeakMap<KubeObject, KubeObject>();

function isDeferred(object: KubeObject): boolean {
  return noteOf(object.metadata?.managedFields) !== undefined;
}
