// The texts of the controller's Events. Upstream: recordPodEvent and recordClaimEvent in
// pkg/controller/statefulset/stateful_pod_control.go (1.37).
import type { Pod, StatefulSet } from '@kubesim/api';
import type { EventToRecord, ReconcileError } from '@kubesim/client';
import type { Behaviour } from './behaviour.ts';

/** What was done to a pod or a claim. @internal */
export type EventVerb = 'create' | 'update' | 'delete';

function capitalized(verb: EventVerb): string {
  return `${verb.charAt(0).toUpperCase()}${verb.slice(1)}`;
}

/** Says that a write of a pod succeeded, or why it failed. @internal */
export function podEvent(behaviour: Behaviour, verb: EventVerb, set: StatefulSet, pod: Pod, error: ReconcileError | undefined): EventToRecord {
  const what = `${behaviour.capitalizesEvents ? capitalized(verb) : verb} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
  return error === undefined
    ? { about: set, type: 'Normal', reason: `Successful${capitalized(verb)}`, message: `${what} successful` }
    : { about: set, type: 'Warning', reason: `Failed${capitalized(verb)}`, message: `${what} failed error: ${error.message}` };
}

/** Says that a claim of a pod was created, or why not. @internal */
export function claimEvent(behaviour: Behaviour, set: StatefulSet, pod: Pod, claim: string, error: ReconcileError | undefined): EventToRecord {
  const verb = behaviour.capitalizesEvents ? 'Create' : 'create';
  const where = `Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
  return error === undefined
    ? { about: set, type: 'Normal', reason: 'SuccessfulCreate', message: `${verb} Claim ${claim} ${where} success` }
    : { about: set, type: 'Warning', reason: 'FailedCreate', message: `${verb} Claim ${claim} for ${where} failed error: ${error.message}` };
}

/** Says that somebody else controls a claim. The missing letter is upstream's. @internal */
export function conflictingControllerEvent(set: StatefulSet, claim: string): EventToRecord {
  return {
    about: set, type: 'Warning', reason: 'ConflictingController',
    message: `PersistentVolumeClaim ${claim} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim`,
  };
}
