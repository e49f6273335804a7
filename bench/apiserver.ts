// What the API server's verbs cost: CPU time per call over a store of pods made from one template, the best of some rounds,
// and what a pod costs in memory with the history of its start-up.
// usage: node --conditions=source --import tsx bench/apiserver.ts [pods] [rounds]
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createApiServer, DEFAULT_ADMISSION_PLUGINS, STORE, storeComponent, WorldStorage, type ApiServer } from '@kubesim/apiserver';
import { deriveIdentity, Machine } from '@kubesim/kernel';
import { builtInScheme, deepFreeze, fieldPath, validateObjectMeta, type ApiCall, type KubeObject } from '@kubesim/api';

const PODS = Number(process.argv[2] ?? 10_000);
const ROUNDS = Number(process.argv[3] ?? 3);
const OWNED = 100;
const BY = { process: 'bench' };

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

interface Stand {
  readonly machine: Machine;
  readonly server: ApiServer;
  readonly storage: WorldStorage;
}

function start(): Stand {
  const machine = new Machine({ definition: { components: [storeComponent] }, seed: 1, startAt: 1_764_000_000_000 });
  machine.spawn(STORE, STORE);
  const storage = new WorldStorage(machine);
  const server = createApiServer({ storage, now: () => machine.now, profile: { kubernetes: '1.37', featureGates: {} }, admission: DEFAULT_ADMISSION_PLUGINS, identity: (parts) => deriveIdentity(machine.seed, parts) });
  const stand = { machine, server, storage };
  must(stand, { verb: 'create', resource: 'namespaces', object: { metadata: { name: 'default' } } });
  return stand;
}

function must({ server }: Stand, call: ApiCall): KubeObject {
  const reply = server.call(call, BY);
  if (!reply.ok) throw new Error(reply.status.message);
  return reply.object;
}

const best = new Map<string, number>();
function measure(name: string, count: number, run: (index: number) => void): void {
  const before = process.cpuUsage();
  for (let index = 0; index < count; index++) run(index);
  const { user, system } = process.cpuUsage(before);
  best.set(name, Math.min(best.get(name) ?? Infinity, (user + system) / count));
}

/** Makes pods as a controller does, of the frozen template of a stored set; each owner has a hundred. */
function podMaker(stand: Stand): (index: number) => KubeObject {
  const set = must(stand, {
    verb: 'create', resource: 'statefulsets.apps', namespace: 'default',
    object: { metadata: { name: 'web' }, spec: { serviceName: 'web', selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'nginx:1.27', ports: [{ containerPort: 80 }] }] } } } },
  });
  const { spec } = set['spec'].template as { readonly spec: object };
  const owners = Array.from({ length: Math.ceil(PODS / OWNED) }, (_, index) => deepFreeze([{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: `owner-${index}`, controller: true, blockOwnerDeletion: true }]));
  return (index) => ({
    metadata: { name: `web-${index}`, labels: { app: 'web', 'controller-revision-hash': 'web-1', 'apps.kubernetes.io/pod-index': String(index) }, ownerReferences: owners[Math.floor(index / OWNED)] },
    spec: { ...spec, hostname: `web-${index}`, subdomain: 'web' },
  });
}

const target = (name: string): { readonly resource: string; readonly namespace: string; readonly name: string } => ({ resource: 'pods', namespace: 'default', name });
const TYPES = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];

function withStatus(object: KubeObject, isReady: boolean, ip: string): KubeObject {
  const conditions = TYPES.map((type) => ({ type, observedGeneration: 1, status: isReady || type === 'Initialized' ? 'True' : 'False', lastProbeTime: null, lastTransitionTime: isReady ? '2026-01-02T03:04:06Z' : '2026-01-02T03:04:05Z' }));
  const containerStatuses = [{ name: 'c', image: 'nginx:1.27', imageID: 'nginx@sha256:1', ready: isReady, started: isReady, restartCount: 0, state: isReady ? { running: { startedAt: '2026-01-02T03:04:06Z' } } : { waiting: { reason: 'ContainerCreating' } } }];
  return { ...object, status: { ...object['status'], phase: isReady ? 'Running' : 'Pending', conditions, containerStatuses, podIP: ip, podIPs: [{ ip }], hostIP: '10.0.0.1', startTime: '2026-01-02T03:04:05Z' } };
}

function verbs(): void {
  const stand = start();
  const pod = podMaker(stand);
  const names = Array.from({ length: PODS }, (_, index) => `web-${index}`);
  const read = (index: number): KubeObject => must(stand, { verb: 'get', ...target(names[index] as string) });
  measure('create a pod of a template', PODS, (index) => must(stand, { verb: 'create', resource: 'pods', namespace: 'default', object: pod(index) }));
  const kind = builtInScheme.byResource('pods');
  const context = { now: stand.machine.now, time: '2026-01-02T03:04:05Z', profile: { kubernetes: '1.37', featureGates: {} } } as const;
  const stored = names.map((_, index) => read(index));
  measure('  of that, validation', PODS, (index) => {
    const object = stored[index] as KubeObject;
    if (validateObjectMeta(object.metadata, { namespaced: true, nameRule: 'subdomain', path: fieldPath('metadata') }).length + (kind?.validateCreate?.(object, context) ?? []).length > 0) throw new Error('invalid');
  });
  measure('get', PODS, read);
  measure('update that changes nothing', PODS, (index) => must(stand, { verb: 'update', ...target(names[index] as string), object: stored[index] as KubeObject }));
  const sent = stored.map((object) => ({ ...object, status: { ...object['status'], phase: 'Running', podIP: '10.0.1.1', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-02T03:04:05Z' }] } }));
  measure('status update, one condition', PODS, (index) => must(stand, { verb: 'update', ...target(names[index] as string), subresource: 'status', object: sent[index] as KubeObject }));
  const whole = names.map((_, index) => withStatus(read(index), true, `10.0.${index & 255}.1`));
  measure('status update, a kubelet\'s', PODS, (index) => must(stand, { verb: 'update', ...target(names[index] as string), subresource: 'status', object: whole[index] as KubeObject }));
  measure('status patch', PODS, (index) => must(stand, { verb: 'patch', ...target(names[index] as string), subresource: 'status', patchType: 'strategic', patch: { status: { conditions: [{ type: 'Initialized', status: index % 2 === 0 ? 'True' : 'False' }] } } }));
  measure(`list by label, ${PODS} pods`, 5, () => must(stand, { verb: 'list', resource: 'pods', namespace: 'default', labelSelector: 'app=web' }));
  measure(`list by owner, ${OWNED} of ${PODS} pods`, 500, (index) => { if ([...stand.storage.dependents(`owner-${index % (PODS / OWNED)}`, 'pods')].length !== OWNED) throw new Error('dependents'); });
}

/** Ten writes a pod, as its start-up makes them: created, bound, three of the kubelet, five Events. */
function memory(): void {
  const stand = start();
  const pod = podMaker(stand);
  collect();
  const empty = process.memoryUsage().heapUsed;
  for (let index = 0; index < PODS; index++) {
    const name = `web-${index}`;
    must(stand, { verb: 'create', resource: 'pods', namespace: 'default', object: pod(index) });
    must(stand, { verb: 'create', ...target(name), subresource: 'binding', object: { metadata: { name }, target: { kind: 'Node', name: `node-${index % 100}` } } });
    for (const isReady of [false, false, true]) must(stand, { verb: 'update', ...target(name), subresource: 'status', object: withStatus(must(stand, { verb: 'get', ...target(name) }), isReady, `10.0.${index & 255}.1`) });
    for (const reason of ['Scheduled', 'Pulling', 'Pulled', 'Created', 'Started']) {
      must(stand, { verb: 'create', resource: 'events', namespace: 'default', object: { metadata: { name: `${name}.${reason}` }, involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name }, reason, message: `${reason} ${name}`, type: 'Normal', count: 1, firstTimestamp: '2026-01-02T03:04:05Z', lastTimestamp: '2026-01-02T03:04:05Z', source: { component: 'kubelet' } } });
    }
  }
  const perPod = (): string => {
    collect();
    return `${((process.memoryUsage().heapUsed - empty) / PODS / 1024).toFixed(2)} kB`;
  };
  console.log(`memory per pod with history and Events: ${perPod()}`);
  stand.storage.compact(stand.storage.revision);
  console.log(`memory per pod with Events, compacted: ${perPod()}`);
  must(stand, { verb: 'deletecollection', resource: 'events', namespace: 'default' });
  stand.storage.compact(stand.storage.revision + 1);
  console.log(`memory per pod, compacted, Events expired: ${perPod()} (${stand.storage.count('pods')} pods)`);
}

for (let round = 0; round < ROUNDS; round++) verbs();
for (const [name, micros] of best) console.log(`${name}: ${micros.toFixed(2)} µs`);
memory();
