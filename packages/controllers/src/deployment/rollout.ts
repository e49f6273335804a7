// One sync of a Deployment while it runs: the caches as they were when it began, and its own copy of the Deployment.
// Writes go through here, so that every step compares with what this sync has already written.
import type { Deployment, DeploymentStatus, ReplicaSet } from '@kubesim/api';
import { call, type Calling, type ReconcileContext } from '@kubesim/client';

/** Resource names of what this controller writes. @internal */
export const DEPLOYMENTS = 'deployments.apps';
export const REPLICA_SETS = 'replicasets.apps';

/** A sync in progress. Upstream mutates a deep copy; here the copy is replaced. */
export interface Rollout {
  readonly context: ReconcileContext;
  /** Claimed sets as the cache held them. What this sync writes does not change them. */
  readonly replicaSets: readonly ReplicaSet[];
  /** The set of that name as the cache held it, whoever owns it. */
  readonly cachedSet: (name: string) => ReplicaSet | undefined;
  deployment: Deployment;
}

/** The status, as this sync knows it. */
export function statusOf(deployment: Deployment): DeploymentStatus {
  return deployment.status ?? {};
}

/** Changes the sync's own copy of the Deployment, without writing it. */
export function amend(rollout: Rollout, change: { readonly status?: DeploymentStatus; readonly annotations?: Readonly<Record<string, string>> }): void {
  const { deployment } = rollout;
  const metadata = change.annotations === undefined ? deployment.metadata : { ...deployment.metadata, annotations: change.annotations };
  rollout.deployment = { ...deployment, metadata, status: change.status ?? deployment.status };
}

/** Writes the sync's copy to the status subresource: status and annotations. The reply is not taken over, as upstream. */
export function* updateStatus(rollout: Rollout): Calling<void> {
  const { namespace, name } = rollout.deployment.metadata;
  yield* call({ verb: 'update', resource: DEPLOYMENTS, subresource: 'status', namespace, name, object: rollout.deployment });
}

/** Writes a ReplicaSet and answers it as the API did. */
export function* updateReplicaSet(set: ReplicaSet): Calling<ReplicaSet> {
  const { namespace, name } = set.metadata;
  return yield* call<ReplicaSet>({ verb: 'update', resource: REPLICA_SETS, namespace, name, object: set });
}
