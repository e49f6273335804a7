// What the server costs: GETs a second over loopback, many watches of a rolling set with the memory they take, kubectl end to end.
// usage: node --conditions=source --expose-gc --import tsx bench/http.ts [watches] [pods]
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveCluster } from '@kubesim/http';
import { Cluster } from 'kubesim';

const WATCHES = Number(process.argv[2] ?? 1_000);
const PODS = Number(process.argv[3] ?? 1_000);
const REQUESTS = 10_000;
const CONNECTIONS = 16;
const LATE_MS = 600_000;

const set = (replicas: number, image: string): object => ({
  apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'web' },
  spec: { serviceName: 'web', replicas, podManagementPolicy: 'Parallel', updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '20%' } }, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } } },
});

/** The client's own work counts as little as can be: it runs in a process of its own. */
async function measureGets(url: string): Promise<void> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', `
    import { Agent, get } from 'node:http';
    const agent = new Agent({ keepAlive: true, maxSockets: ${CONNECTIONS} });
    const one = (url) => new Promise((resolve, reject) => { get(url, { agent }, (response) => { response.resume(); response.on('end', resolve); }).on('error', reject); });
    let left = ${REQUESTS};
    const worker = async () => { while (left-- > 0) await one('${url}'); };
    const start = performance.now();
    await Promise.all(Array.from({ length: ${CONNECTIONS} }, worker));
    console.log(Math.round(performance.now() - start));
    agent.destroy();
  `], { stdio: ['ignore', 'pipe', 'inherit'] });
  const before = process.cpuUsage();
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => { out += text; });
  await once(child, 'close');
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1_000;
  console.log(`GET ${new URL(url).pathname}: ${Math.round(REQUESTS / (cpuMs / 1_000))} a second of one core's CPU (${Math.round((REQUESTS * 1_000) / Number(out))} by the clock)`);
}

/** Every tenth watches all pods, as informers do; the others one pod each, as `kubectl wait` does. */
function openWatch(port: number, index: number, revision: number): Promise<{ readonly socket: Socket; bytes(): number }> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    const socket = connect(port, '127.0.0.1', () => { socket.write(`GET /api/v1/namespaces/default/pods?watch=true&resourceVersion=${revision}${index % 10 === 0 ? '' : `&fieldSelector=metadata.name%3Dweb-${index % PODS}`} HTTP/1.1\r\nHost: x\r\n\r\n`); });
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      if (bytes === 0) resolve({ socket, bytes: () => bytes });
      bytes += chunk.length;
    });
  });
}

function isRolled(): boolean {
  const { metadata, status } = rolling.get('statefulset/web') as unknown as { readonly metadata: { readonly generation: number }; readonly status: { readonly observedGeneration: number; readonly updatedReplicas?: number; readonly readyReplicas?: number } };
  return status.observedGeneration === metadata.generation && status.updatedReplicas === PODS && status.readyReplicas === PODS;
}

function memory(): number {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().rss / 1024 / 1024);
}

const cluster = new Cluster({ nodes: 3, seed: 1 });
const server = await serveCluster(cluster, { speed: 'step' });
cluster.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: 'b' } } as never);
cluster.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'nginx' }] } } as never);
cluster.run({ for: '10s' });
for (const path of ['/api/v1/namespaces/default/configmaps/c', '/api/v1/namespaces/default/pods/p', '/readyz']) {
  await measureGets(`${server.url}${path}`);
}

const kubectl = spawnSync('kubectl', ['version', '--client'], { encoding: 'utf8' });
if (kubectl.status === 0) {
  const home = mkdtempSync(join(tmpdir(), 'kubesim-bench-'));
  const times: number[] = [];
  for (let round = 0; round < 12; round++) {
    const start = performance.now();
    const child = spawn('kubectl', ['-s', server.url, '--kubeconfig=/dev/null', 'get', 'pods'], { env: { ...process.env, HOME: home }, stdio: 'ignore' });
    await once(child, 'close');
    times.push(performance.now() - start);
  }
  rmSync(home, { recursive: true, force: true });
  times.sort((a, b) => a - b);
  console.log(`kubectl get pods: ${Math.round(times[0] as number)} ms at best, ${Math.round(times[6] as number)} ms in the middle of 12, its start included`);
}

await server.close();
const rolling = new Cluster({ nodes: Array.from({ length: Math.ceil(PODS / 100) }, () => ({ cpu: '64' })), seed: 1, timing: 'instant' });
rolling.apply(set(PODS, 'nginx:1') as never);
rolling.settle();
const streaming = await serveCluster(rolling, { speed: 'step', watchesMax: WATCHES + 10 });
const port = Number(new URL(streaming.url).port);
const before = memory();
const watches = await Promise.all(Array.from({ length: WATCHES }, (_, index) => openWatch(port, index, rolling.revision)));
const opened = memory();
const revision = rolling.revision;
rolling.apply(set(PODS, 'nginx:2') as never);
streaming.setSpeed('max');
const start = process.cpuUsage();
const deadline = Date.now() + LATE_MS;
while (Date.now() < deadline && !isRolled()) await new Promise((resolve) => { setTimeout(resolve, 200); });
streaming.setSpeed('step');
const { user, system } = process.cpuUsage(start);
const total = watches.reduce((sum, { bytes }) => sum + bytes(), 0);
console.log(`${WATCHES} watches (every tenth of all pods) of a rolling ${PODS}-pod set: ${rolling.revision - revision} writes, ${Math.round(total / 1024 / 1024)} MiB sent, ${Math.round((user + system) / 1_000_000)} s of CPU, both ends and the cluster included`);
console.log(`memory: ${before} MiB before, ${opened} MiB with all watches open, ${memory()} MiB at the end (the cluster's history of the roll included)`);
for (const { socket } of watches) socket.destroy();
await streaming.close();
