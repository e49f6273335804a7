// What the disruption controller keeps of a budget between syncs is what a recount of all its pods gives, at every sync.
import type { Controller } from '@kubesim/client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { disruptionController, lookAtBudget } from '../src/disruption/disruption.ts';
import { FakeCluster } from './fake-cluster.ts';

const BUDGETS = 'poddisruptionbudgets.policy';

function checked(count: () => void): Controller {
  return {
    ...disruptionController,
    *reconcile(context, key) {
      const [namespace = '', name = ''] = key.slice(key.indexOf(' ') + 1).split('/');
      const recounted = lookAtBudget({ lister: (resource) => context.lister(resource), state: { ...context.state }, epoch: { kind: 'epoch' } }, namespace, name, true);
      return yield* disruptionController.reconcile({
        ...context,
        lister: (resource) => context.lister(resource),
        decide: (make) => {
          const plan = context.decide(make);
          if (typeof plan === 'object' && plan !== null && 'budget' in plan) {
            expect(plan).toEqual(recounted);
            count();
          }
          return plan;
        },
      }, key);
    },
  };
}

const step = fc.record({
  do: fc.constantFrom('pod', 'pod', 'ready', 'ready', 'unready', 'remove', 'delete', 'leave', 'join', 'adopt', 'release', 'settle', 'settle', 'evict', 'select', 'percent', 'number', 'advance'),
  index: fc.nat(5), owner: fc.nat(2),
});

describe('budgets', () => {
  it('PDB1 PDB3 are decided from what is held as from a recount', () => {
    let syncs = 0;
    fc.assert(fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), (plan) => {
      const c = new FakeCluster(checked(() => { syncs++; }));
      for (const name of ['a', 'b']) c.create('statefulsets.apps', { metadata: { name, namespace: 'ns', uid: name }, spec: { replicas: 3 } });
      c.create(BUDGETS, { metadata: { name: 'x', namespace: 'ns' }, spec: { minAvailable: '50%', selector: { matchLabels: { app: 'a' } } } });
      const owners = (owner: number): object[] => (owner === 0 ? [] : [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: owner === 1 ? 'a' : 'b', uid: owner === 1 ? 'a' : 'b', controller: true }]);
      for (const { do: act, index, owner } of plan) {
        const key = `ns/p${index}`;
        const exists = c.find('pods', key) !== undefined;
        switch (act) {
          case 'settle': c.settle(); continue;
          case 'advance': c.advance(61_000); continue;
          case 'select': c.patch(BUDGETS, 'ns/x', { spec: { selector: { matchLabels: { app: owner === 0 ? 'b' : 'a' } } } }); continue;
          case 'percent': c.patch(BUDGETS, 'ns/x', { spec: { minAvailable: `${owner * 40}%` } }); continue;
          case 'number': c.patch(BUDGETS, 'ns/x', { spec: { minAvailable: owner } }); continue;
          case 'evict': c.patch(BUDGETS, 'ns/x', { status: { disruptedPods: { [`p${index}`]: '2026-01-01T00:00:00Z' } } }); continue;
          case 'pod': if (!exists) c.create('pods', { metadata: { name: `p${index}`, namespace: 'ns', labels: { app: 'a' }, ownerReferences: owners(owner) }, spec: { nodeName: 'n', terminationGracePeriodSeconds: 5 }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] } }); continue;
          default:
        }
        if (!exists) continue;
        switch (act) {
          case 'remove': c.remove('pods', key); break;
          case 'delete': c.delete('pods', key); break;
          case 'leave': c.patch('pods', key, { metadata: { labels: { app: 'b' } } }); break;
          case 'join': c.patch('pods', key, { metadata: { labels: { app: 'a' } } }); break;
          case 'adopt': c.patch('pods', key, { metadata: { ownerReferences: owners(1 + (owner % 2)) } }); break;
          case 'release': c.patch('pods', key, { metadata: { ownerReferences: [] } }); break;
          default: c.patch('pods', key, { status: { conditions: [{ type: 'Ready', status: act === 'ready' ? 'True' : 'False' }] } });
        }
      }
      c.settle();
    }), { seed: 5, numRuns: 200 });
    expect(syncs).toBeGreaterThan(800);
  });
});
