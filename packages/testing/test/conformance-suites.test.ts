import { describe, expect, it } from 'vitest';
import { clusterControlPlane, statefulSetConformance } from '@kubesim/testing';
import { Cluster } from 'kubesim';

describe('the StatefulSet suite', () => {
  it.each(statefulSetConformance)('$name', async ({ run }) => {
    await run(clusterControlPlane(new Cluster({ seed: 1 })));
  });

  it.each(statefulSetConformance)('should find a control plane without the controller: $name', async ({ run }) => {
    await expect(run(clusterControlPlane(new Cluster({ seed: 1, withoutControllers: ['statefulset-controller'] })))).rejects.toThrow(/^expected /);
  });
});
