// The Deployment controller: what wakes it. What it then does is in sync.ts.
// Upstream: pkg/controller/deployment/deployment_controller.go (1.37).
import type { Deployment, KubeObject, Pod, ReplicaSet } from '@kubesim/api';
import { controllerOf, matchesSelector, type CacheChange, type Controller, type HandlerContext } from '@kubesim/client';
import { DEPLOYMENTS, REPLICA_SETS } from './rollout.ts';
import { deploymentOf, syncDeployment } from './sync.ts';

/** Keeps the ReplicaSets of Deployments: sizes, rollouts, history, status. @public */
export const deploymentController: Controller = {
  name: 'deployment-controller',
  watches: [DEPLOYMENTS, REPLICA_SETS, 'pods'],
  workers: 5,
  handle,
  reconcile: syncDeployment,
};

function handle(context: HandlerContext, change: CacheChange): void {
  switch (change.resource) {
    case DEPLOYMENTS: return enqueue(context, (change.after ?? change.before) as KubeObject);
    case REPLICA_SETS: return handleReplicaSet(context, change.before as ReplicaSet | undefined, change.after as ReplicaSet | undefined);
    default: return change.after === undefined ? handlePodDeleted(context, change.before as unknown as Pod) : undefined;
  }
}

/** A set wakes its Deployment, the one it had before, and while it has none, all that select it. */
function handleReplicaSet(context: HandlerContext, before: ReplicaSet | undefined, after: ReplicaSet | undefined): void {
  const set = (after ?? before) as ReplicaSet;
  const deployments = context.lister<Deployment>(DEPLOYMENTS);
  const namespace = set.metadata.namespace ?? '';
  const get = (name: string): Deployment | undefined => deployments.get(namespace, name);
  const isOwnerNew = before !== undefined && after !== undefined && controllerOf(before)?.uid !== controllerOf(after)?.uid;
  if (isOwnerNew) enqueueAll(context, [deploymentOf(before, get)]);
  if (controllerOf(set) !== undefined) return enqueueAll(context, [deploymentOf(set, get)]);
  if (after === undefined || after.metadata.deletionTimestamp !== undefined) return undefined;
  const isSeenBefore = before !== undefined && !isOwnerNew && before.metadata.labels === after.metadata.labels;
  if (isSeenBefore) return undefined;
  return enqueueAll(context, deployments.list(namespace).filter((deployment) => matchesSelector(deployment.spec.selector, after.metadata.labels)));
}

/** The last pod of a Recreate Deployment is gone: now its new ReplicaSet may be made. Other pods do not wake a Deployment. */
function handlePodDeleted(context: HandlerContext, pod: Pod): void {
  const namespace = pod.metadata.namespace ?? '';
  const reference = controllerOf(pod);
  if (reference?.kind !== 'ReplicaSet') return;
  const sets = context.lister<ReplicaSet>(REPLICA_SETS);
  const set = sets.get(namespace, reference.name);
  if (set === undefined || set.metadata.uid !== reference.uid) return;
  const deployment = deploymentOf(set, (name) => context.lister<Deployment>(DEPLOYMENTS).get(namespace, name));
  if (deployment?.spec.strategy?.type !== 'Recreate') return;
  const pods = context.lister<Pod>('pods');
  const isLast = sets.byOwner(deployment.metadata.uid ?? '').every((owned) => pods.byOwner(owned.metadata.uid ?? '').length === 0);
  if (isLast) enqueue(context, deployment);
}

function enqueueAll(context: HandlerContext, deployments: readonly (Deployment | undefined)[]): void {
  for (const deployment of deployments) if (deployment !== undefined) enqueue(context, deployment);
}

function enqueue(context: HandlerContext, deployment: KubeObject): void {
  context.enqueue(`${deployment.metadata.namespace}/${deployment.metadata.name}`);
}
