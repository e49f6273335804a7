// Random lives of a Deployment: what holds at every step of a rollout, and where it comes to rest.
import type { Deployment, KubeObject, Pod, ReplicaSet } from '@kubesim/api';
import { describe, expect, it } from 'vitest';
import { deploymentController } from '../../src/deployment/deployment-controller.ts';
import { maxSurge, maxUnavailable } from '../../src/deployment/fenceposts.ts';
import { replicaSetController } from '../../src/replica-set/replica-set-controller.ts';
import { buildSummary, type PodSummary } from '../../src/replica-set/summary.ts';
import type { ReplicaSetState } from '../../src/replica-set/state.ts';
import { FakeCluster } from '../fake-cluster.ts';
import { draws, isReady, markReady } from './pods.ts';

const D = 'deployments.apps';
const RS = 'replicasets.apps';

function deployment(replicas: number, maxSurgeOf: number | string, maxUnavailableOf: number | string): object {
  return {
    metadata: { name: 'web', namespace: 'ns' },
    spec: {
      replicas, selector: { matchLabels: { app: 'web' } }, progressDeadlineSeconds: 600, revisionHistoryLimit: 10,
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'img:1' }] } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: maxSurgeOf, maxUnavailable: maxUnavailableOf } },
    },
  };
}

function pods(c: FakeCluster): readonly Pod[] {
  return c.list('pods') as unknown as readonly Pod[];
}

function setImage(c: FakeCluster, image: string): void {
  c.patch(D, 'ns/web', { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } });
}

/** One random step of the nodes: a pod becomes ready, or one that is deleted goes. */
function nodesAct(c: FakeCluster, draw: (bound: number) => number): boolean {
  const open = pods(c).filter((pod) => pod.metadata.deletionTimestamp !== undefined || !isReady(pod));
  const pod = open[draw(Math.max(1, open.length))];
  if (pod === undefined) return false;
  const key = `ns/${pod.metadata.name}`;
  if (pod.metadata.deletionTimestamp !== undefined) c.remove('pods', key);
  else markReady(c, key);
  return true;
}

function rest(c: FakeCluster, draw: (bound: number) => number, check: () => void): void {
  for (let step = 0; step < 3000; step++) {
    c.settle();
    check();
    if (!nodesAct(c, draw)) return;
  }
  throw new Error('the rollout does not come to rest');
}

function checkSummaries(c: FakeCluster): void {
  const state = c.stateOf<ReplicaSetState>('replicaset-controller');
  for (const set of c.list(RS) as unknown as readonly ReplicaSet[]) {
    const kept = state.summaries.get(set.metadata.uid ?? '');
    if (kept === undefined) continue;
    const owned = pods(c).filter((pod) => pod.metadata.ownerReferences?.[0]?.uid === set.metadata.uid);
    const { lastReadyAt: _kept, ...counters } = kept;
    const { lastReadyAt: _built, ...recount } = buildSummary(set, owned) as PodSummary;
    expect(counters).toEqual(recount);
  }
}

const CASES = [
  { seed: 1, replicas: 10, surge: '25%', unavailable: '25%' },
  { seed: 2, replicas: 7, surge: 1, unavailable: 0 },
  { seed: 3, replicas: 5, surge: 0, unavailable: 2 },
  { seed: 4, replicas: 4, surge: '100%', unavailable: '50%' },
  { seed: 5, replicas: 1, surge: '25%', unavailable: '25%' },
];

describe('a rolling update', () => {
  it.each(CASES)('keeps floor and ceiling, converges, and goes back exactly: $replicas pods, surge $surge, unavailable $unavailable', ({ seed, replicas, surge, unavailable }) => {
    const c = new FakeCluster(deploymentController, replicaSetController);
    const draw = draws(seed);
    c.create(D, deployment(replicas, surge, unavailable));
    rest(c, draw, () => checkSummaries(c));
    const first = c.list(RS)[0] as KubeObject;
    const ceiling = replicas + maxSurge(c.get(D, 'ns/web') as unknown as Deployment);
    const floor = replicas - maxUnavailable(c.get(D, 'ns/web') as unknown as Deployment);
    const check = (): void => {
      const asked = (c.list(RS) as unknown as readonly ReplicaSet[]).reduce((sum, set) => sum + (set.spec.replicas ?? 0), 0);
      expect(asked).toBeLessThanOrEqual(ceiling);
      const active = pods(c).filter((pod) => pod.metadata.deletionTimestamp === undefined);
      expect(active.length).toBeLessThanOrEqual(ceiling);
      expect(active.filter(isReady).length).toBeGreaterThanOrEqual(floor);
      checkSummaries(c);
    };
    setImage(c, 'img:2');
    rest(c, draw, check);
    const images = (): readonly (string | undefined)[] => [...new Set(pods(c).map((pod) => pod.spec.containers[0]?.image))];
    expect(images()).toEqual(['img:2']);
    expect(pods(c).length).toBe(replicas);
    expect(c.list(RS).length).toBe(2);
    // In the middle of a third rollout somebody changes their mind.
    setImage(c, 'img:3');
    c.settle();
    for (let step = 0; step < draw(6); step++) {
      nodesAct(c, draw);
      c.settle();
      check();
    }
    setImage(c, 'img:1');
    rest(c, draw, check);
    expect(images()).toEqual(['img:1']);
    const back = c.list(RS).find((set) => set.spec.replicas === replicas) as KubeObject;
    expect(back.metadata.name).toBe(first.metadata.name);
    expect(back.spec.template).toEqual(first.spec.template);
    expect(back.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('4');
    expect(back.metadata.annotations?.['deployment.kubernetes.io/revision-history']).toBe('1');
    c.taken();
    c.advance(3_600_000);
    expect(c.taken().filter((call) => /^(create|delete)/.test(call))).toEqual([]);
    expect(c.errors.filter((error) => !error.includes('modified'))).toEqual([]);
  });

  it('makes pods again that somebody deletes, and releases and adopts by label', () => {
    const c = new FakeCluster(deploymentController, replicaSetController);
    const draw = draws(9);
    c.create(D, deployment(3, 1, 0));
    rest(c, draw, () => checkSummaries(c));
    const [one, two] = pods(c) as readonly [Pod, Pod];
    c.delete('pods', `ns/${one.metadata.name}`);
    rest(c, draw, () => checkSummaries(c));
    expect(pods(c).length).toBe(3);
    c.patch('pods', `ns/${two.metadata.name}`, { metadata: { labels: { app: 'elsewhere' } } });
    rest(c, draw, () => checkSummaries(c));
    expect(c.get('pods', `ns/${two.metadata.name}`).metadata.ownerReferences).toEqual([]);
    expect(pods(c).length).toBe(4);
    c.patch('pods', `ns/${two.metadata.name}`, { metadata: { labels: { app: 'web' } } });
    rest(c, draw, () => checkSummaries(c));
    expect(pods(c).length).toBe(3);
  });

  it('says why pods cannot be made, and makes them once they can', () => {
    const c = new FakeCluster(replicaSetController);
    c.create(RS, { metadata: { name: 'r', namespace: 'ns' }, spec: { replicas: 3, selector: { matchLabels: { app: 'r' } }, template: { metadata: { labels: { app: 'r' } }, spec: { containers: [] } } } });
    c.faults.push({ verb: 'create', resource: 'pods', reason: 'Forbidden', message: 'quota', times: 0 });
    c.settle();
    // One try a sync: the first batch is one pod, and the status written after it wakes the set once more.
    expect(c.taken().filter((call) => call.startsWith('create'))).toEqual(['create pods r-?', 'create pods r-?']);
    expect(c.get(RS, 'ns/r').status.conditions[0]).toMatchObject({ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota' });
    expect(c.takenEvents()[0]).toBe('Warning FailedCreate Error creating: quota');
    c.faults.pop();
    c.advance(1000);
    expect(c.list('pods').length).toBe(3);
    expect(c.get(RS, 'ns/r').status.conditions).toBeUndefined();
  });
});
