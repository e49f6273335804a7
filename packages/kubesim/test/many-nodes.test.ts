import { describe, expect, it } from 'vitest';
import { Cluster } from 'kubesim';

describe('a cluster of many nodes', () => {
  it('should give each its own pod range and address, also beyond the 255th', () => {
    const nodes = new Cluster({ seed: 1, nodes: 600 }).list('nodes');
    const distinct = (values: readonly unknown[]): number => new Set(values).size;
    expect(distinct(nodes.map((node) => node.spec?.podCIDR))).toBe(600);
    expect(distinct(nodes.map((node) => node.status?.addresses?.[0]?.address))).toBe(600);
  });

  it('should give a range to a node that somebody creates', () => {
    const cluster = new Cluster({ seed: 1, nodes: 2 });
    cluster.handle({ method: 'POST', path: '/api/v1/nodes', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ metadata: { name: 'extra' } }) });
    cluster.run({ for: '5s' });
    const ranges = cluster.list('nodes').map((node) => node.spec?.podCIDR);
    expect(new Set(ranges).size).toBe(3);
    expect(cluster.get('node/extra')?.spec?.podCIDRs).toEqual([cluster.get('node/extra')?.spec?.podCIDR]);
  });
});
