// What Deployments must have come to at rest. Where a pod cannot become ready, the rollout stands still as its bounds say, and no
// earlier: those bounds are what is judged by.
import type { KubeObject } from '@kubesim/api';
import type { Monitor, MonitorView } from '../explorer/monitor.ts';
import { boundsOf } from './deployment.ts';
import { hasEnded, isHealthy, isTerminating, keyOf, withUnseenPods } from './facts.ts';
import { isHindered, isQuotaTight, owned } from './hindrances.ts';

interface SetAtRest { readonly set: KubeObject; readonly asked: number; readonly pods: readonly KubeObject[]; readonly healthy: number }

function atRestOf(view: MonitorView, set: KubeObject): SetAtRest {
  const pods = owned(view, 'pods', 'ReplicaSet', set).filter((pod) => !hasEnded(pod) && !isTerminating(pod));
  return { set, asked: (set['spec'].replicas as number | undefined) ?? 1, pods, healthy: pods.filter(isHealthy).length };
}

function imagesOf(workload: KubeObject): string {
  return ((workload['spec'].template?.spec?.containers ?? []) as readonly { readonly image: string }[]).map(({ image }) => image).join();
}

/** Every Deployment has as many ready pods of its template as it asks for, and none of others. @public */
export const deploymentsConverge: Monitor<readonly string[]> = {
  name: 'convergence of Deployments',
  initial: [],
  step: (unseen, view) => ({ state: withUnseenPods(unseen, view) }),
  end: (unseen, view) => {
    for (const deployment of view.list('deployments.apps')) {
      if (isTerminating(deployment) || deployment['spec'].paused === true || isQuotaTight(view, deployment.metadata.namespace, 3)) continue;
      const found = owned(view, 'replicasets.apps', 'Deployment', deployment).some(({ metadata }) => unseen.includes(metadata.uid ?? '')) ? undefined : judged(view, deployment);
      if (found !== undefined) return found;
    }
    return undefined;
  },
};

function judged(view: MonitorView, deployment: KubeObject): string | undefined {
  const key = keyOf(deployment);
  const sets = owned(view, 'replicasets.apps', 'Deployment', deployment).filter((set) => !isTerminating(set)).map((set) => atRestOf(view, set));
  const replicas = (deployment['spec'].replicas as number | undefined) ?? 1;
  const current = sets.filter(({ set }) => imagesOf(set) === imagesOf(deployment)).sort((a, b) => b.asked - a.asked)[0];
  if (current === undefined) return `at rest Deployment ${key} has no ReplicaSet of its template`;
  const olds = sets.filter((each) => each !== current && each.asked > 0);
  const all = sets.flatMap(({ pods }) => pods);
  const healthy = sets.reduce((sum, each) => sum + each.healthy, 0);
  const unready = all.find((pod) => !isHealthy(pod) && !isHindered(view, pod));
  if (unready !== undefined) return `at rest ${keyOf(unready)} is not ready`;
  if (healthy === all.length) {
    if (olds.length > 0) return `at rest ${olds.length + 1} ReplicaSets of ${key} ask for pods: ${[current, ...olds].map(({ set }) => set.metadata.name ?? '').join(', ')}`;
    return all.length === replicas ? undefined : `at rest Deployment ${key} has ${all.length} pods, all of them ready, where ${replicas} are asked for`;
  }
  const asked = sets.reduce((sum, each) => sum + each.asked, 0);
  if (deployment['spec'].strategy?.type === 'Recreate') {
    if (olds.length > 0) return `at rest ReplicaSet ${olds[0]?.set.metadata.name ?? ''} asks for pods although ${key} recreates them`;
    return current.asked === replicas ? undefined : `at rest Deployment ${key} asks for ${current.asked} pods of its template where it could for ${replicas}`;
  }
  const { least, most } = boundsOf(deployment);
  if (current.asked < replicas && asked < most) return `at rest Deployment ${key} asks for ${current.asked} pods of its template where it could for ${Math.min(replicas, current.asked + most - asked)}`;
  // Upstream: reconcileOldReplicaSets in pkg/controller/deployment/rolling.go (1.37).
  const spare = asked - least - (current.asked - current.healthy);
  const isOldBroken = olds.some((each) => each.healthy < each.asked);
  if (olds.length > 0 && spare > 0 && (isOldBroken || healthy > least)) return `at rest Deployment ${key} keeps ${asked - current.asked} old pods, and ${spare} of them may go`;
  return undefined;
}
