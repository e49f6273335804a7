// The sync of a ReplicaSet: claim pods, create or delete what the plan says, write the status.
// Upstream: syncReplicaSet, manageReplicas in pkg/controller/replicaset/replica_set.go (1.37).
import type { Pod, ReplicaSet } from '@kubesim/api';
import {
  CallFailed, claimObjects, creationObserved, deleteExpectations, deletionObserved, isNotFound, matchesSelector, newControllerRef,
  recheckDeletionTimestamp, setExpectations, slowStart, type Calling, type ControllerKind, type Profile, type ReconcileContext, type ReconcileError,
  type ReconcileResult, type Reconciling,
} from '@kubesim/client';

import { createPod, deletePod, podFromTemplate } from '../pods/pod-control.ts';
import { remember } from '../pods/remember.ts';
import { look, planFromPods, type Plan, type Seen } from './plan.ts';
import { calculateStatus, updateStatus, type PodCounts } from './status.ts';
import { countsTerminatingReplicas } from './terminating-replicas.ts';

/** How owner references name a ReplicaSet. @internal */
export const REPLICA_SET_KIND: ControllerKind = { apiVersion: 'apps/v1', kind: 'ReplicaSet' };

/** What differs between ReplicaSets and the ReplicationControllers that are handled as if they were some. @internal */
export interface ReplicaFlavour {
  /** How owner references of pods name it. */
  readonly kind: ControllerKind;
  countsTerminating(profile: Profile): boolean;
}

/** ReplicaSets themselves. @internal */
export const REPLICA_SET: ReplicaFlavour = { kind: REPLICA_SET_KIND, countsTerminating: countsTerminatingReplicas };

/** Reconciles the object of a key `namespace/name`. @internal */
export function syncReplicas(flavour: ReplicaFlavour): (context: ReconcileContext, key: string) => Reconciling {
  return (context, key) => syncOne(flavour, context, key);
}

function* syncOne(flavour: ReplicaFlavour, context: ReconcileContext, key: string): Reconciling {
  const [namespace = '', name = ''] = key.split('/');
  const seen = context.decide(() => look(context, namespace, name) ?? null);
  if (seen === null) {
    remember(context, () => deleteExpectations(context, key));
    return undefined;
  }
  try {
    return yield* syncSeen(flavour, context, key, seen);
  } catch (error) {
    if (error instanceof CallFailed) return { error: error.message };
    throw error;
  }
}

function* syncSeen(flavour: ReplicaFlavour, context: ReconcileContext, key: string, seen: Seen): Calling<ReconcileResult> {
  const { set } = seen;
  let { plan } = seen;
  if (plan === undefined) {
    const claim = yield* claimObjects(podClaim(flavour.kind, set), seen.toClaim);
    if (claim.error !== undefined) return { error: claim.error.message };
    const pods = [...seen.kept, ...claim.claimed].sort((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1));
    plan = context.decide(() => planFromPods(context, set, pods, seen.manages));
  }
  explain(context, set, plan, seen.manages);
  const failure = yield* manageReplicas(flavour.kind, context, key, set, plan);
  const terminating = flavour.countsTerminating(context.profile) ? seen.terminating : undefined;
  yield* updateStatus(set, calculateStatus(set, plan.counts, terminating, failure?.message, context.now));
  if (failure !== undefined) return { error: failure.message };
  const delayMs = availabilityDelayMs(context, set, plan);
  if (delayMs !== undefined) context.enqueueAfter(key, delayMs);
  return undefined;
}

function podClaim(controllerKind: ControllerKind, set: ReplicaSet): Parameters<typeof claimObjects<Pod>>[0] {
  return {
    controller: set, controllerKind, resource: 'pods', objectKind: 'Pod',
    matches: (pod) => matchesSelector(set.spec.selector, pod.metadata.labels),
    canAdopt: () => recheckDeletionTimestamp('replicasets.apps', controllerKind, set),
  };
}

/** When to look again at ready pods that are not available yet. Up to 1.34 only once all wanted ones are ready, and by the full time. */
function availabilityDelayMs(context: ReconcileContext, set: ReplicaSet, { counts, nextCheckMs }: Plan): number | undefined {
  const minReadyMs = (set.spec.minReadySeconds ?? 0) * 1000;
  if (minReadyMs === 0) return undefined;
  if (context.profile.kubernetes === '1.34') return isWaitingForAll(set, counts) ? minReadyMs : undefined;
  return counts.ready === counts.available ? undefined : (nextCheckMs ?? minReadyMs);
}

function isWaitingForAll(set: ReplicaSet, { ready, available }: PodCounts): boolean {
  const wanted = set.spec.replicas ?? 1;
  return ready === wanted && available !== wanted;
}

/** Creates or deletes what the plan says. Answers the first error. */
function* manageReplicas(kind: ControllerKind, context: ReconcileContext, key: string, set: ReplicaSet, plan: Plan): Calling<ReconcileError | undefined> {
  if (plan.create > 0) return yield* createPods(kind, context, key, set, plan.create);
  if (plan.remove.length > 0) return yield* deletePods(context, key, set, plan.remove);
  return undefined;
}

function* createPods(kind: ControllerKind, context: ReconcileContext, key: string, set: ReplicaSet, count: number): Calling<ReconcileError | undefined> {
  remember(context, () => setExpectations(context, key, { creations: count }, context.now));
  const pod = podFromTemplate(set, set.spec.template ?? {}, newControllerRef(set, kind));
  const { successCount, errors } = yield* slowStart(count, function* () {
    const { error, isExcused } = yield* createPod(context, set, pod);
    return isExcused ? undefined : error;
  });
  // What was not created will not be seen, either.
  if (successCount < count) remember(context, () => creationObserved(context, key, count - successCount));
  return errors[0];
}

function* deletePods(context: ReconcileContext, key: string, set: ReplicaSet, names: readonly string[]): Calling<ReconcileError | undefined> {
  const keys = names.map((name) => `${set.metadata.namespace}/${name}`);
  remember(context, () => setExpectations(context, key, { deletions: keys }, context.now));
  let first: ReconcileError | undefined;
  for (const name of names) {
    const error = yield* deletePod(context, set, name);
    if (error === undefined) continue;
    remember(context, () => deletionObserved(context, key, `${set.metadata.namespace}/${name}`));
    if (!isNotFound(error)) first ??= error;
  }
  return first;
}

function explain(context: ReconcileContext, set: ReplicaSet, plan: Plan, manages: boolean): void {
  const subject = `replicaset/${set.metadata.name}`;
  const wanted = set.spec.replicas ?? 1;
  const { replicas, available } = plan.counts;
  if (plan.create > 0) context.explain(subject, { rule: 'replicas', message: `${wanted} pods are wanted and ${replicas} active: ${plan.create} are created` });
  else if (plan.remove.length > 0) context.explain(subject, { rule: 'replicas', message: `${wanted} pods are wanted and ${replicas} active: ${plan.remove.join(', ')} go` });
  else if (replicas !== wanted && manages) context.explain(subject, { rule: 'replicas', message: `${wanted} pods are wanted and ${replicas} active` });
  else if (replicas !== wanted) context.explain(subject, { rule: 'expectations', message: 'pods created or deleted before are not yet seen in the cache' });
  else context.explain(subject, { rule: 'replicas', message: `${wanted} pods are wanted and active, ${available} available` });
}

/** Which object of a kind a pod's controller reference leads to, if the cache has it. @internal */
export function replicaSetOf({ kind }: ControllerKind, pod: Pod, reference: { readonly kind: string; readonly name: string; readonly uid: string } | undefined, get: (namespace: string, name: string) => ReplicaSet | undefined): ReplicaSet | undefined {
  if (reference?.kind !== kind) return undefined;
  const set = get(pod.metadata.namespace ?? '', reference.name);
  return set?.metadata.uid === reference.uid ? set : undefined;
}

