// Random lives of pods: what the loops derive change by change is what a recount of everything gives, and they come to rest.
import type { Endpoint } from '@kubesim/api';
import { describe, expect, it } from 'vitest';
import { disruptionController } from '../src/disruption/disruption.ts';
import { endpointController } from '../src/endpoint/endpoint.ts';
import { endpointSliceController } from '../src/endpoint-slice/endpoint-slice.ts';
import { podGcController } from '../src/pod-gc/pod-gc.ts';
import { pvcProtectionController } from '../src/pvc-protection/pvc-protection.ts';
import { resourceQuotaController } from '../src/resource-quota/resource-quota.ts';
import { FakeCluster } from './fake-cluster.ts';

const SLICES = 'endpointslices.discovery.k8s.io';
const PODS = 140;

function draws(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

function pod(name: string, index: number): object {
  return {
    metadata: { name, namespace: 'ns', labels: { app: 'a' }, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'W', controller: true }] },
    spec: { nodeName: 'n', terminationGracePeriodSeconds: 30, containers: [{ name: 'c', resources: { requests: { cpu: '10m' } } }], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] },
    status: { phase: 'Running', podIP: `10.0.0.${index}`, podIPs: [{ ip: `10.0.0.${index}` }], conditions: [{ type: 'Ready', status: 'False' }] },
  };
}

/** A cluster in which pods come, get ready and unready, change labels, end and go. */
function live(seed: number, steps: number): FakeCluster {
  const c = new FakeCluster(endpointSliceController, endpointController, disruptionController, resourceQuotaController, pvcProtectionController, podGcController);
  const draw = draws(seed);
  c.create('nodes', { metadata: { name: 'n' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
  c.create('statefulsets.apps', { metadata: { name: 'web', namespace: 'ns', uid: 'W' }, spec: { replicas: PODS } });
  c.create('services', { metadata: { name: 's', namespace: 'ns' }, spec: { clusterIP: 'None', ipFamilies: ['IPv4'], selector: { app: 'a' }, ports: [{ name: 'x', port: 80, protocol: 'TCP' }] } });
  c.create('poddisruptionbudgets.policy', { metadata: { name: 'b', namespace: 'ns' }, spec: { minAvailable: '50%', selector: { matchLabels: { app: 'a' } } } });
  c.create('resourcequotas', { metadata: { name: 'q', namespace: 'ns' }, spec: { hard: { pods: '999', 'requests.cpu': '99' } } });
  c.create('persistentvolumeclaims', { metadata: { name: 'c', namespace: 'ns', finalizers: ['kubernetes.io/pvc-protection'] }, status: { phase: 'Bound' } });
  for (let step = 0; step < steps; step++) {
    const index = draw(PODS);
    const key = `ns/p${index}`;
    const time = `2026-01-01T00:${String(Math.floor(step / 60) % 60).padStart(2, '0')}:${String(step % 60).padStart(2, '0')}Z`;
    if (c.find('pods', key) === undefined) c.create('pods', pod(`p${index}`, index));
    else {
      switch (draw(8)) {
        case 0: c.patch('pods', key, { metadata: { labels: { app: draw(2) === 0 ? 'a' : 'b' } } }); break;
        case 1: c.patch('pods', key, { status: { phase: 'Succeeded' } }); break;
        case 2: c.remove('pods', key); break;
        case 3: c.delete('pods', key); break;
        default: c.patch('pods', key, { status: { conditions: [{ type: 'Ready', status: draw(3) === 0 ? 'False' : 'True', lastTransitionTime: time }] } });
      }
    }
    if (draw(3) === 0) c.settle();
    if (draw(20) === 0) c.advance(draw(3) * 1000);
  }
  c.advance(5000);
  return c;
}

interface View {
  readonly name: string;
  readonly ready: boolean;
  readonly terminating: boolean;
}

describe.each([1, 2, 3, 4, 5, 6])('loops, seed %i', (seed) => {
  const c = live(seed, 900);
  const pods = c.list('pods');
  const isReady = (one: (typeof pods)[number]): boolean => one['status'].conditions[0].status === 'True';
  const selected = pods.filter((one) => one.metadata.labels?.['app'] === 'a');
  const members = selected.filter((one) => one['status'].phase === 'Running');

  it('ES1 ES2 ES6 slices hold exactly the pods of the Service', () => {
    const slices = c.list(SLICES);
    const found: View[] = slices.flatMap((slice) => (slice['endpoints'] ?? []).map((endpoint: Endpoint) => ({ name: endpoint.targetRef?.name ?? '', ready: endpoint.conditions?.ready === true, terminating: endpoint.conditions?.terminating === true })));
    const expected = members.map((one): View => {
      const terminating = one.metadata.deletionTimestamp !== undefined;
      return { name: one.metadata.name as string, ready: isReady(one) && !terminating, terminating };
    });
    const byName = (a: View, b: View): number => (a.name < b.name ? -1 : 1);
    expect(found.sort(byName)).toEqual(expected.sort(byName));
    expect(slices.every((slice) => (slice['endpoints'] ?? []).length <= 100)).toBe(true);
  });

  it('EP1 EP2 endpoints hold them, too', () => {
    const subset = c.get('endpoints', 'ns/s')['subsets']?.[0] ?? {};
    const alive = members.filter((one) => one.metadata.deletionTimestamp === undefined);
    expect((subset.addresses ?? []).length).toBe(alive.filter(isReady).length);
    expect((subset.notReadyAddresses ?? []).length).toBe(alive.filter((one) => !isReady(one)).length);
  });

  it('PDB3 the budget counts what is healthy', () => {
    const healthy = selected.filter((one) => one.metadata.deletionTimestamp === undefined && isReady(one)).length;
    expect(c.get('poddisruptionbudgets.policy', 'ns/b')['status']).toMatchObject({ currentHealthy: healthy, desiredHealthy: PODS / 2, disruptionsAllowed: Math.max(0, healthy - PODS / 2) });
  });

  it('PP2 the claim is used while a pod that has not ended has it', () => {
    const isUsed = pods.some((one) => one['status'].phase === 'Running' && one.metadata.deletionTimestamp === undefined);
    expect(c.get('persistentvolumeclaims', 'ns/c')['status'].conditions[0].status).toBe(isUsed ? 'False' : 'True');
  });

  it('RQ1 RQ5 the quota counts what has not ended once it is recounted', () => {
    c.advance(300_000);
    const counted = pods.filter((one) => one['status'].phase === 'Running' && (one.metadata.deletionTimestamp === undefined)).length;
    expect(c.get('resourcequotas', 'ns/q')['status'].used.pods).toBe(String(counted));
  });

  it('comes to rest and writes nothing more', () => {
    c.taken();
    c.advance(3_600_000);
    expect(c.taken()).toEqual([]);
    expect(c.waiting()).toEqual([]);
  });
});
