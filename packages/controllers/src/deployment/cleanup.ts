// Deleting old ReplicaSets beyond the history limit. Upstream: cleanupDeployment in pkg/controller/deployment/sync.go (1.37).
import type { Deployment, ReplicaSet } from '@kubesim/api';
import { call, failedWith, type Calling } from '@kubesim/client';
import { byRevision } from './annotations.ts';
import { replicasOf } from './replica-sets.ts';
import { REPLICA_SETS } from './rollout.ts';

/** Deletes the sets of the lowest revisions that exceed the limit and are empty. */
export function* cleanupDeployment(deployment: Deployment, oldSets: readonly ReplicaSet[]): Calling<void> {
  for (const set of setsToDelete(deployment, oldSets)) {
    const { namespace, name } = set.metadata;
    try {
      yield* call({ verb: 'delete', resource: REPLICA_SETS, namespace, name });
    } catch (error) {
      if (!failedWith(error, 'NotFound')) throw error;
    }
  }
}

/** The sets that exceed the limit, less those that still have pods or news: these use up their place all the same. @public */
export function setsToDelete(deployment: Deployment, oldSets: readonly ReplicaSet[]): readonly ReplicaSet[] {
  const limit = deployment.spec.revisionHistoryLimit;
  if (limit === undefined || limit === 2147483647) return [];
  const alive = oldSets.filter((set) => set.metadata.deletionTimestamp === undefined);
  if (alive.length <= limit) return [];
  return alive.sort(byRevision).slice(0, alive.length - limit).filter((set) =>
    (set.status?.replicas ?? 0) === 0 && replicasOf(set) === 0 && (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0));
}
