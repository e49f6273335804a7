// How fast pods are scheduled: 5 000 nodes of 110 pods at most, 10 000 pods of 20 ReplicaSets, all default plugins.
// The scheduler runs over caches that follow its own bindings; the API server is not in the figure. Time is CPU time.
import type { ApiCall, KubeObject } from '@kubesim/api';
import type { ActorContext, Lister } from '@kubesim/client';
import { createScheduler, type SchedulerMessage } from '@kubesim/scheduler';

const NODES = Number(process.argv[2] ?? 5000);
const PODS = Number(process.argv[3] ?? 10_000);
const SETS = 20;

const stores = new Map<string, Map<string, KubeObject>>();
const storeOf = (resource: string): Map<string, KubeObject> => {
  let store = stores.get(resource);
  if (store === undefined) stores.set(resource, store = new Map());
  return store;
};
const listerOf = (resource: string): Lister => {
  const store = storeOf(resource);
  return {
    get: (namespace, name) => store.get(`${namespace}/${name}`), list: () => [...store.values()],
    byOwner: () => [], byOwnerUid: () => [], orphans: () => [],
  };
};
const listers = new Map<string, Lister>();
const tasks: SchedulerMessage[] = [];
const shown: { before: KubeObject; after: KubeObject }[] = [];
let boundCount = 0;
let draw = 1;
const epoch = { kind: 'epoch' as const };
const context = {
  epoch, now: 0, profile: { kubernetes: '1.37', featureGates: {} },
  lister: (resource: string) => {
    let lister = listers.get(resource);
    if (lister === undefined) listers.set(resource, lister = listerOf(resource));
    return lister;
  },
  call: (call: ApiCall) => {
    if (call.verb === 'create' && call.subresource === 'binding') {
      const key = `${call.namespace}/${call.name}`;
      const before = storeOf('pods').get(key) as KubeObject;
      const after = { ...before, spec: { ...before['spec'], nodeName: (call.object['target'] as { name: string }).name } };
      storeOf('pods').set(key, after);
      shown.push({ before, after });
      boundCount++;
    }
    return { ok: true, object: {} as KubeObject };
  },
  after: (_delayMs: number, message: SchedulerMessage) => { tasks.push(message); },
  cancel: () => undefined, event: () => undefined, explain: () => undefined,
  random: () => ({ below: (bound: number) => (draw = (draw * 48_271) % 2_147_483_647) % bound }),
} as unknown as ActorContext<SchedulerMessage>;

const scheduler = createScheduler();
const state = scheduler.initial();
const add = (resource: string, after: KubeObject): void => {
  storeOf(resource).set(`${after.metadata.namespace ?? ''}/${after.metadata.name ?? ''}`, after);
  scheduler.observe(context, state, { resource, type: 'ADDED', after });
};
const start = process.cpuUsage();
for (let index = 0; index < NODES; index++) {
  const name = `node-${index}`;
  const labels = { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': `zone-${index % 3}` };
  add('nodes', { metadata: { name, labels }, spec: {}, status: { allocatable: { cpu: '16', memory: '64Gi', pods: '110' } } });
}
for (let index = 0; index < SETS; index++) {
  add('replicasets.apps', { metadata: { name: `set-${index}`, namespace: 'default' }, spec: { selector: { matchLabels: { app: `set-${index}` } } } });
}
const ready = process.cpuUsage(start);
for (let index = 0; index < PODS; index++) {
  const set = `set-${index % SETS}`;
  add('pods', {
    metadata: { name: `${set}-${index}`, namespace: 'default', uid: `uid-${index}`, labels: { app: set }, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: set, uid: set, controller: true }] },
    spec: {
      schedulerName: 'default-scheduler', priority: 0, containers: [{ name: 'c', image: 'nginx:1.25', resources: { requests: { cpu: '100m', memory: '128Mi' } } }],
      tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }],
    },
    status: { phase: 'Pending' },
  });
}
for (let message = tasks.shift(); message !== undefined; message = tasks.shift()) {
  scheduler.receive(context, state, message);
  for (const { before, after } of shown.splice(0)) scheduler.observe(context, state, { resource: 'pods', type: 'MODIFIED', before, after });
}
const used = process.cpuUsage(start);
const seconds = (used.user + used.system - ready.user - ready.system) / 1e6;
console.log(`scheduler: ${boundCount} of ${PODS} pods on ${NODES} nodes in ${seconds.toFixed(2)} s of CPU: ${Math.round(boundCount / seconds)} pods a second`);
