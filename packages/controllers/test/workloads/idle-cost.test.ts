// A ReplicaSet sync with nothing to do reads no pod once its counters are kept.
import type { Pod } from '@kubesim/api';
import type { Lister, ReconcileContext } from '@kubesim/client';
import { describe, expect, it } from 'vitest';
import { replicaSetController } from '../../src/replica-set/replica-set-controller.ts';

function readsOfASync(count: number): readonly number[] {
  const meta = { namespace: 'ns', labels: { app: 'r' }, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'R', controller: true }] };
  const pods = Array.from({ length: count }, (_, index) => ({ metadata: { ...meta, name: `r-${index}` }, spec: { containers: [] }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } } as unknown as Pod));
  const set = {
    metadata: { name: 'r', namespace: 'ns', uid: 'R', generation: 1 },
    spec: { replicas: count, selector: { matchLabels: { app: 'r' } }, template: { metadata: { labels: { app: 'r' } }, spec: {} } },
    status: { replicas: count, fullyLabeledReplicas: count, readyReplicas: count, availableReplicas: count, terminatingReplicas: 0, observedGeneration: 1 },
  };
  let reads = 0;
  const lister = (resource: string): Lister => ({
    get: () => set, list: () => [], byOwnerUid: () => [], orphans: () => [],
    byOwner: () => {
      reads += count;
      return resource === 'pods' ? pods : [];
    },
  } as unknown as Lister);
  const state = replicaSetController.initialState?.() ?? {};
  const sync = (): number => {
    reads = 0;
    const context = {
      now: 0, clock: 0, profile: { kubernetes: '1.37', featureGates: {} }, state, epoch: { kind: 'epoch' }, lister,
      decide: <P>(make: () => P): P => make(), explain: () => undefined, event: () => undefined, enqueueAfter: () => undefined,
    } as unknown as ReconcileContext;
    const reconcile = replicaSetController.reconcile(context, 'ns/r');
    expect(reconcile.next()).toEqual({ done: true, value: undefined });
    return reads;
  };
  return [sync(), sync(), sync()];
}

describe('an idle sync', () => {
  it.each([100, 10_000])('of %i pods counts them once and never again', (count) => {
    expect(readsOfASync(count)).toEqual([count, 0, 0]);
  });
});
