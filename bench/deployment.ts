// A Deployment created and rolled at defaults, and syncs with nothing to do: what they cost against each other.
// usage: node --conditions=source --import tsx bench/deployment.ts [pods] [fewPods]
import { Cluster } from 'kubesim';

const pods = Number(process.argv[2] ?? 10_000);
const few = Number(process.argv[3] ?? 100);
const IDLE_SYNCS = 300;

function manifest(replicas: number): string {
  return JSON.stringify({
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' },
    spec: {
      replicas, selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.25' }] } },
    },
  });
}

function measured(cluster: Cluster, act: () => void): { cpuMs: number; writes: number } {
  const count = (): number => {
    const storage = cluster.controlPlane.storage(cluster.kernel);
    return storage.revision + storage.revisionOf('events');
  };
  const writes = count();
  const start = process.cpuUsage();
  act();
  cluster.settle({ within: '100h' });
  const { user, system } = process.cpuUsage(start);
  return { cpuMs: (user + system) / 1000, writes: count() - writes };
}

/** CPU of one sync of a ReplicaSet and its Deployment that find nothing to do, each woken by a change of an annotation. */
function idleSyncUs(cluster: Cluster): number {
  const set = cluster.list('replicasets')[0]?.metadata.name;
  const round = (value: string): number => measured(cluster, () => { for (let turn = 0; turn < IDLE_SYNCS; turn++) { cluster.annotate(`replicaset/${set}`, { turn: `${value}${turn}` }); cluster.settle(); } }).cpuMs;
  round('a');
  return Math.min(round('b'), round('c'), round('d')) * 1000 / IDLE_SYNCS;
}

function run(replicas: number): { createMs: number; rollMs: number; createWrites: number; rollWrites: number; idleUs: number } {
  const cluster = new Cluster({ nodes: Math.ceil((replicas * 1.3) / 100), seed: 1 });
  cluster.settle();
  const created = measured(cluster, () => { cluster.apply(manifest(replicas)); });
  const idleUs = idleSyncUs(cluster);
  const rolled = measured(cluster, () => { cluster.setImage('deployment/web', { nginx: 'nginx:1.26' }); });
  const { updatedReplicas, availableReplicas } = cluster.get('deployment/web')?.['status'] as { updatedReplicas: number; availableReplicas: number };
  if (updatedReplicas !== replicas || availableReplicas !== replicas) throw new Error(`${updatedReplicas} of ${replicas} pods are updated and ${availableReplicas} available`);
  return { createMs: created.cpuMs, rollMs: rolled.cpuMs, createWrites: created.writes, rollWrites: rolled.writes, idleUs };
}

const round = (value: number): number => Math.round(value * 100) / 100;
run(few);
const small = run(few);
const large = run(pods);
console.log(JSON.stringify({
  pods, createMs: round(large.createMs), rollMs: round(large.rollMs), rollToCreate: round(large.rollMs / large.createMs), createWrites: large.createWrites, rollWrites: large.rollWrites,
  usPerWriteCreate: round((large.createMs * 1000) / large.createWrites), usPerWriteRoll: round((large.rollMs * 1000) / large.rollWrites),
}));
console.log(JSON.stringify({ idleSyncUs: { [few]: round(small.idleUs), [pods]: round(large.idleUs) }, ratio: round(large.idleUs / small.idleUs) }));
