// What must hold after every reconcile, as upstream's tests check it, and the drivers that move pods on in between.
import { expect } from 'vitest';
import type { Pod, StatefulSet } from '@kubesim/api';
import { claimNamesOf } from '../../src/stateful-set/claims.ts';
import { identityMatches, parentAndOrdinal, revisionOf, startOrdinal, storageMatches } from '../../src/stateful-set/identity.ts';
import type { SetWorld } from './set-world.ts';

export type Invariants = (world: SetWorld) => void;

const isRunningAndReady = (pod: Pod): boolean =>
  pod.status?.phase === 'Running' && pod.status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true;

function byOrdinal(world: SetWorld): readonly Pod[] {
  return [...world.pods()].sort((a, b) => parentAndOrdinal(a.metadata.name).ordinal - parentAndOrdinal(b.metadata.name).ordinal);
}

/** Owner references of the claims of running and ready pods are those of the policy's table. */
function claimInvariants(world: SetWorld, set: StatefulSet, pod: Pod): void {
  const { whenScaled = 'Retain', whenDeleted = 'Retain' } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  const { ordinal } = parentAndOrdinal(pod.metadata.name);
  const isCondemned = ordinal < startOrdinal(set) || ordinal >= startOrdinal(set) + (set.spec.replicas ?? 1);
  for (const name of claimNamesOf(set, pod)) {
    const claim = world.claims().find((candidate) => candidate.metadata.name === name);
    if (claim === undefined) {
      expect(whenScaled, `claim ${name} is missing`).not.toBe('Retain');
      continue;
    }
    if (!isRunningAndReady(pod) || isCondemned) continue;
    const owners = (claim.metadata.ownerReferences ?? []).map((reference) => reference.uid);
    expect(owners.includes(set.metadata.uid ?? ''), `set owns ${name}`).toBe(whenDeleted === 'Delete');
    expect(owners.includes(pod.metadata.uid ?? ''), `pod owns ${name}`).toBe(false);
  }
}

export const burstInvariants: Invariants = (world) => {
  const set = world.set();
  for (const pod of byOrdinal(world)) {
    expect(storageMatches(set, pod)).toBe(true);
    expect(identityMatches(set, pod)).toBe(true);
    claimInvariants(world, set, pod);
  }
};

export const monotonicInvariants: Invariants = (world) => {
  burstInvariants(world);
  const pods = byOrdinal(world);
  pods.forEach((pod, index) => {
    expect(parentAndOrdinal(pod.metadata.name).ordinal).toBe(startOrdinal(world.set()) + index);
    const before = pods[index - 1];
    if (before !== undefined && isRunningAndReady(pod)) expect(isRunningAndReady(before), `${before.metadata.name} before ${pod.metadata.name}`).toBe(true);
  });
};

/** The first pods are at the current revision, the last ones at the update's, as many as the status says. */
export const updateInvariants: Invariants = (world) => {
  burstInvariants(world);
  const { status, spec } = world.set();
  if (spec.updateStrategy?.type === 'OnDelete' || status === undefined) return;
  const pods = byOrdinal(world);
  for (const pod of pods.slice(0, status.currentReplicas ?? 0)) expect(revisionOf(pod)).toBe(status.currentRevision);
  const updated = status.updatedReplicas ?? 0;
  if (updated > 0) for (const pod of pods.slice(-updated)) expect(revisionOf(pod)).toBe(status.updateRevision);
};

/** Whole numbers below a bound, the same for the same seed. */
export function seeded(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** Moves one pod of those that can one step on: Pending, Running, Ready. */
export function advancePod(world: SetWorld, below: (bound: number) => number): void {
  const waiting = world.pods().filter((pod) => !isRunningAndReady(pod) && pod.metadata.deletionTimestamp === undefined);
  const pod = waiting[below(Math.max(1, waiting.length))];
  if (pod === undefined) return;
  if (pod.status?.phase === 'Running') world.setReady(pod.metadata.name);
  else world.setPhase(pod.metadata.name, 'Running');
}

export const isScaled = (world: SetWorld): boolean => {
  const { spec, status } = world.set();
  return (status?.readyReplicas ?? 0) === spec.replicas && status?.replicas === spec.replicas;
};

export const isUpdated = (world: SetWorld): boolean => {
  const { spec, status } = world.set();
  if (!isScaled(world) || world.pods().length !== spec.replicas) return false;
  const strategy = spec.updateStrategy;
  if (strategy?.type === 'OnDelete') return true;
  const partition = strategy?.rollingUpdate?.partition ?? 0;
  if (partition > 0) return byOrdinal(world).slice(partition).every((pod) => revisionOf(pod) === status?.updateRevision);
  return (status?.currentReplicas ?? 0) >= (spec.replicas ?? 1) && world.pods().every((pod) => revisionOf(pod) === status?.currentRevision);
};

/** Reconciles and moves pods on until `isDone`; answers the errors met. An error ends it, as in upstream's drivers. */
export function drive(world: SetWorld, isDone: (world: SetWorld) => boolean, invariants: Invariants, seed = 1): string | undefined {
  const below = seeded(seed);
  for (let turn = 0; turn < 400; turn++) {
    const { error, actions } = world.reconcile();
    invariants(world);
    if (error !== undefined) return error;
    if (isDone(world) && actions.length === 0) return undefined;
    advancePod(world, below);
    collectGarbage(world);
  }
  throw new Error(`not done: ${JSON.stringify(world.set().status)} ${world.podNames().join(',')}`);
}

/** Claims that name a pod as owner go with it. */
export function collectGarbage(world: SetWorld): void {
  const uids = new Set(world.pods().map((pod) => pod.metadata.uid));
  for (const claim of world.claims()) {
    const owners = claim.metadata.ownerReferences ?? [];
    if (owners.some((owner) => owner.kind === 'Pod' && !uids.has(owner.uid)) && !owners.some((owner) => owner.kind === 'StatefulSet')) {
      world.remove('persistentvolumeclaims', claim.metadata.name);
    }
  }
}
