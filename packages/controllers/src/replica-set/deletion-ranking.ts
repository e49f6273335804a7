// Which pods go first when there are too many. Upstream: ActivePodsWithRanks in pkg/controller/controller_utils.go,
// getPodsToDelete in pkg/controller/replicaset/replica_set.go (1.37).
import type { ContainerStatus, Pod } from '@kubesim/api';
import { readySinceMs } from '@kubesim/client';
import { isPodActive } from '../pods/active-pods.ts';

/** By how much a user wants a pod to stay: a whole number, 0 without it. @public */
export const POD_DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

const PHASE_RANK: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** What the order looks at, read once for each pod. */
interface Rank {
  readonly pod: Pod;
  readonly isAssigned: boolean;
  readonly phase: number;
  /** Instant since which it is ready; undefined while it is not, 0 where the condition has no time. */
  readonly readySince: number | undefined;
  readonly cost: number;
  /** Active pods of the same family on its node. */
  readonly neighbourCount: number;
  readonly restartCount: number;
  readonly sidecarRestartCount: number;
  readonly createdAt: number;
}

/**
 * The `count` pods to delete first. `related`: pods of all sets that have the same controller, or none where the set has no
 * controller. Pods that rank alike go in the order given; where all must go, nothing is ranked. @public
 */
export function podsToDelete(pods: readonly Pod[], related: readonly Pod[], count: number, now: number): readonly Pod[] {
  if (count >= pods.length) return pods;
  const onNode = new Map<string, number>();
  for (const pod of related) {
    if (!isPodActive(pod)) continue;
    const node = pod.spec.nodeName ?? '';
    onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  const ranks = pods.map((pod) => rankOf(pod, onNode.get(pod.spec.nodeName ?? '') ?? 0));
  return ranks.sort((one, other) => compare(one, other, now)).slice(0, count).map(({ pod }) => pod);
}

function rankOf(pod: Pod, neighbourCount: number): Rank {
  const readySince = readySinceMs(pod);
  const sidecars = new Set((pod.spec.initContainers ?? []).filter((one) => one.restartPolicy === 'Always').map((one) => one.name));
  return {
    pod,
    isAssigned: (pod.spec.nodeName ?? '') !== '',
    phase: PHASE_RANK[pod.status?.phase ?? 'Pending'] ?? 0,
    readySince: Number.isNaN(readySince) ? 0 : readySince,
    cost: deletionCost(pod),
    neighbourCount,
    restartCount: maxRestarts(pod.status?.containerStatuses),
    sidecarRestartCount: maxRestarts(pod.status?.initContainerStatuses?.filter(({ name }) => sidecars.has(name))),
    createdAt: pod.metadata.creationTimestamp === undefined ? 0 : Date.parse(pod.metadata.creationTimestamp),
  };
}

/** Less than 0 where `one` goes before `other`. */
function compare(one: Rank, other: Rank, now: number): number {
  if (one.isAssigned !== other.isAssigned) return one.isAssigned ? 1 : -1;
  if (one.phase !== other.phase) return one.phase - other.phase;
  if ((one.readySince === undefined) !== (other.readySince === undefined)) return one.readySince === undefined ? -1 : 1;
  if (one.cost !== other.cost) return one.cost < other.cost ? -1 : 1;
  if (one.neighbourCount !== other.neighbourCount) return other.neighbourCount - one.neighbourCount;
  if (one.readySince !== undefined && other.readySince !== undefined && one.readySince !== other.readySince) {
    return compareAges(one, other, one.readySince, other.readySince, now);
  }
  if (one.restartCount !== other.restartCount) return other.restartCount - one.restartCount;
  if (one.sidecarRestartCount !== other.sidecarRestartCount) return other.sidecarRestartCount - one.sidecarRestartCount;
  if (one.createdAt !== other.createdAt) return compareAges(one, other, one.createdAt, other.createdAt, now);
  return 0;
}

/** The younger by power of two goes first; within one power the uid decides, so that not always the youngest goes. */
function compareAges(one: Rank, other: Rank, since: number, otherSince: number, now: number): number {
  if (since === 0 || otherSince === 0) return since === 0 ? -1 : 1;
  const difference = ageBucket(now - since) - ageBucket(now - otherSince);
  if (difference !== 0) return difference;
  return (one.pod.metadata.uid ?? '') < (other.pod.metadata.uid ?? '') ? -1 : 1;
}

/** Power of two of an age in nanoseconds, as upstream counts them; -1 for none. */
function ageBucket(ageMs: number): number {
  return ageMs > 0 ? Math.floor(Math.log2(ageMs * 1_000_000)) : -1;
}

/** As upstream reads it: a whole number of 32 bits without leading zeros or plus sign; anything else is 0. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[POD_DELETION_COST];
  if (text === undefined || !/^(0|-?[1-9]\d*)$/.test(text)) return 0;
  const cost = Number(text);
  return cost === (cost | 0) ? cost : 0;
}

function maxRestarts(statuses: readonly ContainerStatus[] | undefined): number {
  return (statuses ?? []).reduce((max, { restartCount }) => Math.max(max, restartCount), 0);
}
