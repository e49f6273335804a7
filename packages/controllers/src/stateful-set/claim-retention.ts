// Who should own a pod's claims, by the set's retention policy: what is wanted, what is there, and how it is put right.
// Upstream: pkg/controller/statefulset/stateful_set_utils.go (1.37).
import type { OwnerReference, PersistentVolumeClaim, Pod, StatefulSet } from '@kubesim/api';
import { endOrdinal, parentAndOrdinal, startOrdinal, STATEFUL_SET_KIND, uidOf } from './identity.ts';
import { newControllerRef, type ControllerKind } from '@kubesim/client';

const POD_KIND: ControllerKind = { apiVersion: 'v1', kind: 'Pod' };

interface Wanted {
  readonly set: boolean;
  readonly pod: boolean;
}

const NOBODY: Wanted = { set: false, pod: false };

/** The pod's ordinal is among those that the set asks for. @internal */
export function isPodInRange(set: StatefulSet, pod: Pod): boolean {
  const { ordinal } = parentAndOrdinal(pod.metadata.name);
  return ordinal >= startOrdinal(set) && ordinal < endOrdinal(set);
}

/** Unknown values of either half act as Retain for both. */
function policyOf(set: StatefulSet): { readonly scaled: boolean; readonly deleted: boolean } {
  const { whenScaled = 'Retain', whenDeleted = 'Retain' } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  const isKnown = [whenScaled, whenDeleted].every((value) => value === 'Retain' || value === 'Delete');
  return { scaled: isKnown && whenScaled === 'Delete', deleted: isKnown && whenDeleted === 'Delete' };
}

function wantedOwners(set: StatefulSet, pod: Pod): Wanted {
  const { scaled, deleted } = policyOf(set);
  if (scaled && !isPodInRange(set, pod)) return { set: false, pod: true };
  return deleted ? { set: true, pod: false } : NOBODY;
}

/** A reference names this object: by version, kind and name, whatever the uid. */
function names(reference: OwnerReference, kind: ControllerKind, object: StatefulSet | Pod): boolean {
  return reference.apiVersion === kind.apiVersion && reference.kind === kind.kind && reference.name === object.metadata.name;
}

function referencesOf(claim: PersistentVolumeClaim): readonly OwnerReference[] {
  return claim.metadata.ownerReferences ?? [];
}

/** The first reference that names the object is to another one of that name. */
function hasStaleOwner(claim: PersistentVolumeClaim, kind: ControllerKind, object: StatefulSet | Pod): boolean {
  const reference = referencesOf(claim).find((candidate) => names(candidate, kind, object));
  return reference !== undefined && reference.uid !== uidOf(object);
}

function hasOwner(claim: PersistentVolumeClaim, object: StatefulSet | Pod): boolean {
  return referencesOf(claim).some((reference) => reference.uid === uidOf(object));
}

/** Somebody else acts as the claim's controller, so that the policy is ignored for it. Never with Retain for both. @internal */
export function hasUnexpectedController(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  const { scaled, deleted } = policyOf(set);
  if (!scaled && !deleted) return false;
  for (const reference of referencesOf(claim)) {
    if (names(reference, STATEFUL_SET_KIND, set)) {
      if (reference.uid !== set.metadata.uid) return true;
    } else if (names(reference, POD_KIND, pod)) {
      if (reference.uid !== uidOf(pod)) return true;
    } else if (reference.controller === true) return true;
  }
  return false;
}

/** One of our references is there without being the controller. */
function hasNonControllerOwner(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  return referencesOf(claim).some((reference) =>
    (reference.uid === set.metadata.uid || reference.uid === uidOf(pod)) && reference.controller !== true);
}

/** The claim's owners are those that the policy wants, or are none of our business. @internal */
export function isClaimOwnerUpToDate(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  if (hasStaleOwner(claim, STATEFUL_SET_KIND, set) || hasStaleOwner(claim, POD_KIND, pod)) return true;
  if (hasUnexpectedController(claim, set, pod)) return !hasOwner(claim, set) && !hasOwner(claim, pod);
  if (hasNonControllerOwner(claim, set, pod)) return false;
  const wanted = wantedOwners(set, pod);
  return hasOwner(claim, set) === wanted.set && hasOwner(claim, pod) === wanted.pod;
}

/** The claim with the owners that the policy wants. Foreign references stay where they are, ours come after them. @internal */
export function withClaimOwners(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): PersistentVolumeClaim {
  const wanted = hasUnexpectedController(claim, set, pod) ? NOBODY : wantedOwners(set, pod);
  const ownerReferences = referencesOf(claim)
    .filter((reference) => !names(reference, STATEFUL_SET_KIND, set) && !names(reference, POD_KIND, pod));
  if (wanted.set) ownerReferences.push(newControllerRef(set, STATEFUL_SET_KIND));
  if (wanted.pod) ownerReferences.push(newControllerRef(pod, POD_KIND));
  const { ownerReferences: _old, ...metadata } = claim.metadata;
  return { ...claim, metadata: ownerReferences.length === 0 ? metadata : { ...metadata, ownerReferences } };
}

/**
 * The claim belongs to an earlier pod of this name and is about to be collected, so that the pod must wait. A pod that is not
 * created yet has no uid, and then every reference to its name is to an earlier one. @internal
 */
export function isClaimStale(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  return set.spec.persistentVolumeClaimRetentionPolicy?.whenScaled === 'Delete' && hasStaleOwner(claim, POD_KIND, pod);
}

/** Whether the policy wants other owners for condemned pods than for living ones. @internal */
export function ownersDependOnRange(set: StatefulSet): boolean {
  return policyOf(set).scaled;
}
