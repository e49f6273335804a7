// The explorer over the three-replica set, on the whole product. JSON lines: distinct states a second of CPU while a rolling update
// meets the deletion of a pod; and the exhaustive case: a rolling update × a scale or a deletion × a crash at every point × a cache that lags
// from every point to every point, with its certificate.
// usage: node --max-semi-space-size=64 --conditions=source --import tsx bench/explore.ts [states] [deviations of the exhaustive case, or 'none' to leave it out]
import { explore, type Exploration, type Intervention } from '@kubesim/testing';
import { Cluster } from 'kubesim';

const maxStates = Number(process.argv[2] ?? 1_000_000);
const deviations = process.argv[3] ?? '0';
const MANAGER = 'kube-controller-manager';

function updating(): Cluster {
  const cluster = new Cluster({ nodes: 1, seed: 1, events: false, timing: 'instant', withoutControllers: ['endpoint-controller', 'endpoint-slice-controller', 'root-ca-certificate-publisher-controller'] });
  cluster.apply(JSON.stringify({
    apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'web' },
    spec: { serviceName: 'web', replicas: 3, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'app:1' }] } } },
  }));
  cluster.settle();
  cluster.setImage('statefulset/web', { main: 'app:2' });
  return cluster;
}

function measure(bench: string, run: () => Exploration): void {
  const start = process.cpuUsage();
  const { violation, certificate, paused: _paused, ...covered } = run();
  const { user, system } = process.cpuUsage(start);
  const seconds = (user + system) / 1e6;
  const claim = certificate === undefined ? undefined : { ...certificate, fingerprint: certificate.fingerprint.length };
  console.log(JSON.stringify({ bench, ...covered, violation: violation?.message, seconds: Math.round(seconds * 10) / 10, statesPerSecond: Math.round(covered.states / seconds), certificate: claim }));
}

const deleting = updating();
deleting.delete('pod/web-0');
measure('explore', () => explore(deleting.kernel.seal(), { maxStates }));

const FAULTS: readonly Intervention[] = [
  { name: 'the manager crashes', input: 'fault', args: { fault: 'restart', process: MANAGER }, budget: 'crashes' },
  { name: 'its pods lag', input: 'fault', args: { fault: 'freeze', process: MANAGER, resource: 'pods' }, budget: 'lags', undo: { input: 'fault', args: { fault: 'thaw', process: MANAGER, resource: 'pods' } }, forMs: 20 },
];

if (deviations !== 'none') {
  for (const second of ['scale', 'delete']) {
    const cluster = updating();
    if (second === 'scale') cluster.scale('statefulset/web', 2);
    else cluster.delete('pod/web-1');
    measure(`exhaust ${second}`, () => explore(cluster.kernel.seal(), { interventions: FAULTS, deviations: deviations === 'Infinity' ? Infinity : Number(deviations), maxStates: 20_000_000 }));
  }
}
