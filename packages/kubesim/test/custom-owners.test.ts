// Objects that belong to a custom resource go with it, as soon as it goes.
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '@kubesim/api';
import { Cluster } from 'kubesim';

const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'widgets.example.com' },
  spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget' }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }] },
} as unknown as KubeObject;

function owned(cluster: Cluster): string {
  const [widget] = cluster.create({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' } } as KubeObject);
  const reference = { apiVersion: 'example.com/v1', kind: 'Widget', name: 'w', uid: widget?.metadata.uid ?? '', controller: true, blockOwnerDeletion: true };
  cluster.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', ownerReferences: [reference] } } as KubeObject);
  return reference.uid;
}

describe('a fork', () => {
  it('should know the custom kinds that its cluster knows', () => {
    const cluster = new Cluster({ seed: 1, nodes: 0 });
    cluster.create(DEFINITION);
    owned(cluster);
    expect(cluster.fork().list('widgets').map(({ metadata }) => metadata.name)).toEqual(['w']);
  });
});

describe('what a custom resource owns', () => {
  it.each(['background', 'foreground', 'orphan'] as const)('should be there no longer once its deletion (%s) has settled, or be free', (cascade) => {
    const cluster = new Cluster({ seed: 1, nodes: 1 });
    cluster.create(DEFINITION);
    owned(cluster);
    cluster.settle();
    const before = cluster.now;
    cluster.delete('widget/w', { cascade });
    cluster.settle();
    expect(cluster.now - before).toBeLessThan(10_000);
    expect(cluster.list('widgets')).toEqual([]);
    expect(cluster.list('configmaps').filter(({ metadata }) => metadata.name === 'c').map(({ metadata }) => metadata.ownerReferences ?? [])).toEqual(cascade === 'orphan' ? [[]] : []);
  });

  it('should go in a fork, and after the controller manager was started anew, as it does in the first run', () => {
    const cluster = new Cluster({ seed: 1, nodes: 1 });
    cluster.create(DEFINITION);
    owned(cluster);
    cluster.settle();
    const fork = cluster.fork();
    const gone = (each: Cluster): boolean => {
      each.delete('widget/w');
      each.settle();
      return !each.list('configmaps').some(({ metadata }) => metadata.name === 'c');
    };
    expect(gone(fork)).toBe(true);
    expect(cluster.list('widgets')).toHaveLength(1);
    cluster.faults.crash('kube-controller-manager');
    cluster.run({ for: '1s' });
    cluster.faults.restart('kube-controller-manager');
    expect(gone(cluster)).toBe(true);
  });

  it('should go with the definition of its owner', () => {
    const cluster = new Cluster({ seed: 1, nodes: 1 });
    cluster.create(DEFINITION);
    owned(cluster);
    cluster.settle();
    cluster.delete('crd/widgets.example.com');
    cluster.settle();
    expect(cluster.list('configmaps').some(({ metadata }) => metadata.name === 'c')).toBe(false);
  });
});
