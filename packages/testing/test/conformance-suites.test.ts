import { describe, expect, it } from 'vitest';
import { clusterControlPlane, deploymentConformance, replicaSetConformance, replicationControllerConformance, statefulSetConformance } from '@kubesim/testing';
import { Cluster } from 'kubesim';

const SUITES = {
  StatefulSet: { cases: statefulSetConformance, controller: 'statefulset-controller', count: 8 },
  Deployment: { cases: deploymentConformance, controller: 'deployment-controller', count: 8 },
  ReplicaSet: { cases: replicaSetConformance, controller: 'replicaset-controller', count: 6 },
  ReplicationController: { cases: replicationControllerConformance, controller: 'replicationcontroller-controller', count: 6 },
};

describe.each(Object.entries(SUITES))('the %s suite', (_kind, { cases, controller, count }) => {
  it(`should have the ${count} cases of upstream`, () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(count);
  });

  it.each(cases)('$name', async ({ run }) => {
    await run(clusterControlPlane(new Cluster({ seed: 1 })));
  });

  it.each(cases)('should find a control plane without the controller: $name', async ({ run }) => {
    await expect(run(clusterControlPlane(new Cluster({ seed: 1, withoutControllers: [controller] })))).rejects.toThrow(/^expected /);
  });
});
