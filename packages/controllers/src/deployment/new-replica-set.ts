// The ReplicaSet of the current template: kept up to date, or made. Upstream: getNewReplicaSet and
// getAllReplicaSetsAndSyncRevision in pkg/controller/deployment/sync.go (1.37).
import type { ReplicaSet, Status } from '@kubesim/api';
import { CallFailed, controllerOf, isNamespaceTerminating, newControllerRef, type Calling, type ControllerKind } from '@kubesim/client';
import { maxRevision, newSetAnnotations, replicasAnnotations, REVISION } from './annotations.ts';
import { getCondition, hasProgressDeadline, newCondition, setCondition } from './conditions.ts';
import { desiredReplicas, maxSurge, newReplicasOfNewSet } from './fenceposts.ts';
import { splitSets, type SplitSets } from './replica-sets.ts';
import { amend, REPLICA_SETS, statusOf, updateReplicaSet, updateStatus, type Rollout } from './rollout.ts';
import { computeHash, equalIgnoreHash, POD_TEMPLATE_HASH } from './template.ts';

/** How owner references name a Deployment. @internal */
export const DEPLOYMENT_KIND: ControllerKind = { apiVersion: 'apps/v1', kind: 'Deployment' };

const NAME_LENGTH_MAX = 253;

/**
 * Splits the sets into new and old and brings revision, annotations and minReadySeconds of the new one up to date, making it
 * where it is missing and `mayCreate`. Starts from the cached sets each time it is run.
 */
export function* syncRevision(rollout: Rollout, mayCreate: boolean): Calling<SplitSets> {
  const { newSet, oldSets } = splitSets(rollout.deployment, rollout.replicaSets);
  const revision = maxRevision(oldSets) + 1n;
  if (newSet !== undefined) return { newSet: yield* syncExisting(rollout, newSet, revision), oldSets };
  return { newSet: mayCreate ? yield* createNewSet(rollout, oldSets, revision) : undefined, oldSets };
}

function* syncExisting(rollout: Rollout, existing: ReplicaSet, revision: bigint): Calling<ReplicaSet> {
  const { deployment } = rollout;
  const annotations = newSetAnnotations(deployment, existing.metadata.annotations, revision);
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  if (annotations !== existing.metadata.annotations || (existing.spec.minReadySeconds ?? 0) !== minReadySeconds) {
    // The Deployment's own annotation and condition wait for a sync that finds nothing to change here.
    return yield* updateReplicaSet({
      ...existing,
      metadata: { ...existing.metadata, annotations },
      spec: { ...existing.spec, minReadySeconds: minReadySeconds === 0 ? undefined : minReadySeconds },
    });
  }
  const isRevisionNew = setRevision(rollout, existing.metadata.annotations?.[REVISION] ?? '');
  const isConditionNew = hasProgressDeadline(deployment) && getCondition(deployment.status?.conditions, 'Progressing') === undefined;
  if (isConditionNew) setProgressing(rollout, 'True', 'FoundNewReplicaSet', `Found new replica set "${existing.metadata.name}"`);
  if (isRevisionNew || isConditionNew) yield* updateStatus(rollout);
  return existing;
}

function* createNewSet(rollout: Rollout, oldSets: readonly ReplicaSet[], revision: bigint): Calling<ReplicaSet> {
  const { deployment, context } = rollout;
  const wanted = newReplicaSet(rollout, oldSets, revision);
  const replicas = wanted.spec.replicas ?? 0;
  const { name, namespace } = wanted.metadata;
  const reply = yield { verb: 'create', resource: REPLICA_SETS, namespace, object: wanted };
  const own = reply.ok ? undefined : yield* takeExisting(rollout, wanted, reply.status);
  const created = reply.ok ? (reply.object as unknown as ReplicaSet) : (own as ReplicaSet);
  if (reply.ok && replicas > 0) {
    const message = `Scaled up replica set ${created.metadata.name} from 0 to ${replicas}`;
    context.event({ about: deployment, type: 'Normal', reason: 'ScalingReplicaSet', message });
  }
  const isRevisionNew = setRevision(rollout, String(revision));
  const isConditionNew = reply.ok && hasProgressDeadline(deployment);
  if (isConditionNew) setProgressing(rollout, 'True', 'NewReplicaSetCreated', `Created new replica set "${name}"`);
  if (isRevisionNew || isConditionNew) yield* updateStatus(rollout);
  return created;
}

/** A creation failed: goes on with the set of the name if it is this Deployment's own of this template, else says so and fails. */
function* takeExisting(rollout: Rollout, wanted: ReplicaSet, status: Status): Calling<ReplicaSet> {
  const { deployment, context } = rollout;
  const failure = new CallFailed(status);
  const { name } = wanted.metadata;
  if (status.reason === 'AlreadyExists') {
    const existing = context.decide(() => rollout.cachedSet(name));
    if (existing === undefined) throw new CallFailed({ message: `replicaset.apps "${name}" not found`, reason: 'NotFound' });
    const isOwn = controllerOf(existing)?.uid === deployment.metadata.uid;
    if (isOwn && equalIgnoreHash(deployment.spec.template, existing.spec.template ?? {})) return existing;
    // Another template of the same hash: the next sync hashes with the count and finds another name.
    amend(rollout, { status: { ...statusOf(deployment), collisionCount: (statusOf(deployment).collisionCount ?? 0) + 1 } });
    yield* attemptStatus(rollout);
    throw failure;
  }
  if (isNamespaceTerminating(status)) throw failure;
  const message = `Failed to create new replica set "${name}": ${failure.message}`;
  if (hasProgressDeadline(deployment)) {
    setProgressing(rollout, 'False', 'ReplicaSetCreateError', message);
    yield* attemptStatus(rollout);
  }
  context.event({ about: deployment, type: 'Warning', reason: 'ReplicaSetCreateError', message });
  throw failure;
}

/** Writes the status where its own failure does not count, as another is already on its way out. */
function* attemptStatus(rollout: Rollout): Calling<void> {
  try {
    yield* updateStatus(rollout);
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
  }
}

/** The ReplicaSet of the current template as it is sent to the API. */
function newReplicaSet({ deployment }: Rollout, oldSets: readonly ReplicaSet[], revision: bigint): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = computeHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH]: hash };
  const desired = desiredReplicas(deployment);
  const annotations = newSetAnnotations(deployment, undefined, revision);
  const base: ReplicaSet = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name.slice(0, NAME_LENGTH_MAX - hash.length - 1)}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels,
      annotations: replicasAnnotations(annotations, desired, desired + maxSurge(deployment)),
      ownerReferences: [newControllerRef(deployment, DEPLOYMENT_KIND)],
    },
    spec: {
      replicas: 0,
      ...(minReadySeconds === undefined || minReadySeconds === 0 ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [POD_TEMPLATE_HASH]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
    status: { replicas: 0 },
  };
  return { ...base, spec: { ...base.spec, replicas: newReplicasOfNewSet(deployment, [...oldSets, base], base) } };
}

function setRevision(rollout: Rollout, revision: string): boolean {
  const { annotations } = rollout.deployment.metadata;
  if ((annotations?.[REVISION] ?? '') === revision) return false;
  amend(rollout, { annotations: { ...annotations, [REVISION]: revision } });
  return true;
}

function setProgressing(rollout: Rollout, status: 'True' | 'False', reason: string, message: string): void {
  const before = statusOf(rollout.deployment);
  const condition = newCondition(rollout.context.now, 'Progressing', status, reason, message);
  amend(rollout, { status: { ...before, conditions: setCondition(before.conditions ?? [], condition) } });
}
