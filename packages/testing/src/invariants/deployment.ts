// Invariants of Deployments, ReplicaSets and budgets while they run.
import type { KubeObject } from '@kubesim/api';
import type { Monitor, MonitorView } from '../explorer/monitor.ts';
import { stateless } from '../properties/monitor.ts';
import { beside, hasCondition, hasEnded, isHealthy, isReady, isTerminating, keyOf, mapValues, ownerOf, recent, scaled, selects, startsDeletion } from './facts.ts';

const REACTION_MS = 2_000;
/** Where a scale is lowered or a template changed, controllers work on for a while from what was. */
const SPEC_MS = 15_000;

/** A Deployment's name of a ReplicaSet or of a pod's ReplicaSet. */
function deploymentOf(view: MonitorView, object: KubeObject): KubeObject | undefined {
  const set = object.kind === 'ReplicaSet' ? object : view.get('replicasets.apps', beside(object, ownerOf(object, 'ReplicaSet')?.name ?? ''));
  const owner = set === undefined ? undefined : ownerOf(set, 'Deployment');
  const deployment = owner === undefined ? undefined : view.get('deployments.apps', beside(object, owner.name));
  return deployment?.metadata.uid === owner?.uid ? deployment : undefined;
}

function replicaSetsOf(view: MonitorView, deployment: KubeObject): readonly KubeObject[] {
  return view.list('replicasets.apps', deployment.metadata.namespace).filter((set) => ownerOf(set, 'Deployment')?.uid === deployment.metadata.uid);
}

function podsOf(view: MonitorView, deployment: KubeObject): readonly KubeObject[] {
  const uids = new Set(replicaSetsOf(view, deployment).map((set) => set.metadata.uid));
  return view.list('pods', deployment.metadata.namespace).filter((pod) => uids.has(ownerOf(pod, 'ReplicaSet')?.uid));
}

interface FloorRecord { readonly healthy: number; readonly atLeastAt: Readonly<Record<number, number>>; readonly specAt: number }

/** What a rolling update lets a Deployment have: so few healthy pods, so many that are not on their way out. @internal */
export function boundsOf(deployment: KubeObject): { readonly least: number; readonly most: number } {
  const replicas = (deployment['spec'].replicas as number | undefined) ?? 1;
  const rolling = (deployment['spec'].strategy?.rollingUpdate ?? {}) as { readonly maxUnavailable?: number | string; readonly maxSurge?: number | string };
  const surge = scaled(rolling.maxSurge, replicas, 'up', 1);
  const away = scaled(rolling.maxUnavailable, replicas, 'down', 1);
  // Upstream: ResolveFenceposts. Of both at 0 one pod may be away.
  return { least: replicas - (surge === 0 && away === 0 ? 1 : away), most: replicas + surge };
}

/** A rolling update of a Deployment deletes no healthy pod where that leaves fewer than replicas − maxUnavailable. @public */
export const availabilityFloor: Monitor<Readonly<Record<string, FloorRecord>>> = {
  name: 'availability floor',
  initial: {},
  identity: (state, { now, staleMs }) => mapValues(state, ({ healthy, atLeastAt, specAt }) => ({
    healthy, atLeastAt: recent(atLeastAt, now, staleMs + REACTION_MS, (count) => Number(count) > healthy), specAt: now - specAt < SPEC_MS ? specAt : 0,
  })),
  step: (state, view) => {
    let next = state;
    for (const change of view.changes) {
      if (change.resource === 'deployments.apps') {
        // A new template leaves the bounds as they are.
        if (change.before === undefined || boundsText(change.before) !== boundsText(change.after)) next = { ...next, [change.after.metadata.uid ?? '']: { ...(next[change.after.metadata.uid ?? ''] ?? { healthy: 0, atLeastAt: {} }), specAt: view.now } };
        continue;
      }
      if (change.resource !== 'pods') continue;
      const deployment = deploymentOf(view, change.after);
      if (deployment === undefined) continue;
      const uid = deployment.metadata.uid ?? '';
      const old = next[uid] ?? { healthy: 0, atLeastAt: {}, specAt: view.now };
      const atLeastAt: Record<number, number> = { ...old.atLeastAt };
      for (let count = 0; count <= old.healthy; count++) atLeastAt[count] = view.now;
      const healthy = podsOf(view, deployment).filter(isHealthy).length;
      next = { ...next, [uid]: { healthy, atLeastAt, specAt: old.specAt } };
      const isRolling = deployment['spec'].strategy?.type === 'RollingUpdate' && !isTerminating(deployment);
      if (view.byUser === true || !isRolling || !startsDeletion(change) || change.before === undefined || !isReady(change.before) || hasCondition(change.after, 'DisruptionTarget')) continue;
      const { least } = boundsOf(deployment);
      if (healthy >= least || view.now - old.specAt < SPEC_MS || hasNoReadyNode(view, change.after)) continue;
      const at = atLeastAt[least + 1];
      if (at !== undefined && view.now - at <= (view.staleMs ?? 0) + REACTION_MS) continue;
      return { violation: `pod ${keyOf(change.after)} was deleted, which leaves ${healthy} healthy pods where the rollout of ${keyOf(deployment)} must keep ${least}` };
    }
    return { state: next };
  },
};

function boundsText(deployment: KubeObject): string {
  return JSON.stringify([boundsOf(deployment), deployment['spec'].strategy?.type]);
}

/** Not scheduled, or on a node that is gone or not ready: nobody counted on it. */
function hasNoReadyNode(view: MonitorView, pod: KubeObject): boolean {
  const node = pod['spec'].nodeName === undefined ? undefined : view.get('nodes', pod['spec'].nodeName as string);
  return node === undefined || !hasCondition(node, 'Ready');
}

/** The ReplicaSets of a Deployment ask for no more than replicas + maxSurge, once a change of its spec is digested. @public */
export const surgeCeiling: Monitor<Readonly<Record<string, number>>> = {
  name: 'surge ceiling',
  initial: {},
  identity: (state, { now, staleMs }) => recent(state, now, SPEC_MS + staleMs),
  step: (state, view) => {
    let next = state;
    for (const { resource, type, before, after } of view.changes) {
      if (resource === 'deployments.apps' && before?.metadata.generation !== after.metadata.generation) next = { ...next, [after.metadata.uid ?? '']: view.now };
      if (resource !== 'replicasets.apps' || type === 'DELETED' || view.byUser === true) continue;
      const was = (before?.['spec'].replicas as number | undefined) ?? 0;
      const is = (after['spec'].replicas as number | undefined) ?? 1;
      const deployment = is > was ? deploymentOf(view, after) : undefined;
      if (deployment === undefined || view.now - (next[deployment.metadata.uid ?? ''] ?? 0) < SPEC_MS + (view.staleMs ?? 0)) continue;
      const asked = replicaSetsOf(view, deployment).reduce((sum, set) => sum + ((set['spec'].replicas as number | undefined) ?? 1), 0);
      const { most } = boundsOf(deployment);
      if (asked > most) return { violation: `the ReplicaSets of ${keyOf(deployment)} ask for ${asked} pods, and ${most} may be` };
    }
    return { state: next };
  },
};

/** Recreate makes no pod while one of another template is there that has not ended. Upstream: oldPodsRunning in recreate.go (1.37). @public */
export const recreationInOrder: Monitor<Readonly<Record<string, number>>> = {
  name: 'recreation in order',
  initial: {},
  step: (addedAt, view) => {
    let next = addedAt;
    for (const { resource, type, after } of view.changes) {
      if (resource !== 'pods' || type !== 'ADDED') continue;
      const deployment = deploymentOf(view, after);
      if (deployment?.['spec'].strategy?.type !== 'Recreate') continue;
      next = { ...next, [after.metadata.uid ?? '']: view.now };
      const own = ownerOf(after, 'ReplicaSet')?.uid;
      // One that was made just now may not be seen yet.
      const old = podsOf(view, deployment).find((pod) => ownerOf(pod, 'ReplicaSet')?.uid !== own && !hasEnded(pod) && view.now - (next[pod.metadata.uid ?? ''] ?? 0) > (view.staleMs ?? 0) + REACTION_MS);
      if (old !== undefined && view.byUser !== true) return { violation: `pod ${keyOf(after)} was created while ${keyOf(old)} of an old template was there` };
    }
    return { state: next };
  },
};

/**
 * A ReplicaSet that has pods is not deleted while its Deployment is there, nor the update revision of a StatefulSet: but for one that has only just become so,
 * for a sync that cannot settle the revisions, its cache of them being behind, trims history as if none was in use. Upstream: UpdateStatefulSet and
 * truncateHistory in stateful_set_control.go (1.37). @public
 */
export const historyKeepsWhatRuns: Monitor<Readonly<Record<string, number>>> = {
  name: 'history keeps what runs',
  initial: {},
  identity: (state, { now, staleMs }) => recent(state, now, staleMs + REACTION_MS),
  step: (updateAt, view) => {
    let next = updateAt;
    for (const { resource, before, after } of view.changes) {
      if (resource === 'statefulsets.apps' && before?.['status']?.updateRevision !== after['status']?.updateRevision) next = { ...next, [after.metadata.uid ?? '']: view.now };
    }
    const violation = lostHistory(view, next);
    return violation === undefined ? { state: next } : { violation };
  },
};

function lostHistory(view: MonitorView, updateAt: Readonly<Record<string, number>>): string | undefined {
  for (const change of view.changes) {
    if (view.byUser === true || !startsDeletion(change)) continue;
    const namespace = view.get('namespaces', change.after.metadata.namespace ?? '');
    if (namespace !== undefined && isTerminating(namespace)) continue;
    if (change.resource === 'replicasets.apps') {
      const deployment = deploymentOf(view, change.after);
      if (deployment === undefined || isTerminating(deployment)) continue;
      const running = view.list('pods', change.after.metadata.namespace).find((pod) => ownerOf(pod, 'ReplicaSet')?.uid === change.after.metadata.uid && !isTerminating(pod) && !hasEnded(pod));
      if (running !== undefined && ((change.after['spec'].replicas as number | undefined) ?? 1) > 0) return `ReplicaSet ${keyOf(change.after)} was deleted while pod ${keyOf(running)} of it runs`;
    }
    if (change.resource === 'controllerrevisions.apps') {
      const owner = ownerOf(change.after, 'StatefulSet');
      const set = owner === undefined ? undefined : view.get('statefulsets.apps', beside(change.after, owner.name));
      if (set === undefined || set.metadata.uid !== owner?.uid || isTerminating(set) || view.now - (updateAt[owner?.uid ?? ''] ?? 0) <= (view.staleMs ?? 0) + REACTION_MS) continue;
      // The status may be behind: only what it says of the spec as it is counts.
      if (set['status']?.observedGeneration === set.metadata.generation && set['status']?.updateRevision === change.after.metadata.name) return `revision ${change.after.metadata.name ?? ''} was deleted although it is the update revision of ${keyOf(set)}`;
    }
  }
  return undefined;
}

/** No pod has two controllers, and none is taken from a controller that is there. @public */
export const oneControllerAnObject: Monitor<null> = stateless('one controller an object', (view) => {
  for (const { resource, type, before, after } of view.changes) {
    const controllers = (after.metadata.ownerReferences ?? []).filter(({ controller }) => controller === true);
    if (controllers.length > 1) return `${keyOf(after)} has two controllers, ${controllers.map(({ name }) => name).join(' and ')}`;
    // A claim goes over from its set to its pod where it is to be deleted with that.
    if (type !== 'MODIFIED' || before === undefined || resource === 'persistentvolumeclaims') continue;
    const was = (before.metadata.ownerReferences ?? []).find(({ controller }) => controller === true);
    if (was !== undefined && controllers[0] !== undefined && controllers[0].uid !== was.uid) return `${keyOf(after)} was taken from ${was.name} by ${controllers[0].name}`;
  }
  return undefined;
});

/** An eviction leaves a budget's minimum, by what the store showed within the reaction time of its controller. @public */
export const budgetIsKept: Monitor<Readonly<Record<string, { readonly healthy: number; readonly at: Readonly<Record<number, number>> }>>> = {
  name: 'budget is kept',
  initial: {},
  identity: (state, { now, staleMs }) => mapValues(state, ({ healthy, at }) => ({ healthy, at: recent(at, now, staleMs + REACTION_MS, (count) => Number(count) > healthy) })),
  step: (state, view) => {
    let next = state;
    for (const change of view.changes) {
      if (change.resource !== 'pods') continue;
      for (const budget of view.list('poddisruptionbudgets.policy', change.after.metadata.namespace)) {
        if (!selects(budget['spec'].selector as { readonly matchLabels?: Readonly<Record<string, string>> }, change.after)) continue;
        const uid = budget.metadata.uid ?? '';
        const old = next[uid] ?? { healthy: 0, at: {} };
        const at: Record<number, number> = { ...old.at };
        for (let count = 0; count <= old.healthy; count++) at[count] = view.now;
        const healthy = view.list('pods', change.after.metadata.namespace).filter((pod) => isHealthy(pod) && selects(budget['spec'].selector as { readonly matchLabels?: Readonly<Record<string, string>> }, pod)).length;
        next = { ...next, [uid]: { healthy, at } };
        const conditions = (change.after['status']?.conditions ?? []) as readonly { readonly type: string; readonly reason?: string }[];
        const isEviction = startsDeletion(change) && change.before !== undefined && isReady(change.before) && conditions.some(({ type, reason }) => type === 'DisruptionTarget' && reason === 'EvictionByEvictionAPI');
        const least = budget['spec'].minAvailable as number | string | undefined;
        if (!isEviction || typeof least !== 'number' || healthy >= least) continue;
        const seen = at[least + 1];
        if (seen !== undefined && view.now - seen <= (view.staleMs ?? 0) + REACTION_MS) continue;
        return { violation: `pod ${keyOf(change.after)} was evicted, which leaves ${healthy} healthy pods where budget ${keyOf(budget)} keeps ${least}` };
      }
    }
    return { state: next };
  },
};
