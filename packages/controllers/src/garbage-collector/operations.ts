// Calls that the garbage collector makes on objects it knows by identity only.
// Upstream: pkg/controller/garbagecollector/{operations,patch}.go (1.37).
import type { ApiCall, KubeObject, OwnerReference } from '@kubesim/api';
import { DEFAULT_BACKOFF, isConflict, isNotFound, retryOnConflict, send, type Calling, type CallOutcome, type ReconcileContext, type ReconcileError } from '@kubesim/client';
import { printIdentity, type Identity } from './identity.ts';
import type { RestMapping } from './rest-mapping.ts';

/** The object as the server has it. @internal */
export function* getObject(mapping: RestMapping, identity: Identity): Calling<CallOutcome> {
  return yield* send({ verb: 'get', ...target(mapping, identity) });
}

/** Deletes exactly the object that was looked at; if only something other than its owners changed since, it is deleted all the same. [GC3] @internal */
export function* deleteObject(mapping: RestMapping, identity: Identity, latest: KubeObject, policy: 'Background' | 'Foreground' | 'Orphan'): Calling<ReconcileError | undefined> {
  const resourceVersion = latest.metadata.resourceVersion;
  const { error } = yield* send(deletion(mapping, identity, policy, resourceVersion));
  if (!isConflict(error)) return error;
  const live = yield* getObject(mapping, identity);
  if (isNotFound(live.error)) return live.error;
  const { metadata } = live.object ?? { metadata: {} };
  const isSame = metadata.uid === identity.uid && metadata.resourceVersion !== resourceVersion && sameOwners(metadata.ownerReferences, latest.metadata.ownerReferences);
  if (!isSame) return error;
  return (yield* send(deletion(mapping, identity, policy, undefined))).error;
}

/** Takes owner references away from an object, by the uids of the owners. @internal */
export function* removeOwnerReferences(mapping: RestMapping, identity: Identity, ownerUids: readonly string[]): Calling<ReconcileError | undefined> {
  const ownerReferences = ownerUids.map((uid) => ({ $patch: 'delete', uid }));
  const { error } = yield* send({ verb: 'patch', ...target(mapping, identity), patchType: 'strategic', patch: { metadata: { uid: identity.uid, ownerReferences } } });
  if (error?.reason !== 'UnsupportedMediaType') return error;
  return yield* mergeOwners(mapping, identity, (owners) => owners.filter((reference) => !ownerUids.includes(reference.uid)));
}

/** Makes the owner references of an object block no deletion. @internal */
export function* unblockOwnerReferences(mapping: RestMapping, identity: Identity, owners: readonly OwnerReference[]): Calling<ReconcileError | undefined> {
  const ownerReferences = owners.filter((reference) => reference.blockOwnerDeletion === true).map((reference) => ({ ...reference, blockOwnerDeletion: false }));
  const { error } = yield* send({ verb: 'patch', ...target(mapping, identity), patchType: 'strategic', patch: { metadata: { uid: identity.uid, ownerReferences } } });
  if (error?.reason !== 'UnsupportedMediaType') return error;
  return yield* mergeOwners(mapping, identity, (all) => all.map((reference) => ({ ...reference, blockOwnerDeletion: false })));
}

/** Takes a finalizer away, so that the server goes on with the deletion. @internal */
export function* removeFinalizer(context: ReconcileContext, mapping: RestMapping, identity: Identity, finalizer: string): Calling<ReconcileError | undefined> {
  const error = yield* retryOnConflict(context, DEFAULT_BACKOFF, function* () {
    const owner = yield* getObject(mapping, identity);
    if (isNotFound(owner.error)) return undefined;
    if (owner.error !== undefined) {
      return { message: `cannot finalize owner ${printIdentity(identity)}, because cannot get it: ${owner.error.message}. The garbage collector will retry later` };
    }
    const { finalizers = [], resourceVersion } = owner.object.metadata;
    if (!finalizers.includes(finalizer)) return undefined;
    const kept = finalizers.filter((other) => other !== finalizer);
    const patch = { metadata: { resourceVersion, finalizers: kept.length === 0 ? null : kept } };
    return (yield* send({ verb: 'patch', ...target(mapping, identity), patchType: 'merge', patch })).error;
  });
  if (!isConflict(error)) return error;
  return { message: `updateMaxRetries(${DEFAULT_BACKOFF.steps}) has reached. The garbage collector will retry later for owner ${printIdentity(identity)}` };
}

function* mergeOwners(mapping: RestMapping, identity: Identity, change: (owners: readonly OwnerReference[]) => readonly OwnerReference[]): Calling<ReconcileError | undefined> {
  const live = yield* getObject(mapping, identity);
  if (live.error !== undefined) return live.error;
  const owners = change(live.object.metadata.ownerReferences ?? []);
  const patch = { metadata: { resourceVersion: live.object.metadata.resourceVersion, ownerReferences: owners.length === 0 ? null : owners } };
  return (yield* send({ verb: 'patch', ...target(mapping, identity), patchType: 'merge', patch })).error;
}

function deletion(mapping: RestMapping, identity: Identity, propagationPolicy: string, resourceVersion: string | undefined): ApiCall {
  const preconditions = resourceVersion === undefined ? { uid: identity.uid } : { uid: identity.uid, resourceVersion };
  return { verb: 'delete', ...target(mapping, identity), options: { preconditions, propagationPolicy } };
}

function target(mapping: RestMapping, { namespace, name }: Identity): { readonly resource: string; readonly namespace?: string; readonly name: string } {
  return mapping.namespaced ? { resource: mapping.resource, namespace, name } : { resource: mapping.resource, name };
}

function sameOwners(a: readonly OwnerReference[] = [], b: readonly OwnerReference[] = []): boolean {
  const text = (reference: OwnerReference): string => [reference.uid, reference.apiVersion, reference.kind, reference.name, reference.controller, reference.blockOwnerDeletion].join('|');
  return a.length === b.length && a.every((reference, index) => text(reference) === text(b[index] as OwnerReference));
}
