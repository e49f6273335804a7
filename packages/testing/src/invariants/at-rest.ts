// Invariants of the state at rest, whatever the workload: what everything must have come to when nothing is left to do.
import type { Monitor, MonitorView } from '../explorer/monitor.ts';
import { atRest } from '../properties/monitor.ts';
import { hasCondition, hasEnded, isReady, isTerminating, keyOf, withUnseenPods } from './facts.ts';
import { hasEnoughAvailable, isOnLostNode, isQuotaTight, owned, revisionOf } from './hindrances.ts';

/** Every ReplicaSet has as many pods as it asks for. @public */
export const replicaSetsConverge: Monitor<readonly string[]> = {
  name: 'convergence of ReplicaSets',
  initial: [],
  step: (unseen, view) => ({ state: withUnseenPods(unseen, view) }),
  end: (unseen, view) => {
    for (const set of view.list('replicasets.apps')) {
      const pods = owned(view, 'pods', 'ReplicaSet', set).filter((pod) => !hasEnded(pod) && !isTerminating(pod));
      if (isTerminating(set) || unseen.includes(set.metadata.uid ?? '') || isQuotaTight(view, set.metadata.namespace, 2)) continue;
      const replicas = (set['spec'].replicas as number | undefined) ?? 1;
      if (pods.length !== replicas) return `at rest ReplicaSet ${keyOf(set)} has ${pods.length} pods where ${replicas} are asked for`;
    }
    return undefined;
  },
};

/** Sets keep no more revisions than their limit, beside those that are current or that pods are at. @public */
export const historyIsTrimmed: Monitor<null> = atRest('history is trimmed', (view) => {
  for (const set of view.list('statefulsets.apps')) {
    if (isTerminating(set)) continue;
    const live = new Set([set['status']?.currentRevision as string | undefined, set['status']?.updateRevision as string | undefined, ...owned(view, 'pods', 'StatefulSet', set).map(revisionOf)]);
    const old = owned(view, 'controllerrevisions.apps', 'StatefulSet', set).filter(({ metadata }) => !live.has(metadata.name));
    const limit = (set['spec'].revisionHistoryLimit as number | undefined) ?? 10;
    if (old.length > limit) return `StatefulSet ${keyOf(set)} keeps ${old.length} old revisions where ${limit} may be`;
  }
  return undefined;
});

/** The counts of every status are those of what is there, and speak of the spec as it is. @public */
export const statusEqualsRecount: Monitor<null> = atRest('status equals recount', (view) => {
  for (const [resource, kind] of [['statefulsets.apps', 'StatefulSet'], ['replicasets.apps', 'ReplicaSet']] as const) {
    for (const workload of view.list(resource)) {
      if (isTerminating(workload)) continue;
      const all = owned(view, 'pods', kind, workload);
      const pods = kind === 'ReplicaSet' ? all.filter((pod) => !isTerminating(pod) && pod['status']?.phase !== 'Failed' && pod['status']?.phase !== 'Succeeded') : all;
      const status = (workload['status'] ?? {}) as Readonly<Record<string, number | string>>;
      const counted: Record<string, number> = { replicas: pods.length, readyReplicas: pods.filter(isReady).length };
      if (kind === 'StatefulSet' && workload['spec'].updateStrategy?.type !== 'OnDelete') counted['updatedReplicas'] = pods.filter((pod) => revisionOf(pod) === status['updateRevision'] && !isTerminating(pod)).length;
      if (((workload['spec'].minReadySeconds as number | undefined) ?? 0) > 0 && counted['readyReplicas'] === pods.length && !hasEnoughAvailable(workload)) counted['availableReplicas'] = pods.length;
      const wrong = Object.keys(counted).find((field) => (status[field] ?? 0) !== counted[field]);
      if (wrong !== undefined) return `status.${wrong} of ${keyOf(workload)} is ${status[wrong] ?? 0} where ${counted[wrong] ?? 0} are there`;
      if (status['observedGeneration'] !== workload.metadata.generation) return `the status of ${keyOf(workload)} observes generation ${status['observedGeneration'] ?? 0}, and it is at ${workload.metadata.generation ?? 0}`;
    }
  }
  for (const deployment of view.list('deployments.apps')) {
    const sets = owned(view, 'replicasets.apps', 'Deployment', deployment);
    const sum = (field: string): number => sets.reduce((total, set) => total + ((set['status']?.[field] as number | undefined) ?? 0), 0);
    for (const field of ['replicas', 'readyReplicas', 'availableReplicas']) {
      const said = (deployment['status']?.[field] as number | undefined) ?? 0;
      if (said !== sum(field)) return `status.${field} of ${keyOf(deployment)} is ${said} where its ReplicaSets say ${sum(field)}`;
    }
  }
  return undefined;
});

/** Names of the custom resources that are known, by kind. */
function customResources(view: MonitorView): ReadonlyMap<string, string> {
  return new Map(view.list('customresourcedefinitions.apiextensions.k8s.io').map((definition) => [definition['spec'].names.kind as string, definition.metadata.name ?? '']));
}

const RESOURCES = ['pods', 'replicasets.apps', 'controllerrevisions.apps', 'persistentvolumeclaims', 'configmaps', 'services', 'secrets', 'endpointslices.discovery.k8s.io', 'jobs.batch'];
const OWNERS: Readonly<Record<string, string>> = { StatefulSet: 'statefulsets.apps', Deployment: 'deployments.apps', ReplicaSet: 'replicasets.apps', ConfigMap: 'configmaps', Service: 'services', Job: 'jobs.batch', PersistentVolumeClaim: 'persistentvolumeclaims', Pod: 'pods' };

/** Nothing outlives all its owners: what names only owners that are gone is gone too. @public */
export const nothingLeaks: Monitor<null> = atRest('nothing leaked after its owner', (view) => {
  const uids = new Map<string, ReadonlySet<string>>();
  const custom = customResources(view);
  const isThere = (kind: string, uid: string): boolean => {
    const resource = OWNERS[kind] ?? custom.get(kind);
    if (resource === undefined) return true;
    let known = uids.get(resource);
    if (known === undefined) uids.set(resource, known = new Set(view.list(resource).map(({ metadata }) => metadata.uid ?? '')));
    return known.has(uid);
  };
  for (const resource of [...RESOURCES, ...custom.values()]) {
    for (const object of view.list(resource)) {
      const owners = object.metadata.ownerReferences ?? [];
      const isStuck = resource === 'pods' && isTerminating(object) && isOnLostNode(view, object);
      if (owners.length > 0 && !isStuck && owners.every(({ kind, uid }) => !isThere(kind, uid))) return `${object.kind ?? resource} ${keyOf(object)} is there although its owner ${owners[0]?.name ?? ''} is gone`;
    }
  }
  return undefined;
});

/** What is being deleted goes: a pod unless its node is lost, an owner unless such a pod is in its way. Claims have a rule of their own. @public */
export const deletionsEnd: Monitor<null> = atRest('deletions end', (view) => {
  const isBlocked = view.list('pods').some((pod) => isTerminating(pod) && isOnLostNode(view, pod));
  for (const resource of ['pods', 'statefulsets.apps', 'deployments.apps', 'replicasets.apps', 'jobs.batch', 'controllerrevisions.apps', 'services', 'configmaps', 'secrets', ...customResources(view).values()]) {
    for (const object of view.list(resource)) {
      if (!isTerminating(object) || (resource === 'pods' ? isOnLostNode(view, object) : isBlocked)) continue;
      const { finalizers = [] } = object.metadata;
      return `${object.kind ?? resource} ${keyOf(object)} is still being deleted${finalizers.length === 0 ? '' : `, held by ${finalizers.join(', ')}`}`;
    }
  }
  return undefined;
});

/** Every claim of a running pod is bound, and nothing that is being deleted waits for ever. @public */
export const claimsConverge: Monitor<null> = atRest('convergence of claims', (view) => {
  for (const claim of view.list('persistentvolumeclaims')) {
    const isUsed = view.list('pods', claim.metadata.namespace).some((pod) => ((pod['spec'].volumes ?? []) as readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[]).some((volume) => volume.persistentVolumeClaim?.claimName === claim.metadata.name));
    if (isTerminating(claim) && !isUsed) return `claim ${keyOf(claim)} is being deleted, and nothing uses it`;
    if (!isTerminating(claim) && claim['status']?.phase !== 'Bound' && claim['spec'].storageClassName === 'standard') return `claim ${keyOf(claim)} is ${String(claim['status']?.phase)}`;
  }
  for (const volume of view.list('persistentvolumes')) {
    const ref = volume['spec'].claimRef as { readonly namespace?: string; readonly name?: string; readonly uid?: string } | undefined;
    const claim = ref === undefined ? undefined : view.get('persistentvolumeclaims', `${ref.namespace ?? ''}/${ref.name ?? ''}`);
    if (ref !== undefined && claim?.metadata.uid !== ref.uid && volume['spec'].persistentVolumeReclaimPolicy === 'Delete') return `volume ${volume.metadata.name ?? ''} is there although its claim ${ref.name ?? ''} is gone`;
  }
  return undefined;
});

/** Every pod that asks for a place has one, if any node could hold it: none waits while a node stands empty. @public */
export const podsFindPlaces: Monitor<null> = atRest('pods find places', (view) => {
  const waiting = view.list('pods').filter((pod) => pod['spec'].nodeName === undefined && !isTerminating(pod) && ((pod['spec'].schedulingGates ?? []) as readonly object[]).length === 0);
  if (waiting.length === 0) return undefined;
  const open = view.list('nodes').filter((node) => hasCondition(node, 'Ready') && node['spec']?.unschedulable !== true && ((node['spec']?.taints ?? []) as readonly object[]).length === 0);
  const empty = open.find((node) => !view.list('pods').some((pod) => pod['spec'].nodeName === node.metadata.name));
  const simple = waiting.find((pod) => pod['spec'].affinity === undefined && pod['spec'].nodeSelector === undefined && ((pod['spec'].volumes ?? []) as readonly { readonly persistentVolumeClaim?: object }[]).every((volume) => volume.persistentVolumeClaim === undefined));
  return empty === undefined || simple === undefined ? undefined : `pod ${keyOf(simple)} waits although ${empty.metadata.name ?? ''} stands empty`;
});
