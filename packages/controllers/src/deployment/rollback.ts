// The rollback of apps/v1beta1, asked for by an annotation. `kubectl rollout undo` is a patch by the client instead.
// Upstream: pkg/controller/deployment/rollback.go (1.37).
import type { Deployment, ReplicaSet } from '@kubesim/api';
import { call, type Calling } from '@kubesim/client';
import { isOwnAnnotation, lastRevision, parseRevision, revisionOf, ROLLBACK_TO } from './annotations.ts';
import { syncRevision } from './new-replica-set.ts';
import { allSets } from './replica-sets.ts';
import { DEPLOYMENTS, type Rollout } from './rollout.ts';
import { equalIgnoreHash, withoutHash } from './template.ts';

/** The revision to go back to, 0 for the last one; undefined if no rollback is asked for. @public */
export function rollbackTo(deployment: Deployment): bigint | undefined {
  return parseRevision(deployment.metadata.annotations?.[ROLLBACK_TO]);
}

/** Puts back the template of the revision that the annotation names, and takes the annotation off in any case. */
export function* rollback(rollout: Rollout, asked: bigint): Calling<void> {
  const sets = allSets(yield* syncRevision(rollout, true));
  const revision = asked === 0n ? lastRevision(sets) : asked;
  if (revision === 0n) {
    record(rollout, 'Warning', 'DeploymentRollbackRevisionNotFound', 'Unable to find last revision.');
    yield* update(rollout.deployment);
    return;
  }
  const set = sets.find((candidate) => revisionOf(candidate) === revision);
  if (set === undefined) {
    record(rollout, 'Warning', 'DeploymentRollbackRevisionNotFound', 'Unable to find the revision to rollback to.');
    yield* update(rollout.deployment);
    return;
  }
  const { deployment } = rollout;
  if (equalIgnoreHash(deployment.spec.template, set.spec.template ?? {})) {
    const message = `The rollback revision contains the same template as current deployment "${deployment.metadata.name}"`;
    record(rollout, 'Warning', 'DeploymentRollbackTemplateUnchanged', message);
    yield* update(deployment);
    return;
  }
  yield* update(restored(deployment, set));
  record(rollout, 'Normal', 'DeploymentRollback', `Rolled back deployment "${deployment.metadata.name}" to revision ${revision}`);
}

/** The Deployment with the template of a set and the annotations that were copied to it. */
function restored(deployment: Deployment, set: ReplicaSet): Deployment {
  const annotations: Record<string, string> = {};
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) if (isOwnAnnotation(key)) annotations[key] = value;
  for (const [key, value] of Object.entries(set.metadata.annotations ?? {})) if (!isOwnAnnotation(key)) annotations[key] = value;
  return {
    ...deployment,
    metadata: { ...deployment.metadata, annotations },
    spec: { ...deployment.spec, template: withoutHash(set.spec.template ?? {}) },
  };
}

function* update(deployment: Deployment): Calling<void> {
  const { namespace, name } = deployment.metadata;
  const annotations = Object.fromEntries(Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => key !== ROLLBACK_TO));
  const object = { ...deployment, metadata: { ...deployment.metadata, annotations } };
  yield* call({ verb: 'update', resource: DEPLOYMENTS, namespace, name, object });
}

function record({ context, deployment }: Rollout, type: 'Normal' | 'Warning', reason: string, message: string): void {
  context.event({ about: deployment, type, reason, message });
}
