// The sync of a Deployment: what it is about to do, in upstream's order of questions. The strategies are beside it.
// Upstream: syncDeployment in pkg/controller/deployment/deployment_controller.go, sync.go (1.37).
import type { Deployment, Pod, ReplicaSet } from '@kubesim/api';
import {
  CallFailed, claimObjects, controllerOf, matchesSelector, recheckDeletionTimestamp, selectsEverything, type Calling, type ReconcileContext,
  type ReconcileResult, type Reconciling,
} from '@kubesim/client';
import { annotatedReplicas, DESIRED_REPLICAS } from './annotations.ts';
import { cleanupDeployment } from './cleanup.ts';
import { getCondition, hasProgressDeadline, newCondition, setCondition } from './conditions.ts';
import { desiredReplicas } from './fenceposts.ts';
import { DEPLOYMENT_KIND, syncRevision } from './new-replica-set.ts';
import { rolloutRecreate } from './recreate.ts';
import { activeSets, allSets } from './replica-sets.ts';
import { rollback, rollbackTo } from './rollback.ts';
import { rolloutRolling } from './rolling.ts';
import { amend, DEPLOYMENTS, REPLICA_SETS, statusOf, updateStatus, type Rollout } from './rollout.ts';
import { scale } from './scale.ts';
import { syncDeploymentStatus } from './status.ts';

/** What a sync reads from the caches, all at once. */
interface Seen {
  readonly deployment: Deployment;
  /** Owned and unowned sets, by name. */
  readonly candidates: readonly ReplicaSet[];
  /** Uids of the owned sets that have a pod which has not ended; only for Recreate. */
  readonly setsWithPods: readonly string[];
}

/** Reconciles the Deployment of a key `namespace/name`. @public */
export function* syncDeployment(context: ReconcileContext, key: string): Reconciling {
  const [namespace = '', name = ''] = key.split('/');
  const seen = context.decide(() => look(context, namespace, name));
  if (seen === undefined) return undefined;
  try {
    return yield* syncSeen(context, seen);
  } catch (error) {
    if (error instanceof CallFailed) return { error: error.message };
    throw error;
  }
}

function look(context: ReconcileContext, namespace: string, name: string): Seen | undefined {
  const deployment = context.lister<Deployment>(DEPLOYMENTS).get(namespace, name);
  if (deployment === undefined) return undefined;
  const uid = deployment.metadata.uid ?? '';
  const sets = context.lister<ReplicaSet>(REPLICA_SETS);
  const owned = sets.byOwner(uid);
  const { selector, strategy } = deployment.spec;
  const orphans = sets.orphans(namespace).filter((set) => matchesSelector(selector, set.metadata.labels));
  const candidates = orphans.length === 0 ? owned : [...owned, ...orphans].sort(byName);
  const pods = context.lister<Pod>('pods');
  const hasPods = (set: ReplicaSet): boolean => pods.byOwner(set.metadata.uid ?? '').some((pod) =>
    pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed' && matchesSelector(selector, pod.metadata.labels));
  const setsWithPods = strategy?.type === 'Recreate' ? candidates.filter(hasPods).map((set) => set.metadata.uid ?? '') : [];
  return { deployment, candidates, setsWithPods };
}

function* syncSeen(context: ReconcileContext, { deployment, candidates, setsWithPods }: Seen): Calling<ReconcileResult> {
  if (selectsEverything(deployment.spec.selector)) return yield* refuseSelectingAll(context, deployment);
  const claim = yield* claimObjects({
    controller: deployment, controllerKind: DEPLOYMENT_KIND, resource: REPLICA_SETS, objectKind: 'ReplicaSet',
    matches: (set: ReplicaSet) => matchesSelector(deployment.spec.selector, set.metadata.labels),
    canAdopt: () => recheckDeletionTimestamp(DEPLOYMENTS, DEPLOYMENT_KIND, deployment),
  }, candidates);
  if (claim.error !== undefined) return { error: claim.error.message };
  const { namespace = '' } = deployment.metadata;
  const rollout: Rollout = {
    context, replicaSets: claim.claimed, deployment,
    cachedSet: (name) => context.lister<ReplicaSet>(REPLICA_SETS).get(namespace, name),
  };
  if (deployment.metadata.deletionTimestamp !== undefined) {
    yield* syncDeploymentStatus(rollout, yield* syncRevision(rollout, false));
    return undefined;
  }
  yield* syncPausedCondition(rollout);
  const asked = rollbackTo(deployment);
  if (deployment.spec.paused === true) yield* syncScale(rollout);
  else if (asked !== undefined) yield* rollback(rollout, asked);
  else if (yield* isScalingEvent(rollout)) yield* syncScale(rollout);
  else if (deployment.spec.strategy?.type === 'Recreate') {
    const claimed = new Set(claim.claimed.map((set) => set.metadata.uid));
    yield* rolloutRecreate(rollout, setsWithPods.filter((uid) => claimed.has(uid)));
  } else if (deployment.spec.strategy?.type === 'RollingUpdate') yield* rolloutRolling(rollout);
  else return { error: `unexpected deployment strategy type: ${deployment.spec.strategy?.type ?? ''}` };
  return undefined;
}

/** A selector without requirements would take every ReplicaSet there is. */
function* refuseSelectingAll(context: ReconcileContext, deployment: Deployment): Calling<ReconcileResult> {
  const message = 'This deployment is selecting all pods. A non-empty selector is required.';
  context.event({ about: deployment, type: 'Warning', reason: 'SelectingAll', message });
  const observedGeneration = deployment.metadata.generation ?? 0;
  if ((deployment.status?.observedGeneration ?? 0) < observedGeneration) {
    const { namespace, name } = deployment.metadata;
    // What comes of this write makes no difference to upstream, either.
    yield { verb: 'update', resource: DEPLOYMENTS, subresource: 'status', namespace, name, object: { ...deployment, status: { ...deployment.status, observedGeneration } } };
  }
  return undefined;
}

/** Notes in the condition Progressing that the Deployment was paused or resumed, so that its deadline does not run meanwhile. */
function* syncPausedCondition(rollout: Rollout): Calling<void> {
  const { deployment, context } = rollout;
  const current = getCondition(deployment.status?.conditions, 'Progressing');
  if (!hasProgressDeadline(deployment) || current?.reason === 'ProgressDeadlineExceeded') return;
  const isPaused = deployment.spec.paused === true;
  if (isPaused === (current?.reason === 'DeploymentPaused')) return;
  const [reason, message] = isPaused ? ['DeploymentPaused', 'Deployment is paused'] : ['DeploymentResumed', 'Deployment is resumed'];
  const status = statusOf(deployment);
  const condition = newCondition(context.now, 'Progressing', 'Unknown', reason as string, message as string);
  amend(rollout, { status: { ...status, conditions: setCondition(status.conditions ?? [], condition) } });
  yield* updateStatus(rollout);
}

/** An active set remembers another size of the Deployment than the present one. */
function* isScalingEvent(rollout: Rollout): Calling<boolean> {
  const split = yield* syncRevision(rollout, false);
  const desired = desiredReplicas(rollout.deployment);
  return activeSets(allSets(split)).some((set) => (annotatedReplicas(set, DESIRED_REPLICAS) ?? desired) !== desired);
}

/** Sizes the sets without rolling anything out: after a scaling, and all that is done while paused. */
function* syncScale(rollout: Rollout): Calling<void> {
  const split = yield* syncRevision(rollout, false);
  yield* scale(rollout, split);
  if (rollout.deployment.spec.paused === true && rollbackTo(rollout.deployment) === undefined) {
    yield* cleanupDeployment(rollout.deployment, split.oldSets);
  }
  yield* syncDeploymentStatus(rollout, split);
}

function byName(one: ReplicaSet, other: ReplicaSet): number {
  return one.metadata.name < other.metadata.name ? -1 : 1;
}

/** Which Deployment a set's or pod's controller reference leads to, if the cache has it. @internal */
export function deploymentOf(set: ReplicaSet, get: (name: string) => Deployment | undefined): Deployment | undefined {
  const reference = controllerOf(set);
  if (reference?.kind !== 'Deployment') return undefined;
  const deployment = get(reference.name);
  return deployment?.metadata.uid === reference.uid ? deployment : undefined;
}
