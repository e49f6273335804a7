// A cache that lags shows the orphans that were there when it stopped, whatever has come and gone since.
import { ViewReader, viewName, STORE, type ViewArgs } from '@kubesim/apiserver';
import type { KubeObject } from '@kubesim/api';
import { Cluster } from 'kubesim';
import { describe, expect, it } from 'vitest';

const MANAGER = 'kube-controller-manager';

function orphansSeen(cluster: Cluster): readonly string[] {
  const { kernel } = cluster;
  const slot = kernel.slotOf(viewName({ owner: 0, process: MANAGER, resource: 'pods' } as ViewArgs));
  return new ViewReader(kernel, kernel.slotOf(STORE), slot).orphans('default').map(({ metadata }) => metadata.name as string);
}

function pod(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'main', image: 'nginx:1.25' }] } } as KubeObject;
}

describe('a cache that lags', () => {
  it('should show the orphans of its own time', () => {
    const cluster = new Cluster({ nodes: 1, seed: 1, events: false, timing: 'instant' });
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'a-uid', controller: true };
    for (const name of ['a', 'b']) cluster.apply(JSON.stringify(pod(name)));
    cluster.settle();
    expect(orphansSeen(cluster)).toEqual(['a', 'b']);
    cluster.faults.freezeCache(MANAGER, 'pods');
    cluster.patch('pod/a', { metadata: { ownerReferences: [owner] } });
    cluster.delete('pod/b', { gracePeriodSeconds: 0 });
    cluster.apply(JSON.stringify(pod('c')));
    cluster.run({ for: '2s' });
    expect(orphansSeen(cluster)).toEqual(['a', 'b']);
    const branch = cluster.fork();
    branch.faults.relist(MANAGER, 'pods');
    branch.faults.thawCache(MANAGER, 'pods');
    cluster.faults.thawCache(MANAGER, 'pods');
    for (const one of [cluster, branch]) {
      one.run({ for: '1s' });
      const stored = one.list('pods').filter(({ metadata }) => metadata.ownerReferences === undefined).map(({ metadata }) => metadata.name as string);
      expect(orphansSeen(one)).toEqual(stored);
      expect(stored).toContain('c');
    }
  });

  it('should know up to where it has seen everything, though its watch was lost meanwhile', () => {
    const cluster = new Cluster({ nodes: 1, seed: 1, events: false, timing: 'instant' });
    for (const name of ['a', 'b']) cluster.apply(JSON.stringify(pod(name)));
    cluster.settle();
    cluster.faults.freezeCache(MANAGER, 'pods');
    const label = (name: string, turn: string): number => Number(cluster.patch(`pod/${name}`, { metadata: { labels: { turn } } }).metadata.resourceVersion);
    label('a', '1');
    const ofB = label('b', '1');
    const ofA = label('a', '2');
    // What is left of the changes of `a` is the last one, which came after that of `b`.
    cluster.faults.relist(MANAGER, 'pods');
    const { kernel } = cluster;
    const seen = new ViewReader(kernel, kernel.slotOf(STORE), kernel.slotOf(viewName({ owner: 0, process: MANAGER, resource: 'pods' } as ViewArgs))).seenRevision();
    expect(ofB).toBeLessThan(ofA);
    expect(seen).toBeLessThan(ofB);
  });
});
