// The claims of one pod: their names, how they are made, and what the claim cache says of them.
// Upstream: pkg/controller/statefulset/stateful_set_utils.go and stateful_pod_control.go (1.37).
import type { PersistentVolumeClaim, Pod, StatefulSet } from '@kubesim/api';
import { hasUnexpectedController, isClaimOwnerUpToDate, isClaimStale } from './claim-retention.ts';
import { claimName, claimTemplateNames, parentAndOrdinal } from './identity.ts';

/** Reads a claim of the set's namespace by name. @internal */
export type ClaimReader = (name: string) => PersistentVolumeClaim | undefined;

/** Names of the claims that a pod of this set uses, in the order of their templates. @internal */
export function claimNamesOf(set: StatefulSet, pod: Pod): readonly string[] {
  const templates = claimTemplateNames(set);
  if (templates.length === 0) return templates;
  const { ordinal } = parentAndOrdinal(pod.metadata.name);
  return templates.map((template) => claimName(set, template, ordinal));
}

/** The claims of an ordinal as the set's templates make them; the labels of its selector win over those of the template. @internal */
export function newClaims(set: StatefulSet, ordinal: number): readonly PersistentVolumeClaim[] {
  const templates = set.spec.volumeClaimTemplates ?? [];
  return claimTemplateNames(set).map((name) => {
    const template = templates.findLast((candidate) => candidate.metadata.name === name) as PersistentVolumeClaim;
    return {
      ...template,
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        ...template.metadata,
        name: claimName(set, name, ordinal),
        namespace: set.metadata.namespace,
        labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
      },
    };
  });
}

/** Every claim of the pod that is in the cache has the owners that the policy wants. @internal */
export function claimsMatchRetentionPolicy(set: StatefulSet, pod: Pod, read: ClaimReader): boolean {
  return claimNamesOf(set, pod).every((name) => {
    const claim = read(name);
    return claim === undefined || isClaimOwnerUpToDate(claim, set, pod);
  });
}

/** Somebody else acts as the controller of one of the pod's claims: said each time the claims of a pending pod are looked at. @internal */
export function claimsConflict(set: StatefulSet, pod: Pod, read: ClaimReader): boolean {
  return claimNamesOf(set, pod).some((name) => {
    const claim = read(name);
    return claim !== undefined && hasUnexpectedController(claim, set, pod);
  });
}

/** Every claim of the pod is in the cache and is not being deleted. @internal */
export function claimsExist(set: StatefulSet, pod: Pod, read: ClaimReader): boolean {
  return claimNamesOf(set, pod).every((name) => {
    const claim = read(name);
    return claim !== undefined && claim.metadata.deletionTimestamp === undefined;
  });
}

/** A claim of an earlier pod of this name waits to be collected. @internal */
export function podClaimIsStale(set: StatefulSet, pod: Pod, read: ClaimReader): boolean {
  return claimNamesOf(set, pod).some((name) => {
    const claim = read(name);
    return claim !== undefined && isClaimStale(claim, set, pod);
  });
}
