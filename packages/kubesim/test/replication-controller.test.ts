// ReplicationControllers: kept, scaled, adopted and released, as upstream's end-to-end tests ask.
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '@kubesim/api';
import { ApiError, Cluster } from 'kubesim';

const CONTROLLER = {
  apiVersion: 'v1', kind: 'ReplicationController', metadata: { name: 'web' },
  spec: { replicas: 2, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.27' }] } } },
} as unknown as KubeObject;

const owners = (pod: KubeObject | undefined): readonly (string | undefined)[] => (pod?.metadata.ownerReferences ?? []).map(({ kind, name }) => `${kind}/${name}`);

describe('a ReplicationController', () => {
  it('should select by the labels of its template where it names none, and keep its replicas', () => {
    const cluster = new Cluster({ seed: 1 });
    const [made] = cluster.apply(CONTROLLER);
    expect([made?.['spec'].selector, made?.metadata.labels]).toEqual([{ app: 'web' }, { app: 'web' }]);
    cluster.settle();
    const pods = cluster.list('pods');
    expect(pods.map(owners)).toEqual([['ReplicationController/web'], ['ReplicationController/web']]);
    expect(cluster.get('rc/web')?.['status']).toMatchObject({ replicas: 2, fullyLabeledReplicas: 2, readyReplicas: 2, availableReplicas: 2, observedGeneration: 1 });
    cluster.delete(`pod/${pods[0]?.metadata.name ?? ''}`);
    cluster.scale('rc/web', 3);
    cluster.settle();
    expect(cluster.list('pods')).toHaveLength(3);
    const revision = cluster.revision;
    cluster.settle();
    expect(cluster.revision).toBe(revision);
  });

  it('should say in its Events and conditions what a quota forbids, and recover', () => {
    const cluster = new Cluster({ seed: 1 });
    cluster.apply({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard: { pods: '1' } } } as unknown as KubeObject);
    cluster.settle();
    cluster.apply(CONTROLLER);
    cluster.run({ for: '5s' });
    expect(cluster.get('rc/web')?.['status'].conditions).toMatchObject([{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' }]);
    expect(cluster.list('events').filter((event) => event['source']?.component === 'replication-controller').map((event) => event['reason'] as string)).toContain('FailedCreate');
    cluster.scale('rc/web', 1);
    cluster.settle();
    expect(cluster.get('rc/web')?.['status'].conditions ?? []).toEqual([]);
  });

  it('should adopt a pod that matches and release one that no longer does', () => {
    const cluster = new Cluster({ seed: 1 });
    cluster.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'lone', labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.27' }] } } as unknown as KubeObject);
    cluster.apply(CONTROLLER);
    cluster.settle();
    expect(owners(cluster.get('pod/lone'))).toEqual(['ReplicationController/web']);
    cluster.patch('pod/lone', { metadata: { labels: { app: 'free' } } });
    cluster.settle();
    expect(owners(cluster.get('pod/lone'))).toEqual([]);
    expect(cluster.list('pods')).toHaveLength(3);
  });

  it('should let its pods go where a delete asks nothing, and be refused without a template', () => {
    const cluster = new Cluster({ seed: 1 });
    cluster.apply(CONTROLLER);
    cluster.settle();
    cluster.handle({ method: 'DELETE', path: '/api/v1/namespaces/default/replicationcontrollers/web', headers: { accept: 'application/json' } });
    cluster.settle();
    expect([cluster.get('rc/web'), cluster.list('pods').map(owners)]).toEqual([undefined, [[], []]]);
    expect(() => cluster.create({ apiVersion: 'v1', kind: 'ReplicationController', metadata: { name: 'x' }, spec: {} } as unknown as KubeObject)).toThrow(ApiError);
  });
});
