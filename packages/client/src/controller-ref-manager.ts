// Adopting and releasing: which of the objects that a controller sees are its own, and making it so where they should be.
// Upstream: pkg/controller/controller_ref_manager.go (1.37).
import type { ApiCall, KubeObject, ResourceName } from '@kubesim/api';
import { send, type Calling } from './calling.ts';
import { controllerOf, newControllerRef, type ControllerKind } from './controller-ref.ts';
import { aggregate, isInvalid, isNotFound, wrapError, type ReconcileError } from './reconcile-error.ts';

/** Says, before the first adoption of a sync, whether the controller may still adopt: undefined, or why not. @public */
export type CanAdopt = () => Calling<ReconcileError | undefined>;

/** Whose objects are claimed, and how. @public */
export interface ControllerRefManager<T extends KubeObject> {
  /** The owner as the cache holds it. */
  readonly controller: KubeObject;
  readonly controllerKind: ControllerKind;
  readonly resource: ResourceName;
  /** Kind of the claimed objects, for error texts: `Pod`. */
  readonly objectKind: string;
  /** Whether an object should belong to the controller. */
  readonly matches: (object: T) => boolean;
  /** The live check before the first adoption; its answer holds for the whole claim. */
  readonly canAdopt: CanAdopt;
}

/**
 * Claims what should be the controller's: adopts orphans that match, releases what does not match any more. Objects are
 * answered as the cache holds them, in the order given. All are gone through even after an error; the errors come as one. @public
 */
export function* claimObjects<T extends KubeObject>(
  manager: ControllerRefManager<T>, objects: readonly T[],
): Calling<{ readonly claimed: readonly T[]; readonly error?: ReconcileError }> {
  const claimed: T[] = [];
  const errors: ReconcileError[] = [];
  const canAdopt = once(manager.canAdopt);
  const isDeleting = manager.controller.metadata.deletionTimestamp !== undefined;
  for (const object of objects) {
    const reference = controllerOf(object);
    if (reference !== undefined) {
      if (reference.uid !== manager.controller.metadata.uid) continue;
      if (manager.matches(object)) claimed.push(object);
      else if (!isDeleting) collect(errors, yield* releaseObject(manager, object));
      continue;
    }
    if (isDeleting || !manager.matches(object) || object.metadata.deletionTimestamp !== undefined) continue;
    const error = yield* adoptObject(manager, canAdopt, object);
    if (error === undefined) claimed.push(object);
    else if (!isNotFound(error)) errors.push(error);
  }
  return { claimed, error: aggregate(errors) };
}

/** Makes the controller the owner of an orphan, after the live check. @public */
export function* adoptObject<T extends KubeObject>(
  manager: ControllerRefManager<T>, canAdopt: CanAdopt, object: T,
): Calling<ReconcileError | undefined> {
  const refused = yield* canAdopt();
  if (refused !== undefined) {
    const { namespace, name, uid } = object.metadata;
    // Upstream words the cause here and drops its kind, so that a NotFound of the check is not taken for one of the object.
    return { message: `can't adopt ${manager.objectKind} ${namespace}/${name} (${uid}): ${refused.message}` };
  }
  return (yield* send(adoptPatch(manager.resource, object, manager.controller, manager.controllerKind))).error;
}

/** Takes the controller's reference off an object. That it is gone, or was released before, is no error. @public */
export function* releaseObject<T extends KubeObject>(manager: ControllerRefManager<T>, object: T): Calling<ReconcileError | undefined> {
  const { namespace, name, uid } = object.metadata;
  const { error } = yield* send({
    verb: 'patch', resource: manager.resource, namespace, name: name ?? '', patchType: 'strategic',
    patch: { metadata: { uid, ownerReferences: [{ $patch: 'delete', uid: manager.controller.metadata.uid }] } },
  });
  return isNotFound(error) || isInvalid(error) ? undefined : error;
}

/** The call that makes `owner` the controller of an object; the uid in it makes it fail for another object of the name. @public */
export function adoptPatch(resource: ResourceName, object: KubeObject, owner: KubeObject, kind: ControllerKind): ApiCall {
  return {
    verb: 'patch', resource, namespace: object.metadata.namespace, name: object.metadata.name ?? '', patchType: 'strategic',
    patch: { metadata: { uid: object.metadata.uid, ownerReferences: [newControllerRef(owner, kind)] } },
  };
}

/** Reads the owner past the cache and refuses adoption if it is gone, another one of the name, or being deleted. @public */
export function* recheckDeletionTimestamp(resource: ResourceName, kind: ControllerKind, owner: KubeObject): Calling<ReconcileError | undefined> {
  const { namespace, name, uid } = owner.metadata;
  const got = yield* send({ verb: 'get', resource, namespace, name: name ?? '' });
  const unchecked = "can't recheck DeletionTimestamp";
  if (got.error !== undefined) return wrapError(unchecked, got.error);
  const live = got.object.metadata;
  if (live.uid !== uid) {
    return { message: `${unchecked}: original ${kind.kind} ${namespace}/${name} is gone: got uid ${live.uid}, wanted ${uid}` };
  }
  if (live.deletionTimestamp === undefined) return undefined;
  return { message: `${live.namespace}/${live.name} has just been deleted at ${goTime(live.deletionTimestamp)}` };
}

/** A time as Go prints it: `2026-01-02 03:04:05 +0000 UTC`. */
function goTime(time: string): string {
  return `${time.replace('T', ' ').replace('Z', '')} +0000 UTC`;
}

/** Asks once and remembers the answer. */
function once(ask: CanAdopt): CanAdopt {
  let answer: { readonly error: ReconcileError | undefined } | undefined;
  return function* () {
    answer ??= { error: yield* ask() };
    return answer.error;
  };
}

function collect(errors: ReconcileError[], error: ReconcileError | undefined): void {
  if (error !== undefined) errors.push(error);
}
