import { describe, expect, it } from 'vitest';
import type { KubeObject } from '@kubesim/api';
import { Cluster, UsageError } from 'kubesim';
import { web } from './manifests.ts';

const GROUP = 'rbac.authorization.k8s.io';
const OPERATOR = { name: 'system:serviceaccount:default:operator', groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'] };

describe('a cluster with RBAC', () => {
  it('should run its own controllers, and refuse an operator what it was not given', () => {
    const cluster = new Cluster({ seed: 1, authorization: 'RBAC' });
    cluster.apply(web(2));
    cluster.settle();
    expect(cluster.get('statefulset/web')?.status?.readyReplicas).toBe(2);
    const path = '/apis/apps/v1/namespaces/default/statefulsets/web';
    const ask = (method: string): number => cluster.handle({ method, path, headers: { accept: 'application/json' }, user: OPERATOR }).status;
    expect([ask('GET'), ask('DELETE')]).toEqual([403, 403]);
    cluster.create({ apiVersion: `${GROUP}/v1`, kind: 'RoleBinding', metadata: { name: 'operator' }, roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: 'view' }, subjects: [{ kind: 'ServiceAccount', name: 'operator', namespace: 'default' }] } as KubeObject);
    expect([ask('GET'), ask('DELETE')]).toEqual([200, 403]);
    expect(cluster.get('statefulset/web')).toBeDefined();
    // A bundle adds its own kind to what viewers may see.
    const widgets = '/apis/example.com/v1/namespaces/default/widgets';
    const see = (): number => cluster.handle({ method: 'GET', path: widgets, headers: { accept: 'application/json' }, user: OPERATOR }).status;
    expect(see()).toBe(403);
    cluster.create({ apiVersion: `${GROUP}/v1`, kind: 'ClusterRole', metadata: { name: 'widget-viewers', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } }, rules: [{ verbs: ['list'], apiGroups: ['example.com'], resources: ['widgets'] }] } as KubeObject);
    cluster.settle();
    expect(see()).toBe(404);
  });

  it('should name the option where its value is none', () => {
    expect(() => new Cluster({ authorization: 'ABAC' as 'RBAC' })).toThrow(UsageError);
  });
});
