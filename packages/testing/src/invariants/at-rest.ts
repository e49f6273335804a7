// Invariants of the state at rest: what everything must have come to when nothing is left to do.
import type { KubeObject } from '@kubesim/api';
import type { Monitor, MonitorView } from '../explorer/monitor.ts';
import { atRest } from '../properties/monitor.ts';
import { hasCondition, isHealthy, isReady, isTerminating, keyOf, ordinalOf, ownerOf } from './facts.ts';

const revisionOf = (pod: KubeObject): string | undefined => pod.metadata.labels?.['controller-revision-hash'];

function owned(view: MonitorView, resource: string, kind: string, owner: KubeObject): readonly KubeObject[] {
  return view.list(resource, owner.metadata.namespace).filter((object) => ownerOf(object, kind)?.uid === owner.metadata.uid);
}

/** What keeps a pod from becoming ready that no controller can help: its image, its claim, its place, its node. */
function isHindered(view: MonitorView, pod: KubeObject): boolean {
  if (!hasCondition(pod, 'PodScheduled')) return true;
  const node = view.get('nodes', (pod['spec'].nodeName as string | undefined) ?? '');
  if (node === undefined || !hasCondition(node, 'Ready')) return true;
  const statuses = (pod['status']?.containerStatuses ?? []) as readonly { readonly restartCount?: number; readonly state?: { readonly waiting?: { readonly reason?: string } } }[];
  return statuses.some(({ state }) => ['ImagePullBackOff', 'ErrImagePull', 'CrashLoopBackOff', 'CreateContainerConfigError', 'InvalidImageName'].includes(state?.waiting?.reason ?? ''));
}

/** Whether a quota of pods lets a workload have so many; where it does not, pods are kept away rightly, and tried again ever more seldom. */
function isQuotaTight(view: MonitorView, namespace: string | undefined, need: number): boolean {
  return view.list('resourcequotas', namespace).some((quota) => Number((quota['spec'].hard as Readonly<Record<string, string>> | undefined)?.['pods'] ?? Infinity) < need + view.list('pods', namespace).length);
}

function failedTemplate(view: MonitorView, pods: readonly KubeObject[]): boolean {
  return pods.some((pod) => isHindered(view, pod));
}

/** Every StatefulSet has the pods that it asks for, of the ordinals that it asks for, ready; the update has reached the partition. @public */
export const statefulSetsConverge: Monitor<null> = atRest('convergence of StatefulSets', (view) => {
  for (const set of view.list('statefulsets.apps')) {
    const pods = owned(view, 'pods', 'StatefulSet', set);
    if (isTerminating(set)) return `StatefulSet ${keyOf(set)} is still being deleted`;
    if (failedTemplate(view, pods) || isQuotaTight(view, set.metadata.namespace, 2)) continue;
    const start = (set['spec'].ordinals?.start as number | undefined) ?? 0;
    const replicas = (set['spec'].replicas as number | undefined) ?? 1;
    const names = pods.map((pod) => pod.metadata.name ?? '').sort();
    const expected = Array.from({ length: replicas }, (_, index) => `${set.metadata.name ?? ''}-${start + index}`).sort();
    if (names.join() !== expected.join()) return `at rest the pods of ${keyOf(set)} are [${names.join(', ')}] where [${expected.join(', ')}] are asked for`;
    const unready = pods.find((pod) => !isHealthy(pod));
    if (unready !== undefined) return `at rest ${keyOf(unready)} is not ready`;
    const strategy = set['spec'].updateStrategy ?? {};
    if (strategy.type === 'OnDelete') continue;
    const partition = (strategy.rollingUpdate?.partition as number | undefined) ?? 0;
    const stale = pods.find((pod) => ordinalOf(pod.metadata.name ?? '') >= start + partition && revisionOf(pod) !== set['status']?.updateRevision);
    if (stale !== undefined) return `at rest ${keyOf(stale)} is not at the update revision`;
  }
  return undefined;
});

/** Every Deployment has as many ready pods of its template as it asks for, and none of others. @public */
export const deploymentsConverge: Monitor<null> = atRest('convergence of Deployments', (view) => {
  for (const deployment of view.list('deployments.apps')) {
    if (isTerminating(deployment)) return `Deployment ${keyOf(deployment)} is still being deleted`;
    const sets = owned(view, 'replicasets.apps', 'Deployment', deployment);
    const pods = sets.flatMap((set) => owned(view, 'pods', 'ReplicaSet', set)).filter((pod) => pod['status']?.phase !== 'Failed' && pod['status']?.phase !== 'Succeeded');
    if (deployment['spec'].paused === true || failedTemplate(view, pods) || isQuotaTight(view, deployment.metadata.namespace, 3)) continue;
    const replicas = (deployment['spec'].replicas as number | undefined) ?? 1;
    const ready = pods.filter(isHealthy).length;
    if (pods.length !== replicas || ready !== replicas) return `at rest Deployment ${keyOf(deployment)} has ${pods.length} pods, ${ready} of them ready, where ${replicas} are asked for`;
    const asking = sets.filter((set) => ((set['spec'].replicas as number | undefined) ?? 1) > 0);
    if (asking.length > 1) return `at rest ${asking.length} ReplicaSets of ${keyOf(deployment)} ask for pods: ${asking.map(({ metadata }) => metadata.name ?? '').join(', ')}`;
    const current = asking[0];
    if (current === undefined) continue;
    const wanted = JSON.stringify(imagesOf(deployment));
    if (JSON.stringify(imagesOf(current)) !== wanted) return `at rest Deployment ${keyOf(deployment)} runs ${JSON.stringify(imagesOf(current))} where ${wanted} is asked for`;
  }
  return undefined;
});

function imagesOf(workload: KubeObject): readonly string[] {
  return ((workload['spec'].template?.spec?.containers ?? []) as readonly { readonly image: string }[]).map(({ image }) => image);
}

/** Every ReplicaSet has as many pods as it asks for. @public */
export const replicaSetsConverge: Monitor<null> = atRest('convergence of ReplicaSets', (view) => {
  for (const set of view.list('replicasets.apps')) {
    const pods = owned(view, 'pods', 'ReplicaSet', set).filter((pod) => pod['status']?.phase !== 'Failed' && pod['status']?.phase !== 'Succeeded');
    if (isTerminating(set) || failedTemplate(view, pods) || isQuotaTight(view, set.metadata.namespace, 2)) continue;
    const replicas = (set['spec'].replicas as number | undefined) ?? 1;
    if (pods.length !== replicas) return `at rest ReplicaSet ${keyOf(set)} has ${pods.length} pods where ${replicas} are asked for`;
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
      if (((workload['spec'].minReadySeconds as number | undefined) ?? 0) > 0 && counted['readyReplicas'] === pods.length) counted['availableReplicas'] = pods.length;
      if (kind === 'StatefulSet' && failedTemplate(view, pods)) continue;
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

const RESOURCES = ['pods', 'replicasets.apps', 'controllerrevisions.apps', 'persistentvolumeclaims', 'configmaps', 'services', 'secrets', 'endpointslices.discovery.k8s.io', 'jobs.batch'];
const OWNERS: Readonly<Record<string, string>> = { StatefulSet: 'statefulsets.apps', Deployment: 'deployments.apps', ReplicaSet: 'replicasets.apps', ConfigMap: 'configmaps', Service: 'services', Job: 'jobs.batch', PersistentVolumeClaim: 'persistentvolumeclaims', Pod: 'pods' };

/** Nothing outlives all its owners: what names only owners that are gone is gone too. @public */
export const nothingLeaks: Monitor<null> = atRest('nothing leaked after its owner', (view) => {
  const uids = new Map<string, ReadonlySet<string>>();
  const isThere = (kind: string, uid: string): boolean => {
    const resource = OWNERS[kind];
    if (resource === undefined) return true;
    let known = uids.get(resource);
    if (known === undefined) uids.set(resource, known = new Set(view.list(resource).map(({ metadata }) => metadata.uid ?? '')));
    return known.has(uid);
  };
  for (const resource of RESOURCES) {
    for (const object of view.list(resource)) {
      const owners = object.metadata.ownerReferences ?? [];
      const stuckOnNode = resource === 'pods' && isTerminating(object) && isHindered(view, object);
      if (owners.length > 0 && !stuckOnNode && owners.every(({ kind, uid }) => !isThere(kind, uid))) return `${object.kind ?? resource} ${keyOf(object)} is there although its owner ${owners[0]?.name ?? ''} is gone`;
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
