// What upstream's e2e tests of StatefulSets (test/e2e/apps/statefulset.go, 1.37) ask of the controller itself, under their
// names. Those of the conformance suite are run against a whole cluster by @kubesim/testing.
import type { KubeObject, Pod } from '@kubesim/api';
import { describe, expect, it } from 'vitest';
import { revisionOf } from '../../src/stateful-set/identity.ts';
import { burstInvariants, collectGarbage, drive, isScaled, isUpdated, monotonicInvariants } from './invariants.ts';
import { CLAIMS, REVISIONS, SetWorld, SETS } from './set-world.ts';
import { newSet, withImage } from './sets.ts';

function scaled(replicas: number, spec: object = {}, gates: Readonly<Record<string, boolean>> = {}): SetWorld {
  const w = new SetWorld('1.37', gates);
  w.create(SETS, newSet(replicas, spec));
  expect(drive(w, isScaled, burstInvariants)).toBeUndefined();
  return w;
}

/** Reconciles and makes pods ready until nothing is left to do. */
function rest(w: SetWorld, isFine: (pod: Pod) => boolean = () => true): void {
  for (let turn = 0; turn < 60; turn++) {
    const { actions } = w.reconcile();
    const waiting = w.pods().filter((pod) => pod.status?.phase !== 'Running' && pod.metadata.deletionTimestamp === undefined && isFine(pod));
    for (const pod of waiting) w.setReady(pod.metadata.name);
    collectGarbage(w);
    if (actions.length === 0 && waiting.length === 0) return;
  }
  throw new Error('does not come to rest');
}

const image = (pod: Pod): string | undefined => pod.spec.containers[0]?.image;
const owners = (w: SetWorld, claim: string): readonly string[] =>
  (w.claims().find(({ metadata }) => metadata.name === claim)?.metadata.ownerReferences ?? []).map(({ kind, name }) => `${kind}/${name}`);
const addOwner = (w: SetWorld, claim: string, owner: object): void =>
  w.edit(CLAIMS, claim, (held) => ({ ...held, metadata: { ...held.metadata, ownerReferences: [...(held.metadata.ownerReferences ?? []), owner as never] } }));

describe('Basic StatefulSet functionality', () => {
  it('should provide basic identity: names, hostnames and claims outlive a restart of the set', () => {
    const w = scaled(3);
    const claims = new Map(w.claims().map(({ metadata }) => [metadata.name, metadata.uid]));
    expect(claims.size).toBe(3);
    w.editSet(() => ({ replicas: 0 }));
    rest(w);
    expect(w.pods()).toEqual([]);
    w.editSet(() => ({ replicas: 3 }));
    expect(drive(w, isScaled, monotonicInvariants)).toBeUndefined();
    w.pods().forEach((pod, ordinal) => expect([pod.metadata.name, pod.spec.hostname, pod.spec.subdomain]).toEqual([`web-${ordinal}`, `web-${ordinal}`, 'governingsvc']));
    expect(new Map(w.claims().map(({ metadata }) => [metadata.name, metadata.uid]))).toEqual(claims);
  });

  it('should adopt matching orphans and release non-matching pods', () => {
    const w = scaled(1);
    const held = (): unknown => w.pod('web-0').metadata.ownerReferences?.map(({ kind, name, uid, controller }) => [kind, name, uid === w.set().metadata.uid, controller]);
    const OURS = [['StatefulSet', 'web', true, true]];
    expect(held()).toEqual(OURS);
    w.editPod('web-0', (pod) => ({ ...pod, metadata: { ...pod.metadata, ownerReferences: [] } }));
    w.reconcile();
    expect(held()).toEqual(OURS);
    const { labels } = w.pod('web-0').metadata;
    w.editPod('web-0', (pod) => ({ ...pod, metadata: { ...pod.metadata, labels: {} } }));
    w.reconcile();
    expect(held()).toEqual([]);
    w.editPod('web-0', (pod) => ({ ...pod, metadata: { ...pod.metadata, labels } }));
    w.reconcile();
    expect(held()).toEqual(OURS);
  });

  it("should not deadlock when a pod's predecessor fails", () => {
    const w = new SetWorld();
    w.create(SETS, newSet(2));
    w.reconcile();
    w.setReady('web-0');
    w.reconcile();
    w.setPhase('web-1', 'Running', { ready: false });
    const { uid } = w.pod('web-0').metadata;
    w.remove('pods', 'web-0');
    expect(w.reconcile().actions).toContain('create pods web-0');
    expect(w.pod('web-0').metadata.uid).not.toBe(uid);
    w.setReady('web-0');
    w.setReady('web-1');
    w.settle();
    expect(w.set().status?.readyReplicas).toBe(2);
  });

  it.each([['without', 'good'], ['with', 'bad']])('should perform canary updates and phased rolling updates of template modifications for partiton1 and delete pod-0 %s failing container', (_title, canary) => {
    const w = scaled(2, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } });
    const old = w.set().status?.currentRevision;
    w.editSet(withImage(canary));
    rest(w, (pod) => image(pod) !== 'bad');
    expect([image(w.pod('web-0')), image(w.pod('web-1'))]).toEqual(['nginx', canary]);
    // A finalizer holds the pod for a while.
    w.deletesAtOnce = false;
    w.setTerminating('web-0');
    w.reconcile();
    w.remove('pods', 'web-0');
    w.deletesAtOnce = true;
    rest(w, (pod) => image(pod) !== 'bad');
    expect([revisionOf(w.pod('web-0')), image(w.pod('web-0'))]).toEqual([old, 'nginx']);
    expect(w.set().status).toMatchObject({ currentRevision: old });
  });

  it('should implement legacy replacement when the update strategy is OnDelete', () => {
    const w = scaled(3, { updateStrategy: { type: 'OnDelete' } });
    const replaceAll = (): void => {
      for (const name of w.podNames()) w.remove('pods', name);
      rest(w);
    };
    const first = w.set().status?.updateRevision;
    replaceAll();
    expect(w.pods().map(revisionOf)).toEqual([first, first, first]);
    w.editSet(withImage('foo'));
    rest(w);
    const { status } = w.set();
    expect(status?.updateRevision).not.toBe(first);
    expect(w.pods().map(revisionOf)).toEqual([first, first, first]);
    replaceAll();
    expect(w.pods().map((pod) => [revisionOf(pod), image(pod)])).toEqual(Array(3).fill([status?.updateRevision, 'foo']));
  });

  it('AvailableReplicas should get updated accordingly when MinReadySeconds is enabled', () => {
    const w = new SetWorld();
    w.create(SETS, newSet(2, { minReadySeconds: 30, podManagementPolicy: 'Parallel' }));
    w.reconcile();
    for (const name of w.podNames()) w.setReady(name);
    const available = (seconds: number, minReadySeconds?: number): number | undefined => {
      w.now += seconds * 1000;
      if (minReadySeconds !== undefined) w.editSet(() => ({ minReadySeconds }));
      w.settle();
      return w.set().status?.availableReplicas;
    };
    expect([available(5), available(25), available(0, 3600), available(0, 0)]).toEqual([0, 2, 0, 2]);
  });

  it.each(['OrderedReady', 'Parallel'])('should perform rolling updates with maxUnavailable (%s): never more are unavailable', (podManagementPolicy) => {
    const w = scaled(6, { podManagementPolicy, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 2 } } }, { MaxUnavailableStatefulSet: true });
    w.editSet(withImage('foo'));
    let worst = 0;
    expect(drive(w, isUpdated, (world) => { worst = Math.max(worst, 6 - world.pods().filter((pod) => pod.status?.phase === 'Running').length); })).toBeUndefined();
    expect(worst).toBe(2);
    expect(w.pods().map(image)).toEqual(Array(6).fill('foo'));
  });
});

describe('Non-retain StatefulSetPersistentVolumeClaimPolicy', () => {
  const DELETED = { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Retain', whenDeleted: 'Delete' } };
  const SCALED = { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Retain' } };

  it('should delete PVCs with a WhenDeleted policy: each is the set\'s, none a pod\'s', () => {
    const w = scaled(3, DELETED);
    for (const { metadata } of w.claims()) expect(owners(w, metadata.name)).toEqual(['StatefulSet/web']);
  });

  it('should delete PVCs with a OnScaledown policy', () => {
    const w = scaled(3, SCALED);
    for (const { metadata } of w.claims()) expect(owners(w, metadata.name)).toEqual([]);
    w.editSet(() => ({ replicas: 1 }));
    rest(w);
    expect(w.claims().map(({ metadata }) => metadata.name)).toEqual(['datadir-web-0']);
  });

  it('should not delete PVC with OnScaledown policy if another controller owns the PVC', () => {
    const w = scaled(2, SCALED);
    const foreign = { apiVersion: 'v1', kind: 'ConfigMap', name: 'theirs', uid: 'theirs', controller: true };
    addOwner(w, 'datadir-web-1', foreign);
    w.editSet(() => ({ replicas: 0 }));
    rest(w);
    expect([w.podNames(), w.claims().map(({ metadata }) => metadata.name), owners(w, 'datadir-web-1')]).toEqual([[], ['datadir-web-1'], ['ConfigMap/theirs']]);
    w.edit(CLAIMS, 'datadir-web-1', (held) => ({ ...held, metadata: { ...held.metadata, ownerReferences: [] } }));
    w.editSet(() => ({ replicas: 2 }));
    rest(w);
    w.editSet(() => ({ replicas: 1 }));
    rest(w);
    expect(w.claims().map(({ metadata }) => metadata.name)).toEqual(['datadir-web-0']);
  });

  it.each([['WhenDeleted', DELETED], ['WhenScaled', SCALED]])('should delete PVCs after adopting pod (%s)', (when, policy) => {
    const w = scaled(3);
    // Deleted without its dependents, and made again under the policy; the third pod was an orphan before.
    const { spec } = w.set();
    for (const name of w.podNames()) w.editPod(name, (pod) => ({ ...pod, metadata: { ...pod.metadata, ownerReferences: [] } }));
    for (const { metadata } of w.revisions()) w.edit(REVISIONS, metadata.name, (held) => ({ ...held, metadata: { ...held.metadata, ownerReferences: [] } }));
    w.remove(SETS, 'web');
    w.create(SETS, { ...newSet(3), spec: { ...spec, ...policy } });
    rest(w);
    for (const pod of w.pods()) expect(pod.metadata.ownerReferences).toMatchObject([{ kind: 'StatefulSet', uid: w.set().metadata.uid }]);
    expect(w.claims().flatMap(({ metadata }) => owners(w, metadata.name))).toEqual(when === 'WhenDeleted' ? Array(3).fill('StatefulSet/web') : []);
    w.editSet(() => ({ replicas: 1 }));
    rest(w);
    expect(w.claims().length).toBe(when === 'WhenDeleted' ? 3 : 1);
  });

  it('should not delete PVCs when there is another controller', () => {
    const w = scaled(4);
    const stale: KubeObject['metadata']['ownerReferences'] = [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'old', controller: true }];
    addOwner(w, 'datadir-web-0', { apiVersion: 'v1', kind: 'ConfigMap', name: 'theirs', uid: 'theirs' });
    addOwner(w, 'datadir-web-1', stale[0] as object);
    addOwner(w, 'datadir-web-2', { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: w.set().metadata.uid, controller: false });
    addOwner(w, 'datadir-web-3', { apiVersion: 'v1', kind: 'ConfigMap', name: 'theirs', uid: 'theirs', controller: true });
    w.editSet(() => DELETED as never);
    rest(w);
    expect([0, 1, 2, 3].map((ordinal) => owners(w, `datadir-web-${ordinal}`))).toEqual([['ConfigMap/theirs', 'StatefulSet/web'], ['StatefulSet/web'], ['StatefulSet/web'], ['ConfigMap/theirs']]);
    const references = (ordinal: number): unknown => w.claims()[ordinal]?.metadata.ownerReferences;
    expect([references(1), references(2)]).toMatchObject([stale, [{ uid: w.set().metadata.uid, controller: true }]]);
  });
});
