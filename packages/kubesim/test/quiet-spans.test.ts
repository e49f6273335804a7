// Quiet spans of a whole cluster: what is crossed in closed form equals what is stepped through, before, within and after it.
import { Cluster, type ClusterOptions } from 'kubesim';
import type { ApiCall, KubeObject } from '@kubesim/api';
import type { AdmissionPlugin } from '@kubesim/apiserver';
import type { Actor, Controller } from '@kubesim/client';
import type { MetricAnswer, MetricQuery, MetricsSource } from '@kubesim/controllers';
import { formatDigest, Hasher, Machine, World } from '@kubesim/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const NUM_RUNS = Number(process.env['KUBESIM_RUNS'] ?? 8);
const SEED = process.env['KUBESIM_SEED'] === undefined ? undefined : Number(process.env['KUBESIM_SEED']);

const selector = (app: string): object => ({ matchLabels: { app } });
const template = (app: string, container: object = {}): object => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'main', image: 'nginx:1.25', ports: [{ containerPort: 80 }], readinessProbe: { httpGet: { path: '/', port: 80 } }, livenessProbe: { httpGet: { path: '/', port: 80 } }, ...container }] },
});

/** What a cluster may hold, by name. */
const WORKLOADS: Readonly<Record<string, readonly object[]>> = {
  none: [],
  set: [
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { clusterIP: 'None', selector: { app: 'web' }, ports: [{ port: 80 }] } },
    {
      apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'web' },
      spec: {
        serviceName: 'web', replicas: 2, selector: selector('web'), template: template('web', { volumeMounts: [{ name: 'data', mountPath: '/data' }] }),
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }],
      },
    },
  ],
  deployment: [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 3, selector: selector('web'), template: template('web') } },
    { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'web' }, spec: { minAvailable: 1, selector: selector('web') } },
    { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'limits' }, spec: { hard: { pods: '20' } } },
  ],
  daemons: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'web' }, spec: { selector: selector('web'), template: template('web') } }],
  hourly: [{ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'web' }, spec: { schedule: '0 * * * *', jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1', command: ['sh', '-c', 'echo done'] }] } } } } } }],
  unready: [{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 1, selector: selector('web'), template: template('web', { readinessProbe: { httpGet: { path: '/missing', port: 80 } } }) } }],
  pending: [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [{ name: 'main', image: 'nginx:1', resources: { requests: { cpu: '100' } } }] } }],
};

/** What happens after a span. */
const CHANGES: Readonly<Record<string, (cluster: Cluster) => void>> = {
  nothing: () => {},
  'a node dies': (cluster) => { cluster.faults.crash('node/node-1'); },
  'a node is cut off': (cluster) => { cluster.faults.cutOff('node/node-1'); },
  'the manager restarts': (cluster) => { cluster.faults.restart('kube-controller-manager'); },
  'a pod is deleted': (cluster) => { for (const pod of cluster.list('pods').slice(0, 1)) cluster.delete(`pod/${pod.metadata.name}`); },
  'a pod comes': (cluster) => { cluster.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'late' }, spec: { containers: [{ name: 'main', image: 'nginx:1.25' }] } }); },
  'the clock of a node jumps': (cluster) => { cluster.faults.clockJump('node/node-1', '90s'); },
  'a node restarts': (cluster) => { cluster.faults.restart('node/node-1'); },
  'a node is back': (cluster) => { cluster.faults.heal('node/node-1'); },
  'a node is slow': (cluster) => { cluster.faults.slow('node/node-1', 3); },
  'a node is tainted': (cluster) => { cluster.taint('node-1', 'dedicated=db:NoExecute'); },
  'a cache is frozen': (cluster) => { cluster.faults.freezeCache('kube-controller-manager', 'nodes'); },
  'a cache is listed anew': (cluster) => { cluster.faults.relist('kube-scheduler'); },
  'a lease cannot be written': (cluster) => { cluster.faults.api({ verb: 'update', resource: 'leases', process: 'kubelet/node-1', error: 'unavailable', times: 3 }); },
  'a controller stops': (cluster) => { cluster.stopController('node-lifecycle-controller'); },
  'a cache lags': (cluster) => { cluster.faults.delayCache('kube-controller-manager', '30s'); },
};

function clusterOf(workload: string, options: ClusterOptions): Cluster {
  const cluster = new Cluster(options);
  for (const object of WORKLOADS[workload] ?? []) cluster.apply(object as KubeObject);
  return cluster.settle();
}

function identity(cluster: Cluster): unknown {
  const { kernel } = cluster;
  return {
    digest: cluster.digest, state: formatDigest(kernel.stateDigest(true)), now: cluster.now, steps: cluster.steps, revision: cluster.revision,
    tasks: kernel.tasks().map(({ sequence, label, dueAt }) => `${sequence} ${label} ${dueAt}`),
    objects: JSON.stringify(cluster.controlPlane.storage(kernel).resources().map((resource) => [...cluster.controlPlane.storage(kernel).list(resource)])),
  };
}

/** Every change of every kind, before and after: as a hash, since a difference shows elsewhere, too. */
function historyOf(cluster: Cluster): string {
  const storage = cluster.controlPlane.storage(cluster.kernel);
  const hasher = new Hasher();
  for (const resource of storage.resources()) {
    for (const { revision, key, type, before, after } of storage.changesSince(resource, 0)) hasher.text(`${revision} ${key} ${type}`).value(before).value(after);
  }
  return formatDigest(hasher.finish());
}

const spansOf = (cluster: Cluster): readonly unknown[] => cluster.kernel.peek<{ spans: readonly unknown[] }>(cluster.kernel.slotOf('store')).spans;

const scenario = fc.record({
  workload: fc.constantFrom(...Object.keys(WORKLOADS)),
  nodes: fc.integer({ min: 1, max: 3 }),
  options: fc.constantFrom<ClusterOptions>({}, {}, { timing: 'instant' }, { events: false }, { controllerManagers: 2 }),
  seed: fc.integer({ min: 0, max: 1000 }),
  parts: fc.array(fc.record({ minutes: fc.integer({ min: 1, max: 50 }), ms: fc.nat(60_000), change: fc.constantFrom(...Object.keys(CHANGES)) }), { minLength: 1, maxLength: 2 }),
});

describe('quiet spans of a cluster', () => {
  it('[promise 5] equal the uncrossed run: random settled clusters, lengths and changes in between', () => {
    fc.assert(fc.property(scenario, ({ workload, nodes, options, seed, parts }) => {
      const [crossed, stepped] = [clusterOf(workload, { ...options, nodes, seed }), clusterOf(workload, { ...options, nodes, seed })];
      for (const { minutes, ms, change } of parts) {
        const length = { until: crossed.now + minutes * 60_000 + ms };
        crossed.run(length);
        stepped.run({ ...length, quiet: 'step' });
        expect(identity(crossed)).toEqual(identity(stepped));
        CHANGES[change]?.(crossed);
        CHANGES[change]?.(stepped);
      }
      crossed.run({ for: '15m' });
      stepped.run({ for: '15m', quiet: 'step' });
      expect(identity(crossed)).toEqual(identity(stepped));
      expect(historyOf(crossed)).toBe(historyOf(stepped));
    }), { numRuns: NUM_RUNS, ...(SEED === undefined ? {} : { seed: SEED }) });
  });

  it('[promise 5] answer the same for every revision and instant of the span', () => {
    const [crossed, stepped] = [clusterOf('set', { nodes: 2 }), clusterOf('set', { nodes: 2 })];
    for (const length of ['31m', '5ms', '20m'] as const) {
      crossed.run({ for: length });
      stepped.run({ for: length, quiet: 'step' });
      crossed.label('node/node-1', { turn: length });
      stepped.label('node/node-1', { turn: length });
    }
    expect(spansOf(crossed)).toHaveLength(2);
    expect(spansOf(stepped)).toHaveLength(0);
    const [one, other] = [crossed.controlPlane.storage(crossed.kernel), stepped.controlPlane.storage(stepped.kernel)];
    for (let revision = 1; revision <= stepped.revision; revision++) expect(one.instantOf(revision)).toBe(other.instantOf(revision));
    const start = other.instantOf(1) ?? 0;
    for (let instant = start - 1_000; instant <= stepped.now + 1_000; instant += 499) expect(one.revisionAt(instant)).toBe(other.revisionAt(instant));
    for (let revision = 1; revision <= stepped.revision; revision += 37) {
      const [past, pastOfOther] = [crossed.at({ revision }), stepped.at({ revision })];
      for (const kind of ['leases', 'nodes', 'pods']) expect(past.list(kind, { namespace: '*' })).toEqual(pastOfOther.list(kind, { namespace: '*' }));
      expect(past.get('lease/node-2', { namespace: 'kube-node-lease' })).toEqual(pastOfOther.get('lease/node-2', { namespace: 'kube-node-lease' }));
      expect([...crossed.watch('leases', { since: revision, namespace: '*' })].length).toBe([...stepped.watch('leases', { since: revision, namespace: '*' })].length);
    }
  });

  it('should tell a watch that was opened before the span of every heartbeat in it', () => {
    const cluster = clusterOf('none', { nodes: 1 });
    const { watch } = cluster.handle({ method: 'GET', path: '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', query: 'watch=true', headers: {} });
    if (watch === undefined) throw new Error('no watch was granted');
    const before = cluster.revision;
    cluster.run({ for: '2h' });
    const events = cluster.controlPlane.server(cluster.kernel).watcher(watch).events(before);
    expect(events).toHaveLength(720);
    const versions = events.map(({ object }) => Number((object as KubeObject).metadata.resourceVersion));
    expect(versions.every((version, index) => index === 0 || version > (versions[index - 1] ?? 0))).toBe(true);
    const lease = cluster.get('lease/node-1', { namespace: 'kube-node-lease' });
    expect(events[719]?.object).toEqual(lease);
    expect(Date.parse((lease as KubeObject)['spec'].renewTime as string)).toBeGreaterThan(cluster.now - 10_000);
  });

  it('[promise 5] crosses a month of nodes, leases and probes, and every write is counted', () => {
    const cluster = clusterOf('deployment', { nodes: 5 });
    const { revision, steps } = cluster;
    cluster.run({ for: '720h' });
    const days = 30;
    const writes = 5 * days * (8_640 + 288);
    expect(Math.abs(cluster.revision - revision - writes)).toBeLessThanOrEqual(10);
    expect(cluster.steps - steps).toBeGreaterThan(2 * writes);
    expect(spansOf(cluster)).toHaveLength(1);
  });

  it('[promise 1] goes through JSON, snapshots, forks, rewinding and replay', () => {
    const cluster = clusterOf('set', { nodes: 2 });
    cluster.run({ for: '6h' });
    const fork = cluster.fork();
    cluster.faults.crash('node/node-2');
    cluster.run({ for: '3h' });
    fork.faults.crash('node/node-2');
    fork.run({ for: '3h', quiet: 'step' });
    expect(identity(fork)).toEqual(identity(cluster));
    const replayed = Cluster.replay(JSON.parse(JSON.stringify(cluster.recording())));
    expect(identity(replayed)).toEqual(identity(cluster));
    const { definition } = cluster.controlPlane;
    const read = Machine.from(World.fromJSON(JSON.parse(JSON.stringify(cluster.snapshot().world)), definition));
    expect([...cluster.controlPlane.storage(read).changesSince('nodes', 0)]).toEqual([...cluster.controlPlane.storage(cluster.kernel).changesSince('nodes', 0)]);
    expect(formatDigest(read.stateDigest(true))).toBe(formatDigest(cluster.kernel.stateDigest(true)));
    const at = cluster.now - 4 * 3_600_000;
    cluster.rewind({ to: at });
    expect(cluster.now).toBe(at);
    const direct = clusterOf('set', { nodes: 2 });
    direct.run({ until: at, quiet: 'step' });
    expect(identity(cluster)).toEqual(identity(direct));
  });

  it('[promise 5] a wait for one object crosses what does not concern it, and its recording is made again', () => {
    const waiting = (quiet: 'cross' | 'step'): Cluster => {
      const cluster = clusterOf('hourly', { nodes: 1 });
      if (quiet === 'step') cluster.subscribe(() => {});
      cluster.waitFor('cronjob/web', ({ status }: KubeObject) => (status?.lastScheduleTime as string | undefined ?? '') > '2026-01-01T05', { within: '12h' });
      return cluster;
    };
    const [crossed, stepped] = [waiting('cross'), waiting('step')];
    expect(spansOf(crossed).length).toBeGreaterThan(3);
    expect(spansOf(stepped)).toHaveLength(0);
    expect(new Date(crossed.now).toISOString()).toMatch('2026-01-01T05:00:00');
    expect(identity(crossed)).toEqual(identity(stepped));
    const replayed = Cluster.replay(crossed.recording());
    expect(spansOf(replayed).length).toBeGreaterThan(3);
    expect(identity(replayed)).toEqual(identity(crossed));
  });

  it('should cross where an autoscaler asks a source that looks at pods alone, and follow one that looks at the clock', () => {
    const scaled = (metrics: MetricsSource, quiet: 'cross' | 'step'): Cluster => {
      const cluster = new Cluster({ nodes: 1, metrics, events: false });
      cluster.apply({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 2, selector: selector('web'), template: template('web', { resources: { requests: { cpu: '100m' } } }) } } as KubeObject);
      cluster.apply({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'web' }, spec: { maxReplicas: 6, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }] } } as KubeObject);
      return cluster.settle().run({ for: '2h', quiet });
    };
    const of = (query: MetricQuery, use: string): MetricAnswer => ({ pods: Object.fromEntries(query.pods.map(({ metadata }) => [metadata.name ?? '', use])) });
    const flat: MetricsSource = { name: 'flat/1', measure: (query) => of(query, '50m') };
    const crossed = scaled(flat, 'cross');
    expect(spansOf(crossed)).toHaveLength(1);
    expect(identity(crossed)).toEqual(identity(scaled(flat, 'step')));
    const byHour: MetricsSource = { name: 'load-by-hour/1', measure: (query) => of(query, new Date(query.now).getTime() < Date.parse('2026-01-01T01:45:00Z') ? '50m' : '75m') };
    const followed = scaled(byHour, 'cross');
    expect(followed.get('deployment/web')?.spec.replicas).toBeGreaterThan(2);
    expect(identity(followed)).toEqual(identity(scaled(byHour, 'step')));
  });

  it('should step through heartbeats that a plugin of the user looks at, unless it says that time is nothing to it', () => {
    const curfew: AdmissionPlugin = {
      name: 'Curfew',
      admit: ({ resource, object }, { time }) => (resource !== 'nodes' || object === undefined || time < '2026-01-01T02:00:00Z' ? undefined : { object: { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, late: 'yes' } } } }),
    };
    const run = (plugin: AdmissionPlugin, quiet: 'cross' | 'step'): Cluster => new Cluster({ nodes: 1, admission: [plugin] }).settle().run({ for: '3h', quiet });
    const crossed = run(curfew, 'cross');
    expect(crossed.get('node/node-1')?.metadata.labels?.['late']).toBe('yes');
    expect(identity(crossed)).toEqual(identity(run(curfew, 'step')));
    for (const plugin of [{ ...curfew, handles: (_operation: string, resource: string) => resource === 'pods' }, { name: 'Nothing', isTimeless: true }]) expect(spansOf(run(plugin, 'cross'))).toHaveLength(1);
  });

  it('should cross with roles, too', () => {
    expect(spansOf(new Cluster({ nodes: 1, authorization: 'RBAC' }).settle().run({ for: '3h' }))).toHaveLength(1);
  });

  it('should step through what a controller or actor of the user takes part in, unless it says that time is nothing to it', () => {
    const deadline = Date.parse('2026-01-01T03:00:00Z');
    const watchman = (isTimeless: boolean, sleeps: boolean): Controller => ({
      name: 'watchman', watches: ['nodes'], workers: 1, isTimeless,
      handle: (context, { after }) => { if (after !== undefined && (!sleeps || context.now >= deadline)) context.enqueue(after.metadata.name ?? ''); },
      *reconcile(context, name) {
        if (context.now < deadline || context.lister('nodes').get('', name)?.metadata.labels?.['late'] !== undefined) return undefined;
        yield label(name);
        return undefined;
      },
    });
    const label = (name: string): ApiCall => ({ verb: 'patch', resource: 'nodes', name, patchType: 'merge', patch: { metadata: { labels: { late: 'yes' } } } });
    const sentry: Actor<object, never> = {
      name: 'sentry', watches: [{ resource: 'nodes' }], initial: () => ({}), start: () => {}, receive: () => {},
      observe: (context, _state, { after }) => { if (context.now >= deadline && after?.metadata.labels?.['late'] === undefined) context.call(label(after?.metadata.name ?? '')); },
    };
    const run = (options: ClusterOptions, quiet: 'cross' | 'step'): Cluster => new Cluster({ nodes: 1, ...options }).settle().run({ for: '4h', quiet });
    // One looks at the clock when it works, the others when it is told of a heartbeat: till then they do nothing.
    for (const options of [{ controllers: [watchman(false, false)] }, { controllers: [watchman(false, true)] }, { actors: { sentry: () => sentry } }] satisfies ClusterOptions[]) {
      const crossed = run(options, 'cross');
      expect(identity(crossed)).toEqual(identity(run(options, 'step')));
      expect(crossed.get('node/node-1')?.metadata.labels?.['late']).toBe('yes');
    }
    expect(spansOf(run({ controllers: [watchman(true, false)] }, 'cross'))).toHaveLength(1);
  });

  it.each(['none', 'set', 'deployment', 'daemons'])('should write nothing but heartbeats once it is settled: %s', (workload) => {
    // The first look at the nodes announces them.
    const cluster = clusterOf(workload, { nodes: 3 }).run({ for: '10s' });
    const { revision } = cluster;
    const storage = cluster.controlPlane.storage(cluster.kernel);
    const events = storage.revisionOf('events');
    cluster.run({ for: '2h', quiet: 'step' });
    const writes = cluster.history({ since: revision });
    expect(storage.revisionOf('events')).toBe(events);
    expect(writes.filter(({ object }) => object.kind === 'Lease')).toHaveLength(3 * 720);
    expect(writes.filter(({ object }) => object.kind === 'Node')).toHaveLength(3 * 24);
    expect(writes).toHaveLength(3 * 744);
  });

  it('should leave an idle node without a task between its heartbeats, probes included', () => {
    const cluster = clusterOf('deployment', { nodes: 2 });
    cluster.run({ for: '10m' });
    const labels: string[] = [];
    cluster.subscribe((observation) => { if (observation.kind === 'step') labels.push(observation.label); });
    cluster.run({ for: '10m' });
    expect(labels.filter((label) => label.startsWith('kubelet/')).sort()).toEqual([
      ...Array.from({ length: 60 }, () => 'kubelet/node-1 lease'), ...Array.from({ length: 2 }, () => 'kubelet/node-1 nodeStatus'),
      ...Array.from({ length: 60 }, () => 'kubelet/node-2 lease'), ...Array.from({ length: 2 }, () => 'kubelet/node-2 nodeStatus'),
    ]);
  });

  it('should step through a span while it is observed, and refuse another word for it', () => {
    const cluster = clusterOf('none', { nodes: 1 });
    let leases = 0;
    cluster.subscribe((observation) => { if (observation.kind === 'change' && observation.resource.startsWith('leases')) leases++; });
    cluster.run({ for: '1h' });
    expect(leases).toBe(360);
    expect(() => cluster.run({ for: '1h', quiet: 'skip' as 'step' })).toThrow("run.quiet must be 'cross' or 'step', not 'skip'");
  });
});
