// What changes of the caches mean for the ownership graph: which objects are to be looked at.
// Upstream: pkg/controller/garbagecollector/graph_builder.go (1.37), where this is a queue and a worker of its own.
import type { CustomResourceDefinition, KubeObject, OwnerReference } from '@kubesim/api';
import type { CacheChange, HandlerContext } from '@kubesim/client';
import { addAbsent } from './absent-owner-cache.ts';
import {
  deleteKey, dependentsOf, FOREGROUND_FINALIZER, hasFinalizer, isDeletingDependents, observed, observedElsewhere, observedOwner, ORPHAN_FINALIZER,
  orphanKey, ownersOf, partitionDependents, reportKey, type GarbageCollectorState, type GraphNode,
} from './graph.ts';
import { compareIdentities, identityKey, identityOf, identityOfOwner, matchesCoordinates, parseIdentityKey, type Identity } from './identity.ts';
import { DEFINITIONS, mappingOfKind, mappingOfObject, resourceOfDefinition } from './rest-mapping.ts';

/** What changing the graph needs: the caches, the state, and a queue. @internal */
export type GraphWriter = Pick<HandlerContext, 'lister' | 'state' | 'epoch' | 'enqueueAfter'>;

/** Taking in changes of caches needs to open new ones, too. @internal */
export type GraphWatcher = GraphWriter & Pick<HandlerContext, 'watch'>;

const NO_OWNERS: readonly OwnerReference[] = Object.freeze([]);

/** Takes in one change of a cache. @internal */
export function processGraphChange(context: GraphWatcher, change: CacheChange): void {
  let { before } = change;
  const { after } = change;
  const seen = after ?? before;
  if (seen === undefined) return;
  const mapping = mappingOfObject(change.resource, seen);
  // [GC12] Upstream begins to watch a new kind when it next asks what there is, within 30 s.
  if (change.resource === DEFINITIONS && after !== undefined) context.watch(resourceOfDefinition(after as KubeObject & CustomResourceDefinition));
  if (before !== undefined && before.metadata.uid !== after?.metadata.uid) {
    removeObserved(context, { identity: identityOf(before, mapping), object: before });
    before = undefined;
  }
  if (after !== undefined) observe(context, { identity: identityOf(after, mapping), object: after }, before, change.resource);
}

/**
 * Takes in that the server does not have an object of this identity: a virtual owner goes, and its dependents are looked at. [GC9]
 * Upstream: the virtual delete event in processGraphChanges.
 * @internal
 */
export function processVirtualDelete(context: GraphWriter, absent: Identity): void {
  const state = context.state as GarbageCollectorState;
  const virtualKey = state.virtual.get(absent.uid);
  const dependents = dependentsOf(context, absent.uid);
  const { matching, nonmatching } = partitionDependents(dependents, absent);
  const isSeenElsewhere = virtualKey === undefined && observed(context, absent) === undefined && dependents.some(({ object, identity }) =>
    ownersOf(object).some((reference) => reference.uid === absent.uid && observedOwner(context, reference, identity.namespace) !== undefined));
  if (isSeenElsewhere || (virtualKey !== undefined && nonmatching.length > 0)) {
    if (matching.length > 0) {
      state.absent = addAbsent(state.absent, identityKey(absent));
      for (const dependent of matching) context.enqueueAfter(deleteKey(dependent.identity), 0);
    }
    if (virtualKey === identityKey(absent)) {
      const alternate = alternateIdentity(context, nonmatching, absent);
      if (alternate === undefined) return;
      state.virtual = state.virtual.set(context.epoch, absent.uid, identityKey(alternate));
      context.enqueueAfter(deleteKey(alternate), 5);
    }
    return;
  }
  state.virtual = state.virtual.delete(context.epoch, absent.uid);
  lookAtDependents(context, absent, dependents);
  const object = observed(context, absent);
  if (object === undefined) return;
  // Upstream takes the node out of the graph; here the caches are the graph, and this one is behind.
  state.gone = state.gone.set(context.epoch, absent.uid, true);
  wakeWaitingOwners(context, object);
}

function observe(context: GraphWriter, node: GraphNode, before: KubeObject | undefined, resource: string): void {
  const { identity, object } = node;
  const state = context.state as GarbageCollectorState;
  if (state.virtual.has(identity.uid)) becomeObserved(context, state, identity);
  const owners = object.metadata.ownerReferences ?? NO_OWNERS;
  const ownersBefore = before?.metadata.ownerReferences ?? NO_OWNERS;
  if (owners !== ownersBefore && (owners.length > 0 || ownersBefore.length > 0)) {
    if (!state.dependentResources.includes(resource)) state.dependentResources = Object.freeze([...state.dependentResources, resource]);
    wakeUnblockedOwners(context, identity, ownersBefore, owners);
    addToOwners(context, node, owners.filter((reference) => !ownersBefore.some((old) => old.uid === reference.uid)));
  }
  if (object.metadata.deletionTimestamp === undefined || object.metadata.finalizers === undefined) return;
  if (deletionStartsWith(before, object, ORPHAN_FINALIZER)) {
    context.enqueueAfter(orphanKey(identity), 0);
  } else if (deletionStartsWith(before, object, FOREGROUND_FINALIZER)) {
    for (const dependent of dependentsOf(context, identity.uid)) context.enqueueAfter(deleteKey(dependent.identity), 0);
    context.enqueueAfter(deleteKey(identity), 0);
  }
}

/** [GC7] A virtual owner turns out to be this object: dependents that name it otherwise are looked at. */
function becomeObserved(context: GraphWriter, state: GarbageCollectorState, identity: Identity): void {
  if (state.virtual.get(identity.uid) !== identityKey(identity)) {
    for (const { identity: dependent } of partitionDependents(dependentsOf(context, identity.uid), identity).nonmatching) {
      if (identity.namespace !== '' && dependent.namespace !== identity.namespace) context.enqueueAfter(reportKey(dependent, identity.uid), 0);
      context.enqueueAfter(deleteKey(dependent), 0);
    }
  }
  state.virtual = state.virtual.delete(context.epoch, identity.uid);
}

function removeObserved(context: GraphWriter, { identity, object }: GraphNode): void {
  const state = context.state as GarbageCollectorState;
  if (state.virtual.has(identity.uid)) state.virtual = state.virtual.delete(context.epoch, identity.uid);
  if (state.gone.has(identity.uid)) state.gone = state.gone.delete(context.epoch, identity.uid);
  lookAtDependents(context, identity, dependentsOf(context, identity.uid));
  wakeWaitingOwners(context, object);
}

/** [GC2] The owner is gone: its dependents are looked at, and its absence is remembered for them. */
function lookAtDependents(context: GraphWriter, absent: Identity, dependents: readonly GraphNode[]): void {
  if (dependents.length === 0) return;
  const state = context.state as GarbageCollectorState;
  state.absent = addAbsent(state.absent, identityKey(absent));
  for (const dependent of dependents) context.enqueueAfter(deleteKey(dependent.identity), 0);
}

/** [GC4] An owner in foreground deletion looks again whether anything still holds it. */
function wakeWaitingOwners(context: GraphWriter, object: KubeObject): void {
  for (const reference of ownersOf(object)) {
    const owner = observedOwner(context, reference, object.metadata.namespace ?? '');
    if (owner !== undefined && isDeletingDependents(owner.object)) context.enqueueAfter(deleteKey(owner.identity), 0);
  }
}

/** [GC4] A reference that blocked its owner's deletion is gone or blocks no more. */
function wakeUnblockedOwners(context: GraphWriter, identity: Identity, before: readonly OwnerReference[], after: readonly OwnerReference[]): void {
  for (const old of before) {
    if (old.blockOwnerDeletion !== true || after.some((reference) => reference.uid === old.uid && reference.blockOwnerDeletion === true)) continue;
    const owner = observedOwner(context, old, identity.namespace);
    if (owner !== undefined) context.enqueueAfter(deleteKey(owner.identity), 0);
  }
}

/** [GC6] [GC7] Owners that no cache holds become virtual and are looked up; a reference that contradicts what is known puts its holder in question. */
function addToOwners(context: GraphWriter, { identity }: GraphNode, added: readonly OwnerReference[]): void {
  const state = context.state as GarbageCollectorState;
  let isDoubtful = false;
  for (const reference of added) {
    if (observedOwner(context, reference, identity.namespace) !== undefined) continue;
    const virtualKey = state.virtual.get(reference.uid);
    if (virtualKey !== undefined) {
      const known = parseIdentityKey(virtualKey);
      if (known.namespace !== identity.namespace || !matchesCoordinates(reference, known)) isDoubtful = true;
      continue;
    }
    const elsewhere = observedElsewhere(context, reference);
    if (elsewhere !== undefined) {
      if (elsewhere.identity.namespace !== '' && elsewhere.identity.namespace !== identity.namespace) context.enqueueAfter(reportKey(identity, reference.uid), 0);
      isDoubtful = true;
      continue;
    }
    const owner = identityOfOwner(reference, namespaceOfOwner(context, reference, identity));
    state.virtual = state.virtual.set(context.epoch, reference.uid, identityKey(owner));
    context.enqueueAfter(deleteKey(owner), 0);
  }
  if (isDoubtful) context.enqueueAfter(deleteKey(identity), 0);
}

function namespaceOfOwner(context: GraphWriter, reference: OwnerReference, dependent: Identity): string {
  return mappingOfKind(context, reference.apiVersion, reference.kind)?.namespaced === false ? '' : dependent.namespace;
}

/** Another identity under which dependents name an absent owner: the first that follows it, else the first. Upstream: getAlternateOwnerIdentity. */
function alternateIdentity(context: GraphWriter, dependents: readonly GraphNode[], absent: Identity): Identity | undefined {
  const alternates: Identity[] = [];
  for (const { identity, object } of dependents) {
    for (const reference of ownersOf(object)) {
      if (reference.uid !== absent.uid) continue;
      const alternate = identityOfOwner(reference, namespaceOfOwner(context, reference, identity));
      if (compareIdentities(alternate, absent) !== 0) alternates.push(alternate);
    }
  }
  alternates.sort(compareIdentities);
  return alternates.find((alternate) => compareIdentities(absent, alternate) < 0) ?? alternates[0];
}

function deletionStartsWith(before: KubeObject | undefined, after: KubeObject, finalizer: string): boolean {
  if (!hasFinalizer(after, finalizer)) return false;
  return before === undefined || before.metadata.deletionTimestamp === undefined || !hasFinalizer(before, finalizer);
}
