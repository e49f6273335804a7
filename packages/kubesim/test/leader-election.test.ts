// Leader election: who holds the lease, who works, and what becomes of a leader that is lost.
// Upstream's cases: staging/src/k8s.io/client-go/tools/leaderelection/leaderelection_test.go.
import type { KubeObject } from '@kubesim/api';
import { call, defineController, splitKey } from '@kubesim/client';
import { randomArbiter } from '@kubesim/kernel';
import { describe, expect, it } from 'vitest';
import { Cluster, UsageError, type ClusterOptions } from '../src/index.ts';

const MANAGER = 'kube-controller-manager';
const SECOND = 'kube-controller-manager-2';
const TWO: ClusterOptions = { nodes: 1, controllerManagers: 2, timing: 'instant' };
const SET = '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 3, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: nginx}]}}}}';

interface LeaseFields {
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly leaseTransitions: number;
}

function lease(cluster: Cluster, name: string = MANAGER, namespace = 'kube-system'): LeaseFields {
  return cluster.get(`lease/${name}`, { namespace })?.['spec'] as LeaseFields;
}

function leaders(cluster: Cluster): readonly string[] {
  return [MANAGER, SECOND].filter((process) => cluster.controlPlane.processes.isServing(cluster.kernel, process));
}

describe('two controller managers', () => {
  it('have one leader, whose lease says so', () => {
    const cluster = new Cluster(TWO);
    cluster.run({ for: '5s' });
    const { holderIdentity, ...spec } = lease(cluster);
    expect(holderIdentity).toMatch(/^kube-controller-manager(-2)?_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(spec).toEqual({ leaseDurationSeconds: 15, acquireTime: '2026-01-01T00:00:00.000000Z', renewTime: '2026-01-01T00:00:04.000000Z', leaseTransitions: 0 });
    expect(leaders(cluster)).toEqual([holderIdentity.split('_')[0]]);
    expect(cluster.events(undefined, { namespace: 'kube-system' }).map((event) => [event['involvedObject'].kind, event['source'].component, event['reason'], event['message']]))
      .toEqual([['Lease', MANAGER, 'LeaderElection', `${holderIdentity} became leader`]]);
    cluster.apply(SET);
    cluster.settle();
    expect(cluster.get('deployment/web')?.['status']?.readyReplicas).toBe(3);
  });

  it('go on with the other when the leader crashes: after the lease has run out, not before', () => {
    const cluster = new Cluster(TWO);
    cluster.run({ for: '5s' });
    const [first] = leaders(cluster) as readonly [string];
    const { holderIdentity } = lease(cluster);
    cluster.faults.crash(first);
    const crashedAt = cluster.now;
    cluster.apply(SET);
    cluster.run({ for: '10s' });
    expect(cluster.list('replicasets')).toEqual([]);
    expect(lease(cluster).holderIdentity).toBe(holderIdentity);
    cluster.settle();
    expect(leaders(cluster)).toEqual([first === MANAGER ? SECOND : MANAGER]);
    expect(cluster.get('deployment/web')?.['status']?.readyReplicas).toBe(3);
    const taken = lease(cluster);
    expect(taken.leaseTransitions).toBe(1);
    expect(Date.parse(taken.acquireTime) - crashedAt).toBeGreaterThan(13_000);
    expect(Date.parse(taken.acquireTime) - crashedAt).toBeLessThan(24_000);
  });

  it('are not led by one that comes back at once: it is somebody else now', () => {
    const cluster = new Cluster(TWO);
    cluster.run({ for: '5s' });
    const before = lease(cluster).holderIdentity;
    const [first] = leaders(cluster) as readonly [string];
    cluster.faults.restart(first);
    cluster.run({ for: '5s' });
    expect(leaders(cluster)).toEqual([]);
    cluster.settle();
    cluster.run({ for: '30s' });
    expect(leaders(cluster).length).toBe(1);
    expect(lease(cluster).holderIdentity).not.toBe(before);
    expect(lease(cluster)).toMatchObject({ leaseTransitions: 1 });
  });

  it('change when the leader cannot renew: it stops at its deadline, before another may begin', () => {
    const cluster = new Cluster(TWO);
    cluster.run({ for: '5s' });
    const [first] = leaders(cluster) as readonly [string];
    const renewedAt = Date.parse(lease(cluster).renewTime);
    cluster.faults.api({ process: first, resource: 'leases.coordination.k8s.io', error: 'unavailable', times: 100 });
    cluster.run({ until: renewedAt + 11_999 });
    expect(leaders(cluster)).toEqual([first]);
    cluster.run({ until: renewedAt + 12_000 });
    expect(leaders(cluster)).toEqual([]);
    cluster.run({ until: renewedAt + 14_999 });
    expect(leaders(cluster)).toEqual([]);
    cluster.run({ for: '10s' });
    expect(leaders(cluster)).toEqual([first === MANAGER ? SECOND : MANAGER]);
    expect(cluster.events(undefined, { namespace: 'kube-system' }).map((event) => (event['message'] as string).replace(/_\S+/, ''))).toEqual(expect.arrayContaining([`${first} stopped leading`]));
  });

  it('get over one renewal that fails, or whose answer is lost', () => {
    for (const when of ['before', 'after'] as const) {
      const cluster = new Cluster(TWO);
      cluster.run({ for: '5s' });
      const [first] = leaders(cluster) as readonly [string];
      const { holderIdentity, acquireTime } = lease(cluster);
      cluster.faults.api({ process: first, verb: 'update', resource: 'leases.coordination.k8s.io', error: 'timeout', when, times: 2 });
      cluster.run({ for: '30s' });
      expect(leaders(cluster)).toEqual([first]);
      expect(lease(cluster)).toMatchObject({ holderIdentity, acquireTime, leaseTransitions: 0 });
    }
  });

  it('follow a lease that somebody deletes or empties', () => {
    const cluster = new Cluster(TWO);
    cluster.run({ for: '5s' });
    cluster.delete(`lease/${MANAGER}`, { namespace: 'kube-system' });
    cluster.run({ for: '10s' });
    expect(leaders(cluster).length).toBe(1);
    cluster.patch(`lease/${MANAGER}`, { spec: { holderIdentity: '' } }, { namespace: 'kube-system', type: 'merge' });
    cluster.run({ for: '30s' });
    expect(leaders(cluster).length).toBe(1);
    expect(leaders(cluster)).toEqual([lease(cluster).holderIdentity.split('_')[0]]);
  });

  it('never lead both, and always lead in the end, in whatever order things happen', () => {
    const start = new Cluster({ ...TWO, events: false });
    for (let seed = 1; seed <= 12; seed++) {
      const cluster = start.fork();
      cluster.useArbiter(randomArbiter(seed));
      let both = 0;
      for (let round = 0; round < 12; round++) {
        cluster.run({ for: 3_000 });
        if (leaders(cluster).length > 1) both++;
        if (round % 5 === 2) cluster.faults.restart(leaders(cluster)[0] ?? MANAGER);
        if (round % 5 === 4) cluster.faults.api({ process: MANAGER, resource: 'leases.coordination.k8s.io', error: 'conflict', times: 3 });
      }
      cluster.run({ for: '1m' });
      expect([both, leaders(cluster).length]).toEqual([0, 1]);
    }
  });

  it('[promise 1] go on from a fork in the middle of an election as from themselves', () => {
    const cluster = new Cluster(TWO);
    cluster.run({ for: '5s' });
    cluster.faults.crash(leaders(cluster)[0] ?? '');
    for (let steps = 0; steps < 12; steps++) {
      cluster.run({ for: 1_500 });
      const fork = cluster.fork();
      fork.run({ for: '30s' });
      const self = cluster.fork();
      self.run({ for: '30s' });
      expect(fork.digest).toBe(self.digest);
    }
    const recording = cluster.recording();
    expect(Cluster.replay(JSON.parse(JSON.stringify(recording))).digest).toBe(cluster.digest);
  });
});

describe('an operator of several replicas', () => {
  const counter = defineController({
    name: 'counter', for: { apiVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps' },
    *reconcile(context, key) {
      const { namespace, name } = splitKey(key);
      const map = context.decide(() => context.lister('configmaps').get(namespace, name) ?? null) as KubeObject | null;
      if (map === null || namespace !== 'default' || map['data'] !== undefined) return undefined;
      yield* call({ verb: 'update', resource: 'configmaps', namespace, name, object: { ...map, data: { seen: 'yes' } } });
      return undefined;
    },
  });
  const operator = { name: 'counter-operator', controllers: [counter], replicas: 2 };

  it('is led by one', () => {
    const cluster = new Cluster({ nodes: 0, operators: [{ ...operator, leaderElection: { leaseDurationMs: 5_000, renewDeadlineMs: 3_000, retryPeriodMs: 1_000 } }] });
    cluster.apply('{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}');
    cluster.run({ for: '2s' });
    expect(lease(cluster, 'counter-operator', 'default')).toMatchObject({ leaseDurationSeconds: 5, holderIdentity: expect.stringMatching(/^counter-operator/) as string });
    expect(cluster.get('configmap/a')?.['data']).toEqual({ seen: 'yes' });
    expect(cluster.history().filter(({ object }) => object.metadata.name === 'a').length).toBe(2);
  });

  it('works in all its processes without an election', () => {
    const cluster = new Cluster({ nodes: 0, operators: [{ ...operator, leaderElection: false }] });
    cluster.settle();
    cluster.faults.crash('counter-operator');
    cluster.apply('{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}');
    cluster.settle();
    expect(cluster.get('configmap/a')?.['data']).toEqual({ seen: 'yes' });
    expect(cluster.list('leases')).toEqual([]);
  });

  it.each<readonly [ClusterOptions, string]>([
    [{ controllerManagers: 0 }, 'options.controllerManagers must be a whole number, 1 or more, not 0'],
    [{ operators: [{ ...operator, replicas: 1.5 }] }, 'options.operators[0].replicas must be a whole number, 1 or more, not 1.5'],
    [{ operators: [{ name: '', controllers: [counter] }] }, 'options.operators[0].name must be the name of a process'],
    [{ operators: [operator, { ...operator, name: 'other' }] }, "options.operators[1].controllers[0].name: 'counter' is taken"],
    [{ operators: [{ name: 'x', controllers: [] }] }, 'options.operators[0].controllers must be one or more controllers'],
    [{ operators: [{ ...operator, leaderElection: { leaseDurationMs: 9_000 } }] }, 'leaderElection.leaseDurationMs must be greater than renewDeadlineMs (10000), not 9000'],
    [{ operators: [{ ...operator, leaderElection: { retryPeriodMs: 9_000 } }] }, 'leaderElection.renewDeadlineMs must be greater than 1.2 times retryPeriodMs (9000), not 10000'],
    [{ operators: [{ ...operator, leaderElection: { retryPeriodMs: 0 } }] }, 'leaderElection.retryPeriodMs must be a whole number, 1 or more, not 0'],
    [{ operators: [{ ...operator, leaderElection: { leaseDurationMs: 15_500 } }] }, 'leaderElection.leaseDurationMs must be whole seconds, not 15500'],
  ])('is refused: %j', (options, text) => {
    expect(() => new Cluster(options)).toThrow(text);
    expect(() => new Cluster(options)).toThrow(UsageError);
  });
});
