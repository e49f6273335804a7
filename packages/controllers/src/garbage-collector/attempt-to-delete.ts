// Whether an object should go because its owners are gone, and how.
// Upstream: attemptToDeleteItem in pkg/controller/garbagecollector/garbagecollector.go (1.37).
import type { KubeObject, OwnerReference } from '@kubesim/api';
import { isNotFound, type Calling, type ReconcileContext, type ReconcileError, type ReconcileResult } from '@kubesim/client';
import { addAbsent, isAbsent } from './absent-owner-cache.ts';
import { deleteKey, dependentsOf, FOREGROUND_FINALIZER, hasFinalizer, isDeletingDependents, observed, ORPHAN_FINALIZER, ownersOf, type GarbageCollectorState } from './graph.ts';
import { processVirtualDelete } from './graph-builder.ts';
import { identityKey, identityOfOwner, type Identity } from './identity.ts';
import { deleteObject, getObject, removeFinalizer, removeOwnerReferences, unblockOwnerReferences } from './operations.ts';
import { mappingOfKind, type RestMapping } from './rest-mapping.ts';

/** How long until an owner of a kind that is not watched is looked up again. Upstream: the discovery period of 30 s (1.37). */
const POLL_MS = 30_000;

type Classified =
  | { readonly error: ReconcileError }
  | { readonly isMisplaced: true }
  | { readonly solid: readonly OwnerReference[]; readonly dangling: readonly OwnerReference[]; readonly waiting: readonly OwnerReference[] };

type Found = { readonly isDangling: boolean; readonly owner?: KubeObject } | { readonly isMisplaced: true } | { readonly error: ReconcileError };

/** Looks at one object of the graph, or at an owner that is known by name only. @internal */
export function* attemptToDelete(context: ReconcileContext, identity: Identity): Calling<ReconcileResult> {
  const item = context.decide(() => standing(context, identity));
  if (item.isGone || (item.isBeingDeleted && !item.isDeletingDependents)) return undefined;
  const { mapping } = item;
  if (mapping === undefined) {
    context.enqueueAfter(deleteKey(identity), POLL_MS, { quietUntil: Infinity });
    return undefined;
  }
  // A cluster-scoped object named a namespaced owner: no retry can find it.
  if (mapping.namespaced && identity.namespace === '') return undefined;
  const live = yield* getObject(mapping, identity);
  if (isNotFound(live.error) || (live.object !== undefined && live.object.metadata.uid !== identity.uid)) {
    context.decide(() => { processVirtualDelete(context, identity); return null; });
    return undefined;
  }
  if (live.error !== undefined) return { error: live.error.message };
  const error = item.isDeletingDependents ? yield* processDeletingDependents(context, mapping, identity) : yield* collect(context, mapping, identity, live.object);
  if (error !== undefined) return { error: error.message };
  if (!item.isVirtual) return undefined;
  // A virtual owner is looked up until its cache shows it.
  if (mapping.isWatched) return { error: `item hasn't been observed via informer yet: ${identityKey(identity)}` };
  context.enqueueAfter(deleteKey(identity), POLL_MS, { quietUntil: Infinity });
  return undefined;
}

function standing(context: ReconcileContext, identity: Identity): {
  readonly mapping?: RestMapping; readonly isGone: boolean; readonly isVirtual: boolean; readonly isBeingDeleted: boolean; readonly isDeletingDependents: boolean;
} {
  const mapping = mappingOfKind(context, identity.apiVersion, identity.kind);
  const isKnownGone = (context.state as GarbageCollectorState).gone.has(identity.uid);
  const object = isKnownGone ? undefined : observed(context, identity);
  const isVirtual = object === undefined && (context.state as GarbageCollectorState).virtual.get(identity.uid) === identityKey(identity);
  return {
    ...(mapping === undefined ? {} : { mapping }),
    isGone: object === undefined && !isVirtual,
    isVirtual,
    isBeingDeleted: object?.metadata.deletionTimestamp !== undefined,
    isDeletingDependents: object !== undefined && isDeletingDependents(object),
  };
}

/** [GC4] The owner waits for the dependents that block it; when there are none, it is let go. */
function* processDeletingDependents(context: ReconcileContext, mapping: RestMapping, identity: Identity): Calling<ReconcileError | undefined> {
  const blocking = context.decide(() => {
    const names: string[] = [];
    for (const { identity: dependent, object } of dependentsOf(context, identity.uid)) {
      if (!ownersOf(object).some((reference) => reference.uid === identity.uid && reference.blockOwnerDeletion === true)) continue;
      names.push(`${dependent.kind.toLowerCase()}/${dependent.name}`);
      if (!isDeletingDependents(object)) context.enqueueAfter(deleteKey(dependent), 0);
    }
    return names;
  });
  const [first] = blocking;
  if (first !== undefined) {
    const message = `is deleted in the foreground and waits for ${blocking.length} dependent${blocking.length === 1 ? '' : 's'} to be gone, the first of them ${first}`;
    context.explain(`${identity.kind.toLowerCase()}/${identity.name}`, { rule: 'GC4', message, blockedBy: first });
    return undefined;
  }
  return yield* removeFinalizer(context, mapping, identity, FOREGROUND_FINALIZER);
}

function* collect(context: ReconcileContext, mapping: RestMapping, identity: Identity, latest: KubeObject): Calling<ReconcileError | undefined> {
  const owners = ownersOf(latest);
  if (owners.length === 0) return undefined;
  const classified = yield* classify(context, identity, owners);
  if ('error' in classified) return classified.error;
  if ('isMisplaced' in classified) return undefined;
  const { solid, dangling, waiting } = classified;
  if (solid.length > 0) {
    if (dangling.length === 0 && waiting.length === 0) return undefined;
    return yield* removeOwnerReferences(mapping, identity, [...dangling, ...waiting].map((reference) => reference.uid));
  }
  const dependents = context.decide(() => dependentsOf(context, identity.uid).map(({ object }) => ({ isDeletingDependents: isDeletingDependents(object) })));
  const isForeground = waiting.length > 0 && dependents.length > 0;
  if (isForeground && dependents.some((dependent) => dependent.isDeletingDependents)) {
    // A dependent that waits for its own dependents may wait for this one: the circle is broken here. [GC5]
    const known = context.decide(() => ownersOf(observed(context, identity) ?? latest));
    const error = yield* unblockOwnerReferences(mapping, identity, known);
    if (error !== undefined) return error;
  }
  const policy = isForeground ? 'Foreground' : hasFinalizer(latest, ORPHAN_FINALIZER) ? 'Orphan' : hasFinalizer(latest, FOREGROUND_FINALIZER) ? 'Foreground' : 'Background';
  const gone = (dangling[0] ?? waiting[0]) as OwnerReference;
  const owner = `${gone.kind.toLowerCase()}/${gone.name}`;
  const message = dangling.length > 0 ? `is deleted because its owner ${owner} does not exist` : `is deleted because its owner ${owner} is deleted in the foreground`;
  context.explain(`${identity.kind.toLowerCase()}/${identity.name}`, { rule: 'GC3', message, blockedBy: owner });
  const error = yield* deleteObject(mapping, identity, latest, policy);
  if (!isNotFound(error)) return error;
  context.decide(() => { processVirtualDelete(context, identity); return null; });
  return undefined;
}

/** References by what their owners are: there, not there, or waiting for their dependents. */
function* classify(context: ReconcileContext, identity: Identity, owners: readonly OwnerReference[]): Calling<Classified> {
  const solid: OwnerReference[] = [];
  const dangling: OwnerReference[] = [];
  const waiting: OwnerReference[] = [];
  for (const reference of owners) {
    const found = yield* findOwner(context, identity, reference);
    if ('error' in found || 'isMisplaced' in found) return found;
    if (found.isDangling) dangling.push(reference);
    else if (found.owner !== undefined && isDeletingDependents(found.owner)) waiting.push(reference);
    else solid.push(reference);
  }
  return { solid, dangling, waiting };
}

function* findOwner(context: ReconcileContext, identity: Identity, reference: OwnerReference): Calling<Found> {
  const look = context.decide(() => {
    const { absent } = context.state as GarbageCollectorState;
    const isKnownAbsent = isAbsent(absent, identityKey(identityOfOwner(reference, ''))) || isAbsent(absent, identityKey(identityOfOwner(reference, identity.namespace)));
    return { isKnownAbsent, mapping: mappingOfKind(context, reference.apiVersion, reference.kind) ?? null };
  });
  if (look.isKnownAbsent) return { isDangling: true };
  const { mapping } = look;
  if (mapping === null) return { error: { message: `unable to get REST mapping for ${reference.apiVersion}/${reference.kind}.` } };
  if (mapping.namespaced && identity.namespace === '') return { isMisplaced: true };
  const ownerIdentity = identityOfOwner(reference, mapping.namespaced ? identity.namespace : '');
  const owner = yield* getObject(mapping, ownerIdentity);
  if (owner.error !== undefined && !isNotFound(owner.error)) return { error: owner.error };
  if (owner.object !== undefined && owner.object.metadata.uid === reference.uid) return { isDangling: false, owner: owner.object };
  context.decide(() => {
    const state = context.state as GarbageCollectorState;
    state.absent = addAbsent(state.absent, identityKey(ownerIdentity));
    return null;
  });
  return { isDangling: true };
}
