// What the API server's verbs cost: CPU time per call over a store of pods made from one template.
// usage: node --conditions=source --import tsx bench/apiserver.ts [pods]
import { createApiServer, DEFAULT_ADMISSION_PLUGINS, STORE, storeComponent, WorldStorage } from '@kubesim/apiserver';
import { deriveIdentity, Machine } from '@kubesim/kernel';
import type { KubeObject } from '@kubesim/api';

const PODS = Number(process.argv[2] ?? 10_000);
const BY = { process: 'bench' };
const machine = new Machine({ definition: { components: [storeComponent] }, seed: 1, startAt: 1_764_000_000_000 });
machine.spawn(STORE, STORE);
const server = createApiServer({ storage: new WorldStorage(machine), now: () => machine.now, profile: { kubernetes: '1.37', featureGates: {} }, admission: DEFAULT_ADMISSION_PLUGINS, identity: (parts) => deriveIdentity(machine.seed, parts) });

function measure(name: string, count: number, run: (index: number) => void): void {
  for (let index = 0; index < Math.min(count, 500); index++) run(-1 - index);
  const before = process.cpuUsage();
  for (let index = 0; index < count; index++) run(index);
  const { user, system } = process.cpuUsage(before);
  console.log(`${name}: ${((user + system) / count).toFixed(2)} µs`);
}

function must(reply: ReturnType<typeof server.call>): KubeObject {
  if (!reply.ok) throw new Error(reply.status.message);
  return reply.object;
}

must(server.call({ verb: 'create', resource: 'namespaces', object: { metadata: { name: 'default' } } }, BY));
const set = must(server.call({
  verb: 'create', resource: 'statefulsets.apps', namespace: 'default',
  object: { metadata: { name: 'web' }, spec: { serviceName: 'web', selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'nginx:1.27', ports: [{ containerPort: 80 }] }] } } } },
}, BY));
const template = set['spec'].template as { readonly metadata: object; readonly spec: object };
const labels = { app: 'web', 'controller-revision-hash': 'web-1' };
const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: set.metadata.uid ?? '', controller: true, blockOwnerDeletion: true }];
const pod = (index: number): KubeObject => ({ metadata: { name: `web-${index}`, labels, ownerReferences }, spec: { ...template.spec, hostname: `web-${index}`, subdomain: 'web' } });

const call = (name: string): { readonly resource: string; readonly namespace: string; readonly name: string } => ({ resource: 'pods', namespace: 'default', name });
measure('create a pod of a template', PODS, (index) => must(server.call({ verb: 'create', resource: 'pods', namespace: 'default', object: pod(index < 0 ? PODS - index : index) }, BY)));
measure('get', PODS, (index) => must(server.call({ verb: 'get', ...call(`web-${Math.max(0, index)}`) }, BY)));
measure('update that changes nothing', PODS, (index) => {
  const object = must(server.call({ verb: 'get', ...call(`web-${Math.max(0, index)}`) }, BY));
  must(server.call({ verb: 'update', ...call(`web-${Math.max(0, index)}`), object }, BY));
});
measure('status update', PODS, (index) => {
  const name = `web-${Math.max(0, index)}`;
  const object = must(server.call({ verb: 'get', ...call(name) }, BY));
  const status = { ...object['status'], phase: 'Running', podIP: `10.0.${index & 255}.1`, conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-02T03:04:05Z' }] };
  must(server.call({ verb: 'update', ...call(name), subresource: 'status', object: { ...object, status } }, BY));
});
measure('status patch', PODS, (index) => must(server.call({ verb: 'patch', ...call(`web-${Math.max(0, index)}`), subresource: 'status', patchType: 'strategic', patch: { status: { conditions: [{ type: 'Initialized', status: index % 2 === 0 ? 'True' : 'False' }] } } }, BY)));
measure('list by label', 20, () => must(server.call({ verb: 'list', resource: 'pods', namespace: 'default', labelSelector: 'app=web' }, BY)));
