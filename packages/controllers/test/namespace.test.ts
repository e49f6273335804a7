import type * as Api from '@kubesim/api';
import { describe, expect, it, vi } from 'vitest';
import { namespaceController } from '../src/namespace/namespace.ts';
import { rootCaCertPublisherController } from '../src/root-ca-cert-publisher/root-ca-cert-publisher.ts';
import { serviceAccountController } from '../src/service-account/service-account.ts';
import { ttlAfterFinishedController } from '../src/ttl-after-finished/ttl-after-finished.ts';
import { FakeCluster } from './fake-cluster.ts';

// Only the kinds that these tests are about, whatever the scheme has.
vi.mock('@kubesim/api', async (load) => {
  const api = await load<typeof Api>();
  const kind = (name: string, resource: string, namespaced = true): object => ({ group: '', version: 'v1', kind: name, resource, singular: resource, namespaced });
  return { ...api, builtInScheme: api.createScheme([kind('Namespace', 'namespaces', false), kind('Pod', 'pods'), kind('ConfigMap', 'configmaps'), kind('Secret', 'secrets')] as never) };
});

function cluster(): FakeCluster {
  const c = new FakeCluster(namespaceController);
  c.create('namespaces', { metadata: { name: 'ns' }, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });
  c.create('configmaps', { metadata: { name: 'a', namespace: 'ns' } });
  return c;
}

const conditions = (c: FakeCluster): object[] => c.get('namespaces', 'ns')['status'].conditions;

describe('namespace', () => {
  it('NS1 NS5 waits 5 s, then empties and removes it', () => {
    const c = cluster();
    c.delete('namespaces', 'ns');
    c.advance(4999);
    expect(c.taken()).toEqual([]);
    c.advance(1);
    expect(c.taken()).toEqual([
      'update namespaces/status ns', 'deletecollection pods *', 'deletecollection configmaps *', 'deletecollection secrets *', 'update namespaces/status ns',
      // The first is refused: the conditions were written in between.
      'update namespaces/finalize ns', 'update namespaces/finalize ns',
    ]);
    expect(c.find('namespaces', 'ns')).toBeUndefined();
  });

  it('NS2 NS3 deletes pods before anything else', () => {
    const c = cluster();
    c.create('pods', { metadata: { name: 'p', namespace: 'ns' }, spec: { nodeName: 'n', terminationGracePeriodSeconds: 30 }, status: { phase: 'Running' } });
    c.delete('namespaces', 'ns');
    c.advance(5000);
    expect(c.find('configmaps', 'ns/a')).toBeDefined();
    expect(c.get('pods', 'ns/p').metadata.deletionTimestamp).toBeDefined();
    expect(c.errors).toEqual([]);
    expect(conditions(c).map((condition) => (condition as { status: string }).status)).toEqual(['False', 'False', 'False', 'False', 'False']);
    c.remove('pods', 'ns/p');
    c.advance(16_000);
    expect(c.find('namespaces', 'ns')).toBeUndefined();
  });

  it('NS3 NS4 reports pods that outlive their grace as an error', () => {
    const c = cluster();
    c.create('pods', { metadata: { name: 'p', namespace: 'ns' }, spec: { nodeName: 'n', terminationGracePeriodSeconds: 1 }, status: { phase: 'Running' } });
    c.delete('namespaces', 'ns');
    c.advance(5000);
    expect(c.errors[0]).toBe('failed to delete pods for namespace: ns, err: unexpected items still remain in namespace: ns for gvr: /v1, Resource=pods');
    expect(conditions(c)[2]).toMatchObject({
      type: 'NamespaceDeletionContentFailure', status: 'True', reason: 'ContentDeletionFailed',
      message: 'Failed to delete all resource types, 1 remaining: unexpected items still remain in namespace: ns for gvr: /v1, Resource=pods',
    });
    expect(conditions(c)[3]).toMatchObject({ status: 'False', reason: 'ContentRemoved' });
  });

  it('NS3 NS4 waits for finalizers', () => {
    const c = cluster();
    c.patch('configmaps', 'ns/a', { metadata: { finalizers: ['example.com/hold'] } });
    c.delete('namespaces', 'ns');
    c.advance(5000);
    expect(conditions(c).slice(3)).toMatchObject([
      { type: 'NamespaceContentRemaining', status: 'True', reason: 'SomeResourcesRemain', message: 'Some resources are remaining: configmaps. has 1 resource instances' },
      { type: 'NamespaceFinalizersRemaining', status: 'True', message: 'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances' },
    ]);
    expect(c.why.get('namespace/ns')?.message).toBe('is being deleted and still holds 1 configmaps, with finalizers example.com/hold');
    c.patch('configmaps', 'ns/a', { metadata: { finalizers: null } });
    c.advance(8000);
    expect(c.find('namespaces', 'ns')).toBeUndefined();
  });
});

describe('what namespaces are given', () => {
  it('SA1 SA2 a service account', () => {
    const c = new FakeCluster(serviceAccountController);
    c.create('namespaces', { metadata: { name: 'ns' }, status: { phase: 'Active' } });
    c.create('namespaces', { metadata: { name: 'going' }, status: { phase: 'Terminating' } });
    c.settle();
    expect(c.list('serviceaccounts').map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual(['ns/default']);
    c.remove('serviceaccounts', 'ns/default');
    c.settle();
    expect(c.list('serviceaccounts')).toHaveLength(1);
  });

  it('RC1 RC2 a root certificate', () => {
    const c = new FakeCluster(rootCaCertPublisherController);
    c.create('namespaces', { metadata: { name: 'ns' }, status: { phase: 'Active' } });
    c.settle();
    expect(c.get('configmaps', 'ns/kube-root-ca.crt')['data']).toEqual({ 'ca.crt': '' });
    c.patch('configmaps', 'ns/kube-root-ca.crt', { data: { 'ca.crt': 'mine' } });
    c.settle();
    expect(c.get('configmaps', 'ns/kube-root-ca.crt')['data']).toEqual({ 'ca.crt': '' });
    c.remove('configmaps', 'ns/kube-root-ca.crt');
    c.settle();
    expect(c.list('configmaps')).toHaveLength(1);
  });
});

describe('ttl after finished', () => {
  function finished(ttl: number): FakeCluster {
    const c = new FakeCluster(ttlAfterFinishedController);
    c.create('jobs.batch', { metadata: { name: 'j', namespace: 'ns' }, spec: { ttlSecondsAfterFinished: ttl }, status: { conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }] } });
    return c;
  }

  it('TTL1 deletes in the foreground when the time is over', () => {
    const c = finished(60);
    c.advance(59_000);
    expect(c.taken()).toEqual([]);
    expect(c.waiting()).toEqual([]);
    c.advance(1000);
    expect(c.bodies).toMatchObject([{ verb: 'delete', options: { propagationPolicy: 'Foreground' } }]);
  });

  it('TTL2 asks the live Job', () => {
    const c = finished(10);
    c.settle();
    c.patch('jobs.batch', 'ns/j', { spec: { ttlSecondsAfterFinished: 100 } });
    c.advance(20_000);
    expect(c.taken()).toEqual([]);
    c.advance(80_000);
    expect(c.taken()).toEqual(['delete jobs.batch j']);
  });
});
