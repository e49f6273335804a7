// Decides what one sync of a ReplicaSet does about its pods, from the caches alone. It writes nothing.
import type { Pod, ReplicaSet } from '@kubesim/api';
import { controllerOf, isPodAvailable, matchesSelector, readySinceMs, satisfiedExpectations, type ReconcileContext } from '@kubesim/client';
import { isPodActive } from '../pods/active-pods.ts';
import { podsToDelete } from './deletion-ranking.ts';
import type { ReplicaSetState } from './state.ts';
import { countPods, type PodCounts } from './status.ts';
import { buildSummary, signatureOf, type PodSummary } from './summary.ts';

/** Most pods created or deleted in one sync. Upstream: BurstReplicas. */
export const BURST_REPLICAS = 500;

/** What a sync sees before it claims pods. */
export interface Seen {
  readonly set: ReplicaSet;
  /** Pods to adopt or release. Where there are none, `plan` is decided already. */
  readonly toClaim: readonly Pod[];
  /** The other active pods; only where there are some to claim. */
  readonly kept: readonly Pod[];
  readonly terminating: number;
  /** What the sync may create and delete: expectations are met and the set is not being deleted. */
  readonly manages: boolean;
  readonly plan?: Plan;
}

/** What a sync does once its pods are claimed. */
export interface Plan {
  readonly counts: PodCounts;
  readonly create: number;
  /** Names of the pods to delete. */
  readonly remove: readonly string[];
  /** Delay after which a ready pod becomes available, in ms. */
  readonly nextCheckMs?: number;
}

/** Looks at the set of a key and its pods. Undefined if the set is gone. */
export function look(context: ReconcileContext, namespace: string, name: string): Seen | undefined {
  const set = context.lister<ReplicaSet>('replicasets.apps').get(namespace, name);
  if (set === undefined) return undefined;
  const pods = context.lister<Pod>('pods');
  const orphans = set.metadata.deletionTimestamp === undefined
    ? pods.orphans(namespace).filter((pod) => isPodActive(pod) && matchesSelector(set.spec.selector, pod.metadata.labels)) : [];
  const manages = set.metadata.deletionTimestamp === undefined
    && satisfiedExpectations({ state: context.state as ReplicaSetState, epoch: context.epoch }, `${namespace}/${name}`, context.now);
  const summary = summaryOf(context, set);
  if (summary.mismatched === 0 && orphans.length === 0) {
    const plan = planFromSummary(context, set, summary, manages) ?? planFromPods(context, set, activeMatching(context, set), manages);
    return { set, toClaim: [], kept: [], terminating: summary.terminating, manages, plan };
  }
  const owned = pods.byOwner(set.metadata.uid ?? '').filter(isPodActive);
  const isKept = (pod: Pod): boolean => matchesSelector(set.spec.selector, pod.metadata.labels);
  return {
    set, terminating: summary.terminating, manages,
    kept: owned.filter(isKept), toClaim: [...owned.filter((pod) => !isKept(pod)), ...orphans],
  };
}

/** The counters that are remembered, or a recount, which is then remembered. */
function summaryOf(context: ReconcileContext, set: ReplicaSet): PodSummary {
  const state = context.state as ReplicaSetState;
  const uid = set.metadata.uid ?? '';
  const known = state.summaries.get(uid);
  if (known !== undefined && known.signature === signatureOf(set)) return known;
  const built = buildSummary(set, context.lister<Pod>('pods').byOwner(uid));
  state.summaries = state.summaries.set(context.epoch, uid, built);
  return built;
}

/** The plan where counters are enough: no pod is to be chosen, and all ready ones are available. */
function planFromSummary(context: ReconcileContext, set: ReplicaSet, summary: PodSummary, manages: boolean): Plan | undefined {
  const minReadyMs = (set.spec.minReadySeconds ?? 0) * 1000;
  const allAvailable = minReadyMs === 0 || summary.ready === 0 || summary.lastReadyAt + minReadyMs <= context.now;
  const missing = (set.spec.replicas ?? 1) - summary.active;
  if (!allAvailable || (manages && missing < 0)) return undefined;
  const { active, fullyLabeled, ready } = summary;
  const create = manages ? Math.min(missing, BURST_REPLICAS) : 0;
  return { counts: { replicas: active, fullyLabeled, ready, available: ready }, create, remove: [] };
}

function activeMatching(context: ReconcileContext, set: ReplicaSet): readonly Pod[] {
  return context.lister<Pod>('pods').byOwner(set.metadata.uid ?? '')
    .filter((pod) => isPodActive(pod) && matchesSelector(set.spec.selector, pod.metadata.labels));
}

/** The plan for these active pods, one by one. */
export function planFromPods(context: ReconcileContext, set: ReplicaSet, pods: readonly Pod[], manages: boolean): Plan {
  const missing = manages ? (set.spec.replicas ?? 1) - pods.length : 0;
  const remove = missing < 0
    ? podsToDelete(pods, relatedPods(context, set), Math.min(-missing, BURST_REPLICAS), context.now).map((pod) => pod.metadata.name) : [];
  return {
    counts: countPods(set, pods, context.now),
    create: Math.max(0, Math.min(missing, BURST_REPLICAS)),
    remove,
    nextCheckMs: nextAvailabilityMs(set, pods, context.now),
  };
}

/** How long until the next of the ready pods is available; undefined if all are. */
function nextAvailabilityMs(set: ReplicaSet, pods: readonly Pod[], now: number): number | undefined {
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  let next: number | undefined;
  if (minReadySeconds === 0) return undefined;
  for (const pod of pods) {
    const since = readySinceMs(pod);
    if (since === undefined || Number.isNaN(since) || isPodAvailable(pod, minReadySeconds, now)) continue;
    const afterMs = since + minReadySeconds * 1000 - now;
    if (next === undefined || afterMs < next) next = afterMs;
  }
  return next;
}

/** Pods of all sets that the set's controller has; none where it has no controller. */
function relatedPods(context: ReconcileContext, set: ReplicaSet): readonly Pod[] {
  const controller = controllerOf(set);
  if (controller === undefined) return [];
  const pods = context.lister<Pod>('pods');
  return context.lister<ReplicaSet>('replicasets.apps').byOwner(controller.uid).flatMap((related) =>
    pods.byOwner(related.metadata.uid ?? '').filter((pod) => matchesSelector(related.spec.selector, pod.metadata.labels)));
}

