import { describe, expect, expectTypeOf, it } from 'vitest';
import type { KubeObject, Pod, StatefulSet } from '@kubesim/api';
import { ApiError, Cluster, randomArbiter, UsageError, WaitTimeout, type Observation, type Recording } from 'kubesim';
import { set, web } from './manifests.ts';

const settled = (manifest: string = set(3)): Cluster => {
  const cluster = new Cluster({ seed: 3 });
  cluster.apply(manifest);
  return cluster.settle();
};
const names = (objects: readonly KubeObject[]): string[] => objects.map((object) => object.metadata.name ?? '');
const BUDGET = 'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {minAvailable: 3, selector: {matchLabels: {app: web}}}';
const DEPLOYMENT = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec: {replicas: 2, selector: {matchLabels: {app: api}}, template: {metadata: {labels: {app: api}}, spec: {containers: [{name: nginx, image: nginx:1.25}]}}}';

describe('the types of answers', () => {
  it('should follow from the reference', () => {
    const cluster = new Cluster({ nodes: 0 });
    const read = (): void => {
      expectTypeOf(cluster.get('statefulset/web')).toEqualTypeOf<StatefulSet | undefined>();
      expectTypeOf(cluster.get('sts.apps/web')).toEqualTypeOf<StatefulSet | undefined>();
      expectTypeOf(cluster.get('Pod/web-0')).toEqualTypeOf<Pod | undefined>();
      expectTypeOf(cluster.list('pods')).toEqualTypeOf<readonly Pod[]>();
      expectTypeOf(cluster.get('widget/one')).toEqualTypeOf<KubeObject | undefined>();
      expectTypeOf(cluster.get('statefulset/web' as string)).toEqualTypeOf<KubeObject | undefined>();
      expectTypeOf(cluster.waitFor('deploy/api', 'exists')?.spec.replicas).toEqualTypeOf<number | undefined>();
    };
    expect(read).toBeTypeOf('function');
  });
});

describe('verbs', () => {
  it('rollout: status, history, undo, restart, pause and resume as kubectl does them', () => {
    const cluster = settled(DEPLOYMENT);
    const image = (): string | undefined => cluster.get('deployment/api')?.spec.template.spec?.containers[0]?.image;
    cluster.setImage('deployment/api', { nginx: 'nginx:1.26' });
    expect(cluster.rollout.status('deployment/api')).toContain('successfully rolled out');
    expect(cluster.rollout.history('deployment/api')).toMatch(/REVISION[\s\S]*1 [\s\S]*2 /);
    cluster.rollout.undo('deployment/api');
    expect(image()).toBe('nginx:1.25');
    cluster.rollout.undo('deployment/api', { toRevision: 2 });
    expect(image()).toBe('nginx:1.26');
    cluster.rollout.pause('deployment/api');
    expect(cluster.get('deployment/api')?.spec.paused).toBe(true);
    cluster.rollout.resume('deployment/api');
    cluster.settle();
    const before = names(cluster.list('pods'));
    cluster.rollout.restart('deployment/api');
    cluster.settle();
    expect(names(cluster.list('pods')).filter((name) => before.includes(name))).toEqual([]);
  });

  it('taint: sets and removes as kubectl writes them', () => {
    const cluster = new Cluster({ nodes: 1 }).settle();
    cluster.taint('node-1', 'dedicated=db:NoSchedule', 'spot:NoExecute');
    expect(cluster.get('node/node-1')?.spec.taints?.map(({ key, value, effect }) => `${key}=${value ?? ''}:${effect}`)).toEqual(['dedicated=db:NoSchedule', 'spot=:NoExecute']);
    cluster.taint('node-1', 'spot-');
    expect(cluster.get('node/node-1')?.spec.taints?.map(({ key }) => key)).toEqual(['dedicated']);
    expect(() => cluster.taint('node-1', 'spot-')).toThrow('taint: "spot-" not found');
    expect(() => cluster.taint('node-1', 'spot=1')).toThrow("taint: expected 'key=value:Effect'");
  });

  it('evict and drain: within budgets, and the node is empty afterwards', () => {
    const cluster = settled();
    const node = cluster.get('pod/web-0')?.spec.nodeName ?? '';
    cluster.apply(BUDGET);
    cluster.settle();
    expect(() => { cluster.evict('pod/web-0'); }).toThrow(ApiError);
    expect(() => cluster.drain(node, { within: '30s' })).toThrow(/budgets forbid the eviction of default\/web-0/);
    expect(cluster.get(`node/${node}`)?.spec.unschedulable).toBe(true);
    cluster.delete('pdb/web');
    expect(cluster.drain(node)).toContain('web-0');
    cluster.settle();
    expect(cluster.list('pods', { fieldSelector: `spec.nodeName=${node}` })).toEqual([]);
    expect(cluster.get('statefulset/web')?.status?.readyReplicas).toBe(3);
    cluster.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bare' }, spec: { nodeName: 'node-3', containers: [{ name: 'main', image: 'nginx' }] } });
    cluster.settle();
    expect(() => cluster.drain('node-3')).toThrow('cannot delete Pods that declare no controller (use force to override): default/bare');
  });

  it('http: from a pod, under the name that the pod can resolve', () => {
    const cluster = settled(web(2));
    cluster.exec('web-1', ['sh', '-c', 'echo hello > /usr/share/nginx/html/index.html']);
    expect(cluster.http('pod/web-0', 'http://web-1.nginx/')).toMatchObject({ status: 200, body: 'hello\n' });
    expect(cluster.http('http://web-1.nginx.default.svc.cluster.local/').status).toBe(200);
    expect(() => cluster.http('pod/web-9', 'http://web-1.nginx/')).toThrow('there is no pod/web-9 to ask from');
  });

  it('run: until a function of the cluster holds', () => {
    const cluster = settled(set(1));
    cluster.scale('statefulset/web', 3);
    cluster.run({ until: (now) => now.get('pod/web-1') !== undefined });
    expect(names(cluster.list('pods'))).toEqual(['web-0', 'web-1']);
    expect(() => cluster.run({ until: () => false, within: '10s' })).toThrow(WaitTimeout);
  });
});

describe('the past', () => {
  it('at: an earlier instant or revision, for reading', () => {
    const cluster = settled(set(1));
    const { now, revision } = cluster;
    cluster.run({ for: '1m' });
    cluster.scale('statefulset/web', 3);
    cluster.settle();
    expect(names(cluster.at({ revision }).list('pods'))).toEqual(['web-0']);
    expect(names(cluster.at({ time: now + 1 }).list('pods', { selector: 'app=web' }))).toEqual(['web-0']);
    expect(cluster.at({ time: new Date(now).toISOString() }).get('statefulset/web')?.spec.replicas).toBe(1);
    expect(names(cluster.at({ time: cluster.now }).list('pods'))).toEqual(['web-0', 'web-1', 'web-2']);
    expect(() => cluster.at({ revision: revision + 10_000 })).toThrow('at.revision must lie between 0 and');
    expect(() => cluster.at({ when: 1 } as never)).toThrow('at.when is not known');
  });

  it('rewind: the cluster as it was, which goes on as it went on before', () => {
    const play = (cluster: Cluster): Cluster => {
      cluster.apply(web(2));
      cluster.settle();
      cluster.run({ for: '3m' });
      cluster.useArbiter(randomArbiter(5));
      cluster.scale('statefulset/web', 4);
      cluster.waitFor('statefulset/web', { readyReplicas: 3 });
      return cluster;
    };
    const cluster = play(new Cluster({ seed: 3 }));
    const start = cluster.at({ revision: 1 }).instant;
    const digests = new Map<number, string>();
    for (const seconds of [2, 100, 182]) {
      const there = play(new Cluster({ seed: 3 }));
      there.rewind({ to: start + seconds * 1000 });
      digests.set(seconds, there.digest);
      expect(there.now).toBe(start + seconds * 1000);
    }
    const once = new Cluster({ seed: 3 });
    once.apply(web(2));
    once.run({ for: '2s' });
    expect(digests.get(2)).toBe(once.digest);
    once.run({ for: '98s' });
    expect(digests.get(100)).toBe(once.digest);
    // To where it stood, and on from there: as if nothing had happened.
    const end = cluster.now;
    const other = cluster.fork();
    cluster.rewind({ to: end });
    other.settle();
    expect(cluster.settle().digest).toBe(other.digest);
    expect(() => cluster.rewind({ to: start - 1 })).toThrow('rewind.to must lie between');
    expect(() => cluster.rewind({ to: 'yesterday' })).toThrow("rewind.to must be ms since 1970 or a time such as '2026-01-01T00:05:00Z'");
  });

  it('a fork and a restored snapshot of a recorded run should be recorded from the start on', () => {
    const cluster = new Cluster({ seed: 3 }).useArbiter(randomArbiter(4)).record();
    cluster.apply(web(2));
    cluster.run({ for: '2s' });
    const fork = cluster.fork();
    const restored = new Cluster({ seed: 9 }).restore(cluster.snapshot());
    for (const each of [fork, restored]) {
      each.settle();
      const recording = JSON.parse(JSON.stringify(fork.recording())) as Recording;
      expect(Cluster.replay(recording).history().length).toBe(each.history().length);
      expect(each.choices.deviations).toBeGreaterThan(0);
    }
  });
});

describe('observers', () => {
  it('should be told of every change in order, and change nothing', () => {
    const plain = settled(web(2));
    const cluster = new Cluster({ seed: 3 });
    const seen: Observation[] = [];
    const since = cluster.revision;
    const leave = cluster.subscribe((observation) => seen.push(observation));
    cluster.apply(web(2));
    cluster.settle();
    expect(cluster.digest).toBe(plain.digest);
    const changes = seen.flatMap((each) => (each.kind === 'change' ? [each.revision] : []));
    expect(changes).toEqual(cluster.history({ since }).map(({ revision }) => revision));
    expect(seen.some((each) => each.kind === 'decision' && each.reason.source === 'statefulset-controller')).toBe(true);
    expect(seen.filter((each) => each.kind === 'step').length).toBeGreaterThan(100);
    leave();
    const count = seen.length;
    cluster.run({ for: '1m' });
    expect(seen.length).toBe(count);
  });
});

describe('live', () => {
  it('should let promise-based operators have their turn between two instants', async () => {
    const cluster = new Cluster({ seed: 3 });
    const live = cluster.live();
    let isStopped = false;
    // An operator that gives every pod a label as soon as it sees it.
    const operate = async (): Promise<void> => {
      while (!isStopped) {
        for (const pod of cluster.list('pods')) if (pod.metadata.labels?.['seen'] === undefined) cluster.label(`pod/${pod.metadata.name}`, { seen: 'yes' });
        await new Promise<void>((resolve) => { setImmediate(resolve); });
      }
    };
    const operator = operate();
    cluster.apply(set(2));
    const object = await live.waitFor('statefulset/web', { readyReplicas: 2 }, { within: '5m' });
    expect(object?.status?.readyReplicas).toBe(2);
    await live.settle();
    const start = cluster.now;
    await live.run({ for: '1m' });
    expect(cluster.now - start).toBe(60_000);
    expect(cluster.list('pods').map((pod) => pod.metadata.labels?.['seen'])).toEqual(['yes', 'yes']);
    await expect(live.waitFor('statefulset/web', { readyReplicas: 9 }, { within: '1m' })).rejects.toThrow(WaitTimeout);
    isStopped = true;
    await operator;
    expect(() => cluster.live({ quiet: 3 } as never)).toThrow('live.quiet is not known; did you mean live.quietTurns?');
  });

  it('should ask an operator that says when it is idle', async () => {
    const cluster = new Cluster({ seed: 3 });
    let asked = 0;
    const live = cluster.live({ idle: () => { asked++; return Promise.resolve(); } });
    cluster.apply(set(1));
    await live.waitFor('pod/web-0', 'condition=Ready');
    expect(asked).toBeGreaterThan(3);
  });
});

describe('Cluster.from', () => {
  const printed = (cluster: Cluster): string => cluster.kubectl('get nodes,namespaces,services,statefulsets,controllerrevisions,pods,pvc,pv -A -o yaml');

  it('should keep uids, statuses and versions, and let containers run on', () => {
    const origin = settled(web(3));
    const cluster = Cluster.from(printed(origin), { seed: 8 });
    const identity = (each: Cluster): unknown[] => each.list('pods').map(({ metadata, status, spec }) => [metadata.name, metadata.uid, metadata.creationTimestamp, spec.nodeName, status?.podIP, status?.containerStatuses?.[0]?.restartCount, status?.containerStatuses?.[0]?.containerID]);
    const { uid, resourceVersion, generation } = origin.get('statefulset/web')?.metadata ?? {};
    expect(cluster.get('statefulset/web')).toMatchObject({ metadata: { uid, resourceVersion, generation }, status: { readyReplicas: 3, currentRevision: origin.get('statefulset/web')?.status?.currentRevision } });
    expect(cluster.now).toBeGreaterThan(origin.at({ revision: origin.revision }).instant - 20_000);
    cluster.settle();
    expect(identity(cluster)).toEqual(identity(origin));
    expect(cluster.list('pvc').map(({ metadata, status }) => [metadata.uid, status?.phase])).toEqual(origin.list('pvc').map(({ metadata, status }) => [metadata.uid, status?.phase]));
    cluster.scale('statefulset/web', 4);
    cluster.settle();
    expect(names(cluster.list('pods'))).toEqual(['web-0', 'web-1', 'web-2', 'web-3']);
    expect(identity(cluster).slice(0, 3)).toEqual(identity(origin));
    const ips = cluster.list('pods').map(({ status }) => status?.podIP);
    expect(new Set(ips).size).toBe(4);
  });

  it('should go on with a rollout that was under way, and make the nodes that pods name', () => {
    const origin = settled();
    origin.setImage('statefulset/web', { nginx: 'nginx:1.26' });
    origin.run({ until: (now) => (now.get('statefulset/web')?.status?.updatedReplicas ?? 0) === 1 });
    const cluster = Cluster.from(origin.kubectl('get statefulsets,controllerrevisions,pods -A -o yaml'));
    cluster.settle();
    expect(cluster.list('pods').map(({ spec }) => spec.containers[0]?.image)).toEqual(['nginx:1.26', 'nginx:1.26', 'nginx:1.26']);
    expect(cluster.get('statefulset/web')?.metadata.uid).toBe(origin.get('statefulset/web')?.metadata.uid);
  });

  it('should start the container of a pod in CrashLoopBackOff again, counting on', () => {
    const origin = settled(set(1, 'nginx'));
    origin.faults.killContainer('web-0', { exitCode: 3 });
    origin.settle();
    const cluster = Cluster.from(printed(origin)).settle();
    expect(cluster.get('pod/web-0')?.status?.containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true });
  });

  it('should name what is no stored object', () => {
    expect(() => Cluster.from(set(1))).toThrow('Cluster.from, object 1 (StatefulSet web): metadata.namespace must be set');
    expect(() => Cluster.from({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'default' } })).toThrow('metadata.uid must be set');
    expect(() => Cluster.from(`${printed(settled(set(1)))}\n---\n${printed(settled(set(1)))}`)).toThrow('is there twice');
    expect(() => Cluster.from([{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'a', uid: 'u', resourceVersion: 'x' } }])).toThrow("metadata.resourceVersion must be a whole number, not 'x'");
    expect(() => Cluster.from(printed(settled(set(1)))).recording()).toThrow(UsageError);
  });
});

describe('controllers', () => {
  it('should be switched off and on while the cluster runs', () => {
    const cluster = settled(set(1));
    cluster.stopController('statefulset-controller');
    cluster.scale('statefulset/web', 3);
    cluster.settle();
    expect(names(cluster.list('pods'))).toEqual(['web-0']);
    const again = cluster.fork();
    again.startController('statefulset-controller');
    again.settle();
    expect(names(again.list('pods'))).toEqual(['web-0', 'web-1', 'web-2']);
    expect(() => cluster.stopController('stateful-set-controller')).toThrow("did you mean 'statefulset-controller'?");
    expect(cluster.profile.kubernetes).toBe('1.37');
  });
});
