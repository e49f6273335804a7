// DaemonSets over nodes that come, are tainted and go.
import { describe, expect, it } from 'vitest';
import type { Pod } from '@kubesim/api';
import { daemonSetController } from '../../src/daemon-set/daemon-set-controller.ts';
import { targetNodeName } from '../../src/daemon-set/daemon-pod.ts';
import { FakeCluster } from '../fake-cluster.ts';
import { isReady, markReady } from './pods.ts';

const DS = 'daemonsets.apps';

function cluster(nodes: number, spec: object = {}): FakeCluster {
  const c = new FakeCluster(daemonSetController);
  for (let index = 0; index < nodes; index++) c.create('nodes', { metadata: { name: `n${index}`, labels: { zone: index % 2 === 0 ? 'a' : 'b' } }, spec: {} });
  c.create(DS, {
    metadata: { name: 'd', namespace: 'ns' },
    spec: {
      selector: { matchLabels: { app: 'd' } }, revisionHistoryLimit: 10, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      template: { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'img:1' }] } }, ...spec,
    },
  });
  c.settle();
  return c;
}

function pods(c: FakeCluster): readonly Pod[] {
  return c.list('pods') as unknown as readonly Pod[];
}

function nodesOf(c: FakeCluster): readonly (string | undefined)[] {
  return pods(c).filter((pod) => pod.metadata.deletionTimestamp === undefined).map(targetNodeName).sort();
}

/** Nodes run what is meant for them and let go of what is deleted, until all is still. */
function rest(c: FakeCluster, check: () => void): void {
  for (let step = 0; step < 200; step++) {
    c.settle();
    check();
    const pod = pods(c).find((one) => one.metadata.deletionTimestamp !== undefined || !isReady(one));
    if (pod === undefined) return;
    if (pod.metadata.deletionTimestamp !== undefined) c.remove('pods', `ns/${pod.metadata.name}`);
    else markReady(c, `ns/${pod.metadata.name}`, targetNodeName(pod));
  }
  throw new Error('does not come to rest');
}

describe('a DaemonSet', () => {
  it('has a pod on every node that wants one, bound by affinity', () => {
    const c = cluster(3);
    expect(nodesOf(c)).toEqual(['n0', 'n1', 'n2']);
    expect(pods(c)[0]?.spec.tolerations?.length).toBe(6);
    rest(c, () => undefined);
    c.create('nodes', { metadata: { name: 'n3' }, spec: {} });
    c.settle();
    expect(nodesOf(c)).toEqual(['n0', 'n1', 'n2', 'n3']);
    expect(c.get(DS, 'ns/d').status).toMatchObject({ desiredNumberScheduled: 4, numberReady: 3 });
  });

  it.each([
    ['a node selector', { nodeSelector: { zone: 'a' } }, ['n0', 'n2']],
    ['a node name', { nodeName: 'n1' }, ['n1']],
    ['affinity', { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['b'] }] }] } } } }, ['n1']],
  ])('keeps to %s', (_title, spec, wanted) => {
    const c = cluster(3, { template: { metadata: { labels: { app: 'd' } }, spec: { containers: [], ...spec } } });
    expect(nodesOf(c)).toEqual(wanted);
  });

  it.each([
    ['NoSchedule', ['n0', 'n1']], ['NoExecute', ['n1']], ['PreferNoSchedule', ['n0', 'n1']],
  ])('with a taint %s has pods on %s', (effect, wanted) => {
    const c = cluster(2);
    rest(c, () => undefined);
    c.patch('nodes', 'n0', { spec: { taints: [{ key: 'k', effect }] } });
    c.settle();
    expect(nodesOf(c)).toEqual(wanted);
  });

  it.each([[1, 0], [2, 0], ['50%', 0], [0, 1]])('updates with at most %s nodes unavailable, or %s surging', (maxUnavailable, maxSurge) => {
    const c = cluster(4, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge } } });
    rest(c, () => undefined);
    c.patch(DS, 'ns/d', { spec: { template: { spec: { containers: [{ name: 'c', image: 'img:2' }] } } } });
    const floor = 4 - (maxUnavailable === '50%' ? 2 : Number(maxUnavailable));
    rest(c, () => {
      const ready = new Set(pods(c).filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined).map(targetNodeName));
      expect(ready.size).toBeGreaterThanOrEqual(floor);
      expect(nodesOf(c).length).toBeLessThanOrEqual(4 + Number(maxSurge));
    });
    expect(pods(c).map((pod) => pod.spec.containers[0]?.image)).toEqual(['img:2', 'img:2', 'img:2', 'img:2']);
    expect(c.list('controllerrevisions.apps').map((one) => one['revision'] as number).sort()).toEqual([1, 2]);
  });

  it('waits for its user with OnDelete', () => {
    const c = cluster(2, { updateStrategy: { type: 'OnDelete' } });
    rest(c, () => undefined);
    c.patch(DS, 'ns/d', { spec: { template: { spec: { containers: [{ name: 'c', image: 'img:2' }] } } } });
    rest(c, () => undefined);
    expect(pods(c).map((pod) => pod.spec.containers[0]?.image)).toEqual(['img:1', 'img:1']);
    c.delete('pods', `ns/${pods(c)[0]?.metadata.name}`);
    rest(c, () => undefined);
    expect(pods(c).map((pod) => pod.spec.containers[0]?.image).sort()).toEqual(['img:1', 'img:2']);
  });

  it('replaces failed pods ever more slowly', () => {
    const c = cluster(1);
    const fail = (): void => {
      const pod = pods(c).find((one) => one.metadata.deletionTimestamp === undefined);
      c.patch('pods', `ns/${pod?.metadata.name}`, { status: { phase: 'Failed' } });
      c.settle();
    };
    fail();
    expect(c.events.at(-1)).toMatch(/^Normal SuccessfulCreate/);
    c.taken();
    fail();
    expect(c.taken().filter((call) => call.startsWith('delete'))).toEqual([]);
    c.advance(1000);
    expect(c.taken().filter((call) => call.startsWith('delete')).length).toBe(1);
  });
});
