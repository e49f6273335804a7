// Random walks over specs, pods, claims, failures, lagging caches and releases: what the controller promises holds at every
// step, and the kept summaries never change a decision (SetWorld compares at each reconcile).
import { describe, expect, it } from 'vitest';
import type { Pod, StatefulSet } from '@kubesim/api';
import { isPodAvailable } from '@kubesim/client';
import { behaviourOf } from '../../src/stateful-set/behaviour.ts';
import { endOrdinal, isMonotonic, parentAndOrdinal, revisionOf, startOrdinal } from '../../src/stateful-set/identity.ts';
import { seeded } from './invariants.ts';
import { CLAIMS, REVISIONS, SetWorld, SETS, type Done } from './set-world.ts';
import { newSet, withImage } from './sets.ts';

type Below = (bound: number) => number;
const RELEASES = ['1.34', '1.36', '1.37'] as const;
const REASONS = ['Conflict', 'NotFound', 'AlreadyExists', 'Forbidden', 'InternalError'] as const;
const WRITES = [
  ['create', 'pods'], ['update', 'pods'], ['delete', 'pods'], ['create', CLAIMS], ['update', CLAIMS], ['create', REVISIONS], ['update', REVISIONS],
  ['delete', REVISIONS], ['update', `${SETS}/status`], ['patch', 'pods'],
] as const;

const pick = <T>(below: Below, items: readonly T[]): T => items[below(items.length)] as T;

function randomStrategy(below: Below): StatefulSet['spec']['updateStrategy'] {
  switch (below(5)) {
    case 0: return { type: 'OnDelete' };
    case 1: return { type: 'RollingUpdate' };
    case 2: return { type: 'Recreate' };
    default: return { type: 'RollingUpdate', rollingUpdate: { partition: below(3), maxUnavailable: pick(below, [1, 2, '50%', undefined]) } };
  }
}

function randomWorld(below: Below): SetWorld {
  const w = new SetWorld(pick(below, RELEASES), {
    ...(below(2) === 0 ? { MaxUnavailableStatefulSet: below(2) === 0 } : {}), StatefulSetRecreateStrategy: below(2) === 0,
    ...(below(4) === 0 ? { StaleControllerConsistencyStatefulSet: false } : {}),
  });
  w.deletesAtOnce = below(3) === 0;
  const retention = (): string => pick(below, ['Retain', 'Delete']);
  w.create(SETS, newSet(below(6), {
    podManagementPolicy: pick(below, ['OrderedReady', 'Parallel']),
    updateStrategy: randomStrategy(below),
    minReadySeconds: pick(below, [0, 0, 10]),
    revisionHistoryLimit: pick(below, [0, 1, 2, 10, -1]),
    persistentVolumeClaimRetentionPolicy: pick(below, [undefined, { whenScaled: retention(), whenDeleted: retention() }]),
    ...(below(3) === 0 ? { ordinals: { start: below(4) } } : {}),
    ...(below(2) === 0 ? { volumeClaimTemplates: undefined } : {}),
  }));
  return w;
}

/** What users, kubelets, the collector and the network do. */
const HAPPENINGS: readonly ((w: SetWorld, below: Below, pod: Pod | undefined) => void)[] = [
  (w, below) => w.editSet(() => ({ replicas: below(6) })),
  (w, below) => w.editSet(withImage(`image:${below(3)}`)),
  (w, below) => w.editSet(() => ({ updateStrategy: randomStrategy(below) })),
  (w, below) => w.editSet(() => ({ ordinals: { start: below(4) } })),
  (w, below) => w.editSet(() => ({ minReadySeconds: pick(below, [0, 10]) })),
  (w, below) => w.editSet(() => ({ persistentVolumeClaimRetentionPolicy: { whenScaled: pick(below, ['Retain', 'Delete']), whenDeleted: pick(below, ['Retain', 'Delete']) } })),
  (w, below) => { w.now += pick(below, [1, 5, 10]) * 1000; },
  (w, _below, pod) => pod && w.setPhase(pod.metadata.name, 'Running', { ready: false }),
  (w, _below, pod) => pod && w.setReady(pod.metadata.name),
  (w, _below, pod) => pod && w.setReady(pod.metadata.name),
  (w, _below, pod) => pod && w.setReady(pod.metadata.name),
  (w, below, pod) => pod && w.setPhase(pod.metadata.name, pick(below, ['Failed', 'Succeeded', 'Pending', ''])),
  (w, _below, pod) => pod && w.setPhase(pod.metadata.name, 'Pending', { ready: true }),
  (w, _below, pod) => pod && w.setTerminating(pod.metadata.name),
  (w, _below, pod) => pod && w.remove('pods', pod.metadata.name),
  (w, _below, pod) => pod && w.editPod(pod.metadata.name, (old) => ({ ...old, metadata: { ...old.metadata, labels: { foo: 'bar', 'controller-revision-hash': revisionOf(old) } } })),
  (w, _below, pod) => pod && w.editPod(pod.metadata.name, (old) => ({ ...old, metadata: { ...old.metadata, labels: { ...old.metadata.labels, 'controller-revision-hash': 'other' } } })),
  (w, _below, pod) => pod && w.editPod(pod.metadata.name, (old) => ({ ...old, metadata: { ...old.metadata, labels: { foo: 'none' } } })),
  (w, _below, pod) => pod && w.editPod(pod.metadata.name, (old) => ({ ...old, metadata: { ...old.metadata, ownerReferences: [] } })),
  (w, _below, pod) => pod && w.editPod(pod.metadata.name, (old) => ({ ...old, spec: { ...old.spec, volumes: [] } })),
  (w, below) => stray(w, below),
  (w, below) => { const claim = w.claims()[below(8)]; if (claim) w.remove(CLAIMS, claim.metadata.name); },
  (w, below) => { const claim = w.claims()[below(8)]; if (claim) w.edit(CLAIMS, claim.metadata.name, (old) => ({ ...old, metadata: { ...old.metadata, ownerReferences: [] } })); },
  (w, below) => { const claim = w.claims()[below(8)]; if (claim) w.edit(CLAIMS, claim.metadata.name, (old) => ({ ...old, metadata: { ...old.metadata, ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: claim.metadata.name.slice('datadir-'.length), uid: 'old', controller: true }] } })); },
  (w) => { for (const pod of w.pods()) if (pod.metadata.deletionTimestamp !== undefined) w.remove('pods', pod.metadata.name); },
  (w) => { for (const pod of w.pods()) if (pod.metadata.deletionTimestamp !== undefined) w.remove('pods', pod.metadata.name); },
  (w, below) => { const [verb, resource] = pick(below, WRITES); w.faults.push({ verb, resource, reason: pick(below, REASONS), times: 1 + below(2), after: below(2) }); },
  (w, below) => { w.isPrompt = below(2) === 0; if (w.isPrompt) w.deliverAll(); },
  (w, below) => w.deliver(pick(below, ['pods', SETS, CLAIMS, REVISIONS]), 1 + below(3)),
];

function stray(w: SetWorld, below: Below): void {
  const set = w.set();
  const name = `web-${pick(below, ['0', '3', '7', '007', '9', '99999999999', 'x'])}`;
  if (w.podNames().includes(name)) return;
  const ownerReferences = below(2) === 0 ? [] : [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: set.metadata.uid, controller: true }];
  w.create('pods', { metadata: { name, namespace: 'default', labels: { foo: 'bar' }, ownerReferences }, spec: { containers: [] } });
}

/** Pods that the set holds, as the API has them. */
function owned(w: SetWorld): readonly Pod[] {
  const { uid } = w.set().metadata;
  return w.pods().filter((pod) => pod.metadata.labels?.['foo'] === 'bar' && parentAndOrdinal(pod.metadata.name).parent === 'web' && pod.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true);
}

/** What holds after every reconcile that saw all there is. `before` are the pods as it found them. */
function checkReconcile(w: SetWorld, set: StatefulSet, before: readonly Pod[], done: Done): void {
  expect(done.actions.filter((action) => action.startsWith(`delete ${CLAIMS}`))).toEqual([]);
  const created = done.actions.filter((action) => action.startsWith('create pods')).map((action) => action.split(' ')[2] as string);
  const gone = done.actions.filter((action) => action.startsWith('delete pods') && !action.endsWith('!')).map((action) => action.split(' ')[2] as string);
  const isFine = (pod: Pod): boolean => pod.metadata.deletionTimestamp === undefined && pod.status?.phase === 'Running' && isPodAvailable(pod, set.spec.minReadySeconds ?? 0, w.now);
  const isRecreate = set.spec.updateStrategy?.type === 'Recreate' && behaviourOf(w.profile).hasRecreate;
  if (set.metadata.deletionTimestamp !== undefined) expect([created, gone]).toEqual([[], []]);
  for (const name of created) {
    const { ordinal } = parentAndOrdinal(name);
    // Only ordinals that are asked for, and none that was there.
    expect(ordinal >= startOrdinal(set) && ordinal < endOrdinal(set), name).toBe(true);
    const same = before.find((pod) => pod.metadata.name === name);
    expect((same?.status?.phase ?? '') === '', name).toBe(true);
  }
  if (!isMonotonic(set) || isRecreate) return;
  // An ordered set does one thing at a time, and creates a pod only when all below are fine.
  expect(created.length).toBeLessThanOrEqual(1);
  const names = new Map(before.map((pod) => [parentAndOrdinal(pod.metadata.name).ordinal, pod]));
  for (const name of created) {
    for (let ordinal = startOrdinal(set); ordinal < parentAndOrdinal(name).ordinal; ordinal++) expect(isFine(names.get(ordinal) as Pod), `web-${ordinal} before ${name}`).toBe(true);
  }
  const condemned = gone.filter((name) => !inRange(set, name));
  expect(condemned.length).toBeLessThanOrEqual(1);
  for (const name of condemned) {
    for (let ordinal = startOrdinal(set); ordinal < endOrdinal(set); ordinal++) expect(isFine(names.get(ordinal) as Pod), `web-${ordinal} before scale-down of ${name}`).toBe(true);
    const higher = before.filter((pod) => !inRange(set, pod.metadata.name) && parentAndOrdinal(pod.metadata.name).ordinal > parentAndOrdinal(name).ordinal);
    expect(higher.map((pod) => pod.metadata.name)).toEqual([]);
  }
}

function inRange(set: StatefulSet, name: string): boolean {
  const { ordinal } = parentAndOrdinal(name);
  return ordinal >= startOrdinal(set) && ordinal < endOrdinal(set);
}

/** The status, counted again from the pods that the reconcile found, where no rolling update took something off. */
function checkStatus(w: SetWorld, set: StatefulSet, before: readonly Pod[], done: Done): void {
  const status = w.set().status;
  if (status === undefined || done.error !== undefined || done.actions.some((action) => action.startsWith('update statefulsets/status') && action.endsWith('!'))) return;
  const slots = new Map<number, Pod>();
  for (const pod of before) if (inRange(set, pod.metadata.name)) slots.set(parentAndOrdinal(pod.metadata.name).ordinal, pod);
  const placed = set.metadata.deletionTimestamp !== undefined ? before
    : before.filter((pod) => {
      const { ordinal } = parentAndOrdinal(pod.metadata.name);
      return ordinal >= 0 && (!inRange(set, pod.metadata.name) || slots.get(ordinal) === pod);
    });
  const claimed = isRecreating(w, set, before) ? before : placed;
  const created = claimed.filter((pod) => (pod.status?.phase ?? '') !== '');
  const ready = created.filter((pod) => pod.status?.phase === 'Running' && pod.status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'));
  const live = created.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  expect(status.replicas).toBe(created.length);
  expect(status.readyReplicas ?? 0).toBe(ready.length);
  expect(status.availableReplicas ?? 0).toBe(ready.filter((pod) => isPodAvailable(pod, set.spec.minReadySeconds ?? 0, w.now)).length);
  expect(status.updatedReplicas ?? 0).toBe(live.filter((pod) => revisionOf(pod) === status.updateRevision).length);
}

function isRecreating(w: SetWorld, set: StatefulSet, before: readonly Pod[]): boolean {
  const isAsked = set.spec.updateStrategy?.type === 'Recreate' && behaviourOf(w.profile).hasRecreate;
  return isAsked && before.some((pod) => (pod.status?.phase ?? '') !== '' && parentAndOrdinal(pod.metadata.name).ordinal >= 0 && revisionOf(pod) !== w.set().status?.updateRevision);
}

function step(w: SetWorld): void {
  const isCaughtUp = ['pods', SETS, CLAIMS, REVISIONS].every((resource) => w.unseenCount(resource) === 0);
  const set = w.set();
  const before = owned(w);
  const orphans = w.pods().some((pod) => (pod.metadata.ownerReferences ?? []).length === 0);
  const faults = w.faults.length;
  const done = w.reconcile();
  if (!isCaughtUp || orphans) return;
  checkReconcile(w, set, before, done);
  if (faults === 0) checkStatus(w, set, before, done);
}

/** Whatever happened, once it stops and pods become ready the set comes to rest as it is asked for. */
function checkRest(w: SetWorld): void {
  w.faults.length = 0;
  w.isPrompt = true;
  w.deletesAtOnce = true;
  w.deliverAll();
  for (const pod of w.pods()) {
    const { parent, ordinal } = parentAndOrdinal(pod.metadata.name);
    const isOurs = owned(w).includes(pod);
    // What no controller can put right is taken away by hand: foreign pods, and names that no canonical name repairs.
    if (!isOurs || parent !== 'web' || ordinal < 0 || pod.metadata.name !== `web-${ordinal}` || pod.metadata.deletionTimestamp !== undefined) w.remove('pods', pod.metadata.name);
  }
  for (const claim of w.claims()) w.edit(CLAIMS, claim.metadata.name, (old) => ({ ...old, metadata: { ...old.metadata, ownerReferences: [] } }));
  let quiet = 0;
  for (let turn = 0; turn < 200 && quiet < 2; turn++) {
    for (const pod of w.pods()) {
      if (pod.status?.phase !== 'Running' || !isPodAvailable(pod, 0, w.now)) w.setReady(pod.metadata.name);
    }
    w.now += 11_000;
    const done = w.reconcile();
    quiet = done.actions.length === 0 ? quiet + 1 : 0;
    if (done.actions.length === 0) expect(done.error).toBeUndefined();
  }
  expect(quiet).toBe(2);
  const set = w.set();
  const wanted = Array.from({ length: set.spec.replicas ?? 1 }, (_, index) => `web-${startOrdinal(set) + index}`);
  expect(w.podNames()).toEqual([...wanted].sort());
  if (set.spec.updateStrategy?.type === 'OnDelete') return;
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  for (const pod of w.pods()) {
    if (parentAndOrdinal(pod.metadata.name).ordinal >= startOrdinal(set) + partition) expect(revisionOf(pod), pod.metadata.name).toBe(set.status?.updateRevision);
  }
}

const SEED = Number(process.env['KUBESIM_SEED'] ?? 1);
const WALKS = Number(process.env['KUBESIM_WALKS'] ?? 60);

describe(`random walks from seed ${SEED}`, () => {
  it.each(Array.from({ length: WALKS }, (_, index) => SEED * 1000 + index))('walk %i', (seed) => {
    const below = seeded(seed);
    const w = randomWorld(below);
    for (let turn = 0; turn < 60; turn++) {
      for (let count = below(3); count > 0; count--) pick(below, HAPPENINGS)(w, below, w.pods()[below(Math.max(1, w.pods().length))]);
      step(w);
    }
    checkRest(w);
  });

  it('never touches a pod below the partition while it rolls', () => {
    for (const policy of ['OrderedReady', 'Parallel']) {
      for (let partition = 0; partition <= 4; partition++) {
        const w = new SetWorld();
        w.create(SETS, newSet(4, { podManagementPolicy: policy, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } } }));
        checkRest(w);
        const uids = new Map(w.pods().map((pod) => [pod.metadata.name, pod.metadata.uid]));
        w.editSet(withImage('new'));
        checkRest(w);
        w.pods().forEach((pod, ordinal) => expect(pod.metadata.uid === uids.get(pod.metadata.name)).toBe(ordinal < partition));
      }
    }
  });
});
