import { describe, expect, it } from 'vitest';
import { clusterRoleAggregationController } from '../src/index.ts';
import { FakeCluster } from './fake-cluster.ts';

const ROLES = 'clusterroles.rbac.authorization.k8s.io';
const rule = (resource: string): object => ({ verbs: ['get'], apiGroups: [''], resources: [resource] });
const part = (name: string, resources: readonly string[], labels: object = { part: 'true' }): object => ({ metadata: { name, labels }, rules: resources.map(rule) });

describe('clusterrole-aggregation', () => {
  it('CRA1 CRA2 fills a role from those that it selects, each rule once, and follows their changes', () => {
    const c = new FakeCluster(clusterRoleAggregationController);
    c.create(ROLES, { metadata: { name: 'whole', labels: { part: 'true' } }, aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: 'true' } }] } });
    c.create(ROLES, part('b', ['pods', 'secrets']));
    c.create(ROLES, part('a', ['secrets', 'services']));
    c.create(ROLES, part('other', ['nodes'], {}));
    c.settle();
    const resources = (): unknown => (c.get(ROLES, 'whole')['rules'] as { readonly resources: readonly string[] }[]).flatMap((each) => each.resources);
    expect(resources()).toEqual(['secrets', 'services', 'pods']);
    c.patch(ROLES, 'a', { rules: [rule('services')] });
    c.settle();
    expect(resources()).toEqual(['services', 'pods', 'secrets']);
    const writes = c.calls.length;
    c.patch(ROLES, 'other', { rules: [] });
    c.settle();
    expect(c.calls.slice(writes).filter((call) => call.includes('patch'))).toEqual([]);
  });
});
