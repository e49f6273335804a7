// The process: queue, writes, waits and evictions over caches that follow.
import { describe, expect, it } from 'vitest';
import { createScheduler, defaultPlugins, PluginMisbehaved, type SchedulerPlugin } from '../src/index.ts';
import { backOffEnd } from '../src/queue.ts';
import { aNode, aPod, asking, TestCluster } from './cluster.ts';

const condition = (cluster: TestCluster, name: string): { status: string; reason: string; message: string } =>
  cluster.get('pods', 'default', name)?.['status'].conditions?.find((one: { type: string }) => one.type === 'PodScheduled');
const small = (name: string): ReturnType<typeof aNode> => aNode(name, {}, { allocatable: { cpu: '1' } });

describe('writes', () => {
  it('[W1] should bind a pod and say so', () => {
    const cluster = new TestCluster();
    cluster.put('nodes', aNode('n'));
    cluster.put('pods', aPod('p'));
    cluster.run();
    expect(cluster.nodeOf('p')).toBe('n');
    expect(cluster.calls).toEqual([{
      verb: 'create', resource: 'pods', namespace: 'default', name: 'p', subresource: 'binding',
      object: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p', namespace: 'default', uid: 'uid-p' }, target: { kind: 'Node', name: 'n' } },
    }]);
    expect(cluster.events).toMatchObject([{ type: 'Normal', reason: 'Scheduled', message: 'Successfully assigned default/p to n', component: 'default-scheduler', action: 'Binding' }]);
    expect([cluster.state.binding.size, cluster.state.queue.pods.size, cluster.state.cache.nodes.get('n')?.pods.length]).toEqual([0, 0, 1]);
  });
  it('[W1] should count a pod on its node before the cache shows it', () => {
    const cluster = new TestCluster();
    cluster.put('nodes', small('a'));
    cluster.put('nodes', small('b'));
    for (const name of ['p', 'q']) cluster.put('pods', aPod(name, asking('800m')));
    cluster.run();
    expect([cluster.nodeOf('p'), cluster.nodeOf('q')].sort()).toEqual(['a', 'b']);
  });
  it('[W2] should write a condition once and record each attempt', () => {
    const cluster = new TestCluster();
    cluster.put('nodes', small('n'));
    cluster.put('pods', aPod('p', asking('2')));
    cluster.run();
    expect(condition(cluster, 'p')).toMatchObject({ status: 'False', reason: 'Unschedulable', message: expect.stringContaining('1 Insufficient cpu') });
    cluster.run(400_000);
    expect(cluster.calls.length).toBe(1);
    expect(cluster.events.map(({ reason }) => reason)).toEqual(['FailedScheduling', 'FailedScheduling']);
  });
  it('[W2] should cut a long message in the Event only', () => {
    const reason = 'x'.repeat(2000);
    const plugins = [{ name: 'Long', filter: () => ({ code: 'UnschedulableAndUnresolvable', reasons: [reason] }) as const }];
    const cluster = new TestCluster({ profiles: [{ schedulerName: 'default-scheduler', plugins }] });
    cluster.put('nodes', aNode('n'));
    cluster.put('pods', aPod('p'));
    cluster.run();
    expect([cluster.events[0]?.message.length, cluster.events[0]?.message.endsWith(' ...')]).toEqual([1024, true]);
    expect(condition(cluster, 'p').message).toContain(reason);
  });
  it('[W3] should bind a static volume, wait for the claim, then bind the pod', () => {
    const cluster = new TestCluster();
    cluster.put('nodes', aNode('n'));
    cluster.put('storageclasses.storage.k8s.io', { metadata: { name: 'late' }, provisioner: 'kubernetes.io/no-provisioner', volumeBindingMode: 'WaitForFirstConsumer' });
    const claim = { metadata: { name: 'data', namespace: 'default', uid: 'c' }, spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'late', resources: { requests: { storage: '1Gi' } } } };
    cluster.put('persistentvolumeclaims', claim);
    cluster.put('persistentvolumes', { metadata: { name: 'pv' }, spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'late' }, status: { phase: 'Available' } });
    cluster.put('pods', aPod('p', { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] }));
    cluster.run(5000);
    expect(cluster.get('persistentvolumes', '', 'pv')?.['spec'].claimRef).toMatchObject({ name: 'data', uid: 'c' });
    expect([cluster.nodeOf('p'), cluster.get('pods', 'default', 'p')?.['status'].nominatedNodeName]).toEqual([undefined, 'n']);
    cluster.put('persistentvolumeclaims', { ...claim, metadata: { ...claim.metadata, annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }, spec: { ...claim.spec, volumeName: 'pv' } });
    cluster.run(1000);
    expect(cluster.nodeOf('p')).toBe('n');
    expect(cluster.mostWritesInStep).toBe(1);
  });
  it('[W3] should select the node for a provisioner and give up after 600 s', () => {
    const cluster = new TestCluster();
    cluster.put('nodes', aNode('n'));
    cluster.put('storageclasses.storage.k8s.io', { metadata: { name: 'late' }, provisioner: 'example.com/p', volumeBindingMode: 'WaitForFirstConsumer' });
    cluster.put('persistentvolumeclaims', { metadata: { name: 'data', namespace: 'default', uid: 'c' }, spec: { storageClassName: 'late' } });
    cluster.put('pods', aPod('p', { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] }));
    cluster.run(599_000);
    expect(cluster.get('persistentvolumeclaims', 'default', 'data')?.metadata.annotations).toEqual({ 'volume.kubernetes.io/selected-node': 'n' });
    expect(condition(cluster, 'p')).toBeUndefined();
    cluster.run(2000);
    expect(condition(cluster, 'p')).toMatchObject({ reason: 'SchedulerError' });
  });
  it('[W4] should try again after a refused binding', () => {
    const cluster = new TestCluster();
    cluster.put('nodes', aNode('n'));
    let refusals = 1;
    cluster.refuse = (call) => call.verb === 'create' && refusals-- > 0 ? 'no' : undefined;
    cluster.put('pods', aPod('p'));
    cluster.run();
    expect([cluster.nodeOf('p'), cluster.state.cache.nodes.get('n')?.pods.length]).toEqual([undefined, 0]);
    expect(cluster.events[0]?.message).toBe('binding rejected: running Bind plugin "DefaultBinder": no');
    cluster.run(2000);
    expect(cluster.nodeOf('p')).toBe('n');
  });
  it('[W5] should skip deleting pods and leave those of other schedulers', () => {
    const cluster = new TestCluster();
    cluster.put('nodes', aNode('n'));
    cluster.put('pods', aPod('p', {}, { deletionTimestamp: '2026-01-01T00:00:00Z' }));
    cluster.put('pods', aPod('q', { schedulerName: 'mine' }));
    cluster.run();
    expect(cluster.events.map(({ message }) => message)).toEqual(['skip schedule deleting pod: default/p']);
    expect(cluster.calls).toEqual([]);
  });
});

describe('queue', () => {
  it('[P13] should not attempt a gated pod until its gates are gone', () => {
    const cluster = new TestCluster();
    cluster.put('nodes', aNode('n'));
    cluster.put('pods', aPod('p', { schedulingGates: [{ name: 'g' }] }));
    cluster.run();
    expect([cluster.calls.length, cluster.events.length]).toEqual([0, 0]);
    cluster.put('pods', aPod('p'));
    cluster.run();
    expect(cluster.nodeOf('p')).toBe('n');
  });
  it('[Q1] should take the higher priority first, then the older', () => {
    const cluster = new TestCluster();
    cluster.put('nodes', aNode('n'));
    for (const [name, priority] of [['a', 0], ['b', 5], ['c', 5], ['d', -5]] as const) cluster.put('pods', aPod(name, { priority }));
    cluster.run();
    expect(cluster.calls.map((call) => 'name' in call ? call.name : '')).toEqual(['b', 'c', 'a', 'd']);
  });
  it('[Q2] should double the back-off up to 10 s, to whole seconds', () => {
    expect([1, 2, 3, 4, 5, 50].map((count) => backOffEnd(0, count))).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
    expect(backOffEnd(1, 1)).toBe(2000);
  });
  it('[Q3] should try again when a node with room comes, and not for a heartbeat', () => {
    const cluster = new TestCluster();
    cluster.put('nodes', small('n'));
    cluster.put('pods', aPod('p', asking('2')));
    cluster.run(5000);
    const node = small('n');
    cluster.put('nodes', { ...node, status: { ...node.status, conditions: [{ type: 'Ready', status: 'True' }] } });
    cluster.put('nodes', small('other'));
    cluster.run();
    expect(cluster.events.length).toBe(1);
    cluster.put('nodes', aNode('big'));
    cluster.run();
    expect(cluster.nodeOf('p')).toBe('big');
  });
  it('[Q4] should fill the place of a pod that ended', () => {
    const cluster = new TestCluster();
    cluster.put('nodes', small('n'));
    const old = aPod('old', { ...asking('800m'), nodeName: 'n' }, {}, { phase: 'Running' });
    cluster.put('pods', old);
    cluster.put('pods', aPod('p', asking('800m')));
    cluster.run(1000);
    expect(cluster.nodeOf('p')).toBeUndefined();
    cluster.put('pods', { ...old, status: { phase: 'Succeeded' } });
    cluster.run();
    expect(cluster.nodeOf('p')).toBe('n');
  });
});

describe('preemption', () => {
  it('[M4] should mark, delete and tell, then take the place', () => {
    const cluster = new TestCluster();
    cluster.put('nodes', small('n'));
    cluster.put('pods', aPod('old', { ...asking('800m'), nodeName: 'n' }, {}, { phase: 'Running' }));
    cluster.put('pods', aPod('vip', { ...asking('800m'), priority: 10 }));
    cluster.run();
    const done = cluster.calls.map((call) => `${call.verb} ${'name' in call ? call.name ?? '' : ''} ${call.subresource ?? ''}`);
    expect(done).toEqual(['patch vip status', 'patch old status', 'delete old ', 'create vip binding']);
    expect(cluster.events.map(({ reason, message }) => `${reason} ${message}`)).toContain('Preempted Preempted by pod uid-vip on node n');
    expect([cluster.nodeOf('vip'), cluster.mostWritesInStep, cluster.state.nominated.size]).toEqual(['n', 1, 0]);
  });
});

it('[M4] should take the nomination from a pod of lower priority', () => {
  const cluster = new TestCluster();
  cluster.put('nodes', small('n'));
  cluster.put('pods', aPod('old', { ...asking('800m'), nodeName: 'n' }, {}, { phase: 'Running' }));
  // The victim takes its time to go, and a second preemptor comes meanwhile.
  cluster.refuse = (call) => call.verb === 'delete' ? 'no' : undefined;
  cluster.put('pods', aPod('vip', { ...asking('800m'), priority: 10 }));
  cluster.run();
  expect(cluster.get('pods', 'default', 'vip')?.['status'].nominatedNodeName).toBe('n');
  cluster.put('pods', aPod('king', { ...asking('800m'), priority: 20 }));
  cluster.run();
  expect(cluster.get('pods', 'default', 'king')?.['status'].nominatedNodeName).toBe('n');
  expect(cluster.get('pods', 'default', 'vip')?.['status'].nominatedNodeName).toBeNull();
  expect([...cluster.state.nominated.keys()]).toEqual(['default/king']);
});

describe('profiles', () => {
  describe('Permit', () => {
    /** Lets pods of a gang wait until as many as their label says hold a node. */
    const gang = (timeoutMs?: number): SchedulerPlugin => ({
      name: 'Gang',
      permit: ({ pod }) => (pod.metadata.labels?.['gang'] === undefined ? undefined : { code: 'Pending', reasons: [], timeoutMs }),
      waitOnPermit: (_listers, placed, pod) => {
        if (pod.metadata.labels?.['broken'] !== undefined) return { code: 'Unschedulable', reasons: ['the gang is broken'] };
        return placed.filter((each) => each.pod.metadata.labels?.['gang'] !== undefined).length >= Number(pod.metadata.labels?.['gang']) ? 'allow' : 'wait';
      },
    });
    const start = (timeoutMs?: number): TestCluster => {
      const cluster = new TestCluster({ profiles: [{ schedulerName: 'default-scheduler', plugins: [...defaultPlugins, gang(timeoutMs)] }] });
      cluster.put('nodes', aNode('n1'));
      return cluster;
    };

    it('should hold the nodes of a gang until all of it waits, and then bind it', () => {
      const cluster = start();
      cluster.put('pods', aPod('a', asking('1'), { labels: { gang: '2' } }));
      cluster.run(5_000);
      expect(cluster.nodeOf('a')).toBeUndefined();
      cluster.put('pods', aPod('greedy', asking('3500m')));
      cluster.run(5_000);
      // The room is taken, though nothing is bound yet.
      expect(cluster.nodeOf('greedy')).toBeUndefined();
      cluster.put('pods', aPod('b', asking('1'), { labels: { gang: '2' } }));
      cluster.run(2_000);
      expect([cluster.nodeOf('a'), cluster.nodeOf('b')]).toEqual(['n1', 'n1']);
    });

    it('should give up a pod that waited for as long as its plugin said, and free its room', () => {
      const cluster = start(90_000);
      cluster.put('pods', aPod('a', asking('3'), { labels: { gang: '2' } }));
      cluster.run(89_000);
      expect(cluster.events).toEqual([]);
      cluster.run(2_000);
      expect(cluster.events.map(({ reason, message }) => `${reason} ${message}`)).toEqual(['FailedScheduling 0/1 nodes are available: 1 rejected due to timeout after waiting 1m30s at plugin Gang.']);
    });

    it('should reject what the plugin rejects', () => {
      const cluster = start();
      cluster.put('pods', aPod('a', {}, { labels: { gang: '1', broken: 'yes' } }));
      cluster.run();
      expect(cluster.events[0]?.message).toBe('0/1 nodes are available: 1 the gang is broken.');
      expect((cluster.get('pods', 'default', 'a')?.['status'].conditions as unknown[])[0]).toMatchObject({ reason: 'Unschedulable' });
    });

    it('should name a plugin that lets wait and cannot be asked, or answers nonsense', () => {
      for (const plugin of [{ ...gang(), waitOnPermit: undefined }, { ...gang(), waitOnPermit: () => 'perhaps' as never }] as SchedulerPlugin[]) {
        const cluster = new TestCluster({ profiles: [{ schedulerName: 'default-scheduler', plugins: [...defaultPlugins, plugin] }] });
        cluster.put('nodes', aNode('n1'));
        cluster.put('pods', aPod('a', {}, { labels: { gang: '1' } }));
        expect(() => { cluster.run(); }).toThrow(/plugin Gang answered .* at (Permit|WaitOnPermit)/);
      }
    });
  });

  it('[C6] should refuse profiles that clash and plugins that answer nonsense', () => {
    const profile = { schedulerName: 'mine', plugins: defaultPlugins };
    expect(() => createScheduler({ profiles: [profile, profile] })).toThrow("options.profiles has 'mine' twice");
    expect(() => createScheduler({ profiles: [{ schedulerName: 'x', plugins: [{ name: '' }] }] })).toThrow(TypeError);
    const cluster = new TestCluster({ profiles: [{ schedulerName: 'default-scheduler', plugins: [{ name: 'Bad', filter: () => 'no' as never }] }] });
    cluster.put('nodes', aNode('n'));
    cluster.put('pods', aPod('p'));
    expect(() => cluster.run()).toThrow(PluginMisbehaved);
    expect(cluster.state.queue.active.size).toBe(1);
  });
  it('[C7] should place pods of one template as if nothing were remembered', () => {
    const place = (isDistinct: boolean): (string | undefined)[] => {
      const cluster = new TestCluster();
      cluster.put('services', { metadata: { name: 's', namespace: 'default' }, spec: { selector: { app: 'web' } } });
      for (let index = 0; index < 6; index++) {
        const name = `n${index}`;
        cluster.put('nodes', aNode(name, {}, { labels: { 'topology.kubernetes.io/zone': `z${index % 3}` }, allocatable: { cpu: String(1 + index), pods: '4' } }));
      }
      const names = Array.from({ length: 20 }, (_, index) => `p${index}`);
      for (const name of names) cluster.put('pods', aPod(name, asking('300m'), { labels: { app: 'web', ...(isDistinct ? { name } : {}) } }));
      cluster.run();
      return names.map((name) => cluster.nodeOf(name));
    };
    expect(place(false)).toEqual(place(true));
  });
});
