import { describe, expect, it } from 'vitest';
import { randomArbiter } from '@kubesim/kernel';
import { ApiError, Cluster, UsageError, WaitTimeout, type Recording } from 'kubesim';
import { set, web } from './manifests.ts';

const names = (cluster: Cluster, kind: string): (string | undefined)[] => cluster.list(kind).map((object) => object.metadata.name);

describe('cluster', () => {
  it('should bring up a set in order, each pod ready before the next is created', () => {
    const cluster = new Cluster({ seed: 7 });
    cluster.apply(web(3));
    cluster.settle();
    const seen: string[] = [];
    for (const { type, object } of cluster.watch('pods')) {
      const ready = (object['status']?.conditions as readonly { readonly type: string; readonly status: string }[] | undefined)?.some((each) => each.type === 'Ready' && each.status === 'True');
      if (type === 'ADDED') seen.push(`${object.metadata.name} created`);
      if (ready === true && !seen.includes(`${object.metadata.name} ready`)) seen.push(`${object.metadata.name} ready`);
    }
    expect(seen).toEqual(['web-0 created', 'web-0 ready', 'web-1 created', 'web-1 ready', 'web-2 created', 'web-2 ready']);
    expect(cluster.get('statefulset/web')?.status).toMatchObject({ replicas: 3, readyReplicas: 3, availableReplicas: 3 });
    expect(cluster.list('pvc').map((claim) => claim.status?.phase)).toEqual(['Bound', 'Bound', 'Bound']);
  });

  it('[promise 2] should have one history for one seed, and the same one again from its recording', () => {
    const run = (): Cluster => {
      const cluster = new Cluster({ seed: 11 }).useArbiter(randomArbiter(3)).record();
      cluster.apply(web(2));
      cluster.run({ for: '1500ms' });
      cluster.scale('statefulset/web', 4);
      cluster.settle();
      cluster.delete('pod/web-1');
      cluster.settle();
      return cluster;
    };
    const one = run();
    expect(run().digest).toBe(one.digest);
    expect(one.choices.deviations).toBeGreaterThan(10);
    const recording = JSON.parse(JSON.stringify(one.recording())) as Recording;
    const again = Cluster.replay(recording);
    expect(again.history().map(({ type, object }) => `${type} ${object.kind} ${object.metadata.name} ${object.metadata.resourceVersion}`))
      .toEqual(one.history().map(({ type, object }) => `${type} ${object.kind} ${object.metadata.name} ${object.metadata.resourceVersion}`));
  });

  it('[promise 1] should go on from a fork as from itself, and leave the fork alone', () => {
    const cluster = new Cluster({ seed: 5 });
    cluster.apply(web(3));
    cluster.run({ for: '1200ms' });
    const fork = cluster.fork();
    const stray = cluster.fork();
    stray.scale('statefulset/web', 0);
    stray.settle();
    cluster.settle();
    fork.settle();
    expect(fork.digest).toBe(cluster.digest);
    expect(names(fork, 'pods')).toEqual(['web-0', 'web-1', 'web-2']);
    expect(names(stray, 'pods')).toEqual([]);
  });

  it('should restore a snapshot', () => {
    const cluster = new Cluster({ seed: 5 });
    cluster.apply(web(2));
    cluster.settle();
    const before = cluster.snapshot();
    cluster.delete('statefulset/web');
    cluster.settle();
    expect(names(cluster, 'pods')).toEqual([]);
    cluster.restore(before);
    expect(names(cluster, 'pods')).toEqual(['web-0', 'web-1']);
    cluster.scale('statefulset/web', 3);
    cluster.settle();
    expect(names(cluster, 'pods')).toEqual(['web-0', 'web-1', 'web-2']);
  });

  it('should have the same states with and without Events', () => {
    const run = (events: boolean): Cluster => {
      const cluster = new Cluster({ seed: 2, events });
      cluster.apply(web(2));
      return cluster.settle();
    };
    const [withEvents, without] = [run(true), run(false)];
    expect(without.digest).toBe(withEvents.digest);
    expect(without.events()).toEqual([]);
    expect(withEvents.events('statefulset/web').map((event) => event['reason'])).toContain('SuccessfulCreate');
  });

  it('should make up for a crash of the controller manager at any point of a scale-up', () => {
    for (let steps = 5; steps < 120; steps += 23) {
      const cluster = new Cluster({ seed: 3 });
      cluster.apply(web(3));
      for (let step = 0; step < steps; step++) cluster.kernel.step();
      cluster.faults.crash('kube-controller-manager');
      cluster.run({ for: '5s' });
      cluster.faults.restart('kube-controller-manager');
      cluster.settle();
      expect(names(cluster, 'pods')).toEqual(['web-0', 'web-1', 'web-2']);
    }
  });

  it('should survive API errors, lost replies and stale caches', () => {
    const cluster = new Cluster({ seed: 3 });
    cluster.faults.api({ verb: 'create', resource: 'pods', error: 'timeout', when: 'after', times: 2 });
    cluster.faults.api({ verb: 'update', resource: 'statefulsets.apps', error: 'conflict', times: 3 });
    cluster.apply(web(2));
    cluster.run({ for: '1s' });
    cluster.faults.freezeCache('kube-controller-manager', 'pods');
    cluster.run({ for: '10s' });
    cluster.faults.relist('kube-controller-manager', 'pods');
    cluster.faults.thawCache('kube-controller-manager', 'pods');
    cluster.settle();
    expect(names(cluster, 'pods')).toEqual(['web-0', 'web-1']);
  });

  describe('bad input leaves the World as it was', () => {
    const cases: readonly (readonly [string, (cluster: Cluster) => void, new (...args: never[]) => Error, string])[] = [
      ['an unknown kind', (cluster) => cluster.apply('apiVersion: apps/v1\nkind: StatefulSett\nmetadata: {name: x}'), UsageError, 'no matches for kind "StatefulSett" in version "apps/v1"; did you mean "StatefulSet"?'],
      ['YAML that cannot be read', (cluster) => cluster.apply('kind: [Service'), UsageError, 'manifest, document 1'],
      ['a manifest without kind', (cluster) => cluster.apply('apiVersion: v1'), UsageError, 'manifest, document 1: kind must be set'],
      ['a second document that is bad', (cluster) => cluster.apply(`${set(1)}\n---\napiVersion: v1\nkind: Servicee\nmetadata: {name: y}`), UsageError, 'did you mean "Service"?'],
      ['a negative duration', (cluster) => cluster.run({ for: -5 }), UsageError, 'run.for must be 0 ms or more, not -5'],
      ['a duration that is none', (cluster) => cluster.settle({ within: 'soon' }), UsageError, 'settle.within must be a duration'],
      ['an unknown resource word', (cluster) => cluster.get('statefulsett/web'), UsageError, 'did you mean "statefulsets"?'],
      ['a reference without name', (cluster) => cluster.get('statefulset'), UsageError, "a reference must be 'kind/name'"],
      ['a spec that the server refuses', (cluster) => cluster.apply(set(-1)), ApiError, 'spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
      ['an unknown process', (cluster) => cluster.faults.crash('kube-controller'), UsageError, "faults.crash: no process is named 'kube-controller'; did you mean 'kube-controller-manager'?"],
      ['a node that is not there', (cluster) => cluster.faults.crash('node/node-9'), UsageError, "no node is named 'node-9'; did you mean 'node-1'?"],
    ];
    it.each(cases)('%s', (_title, act, type, message) => {
      const cluster = new Cluster({ seed: 1 });
      const before = cluster.digest;
      const json = JSON.stringify(cluster.snapshot().world);
      expect(() => act(cluster)).toThrow(type);
      expect(() => act(cluster)).toThrow(message);
      expect(JSON.stringify(cluster.snapshot().world)).toBe(json);
      expect(cluster.digest).toBe(before);
    });

    it('a wait that cannot be met says what it waited for and the last state', () => {
      const cluster = new Cluster({ seed: 1, nodes: 0 });
      cluster.apply(set(1));
      expect(() => cluster.waitFor('statefulset/web', { readyReplicas: 1 }, { within: '30s' })).toThrow(WaitTimeout);
      expect(() => cluster.waitFor('statefulset/web', { readyReplicas: 1 }, { within: '30s' })).toThrow(/waited 30s for statefulset\/web \{"readyReplicas":1\}; last state: .*"replicas":1/);
    });

    it('options that are misspelt name their path and the nearest right name', () => {
      expect(() => new Cluster({ node: 3 } as never)).toThrow('options.node is not known; did you mean options.nodes?');
      expect(() => new Cluster({ nodes: [{ cpus: '2' }] } as never)).toThrow('options.nodes[0].cpus is not known; did you mean options.nodes[0].cpu?');
      expect(() => new Cluster({ kubernetes: '1.20' as never })).toThrow('options.kubernetes must be one of 1.34, 1.36, 1.37');
    });

    it('a recording of another machine is refused', () => {
      const recording = new Cluster({ seed: 1 }).recording();
      expect(() => Cluster.replay({ ...recording, fingerprint: ['component store@9', ...recording.fingerprint.slice(1)] })).toThrow("made by another machine: it had 'component store@9'");
      expect(() => Cluster.replay({ ...recording, format: 'x' as never })).toThrow("recording.format must be 'kubesim-run/1'");
    });
  });
});
