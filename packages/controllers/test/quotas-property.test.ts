// What the quota controller keeps of a quota between syncs is what a recount of everything gives, after every change.
import type { ResourceQuota } from '@kubesim/api';
import type { ReconcileContext } from '@kubesim/client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resourceQuotaController, usedOf } from '../src/resource-quota/resource-quota.ts';
import { FakeCluster } from './fake-cluster.ts';

const step = fc.record({
  do: fc.constantFrom('pod', 'pod', 'run', 'end', 'remove', 'delete', 'qos', 'claim', 'grow', 'dropClaim', 'service', 'dropService', 'hard', 'scope', 'settle', 'settle', 'advance'),
  index: fc.nat(4), size: fc.integer({ min: 1, max: 9 }),
});

describe('quotas', () => {
  it('RQ1 RQ3 RQ4 are counted from what is held as by a recount', () => {
    let looks = 0;
    fc.assert(fc.property(fc.array(step, { minLength: 10, maxLength: 50 }), (plan) => {
      const c = new FakeCluster(resourceQuotaController);
      const hard = { pods: '9', 'count/pods': '9', 'requests.cpu': '9', 'limits.memory': '1Gi', services: '5', 'services.nodeports': '2', 'requests.storage': '9Gi', persistentvolumeclaims: '3' };
      c.create('resourcequotas', { metadata: { name: 'q', namespace: 'ns' }, spec: { hard } });
      const look = (): void => {
        const context = (state: object): Pick<ReconcileContext, 'lister' | 'state' | 'epoch' | 'clock'> =>
          ({ lister: (resource) => ({ list: () => c.list(resource) }) as never, state, epoch: { kind: 'epoch' }, clock: c.now });
        const quota = c.get('resourcequotas', 'ns/q') as unknown as ResourceQuota;
        const state = c.stateOf<object>(resourceQuotaController.name);
        expect(usedOf(context({ ...state }), quota)).toEqual(usedOf(context({ ...state }), quota, true));
        looks++;
      };
      for (const { do: act, index, size } of plan) {
        const key = `ns/o${index}`;
        const metadata = { name: `o${index}`, namespace: 'ns' };
        const has = (resource: string): boolean => c.find(resource, key) !== undefined;
        switch (act) {
          case 'settle': c.settle(); break;
          case 'advance': c.advance(size * 20_000); break;
          case 'hard': c.patch('resourcequotas', 'ns/q', { spec: { hard: { ...hard, pods: String(size), secrets: '3' } } }); break;
          case 'scope': c.patch('resourcequotas', 'ns/q', { spec: { scopes: size > 5 ? ['BestEffort'] : size > 3 ? ['NotTerminating'] : null } }); break;
          case 'pod': if (!has('pods')) c.create('pods', { metadata, spec: { nodeName: 'n', terminationGracePeriodSeconds: 30, ...(size > 5 ? { activeDeadlineSeconds: 5 } : {}), containers: [{ name: 'c', resources: { requests: { cpu: `${size}00m` }, limits: { memory: `${size}Mi` } } }] }, status: { phase: 'Pending', qosClass: 'Burstable' } }); break;
          case 'run': if (has('pods')) c.patch('pods', key, { status: { phase: 'Running' } }); break;
          case 'end': if (has('pods')) c.patch('pods', key, { status: { phase: 'Failed' } }); break;
          case 'qos': if (has('pods')) c.patch('pods', key, { status: { qosClass: size > 4 ? 'BestEffort' : 'Burstable' } }); break;
          case 'remove': c.remove('pods', key); break;
          case 'delete': if (has('pods')) c.delete('pods', key); break;
          case 'claim': if (!has('persistentvolumeclaims')) c.create('persistentvolumeclaims', { metadata, spec: { resources: { requests: { storage: `${size}Gi` } } } }); break;
          case 'grow': if (has('persistentvolumeclaims')) c.patch('persistentvolumeclaims', key, { status: { capacity: { storage: `${size}Gi` } } }); break;
          case 'dropClaim': c.remove('persistentvolumeclaims', key); break;
          case 'service': if (!has('services')) c.create('services', { metadata, spec: { type: size > 5 ? 'NodePort' : 'ClusterIP', ports: [{ port: 80 }] } }); break;
          case 'dropService': c.remove('services', key);
        }
        look();
      }
    }), { seed: 9, numRuns: 100 });
    expect(looks).toBeGreaterThan(1000);
  });
});
