// What the tests of workload controllers do to pods in place of nodes.
import type { Pod } from '@kubesim/api';
import type { FakeCluster } from '../fake-cluster.ts';

/** A small generator of whole numbers from a seed. */
export function draws(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** The pod runs and is ready. */
export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** A node runs the pod. */
export function markReady(c: FakeCluster, key: string, nodeName = 'n'): void {
  const lastTransitionTime = `${new Date(c.now).toISOString().slice(0, 19)}Z`;
  c.patch('pods', key, { spec: { nodeName }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] } });
}

/** A pod has ended. */
export function end(c: FakeCluster, key: string, phase: 'Succeeded' | 'Failed', exitCode = phase === 'Failed' ? 1 : 0): void {
  const finishedAt = `${new Date(c.now).toISOString().slice(0, 19)}Z`;
  c.patch('pods', key, {
    spec: { nodeName: 'n' },
    status: { phase, conditions: [{ type: 'Ready', status: 'False' }], containerStatuses: [{ name: 'c', restartCount: 0, ready: false, state: { terminated: { exitCode, finishedAt } } }] },
  });
}
