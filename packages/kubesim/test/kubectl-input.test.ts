import { describe, expect, it } from 'vitest';
import { Cluster } from 'kubesim';
import { web } from './manifests.ts';

describe('a kubectl command of a cluster', () => {
  it('should read the files that it is given, and say of others that they are not there', () => {
    const cluster = new Cluster({ seed: 1, nodes: 1 });
    const files: Readonly<Record<string, string>> = { 'cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata: { a: "1" }\n' };
    const readFile = (path: string): string => files[path] ?? '';
    expect(cluster.kubectl('apply -f cm.yaml', { readFile })).toBe('configmap/c created\n');
    expect(cluster.kubectlResult('apply -f cm.yaml')).toMatchObject({ exit: 1, stderr: expect.stringContaining('the path "cm.yaml" does not exist') as string });
  });

  it('should edit by a function', () => {
    const cluster = new Cluster({ seed: 1 });
    cluster.apply(web(1));
    cluster.settle();
    expect(cluster.kubectl('edit sts web', { edit: (yaml) => yaml.replace('replicas: 1', 'replicas: 2') })).toBe('statefulset.apps/web edited\n');
    cluster.settle();
    expect(cluster.get('statefulset/web')?.spec.replicas).toBe(2);
    expect(cluster.kubectlResult('edit sts web', { edit: (yaml) => yaml })).toMatchObject({ exit: 0, stderr: 'Edit cancelled, no changes made.\n' });
  });
});
