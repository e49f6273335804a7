// Upstream's tests of budgets, minReadySeconds, batches and strategies (stateful_set_control_test.go, 1.36 and 1.37).
import type { StatefulSet } from '@kubesim/api';
import { describe, expect, it } from 'vitest';
import { behaviourOf } from '../../src/stateful-set/behaviour.ts';
import type { DecisionInput } from '../../src/stateful-set/decision-input.ts';
import { maxUnavailable, podsToUpdate, unavailableCount } from '../../src/stateful-set/rolling-update.ts';
import { buildSummary } from '../../src/stateful-set/set-summary.ts';
import { drive, isScaled, isUpdated, burstInvariants, monotonicInvariants } from './invariants.ts';
import { SetWorld, SETS } from './set-world.ts';
import { newSet, withImage } from './sets.ts';

const ON = { MaxUnavailableStatefulSet: true };

function readyWorld(replicas: number, spec: object, gates: Readonly<Record<string, boolean>> = {}, release: '1.34' | '1.36' | '1.37' = '1.37'): SetWorld {
  const w = new SetWorld(release, gates);
  w.create(SETS, newSet(replicas, { volumeClaimTemplates: undefined, podManagementPolicy: 'Parallel', ...spec }));
  w.reconcile();
  for (const name of w.podNames()) w.setReady(name);
  w.settle();
  return w;
}

/** The set as an ordered one. */
const ordered = (w: SetWorld): StatefulSet => ({ ...w.set(), spec: { ...w.set().spec, podManagementPolicy: 'OrderedReady' } });

/** What the update branch alone is given, with every pod on the older revision. */
function inputOf(w: SetWorld, set: StatefulSet): DecisionInput {
  const { template } = set.spec;
  return {
    set, behaviour: behaviourOf(w.profile), now: w.now, claims: () => undefined, summary: buildSummary({ epoch: { kind: 'epoch' }, set, claims: () => undefined }, w.pods()),
    revisions: { current: { name: w.revisions()[0]?.metadata.name ?? '', template }, update: { name: 'web-new', template }, collisionCount: 0 },
  };
}

const ordinals = (names: readonly string[]): readonly number[] => names.map((name) => Number(name.split('-')[1]));
const deleted = (actions: readonly string[]): readonly number[] => ordinals(actions.filter((action) => action.startsWith('delete pods')).map((action) => action.split(' ')[2] as string));

/** Policy, replicas, partition, budget, pods not ready, pods terminating, pods left. */
type Row = readonly [string, number, number, number, readonly number[], readonly number[], readonly number[]];

const ROWS: readonly Row[] = [
  ['Parallel', 1, 0, 1, [0], [], []],
  ['Parallel', 3, 0, 1, [2], [], [0, 1]],
  ['Parallel', 5, 0, 2, [3, 4], [], [0, 1, 2]],
  ['Parallel', 3, 0, 1, [], [2], [0, 1, 2]],
  ['Parallel', 5, 0, 3, [3], [4], [0, 1, 4]],
  ['Parallel', 5, 0, 3, [4], [3], [0, 1, 3]],
  ['Parallel', 5, 2, 1, [4], [], [0, 1, 2, 3]],
  ['Parallel', 5, 2, 1, [2], [], [0, 1, 3, 4]],
  ['Parallel', 5, 2, 1, [1], [], [0, 1, 2, 3, 4]],
  ['Parallel', 5, 3, 2, [3, 4], [], [0, 1, 2]],
  ['Parallel', 5, 3, 2, [1, 4], [], [0, 1, 2, 3]],
  ['Parallel', 4, 0, 2, [0, 1], [], [2, 3]],
  ['Parallel', 5, 0, 3, [0, 1], [], [2, 3]],
];

describe('old pods that are not available (1.37, #137409)', () => {
  it.each(ROWS)('%s, %i replicas, partition %i, budget %i: not ready %j, terminating %j leaves %j', (policy, replicas, partition, maxUnavailable, unready, terminating, left) => {
    const w = readyWorld(replicas, { podManagementPolicy: policy, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition, maxUnavailable } } }, ON);
    for (const ordinal of unready) w.setPhase(`web-${ordinal}`, 'Running', { ready: false });
    for (const ordinal of terminating) w.setTerminating(`web-${ordinal}`);
    w.editSet(withImage('foo'));
    w.reconcile();
    expect(ordinals(w.podNames())).toEqual(left);
  });

  it('counts a pod that is ready for too short a time as broken', () => {
    const w = readyWorld(3, { minReadySeconds: 30, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: 1 } } }, ON);
    w.now += 60_000;
    w.setReady('web-2');
    w.editSet(withImage('foo'));
    w.reconcile();
    expect(ordinals(w.podNames())).toEqual([0, 1]);
  });

  it('dead-locks a Parallel set up to 1.36 with the budget, and not without it', () => {
    for (const [gates, gone] of [[ON, []], [{ MaxUnavailableStatefulSet: false }, [2]]] as const) {
      const w = readyWorld(3, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: 1 } } }, gates, '1.36');
      w.setPhase('web-1', 'Running', { ready: false });
      w.editSet(withImage('foo'));
      expect(deleted(w.reconcile().actions)).toEqual(gone);
    }
  });
});

describe('maxUnavailable', () => {
  it.each(['OrderedReady', 'Parallel'])('RollingUpdateWithMaxUnavailable %s', (policy) => {
    const w = readyWorld(6, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 3, maxUnavailable: 2 } } }, ON);
    w.edit(SETS, 'web', (set) => ({ ...set, spec: { ...set['spec'], podManagementPolicy: policy } }));
    w.editSet(withImage('foo'));
    expect(deleted(w.reconcile().actions)).toEqual([5, 4]);
    w.reconcile();
    expect(ordinals(w.podNames())).toEqual(policy === 'Parallel' ? [0, 1, 2, 3, 4, 5] : [0, 1, 2, 3, 4]);
    w.setReady('web-4');
    const next = w.reconcile();
    if (policy === 'Parallel') expect(deleted(next.actions)).toEqual([3]);
    else expect(next.actions).toContain('create pods web-5');
    for (let turn = 0; turn < 6; turn++) {
      for (const pod of w.pods()) if (pod.status?.phase !== 'Running') w.setReady(pod.metadata.name);
      w.reconcile();
    }
    expect(w.pods().map((pod) => pod.spec.containers[0]?.image)).toEqual(['nginx', 'nginx', 'nginx', 'foo', 'foo', 'foo']);
  });

  it.each([[[], 2], [[5], 1], [[3], 1], [[4], 1], [[5, 4], 0], [[5, 3], 0], [[5, 4, 3], 0], [[2], 1], [[1], 1]])('terminating %j leave a budget of %i', (terminating, count) => {
    const w = readyWorld(6, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 3, maxUnavailable: 2 } } }, ON, '1.36');
    for (const ordinal of terminating as number[]) w.setTerminating(`web-${ordinal}`);
    w.editSet(withImage('foo'));
    expect(deleted(w.reconcile().actions).length).toBe(count);
  });

  it.each([['20%', 10, 2], ['25%', 8, 2], ['80%', 5, 4], ['1%', 5, 1], [3, 6, 3]])('%s of %i replicas is %i', (maxUnavailable, replicas, count) => {
    const w = readyWorld(replicas as number, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable } } }, ON);
    w.editSet(withImage('foo'));
    expect(deleted(w.reconcile().actions).length).toBe(count);
  });

  it('is one pod at a time without the gate', () => {
    const w = readyWorld(5, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: 3 } } }, { MaxUnavailableStatefulSet: false });
    w.editSet(withImage('foo'));
    expect(deleted(w.reconcile().actions)).toEqual([4]);
    expect(w.reconcile().actions).toContain('create pods web-4');
    expect(deleted(w.reconcile().actions)).toEqual([]);
    w.setReady('web-4');
    expect(deleted(w.reconcile().actions)).toEqual([3]);
  });
});

describe('the gauges of an update', () => {
  /** Strategy, replicas, pods ready, statefulset_max_unavailable and statefulset_unavailability_count. */
  it.each<readonly [string, object | undefined, number, number, number, number]>([
    ['2 of 3', { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 2 } }, 3, 2, 2, 1], ['20 % of 10', { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '20%' } }, 10, 7, 2, 3],
    ['all unavailable', { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 3 } }, 5, 2, 3, 3], ['none unavailable', { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } }, 3, 3, 1, 0],
    ['25 % of 8', { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%' } }, 8, 7, 2, 1], ['80 % of 5', { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '80%' } }, 5, 1, 4, 4],
    ['a share below one', { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } }, 5, 4, 1, 1], ['a partition', { type: 'RollingUpdate', rollingUpdate: { partition: 2, maxUnavailable: 1 } }, 4, 3, 1, 1],
    ['OnDelete, two of three', { type: 'OnDelete' }, 3, 1, 1, 2], ['OnDelete, one', { type: 'OnDelete' }, 3, 2, 1, 1], ['no parameters, two', { type: 'RollingUpdate' }, 3, 1, 1, 2], ['no parameters, none', { type: 'RollingUpdate' }, 3, 3, 1, 0],
  ])('Metrics: %s', (_title, updateStrategy, replicas, ready, most, unavailable) => {
    const w = readyWorld(replicas, { updateStrategy }, ON);
    for (let ordinal = ready; ordinal < replicas; ordinal++) w.setPhase(`web-${ordinal}`, 'Running', { ready: false });
    const input = inputOf(w, w.set());
    expect([maxUnavailable(w.set()), unavailableCount(input)]).toEqual([most, unavailable]);
  });
});

describe('the update branch of an ordered set', () => {
  it.each<readonly [readonly number[], number]>([[[], 2], [[5], 1], [[3], 1], [[4], 1], [[5, 4], 0], [[5, 3], 0], [[4, 3], 0], [[5, 4, 3], 0], [[2], 1], [[1], 1]])('RollingUpdateWithMaxUnavailableInOrderedModeVerifyInvariant: terminating %j leave a budget of %i', (terminating, count) => {
    for (const release of ['1.36', '1.37'] as const) {
      const w = readyWorld(6, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 3, maxUnavailable: 2 } } }, ON, release);
      for (const ordinal of terminating) w.setTerminating(`web-${ordinal}`);
      expect(podsToUpdate(inputOf(w, ordered(w))).length).toBe(count);
    }
  });

  it('leaves all pods of which one is ready for too short a time (budget 1, 30 s)', () => {
    const w = readyWorld(3, { minReadySeconds: 30, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: 1 } } }, ON);
    w.now += 60_000;
    w.setReady('web-2');
    expect(podsToUpdate(inputOf(w, ordered(w)))).toEqual([]);
    w.now += 30_000;
    expect(podsToUpdate(inputOf(w, ordered(w))).map((pod) => pod.metadata.name)).toEqual(['web-2']);
  });
});

describe('minReadySeconds', () => {
  it.each([[120, 1], [60, 1], [30, 0]])('StatefulSetAvailability: ready for %i min of 60 min counts %i', (minutes, available) => {
    const w = new SetWorld();
    w.create(SETS, newSet(1, { minReadySeconds: 3600 }));
    w.reconcile();
    w.setReady('web-0', w.now - minutes * 60_000);
    w.reconcile();
    expect(w.set().status?.availableReplicas).toBe(available);
  });

  it('RollingUpdateRespectsMinReadySeconds', () => {
    const w = readyWorld(2, { podManagementPolicy: 'Parallel', minReadySeconds: 30 });
    w.editSet(withImage('foo'));
    w.edit(SETS, 'web', (set) => ({ ...set, spec: { ...set['spec'], podManagementPolicy: 'OrderedReady' } }));
    w.now += 10_000;
    expect(deleted(w.reconcile().actions)).toEqual([]);
    expect(w.set().status?.availableReplicas).toBe(0);
    w.now += 20_000;
    expect(deleted(w.reconcile().actions)).toEqual([1]);
    expect(w.set().status?.availableReplicas).toBe(2);
  });

  it('ScaleDownRespectsMinReadySeconds', () => {
    const w = readyWorld(3, { minReadySeconds: 30 });
    w.edit(SETS, 'web', (set) => ({ ...set, spec: { ...set['spec'], podManagementPolicy: 'OrderedReady', replicas: 1 } }));
    w.now += 10_000;
    expect([deleted(w.reconcile().actions), w.set().status?.availableReplicas]).toEqual([[], 0]);
    w.now += 20_000;
    expect(deleted(w.reconcile().actions)).toEqual([2]);
  });

  it('OnDeleteStrategyIgnoresMinReadySeconds, ZeroMinReadySeconds', () => {
    const w = readyWorld(2, { minReadySeconds: 30, updateStrategy: { type: 'OnDelete' } });
    w.editSet(withImage('foo'));
    expect(w.reconcile().error).toBeUndefined();
    expect(w.set().status?.availableReplicas).toBe(0);
    expect(w.set().status?.updateRevision).not.toBe(w.set().status?.currentRevision);
    expect(readyWorld(2, {}).set().status?.availableReplicas).toBe(2);
  });

  it('PartitionRollingUpdateWithMinReadySeconds', () => {
    const w = readyWorld(4, { minReadySeconds: 30, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } });
    w.edit(SETS, 'web', (set) => ({ ...set, spec: { ...set['spec'], podManagementPolicy: 'OrderedReady' } }));
    w.editSet(withImage('foo'));
    w.now += 10_000;
    w.reconcile();
    expect([w.pods().length, w.set().status?.availableReplicas]).toEqual([4, 0]);
  });

  it('looks again when the next pod becomes available: 1.36 precisely, 1.34 after the whole time', () => {
    for (const [release, delays] of [['1.37', [20_000]], ['1.36', [20_000]], ['1.34', [30_000]]] as const) {
      const w = new SetWorld(release);
      w.create(SETS, newSet(2, { minReadySeconds: 30 }));
      w.reconcile();
      w.setReady('web-0');
      w.now += 10_000;
      expect(w.reconcile().requeues).toEqual(delays);
      w.now += 20_000;
      expect(w.reconcile().actions).toContain('create pods web-1');
      // Nothing is about to become available: the whole time is the fallback.
      expect(w.reconcile().requeues).toEqual([30_000]);
    }
  });
});

describe('ParallelScale', () => {
  it.each([[3, 30], [10, 1], [501, 0], [0, 1000]])('%i to %i in two reconciles', (from, to) => {
    const w = readyWorld(from, { volumeClaimTemplates: [{ metadata: { name: 'datadir', labels: { test: 'test' } }, spec: {} }] });
    w.editSet(() => ({ replicas: to }));
    w.reconcile();
    w.reconcile();
    expect(w.pods().length).toBe(to);
    for (const claim of w.claims()) expect(claim.metadata.labels).toEqual({ foo: 'bar', test: 'test' });
  });

  it('goes on to the end of the batch in which a creation fails', () => {
    const w = new SetWorld();
    w.create(SETS, newSet(100, { podManagementPolicy: 'Parallel', volumeClaimTemplates: undefined }));
    w.faults.push({ verb: 'create', resource: 'pods', reason: 'Forbidden', after: 3, times: 1 });
    const { actions, error } = w.reconcile();
    const created = actions.filter((action) => action.startsWith('create pods'));
    // Batches are 1, 2 and 4; the fourth creation fails.
    expect(created).toEqual(['create pods web-0', 'create pods web-1', 'create pods web-2', 'create pods web-3 !', 'create pods web-4', 'create pods web-5', 'create pods web-6']);
    expect(error).toBe('injected Forbidden of pods "web-3"');
  });
});

describe('StatusUpdate', () => {
  it.each([[false, false, undefined], [true, false, 'pods'], [false, true, 'statefulsets'], [true, true, 'pods']])('sync fails %s, status fails %s', (syncFails, statusFails, named) => {
    const w = new SetWorld();
    w.create(SETS, newSet(1, { volumeClaimTemplates: undefined }));
    if (syncFails) w.faults.push({ verb: 'create', resource: 'pods', reason: 'InternalError', times: 1 });
    if (statusFails) w.faults.push({ verb: 'update', resource: `${SETS}/status`, reason: 'InternalError', times: 1 });
    const { actions, error } = w.reconcile();
    expect(actions.filter((action) => action.startsWith('update statefulsets/status')).length).toBe(1);
    if (named === undefined) expect(error).toBeUndefined();
    else expect(error).toContain(`injected InternalError of ${named}`);
  });

  it('is tried five times on Conflict, each with the set as the cache holds it', () => {
    const w = new SetWorld();
    w.create(SETS, newSet(1, { volumeClaimTemplates: undefined }));
    w.faults.push({ verb: 'update', resource: `${SETS}/status`, reason: 'Conflict', times: 0 });
    const { actions, error } = w.reconcile();
    expect(actions.filter((action) => action.startsWith('update statefulsets/status')).length).toBe(5);
    expect(error).toContain('injected Conflict of statefulsets');
  });
});

describe('strategies and traces', () => {
  it('waits for a broken pod for ever in an ordered set, even after the template is put back (#67250)', () => {
    const w = new SetWorld();
    w.create(SETS, newSet(3));
    drive(w, isScaled, monotonicInvariants);
    const original = w.set().spec.template;
    w.editSet(withImage('broken'));
    w.reconcile();
    w.reconcile();
    w.editSet(() => ({ template: original }));
    w.settle();
    expect(w.pod('web-2').spec.containers[0]?.image).toBe('broken');
    expect(w.explained.get('statefulset/default/web')).toContain('waits for web-2');
    w.remove('pods', 'web-2');
    expect(drive(w, isUpdated, monotonicInvariants)).toBeUndefined();
    expect(w.pod('web-2').spec.containers[0]?.image).toBe('nginx');
  });

  it('scales down the lowest unavailable pod only, and waits for others', () => {
    const w = readyWorld(5, {});
    w.edit(SETS, 'web', (set) => ({ ...set, spec: { ...set['spec'], podManagementPolicy: 'OrderedReady', replicas: 2 } }));
    w.setPhase('web-3', 'Running', { ready: false });
    w.setPhase('web-4', 'Running', { ready: false });
    expect(deleted(w.reconcile().actions)).toEqual([]);
    expect(w.explained.get('statefulset/default/web')).toContain('scale-down waits for web-4');
    w.setReady('web-4');
    expect(deleted(w.reconcile().actions)).toEqual([4]);
    expect(deleted(w.reconcile().actions)).toEqual([3]);
    expect(deleted(w.reconcile().actions)).toEqual([2]);
  });

  it('scales down nothing while a living pod is not ready', () => {
    const w = readyWorld(3, {});
    w.edit(SETS, 'web', (set) => ({ ...set, spec: { ...set['spec'], podManagementPolicy: 'OrderedReady', replicas: 1 } }));
    w.setPhase('web-0', 'Running', { ready: false });
    expect(deleted(w.reconcile().actions)).toEqual([]);
  });

  it.each([[0, 2], [2, 4], [3, 2], [3, 0]])('moves from start ordinal %i to %i', (from, to) => {
    for (const policy of ['OrderedReady', 'Parallel']) {
      const w = new SetWorld();
      w.create(SETS, newSet(3, { podManagementPolicy: policy, ordinals: { start: from } }));
      drive(w, isScaled, burstInvariants);
      w.editSet(() => ({ ordinals: { start: to } }));
      expect(drive(w, (world) => isScaled(world) && world.pods().length === 3, burstInvariants)).toBeUndefined();
      expect(ordinals(w.podNames())).toEqual([to, to + 1, to + 2]);
    }
  });

  it('completes an OnDelete update since 1.37 only', () => {
    for (const [release, isComplete] of [['1.36', false], ['1.37', true]] as const) {
      const w = readyWorld(2, { updateStrategy: { type: 'OnDelete' } }, {}, release);
      w.editSet(withImage('foo'));
      w.settle();
      for (const name of w.podNames()) w.remove('pods', name);
      w.reconcile();
      for (const name of w.podNames()) w.setReady(name);
      w.settle();
      expect(w.set().status?.currentRevision === w.set().status?.updateRevision).toBe(isComplete);
    }
  });

  it('Recreate deletes all old pods before it creates a new one, and says how it stands', () => {
    const w = readyWorld(3, { updateStrategy: { type: 'Recreate' } }, { StatefulSetRecreateStrategy: true });
    const progress = (): string => w.set().status?.conditions?.map((condition) => `${condition.type} ${condition.status} ${condition.message}`).join() ?? '';
    w.editSet(withImage('foo'));
    w.deletesAtOnce = false;
    expect(w.reconcile().actions.slice(1, 4)).toEqual(['delete pods web-0', 'delete pods web-1', 'delete pods web-2']);
    expect(progress()).toBe('Progressing True Deleting old revision pods');
    expect(w.reconcile().actions.filter((action) => action.includes('pods'))).toEqual([]);
    for (const name of w.podNames()) w.remove('pods', name);
    w.reconcile();
    expect(progress()).toBe('Progressing True Waiting for new-revision pods to be created');
    for (const name of w.podNames()) w.setReady(name);
    w.settle();
    expect(progress()).toBe('Progressing False All pods recreated successfully');
    expect(w.pods().map((pod) => pod.spec.containers[0]?.image)).toEqual(['foo', 'foo', 'foo']);
    expect(w.set().status?.currentRevision).toBe(w.set().status?.updateRevision);
  });

  it('Recreate with its gate off is a rolling update', () => {
    const w = readyWorld(3, { updateStrategy: { type: 'Recreate' } });
    w.editSet(withImage('foo'));
    expect(deleted(w.reconcile().actions)).toEqual([2]);
  });
});
