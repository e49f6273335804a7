import { expect, it } from 'vitest';
import { Cluster } from '../src/index.ts';

it('a node that is cut off and then loses its power starts pods once it is back', () => {
  const cluster = new Cluster({ nodes: 1 });
  cluster.faults.cutOff('node/node-1');
  cluster.run({ for: '1s' });
  cluster.faults.crash('node/node-1');
  cluster.run({ for: '1s' });
  cluster.faults.heal('node/node-1');
  cluster.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'main', image: 'nginx:1.25' }] } });
  cluster.waitFor('pod/p', 'condition=Ready', { within: '2m' });
  expect(cluster.get('pod/p')?.status?.phase).toBe('Running');
});
