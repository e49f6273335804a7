// What the decision needs to know of one pod, independent of time and of which revisions are current.
import type { Pod, StatefulSet } from '@kubesim/api';
import { readySinceMs } from '@kubesim/client';
import { claimsConflict, claimsExist, claimsMatchRetentionPolicy, type ClaimReader } from './claims.ts';
import { identityMatches, parentAndOrdinal, revisionOf, storageMatches } from './identity.ts';

/** Facts of a pod. @internal */
export interface PodFacts {
  /** -1 if the name has none. */
  readonly ordinal: number;
  /** The API server has it: its phase is not empty. */
  readonly isCreated: boolean;
  readonly isTerminating: boolean;
  /** Since when it is ready, ms since 1970; NaN if the condition has no time, undefined if it is not ready. */
  readonly readySince: number | undefined;
  readonly isRunningAndReady: boolean;
  /** An ordered set waits for it: terminating, or not running and ready. */
  readonly isBlocking: boolean;
  /** Of no use to the rolling update, whatever minReadySeconds: terminating or not ready. */
  readonly isUnavailable: boolean;
  readonly revision: string;
}

/** Looks at a pod. @internal */
export function podFacts(pod: Pod): PodFacts {
  const phase = pod.status?.phase ?? '';
  const readySince = readySinceMs(pod);
  const isTerminating = pod.metadata.deletionTimestamp !== undefined;
  const isRunningAndReady = phase === 'Running' && readySince !== undefined;
  return {
    ordinal: parentAndOrdinal(pod.metadata.name).ordinal,
    isCreated: phase !== '',
    isTerminating,
    readySince,
    isRunningAndReady,
    isBlocking: isTerminating || !isRunningAndReady,
    isUnavailable: isTerminating || readySince === undefined,
    revision: revisionOf(pod),
  };
}

/** The pod has ended and will not run again. @internal */
export function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
}

/** The pod is only planned, or the API server has not filled in its status. @internal */
export function isCreated(pod: Pod): boolean {
  return (pod.status?.phase ?? '') !== '';
}

/** Something would be written for this pod whatever the others do: replace, create, or repair it or its claims. @internal */
export function needsAttention(set: StatefulSet, pod: Pod, read: ClaimReader): boolean {
  if (hasEnded(pod) || !isCreated(pod)) return true;
  if (!identityMatches(set, pod) || !storageMatches(set, pod) || !claimsMatchRetentionPolicy(set, pod, read)) return true;
  return pod.status?.phase === 'Pending' && (!claimsExist(set, pod, read) || claimsConflict(set, pod, read));
}
