// What the state of the cluster says of an object that is not as it should be, rule by rule. Each rule names the object and the
// condition that blocks, since when, and what would change it; tests remove what is named and see the thing proceed.
import type { KubeObject, Pod, PodDisruptionBudget, StatefulSet } from '@kubesim/api';
import { parseTime } from '@kubesim/api';
import { compileSelector } from '@kubesim/client';
import { formatDuration } from '../duration.ts';
import type { StatedReason } from '../settings.ts';

/** What an explanation may look at. @internal */
export interface ExplainSource {
  readonly now: number;
  get(kind: string, namespace: string, name: string): KubeObject | undefined;
  list(resource: string, namespace: string): readonly KubeObject[];
  /** What components said of a subject last. */
  said(subject: string): readonly StatedReason[];
  /** The error with which a controller's work on a key ended last, if it did. */
  failure(controller: string, key: string): { readonly error: string; readonly since: number } | undefined;
  /** Profiles that schedule pods. */
  readonly schedulerNames: readonly string[];
}

/** A reason with what would change it. @internal */
export interface StateReason extends StatedReason {
  readonly change: string;
}

/** The reasons that the state gives. @internal */
export function stateReasons(source: ExplainSource, kind: string, namespace: string, name: string, object: KubeObject | undefined): readonly StateReason[] {
  const reasons: StateReason[] = [];
  if (object === undefined) return kind === 'pod' ? missingPod(source, namespace, name) : [];
  reasons.push(...deletion(source, kind, object));
  if (kind === 'pod') reasons.push(...podReasons(source, object as Pod));
  if (WORKERS[kind] !== undefined) reasons.push(...workloadReasons(source, kind, object));
  if (kind === 'persistentvolumeclaim') reasons.push(...claimReasons(source, object));
  if (kind === 'node') reasons.push(...nodeReasons(source, object));
  return reasons;
}

/** Controllers that make the pods of a workload. */
const WORKERS: Readonly<Record<string, string>> = {
  statefulset: 'statefulset-controller', deployment: 'deployment-controller', replicaset: 'replicaset-controller', daemonset: 'daemonset-controller', job: 'job-controller',
};

/** Not created: the pod of a StatefulSet that is not there. */
function missingPod(source: ExplainSource, namespace: string, name: string): readonly StateReason[] {
  const [, owner, ordinalText] = /^(.*)-(\d+)$/.exec(name) ?? [];
  const set = owner === undefined ? undefined : source.get('statefulset', namespace, owner) as StatefulSet | undefined;
  if (set === undefined) return [];
  const ordinal = Number(ordinalText);
  const start = set.spec.ordinals?.start ?? 0;
  const replicas = set.spec.replicas ?? 1;
  const blockedBy = `statefulset/${owner}`;
  const state = { source: 'state', since: source.now };
  if (ordinal < start || ordinal >= start + replicas) {
    return [{ ...state, rule: 'not asked for', message: `is not created: ${blockedBy} asks for ordinals ${start} to ${start + replicas - 1}`, change: `scale ${blockedBy} to at least ${ordinal - start + 1}` }];
  }
  return [{ ...state, rule: 'not created', message: `is not created: ${blockedBy} did not come to it`, blockedBy, change: `what keeps ${blockedBy} back` }];
}

/** Not deleted: what keeps an object that is told to go. */
function deletion(source: ExplainSource, kind: string, object: KubeObject): readonly StateReason[] {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined) return [];
  const grace = (object.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
  const since = (parseTime(deletionTimestamp) ?? source.now) - grace;
  const reasons = finalizers.map((finalizer): StateReason => ({
    source: 'state', since, rule: 'finalizer', message: `is told to go since ${formatDuration(source.now - since)} and stays while finalizer ${finalizer} is there`, change: `remove the finalizer ${finalizer}`,
  }));
  const node = kind === 'pod' ? object['spec']?.nodeName as string | undefined : undefined;
  if (node === undefined) return reasons;
  const readiness = readyCondition(source.get('node', '', node));
  if (readiness?.status !== 'True') {
    reasons.push({ source: 'state', since, rule: 'node unreachable', message: `is told to stop, and its node does not confirm it: node/${node} is not heard of`, blockedBy: `node/${node}`, change: `node/${node} comes back, or the pod is deleted with a grace of 0` });
  } else if (finalizers.length === 0) {
    reasons.push({ source: 'state', since, rule: 'grace', message: `is stopping: its containers have until ${deletionTimestamp}`, change: 'its containers end, or their grace does' });
  }
  return reasons;
}

function podReasons(source: ExplainSource, pod: Pod): readonly StateReason[] {
  const { spec, metadata } = pod;
  if (metadata.deletionTimestamp !== undefined) return [];
  if (spec.nodeName === undefined) return notScheduled(source, pod);
  const reasons = notReady(source, pod);
  const budgets = (source.list('poddisruptionbudgets.policy', metadata.namespace ?? '') as readonly PodDisruptionBudget[])
    .filter((budget) => (budget.status?.disruptionsAllowed ?? 0) === 0 && (compileSelector(budget.spec?.selector)?.(metadata.labels ?? {}) ?? false));
  return [...reasons, ...budgets.map((budget): StateReason => ({
    source: 'state', since: parseTime(budget.metadata.creationTimestamp ?? '') ?? source.now, rule: 'budget', blockedBy: `poddisruptionbudget/${budget.metadata.name}`,
    message: `may not be evicted: poddisruptionbudget/${budget.metadata.name} allows no disruption now (${budget.status?.currentHealthy ?? 0} healthy, ${budget.status?.desiredHealthy ?? 0} asked for)`,
    change: 'more healthy pods, or a budget that asks for fewer',
  }))];
}

function notScheduled(source: ExplainSource, pod: Pod): readonly StateReason[] {
  const created = parseTime(pod.metadata.creationTimestamp ?? '') ?? source.now;
  const { schedulerName = 'default-scheduler', schedulingGates = [] } = pod.spec;
  if (!source.schedulerNames.includes(schedulerName)) {
    return [{ source: 'state', since: created, rule: 'schedulerName', message: `is not scheduled: no scheduler is named ${schedulerName}`, change: `a profile named ${schedulerName}, or another spec.schedulerName` }];
  }
  if (schedulingGates.length > 0) {
    return [{ source: 'state', since: created, rule: 'schedulingGates', message: `is not scheduled: gated by ${schedulingGates.map((gate) => gate.name).join(', ')}`, change: 'its scheduling gates are removed' }];
  }
  const condition = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (condition?.status !== 'False') return [];
  return [
    { source: 'state', since: sinceOf(condition, created), rule: 'unschedulable', message: `is not scheduled: ${condition.message ?? condition.reason ?? ''}`, change: 'a node that fits, or a pod that asks for less' },
    ...unboundClaims(source, pod),
  ];
}

/** Claims that a pod waits for. */
function unboundClaims(source: ExplainSource, pod: Pod): readonly StateReason[] {
  return (pod.spec.volumes ?? []).flatMap((volume): readonly StateReason[] => {
    const name = volume.persistentVolumeClaim?.claimName;
    if (name === undefined) return [];
    const claim = source.get('persistentvolumeclaim', pod.metadata.namespace ?? '', name);
    if (claim?.['status']?.phase === 'Bound') return [];
    const message = claim === undefined ? `waits for persistentvolumeclaim/${name}, which does not exist` : `waits for persistentvolumeclaim/${name}, which is not bound`;
    return [{ source: 'state', since: source.now, rule: 'claim', message, blockedBy: `persistentvolumeclaim/${name}`, change: `persistentvolumeclaim/${name} is bound` }];
  });
}

function notReady(source: ExplainSource, pod: Pod): readonly StateReason[] {
  const { status, spec } = pod;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True' || status?.phase === 'Succeeded') return [];
  const created = parseTime(pod.metadata.creationTimestamp ?? '') ?? source.now;
  const since = sinceOf(ready, created);
  const base = { source: 'state', since };
  const node = readyCondition(source.get('node', '', spec.nodeName ?? ''));
  if (node?.status !== 'True') {
    return [{ ...base, rule: 'node', message: `is not ready: node/${spec.nodeName} is not heard of`, blockedBy: `node/${spec.nodeName}`, change: `node/${spec.nodeName} comes back` }];
  }
  const reasons: StateReason[] = [];
  for (const each of [...status?.initContainerStatuses ?? [], ...status?.containerStatuses ?? []]) {
    const { waiting, running, terminated } = each.state ?? {};
    const last = each.lastState?.terminated;
    const exit = last === undefined ? '' : `, it ended with ${last.reason ?? 'exit'} ${last.exitCode ?? ''} ${each.restartCount ?? 0} times`;
    if (waiting !== undefined && waiting.reason !== 'PodInitializing') {
      reasons.push({ ...base, rule: waiting.reason ?? 'waiting', message: `is not ready: container ${each.name} waits, ${waiting.reason ?? 'no reason given'}${waiting.message === undefined ? '' : `: ${waiting.message}`}${exit}`, change: `container ${each.name} starts and stays` });
    } else if (terminated !== undefined && (terminated.exitCode !== 0 || status?.phase === 'Failed')) {
      reasons.push({ ...base, rule: 'container ended', message: `is not ready: container ${each.name} ended with ${terminated.reason ?? ''} ${terminated.exitCode ?? ''}`, change: `container ${each.name} starts and stays` });
    } else if (running !== undefined && each.ready !== true) {
      const probe = each.started === false ? 'startup' : 'readiness';
      reasons.push({ ...base, rule: `${probe} probe`, message: `is not ready: the ${probe} probe of container ${each.name} fails since ${formatDuration(source.now - since)}`, change: `the ${probe} probe of container ${each.name} succeeds` });
    }
  }
  for (const gate of spec.readinessGates ?? []) {
    if (status?.conditions?.some(({ type, status: value }) => type === gate.conditionType && value === 'True') === true) continue;
    reasons.push({ ...base, rule: 'readinessGate', message: `is not ready: condition ${gate.conditionType} is not True`, change: `somebody sets condition ${gate.conditionType} to True` });
  }
  if (reasons.length > 0) return reasons;
  return [{ ...base, rule: 'starting', message: `is not ready: ${ready?.message ?? ready?.reason ?? 'its kubelet has not reported yet'}`, change: 'its kubelet starts its containers' }, ...unboundClaims(source, pod)];
}

/** Not created, not updated, rollout stuck: what keeps a workload from what it asks for. */
function workloadReasons(source: ExplainSource, kind: string, object: KubeObject): readonly StateReason[] {
  const { namespace = '', name = '' } = object.metadata;
  const reasons: StateReason[] = [];
  const failure = source.failure(WORKERS[kind] ?? '', `${namespace}/${name}`);
  if (failure !== undefined) reasons.push(refused(failure));
  const created = parseTime(object.metadata.creationTimestamp ?? '') ?? source.now;
  const { spec, status = {} } = object;
  if (kind === 'deployment') {
    if (spec.paused === true) reasons.push({ source: 'state', since: created, rule: 'paused', message: 'is paused: a new template is not rolled out', change: 'spec.paused is removed' });
    const progressing = (status.conditions as readonly Condition[] | undefined)?.find(({ type }) => type === 'Progressing');
    if (progressing?.status === 'False') {
      reasons.push({ source: 'state', since: sinceOf(progressing, created), rule: progressing.reason ?? 'Progressing', message: `does not progress: ${progressing.message ?? ''}`, ...newestSet(source, object), change: 'its new pods become available, or the rollout is undone' });
    }
  }
  if (kind === 'replicaset' || kind === 'daemonset' || kind === 'job') reasons.push(...unreadyPod(source, object, created));
  if (kind === 'statefulset') reasons.push(...heldBack(object as StatefulSet, created));
  return reasons;
}

/** An API error of a controller, and the quota that is behind it, if one is. */
function refused({ error, since }: { readonly error: string; readonly since: number }): StateReason {
  const quota = /exceeded quota: ([^,\s]+)/.exec(error)?.[1];
  if (quota !== undefined) return { source: 'state', since, rule: 'quota', message: `its pods are refused: ${error}`, blockedBy: `resourcequota/${quota}`, change: `resourcequota/${quota} allows more, or something that it counts goes` };
  return { source: 'state', since, rule: 'refused', message: `its controller cannot do what it wants: ${error}`, change: 'the API server takes the call' };
}

function newestSet(source: ExplainSource, deployment: KubeObject): { readonly blockedBy?: string } {
  const owned = source.list('replicasets.apps', deployment.metadata.namespace ?? '').filter((each) => isOwned(each, deployment));
  const revision = (each: KubeObject): number => Number(each.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0);
  const newest = owned.toSorted((a, b) => revision(b) - revision(a))[0];
  return newest === undefined ? {} : { blockedBy: `replicaset/${newest.metadata.name}` };
}

/** The first pod of a workload that is not ready: what its rollout waits for. */
function unreadyPod(source: ExplainSource, owner: KubeObject, since: number): readonly StateReason[] {
  const pod = source.list('pods', owner.metadata.namespace ?? '').find((each) => isOwned(each, owner) && each['status']?.phase !== 'Succeeded' && readyCondition(each)?.status !== 'True');
  if (pod === undefined) return [];
  return [{ source: 'state', since: sinceOf(readyCondition(pod), since), rule: 'pod not ready', message: `pod/${pod.metadata.name} is not ready`, blockedBy: `pod/${pod.metadata.name}`, change: `pod/${pod.metadata.name} becomes ready` }];
}

/** Not updated: pods at another revision that the strategy leaves alone. */
function heldBack({ spec, status, metadata }: StatefulSet, since: number): readonly StateReason[] {
  const { currentRevision, updateRevision } = status ?? {};
  if (currentRevision === undefined || currentRevision === updateRevision) return [];
  const base = { source: 'state', since };
  if (spec.updateStrategy?.type === 'OnDelete') return [{ ...base, rule: 'OnDelete', message: `pods stay at ${currentRevision}: with OnDelete they are updated when they are deleted`, change: 'its pods are deleted' }];
  const partition = spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  if (partition === 0) return [];
  return [{ ...base, rule: 'partition', message: `pods below ${metadata.name}-${partition} stay at ${currentRevision}: the partition is ${partition}`, change: 'spec.updateStrategy.rollingUpdate.partition is lowered' }];
}

function claimReasons(source: ExplainSource, claim: KubeObject): readonly StateReason[] {
  if (claim['status']?.phase === 'Bound' || claim.metadata.deletionTimestamp !== undefined) return [];
  const since = parseTime(claim.metadata.creationTimestamp ?? '') ?? source.now;
  const className = claim['spec']?.storageClassName as string | undefined;
  const storageClass = className === undefined ? undefined : source.get('storageclass', '', className);
  const base = { source: 'state', since };
  if (className !== undefined && className !== '' && storageClass === undefined) {
    return [{ ...base, rule: 'storage class', message: `is not bound: there is no StorageClass ${className}`, blockedBy: `storageclass/${className}`, change: `StorageClass ${className} is made` }];
  }
  if (storageClass?.['volumeBindingMode'] === 'WaitForFirstConsumer') return [{ ...base, rule: 'WaitForFirstConsumer', message: `is not bound: StorageClass ${className} waits for a pod that uses the claim`, change: 'a pod that uses it is scheduled' }];
  if (className === undefined || className === '') return [{ ...base, rule: 'no volume', message: 'is not bound: it names no StorageClass, and no PersistentVolume fits', change: 'a PersistentVolume that fits is made' }];
  return [];
}

function nodeReasons(source: ExplainSource, node: KubeObject): readonly StateReason[] {
  const ready = readyCondition(node);
  if (ready === undefined || ready.status === 'True') return [];
  return [{ source: 'state', since: sinceOf(ready, source.now), rule: ready.reason ?? 'not ready', message: `is not ready: ${ready.message ?? ''}`, change: 'its kubelet reaches the API server again' }];
}

interface Condition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

function readyCondition(object: KubeObject | undefined): Condition | undefined {
  return (object?.['status']?.conditions as readonly Condition[] | undefined)?.find(({ type }) => type === 'Ready');
}

function sinceOf(condition: Condition | undefined, otherwise: number): number {
  return parseTime(condition?.lastTransitionTime ?? '') ?? otherwise;
}

function isOwned(object: KubeObject, owner: KubeObject): boolean {
  return object.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true;
}
