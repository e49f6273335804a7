// Writes of pods and their claims, with the Events that go with them: what the plan's steps are carried out by.
// Upstream: pkg/controller/statefulset/stateful_pod_control.go (1.37). Each reads the claim cache when its turn comes.
import type { KubeObject, PersistentVolumeClaim, Pod, StatefulSet } from '@kubesim/api';
import {
  aggregate, DEFAULT_BACKOFF, isAlreadyExists, isNotFound, retryOnConflict, wrapError, type Calling, type ReconcileError,
} from '@kubesim/client';
import { hasUnexpectedController, isClaimOwnerUpToDate, withClaimOwners } from './claim-retention.ts';
import { claimNamesOf, claimsMatchRetentionPolicy, newClaims, podClaimIsStale } from './claims.ts';
import { identityMatches, namespaceOf, parentAndOrdinal, storageMatches, updateIdentity, updateStorage } from './identity.ts';
import { claimEvent, conflictingControllerEvent, podEvent } from './pod-events.ts';
import { claimReader, write, type Sync } from './sync-context.ts';

/** Creates a pod and its claims. A pod of that name that is there already is an error without an Event. @internal */
export function* createStatefulPod(sync: Sync, set: StatefulSet, pod: Pod): Calling<ReconcileError | undefined> {
  const record = (verb: 'create' | 'update', error: ReconcileError | undefined): void =>
    sync.context.event(podEvent(sync.behaviour, verb, set, pod, error));
  const claimError = yield* createClaims(sync, set, pod);
  if (claimError !== undefined) {
    record('create', claimError);
    return claimError;
  }
  const { error } = yield* write(sync, { verb: 'create', resource: 'pods', namespace: pod.metadata.namespace, object: pod });
  if (isAlreadyExists(error)) return error;
  // Upstream goes on to the claims' owners after a failed create, too; their error then hides that of the create.
  const ownerError = yield* updatePodClaims(sync, set, pod);
  if (ownerError !== undefined) {
    record('update', ownerError);
    return ownerError;
  }
  record('create', error);
  return error;
}

/** Deletes a pod, by name and with its own grace. @internal */
export function* deleteStatefulPod(sync: Sync, set: StatefulSet, pod: Pod): Calling<ReconcileError | undefined> {
  const { error } = yield* write(sync, { verb: 'delete', resource: 'pods', namespace: pod.metadata.namespace, name: pod.metadata.name });
  const counted = sync.behaviour.deletesGonePods && isNotFound(error) ? undefined : error;
  sync.context.event(podEvent(sync.behaviour, 'delete', set, pod, counted));
  return counted;
}

/** Gives a pod its identity, its volumes and its claims' owners back. Nothing is written and no Event recorded if all is right. @internal */
export function* updateStatefulPod(sync: Sync, set: StatefulSet, original: Pod): Calling<ReconcileError | undefined> {
  let pod = original;
  let isPut = false;
  const failed = (error: ReconcileError): ReconcileError => {
    sync.context.event(podEvent(sync.behaviour, 'update', set, pod, error));
    return error;
  };
  const error = yield* retryOnConflict(sync.context, DEFAULT_BACKOFF, function* () {
    let isConsistent = true;
    if (!identityMatches(set, pod)) {
      pod = updateIdentity(set, pod);
      isConsistent = false;
    }
    if (!storageMatches(set, pod)) {
      pod = updateStorage(set, pod);
      isConsistent = false;
      const claimError = yield* createClaims(sync, set, pod);
      if (claimError !== undefined) return failed(claimError);
    }
    const repaired = pod;
    if (!sync.context.decide(() => claimsMatchRetentionPolicy(set, repaired, claimReader(sync, set)))) {
      const ownerError = yield* updatePodClaims(sync, set, pod);
      if (ownerError !== undefined) return failed(ownerError);
      isConsistent = false;
    }
    if (isConsistent) return undefined;
    isPut = true;
    const { namespace, name } = pod.metadata;
    const put = yield* write(sync, { verb: 'update', resource: 'pods', namespace, name, object: pod as unknown as KubeObject });
    if (put.error === undefined) return undefined;
    pod = sync.context.decide(() => sync.context.lister<Pod>('pods').get(namespaceOf(set), name)) ?? pod;
    return put.error;
  });
  if (isPut) sync.context.event(podEvent(sync.behaviour, 'update', set, pod, error));
  return error;
}

/** Creates the claims of a pod that are not in the cache. All are tried; their errors come as one. @internal */
export function* createClaims(sync: Sync, set: StatefulSet, pod: Pod): Calling<ReconcileError | undefined> {
  const errors: ReconcileError[] = [];
  for (const claim of newClaims(set, parentAndOrdinal(pod.metadata.name).ordinal)) {
    const { name } = claim.metadata;
    const cached = sync.context.decide(() => claimReader(sync, set)(name) ?? null);
    if (cached !== null) {
      if (cached.metadata.deletionTimestamp !== undefined) errors.push({ message: `pvc ${name} is being deleted` });
      continue;
    }
    const { error } = yield* write(sync, { verb: 'create', resource: 'persistentvolumeclaims', namespace: claim.metadata.namespace, object: claim as unknown as KubeObject });
    if (error !== undefined) errors.push(wrapError(`failed to create PVC ${name}`, error));
    if (!isAlreadyExists(error)) sync.context.event(claimEvent(sync.behaviour, set, pod, name, error));
  }
  return aggregate(errors);
}

/** Gives the claims of a pod the owners that the retention policy wants. The first error stops it. @internal */
export function* updatePodClaims(sync: Sync, set: StatefulSet, pod: Pod): Calling<ReconcileError | undefined> {
  for (const name of claimNamesOf(set, pod)) {
    const claim = sync.context.decide(() => claimReader(sync, set)(name) ?? null);
    if (claim === null) continue;
    if (hasUnexpectedController(claim, set, pod)) sync.context.event(conflictingControllerEvent(set, name));
    if (isClaimOwnerUpToDate(claim, set, pod)) continue;
    const error = yield* putClaim(sync, withClaimOwners(claim, set, pod));
    if (error !== undefined) return wrapError(`could not update claim ${name} for delete policy ownerRefs`, error);
  }
  return undefined;
}

function* putClaim(sync: Sync, claim: PersistentVolumeClaim): Calling<ReconcileError | undefined> {
  const { namespace, name } = claim.metadata;
  const { error } = yield* write(sync, { verb: 'update', resource: 'persistentvolumeclaims', namespace, name, object: claim as unknown as KubeObject });
  return error;
}

/** A claim of an earlier pod of this name waits to be collected; the pod is not created until it is gone. @internal */
export function isWaitingForClaims(sync: Sync, set: StatefulSet, pod: Pod): boolean {
  return sync.context.decide(() => podClaimIsStale(set, pod, claimReader(sync, set)));
}
