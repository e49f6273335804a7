// A set whose pod its node rejects over and over: time goes on, and once the room is free the set comes up.
import { describe, expect, it } from 'vitest';
import { Cluster } from 'kubesim';

const spec = { nodeName: 'node-1', containers: [{ name: 'n', image: 'nginx:1.27', ports: [{ name: 'conflict', containerPort: 21017, hostPort: 21017 }] }] };

describe('a StatefulSet whose pod is rejected for a port that is taken', () => {
  it('should make it again without standing still in time, and run it once the port is free', () => {
    const cluster = new Cluster({ seed: 1, nodes: 2 });
    cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'test-pod' }, spec }));
    cluster.run({ for: '5s' });
    cluster.apply(JSON.stringify({ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'ss' }, spec: { serviceName: 'x', replicas: 1, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec } } }));
    const before = cluster.now;
    cluster.run({ for: '2s' });
    expect(cluster.now - before).toBe(2_000);
    expect(cluster.history().some(({ object }) => object.metadata.name === 'ss-0' && object['status']?.phase === 'Failed')).toBe(true);
    cluster.delete('pod/test-pod');
    cluster.settle();
    expect(cluster.get('pod/ss-0')?.status?.phase).toBe('Running');
  });
});
