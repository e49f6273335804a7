import { describe, expect, it } from 'vitest';
import { Cluster, UsageError, type Recording } from 'kubesim';
import { set, web } from './manifests.ts';

const MANAGER = 'kube-controller-manager';
const pods = (cluster: Cluster): (string | undefined)[] => cluster.list('pods').map((pod) => pod.metadata.name);
const settled = (manifest: string = set(2)): Cluster => {
  const cluster = new Cluster({ seed: 3 });
  cluster.apply(manifest);
  return cluster.settle();
};

describe('faults', () => {
  it('a crash between two writes: the process does nothing more after the write, and makes up for it when it is back', () => {
    const cluster = new Cluster({ seed: 3 });
    cluster.faults.crashAfter(MANAGER, { verb: 'create', resource: 'pods' }, { restartAfter: '7s' });
    cluster.apply(web(3));
    const start = cluster.now;
    cluster.run({ for: '6s' });
    expect(pods(cluster)).toEqual(['web-0']);
    // The status write that follows the create did not happen.
    expect(cluster.get('statefulset/web')?.status?.currentRevision).toBeUndefined();
    cluster.settle();
    expect(pods(cluster)).toEqual(['web-0', 'web-1', 'web-2']);
    expect(cluster.now - start).toBeGreaterThan(7_000);
  });

  it('a crash after the second write of a kind, which stays down until it is restarted', () => {
    const cluster = new Cluster({ seed: 3 });
    cluster.faults.crashAfter(MANAGER, { verb: 'create', resource: 'pods' }, { times: 2 });
    cluster.apply(set(3));
    cluster.run({ for: '1m' });
    expect(pods(cluster)).toEqual(['web-0', 'web-1']);
    cluster.faults.restart(MANAGER);
    cluster.settle();
    expect(pods(cluster)).toEqual(['web-0', 'web-1', 'web-2']);
  });

  it('a request that is under way takes effect later; a late reply holds the next write up', () => {
    for (const when of ['before', 'after'] as const) {
      const cluster = new Cluster({ seed: 3 });
      cluster.faults.api({ process: MANAGER, verb: 'create', resource: 'po', when, delay: '20s' });
      cluster.apply(set(1));
      cluster.run({ for: '19s' });
      expect(pods(cluster)).toEqual(when === 'before' ? [] : ['web-0']);
      expect(cluster.get('statefulset/web')?.status?.currentRevision).toBeUndefined();
      cluster.settle();
      expect(cluster.get('statefulset/web')?.status?.readyReplicas).toBe(1);
    }
  });

  it('a reply that is lost after its time is up: the write happened, and the controller hears of a timeout', () => {
    const cluster = new Cluster({ seed: 3 });
    cluster.faults.api({ process: MANAGER, verb: 'create', resource: 'pods', when: 'after', error: 'timeout', delay: '34s' });
    cluster.apply(set(1));
    cluster.run({ for: '1s' });
    expect(pods(cluster)).toEqual(['web-0']);
    expect(cluster.events('statefulset/web')).toEqual([]);
    cluster.settle();
    expect(cluster.events('statefulset/web').map((event) => event['reason'])).toContain('FailedCreate');
    expect(cluster.get('statefulset/web')?.status?.readyReplicas).toBe(1);
  });

  it('rules that are cleared meet nothing', () => {
    const cluster = new Cluster({ seed: 3 });
    cluster.faults.api({ verb: 'create', resource: 'pods', error: 'tooManyRequests', times: 1000 });
    cluster.apply(set(1));
    cluster.run({ for: '10s' });
    expect(pods(cluster)).toEqual([]);
    cluster.faults.clear();
    cluster.settle();
    expect(pods(cluster)).toEqual(['web-0']);
  });

  it('a cache that lags: what follows from a change comes later by the lag', () => {
    const times = [0, 30_000].map((lag) => {
      const cluster = settled(set(1));
      cluster.faults.delayCache(MANAGER, lag, 'statefulsets');
      cluster.scale('statefulset/web', 2);
      const start = cluster.now;
      cluster.waitFor('pod/web-1', 'exists');
      return cluster.now - start;
    });
    expect(times[1]! - times[0]!).toBe(30_000);
  });

  it('a clock that jumps: what the node writes down carries it, other nodes and the order of things do not', () => {
    for (const offset of ['1h', '-1h']) {
      const cluster = new Cluster({ seed: 3, nodes: 2 });
      cluster.settle();
      cluster.faults.clockJump('node/node-1', offset);
      cluster.run({ for: '2m' });
      const off = (node: string): number => 0 + Math.round((Date.parse(cluster.get(`lease/${node}`, { namespace: 'kube-node-lease' })?.spec?.renewTime ?? '') - cluster.now) / 3_600_000);
      expect([off('node-1'), off('node-2')]).toEqual([offset === '1h' ? 1 : -1, 0]);
      cluster.apply(set(2));
      cluster.settle();
      expect(cluster.list('nodes').map((node) => node.status?.conditions?.find(({ type }) => type === 'Ready')?.status)).toEqual(['True', 'True']);
      const started = cluster.list('pods').map((pod) => [pod.spec.nodeName, Math.round((Date.parse(pod.status?.containerStatuses?.[0]?.state?.running?.startedAt ?? '') - cluster.now) / 3_600_000)]);
      expect(new Map(started as [string, number][]).get('node-1')).toBe(offset === '1h' ? 1 : -1);
      // A reboot keeps the clock; setting it right ends it.
      cluster.faults.restart('node/node-1');
      cluster.settle();
      expect(off('node-1')).toBe(offset === '1h' ? 1 : -1);
      cluster.faults.clockJump('node/node-1', 0);
      cluster.run({ for: '1m' });
      expect(off('node-1')).toBe(0);
    }
  });

  it('a reboot, a killed container, a slow node, a graceful shutdown', () => {
    const cluster = settled(set(1));
    const node = `node/${cluster.get('pod/web-0')?.spec.nodeName}`;
    const restarts = (): number | undefined => cluster.get('pod/web-0')?.status?.containerStatuses?.[0]?.restartCount;
    cluster.faults.killContainer('pod/web-0', { exitCode: 137, reason: 'OOMKilled' });
    cluster.settle();
    expect(restarts()).toBe(1);
    expect(cluster.get('pod/web-0')?.status?.containerStatuses?.[0]?.lastState?.terminated?.reason).toBe('OOMKilled');
    cluster.faults.restart(node);
    cluster.settle();
    expect(restarts()).toBe(2);
    const uid = cluster.get('pod/web-0')?.metadata.uid;
    cluster.faults.shutdown(node, { grace: '20s' });
    cluster.settle();
    expect([...cluster.watch('pods')].some(({ object }) => object.metadata.uid === uid && object['status']?.reason === 'Terminated')).toBe(true);
    expect(cluster.get('pod/web-0')?.metadata.uid).not.toBe(uid);
    const [fast, slow] = [1, 10].map((factor) => {
      const fork = settled(set(0));
      for (const name of ['node-1', 'node-2', 'node-3']) fork.faults.slow(`node/${name}`, factor);
      const start = fork.now;
      fork.scale('statefulset/web', 1);
      fork.settle();
      return fork.now - start;
    });
    expect(slow).toBeGreaterThan(fast! * 3);
  });

  it('all of them are recorded and replayed', () => {
    const cluster = new Cluster({ seed: 3 });
    cluster.faults.crashAfter(MANAGER, { verb: 'create', resource: 'pods' }, { restartAfter: '7s' });
    cluster.faults.api({ process: MANAGER, verb: 'update', delay: '3s', times: 2 });
    cluster.faults.delayCache(MANAGER, '2s');
    cluster.faults.clockJump('node/node-2', '90s');
    cluster.apply(web(2));
    cluster.settle();
    const again = Cluster.replay(JSON.parse(JSON.stringify(cluster.recording())) as Recording);
    expect(again.digest).toBe(cluster.digest);
  });

  it.each([
    ['a verb that is none', (cluster: Cluster) => cluster.faults.api({ verb: 'updat' as 'update', error: 'conflict' }), "faults.api.verb must be one of get, list, create, update, patch, delete, deletecollection, not 'updat'; did you mean 'update'?"],
    ['an error that is none', (cluster: Cluster) => cluster.faults.api({ error: 'conflit' as 'conflict' }), "did you mean 'conflict'?"],
    ['a key that is none', (cluster: Cluster) => cluster.faults.api({ verbs: 'update', error: 'conflict' } as never), 'faults.api.verbs is not known; did you mean faults.api.verb?'],
    ['nothing that happens', (cluster: Cluster) => cluster.faults.api({ verb: 'update' }), 'faults.api: error or delay must be set'],
    ['a delay of a kubelet', (cluster: Cluster) => cluster.faults.api({ process: 'kubelet/node-1', delay: '1s' }), "faults.api.delay meets calls of controllers, not of 'kubelet/node-1'"],
    ['a resource that is none', (cluster: Cluster) => cluster.faults.freezeCache(MANAGER, 'podz'), 'did you mean "pods"?'],
    ['a process that is none', (cluster: Cluster) => cluster.faults.api({ process: 'kubelet/node1', error: 'timeout' }), "did you mean 'kubelet/node-1'?"],
    ['a factor of 0', (cluster: Cluster) => cluster.faults.slow('node/node-1', 0), 'faults.slow.factor must be above 0'],
    ['0 times', (cluster: Cluster) => cluster.faults.api({ error: 'timeout', times: 0 }), 'faults.api.times must be a whole number, 1 or more, not 0'],
  ])('%s changes nothing and is named', (_title, act, message) => {
    const cluster = new Cluster({ seed: 1 });
    const before = cluster.digest;
    expect(() => act(cluster)).toThrow(UsageError);
    expect(() => act(cluster)).toThrow(message);
    expect(cluster.digest).toBe(before);
  });
});
