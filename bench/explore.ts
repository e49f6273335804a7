// Distinct states a second of the explorer over the three-replica set: a rolling update while a pod is deleted. One JSON line.
// usage: node --conditions=source --import tsx bench/explore.ts [states]
import { explore } from '@kubesim/testing';
import { Cluster } from 'kubesim';

const maxStates = Number(process.argv[2] ?? 200_000);
const cluster = new Cluster({ nodes: 1, seed: 1, events: false, timing: 'instant', withoutControllers: ['endpoint-controller', 'endpoint-slice-controller', 'root-ca-certificate-publisher-controller'] });
cluster.apply(JSON.stringify({
  apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'web' },
  spec: { serviceName: 'web', replicas: 3, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'app:1' }] } } },
}));
cluster.settle();
cluster.setImage('statefulset/web', { main: 'app:2' });
cluster.delete('pod/web-0');
const start = process.cpuUsage();
const result = explore(cluster.kernel.seal(), { maxStates });
const { user, system } = process.cpuUsage(start);
console.log(JSON.stringify({ bench: 'explore', ...result, statesPerSecond: Math.round(result.states / ((user + system) / 1e6)) }));
