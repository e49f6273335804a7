import { expect, it } from 'vitest';
import { Cluster } from 'kubesim';

it('rolls out one pod at a time', () => {
  const cluster = new Cluster({ nodes: 3 });
  cluster.kubectl('create deployment web --image=nginx:1.25 --replicas=3');
  cluster.settle();
  cluster.setImage('deployment/web', { nginx: 'nginx:1.26' });
  expect(cluster.rollout.status('deployment/web')).toContain('successfully rolled out');
  cluster.settle();
  expect(cluster.list('pods').map((pod) => pod.spec.containers[0]?.image)).toEqual(['nginx:1.26', 'nginx:1.26', 'nginx:1.26']);
});
