// The decision of one sync written the long way, as upstream's loops walk over every pod: what the product's is compared with.
// Upstream: updateStatefulSet and what it calls in pkg/controller/statefulset/stateful_set_control.go (1.34 to 1.37).
import type { Pod, StatefulSet } from '@kubesim/api';
import { isPodAvailable, isPodReady } from '@kubesim/client';
import type { Behaviour } from '../../src/stateful-set/behaviour.ts';
import { identityMatches, parentAndOrdinal, revisionOf } from '../../src/stateful-set/identity.ts';

export interface NaiveInput {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  readonly current: string;
  readonly update: string;
  readonly behaviour: Behaviour;
  readonly now: number;
}

/** A phase by its members at which something is done: place, name of the pod, and whether an ordered set stops there. */
export interface NaivePhase {
  readonly name: string;
  readonly members: readonly (readonly [number, string, boolean])[];
  readonly ends: boolean;
}

export interface NaiveDecision {
  readonly phases: readonly NaivePhase[];
  readonly counts: readonly number[];
}

const ordinalOf = (pod: Pod): number => parentAndOrdinal(pod.metadata.name).ordinal;
const phaseOf = (pod: Pod): string => pod.status?.phase ?? '';
const isGoing = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;
const hasEnded = (pod: Pod): boolean => phaseOf(pod) === 'Failed' || phaseOf(pod) === 'Succeeded';

export function naiveDecision(input: NaiveInput): NaiveDecision {
  const { set, pods, current, update, behaviour, now } = input;
  const start = set.spec.ordinals?.start ?? 0;
  const count = set.spec.replicas ?? 1;
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  const isOrdered = set.spec.podManagementPolicy !== 'Parallel';
  const strategy = set.spec.updateStrategy;
  const isAvailable = (pod: Pod): boolean => isPodAvailable(pod, minReadySeconds, now);
  const isUnavailable = (pod: Pod): boolean => isGoing(pod) || !isAvailable(pod);
  const isRunningAndReady = (pod: Pod): boolean => phaseOf(pod) === 'Running' && isPodReady(pod);
  const counts = (counted: readonly Pod[]): readonly number[] => {
    const created = counted.filter((pod) => phaseOf(pod) !== '');
    const ready = created.filter(isRunningAndReady);
    const live = created.filter((pod) => !isGoing(pod));
    return [created.length, ready.length, ready.filter(isAvailable).length, live.filter((pod) => revisionOf(pod) === current).length, live.filter((pod) => revisionOf(pod) === update).length];
  };

  const replicas: Pod[] = [];
  const condemned: Pod[] = [];
  for (const pod of pods) {
    const ordinal = ordinalOf(pod);
    if (ordinal >= start && ordinal < start + count) replicas[ordinal - start] = pod;
    else if (ordinal >= 0) condemned.push(pod);
  }
  if (set.metadata.deletionTimestamp !== undefined) return { phases: [], counts: counts(pods) };
  for (let index = 0; index < count; index++) replicas[index] ??= placeholder(set, start + index, current, update);
  condemned.sort((a, b) => ordinalOf(b) - ordinalOf(a));
  const placed = [...replicas, ...condemned];
  const firstBad = [...replicas, ...[...condemned].reverse()].find(isUnavailable);

  if (behaviour.hasRecreate && strategy?.type === 'Recreate') {
    const olds = placed.filter((pod) => phaseOf(pod) !== '' && revisionOf(pod) !== update);
    if (olds.length > 0) {
      const members = olds.filter((pod) => !isGoing(pod)).map((pod, index) => [index, pod.metadata.name, false] as const);
      return { phases: [{ name: 'recreate', members, ends: true }], counts: counts(pods) };
    }
  }

  const phases: NaivePhase[] = [];
  const done = (): NaiveDecision => ({ phases: phases.filter((phase) => phase.members.length > 0 || phase.ends), counts: counts(placed) });
  const living: (readonly [number, string, boolean])[] = [];
  for (const [index, pod] of replicas.entries()) {
    const { name } = pod.metadata;
    const waits = hasEnded(pod) || phaseOf(pod) === '' || isGoing(pod) || !isRunningAndReady(pod) || !isAvailable(pod);
    if (isOrdered && waits) {
      living.push([index, name, true]);
      phases.push({ name: 'replicas', members: living, ends: true });
      return done();
    }
    if (hasEnded(pod) || phaseOf(pod) === '' || !identityMatches(set, pod)) living.push([index, name, false]);
  }
  phases.push({ name: 'replicas', members: living, ends: false });

  const gone: (readonly [number, string, boolean])[] = [];
  let stops = false;
  for (const [index, pod] of condemned.entries()) {
    if (isGoing(pod)) {
      if (!isOrdered) continue;
      stops = true;
    } else if (isOrdered && (!isRunningAndReady(pod) || !isAvailable(pod)) && pod !== firstBad) stops = true;
    else {
      gone.push([index, pod.metadata.name, true]);
      stops = isOrdered;
    }
    if (stops) break;
  }
  phases.push({ name: 'condemned', members: gone, ends: stops });
  if (stops || strategy?.type === 'OnDelete' || (behaviour.hasRecreate && strategy?.type === 'Recreate')) return done();

  const updated = naiveUpdate(input, replicas, isOrdered, isUnavailable);
  phases.push({ name: 'rolling-update', members: updated.map((pod, index) => [index, pod.metadata.name, false] as const), ends: updated.length > 0 });
  return done();
}

function placeholder(set: StatefulSet, ordinal: number, current: string, update: string): Pod {
  const strategy = set.spec.updateStrategy;
  const above = ordinal - (set.spec.ordinals?.start ?? 0);
  const boundary = strategy?.rollingUpdate !== undefined ? strategy.rollingUpdate.partition ?? 0
    : strategy?.type === 'RollingUpdate' ? set.status?.currentReplicas ?? 0 : 0;
  const name = `${set.metadata.name}-${ordinal}`;
  const labels = { 'controller-revision-hash': above < boundary ? current : update, 'statefulset.kubernetes.io/pod-name': name };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: set.metadata.namespace, labels }, spec: { containers: [] } };
}

function naiveUpdate({ set, update, behaviour, now }: NaiveInput, replicas: readonly Pod[], isOrdered: boolean, isUnavailable: (pod: Pod) => boolean): readonly Pod[] {
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  const isOld = (pod: Pod): boolean => revisionOf(pod) !== update && !isGoing(pod);
  const isAvailable = (pod: Pod): boolean => isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now);
  const descending = replicas.map((pod, index) => ({ pod, index })).filter(({ index }) => index >= partition).map(({ pod }) => pod).reverse();
  if (!behaviour.hasMaxUnavailable) {
    for (const pod of descending) {
      if (isOld(pod)) return [pod];
      if (isUnavailable(pod)) return [];
    }
    return [];
  }
  const asked = set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1;
  const limit = Math.max(1, typeof asked === 'number' ? asked : Math.floor((Number.parseInt(asked, 10) * (set.spec.replicas ?? 1)) / 100));
  let left = limit - replicas.filter(isUnavailable).length;
  const out: Pod[] = [];
  if (behaviour.updatesInTwoPhases && !isOrdered) {
    for (const pod of descending) if (isOld(pod) && !isAvailable(pod)) out.push(pod);
    for (const pod of descending) if (left > 0 && isOld(pod) && isAvailable(pod) && out.push(pod) > 0) left--;
    return out;
  }
  for (const pod of descending) if (left > 0 && isOld(pod) && out.push(pod) > 0) left--;
  return out;
}
