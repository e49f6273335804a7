// The whole cluster against the floor: CPU per committed write of every kind, warm and cold. One JSON line per measurement.
// usage: node --conditions=source --import tsx bench/thin-line.ts <ordered|parallel|roll> <pods> [repetitions]
import { Cluster } from 'kubesim';

const [scenario = 'ordered', size = '1000', reps = '20'] = process.argv.slice(2);
const pods = Number(size);
const repetitions = Number(reps);

function manifest(replicas: number): string {
  return JSON.stringify({
    apiVersion: 'v1', kind: 'List', items: [
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { clusterIP: 'None', selector: { app: 'web' }, ports: [{ port: 80, name: 'web' }] } },
      {
        apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'web' },
        spec: {
          serviceName: 'web', replicas, podManagementPolicy: scenario === 'parallel' ? 'Parallel' : 'OrderedReady', selector: { matchLabels: { app: 'web' } },
          template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.25', ports: [{ containerPort: 80, name: 'web' }], readinessProbe: { httpGet: { path: '/', port: 80 } } }] } },
        },
      },
    ],
  });
}

function measure(): { cpuUs: number; writes: number; events: number } {
  const cluster = new Cluster({ nodes: Math.ceil(pods / 100), seed: 1 });
  if (scenario === 'roll') {
    cluster.apply(manifest(pods));
    cluster.settle({ within: '100h' });
  }
  const storage = cluster.controlPlane.storage(cluster.kernel);
  const [revision, events] = [storage.revision, storage.revisionOf('events')];
  const start = process.cpuUsage();
  if (scenario === 'roll') cluster.setImage('statefulset/web', { nginx: 'nginx:1.26' });
  else cluster.apply(manifest(pods));
  cluster.settle({ within: '100h' });
  const { user, system } = process.cpuUsage(start);
  const after = cluster.controlPlane.storage(cluster.kernel);
  const ready = cluster.get('statefulset/web')?.status?.readyReplicas;
  if (ready !== pods) throw new Error(`${ready} of ${pods} pods are ready`);
  return { cpuUs: user + system, writes: after.revision - revision, events: after.revisionOf('events') - events };
}

const cold = measure();
let total = 0;
let last = cold;
for (let rep = 0; rep < repetitions; rep++) {
  last = measure();
  total += last.cpuUs;
}
const warm = total / repetitions;
const round = (value: number): number => Math.round(value * 100) / 100;
console.log(JSON.stringify({
  scenario, pods, repetitions, writes: last.writes, events: last.events, writesPerPod: round((last.writes + last.events) / pods),
  usPerWriteCold: round(cold.cpuUs / (cold.writes + cold.events)), usPerWriteWarm: round(warm / (last.writes + last.events)), usPerPodWarm: round(warm / pods),
}));
