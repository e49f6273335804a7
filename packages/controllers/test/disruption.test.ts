import { describe, expect, it } from 'vitest';
import { disruptionController } from '../src/disruption/disruption.ts';
import { resourceQuotaController } from '../src/resource-quota/resource-quota.ts';
import { FakeCluster } from './fake-cluster.ts';

const BUDGETS = 'poddisruptionbudgets.policy';
const SETS = 'statefulsets.apps';

function budget(spec: object, name = 'b'): object {
  return { metadata: { name, namespace: 'ns' }, spec: { selector: { matchLabels: { app: 'a' } }, ...spec } };
}

function pod(name: string, owner: object | undefined = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 's', uid: 'S', controller: true }, ready = true): object {
  return {
    metadata: { name, namespace: 'ns', labels: { app: 'a' }, ...(owner === undefined ? {} : { ownerReferences: [owner] }) }, spec: { nodeName: 'n' },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

function cluster(spec: object, podCount = 3): FakeCluster {
  const c = new FakeCluster(disruptionController);
  c.create(SETS, { metadata: { name: 's', namespace: 'ns', uid: 'S' }, spec: { replicas: 3 } });
  for (let index = 0; index < podCount; index++) c.create('pods', pod(`p${index}`));
  c.create(BUDGETS, budget(spec));
  c.settle();
  return c;
}

const status = (c: FakeCluster): Record<string, unknown> => c.get(BUDGETS, 'ns/b')['status'];

describe('disruption', () => {
  it.each([
    [{ minAvailable: 2 }, 2, 3, 1], [{ minAvailable: '50%' }, 2, 3, 1], [{ maxUnavailable: 1 }, 2, 3, 1], [{ maxUnavailable: '40%' }, 1, 3, 2], [{ maxUnavailable: 9 }, 0, 3, 3],
  ])('PDB1 PDB3 counts for %j', (spec, desiredHealthy, expectedPods, disruptionsAllowed) => {
    expect(status(cluster(spec))).toMatchObject({ observedGeneration: 1, currentHealthy: 3, desiredHealthy, expectedPods, disruptionsAllowed, conditions: [{ type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', message: '', observedGeneration: 1 }] });
  });

  it('PDB1 counts pods or scales', () => {
    expect(status(cluster({ minAvailable: 2 }, 2))).toMatchObject({ expectedPods: 2, disruptionsAllowed: 0, conditions: [{ status: 'False', reason: 'InsufficientPods' }] });
    expect(status(cluster({ maxUnavailable: 1 }, 2))).toMatchObject({ expectedPods: 3 });
  });

  it('PDB1 counts a Deployment for its ReplicaSets', () => {
    const c = new FakeCluster(disruptionController);
    c.create('deployments.apps', { metadata: { name: 'd', namespace: 'ns', uid: 'D' }, spec: { replicas: 5 } });
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd', uid: 'D', controller: true };
    for (const name of ['x', 'y']) {
      c.create('replicasets.apps', { metadata: { name, namespace: 'ns', uid: name, ownerReferences: [deployment] }, spec: { replicas: 3 } });
      c.create('pods', pod(`p${name}`, { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid: name, controller: true }));
    }
    c.create(BUDGETS, budget({ maxUnavailable: 1 }));
    c.settle();
    expect(status(c)).toMatchObject({ expectedPods: 5, desiredHealthy: 4 });
  });

  it('PDB1 warns of pods without a controller', () => {
    const c = cluster({ maxUnavailable: 1 });
    c.create('pods', { ...pod('bare'), metadata: { name: 'bare', namespace: 'ns', labels: { app: 'a' } } });
    c.settle();
    expect(status(c)).toMatchObject({ expectedPods: 3, currentHealthy: 4 });
    expect(c.takenEvents()[0]).toMatch(/^Warning UnmanagedPods Pods selected by this PodDisruptionBudget \(selector: &LabelSelector{MatchLabels:map\[string\]string{app: a,},MatchExpressions:\[\]LabelSelectorRequirement{},}\) were found/);
  });

  it('PDB2 counts evicted pods as gone, for two minutes', () => {
    const c = cluster({ minAvailable: 2 });
    c.patch(BUDGETS, 'ns/b', { status: { disruptedPods: { p0: '2026-01-01T00:00:00Z', gone: '2026-01-01T00:00:00Z' }, disruptionsAllowed: 0 } });
    c.settle();
    expect(status(c)).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 0, disruptedPods: { p0: '2026-01-01T00:00:00Z' } });
    expect(status(c)['disruptedPods']).not.toHaveProperty('gone');
    c.advance(120_000);
    expect(status(c)).toMatchObject({ currentHealthy: 3, disruptionsAllowed: 1 });
    expect(status(c)['disruptedPods']).toBeUndefined();
    expect(c.takenEvents()).toContain("Warning NotDeleted Pod was expected by PDB ns/ns to be deleted but it wasn't");
  });

  it('PDB3 follows readiness and writes only changes', () => {
    const c = cluster({ minAvailable: 2 });
    c.taken();
    c.patch('pods', 'ns/p0', { metadata: { annotations: { a: 'b' } } });
    c.settle();
    expect(c.taken()).toEqual([]);
    c.patch('pods', 'ns/p0', { status: { conditions: [{ type: 'Ready', status: 'False' }] } });
    c.settle();
    expect(status(c)).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 0 });
    expect(c.why.get('poddisruptionbudget/b')?.message).toBe('allows no disruption: 2 of 3 pods are healthy, 2 have to be');
    const empty = cluster({ minAvailable: 0 }, 0);
    expect([...new Set(empty.takenEvents())]).toEqual(['Normal NoPods No matching pods found']);
    expect(status(empty)).toMatchObject({ disruptionsAllowed: 0 });
  });

  it('PDB4 allows nothing while it does not know', () => {
    const c = new FakeCluster(disruptionController);
    c.create('pods', pod('p', { apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'J', controller: true }));
    c.create(BUDGETS, budget({ maxUnavailable: 1 }));
    c.settle();
    expect(status(c)).toMatchObject({ disruptionsAllowed: 0, conditions: [{ reason: 'SyncFailed', message: 'jobs.batch does not implement the scale subresource' }] });
    expect([...new Set(c.takenEvents())]).toEqual(['Warning CalculateExpectedPodCountFailed Failed to calculate the number of expected pods: jobs.batch does not implement the scale subresource']);
  });

  it('PDB5 clears a stale target', () => {
    const c = cluster({ minAvailable: 1 });
    c.patch('pods', 'ns/p0', { status: { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', lastTransitionTime: '2026-01-01T00:00:00Z' }] } });
    c.advance(119_000);
    expect(c.get('pods', 'ns/p0')['status'].conditions[0].status).toBe('True');
    c.advance(1000);
    expect(c.get('pods', 'ns/p0')['status'].conditions[0]).toMatchObject({ type: 'DisruptionTarget', status: 'False' });
  });

  it('PDB6 warns of several budgets', () => {
    const c = cluster({ minAvailable: 1 });
    c.create(BUDGETS, budget({ minAvailable: 1 }, 'other'));
    c.create('pods', pod('late'));
    c.settle();
    expect(c.takenEvents()).toContain('Warning MultiplePodDisruptionBudgets Pod "ns"/"late" matches multiple PodDisruptionBudgets.  Chose "b" arbitrarily.');
  });
});

describe('resource quota', () => {
  function quota(hard: Record<string, string>, spec: object = {}): FakeCluster {
    const c = new FakeCluster(resourceQuotaController);
    c.create('resourcequotas', { metadata: { name: 'q', namespace: 'ns' }, spec: { hard, ...spec } });
    return c;
  }
  const used = (c: FakeCluster): object => c.get('resourcequotas', 'ns/q')['status'].used;
  const sized = (name: string, spec: object = {}, state: object = {}): object => ({
    metadata: { name, namespace: 'ns' }, status: { phase: 'Running', ...state },
    spec: { containers: [{ resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1' } } }], initContainers: [{ resources: { requests: { cpu: '300m' } } }], ...spec },
  });

  it('RQ1 RQ2 counts pods by requests and limits', () => {
    const c = quota({ pods: '4', 'requests.cpu': '1', cpu: '1', 'limits.cpu': '4', memory: '1Gi', 'requests.nvidia.com/gpu': '1', 'count/pods': '9', 'count/widgets.example.com': '1' });
    c.create('pods', sized('a'));
    c.create('pods', sized('b', { initContainers: [] }));
    c.settle();
    expect(used(c)).toEqual({ pods: '2', 'requests.cpu': '400m', cpu: '400m', 'limits.cpu': '2', memory: '128Mi', 'requests.nvidia.com/gpu': '0', 'count/pods': '2' });
    expect(c.get('resourcequotas', 'ns/q')['status'].hard['count/widgets.example.com']).toBe('1');
    c.taken();
    c.advance(300_000);
    expect(c.taken()).toEqual([]);
  });

  it('RQ2 counts Services, claims and objects', () => {
    const c = quota({ services: '5', 'services.nodeports': '5', 'services.loadbalancers': '1', 'requests.storage': '10Gi', 'fast.storageclass.storage.k8s.io/requests.storage': '5Gi', persistentvolumeclaims: '3', configmaps: '9', 'count/deployments.apps': '2' });
    c.create('services', { metadata: { name: 's', namespace: 'ns' }, spec: { type: 'LoadBalancer', ports: [{}, {}] } });
    c.create('persistentvolumeclaims', { metadata: { name: 'c', namespace: 'ns' }, spec: { storageClassName: 'fast', resources: { requests: { storage: '2Gi' } } } });
    c.create('persistentvolumeclaims', { metadata: { name: 'd', namespace: 'ns' }, spec: { resources: { requests: { storage: '1Gi' } } }, status: { capacity: { storage: '3Gi' } } });
    c.create('configmaps', { metadata: { name: 'm', namespace: 'ns' } });
    c.create('deployments.apps', { metadata: { name: 'w', namespace: 'ns' } });
    c.settle();
    expect(used(c)).toEqual({ services: '1', 'services.nodeports': '2', 'services.loadbalancers': '1', 'requests.storage': '5Gi', 'fast.storageclass.storage.k8s.io/requests.storage': '2Gi', persistentvolumeclaims: '2', configmaps: '1', 'count/deployments.apps': '1' });
  });

  it('RQ3 RQ5 gives back what ends or goes', () => {
    const c = quota({ pods: '4', 'count/pods': '4' });
    for (const name of ['a', 'b', 'c']) c.create('pods', sized(name));
    c.settle();
    c.patch('pods', 'ns/a', { status: { phase: 'Succeeded' } });
    c.settle();
    expect(used(c)).toEqual({ pods: '2', 'count/pods': '3' });
    c.remove('pods', 'ns/b');
    c.settle();
    expect(used(c)).toEqual({ pods: '1', 'count/pods': '2' });
  });

  it('RQ4 counts what is in scope', () => {
    const c = quota({ pods: '4' }, { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] } });
    c.create('pods', sized('a', { priorityClassName: 'high' }));
    c.create('pods', sized('b'));
    c.settle();
    expect(used(c)).toEqual({ pods: '1' });
    const best = quota({ pods: '4' }, { scopes: ['BestEffort'] });
    best.create('pods', sized('a', {}, { qosClass: 'BestEffort' }));
    best.create('pods', sized('b', {}, { qosClass: 'Burstable' }));
    best.settle();
    expect(used(best)).toEqual({ pods: '1' });
  });
});
