// Upstream's tests of the control loop (stateful_set_control_test.go, 1.36 and 1.37), row by row, against the real reconcile.
import { describe, expect, it } from 'vitest';
import { parentAndOrdinal, POD_INDEX_LABEL } from '../../src/stateful-set/identity.ts';
import { burstInvariants, drive, isScaled, isUpdated, monotonicInvariants, updateInvariants, type Invariants } from './invariants.ts';
import { CLAIMS, SetWorld, SETS } from './set-world.ts';
import { MANAGEMENT, newSet, POLICIES, withImage } from './sets.ts';

interface Case {
  readonly policy: string;
  readonly retention: object;
  readonly invariants: Invariants;
  readonly isBurst: boolean;
}

/** Mutation testing takes fewer, since each survivor costs a whole run. */
const POLICY_COUNT = Number(process.env['KUBESIM_POLICIES'] ?? POLICIES.length);

const CASES: readonly (readonly [string, Case])[] = MANAGEMENT.flatMap(([name, policy]) => POLICIES.slice(-POLICY_COUNT).map(([retentionName, retention]) => [
  `${name} ${retentionName}`, { policy, retention, invariants: policy === 'Parallel' ? burstInvariants : monotonicInvariants, isBurst: policy === 'Parallel' },
] as const));

function world(replicas: number, { policy, retention }: Case, spec: object = {}): SetWorld {
  const made = new SetWorld();
  made.create(SETS, newSet(replicas, { podManagementPolicy: policy, ...retention, ...spec }));
  return made;
}

const counts = (w: SetWorld): readonly (number | undefined)[] => {
  const status = w.set().status;
  return [status?.replicas, status?.readyReplicas, status?.updatedReplicas];
};

const createCount = (actions: readonly string[]): number => actions.filter((action) => action.startsWith('create pods')).length;
const deleteCount = (actions: readonly string[]): number => actions.filter((action) => action.startsWith('delete pods')).length;

describe.each(CASES)('control %s', (_name, test) => {
  it('CreatePods, and CreatesPodsWithStartOrdinal', () => {
    for (const start of [0, 2]) {
      const w = world(3, test, start === 0 ? {} : { ordinals: { start } });
      expect(drive(w, isScaled, test.invariants)).toBeUndefined();
      expect(counts(w)).toEqual([3, 3, 3]);
      expect(w.podNames()).toEqual([0, 1, 2].map((ordinal) => `web-${start + ordinal}`));
      for (const pod of w.pods()) expect(pod.metadata.labels?.[POD_INDEX_LABEL]).toBe(String(parentAndOrdinal(pod.metadata.name).ordinal));
    }
  });

  it('ScalesUp and ScalesDown', () => {
    const w = world(3, test);
    drive(w, isScaled, test.invariants);
    w.editSet(() => ({ replicas: 4 }));
    expect(drive(w, isScaled, test.invariants)).toBeUndefined();
    expect(counts(w)).toEqual([4, 4, 4]);
    w.editSet(() => ({ replicas: 0 }));
    expect(drive(w, isScaled, test.invariants)).toBeUndefined();
    expect([w.pods().length, w.set().status?.replicas]).toEqual([0, 0]);
    expect(w.claims().length).toBe(JSON.stringify(test.retention).includes('"whenScaled":"Delete"') ? 0 : 4);
  });

  it('ReplacesPods', () => {
    const w = world(5, test);
    drive(w, isScaled, test.invariants);
    for (const claim of w.claims()) expect(claim.metadata.ownerReferences?.some((owner) => owner.kind === 'Pod') ?? false).toBe(false);
    for (const name of ['web-0', 'web-2', 'web-4']) w.remove('pods', name);
    expect(drive(w, isScaled, burstInvariants)).toBeUndefined();
    expect(counts(w)).toEqual([5, 5, 5]);
  });

  it.each(['Failed', 'Succeeded'])('Recreates%sPod, with a delete that fails once', (phase) => {
    for (const fails of [false, true]) {
      const w = world(3, test);
      const first = w.reconcile();
      w.setPhase('web-0', phase);
      if (fails) {
        w.faults.push({ verb: 'delete', resource: 'pods', reason: 'InternalError', times: 1 });
        const failed = w.reconcile();
        expect([deleteCount(failed.actions), failed.error?.includes('injected InternalError')]).toEqual([1, true]);
      }
      const second = w.reconcile();
      expect([deleteCount(second.actions), createCount(second.actions), second.error]).toEqual([1, 0, undefined]);
      const third = w.reconcile();
      expect([deleteCount(third.actions), createCount(third.actions)]).toEqual([0, 1]);
      expect(w.pod('web-0').status?.phase).toBe('Pending');
      expect(createCount(first.actions)).toBe(test.isBurst ? 3 : 1);
    }
  });

  it.each([
    ['CreatePodFailure', 'create', 'pods'], ['UpdateSetStatusFailure', 'update', `${SETS}/status`],
  ])('%s', (_title, verb, resource) => {
    const w = world(3, test);
    w.faults.push({ verb, resource, reason: 'InternalError', after: 2, times: 1 });
    const failure = drive(w, isScaled, test.invariants);
    if (failure !== undefined) expect(failure).toContain('injected InternalError');
    expect(drive(w, isScaled, test.invariants)).toBeUndefined();
    expect(counts(w)).toEqual([3, 3, 3]);
    expect(w.faults).toEqual([]);
    expect(failure).toBeDefined();
  });

  it('UpdatePodFailure', () => {
    const w = world(3, test);
    drive(w, isScaled, test.invariants);
    w.editPod('web-0', (pod) => ({ ...pod, metadata: { ...pod.metadata, labels: { foo: 'bar', 'controller-revision-hash': w.set().status?.currentRevision ?? '' } } }));
    w.faults.push({ verb: 'update', resource: 'pods', reason: 'InternalError', times: 1 });
    const failed = w.reconcile();
    expect(failed.error).toContain('injected InternalError');
    expect(failed.events).toEqual([expect.stringMatching(/^Warning FailedUpdate Update Pod web-0 in StatefulSet web failed error: injected/)]);
    expect(w.reconcile().events).toEqual(['Normal SuccessfulUpdate Update Pod web-0 in StatefulSet web successful']);
    expect(w.reconcile().actions).toEqual([]);
  });

  it('NewRevisionDeletePodFailure', () => {
    const w = world(3, test);
    drive(w, isScaled, test.invariants);
    w.editSet(withImage('foo'));
    w.faults.push({ verb: 'delete', resource: 'pods', reason: 'InternalError', times: 1 });
    expect(w.reconcile().error).toContain('injected InternalError');
    const { status } = w.set();
    expect(status?.currentReplicas).toBe(3);
    expect(status?.currentRevision).not.toBe(status?.updateRevision);
    expect(w.reconcile().error).toBeUndefined();
    expect(w.set().status?.currentReplicas).toBe(2);
  });

  it('RecreatesPVCForPendingPod', () => {
    const w = world(1, test);
    w.reconcile();
    w.remove(CLAIMS, 'datadir-web-0');
    expect(w.reconcile().actions).toContain('create persistentvolumeclaims datadir-web-0');
  });

  it('ScaleDownDeleteError', () => {
    const w = world(3, test);
    drive(w, isScaled, test.invariants);
    w.editSet(() => ({ replicas: 0 }));
    w.faults.push({ verb: 'delete', resource: 'pods', reason: 'InternalError', after: 2, times: 1 });
    expect(drive(w, isScaled, test.invariants)).toContain('injected InternalError');
    expect(drive(w, isScaled, test.invariants)).toBeUndefined();
    expect(w.pods()).toEqual([]);
  });

  it('getSetRevisions: creates, finds again, updates and rolls back', () => {
    const w = world(3, test);
    drive(w, isScaled, test.invariants);
    const original = w.set().spec.template;
    expect(w.revisions().map((revision) => revision.revision)).toEqual([1]);
    w.editSet(withImage('foo'));
    w.reconcile();
    expect(w.revisions().map((revision) => revision.revision)).toEqual([1, 2]);
    const [first, second] = w.revisions().map((revision) => revision.metadata.name);
    expect([w.set().status?.currentRevision, w.set().status?.updateRevision]).toEqual([first, second]);
    w.reconcile();
    expect(w.revisions().length).toBe(2);
    w.editSet(withImage('bar'));
    w.reconcile();
    w.editSet(withImage('foo'));
    w.reconcile();
    expect(w.revisions().map((revision) => [revision.metadata.name === second, revision.revision])).toContainEqual([true, 4]);
    expect(w.set().status?.updateRevision).toBe(second);
    w.editSet(() => ({ template: original }));
    w.reconcile();
    expect(w.set().status?.updateRevision).toBe(first);
  });

  it.each([['image update', 3], ['image update and scale up', 5], ['image update and scale down', 3]])('RollingUpdate and Rollback: %s', (title, replicas) => {
    const w = world(title.endsWith('down') ? 5 : 3, test);
    drive(w, isScaled, test.invariants);
    const original = w.set().spec.template;
    w.editSet((spec) => ({ ...withImage('foo')(spec), replicas }));
    expect(drive(w, isUpdated, updateInvariants)).toBeUndefined();
    expect(w.pods().map((pod) => pod.spec.containers[0]?.image)).toEqual(Array(replicas).fill('foo'));
    w.editSet(() => ({ template: original }));
    expect(drive(w, isUpdated, updateInvariants)).toBeUndefined();
    expect(w.pods().map((pod) => pod.spec.containers[0]?.image)).toEqual(Array(replicas).fill('nginx'));
  });

  it.each([['image update', 3], ['image update and scale up', 5]])('RollingUpdateWithPartition: %s', (_title, replicas) => {
    const w = world(3, test, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } });
    drive(w, isScaled, test.invariants);
    w.editSet((spec) => ({ ...withImage('foo')(spec), replicas }));
    expect(drive(w, isUpdated, updateInvariants)).toBeUndefined();
    w.pods().forEach((pod, ordinal) => expect(pod.spec.containers[0]?.image).toBe(ordinal < 2 ? 'nginx' : 'foo'));
  });

  it.each([['image update', 3, 3], ['image update and scale up', 3, 5], ['image update and scale down', 5, 3]])('OnDeleteUpdate: %s', (_title, before, after) => {
    const w = world(before, test, { updateStrategy: { type: 'OnDelete' } });
    drive(w, isScaled, test.invariants);
    w.editSet((spec) => ({ ...withImage('foo')(spec), replicas: after }));
    expect(drive(w, isUpdated, updateInvariants)).toBeUndefined();
    w.pods().forEach((pod, ordinal) => expect(pod.spec.containers[0]?.image).toBe(ordinal < before ? 'nginx' : 'foo'));
    for (const claim of w.claims()) if (w.podNames().includes(claim.metadata.name.replace('datadir-', ''))) expect(claim.metadata.ownerReferences?.some((owner) => owner.kind === 'Pod') ?? false).toBe(false);
    w.editSet(() => ({ replicas: 0 }));
    drive(w, isScaled, burstInvariants);
    w.editSet(() => ({ replicas: after }));
    drive(w, isScaled, burstInvariants);
    expect(w.pods().map((pod) => pod.spec.containers[0]?.image)).toEqual(Array(after).fill('foo'));
  });

  it.each([[2, 4], [0, 2], [-2, 11], [5, 7]])('LimitsHistory: limit %i keeps %i', (limit, kept) => {
    const w = world(3, test, { revisionHistoryLimit: limit });
    drive(w, isScaled, test.invariants);
    for (let round = 0; round < 10; round++) {
      w.editSet(withImage(`foo-${round}`));
      drive(w, isUpdated, updateInvariants, round);
      expect(w.revisions().length).toBeLessThanOrEqual(kept);
    }
    if (limit < 0) expect(w.revisions().length).toBe(kept);
    else expect(w.revisions().length).toBeLessThanOrEqual(limit + 2);
  });

  it('HonorRevisionHistoryLimit while every status write fails', () => {
    const w = world(3, test);
    drive(w, isScaled, test.invariants);
    w.faults.push({ verb: 'update', resource: `${SETS}/status`, reason: 'InternalError', times: 0 });
    for (let round = 0; round < 10; round++) {
      w.editSet(withImage(`foo-${round}`));
      expect(w.reconcile().error).toContain('injected InternalError');
      expect(w.revisions().length).toBeLessThanOrEqual(2 + 2);
    }
  });
});
