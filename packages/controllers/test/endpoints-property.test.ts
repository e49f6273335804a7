// What Endpoints and EndpointSlices keep of a Service between syncs decides as a recount of all its pods does, at every sync.
import type { Controller, ReconcileContext } from '@kubesim/client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide as decideEndpoints, endpointController } from '../src/endpoint/endpoint.ts';
import { decide as decideSlices, endpointSliceController } from '../src/endpoint-slice/endpoint-slice.ts';
import { FakeCluster } from './fake-cluster.ts';

const SLICES = 'endpointslices.discovery.k8s.io';

type Decide = (context: Pick<ReconcileContext, 'lister' | 'state' | 'epoch'>, key: string, isRecount?: boolean) => unknown;

/** The controller, asserting at each sync that a recount on the same caches decides the same. */
function checked(controller: Controller, decide: Decide, count: () => void): Controller {
  return {
    ...controller,
    *reconcile(context, key) {
      const recounted = decide({ lister: (resource) => context.lister(resource), state: { ...context.state }, epoch: { kind: 'epoch' } }, key, true);
      const inner = controller.reconcile({
        ...context,
        lister: (resource) => context.lister(resource),
        decide: (make) => {
          const plan = context.decide(make);
          if (plan !== null) expect(plan).toEqual(recounted);
          count();
          return plan;
        },
      }, key);
      return yield* inner;
    },
  };
}

type Step =
  | { readonly do: 'pod' | 'remove' | 'delete' | 'ready' | 'unready' | 'end' | 'move' | 'leave' | 'join' | 'port' | 'address'; readonly index: number }
  | { readonly do: 'settle' | 'spoil' | 'dropSlice' | 'node' | 'zone' | 'labels' | 'publish' | 'ports' | 'advance' | 'conflict' | 'foreign' };

const PODS = 7;
const podStep = fc.record({ do: fc.constantFrom('pod', 'pod', 'ready', 'ready', 'unready', 'remove', 'delete', 'end', 'move', 'leave', 'join', 'port', 'address'), index: fc.nat(PODS - 1) });
const otherStep = fc.record({ do: fc.constantFrom('settle', 'settle', 'settle', 'spoil', 'dropSlice', 'node', 'zone', 'labels', 'publish', 'ports', 'advance', 'conflict', 'foreign') });
const steps = fc.array(fc.oneof({ weight: 3, arbitrary: podStep }, { weight: 2, arbitrary: otherStep }), { minLength: 10, maxLength: 60 }) as fc.Arbitrary<Step[]>;

function pod(index: number, at: string): object {
  const ip = `10.0.0.${index}`;
  return {
    metadata: { name: `p${index}`, namespace: 'ns', labels: { app: 'a' } },
    spec: { nodeName: index % 3 === 0 ? 'n' : 'm', hostname: `p${index}`, subdomain: 's', terminationGracePeriodSeconds: 5, containers: [{ name: 'c', ports: [{ name: 'web', containerPort: 8080 }] }] },
    status: { phase: 'Running', podIP: ip, podIPs: [{ ip }, { ip: `fd00::${index}` }], conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: at }] },
  };
}

function walk(families: readonly string[], plan: readonly Step[]): number {
  let syncs = 0;
  const count = (): void => { syncs++; };
  const c = new FakeCluster(checked(endpointController, decideEndpoints, count), checked(endpointSliceController, decideSlices, count));
  c.create('nodes', { metadata: { name: 'n', labels: { 'topology.kubernetes.io/zone': 'z0' } } });
  c.create('services', { metadata: { name: 's', namespace: 'ns', uid: 'S', labels: { app: 'a' } }, spec: { clusterIP: 'None', ipFamilies: families, selector: { app: 'a' }, ports: [{ name: 'web', port: 80, protocol: 'TCP', targetPort: 'web' }, { name: 'x', port: 81, protocol: 'TCP' }] } });
  plan.forEach((step, turn) => {
    const at = `2026-01-01T00:00:${String(turn % 60).padStart(2, '0')}Z`;
    const ready = (status: string): object => ({ status: { conditions: [{ type: 'Ready', status, lastTransitionTime: at }] } });
    const slice = c.list(SLICES)[turn % Math.max(1, c.list(SLICES).length)];
    const sliceKey = slice === undefined ? '' : `ns/${slice.metadata.name}`;
    if ('index' in step) {
      const key = `ns/p${step.index}`;
      if (step.do === 'pod') {
        if (c.find('pods', key) === undefined) c.create('pods', pod(step.index, at));
        return;
      }
      if (c.find('pods', key) === undefined) return;
      switch (step.do) {
        case 'remove': c.remove('pods', key); break;
        case 'delete': c.delete('pods', key); break;
        case 'ready': c.patch('pods', key, ready('True')); break;
        case 'unready': c.patch('pods', key, ready('False')); break;
        case 'end': c.patch('pods', key, { status: { phase: 'Succeeded' } }); break;
        case 'move': c.patch('pods', key, { spec: { subdomain: 'other' } }); break;
        case 'leave': c.patch('pods', key, { metadata: { labels: { app: 'b' } } }); break;
        case 'join': c.patch('pods', key, { metadata: { labels: { app: 'a' } } }); break;
        case 'port': c.patch('pods', key, { spec: { containers: [{ name: 'c', ports: [{ name: 'web', containerPort: 9090 }] }] } }); break;
        case 'address': c.patch('pods', key, { status: { podIPs: [{ ip: `10.0.1.${turn}` }] } });
      }
      return;
    }
    switch (step.do) {
      case 'settle': c.settle(); break;
      case 'advance': c.advance(1500); break;
      case 'spoil': if (slice !== undefined) c.patch(SLICES, sliceKey, { endpoints: (slice['endpoints'] ?? []).slice(1), metadata: { generation: 1000 + turn } }); break;
      case 'dropSlice': if (slice !== undefined) c.remove(SLICES, sliceKey); break;
      case 'foreign': if (slice !== undefined) c.create(SLICES, { ...slice, metadata: { ...slice.metadata, name: `foreign-${turn}`, uid: `foreign-${turn}`, ...(turn % 2 === 0 ? { ownerReferences: [] } : {}) } }); break;
      case 'node': if (c.find('nodes', 'm') === undefined) c.create('nodes', { metadata: { name: 'm' } }); else c.remove('nodes', 'm'); break;
      case 'zone': c.patch('nodes', 'n', { metadata: { labels: { 'topology.kubernetes.io/zone': `z${turn % 2}` } } }); break;
      case 'labels': c.patch('services', 'ns/s', { metadata: { labels: { turn: String(turn) } } }); break;
      case 'publish': c.patch('services', 'ns/s', { spec: { publishNotReadyAddresses: turn % 2 === 0 } }); break;
      case 'ports': c.patch('services', 'ns/s', { spec: { ports: turn % 2 === 0 ? [] : [{ name: 'x', port: 81, protocol: 'TCP' }] } }); break;
      case 'conflict': c.faults.push({ verb: 'update', resource: turn % 2 === 0 ? SLICES : 'endpoints', reason: 'Conflict', times: 1 });
    }
  });
  c.advance(5000);
  return syncs;
}

describe.each([[['IPv4']], [['IPv6', 'IPv4']]])('endpoints of %s', (families) => {
  it('are decided from what is held as from a recount', () => {
    let syncs = 0;
    fc.assert(fc.property(steps, (plan) => { syncs += walk(families, plan); }), { seed: 12, numRuns: 150 });
    expect(syncs).toBeGreaterThan(1000);
  });
});

describe('endpoints of many pods', () => {
  it.each([1, 2])('are decided from what is held as from a recount, seed %i', (seed) => {
    const plan: Step[] = [];
    for (let turn = 0; turn < 600; turn++) {
      const index = (turn * 7919 + seed * 31) % 230;
      plan.push({ do: turn < 260 ? 'pod' : (['ready', 'remove', 'pod', 'ready', 'leave', 'join', 'delete'] as const)[(turn * seed) % 7] as 'pod', index: turn < 260 ? turn % 230 : index });
      if (turn % 9 === 0) plan.push({ do: 'settle' });
      if (turn % 151 === 0) plan.push({ do: 'spoil' });
    }
    expect(walk(['IPv4'], [{ do: 'node' }, ...plan])).toBeGreaterThan(60);
  });
});
