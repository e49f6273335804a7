// What StatefulSets must have come to at rest. Where a pod cannot become ready, a right controller does less than the spec asks
// for, and no less than its rules say: those rules are what is judged by.
import type { KubeObject } from '@kubesim/api';
import type { Monitor, MonitorView } from '../explorer/monitor.ts';
import { atRest } from '../properties/monitor.ts';
import { beside, hasEnded, isHealthy, isTerminating, keyOf, ordinalOf, scaled } from './facts.ts';
import { hasEnoughAvailable, isHindered, isQuotaTight, owned, profileOf, revisionOf } from './hindrances.ts';

/** A set at rest, as the rules look at it. */
interface Standing {
  readonly set: KubeObject;
  readonly start: number;
  readonly end: number;
  readonly isOrdered: boolean;
  /** Pods by ordinal. */
  readonly pods: ReadonlyMap<number, KubeObject>;
  /** Ordinals asked for whose pod is not healthy or not there, ascending. */
  readonly unhealthy: readonly number[];
  readonly isQuotaTight: boolean;
}

function standingOf(view: MonitorView, set: KubeObject): Standing {
  const start = (set['spec'].ordinals?.start as number | undefined) ?? 0;
  const end = start + ((set['spec'].replicas as number | undefined) ?? 1);
  const pods = new Map(owned(view, 'pods', 'StatefulSet', set).map((pod) => [ordinalOf(pod.metadata.name ?? ''), pod]));
  const unhealthy: number[] = [];
  for (let ordinal = start; ordinal < end; ordinal++) if (!isHealthy(pods.get(ordinal))) unhealthy.push(ordinal);
  return { set, start, end, isOrdered: set['spec'].podManagementPolicy !== 'Parallel', pods, unhealthy, isQuotaTight: isQuotaTight(view, set.metadata.namespace, 2) };
}

/** Names of the claims that the set's templates ask for, for one pod. */
function claimsOf(set: KubeObject, pod: string): readonly string[] {
  return ((set['spec'].volumeClaimTemplates ?? []) as readonly KubeObject[]).map(({ metadata }) => `${metadata.name ?? ''}-${pod}`);
}

/**
 * A pod that comes back is not made while its claim is still that of the former pod, and nobody looks again when that is gone.
 * Upstream: PodClaimIsStale in stateful_set_control.go, and no handler of claims (1.37).
 */
function mayWaitForStaleClaims(set: KubeObject): boolean {
  return set['spec'].persistentVolumeClaimRetentionPolicy?.whenScaled === 'Delete' && claimsOf(set, '').length > 0;
}

/** Pods that are asked for are there: all of a Parallel set, those of an ordered one up to the first that is not healthy. */
function missing({ set, start, end, isOrdered, pods, unhealthy, isQuotaTight: isTight }: Standing): string | undefined {
  if (isTight || mayWaitForStaleClaims(set)) return undefined;
  const upTo = isOrdered ? (unhealthy[0] ?? end - 1) + 1 : end;
  for (let ordinal = start; ordinal < upTo; ordinal++) {
    const pod = pods.get(ordinal);
    if (pod === undefined) return `at rest ${set.metadata.name ?? ''}-${ordinal} of ${keyOf(set)} is not there`;
    if (hasEnded(pod) && !isTerminating(pod)) return `at rest ${keyOf(pod)} has ended and is not replaced`;
  }
  return undefined;
}

/** What could be ready is. */
function unready(view: MonitorView, { end, pods, unhealthy }: Standing): string | undefined {
  for (const ordinal of unhealthy) {
    const pod = pods.get(ordinal);
    if (pod !== undefined && ordinal < end && !isHindered(view, pod)) return `at rest ${keyOf(pod)} is not ready`;
  }
  return undefined;
}

/**
 * Pods that are not asked for are gone. An ordered set deletes the highest first, all that are asked for being healthy, and one
 * that is not healthy itself only if all below it are. Upstream: processCondemned in stateful_set_control.go (1.37).
 */
function condemned({ set, start, end, isOrdered, pods, unhealthy, isQuotaTight: isTight }: Standing): string | undefined {
  const beyond = [...pods.keys()].filter((ordinal) => ordinal < start || ordinal >= end).sort((a, b) => b - a);
  const staying = beyond.filter((ordinal) => !isTerminating(pods.get(ordinal) as KubeObject));
  const highest = beyond[0];
  if (highest === undefined || staying.length === 0) return undefined;
  const text = (ordinal: number): string => `at rest ${keyOf(pods.get(ordinal) as KubeObject)} is there and not asked for: ${keyOf(set)} asks for ${end - start} from ${start}`;
  // Upstream ends a sync at a failed create before it comes to the condemned ones.
  if (!isOrdered) return isTight && [...Array(end - start).keys()].some((index) => !pods.has(start + index)) ? undefined : text(staying[0] as number);
  if (unhealthy.length > 0 || isTerminating(pods.get(highest) as KubeObject) || hasEnoughAvailable(set)) return undefined;
  const firstUnhealthy = beyond.findLast((ordinal) => !isHealthy(pods.get(ordinal)));
  return isHealthy(pods.get(highest)) || firstUnhealthy === highest ? text(highest) : undefined;
}

/** Pods from the partition on are at the update revision, as far as the budget of the release lets them. */
function stale(view: MonitorView, { set, start, end, isOrdered, pods, unhealthy, isQuotaTight: isTight }: Standing): string | undefined {
  const strategy = set['spec'].updateStrategy ?? {};
  if (strategy.type !== 'RollingUpdate') return undefined;
  const partition = (strategy.rollingUpdate?.partition as number | undefined) ?? 0;
  const update = set['status']?.updateRevision as string | undefined;
  const olds: number[] = [];
  for (let ordinal = end - 1; ordinal >= start + partition; ordinal--) {
    const pod = pods.get(ordinal);
    if (pod !== undefined && !isTerminating(pod) && revisionOf(pod) !== update) olds.push(ordinal);
  }
  const highest = olds[0];
  if (highest === undefined) return undefined;
  const text = (ordinal: number): string => `at rest ${keyOf(pods.get(ordinal) as KubeObject)} is not at the update revision`;
  if (unhealthy.length === 0) return text(highest);
  // An ordered set waits for every pod before it updates any: upstream's #67250. A create that fails ends the sync.
  if (isOrdered || isTight) return undefined;
  const profile = profileOf(view);
  if (profile === undefined) return undefined;
  const hasBudget = profile.featureGates['MaxUnavailableStatefulSet'] ?? profile.kubernetes === '1.37';
  if (!hasBudget) return unhealthy.some((ordinal) => ordinal > highest) ? undefined : text(highest);
  const broken = olds.find((ordinal) => unhealthy.includes(ordinal));
  if (profile.kubernetes === '1.37' && broken !== undefined) return text(broken);
  return unhealthy.length < Math.max(1, scaled(strategy.rollingUpdate?.maxUnavailable as number | string | undefined, end - start, 'down', 1)) ? text(highest) : undefined;
}

/** Pods that wait for a place have the claims that they mount. Upstream: createMissingPersistentVolumeClaims for pending pods in stateful_set_control.go (1.37). */
function unclaimed(view: MonitorView, { set, start, end, pods, isQuotaTight: isTight }: Standing): string | undefined {
  if (isTight) return undefined;
  for (let ordinal = start; ordinal < end; ordinal++) {
    const pod = pods.get(ordinal);
    if (pod?.['status']?.phase !== 'Pending' || isTerminating(pod)) continue;
    const claim = claimsOf(set, pod.metadata.name ?? '').find((name) => view.get('persistentvolumeclaims', beside(set, name)) === undefined);
    if (claim !== undefined) return `at rest ${keyOf(pod)} waits, and its claim ${claim} is not there`;
  }
  return undefined;
}

/** Every StatefulSet has the pods that it asks for, of the ordinals that it asks for, ready; the update has reached the partition. @public */
export const statefulSetsConverge: Monitor<null> = atRest('convergence of StatefulSets', (view) => {
  for (const set of view.list('statefulsets.apps')) {
    if (isTerminating(set)) continue;
    const standing = standingOf(view, set);
    const found = missing(standing) ?? unready(view, standing) ?? unclaimed(view, standing) ?? condemned(standing) ?? stale(view, standing);
    if (found !== undefined) return found;
  }
  return undefined;
});
