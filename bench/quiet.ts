// A settled cluster left alone: virtual days of nothing but heartbeats, crossed in closed form, beside an hour that is stepped
// through; then a day in which a job runs every hour. One JSON line per measurement.
// usage: node --conditions=source --import tsx bench/quiet.ts [days] [nodes] [pods]
import { Cluster } from 'kubesim';

const [days = 30, nodes = 100, pods = 1000] = process.argv.slice(2).map(Number);

const HOUR_MS = 3_600_000;

function manifest(): string {
  const probe = { httpGet: { path: '/', port: 80 } };
  const container = { name: 'nginx', image: 'nginx:1.25', ports: [{ containerPort: 80, name: 'web' }], readinessProbe: probe, livenessProbe: probe };
  return JSON.stringify({
    apiVersion: 'v1', kind: 'List', items: [
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { clusterIP: 'None', selector: { app: 'web' }, ports: [{ port: 80, name: 'web' }] } },
      {
        apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'web' },
        spec: { serviceName: 'web', replicas: pods, podManagementPolicy: 'Parallel', selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } } },
      },
    ],
  });
}

function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** Spans that the store keeps as one observed period each, and how many writes it holds in them. */
function crossed(cluster: Cluster): { spans: number; writesInSpans: number } {
  const { spans } = cluster.kernel.peek<{ spans: readonly { periods: number; period: { versions: number } }[] }>(cluster.kernel.slotOf('store'));
  return { spans: spans.length, writesInSpans: spans.reduce((sum, { periods, period }) => sum + periods * period.versions, 0) };
}

const setUp = process.cpuUsage();
const cluster = new Cluster({ nodes: Array.from({ length: nodes }, (_, index) => ({ name: `node-${index + 1}`, cpu: '8', memory: '32Gi' })) });
cluster.apply(manifest());
cluster.settle({ within: '10h' });
console.log(JSON.stringify({ bench: 'quiet', part: 'set up', nodes, pods, ready: (cluster.get('statefulset/web')?.status as { readyReplicas?: number } | undefined)?.readyReplicas, cpuMs: round(cpuMs(setUp)) }));

function measure(part: string, ms: number, quiet: 'cross' | 'step'): void {
  const { steps, revision } = cluster;
  const before = crossed(cluster);
  const heap = process.memoryUsage().heapUsed;
  const start = process.cpuUsage();
  cluster.run({ until: cluster.now + ms, quiet });
  const cpu = cpuMs(start);
  const after = crossed(cluster);
  console.log(JSON.stringify({
    bench: 'quiet', part, cpuMs: round(cpu), writes: cluster.revision - revision, writesInSpans: after.writesInSpans - before.writesInSpans, spans: after.spans - before.spans,
    steps: cluster.steps - steps, cpuMsPerVirtualDay: round((cpu * 24 * HOUR_MS) / ms), heapMiB: round((process.memoryUsage().heapUsed - heap) / 2 ** 20), digest: cluster.digest,
  }));
}

measure('an hour, stepped', HOUR_MS, 'step');
measure(`${days} days, crossed`, days * 24 * HOUR_MS, 'cross');
measure('as much again', days * 24 * HOUR_MS, 'cross');
const job = { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1', command: ['sh', '-c', 'echo done'] }] } } };
cluster.apply(JSON.stringify({ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'hourly' }, spec: { schedule: '30 * * * *', jobTemplate: { spec: job } } }));
measure('a day with an hourly job', 24 * HOUR_MS, 'cross');
