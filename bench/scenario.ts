// The small scenario: five replicas created, scaled, updated, a node lost and back, with the invariants of StatefulSets; lean
// (no claims, no Service, Events off) and complete (claims, Service, Events, probes). Then the first pod, and forks.
// usage: node --conditions=source --import tsx bench/scenario.ts [seconds per variant]
import { Cluster } from 'kubesim';

const seconds = Number(process.argv[2] ?? 10);

type Variant = 'lean' | 'complete';

function manifest(variant: Variant, replicas = 5): string {
  const isComplete = variant === 'complete';
  const container = {
    name: 'main', image: 'nginx:1.25',
    ...(isComplete ? { ports: [{ containerPort: 80, name: 'web' }], readinessProbe: { httpGet: { path: '/', port: 80 } }, volumeMounts: [{ name: 'www', mountPath: '/data' }] } : {}),
  };
  return JSON.stringify({
    apiVersion: 'v1', kind: 'List', items: [
      ...(isComplete ? [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { clusterIP: 'None', selector: { app: 'web' }, ports: [{ port: 80, name: 'web' }] } }] : []),
      {
        apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'web' },
        spec: {
          serviceName: 'web', replicas, selector: { matchLabels: { app: 'web' } },
          template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } },
          ...(isComplete ? { volumeClaimTemplates: [{ metadata: { name: 'www' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }] } : {}),
        },
      },
    ],
  });
}

/** Throws if an invariant does not hold: over the whole history, and at rest. */
function check(cluster: Cluster): void {
  const pods = new Set<string>();
  const versions = new Map<string, number>();
  for (const { type, object } of cluster.history()) {
    const { name = '', uid = '', resourceVersion } = object.metadata;
    const version = Number(resourceVersion);
    if (version <= (versions.get(uid) ?? 0)) throw new Error(`${object.kind} ${name} went back to version ${version}`);
    versions.set(uid, version);
    if (object.kind === 'PersistentVolumeClaim' && type === 'DELETED') throw new Error(`claim ${name} was deleted`);
    if (object.kind !== 'Pod') continue;
    if (type === 'ADDED' && pods.has(name)) throw new Error(`${name} was created while it existed`);
    if (type === 'ADDED') pods.add(name);
    if (type === 'DELETED') pods.delete(name);
  }
  const status = cluster.get('statefulset/web')?.['status'] as { readyReplicas: number; updatedReplicas: number; currentRevision: string; updateRevision: string };
  if (status.readyReplicas !== 5 || pods.size !== 5 || status.currentRevision !== status.updateRevision) throw new Error(`at rest ${pods.size} pods are there, ${status.readyReplicas} ready and ${status.updatedReplicas} updated`);
}

interface Count {
  readonly writes: number;
  readonly events: number;
  readonly claims: number;
  readonly nodes: number;
  readonly pods: number;
}

function runOnce(variant: Variant): Count {
  const cluster = new Cluster({ nodes: 3, seed: 1, events: variant === 'complete' });
  cluster.apply(manifest(variant));
  cluster.settle();
  cluster.scale('statefulset/web', 7);
  cluster.settle();
  cluster.scale('statefulset/web', 5);
  cluster.settle();
  cluster.setImage('statefulset/web', { main: 'nginx:1.26' });
  cluster.settle();
  cluster.faults.crash('node/node-2');
  cluster.run({ for: '7m' });
  cluster.faults.restart('node/node-2');
  cluster.settle({ within: '30m' });
  check(cluster);
  const storage = cluster.controlPlane.storage(cluster.kernel);
  return {
    writes: storage.revision, events: storage.revisionOf('events'), claims: cluster.list('persistentvolumeclaims').length,
    nodes: cluster.list('nodes').length, pods: cluster.list('pods').length,
  };
}

function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

const round = (value: number): number => Math.round(value * 100) / 100;

for (const variant of ['lean', 'complete'] as const) {
  const count = runOnce(variant);
  for (const start = process.cpuUsage(); cpuMs(start) < seconds * 300;) runOnce(variant);
  const start = process.cpuUsage();
  let runs = 0;
  while (cpuMs(start) < seconds * 700) {
    runOnce(variant);
    runs++;
  }
  const ms = cpuMs(start) / runs;
  console.log(JSON.stringify({ bench: 'scenario', variant, ...count, runs, msPerRun: round(ms), scenariosPerSecond: round(1000 / ms), usPerWrite: round((ms * 1000) / (count.writes + count.events)) }));
}

function firstPodMs(): { clusterMs: number; readyMs: number } {
  const start = process.cpuUsage();
  const cluster = new Cluster();
  const clusterMs = cpuMs(start);
  cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'main', image: 'nginx:1.25' }] } }));
  cluster.waitFor('pod/p', 'condition=Ready', { within: '1m' });
  return { clusterMs, readyMs: cpuMs(start) };
}

const cold = firstPodMs();
for (let turn = 0; turn < 50; turn++) firstPodMs();
const warm = Array.from({ length: 50 }, firstPodMs);
const mean = (field: 'clusterMs' | 'readyMs'): number => round(warm.reduce((sum, one) => sum + one[field], 0) / warm.length);
console.log(JSON.stringify({ bench: 'first pod', newClusterMs: mean('clusterMs'), firstPodReadyMs: mean('readyMs'), firstOfTheseMs: round(cold.readyMs) }));

const big = new Cluster({ nodes: 10, seed: 1, events: false, timing: 'instant' });
big.apply(manifest('lean', 1000).replace('"replicas":1000', '"replicas":1000,"podManagementPolicy":"Parallel"'));
big.settle({ within: '10h' });
const FORKS = 2000;
/** Two branches of the settled cluster, one of the other, a write in each, and the step that follows it if asked for. */
function forkUs(takesStep: boolean): number {
  const turn = (number: number): void => {
    const one = big.fork();
    const other = one.fork();
    for (const branch of [one, other]) {
      branch.label('pod/web-500', { turn: `t${number}` });
      if (takesStep) branch.kernel.step();
    }
  };
  for (let number = 0; number < 500; number++) turn(number);
  const start = process.cpuUsage();
  for (let number = 0; number < FORKS; number++) turn(number);
  return round((cpuMs(start) * 1000) / FORKS);
}
console.log(JSON.stringify({ bench: 'fork', pods: big.list('pods').length, twoForksAndWritesUs: forkUs(false), withAStepEachUs: forkUs(true) }));
