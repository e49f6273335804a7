import type * as Api from '@kubesim/api';
import { describe, expect, it, vi } from 'vitest';
import { garbageCollectorController } from '../src/garbage-collector/garbage-collector.ts';
import { WATCHED_RESOURCES } from '../src/garbage-collector/rest-mapping.ts';
import { FakeCluster } from './fake-cluster.ts';

// Only the kinds that these tests are about, whatever the scheme has.
vi.mock('@kubesim/api', async (load) => {
  const api = await load<typeof Api>();
  const kind = (group: string, name: string, resource: string, namespaced = true): object => ({ group, version: 'v1', kind: name, resource, singular: name.toLowerCase(), namespaced });
  const kinds = [
    kind('apps', 'Deployment', 'deployments'), kind('apps', 'ReplicaSet', 'replicasets'), kind('', 'Pod', 'pods'), kind('', 'ConfigMap', 'configmaps'),
    kind('', 'PersistentVolume', 'persistentvolumes', false), kind('', 'Event', 'events'),
    kind('apiextensions.k8s.io', 'CustomResourceDefinition', 'customresourcedefinitions', false),
  ];
  return { ...api, builtInScheme: api.createScheme(kinds as never) };
});

const RS = 'replicasets.apps';
const DEPLOYMENT = 'deployments.apps';

function reference(kind: string, name: string, uid: string, block = true): object {
  return { apiVersion: kind === 'ConfigMap' ? 'v1' : 'apps/v1', kind, name, uid, controller: true, blockOwnerDeletion: block };
}

function cluster(): FakeCluster {
  const made = new FakeCluster(garbageCollectorController);
  made.create(DEPLOYMENT, { metadata: { name: 'd', namespace: 'ns', uid: 'D' }, spec: {} });
  made.create(RS, { metadata: { name: 'r', namespace: 'ns', uid: 'R', ownerReferences: [reference('Deployment', 'd', 'D')] }, spec: {} });
  made.create('pods', { metadata: { name: 'p', namespace: 'ns', uid: 'P', ownerReferences: [reference('ReplicaSet', 'r', 'R')] }, spec: { nodeName: 'n', terminationGracePeriodSeconds: 1 } });
  made.settle();
  made.taken();
  return made;
}

describe('garbage collector', () => {
  it('GC1 collects all kinds but Events', () => {
    expect(WATCHED_RESOURCES).toContain(RS);
    expect(WATCHED_RESOURCES.some((resource) => resource.startsWith('events'))).toBe(false);
  });

  it('GC2 deletes dependents after their owner, level by level', () => {
    const c = cluster();
    c.delete(DEPLOYMENT, 'ns/d', { propagationPolicy: 'Background' });
    c.settle();
    expect(c.taken()).toEqual([`delete ${RS} r`, 'delete pods p']);
    expect(c.bodies.at(-1)).toMatchObject({ options: { propagationPolicy: 'Background', preconditions: { uid: 'P' } } });
    expect(c.why.get('pod/p')).toMatchObject({ rule: 'GC3', blockedBy: 'replicaset/r' });
  });

  it('GC3 deletes in spite of a change that does not touch the owners', () => {
    const c = cluster();
    c.faults.push({ verb: 'delete', resource: RS, reason: 'Conflict', times: 1 });
    const run = garbageCollectorController;
    expect(run.workers).toBe(20);
    c.remove(DEPLOYMENT, 'ns/d');
    c.settle();
    // The object had not changed: the Conflict stands and the key comes back later.
    expect(c.errors).toHaveLength(1);
    c.advance(10);
    expect(c.find(RS, 'ns/r')).toBeUndefined();
  });

  it('GC3 honours a finalizer that is there', () => {
    const c = cluster();
    c.patch(RS, 'ns/r', { metadata: { finalizers: ['orphan'] } });
    c.remove(DEPLOYMENT, 'ns/d');
    c.settle();
    expect(c.bodies.find((call) => call.verb === 'delete')).toMatchObject({ options: { propagationPolicy: 'Orphan' } });
    expect(c.get('pods', 'ns/p').metadata.ownerReferences).toEqual([]);
  });

  it('GC4 GC5 deletes in the foreground from the leaves up', () => {
    const c = cluster();
    c.delete(DEPLOYMENT, 'ns/d', { propagationPolicy: 'Foreground' });
    c.settle();
    expect(c.taken()).toEqual([`delete ${RS} r`, 'delete pods p']);
    expect(c.get(RS, 'ns/r').metadata.finalizers).toEqual(['foregroundDeletion']);
    expect(c.why.get('deployment/d')).toMatchObject({ rule: 'GC4', blockedBy: 'replicaset/r' });
    c.remove('pods', 'ns/p');
    c.settle();
    expect(c.taken()).toEqual([`patch ${RS} r`, `patch ${DEPLOYMENT} d`]);
    expect(c.list(DEPLOYMENT)).toEqual([]);
  });

  it('GC4 does not wait for dependents that do not block', () => {
    const c = new FakeCluster(garbageCollectorController);
    c.create(DEPLOYMENT, { metadata: { name: 'd', namespace: 'ns', uid: 'D' } });
    c.create('pods', { metadata: { name: 'p', namespace: 'ns', uid: 'P', ownerReferences: [reference('Deployment', 'd', 'D', false)] }, spec: { nodeName: 'n' } });
    c.settle();
    c.delete(DEPLOYMENT, 'ns/d', { propagationPolicy: 'Foreground' });
    c.settle();
    expect(c.list(DEPLOYMENT)).toEqual([]);
    expect(c.get('pods', 'ns/p').metadata.deletionTimestamp).toBeDefined();
  });

  it('GC5 breaks circles', () => {
    const c = new FakeCluster(garbageCollectorController);
    c.create('configmaps', { metadata: { name: 'a', namespace: 'ns', uid: 'A', ownerReferences: [reference('ConfigMap', 'b', 'B')] } });
    c.create('configmaps', { metadata: { name: 'b', namespace: 'ns', uid: 'B', ownerReferences: [reference('ConfigMap', 'a', 'A')] } });
    c.settle();
    c.delete('configmaps', 'ns/a', { propagationPolicy: 'Foreground' });
    c.advance(1000);
    expect(c.list('configmaps')).toEqual([]);
  });

  it('GC6 deletes what names an owner that never was', () => {
    const c = new FakeCluster(garbageCollectorController);
    c.create('pods', { metadata: { name: 'p', namespace: 'ns', ownerReferences: [reference('ReplicaSet', 'ghost', 'G')] } });
    c.settle();
    expect(c.list('pods')).toEqual([]);
    expect(c.stateOf<{ virtual: { size: number } }>('garbage-collector-controller').virtual.size).toBe(0);
  });

  it('GC7 collects what is owned from another namespace, and says so', () => {
    const c = cluster();
    c.create('pods', { metadata: { name: 'q', namespace: 'other', uid: 'Q', ownerReferences: [reference('ReplicaSet', 'r', 'R')] } });
    c.settle();
    expect(c.takenEvents()).toEqual(['Warning OwnerRefInvalidNamespace ownerRef [apps/v1/ReplicaSet, namespace: other, name: r, uid: R] does not exist in namespace "other"']);
    expect(c.find('pods', 'other/q')).toBeUndefined();
    expect(c.find('pods', 'ns/p')).toBeDefined();
  });

  it('GC8 remembers 500 absences', () => {
    const c = new FakeCluster(garbageCollectorController);
    for (let index = 0; index < 510; index++) c.create('pods', { metadata: { name: `p${index}`, namespace: 'ns', ownerReferences: [reference('ReplicaSet', `g${index}`, `G${index}`)] } });
    c.settle();
    expect(c.stateOf<{ absent: string[] }>('garbage-collector-controller').absent).toHaveLength(500);
    expect(c.list('pods')).toEqual([]);
  });

  it('GC9 takes dangling references away from what has an owner left', () => {
    const c = cluster();
    c.create('pods', { metadata: { name: 'q', namespace: 'ns', uid: 'Q', ownerReferences: [reference('ReplicaSet', 'r', 'R'), { ...reference('ReplicaSet', 'gone', 'X'), controller: false }] } });
    c.settle();
    expect(c.get('pods', 'ns/q').metadata.ownerReferences).toHaveLength(1);
    expect(c.taken()).toEqual(['patch pods q']);
  });

  it('GC10 lets dependents go before an orphaning delete', () => {
    const c = cluster();
    c.delete(DEPLOYMENT, 'ns/d', { propagationPolicy: 'Orphan' });
    c.settle();
    expect(c.taken()).toEqual([`patch ${RS} r`, `patch ${DEPLOYMENT} d`]);
    expect(c.list(DEPLOYMENT)).toEqual([]);
    expect(c.get(RS, 'ns/r').metadata.ownerReferences).toEqual([]);
  });

  it('GC11 leaves a cluster-scoped object with a namespaced owner alone', () => {
    const c = cluster();
    c.create('persistentvolumes', { metadata: { name: 'v', ownerReferences: [reference('Deployment', 'nothing', 'N')] } });
    c.settle();
    expect(c.taken()).toEqual([]);
  });

  it.each(['Background', 'Foreground', 'Orphan'])('GC12 watches owners of custom kinds, deleted by %s', (propagationPolicy) => {
    const c = new FakeCluster(garbageCollectorController);
    c.create('customresourcedefinitions.apiextensions.k8s.io', { metadata: { name: 'w' }, spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget' }, versions: [{ name: 'v1', served: true, storage: true }] } });
    c.create('widgets.example.com', { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w', namespace: 'ns', uid: 'W' } });
    c.create('configmaps', { metadata: { name: 'a', namespace: 'ns', uid: 'A', ownerReferences: [{ ...reference('Widget', 'w', 'W'), apiVersion: 'example.com/v1' }] } });
    c.advance(120_000);
    expect(c.taken()).toEqual([]);
    expect(c.waiting()).toEqual([]);
    c.delete('widgets.example.com', 'ns/w', { propagationPolicy });
    c.settle();
    expect(c.list('widgets.example.com')).toEqual([]);
    expect(c.list('configmaps').map(({ metadata }) => metadata.ownerReferences)).toEqual(propagationPolicy === 'Orphan' ? [[]] : []);
  });
});
