// The ownership graph, read from the caches: an object is observed if its cache holds it, its dependents are those that name
// its uid. Only what caches cannot tell is state: virtual owners, and which owners are known to be absent.
import type { KubeObject, OwnerReference, ResourceName } from '@kubesim/api';
import type { HandlerContext } from '@kubesim/client';
import type { OrderedMap } from '@kubesim/kernel';
import { identityKey, identityOf, matchesCoordinates, type Identity } from './identity.ts';
import { mappingOfKind, mappingOfObject, type RestMapping } from './rest-mapping.ts';

/** What a garbage collector keeps in memory. @internal */
export interface GarbageCollectorState {
  /** Owners named by references that no cache holds, by uid: the key of the identity they are looked up under. */
  virtual: OrderedMap<string>;
  /** Keys of identities known not to exist, latest last. */
  absent: readonly string[];
  /** Resources some object of which has had owner references, in the order in which they were met. */
  dependentResources: readonly ResourceName[];
  /** Uids of objects that the server does not have any more and a cache that is behind still shows. */
  gone: OrderedMap<true>;
}

/** What of a context the graph reads. @internal */
export type GraphReader = Pick<HandlerContext, 'lister' | 'state'>;

/** An object of the graph. @internal */
export interface GraphNode {
  readonly identity: Identity;
  readonly object: KubeObject;
}

/** Finalizer of an object whose dependents go first. @internal */
export const FOREGROUND_FINALIZER = 'foregroundDeletion';
/** Finalizer of an object whose dependents are let go first. @internal */
export const ORPHAN_FINALIZER = 'orphan';

/** The object that a cache holds under an identity. @internal */
export function observed(context: GraphReader, identity: Identity): KubeObject | undefined {
  const mapping = mappingOfKind(context, identity.apiVersion, identity.kind);
  if (mapping === undefined || !mapping.isWatched) return undefined;
  return cached(context, mapping, identity.namespace, identity.name, identity.uid);
}

/** The owner that a reference of an object in `namespace` names, if the caches hold it under these very coordinates. @internal */
export function observedOwner(context: GraphReader, reference: OwnerReference, namespace: string): GraphNode | undefined {
  const mapping = mappingOfKind(context, reference.apiVersion, reference.kind);
  if (mapping === undefined || !mapping.isWatched) return undefined;
  const object = cached(context, mapping, mapping.namespaced ? namespace : '', reference.name, reference.uid);
  return object === undefined ? undefined : { identity: identityOf(object, mapping), object };
}

/**
 * The object of this uid among all of the kind that a reference names, wherever it is: for references whose other
 * coordinates lead nowhere. Cost grows with the number of objects of the kind.
 * @internal
 */
export function observedElsewhere(context: GraphReader, reference: OwnerReference): GraphNode | undefined {
  const mapping = mappingOfKind(context, reference.apiVersion, reference.kind);
  if (mapping === undefined || !mapping.isWatched) return undefined;
  const object = context.lister(mapping.resource).list().find((candidate) => candidate.metadata.uid === reference.uid);
  return object === undefined ? undefined : { identity: identityOf(object, mapping), object };
}

/** All objects that name this uid as an owner and are not known to be gone, by resource and then in key order. @internal */
export function dependentsOf(context: GraphReader, uid: string): readonly GraphNode[] {
  const nodes: GraphNode[] = [];
  const { dependentResources, gone } = context.state as GarbageCollectorState;
  for (const resource of dependentResources) {
    for (const object of context.lister(resource).byOwnerUid(uid)) if (!gone.has(object.metadata.uid ?? '')) nodes.push({ identity: identityOf(object, mappingOfObject(resource, object)), object });
  }
  return nodes;
}

/** Dependents by whether their reference names this very identity. One with several references may be in both lists. Upstream: partitionDependents (1.37). @internal */
export function partitionDependents(dependents: readonly GraphNode[], identity: Identity): { readonly matching: readonly GraphNode[]; readonly nonmatching: readonly GraphNode[] } {
  const matching: GraphNode[] = [];
  const nonmatching: GraphNode[] = [];
  for (const dependent of dependents) {
    if (identity.namespace !== '' && dependent.identity.namespace !== identity.namespace) {
      nonmatching.push(dependent);
      continue;
    }
    const references = ownersOf(dependent.object).filter((reference) => reference.uid === identity.uid);
    if (references.some((reference) => matchesCoordinates(reference, identity))) matching.push(dependent);
    if (references.some((reference) => !matchesCoordinates(reference, identity))) nonmatching.push(dependent);
  }
  return { matching, nonmatching };
}

/** The object waits for its dependents to be deleted. @internal */
export function isDeletingDependents(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined && hasFinalizer(object, FOREGROUND_FINALIZER);
}

/** Whether the object carries a finalizer. @internal */
export function hasFinalizer(object: KubeObject, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) === true;
}

/** Owner references of an object. @internal */
export function ownersOf(object: KubeObject): readonly OwnerReference[] {
  return object.metadata.ownerReferences ?? [];
}

/** Queue key of a look at whether an object should go. @internal */
export function deleteKey(identity: Identity): string {
  return `delete ${identityKey(identity)}`;
}

/** Queue key of letting an object's dependents go. @internal */
export function orphanKey(identity: Identity): string {
  return `orphan ${identityKey(identity)}`;
}

/** Queue key of the Event about a reference that leads into another namespace. @internal */
export function reportKey(dependent: Identity, ownerUid: string): string {
  return `report ${identityKey(dependent)}|${ownerUid}`;
}

function cached(context: GraphReader, mapping: RestMapping, namespace: string, name: string, uid: string): KubeObject | undefined {
  const object = context.lister(mapping.resource).get(namespace, name);
  return object?.metadata.uid === uid ? object : undefined;
}
