import { describe, expect, it } from 'vitest';
import { createNodeIpamController } from '../src/node-ipam/node-ipam.ts';
import { nodeLifecycleController } from '../src/node-lifecycle/node-lifecycle.ts';
import { zoneState } from '../src/node-lifecycle/zones.ts';
import { createPodGcController, podGcController } from '../src/pod-gc/pod-gc.ts';
import { taintEvictionController } from '../src/taint-eviction/taint-eviction.ts';
import { FakeCluster } from './fake-cluster.ts';

const LEASES = 'leases.coordination.k8s.io';
const UNREACHABLE = 'node.kubernetes.io/unreachable';

function node(name: string, ready = 'True', zone?: string): object {
  return {
    metadata: { name, labels: { 'kubernetes.io/os': 'linux', ...(zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone }) } }, spec: {},
    status: { conditions: [{ type: 'MemoryPressure', status: 'False', lastHeartbeatTime: 'h0' }, { type: 'Ready', status: ready, reason: 'KubeletReady', lastHeartbeatTime: 'h0', lastTransitionTime: 't0' }] },
  };
}

function pod(name: string, nodeName: string | undefined, spec: object = {}): object {
  return {
    metadata: { name, namespace: 'ns' }, spec: { ...(nodeName === undefined ? {} : { nodeName }), terminationGracePeriodSeconds: 1, ...spec },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: 't0' }] },
  };
}

const tolerating = (seconds?: number): object => ({ tolerations: ['not-ready', 'unreachable'].map((key) => ({ key: `node.kubernetes.io/${key}`, operator: 'Exists', effect: 'NoExecute', ...(seconds === undefined ? {} : { tolerationSeconds: seconds }) })) });

let renewals = 0;
function renew(c: FakeCluster, ...names: string[]): void {
  for (const name of names) {
    const renewTime = `2026-01-01T${String(++renewals).padStart(9, '0')}`;
    if (c.find(LEASES, `kube-node-lease/${name}`) === undefined) c.create(LEASES, { metadata: { name, namespace: 'kube-node-lease' }, spec: { renewTime } });
    else c.patch(LEASES, `kube-node-lease/${name}`, { spec: { renewTime } });
  }
}

/** Time passes while these nodes renew their leases every 10 s. */
function run(c: FakeCluster, seconds: number, ...alive: string[]): void {
  for (let passed = 0; passed < seconds; passed += 5) {
    if (passed % 10 === 0) renew(c, ...alive);
    c.advance(Math.min(5, seconds - passed) * 1000);
  }
}

const taintsOf = (c: FakeCluster, name: string): string[] => (c.get('nodes', name)['spec'].taints ?? []).map((taint: { key: string; effect: string }) => `${taint.key.split('/')[1]}:${taint.effect}`);

describe('node lifecycle', () => {
  it('NL1 taints by conditions and spec at once', () => {
    const c = new FakeCluster(nodeLifecycleController);
    c.create('nodes', node('a', 'False'));
    c.settle();
    expect(taintsOf(c, 'a')).toEqual(['not-ready:NoSchedule']);
    expect(c.get('nodes', 'a').metadata.labels).toMatchObject({ 'beta.kubernetes.io/os': 'linux' });
    c.patch('nodes', 'a', { spec: { unschedulable: true }, status: { conditions: [{ type: 'Ready', status: 'True' }, { type: 'MemoryPressure', status: 'True' }] } });
    c.settle();
    expect(taintsOf(c, 'a').sort()).toEqual(['memory-pressure:NoSchedule', 'unschedulable:NoSchedule']);
  });

  it('NL2 NL4 NL5 NL8 gives up a silent node after 50 s and marks its pods', () => {
    const c = new FakeCluster(nodeLifecycleController);
    for (const name of ['a', 'b']) c.create('nodes', node(name));
    c.create('pods', pod('p', 'a'));
    run(c, 40, 'a', 'b');
    expect(c.takenEvents()).toEqual(['Normal RegisteredNode Node a event: Registered Node a in Controller', 'Normal RegisteredNode Node b event: Registered Node b in Controller']);
    run(c, 45, 'b');
    expect(c.get('nodes', 'a')['status'].conditions[1]).toMatchObject({ status: 'True' });
    run(c, 15, 'b');
    expect(c.get('nodes', 'a')['status'].conditions).toMatchObject([
      { type: 'MemoryPressure', status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.', lastHeartbeatTime: 'h0' },
      { type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' }, { type: 'DiskPressure', reason: 'NodeStatusNeverUpdated' }, { type: 'PIDPressure' },
    ]);
    expect(taintsOf(c, 'a').sort()).toEqual(['unreachable:NoExecute', 'unreachable:NoSchedule']);
    expect(c.get('pods', 'ns/p')['status'].conditions[0].status).toBe('False');
    expect(c.takenEvents()).toEqual(['Normal NodeNotReady Node a status is now: NodeNotReady', 'Warning NodeNotReady Node is not ready']);
    c.create('pods', pod('late', 'a'));
    c.settle();
    expect(c.get('pods', 'ns/late')['status'].conditions[0].status).toBe('False');
    c.patch('nodes', 'a', { status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: 'h1' }] } });
    run(c, 5, 'a', 'b');
    expect(taintsOf(c, 'a')).toEqual([]);
    c.remove('nodes', 'a');
    run(c, 5, 'b');
    expect(c.takenEvents()).toContain('Normal RemovingNode Node a event: Removing Node a from Controller');
  });

  it('NL2 writes nothing while all is well', () => {
    const c = new FakeCluster(nodeLifecycleController);
    c.create('nodes', node('a'));
    run(c, 10, 'a');
    c.taken();
    run(c, 600, 'a');
    expect(c.taken()).toEqual([]);
    expect(c.waiting()).toEqual([]);
  });

  it('NL3 gives up a node that never posted after 60 s', () => {
    const c = new FakeCluster(nodeLifecycleController);
    c.create('nodes', node('b'));
    c.create('nodes', { metadata: { name: 'a' }, spec: {}, status: {} });
    run(c, 60, 'b');
    expect(c.get('nodes', 'a')['status'].conditions).toBeUndefined();
    run(c, 5, 'b');
    expect(c.get('nodes', 'a')['status'].conditions[0]).toMatchObject({ type: 'Ready', status: 'Unknown', reason: 'NodeStatusNeverUpdated', message: 'Kubelet never posted node status.' });
  });

  it('NL4 taints one node in 10 s', () => {
    const c = new FakeCluster(nodeLifecycleController);
    const all = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const name of all) c.create('nodes', node(name));
    run(c, 10, ...all);
    const tainted = (): number => all.filter((name) => taintsOf(c, name).includes('unreachable:NoExecute')).length;
    run(c, 55, 'c', 'd', 'e', 'f');
    expect(tainted()).toBe(1);
    run(c, 15, 'c', 'd', 'e', 'f');
    expect(tainted()).toBe(2);
  });

  it('NL6 stops in a small zone that is partly disrupted', () => {
    expect([zoneState(0, 1), zoneState(1, 2), zoneState(2, 3), zoneState(3, 3)]).toEqual(['FullDisruption', 'Normal', 'PartialDisruption', 'Normal']);
    const c = new FakeCluster(nodeLifecycleController);
    const all = ['a', 'b', 'c', 'd', 'e'];
    for (const name of all) c.create('nodes', node(name));
    run(c, 10, ...all);
    run(c, 300, 'a', 'b');
    expect(all.filter((name) => taintsOf(c, name).includes('unreachable:NoExecute')).length).toBeLessThanOrEqual(1);
  });

  it('NL7 evicts nobody when no node is heard of', () => {
    const c = new FakeCluster(nodeLifecycleController);
    for (const [name, zone] of [['a', 'z1'], ['b', 'z2']] as const) c.create('nodes', node(name, 'True', zone));
    run(c, 10, 'a', 'b');
    run(c, 200);
    expect(taintsOf(c, 'a')).toEqual(['unreachable:NoSchedule']);
    for (const name of ['a', 'b']) c.patch('nodes', name, { status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: 'h2' }] } });
    run(c, 20, 'a', 'b');
    run(c, 70, 'b');
    expect(taintsOf(c, 'a').sort()).toEqual(['unreachable:NoExecute', 'unreachable:NoSchedule']);
  });
});

describe('taint eviction', () => {
  function tainted(spec: object): FakeCluster {
    const c = new FakeCluster(taintEvictionController);
    c.create('nodes', node('a'));
    c.create('pods', pod('p', 'a', spec));
    c.settle();
    c.patch('nodes', 'a', { spec: { taints: [{ key: UNREACHABLE, effect: 'NoExecute', timeAdded: 't1' }] } });
    return c;
  }

  it('TE1 TE4 deletes at once what does not tolerate', () => {
    const c = tainted({});
    c.settle();
    expect(c.taken()).toEqual(['patch pods/status p', 'delete pods p']);
    expect(c.takenEvents()).toEqual(['Normal TaintManagerEviction Marking for deletion Pod ns/p']);
    expect(c.get('pods', 'ns/p')['status'].conditions[1]).toMatchObject({ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint', observedGeneration: 1 });
  });

  it('TE2 waits for tolerationSeconds', () => {
    const c = tainted(tolerating(4));
    c.advance(3999);
    expect(c.taken()).toEqual([]);
    c.advance(1);
    expect(c.taken()).toHaveLength(2);
    const never = tainted(tolerating());
    never.advance(1_000_000);
    expect(never.taken()).toEqual([]);
  });

  it('TE3 calls off when the taint goes', () => {
    const c = tainted(tolerating(300));
    c.advance(100_000);
    c.patch('nodes', 'a', { spec: { taints: null } });
    c.advance(300_000);
    expect(c.taken()).toEqual([]);
    expect(c.takenEvents()).toEqual(['Normal TaintManagerEviction Cancelling deletion of Pod ns/p']);
  });

  it('TE3 keeps the instant from which it counts', () => {
    const c = tainted(tolerating(300));
    c.advance(100_000);
    c.patch('nodes', 'a', { spec: { taints: [{ key: UNREACHABLE, effect: 'NoExecute', timeAdded: 't1' }, { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }] } });
    c.advance(199_999);
    expect(c.taken()).toEqual([]);
    c.advance(1);
    expect(c.taken()).toHaveLength(2);
  });
});

describe('pod garbage collection', () => {
  it('PG1 removes the oldest of too many', () => {
    const c = new FakeCluster(createPodGcController({ terminatedPodThreshold: 2 }));
    c.settle();
    for (const name of ['a', 'b', 'c']) {
      c.create('pods', { metadata: { name, namespace: 'ns' }, spec: {}, status: { phase: name === 'b' ? 'Failed' : 'Succeeded', ...(name === 'b' ? { reason: 'Evicted' } : {}) } });
      c.advance(1000);
    }
    c.advance(20_000);
    expect(c.taken()).toEqual(['delete pods b']);
    expect(c.waiting()).toEqual([]);
  });

  it('PG2 PG5 removes terminating pods of nodes out of service', () => {
    const c = new FakeCluster(podGcController);
    c.create('nodes', node('a', 'Unknown'));
    c.create('pods', pod('p', 'a'));
    c.settle();
    c.delete('pods', 'ns/p');
    c.advance(60_000);
    expect(c.taken()).toEqual([]);
    c.patch('nodes', 'a', { spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] } });
    c.advance(20_000);
    expect(c.taken()).toEqual(['patch pods/status p', 'delete pods p']);
    expect(c.bodies).toMatchObject([{ patch: { status: { phase: 'Failed', observedGeneration: 1 } } }, { options: { gracePeriodSeconds: 0 } }]);
    expect(c.list('pods')).toEqual([]);
  });

  it('PG3 removes pods of a node that has been gone for 40 s', () => {
    const c = new FakeCluster(podGcController);
    c.create('nodes', node('a'));
    c.create('pods', pod('p', 'a'));
    c.advance(5000);
    c.remove('nodes', 'a');
    c.advance(54_000);
    expect(c.taken()).toEqual([]);
    c.advance(1000);
    expect(c.taken()).toEqual(['patch pods/status p', 'delete pods p']);
    expect(c.bodies[0]).toMatchObject({ patch: { status: { conditions: [{ type: 'DisruptionTarget', reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' }] } } });
  });

  it('PG4 removes terminating pods without a node', () => {
    const c = new FakeCluster(podGcController);
    c.create('pods', { ...pod('p', undefined), metadata: { name: 'p', namespace: 'ns', finalizers: ['x'], deletionTimestamp: 't' } });
    c.advance(20_000);
    expect(c.taken()).toEqual(['patch pods/status p', 'delete pods p']);
  });
});

describe('node ipam', () => {
  it('NI1 NI2 gives the lowest free range until there is none', () => {
    const c = new FakeCluster(createNodeIpamController({ ranges: 256 }));
    c.create('nodes', { metadata: { name: 'x' }, spec: { podCIDR: '10.244.0.0/24' } });
    c.create('nodes', { metadata: { name: 'y' }, spec: {} });
    c.settle();
    expect(c.get('nodes', 'y')['spec']).toEqual({ podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] });
    for (let index = 0; index < 255; index++) c.create('nodes', { metadata: { name: `n${index}` }, spec: {} });
    c.settle();
    expect(c.takenEvents()).toEqual([expect.stringContaining('CIDRNotAvailable')]);
  });
});
