// What holds at every write of a Deployment's life, in whatever order things happen: its floor and ceiling, that it converges,
// that a rollback restores the template exactly, and that nothing is made and unmade over and over.
import type { KubeObject, WatchEvent } from '@kubesim/api';
import { pctArbiter, randomArbiter, type ArbiterState } from '@kubesim/kernel';
import { describe, expect, it } from 'vitest';
import { Cluster } from '../src/index.ts';

const REPLICAS = 4;

interface Bounds {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

function start({ maxSurge, maxUnavailable }: Bounds): Cluster {
  const cluster = new Cluster({ nodes: 2, timing: 'instant', events: false });
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'app:1' }] } };
  const spec = { replicas: REPLICAS, selector: { matchLabels: { app: 'web' } }, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } }, template };
  cluster.apply(JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec }));
  return cluster.settle();
}

function isReady(pod: KubeObject): boolean {
  const conditions = (pod['status']?.conditions ?? []) as readonly { readonly type: string; readonly status: string }[];
  return pod.metadata.deletionTimestamp === undefined && conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** The first write at which the rollout has too few ready pods, or asks for too many. */
function broken(cluster: Cluster, since: number, { maxSurge, maxUnavailable }: Bounds, history: readonly (WatchEvent & { readonly revision: number })[]): string | undefined {
  const pods = new Map<string, KubeObject>();
  const sets = new Map<string, KubeObject>();
  for (const { type, object, revision } of history) {
    const held = object.kind === 'Pod' ? pods : object.kind === 'ReplicaSet' ? sets : undefined;
    if (held === undefined) continue;
    if (type === 'DELETED') held.delete(object.metadata.name ?? '');
    else held.set(object.metadata.name ?? '', object);
    if (revision <= since) continue;
    const asked = [...sets.values()].reduce((sum, set) => sum + (set['spec'].replicas as number), 0);
    const ready = [...pods.values()].filter(isReady).length;
    if (asked > REPLICAS + maxSurge) return `at revision ${revision} ${asked} pods are asked for`;
    if (ready < REPLICAS - maxUnavailable) return `at revision ${revision} ${ready} pods are ready`;
  }
  return undefined;
}

const BOUNDS: readonly Bounds[] = [{ maxSurge: 1, maxUnavailable: 0 }, { maxSurge: 0, maxUnavailable: 1 }, { maxSurge: 2, maxUnavailable: 2 }];

describe.each(BOUNDS)('a rollout that may surge by $maxSurge and lack $maxUnavailable', (bounds) => {
  const atRest = start(bounds);
  // Nothing is deferred past a timer: a heartbeat that is so late loses a node, and with it more pods than a rollout may.
  const arbiters: readonly (readonly [string, ArbiterState])[] = [1, 2, 3].flatMap((seed) => [
    [`random ${seed}`, randomArbiter(seed)] as const, [`by priorities ${seed}`, pctArbiter(seed, 3, 2_000)] as const,
  ]);

  it.each(arbiters)('keeps its floor and ceiling, converges, and goes back exactly: %s', (_title, arbiter) => {
    const cluster = atRest.fork();
    const since = cluster.revision;
    const first = cluster.get('deployment/web')?.['spec'].template as object;
    const firstSet = cluster.list('replicasets')[0]?.metadata.name;
    cluster.useArbiter(arbiter);
    cluster.setImage('deployment/web', { c: 'app:2' });
    cluster.settle();
    const images = (): readonly unknown[] => cluster.list('pods').map((pod) => pod['spec'].containers[0]?.image);
    expect(images()).toEqual(Array.from({ length: REPLICAS }, () => 'app:2'));
    // In the middle of the next rollout somebody goes back to the first.
    cluster.setImage('deployment/web', { c: 'app:3' });
    cluster.run({ for: 400 });
    cluster.kubectl('rollout undo deployment/web --to-revision=1');
    cluster.settle();
    expect(images()).toEqual(Array.from({ length: REPLICAS }, () => 'app:1'));
    expect(cluster.list('pods').every(isReady)).toBe(true);
    expect(cluster.get('deployment/web')?.['spec'].template).toEqual(first);
    const full = cluster.list('replicasets').filter((set) => (set['spec'].replicas ?? 0) > 0);
    expect(full.map((set) => set.metadata.name)).toEqual([firstSet]);
    const history = cluster.history();
    expect(broken(cluster, since, bounds, history)).toBeUndefined();
    const made = history.filter(({ type, object, revision }) => type === 'ADDED' && object.kind === 'Pod' && revision > since).length;
    expect(made).toBeLessThanOrEqual(3 * REPLICAS + bounds.maxSurge);
    const restedAt = cluster.revision;
    cluster.run({ for: '30m' });
    expect(cluster.history({ since: restedAt }).filter(({ object }) => object.kind === 'Pod' || object.kind === 'ReplicaSet')).toEqual([]);
  });
});
