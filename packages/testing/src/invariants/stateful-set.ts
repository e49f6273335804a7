// Invariants of StatefulSets while they run. Each judges what a controller does against the store, and against every state of the
// store that a legal cache may still have shown: a pod is created or deleted rightly if it was right within `staleMs`.
import type { KubeObject } from '@kubesim/api';
import type { Change } from '@kubesim/apiserver';
import type { Monitor, MonitorView } from '../explorer/monitor.ts';
import { stateless } from '../properties/monitor.ts';
import { beside, hasEnded, isHealthy, isTerminating, mapValues, ordinalOf, ownerOf, recent, scaled, startsDeletion } from './facts.ts';

/** Between the look of a reconcile and its write there is at most this, without any fault. */
const REACTION_MS = 2_000;

/** What stands in the store about a set's pods at one moment. */
interface Standing {
  /** So many of the lowest pods are all healthy. */
  readonly prefix: number;
  /** Since when pods are ready, by the ordinals of healthy ones: what their conditions say, by the clocks of their nodes. */
  readonly readySince: Readonly<Record<number, number>>;
  /** The highest ordinal; −1 without pods. */
  readonly highest: number;
}

/** What is remembered of one set; instants in virtual ms since 1970. */
interface SetRecord {
  readonly standing: Standing;
  /** By length n: when the n lowest pods were all healthy last. */
  readonly prefixHealthyAt: Readonly<Record<number, number>>;
  /** By ordinal: when that pod was available last, healthy for minReadySeconds. */
  readonly availableAt: Readonly<Record<number, number>>;
  /** By ordinal: when no pod above it was there last. */
  readonly highestAt: Readonly<Record<number, number>>;
  /** When its spec changed last. */
  readonly specAt: number;
  /** When its first ordinal changed last. */
  readonly startAt: number;
  /** What it asked for when its pods changed last. */
  readonly minReadyMs: number;
}

type Records = Readonly<Record<string, SetRecord>>;

const NOTHING: SetRecord = { standing: { prefix: 0, readySince: {}, highest: -1 }, prefixHealthyAt: {}, availableAt: {}, highestAt: {}, specAt: 0, startAt: 0, minReadyMs: 0 };

function setOf(view: MonitorView, pod: KubeObject): KubeObject | undefined {
  const owner = ownerOf(pod, 'StatefulSet');
  if (owner === undefined) return undefined;
  const set = view.get('statefulsets.apps', beside(pod, owner.name));
  return set?.metadata.uid === owner.uid ? set : undefined;
}

function podsOf(view: MonitorView, set: KubeObject): readonly KubeObject[] {
  return view.list('pods', set.metadata.namespace).filter((pod) => ownerOf(pod, 'StatefulSet')?.uid === set.metadata.uid);
}

const startOf = (set: KubeObject): number => (set['spec'].ordinals?.start as number | undefined) ?? 0;
const replicasOf = (set: KubeObject): number => (set['spec'].replicas as number | undefined) ?? 1;
const revisionOf = (pod: KubeObject): string | undefined => pod.metadata.labels?.['controller-revision-hash'];

/** What several monitors ask of one view is worked out once. */
const STANDINGS = new WeakMap<MonitorView, Map<string, Standing>>();

function standingOf(view: MonitorView, set: KubeObject): Standing {
  const uid = set.metadata.uid ?? '';
  let known = STANDINGS.get(view);
  if (known === undefined) STANDINGS.set(view, known = new Map());
  let standing = known.get(uid);
  if (standing === undefined) known.set(uid, standing = look(set, podsOf(view, set)));
  return standing;
}

function look(set: KubeObject, pods: readonly KubeObject[]): Standing {
  const readySince: Record<number, number> = {};
  let highest = -1;
  for (const pod of pods) {
    const ordinal = ordinalOf(pod.metadata.name ?? '');
    if (isHealthy(pod)) readySince[ordinal] = readyAt(pod);
    if (ordinal > highest) highest = ordinal;
  }
  const start = startOf(set);
  let prefix = 0;
  while (readySince[start + prefix] !== undefined) prefix++;
  return { prefix, readySince, highest };
}

/** Without minReadySeconds whoever is ready is available, though the clock of his node be ahead. Upstream: IsPodAvailable in pkg/api/v1/pod (1.37). */
function isAvailable(since: number | undefined, now: number, minReadyMs: number): boolean {
  return since !== undefined && (minReadyMs === 0 || now - since >= minReadyMs);
}

/** What stood until now was so until now. */
function upTo(record: SetRecord, now: number, minReadyMs: number): SetRecord {
  const { prefix, readySince, highest } = record.standing;
  const prefixHealthyAt: Record<number, number> = { ...record.prefixHealthyAt };
  for (let length = 0; length <= prefix; length++) prefixHealthyAt[length] = now;
  const availableAt: Record<number, number> = { ...record.availableAt };
  for (const [ordinal, since] of Object.entries(readySince)) if (isAvailable(since, now, minReadyMs)) availableAt[Number(ordinal)] = now;
  return { ...record, prefixHealthyAt, availableAt, highestAt: { ...record.highestAt, [highest]: now }, minReadyMs };
}

function readyAt(pod: KubeObject): number {
  const conditions = (pod['status']?.conditions ?? []) as readonly { readonly type: string; readonly lastTransitionTime?: string }[];
  return Date.parse(conditions.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '1970-01-01T00:00:00Z');
}

const minReadyMsOf = (set: KubeObject): number => ((set['spec'].minReadySeconds as number | undefined) ?? 0) * 1_000;

function isRecent(view: MonitorView, at: number | undefined): boolean {
  return at !== undefined && view.now - at <= (view.staleMs ?? 0) + REACTION_MS;
}

type Rule = (view: MonitorView, change: Change, set: KubeObject, record: SetRecord) => string | undefined;

/** A monitor that follows sets by their pods' changes and asks a rule about each change, before it notes what it brought. */
function following(name: string, rule: Rule): Monitor<Records> {
  return {
    name, initial: {},
    // What stands holds until the next change, so that only what stands no more has its instant; since when pods are ready the store says; and the past
    // is past after a while.
    identity: (records, { now, staleMs }) => mapValues(records, ({ standing: { prefix, readySince, highest }, prefixHealthyAt, availableAt, highestAt, specAt, startAt, minReadyMs }) => ({
      prefix, highest, ready: Object.keys(readySince), specAt: now - specAt <= staleMs + REACTION_MS ? specAt : 0, startAt: now - startAt <= staleMs + REACTION_MS ? startAt : 0,
      prefixHealthyAt: recent(prefixHealthyAt, now, staleMs + REACTION_MS, (length) => Number(length) > prefix),
      availableAt: recent(availableAt, now, staleMs + REACTION_MS, (ordinal) => !isAvailable(readySince[Number(ordinal)], now, minReadyMs)),
      highestAt: recent(highestAt, now, staleMs + REACTION_MS, (ordinal) => Number(ordinal) !== highest),
    })),
    step: (records, view) => {
      let next = records;
      for (const change of view.changes) {
        if (change.resource === 'statefulsets.apps') {
          const uid = change.after.metadata.uid ?? '';
          if (change.type === 'DELETED' || change.before?.metadata.generation === change.after.metadata.generation) continue;
          const old = next[uid] ?? NOTHING;
          next = { ...next, [uid]: { ...old, specAt: view.now, startAt: change.before !== undefined && startOf(change.before) !== startOf(change.after) ? view.now : old.startAt } };
          continue;
        }
        if (change.resource !== 'pods') continue;
        const set = setOf(view, change.after);
        if (set === undefined) continue;
        const uid = set.metadata.uid ?? '';
        const record = upTo(next[uid] ?? NOTHING, view.now, minReadyMsOf(set));
        if (view.byUser !== true && !isTerminating(set)) {
          const violation = rule(view, change, set, record);
          if (violation !== undefined) return { violation };
        }
        next = { ...next, [uid]: { ...record, standing: standingOf(view, set) } };
      }
      return { state: next };
    },
  };
}

/** OrderedReady creates a pod when all below it are running, ready and not terminating. Upstream: stateful_set_control.go (1.37). @public */
export const orderedCreation: Monitor = following('ordered creation', (view, change, set, record) => {
  if (change.type !== 'ADDED' || set['spec'].podManagementPolicy === 'Parallel') return undefined;
  const name = change.after.metadata.name ?? '';
  const below = ordinalOf(name) - startOf(set);
  if (below <= 0 || isRecent(view, record.startAt)) return undefined;
  if (!isRecent(view, record.prefixHealthyAt[below])) return `${name} was created while not all of the ${below} pods below it were healthy`;
  for (let ordinal = startOf(set); ordinal < startOf(set) + below; ordinal++) if (!isRecent(view, record.availableAt[ordinal])) return `${name} was created while the pod of ordinal ${ordinal} was not ready for minReadySeconds`;
  return undefined;
});

/** A pod beyond the replicas is deleted by the controller when none above it is left, one at a time, with OrderedReady. @public */
export const orderedDeletion: Monitor = following('ordered deletion', (view, change, set, record) => {
  const { after } = change;
  const ordinal = ordinalOf(after.metadata.name ?? '');
  if (!startsDeletion(change) || set['spec'].podManagementPolicy === 'Parallel' || isEvicted(view, after) || hasEnded(after)) return undefined;
  if (ordinal < startOf(set) + replicasOf(set) || isRecent(view, record.specAt)) return undefined;
  for (let above = ordinal; above >= 0; above--) if (isRecent(view, record.highestAt[above])) return undefined;
  return `${after.metadata.name ?? ''} was deleted while pods above it were there`;
});

/** A rolling update replaces a pod only when no more than maxUnavailable of the pods above it are away. @public */
export const rollingUpdateInOrder: Monitor = following('rolling update in order', (view, change, set, record) => {
  const { after } = change;
  const name = after.metadata.name ?? '';
  const ordinal = ordinalOf(name);
  const end = startOf(set) + replicasOf(set);
  if (!startsDeletion(change) || ordinal >= end || isEvicted(view, after) || hasEnded(after) || isRecent(view, record.specAt)) return undefined;
  if (revisionOf(after) === set['status']?.updateRevision) return undefined;
  const strategy = set['spec'].updateStrategy ?? {};
  if (strategy.type === 'OnDelete') return `${name} was deleted although the strategy is OnDelete`;
  if (ordinal < startOf(set) + ((strategy.rollingUpdate?.partition as number | undefined) ?? 0)) return `${name} was deleted although it is below the partition`;
  // Parallel sets replace old pods that are broken at once: they are away already. Upstream: #137904 (1.37).
  if (set['spec'].podManagementPolicy === 'Parallel' && mayLookBroken(view, change, record, minReadyMsOf(set))) return undefined;
  const allowed = Math.max(1, scaled(strategy.rollingUpdate?.maxUnavailable as number | string | undefined, replicasOf(set), 'up', 1));
  let away = 0;
  for (let above = ordinal + 1; above < end; above++) if (!isRecent(view, record.availableAt[above])) away++;
  return away < allowed ? undefined : `${name} was deleted for the update while ${away} of the pods above it were away, and ${allowed} may be`;
});

/** Whether a cache may have shown the pod that a change deletes as not available. */
function mayLookBroken(view: MonitorView, { before, after }: Change, record: SetRecord, minReadyMs: number): boolean {
  const since = record.standing.readySince[ordinalOf(after.metadata.name ?? '')];
  return !isHealthy(before) || since === undefined || view.now - since < minReadyMs + (view.staleMs ?? 0) + REACTION_MS;
}

/**
 * The update revision becomes the current one when all the pods that the set asks for are at it and ready: by the counts of that
 * status itself, which speak of the spec that it observed. @public
 */
export const revisionPromotion: Monitor<null> = stateless('an update is complete when all pods are updated', (view) => {
  for (const { resource, type, before, after } of view.changes) {
    if (resource !== 'statefulsets.apps' || type !== 'MODIFIED' || view.byUser === true) continue;
    const was = before?.['status']?.currentRevision as string | undefined;
    const { currentRevision, updateRevision, updatedReplicas = 0, observedGeneration } = (after['status'] ?? {}) as { readonly currentRevision?: string; readonly updateRevision?: string; readonly updatedReplicas?: number; readonly observedGeneration?: number };
    if (was === undefined || was === '' || currentRevision === was || currentRevision !== updateRevision || observedGeneration !== after.metadata.generation) continue;
    // A current revision that is gone, or that the cache does not show yet, is replaced by the update's.
    const revision = view.get('controllerrevisions.apps', beside(after, was));
    if (revision === undefined || isRecent(view, Date.parse(revision.metadata.creationTimestamp ?? '') + 1_000)) continue;
    if (updatedReplicas < replicasOf(after)) return `the update of ${after.metadata.name ?? ''} was taken as complete with ${updatedReplicas} of ${replicasOf(after)} pods updated`;
  }
  return undefined;
});

/** A pod below the partition is made at the current revision, any other at one of the two revisions of the status, or at the newest there is. @public */
export const revisionSafety: Monitor = following('partition and revision safety', (view, change, set, record) => {
  if (change.type !== 'ADDED' || isRecent(view, record.specAt)) return undefined;
  const { currentRevision, updateRevision } = (set['status'] ?? {}) as { readonly currentRevision?: string; readonly updateRevision?: string };
  if (currentRevision === undefined || updateRevision === undefined) return undefined;
  const name = change.after.metadata.name ?? '';
  const revision = revisionOf(change.after);
  if (revision !== currentRevision && revision !== updateRevision && revision !== newestRevision(view, set)) return `${name} was created at ${revision ?? 'no revision'}, which is neither ${currentRevision} nor ${updateRevision}`;
  const partition = (set['spec'].updateStrategy?.rollingUpdate?.partition as number | undefined) ?? 0;
  if (ordinalOf(name) >= startOf(set) + partition || revision === currentRevision) return undefined;
  return `${name} was created at the update revision although it is below the partition`;
});

/** The revision that the status will name: a controller makes it, and may make pods, before it writes the status. */
function newestRevision(view: MonitorView, set: KubeObject): string | undefined {
  let newest: KubeObject | undefined;
  for (const revision of view.list('controllerrevisions.apps', set.metadata.namespace ?? '')) {
    if (revision.metadata.ownerReferences?.some(({ uid }) => uid === set.metadata.uid) !== true) continue;
    if (newest === undefined || (revision['revision'] as number) > (newest['revision'] as number)) newest = revision;
  }
  return newest?.metadata.name;
}

/** What deletes pods beside their controller: the eviction API, taints, preemption and the pod garbage collector. */
function isEvicted(view: MonitorView, pod: KubeObject): boolean {
  const conditions = (pod['status']?.conditions ?? []) as readonly { readonly type: string; readonly status: string }[];
  if (conditions.some(({ type, status }) => type === 'DisruptionTarget' && status === 'True')) return true;
  const node = pod['spec'].nodeName === undefined ? undefined : view.get('nodes', pod['spec'].nodeName as string);
  return pod['spec'].nodeName !== undefined && (node === undefined || ((node['spec']?.taints ?? []) as readonly { readonly effect: string }[]).some(({ effect }) => effect === 'NoExecute'));
}

/** Pods of a set keep their names, hostnames, claims and labels: what their identity is made of. @public */
export const podIdentity: Monitor = following('pod identity', (_view, change, set) => {
  if (change.type !== 'ADDED') return undefined;
  const pod = change.after;
  const name = pod.metadata.name ?? '';
  if (!name.startsWith(`${set.metadata.name ?? ''}-`)) return `${name} does not bear the name of its set`;
  if (pod.metadata.labels?.['statefulset.kubernetes.io/pod-name'] !== name) return `${name} is not labelled with its name`;
  for (const template of (set['spec'].volumeClaimTemplates ?? []) as readonly KubeObject[]) {
    const volumes = (pod['spec'].volumes ?? []) as readonly { readonly name: string; readonly persistentVolumeClaim?: { readonly claimName: string } }[];
    const claim = volumes.find((volume) => volume.name === template.metadata.name)?.persistentVolumeClaim?.claimName;
    if (claim !== `${template.metadata.name ?? ''}-${name}`) return `${name} mounts ${claim ?? 'nothing'} where its claim is ${template.metadata.name ?? ''}-${name}`;
  }
  return undefined;
});
