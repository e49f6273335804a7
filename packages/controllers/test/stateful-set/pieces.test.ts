// The pieces of a sync one by one: upstream's tests of utils, pod control, handlers, history and adoption
// (stateful_set_utils_test.go, stateful_pod_control_test.go, stateful_set_test.go, controller_history_test.go, compatibility).
import { describe, expect, it } from 'vitest';
import { builtInScheme, goJson, type KubeObject, type PersistentVolumeClaim, type Pod, type StatefulSet } from '@kubesim/api';
import { revisionsToTruncate, sortRevisions } from '../../src/history/controller-revision.ts';
import { fnv1, hashRevisionData } from '../../src/history/revision-hash.ts';
import { behaviourOf } from '../../src/stateful-set/behaviour.ts';
import { hasUnexpectedController, isClaimOwnerUpToDate, isClaimStale, withClaimOwners } from '../../src/stateful-set/claim-retention.ts';
import { parentAndOrdinal } from '../../src/stateful-set/identity.ts';
import { podsToUpdate } from '../../src/stateful-set/rolling-update.ts';
import { buildSummary } from '../../src/stateful-set/set-summary.ts';
import { drive, isScaled, monotonicInvariants } from './invariants.ts';
import { CLAIMS, REVISIONS, SetWorld, SETS, time } from './set-world.ts';
import { newSet, withImage } from './sets.ts';

describe('ordinals', () => {
  it.each([
    ['web-7', 'web', 7], ['web-007', 'web', 7], ['a-1-0', 'a-1', 0], ['web', '', -1], ['web-', '', -1], ['-3', '', 3], ['web-x', '', -1],
    ['web-2147483647', 'web', 2147483647], ['web-2147483648', 'web', -1],
  ])('%s has parent %j and ordinal %i', (name, parent, ordinal) => {
    expect(parentAndOrdinal(name)).toEqual({ parent, ordinal });
  });
});

const D34 = '{"spec":{"template":{"$patch":"replace","metadata":{"annotations":{"test":"value"},"labels":{"app":"foo"}},"spec":{"containers":[{"image":"test","imagePullPolicy":"Always","name":"test","resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}],"dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30}}}}';
const D33 = D34.replace('"labels"', '"creationTimestamp":null,"labels"');

describe('history', () => {
  it.each([
    [D34, 0, '776999688b'], [D34, 1, '776999688c'], [D34, 2, '7769996888'], [D34, undefined, '6855cb9558'], [D33, 0, 'c77f6d978'], [D33, 1, 'c77f6d979'],
  ])('hashes as upstream does (%#)', (data, probe, hash) => {
    expect(hashRevisionData(data, probe)).toBe(hash);
    expect(goJson(JSON.parse(data))).toBe(data);
  });

  it('hashes what is not ASCII by its UTF-8 bytes', () => {
    expect(fnv1('')).toBe(2166136261);
    for (const text of ['é', '€', '\u{1f600}', 'a\u{1f600}b']) {
      let hash = 2166136261;
      for (const byte of new TextEncoder().encode(text)) hash = (Math.imul(hash, 16777619) ^ byte) >>> 0;
      expect(fnv1(text)).toBe(hash);
    }
  });

  const revision = (name: string, number: number, created: string): never => ({ metadata: { name, creationTimestamp: created }, revision: number, data: {} }) as never;

  it('sorts by number, time and name, and drops the oldest that nothing needs', () => {
    const sorted = sortRevisions([revision('c', 2, 'b'), revision('b', 2, 'a'), revision('a', 2, 'b'), revision('z', 1, 'z')]);
    const names = sorted.map(({ metadata }) => metadata.name);
    expect(names).toEqual(['z', 'b', 'a', 'c']);
    expect(revisionsToTruncate(sorted, () => false, 2)).toEqual(['z', 'b']);
    expect(revisionsToTruncate(sorted, (name) => name === 'z', 2)).toEqual(['b']);
    expect(revisionsToTruncate(sorted, () => false, 4)).toEqual([]);
    expect(revisionsToTruncate(sorted, () => false, 0)).toEqual(names);
    expect(revisionsToTruncate(sorted, () => false, -1)).toEqual([]);
  });

  it('gives way to a revision of the same name and other data, and takes one of the same data', () => {
    const w = new SetWorld();
    w.create(SETS, newSet(1));
    w.reconcile();
    const [first] = w.revisions();
    const name = first?.metadata.name ?? '';
    w.edit(REVISIONS, name, (object) => ({ ...object, metadata: { ...object.metadata, labels: {} } }));
    // Its labels hide it from the list; its name is taken all the same.
    expect(w.reconcile().actions).toContain(`create controllerrevisions ${name} !`);
    expect(w.set().status?.collisionCount).toBe(0);
    w.edit(REVISIONS, name, (object) => ({ ...object, data: { spec: {} } }));
    const { actions } = w.reconcile();
    expect(actions.filter((action) => action.includes('revisions')).length).toBe(2);
    const other = w.revisions().find((candidate) => candidate.metadata.name !== name);
    expect(other?.metadata.labels?.['controller.kubernetes.io/hash']).toBe(name.slice('web-'.length));
    expect(w.set().status).toMatchObject({ collisionCount: 1, updateRevision: other?.metadata.name });
  });

  it.each<readonly [string, (text: string) => string]>([
    ['with the null that 1.33 stored', (text) => text.replace('"labels"', '"creationTimestamp":null,"labels"')],
    ['from before a default was there', (text) => text.replace('"dnsPolicy":"ClusterFirst",', '')],
  ])('StatefulSetCompatibility: a revision %s is the same with the gate, and another one without', (_title, age) => {
    for (const [gate, count] of [[true, 1], [false, 2]] as const) {
      const w = new SetWorld('1.37', { StatefulSetSemanticRevisionComparison: gate });
      const context = { now: 0, time: '', profile: w.profile };
      w.create(SETS, builtInScheme.byResource(SETS)?.default?.(newSet(1) as KubeObject, context) as object);
      w.reconcile();
      const name = w.revisions()[0]?.metadata.name ?? '';
      const text = goJson(w.revisions()[0]?.data);
      expect(age(text)).not.toBe(text);
      w.edit(REVISIONS, name, (object) => ({ ...object, data: JSON.parse(age(text)) as object }));
      w.reconcile();
      w.reconcile();
      expect(w.revisions().length).toBe(count);
    }
  });
});

describe('claim owners', () => {
  const set = (policy: object): StatefulSet => ({ ...newSet(3), metadata: { name: 'web', namespace: 'default', uid: 'set-uid' }, spec: { ...(newSet(3) as StatefulSet).spec, persistentVolumeClaimRetentionPolicy: policy } }) as StatefulSet;
  const pod = (ordinal: number): Pod => ({ metadata: { name: `web-${ordinal}`, namespace: 'default', uid: 'pod-uid' } }) as Pod;
  const OWNERS = {
    set: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'set-uid', controller: true, blockOwnerDeletion: true },
    pod: { apiVersion: 'v1', kind: 'Pod', name: 'web-1', uid: 'pod-uid', controller: true, blockOwnerDeletion: true },
    foreign: { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' },
  };
  const owner = (kind: keyof typeof OWNERS, over: object = {}): object => ({ ...OWNERS[kind], ...over });
  const claim = (...ownerReferences: object[]): PersistentVolumeClaim => ({ metadata: { name: 'datadir-web-1', ownerReferences } }) as unknown as PersistentVolumeClaim;
  const RETAIN = { whenScaled: 'Retain', whenDeleted: 'Retain' };
  const DELETED = { whenScaled: 'Retain', whenDeleted: 'Delete' };
  const SCALED = { whenScaled: 'Delete', whenDeleted: 'Retain' };
  const BOTH = { whenScaled: 'Delete', whenDeleted: 'Delete' };

  it.each([
    ['retain', RETAIN, 1, []], ['retain, condemned', RETAIN, 1, []], ['set', DELETED, 3, [owner('set')]], ['set, condemned', DELETED, 1, [owner('set')]],
    ['none while in range', SCALED, 3, []], ['the pod when condemned', SCALED, 1, [owner('pod')]], ['set while in range', BOTH, 3, [owner('set')]], ['the pod alone when condemned', BOTH, 1, [owner('pod')]],
    ['nobody by a policy that is not known', { whenScaled: 'Delete', whenDeleted: 'Keep' }, 1, []],
  ])('wants %s', (_title, policy, replicas, wanted) => {
    const held = { ...set(policy), spec: { ...set(policy).spec, replicas } } as StatefulSet;
    for (const owners of [[], [owner('set')], [owner('pod')], [owner('set'), owner('pod')]]) {
      const before = claim(owner('foreign'), ...owners);
      const after = withClaimOwners(before, held, pod(1));
      expect(after.metadata.ownerReferences).toEqual([owner('foreign'), ...wanted]);
      expect(isClaimOwnerUpToDate(after, held, pod(1))).toBe(true);
      expect(isClaimOwnerUpToDate(before, held, pod(1))).toBe(JSON.stringify(owners) === JSON.stringify(wanted));
    }
  });

  it.each([
    ['no controller', [owner('foreign')], false, false], ['a foreign controller', [owner('foreign', { controller: true })], true, true],
    ['a foreign controller beside ours', [owner('set'), owner('foreign', { controller: true })], true, false],
    ['another set of the name', [owner('set', { uid: 'old' })], true, true], ['another pod of the name', [owner('pod', { uid: 'old' })], true, true],
    ['ours, not as controller', [owner('set', { controller: false })], false, false],
  ])('%s', (_title, owners, isUnexpected, isUpToDate) => {
    expect(hasUnexpectedController(claim(...owners), set(DELETED), pod(1))).toBe(isUnexpected);
    expect(isClaimOwnerUpToDate(claim(...owners), set(DELETED), pod(1))).toBe(isUpToDate);
    expect(hasUnexpectedController(claim(...owners), set(RETAIN), pod(1))).toBe(false);
  });

  it.each([['name', { name: 'other' }], ['kind', { kind: 'Job' }], ['apiVersion', { apiVersion: 'x/v1' }]])('a reference of another %s is none of ours', (_title, over) => {
    for (const kind of ['set', 'pod'] as const) {
      const other = owner(kind, { ...over, uid: 'z', controller: false });
      expect(isClaimOwnerUpToDate(claim(other), set(DELETED), pod(1))).toBe(false);
      expect(withClaimOwners(claim(other), set(DELETED), pod(1)).metadata.ownerReferences).toEqual([other, owner('set')]);
    }
  });

  it('leaves a claim of an earlier set or pod alone, whatever else it says', () => {
    expect(isClaimOwnerUpToDate(claim(owner('pod', { uid: 'old' }), owner('set')), set(RETAIN), pod(1))).toBe(true);
    expect(isClaimOwnerUpToDate(claim(owner('set', { uid: 'old' }), owner('pod')), set(RETAIN), pod(1))).toBe(true);
    expect(isClaimStale(claim(owner('pod', { uid: 'old' })), set(SCALED), pod(1))).toBe(true);
    expect(isClaimStale(claim(owner('pod', { uid: 'old' })), set(DELETED), pod(1))).toBe(false);
    expect(isClaimStale(claim(owner('pod'), owner('set', { uid: 'old' })), set(SCALED), pod(1))).toBe(false);
  });

  it('knows pods below the first ordinal as condemned, and references that are not the controller as wrong', () => {
    const held = { ...set(SCALED), spec: { ...set(SCALED).spec, ordinals: { start: 2 } } } as StatefulSet;
    expect(withClaimOwners(claim(), held, pod(1)).metadata.ownerReferences).toEqual([owner('pod')]);
    expect(isClaimOwnerUpToDate(claim(owner('pod', { controller: false })), held, pod(1))).toBe(false);
    expect(withClaimOwners(claim(), set(RETAIN), pod(1)).metadata.ownerReferences ?? []).toEqual([]);
  });

  it('takes ours off a claim that somebody else controls', () => {
    const after = withClaimOwners(claim(owner('set'), owner('foreign', { controller: true })), set(DELETED), pod(1));
    expect(after.metadata.ownerReferences).toEqual([owner('foreign', { controller: true })]);
  });
});

describe('pod control', () => {
  function ready(spec: object = {}): SetWorld {
    const w = new SetWorld();
    w.create(SETS, newSet(1, spec));
    drive(w, isScaled, monotonicInvariants);
    return w;
  }

  it('creates claims, then the pod, each with its Event', () => {
    const w = new SetWorld();
    w.create(SETS, newSet(1));
    const done = w.reconcile();
    expect(done.actions.slice(1)).toEqual(['create persistentvolumeclaims datadir-web-0', 'create pods web-0', 'update statefulsets/status web']);
    expect(done.events).toEqual([
      'Normal SuccessfulCreate Create Claim datadir-web-0 Pod web-0 in StatefulSet web success', 'Normal SuccessfulCreate Create Pod web-0 in StatefulSet web successful',
    ]);
    expect(w.pod('web-0').spec).toMatchObject({ hostname: 'web-0', subdomain: 'governingsvc', volumes: [{ name: 'datadir', persistentVolumeClaim: { claimName: 'datadir-web-0' } }, { name: 'home' }] });
  });

  it.each([
    ['create', CLAIMS, 'Forbidden', ['Warning FailedCreate Create Claim datadir-web-0 for Pod web-0 in StatefulSet web failed error: injected Forbidden of persistentvolumeclaims "datadir-web-0"', 'Warning FailedCreate Create Pod web-0 in StatefulSet web failed error: failed to create PVC datadir-web-0: injected Forbidden of persistentvolumeclaims "datadir-web-0"'], 'failed to create PVC datadir-web-0: injected Forbidden of persistentvolumeclaims "datadir-web-0"'],
    ['create', CLAIMS, 'AlreadyExists', ['Warning FailedCreate Create Pod web-0 in StatefulSet web failed error: failed to create PVC datadir-web-0: injected AlreadyExists of persistentvolumeclaims "datadir-web-0"'], 'failed to create PVC datadir-web-0: injected AlreadyExists of persistentvolumeclaims "datadir-web-0"'],
    ['create', 'pods', 'AlreadyExists', ['Normal SuccessfulCreate Create Claim datadir-web-0 Pod web-0 in StatefulSet web success'], 'injected AlreadyExists of pods "web-0"'],
    ['create', 'pods', 'Forbidden', ['Normal SuccessfulCreate Create Claim datadir-web-0 Pod web-0 in StatefulSet web success', 'Warning FailedCreate Create Pod web-0 in StatefulSet web failed error: injected Forbidden of pods "web-0"'], 'injected Forbidden of pods "web-0"'],
  ])('%s of %s answered %s', (verb, resource, reason, events, error) => {
    const w = new SetWorld();
    w.create(SETS, newSet(1));
    w.faults.push({ verb, resource, reason, times: 1 });
    const done = w.reconcile();
    expect([done.events, done.error]).toEqual([events, error]);
  });

  it.each([['1.34', 'delete', true], ['1.36', 'Delete', false], ['1.37', 'Delete', false]] as const)('%s: a pod that is gone already', (release, verb, isError) => {
    const w = new SetWorld(release);
    w.create(SETS, newSet(1, { podManagementPolicy: 'Parallel' }));
    w.reconcile();
    w.setPhase('web-0', 'Failed');
    w.faults.push({ verb: 'delete', resource: 'pods', reason: 'NotFound', times: 1 });
    const done = w.reconcile();
    expect(done.error !== undefined).toBe(isError);
    expect(done.events[0]?.split(' ').slice(1, 3)).toEqual([isError ? 'FailedDelete' : 'SuccessfulDelete', verb]);
  });

  it('tries the repair of a pod again after a Conflict, four times', () => {
    for (const [times, count, isError] of [[1, 2, false], [3, 4, false], [0, 4, true]] as const) {
      const w = ready();
      w.editPod('web-0', (pod) => ({ ...pod, spec: { ...pod.spec, volumes: [] } }));
      w.faults.push({ verb: 'update', resource: 'pods', reason: 'Conflict', times });
      const done = w.reconcile();
      expect(done.actions.filter((action) => action.startsWith('update pods')).length).toBe(count);
      expect(done.error !== undefined).toBe(isError);
      expect(done.events.length).toBe(1);
      if (!isError) expect(w.pod('web-0').spec.volumes).toEqual([{ name: 'datadir', persistentVolumeClaim: { claimName: 'datadir-web-0' } }]);
    }
  });

  it('waits without a word while the claim of an earlier pod is not collected', () => {
    const w = ready({ persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Retain' } });
    w.editSet(() => ({ replicas: 0 }));
    w.settle();
    expect(w.claims()[0]?.metadata.ownerReferences).toMatchObject([{ kind: 'Pod', name: 'web-0' }]);
    w.editSet(() => ({ replicas: 1 }));
    const done = w.reconcile();
    expect([done.events, done.error, w.pods().length]).toEqual([[], undefined, 0]);
    w.remove(CLAIMS, 'datadir-web-0');
    expect(w.reconcile().actions).toContain('create pods web-0');
  });

  it('does not create a pod whose claim is being deleted', () => {
    const w = ready();
    w.edit(CLAIMS, 'datadir-web-0', (object) => ({ ...object, metadata: { ...object.metadata, deletionTimestamp: time(w.now) } }));
    w.remove('pods', 'web-0');
    const done = w.reconcile();
    expect(done.error).toBe('pvc datadir-web-0 is being deleted');
    expect(done.events).toEqual(['Warning FailedCreate Create Pod web-0 in StatefulSet web failed error: pvc datadir-web-0 is being deleted']);
  });
});

describe('adoption and release', () => {
  function orphaned(): SetWorld {
    const w = new SetWorld();
    w.create(SETS, newSet(2, { podManagementPolicy: 'Parallel' }));
    w.reconcile();
    for (const name of w.podNames()) w.setReady(name);
    w.settle();
    w.editPod('web-1', (pod) => ({ ...pod, metadata: { ...pod.metadata, ownerReferences: [] } }));
    return w;
  }

  it('adopts a matching orphan, and counts it in the same sync', () => {
    const w = orphaned();
    expect(w.reconcile().actions).toEqual(['patch pods web-1']);
    expect(w.pod('web-1').metadata.ownerReferences).toMatchObject([{ kind: 'StatefulSet', uid: w.set().metadata.uid, controller: true }]);
    expect(w.set().status?.replicas).toBe(2);
  });

  it('releases a pod whose labels no longer fit, and leaves it alone then', () => {
    const w = orphaned();
    w.reconcile();
    w.editPod('web-1', (pod) => ({ ...pod, metadata: { ...pod.metadata, labels: {} } }));
    expect(w.reconcile().actions[0]).toBe('patch pods web-1');
    expect(w.pod('web-1').metadata.ownerReferences).toEqual([]);
  });

  it('does neither while the set is being deleted', () => {
    const w = orphaned();
    w.editPod('web-0', (pod) => ({ ...pod, metadata: { ...pod.metadata, labels: {} } }));
    w.edit(SETS, 'web', (set) => ({ ...set, metadata: { ...set.metadata, deletionTimestamp: time(w.now) } }));
    expect(w.reconcile().actions.filter((action) => action.startsWith('patch'))).toEqual([]);
  });

  it('refuses to adopt for a set that is going or gone on the server', () => {
    const w = orphaned();
    w.isPrompt = false;
    w.edit(SETS, 'web', (set) => ({ ...set, metadata: { ...set.metadata, deletionTimestamp: time(w.now) } }));
    expect(w.reconcile().error).toBe(`can't adopt Pod default/web-1 (${w.pod('web-1').metadata.uid}): default/web has just been deleted at 2026-01-01 00:00:00 +0000 UTC`);
    const old = w.set().metadata.uid;
    w.edit(SETS, 'web', (set) => ({ ...set, metadata: { ...set.metadata, uid: 'other' } }));
    expect(w.reconcile().error).toContain(`original StatefulSet default/web is gone: got uid other, wanted ${old}`);
  });

  it('ignores that the orphan is gone, and reports other errors after going through all', () => {
    const w = orphaned();
    w.faults.push({ verb: 'patch', resource: 'pods', reason: 'NotFound', times: 1 });
    expect(w.reconcile().error).toContain('pods "web-1" already exists');
    w.faults.push({ verb: 'patch', resource: 'pods', reason: 'Forbidden', times: 1 });
    const done = w.reconcile();
    expect([done.error, done.actions]).toEqual(['injected Forbidden of pods "web-1"', ['patch pods web-1 !']]);
  });

  it('adopts orphan revisions before anything else', () => {
    const w = orphaned();
    w.reconcile();
    const name = w.revisions()[0]?.metadata.name ?? '';
    w.edit(REVISIONS, name, (object) => ({ ...object, metadata: { ...object.metadata, ownerReferences: [] } }));
    expect(w.reconcile().actions).toEqual([`patch controllerrevisions ${name}`]);
    w.edit(REVISIONS, name, (object) => ({ ...object, metadata: { ...object.metadata, ownerReferences: [] } }));
    w.isPrompt = false;
    w.edit(SETS, 'web', (set) => ({ ...set, metadata: { ...set.metadata, deletionTimestamp: time(w.now) } }));
    expect(w.reconcile().error).toContain("can't adopt ControllerRevisions: default/web has just been deleted at");
  });

  it('takes no pod of another set, and none of a longer name', () => {
    const w = new SetWorld();
    w.create(SETS, newSet(1, {}, 'a'));
    w.create('pods', { metadata: { name: 'a-1-0', namespace: 'default', labels: { foo: 'bar' } } });
    w.create('pods', { metadata: { name: 'a-0', namespace: 'default', labels: { foo: 'bar' }, ownerReferences: [{ uid: 'x', controller: true, kind: 'StatefulSet', name: 'b', apiVersion: 'apps/v1' }] } });
    const done = w.reconcile('a');
    expect(done.actions.filter((action) => action.startsWith('patch'))).toEqual([]);
    expect(done.error).toContain('pods "a-0" already exists');
    expect(done.events.filter((event) => event.includes('Create Pod'))).toEqual([]);
  });
});

describe('what enqueues a set', () => {
  function quiet(): SetWorld {
    const w = new SetWorld();
    w.create(SETS, newSet(1, { minReadySeconds: 5 }));
    w.create(SETS, newSet(1, { selector: { matchLabels: { foo: 'other' } } }, 'other'));
    w.reconcile();
    w.enqueued.length = 0;
    return w;
  }

  it.each<readonly [string, (w: SetWorld) => void, readonly string[]]>([
    ['a change of the set', (w) => w.editSet(() => ({ replicas: 2 })), ['default/web']],
    ['a change of its status alone', (w) => w.edit(SETS, 'web', (set) => ({ ...set, status: { replicas: 5 } })), ['default/web']],
    ['the end of the set', (w) => w.remove(SETS, 'web'), ['default/web']],
    ['a change of its pod', (w) => w.setPhase('web-0', 'Running'), ['default/web']],
    ['the end of its pod', (w) => w.remove('pods', 'web-0'), ['default/web']],
    ['an orphan that matches', (w) => w.create('pods', { metadata: { name: 'stray', namespace: 'default', labels: { foo: 'bar' } } }), ['default/web']],
    ['an orphan that matches none', (w) => w.create('pods', { metadata: { name: 'stray', namespace: 'default', labels: { foo: 'none' } } }), []],
    ['a pod of another kind of owner', (w) => w.create('pods', { metadata: { name: 'stray', namespace: 'default', labels: { foo: 'bar' }, ownerReferences: [{ kind: 'ReplicaSet', name: 'web', uid: w.set().metadata.uid, controller: true }] } }), []],
    ['a pod of a set of another uid', (w) => w.create('pods', { metadata: { name: 'stray', namespace: 'default', labels: { foo: 'bar' }, ownerReferences: [{ kind: 'StatefulSet', name: 'web', uid: 'old', controller: true }] } }), []],
    ['a pod that loses its owner', (w) => w.editPod('web-0', (pod) => ({ ...pod, metadata: { ...pod.metadata, ownerReferences: [] } })), ['default/web', 'default/web']],
    ['a claim', (w) => w.remove(CLAIMS, 'datadir-web-0'), []],
    ['a revision', (w) => w.remove(REVISIONS, w.revisions()[0]?.metadata.name ?? ''), []],
  ])('%s', (_title, change, keys) => {
    const w = quiet();
    change(w);
    expect(w.enqueued).toEqual(keys);
  });

  it('an orphan whose labels come to match, and not one whose status changes', () => {
    const w = quiet();
    w.create('pods', { metadata: { name: 'stray', namespace: 'default', labels: { foo: 'none' } } });
    w.editPod('stray', (pod) => ({ ...pod, metadata: { ...pod.metadata, labels: { foo: 'other' } } }));
    w.setPhase('stray', 'Running');
    expect(w.enqueued).toEqual(['default/other']);
  });

  it('a pod that turns ready, once more a second after it is available', () => {
    const w = quiet();
    w.setPhase('web-0', 'Running');
    expect(w.delayed).toEqual([]);
    w.setReady('web-0');
    expect(w.delayed).toEqual([{ key: 'default/web', delayMs: 6000 }]);
    w.setReady('web-0');
    expect(w.delayed.length).toBe(1);
  });
});

describe('stale caches', () => {
  it.each([['1.34', true], ['1.36', false], ['1.37', false]] as const)('%s: a sync behind own writes goes on: %s', (release, goesOn) => {
    const w = new SetWorld(release);
    w.create(SETS, newSet(2, { podManagementPolicy: 'Parallel', volumeClaimTemplates: undefined }));
    w.isPrompt = false;
    w.reconcile();
    const done = w.reconcile();
    expect(done.error?.includes('cache is behind') ?? false).toBe(!goesOn);
    if (goesOn) expect(done.error).toContain('already exists');
    w.deliverAll();
    expect(w.reconcile().error).toBeUndefined();
  });

  it('go on with the gate off, and where the set is not there', () => {
    const w = new SetWorld('1.37', { StaleControllerConsistencyStatefulSet: false });
    w.create(SETS, newSet(1));
    w.isPrompt = false;
    w.reconcile();
    expect(w.reconcile().error).toContain('already exists');
    expect(w.reconcile('none')).toMatchObject({ actions: [], error: undefined });
  });
});

describe('the update branch of an ordered set (1.37)', () => {
  it.each<readonly [number, number, number, readonly number[], readonly number[], readonly number[]]>([
    [1, 0, 1, [0], [], [0]], [3, 0, 1, [2], [], [0, 1, 2]], [5, 0, 2, [4], [], [0, 1, 2, 3]], [3, 0, 1, [], [2], [0, 1, 2]], [5, 0, 3, [3], [4], [0, 1, 2, 4]],
    [5, 0, 3, [4], [3], [0, 1, 2, 3]], [5, 2, 1, [4], [], [0, 1, 2, 3, 4]],
  ])('%i replicas, partition %i, budget %i: not ready %j, terminating %j leaves %j', (replicas, partition, maxUnavailable, unready, terminating, left) => {
    const w = new SetWorld();
    w.create(SETS, newSet(replicas, { podManagementPolicy: 'Parallel', volumeClaimTemplates: undefined, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition, maxUnavailable } } }));
    w.reconcile();
    for (const name of w.podNames()) w.setReady(name);
    for (const ordinal of unready) w.setPhase(`web-${ordinal}`, 'Running', { ready: false });
    for (const ordinal of terminating) w.setTerminating(`web-${ordinal}`);
    const set = { ...w.set(), spec: { ...w.set().spec, podManagementPolicy: 'OrderedReady' } };
    const template = set.spec.template;
    const input = {
      set, behaviour: behaviourOf(w.profile), now: w.now, claims: () => undefined,
      summary: buildSummary({ epoch: { kind: 'epoch' }, set, claims: () => undefined }, w.pods()),
      revisions: { current: { name: w.revisions()[0]?.metadata.name ?? '', template }, update: { name: 'web-new', template }, collisionCount: 0 },
    };
    const gone = podsToUpdate(input).map((pod) => pod.metadata.name);
    expect(w.podNames().filter((name) => !gone.includes(name)).map((name) => Number(name.split('-')[1]))).toEqual(left);
  });

  it('keeps what a Parallel set with holes does: a hole below the stored count comes back old, and goes in the same sync', () => {
    const w = new SetWorld();
    w.create(SETS, newSet(3, { podManagementPolicy: 'Parallel', volumeClaimTemplates: undefined }));
    w.reconcile();
    for (const name of w.podNames()) w.setReady(name);
    w.settle();
    w.editSet(withImage('foo'));
    w.remove('pods', 'web-2');
    const { actions } = w.reconcile();
    expect(actions.filter((action) => action.includes(' pods '))).toEqual(['create pods web-2', 'delete pods web-2']);
  });
});
