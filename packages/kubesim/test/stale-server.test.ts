// A second API server with an older view: what reads from it, and what becomes of what it then writes.
import { describe, expect, it } from 'vitest';
import { Cluster, type Recording } from 'kubesim';
import { ViewReader, STORE } from '@kubesim/apiserver';
import { set } from './manifests.ts';

const MANAGER = 'kube-controller-manager';

function settled(replicas: number): Cluster {
  const cluster = new Cluster({ seed: 3, nodes: 2 });
  cluster.apply(set(replicas));
  return cluster.settle();
}

function seen(cluster: Cluster, process: string, resource: string): readonly string[] {
  const { kernel } = cluster;
  return new ViewReader(kernel, kernel.slotOf(STORE), kernel.slotOf(`view ${process} ${resource}`)).list().map(({ metadata, status }) => `${metadata.name ?? ''} ${metadata.resourceVersion ?? ''} ${JSON.stringify((status as { readonly phase?: string } | undefined)?.phase)}`);
}

describe('a second API server with an older view', () => {
  it('should give a process that starts the state of then, of all resources as of one instant, and its own once it has caught up', () => {
    const cluster = settled(1);
    cluster.run({ for: '10s' });
    const [podsThen, setsThen] = [seen(cluster, MANAGER, 'pods'), seen(cluster, MANAGER, 'statefulsets.apps')];
    cluster.run({ for: '1s' });
    cluster.scale('statefulset/web', 2);
    cluster.run({ for: '4s' });
    expect(cluster.list('pods')).toHaveLength(2);
    cluster.faults.staleServer(MANAGER, { behind: '5s' });
    cluster.faults.restart(MANAGER);
    expect([seen(cluster, MANAGER, 'pods'), seen(cluster, MANAGER, 'statefulsets.apps')]).toEqual([podsThen, setsThen]);
    cluster.run({ for: '30s' });
    expect([seen(cluster, MANAGER, 'pods'), seen(cluster, MANAGER, 'statefulsets.apps')]).toEqual([podsThen, setsThen]);
    cluster.faults.freshServer(MANAGER);
    cluster.settle();
    expect(cluster.get('statefulset/web')?.status).toMatchObject({ replicas: 2, readyReplicas: 2 });
    expect(seen(cluster, MANAGER, 'pods')).toEqual(seen(cluster, 'kube-scheduler', 'pods'));
  });

  it('should take one resource back alone, where only the cache of that lags', () => {
    const cluster = settled(1);
    cluster.run({ for: '10s' });
    const podsThen = seen(cluster, MANAGER, 'pods');
    cluster.scale('statefulset/web', 2);
    cluster.run({ for: '4s' });
    const setsNow = seen(cluster, MANAGER, 'statefulsets.apps');
    cluster.faults.staleServer(MANAGER, { behind: '5s', resource: 'pods' });
    cluster.faults.restart(MANAGER);
    expect([seen(cluster, MANAGER, 'pods'), seen(cluster, MANAGER, 'statefulsets.apps')]).toEqual([podsThen, setsNow]);
    cluster.faults.freshServer(MANAGER);
    cluster.settle();
    expect(seen(cluster, MANAGER, 'pods')).toEqual(seen(cluster, 'kube-scheduler', 'pods'));
    expect(cluster.get('statefulset/web')?.status).toMatchObject({ readyReplicas: 2 });
  });

  it('should take nothing back from a process that runs: its caches stand still', () => {
    const cluster = settled(1);
    const before = seen(cluster, MANAGER, 'pods');
    cluster.faults.staleServer(MANAGER, { behind: '1h' });
    cluster.scale('statefulset/web', 3);
    cluster.run({ for: '10s' });
    expect(seen(cluster, MANAGER, 'pods')).toEqual(before);
    expect(cluster.list('pods')).toHaveLength(1);
    cluster.faults.freshServer(MANAGER);
    cluster.settle();
    expect(cluster.list('pods')).toHaveLength(3);
  });

  it('should let writes made from the older state meet a conflict', () => {
    const cluster = settled(1);
    cluster.run({ for: '10s' });
    const generation = cluster.get('statefulset/web')?.metadata.generation ?? 0;
    cluster.scale('statefulset/web', 0);
    cluster.settle();
    const { resourceVersion } = cluster.get('statefulset/web')?.metadata ?? {};
    // Then the set still asked for one pod: its controller makes it, and its status is of a version that is no more.
    cluster.faults.staleServer(MANAGER, { behind: cluster.now - Date.parse('2026-01-01T00:00:00Z') - 8_000 });
    cluster.faults.restart(MANAGER);
    cluster.run({ for: '20s' });
    expect(cluster.get('statefulset/web')?.metadata).toMatchObject({ resourceVersion, generation: generation + 1 });
    cluster.faults.freshServer(MANAGER);
    cluster.settle();
    expect(cluster.list('pods')).toHaveLength(0);
    expect(cluster.get('statefulset/web')?.status).toMatchObject({ replicas: 0, observedGeneration: generation + 1 });
  });

  it('should give a kubelet the pods of its node as of then', () => {
    const cluster = settled(1);
    const node = cluster.get('pod/web-0')?.spec.nodeName ?? '';
    const [pod] = cluster.list('pods');
    cluster.run({ for: '10s' });
    cluster.scale('statefulset/web', 0);
    cluster.run({ for: '4s' });
    expect(cluster.list('pods')).toEqual([]);
    cluster.faults.staleServer(`kubelet/${node}`, { behind: '5s' });
    cluster.faults.restart(`kubelet/${node}`);
    expect(seen(cluster, `kubelet/${node}`, 'pods')).toEqual([`web-0 ${pod?.metadata.resourceVersion ?? ''} "Running"`]);
    cluster.faults.freshServer(`kubelet/${node}`);
    cluster.settle();
    expect(seen(cluster, `kubelet/${node}`, 'pods')).toEqual([]);
  });

  it('should fork and replay', () => {
    const cluster = settled(2);
    cluster.faults.staleServer(MANAGER, { behind: '2s' });
    cluster.faults.restart(MANAGER);
    cluster.delete('pod/web-0');
    cluster.run({ for: '5s' });
    const fork = cluster.fork();
    for (const each of [cluster, fork]) {
      each.faults.freshServer(MANAGER);
      each.settle();
    }
    expect(fork.digest).toBe(cluster.digest);
    expect(Cluster.replay(JSON.parse(JSON.stringify(cluster.recording())) as Recording).digest).toBe(cluster.digest);
  });
});
