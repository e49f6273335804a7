import { describe, expect, it } from 'vitest';
import { Cluster, type ExplainedReason } from 'kubesim';
import { set, web } from './manifests.ts';

const POD = (name: string, more: string = ''): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, labels: {app: web}}\nspec: {containers: [{name: main, image: nginx}]${more}}`;
const DEPLOYMENT = (image: string): string => `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec: {replicas: 2, progressDeadlineSeconds: 60, selector: {matchLabels: {app: api}}, template: {metadata: {labels: {app: api}}, spec: {containers: [{name: main, image: ${image}, readinessProbe: {exec: {command: [test, -f, /ok]}, periodSeconds: 1}}]}}}`;
const CLAIM = (className: string): string => `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {storageClassName: ${className}, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}`;
const CLASS = (name: string): string => `apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: ${name}}\nprovisioner: kubernetes.io/host-path`;
const QUOTA = 'apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: few}\nspec: {hard: {pods: "1"}}';
const BUDGET = 'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {minAvailable: 2, selector: {matchLabels: {app: web}}}';

interface Case {
  /** What is asked for. */
  readonly title: string;
  readonly arrange: (cluster: Cluster) => void;
  readonly reference: string;
  /** What must be named: a rule, and the object that blocks, if one does. */
  readonly rule: string;
  readonly blockedBy?: string;
  /** Removes what is named, and nothing else. */
  readonly remove: (fork: Cluster, reason: ExplainedReason) => void;
  /** Whether the thing that was held up has happened. */
  readonly happened: (cluster: Cluster) => boolean;
}

const isReady = (cluster: Cluster, pod: string): boolean => cluster.get(`pod/${pod}`)?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
const nodeOf = (cluster: Cluster, pod: string): string => cluster.get(`pod/${pod}`)?.spec.nodeName ?? '';

const CASES: readonly Case[] = [
  {
    title: 'a pod that is not created: one before it is not ready', reference: 'pod/web-2', rule: 'readiness probe',
    arrange: (cluster) => cluster.apply(set(3).replace("image: 'nginx:1.25'", "image: 'nginx:1.25', readinessProbe: {exec: {command: [test, -f, /ok]}, periodSeconds: 1}")),
    remove: (fork) => ['web-0', 'web-1'].forEach((pod) => { fork.waitFor(`pod/${pod}`, 'status.phase=Running'); fork.exec(pod, ['touch', '/ok']); fork.run({ for: '20s' }); }),
    happened: (cluster) => cluster.get('pod/web-2') !== undefined,
  },
  {
    title: 'a pod that is not created: nobody asks for it', reference: 'pod/web-4', rule: 'not asked for',
    arrange: (cluster) => cluster.apply(set(2)), remove: (fork) => fork.scale('statefulset/web', 5), happened: (cluster) => cluster.get('pod/web-4') !== undefined,
  },
  {
    title: 'pods that are refused by a quota', reference: 'statefulset/web', rule: 'quota', blockedBy: 'resourcequota/few',
    arrange: (cluster) => { cluster.apply(QUOTA); cluster.settle(); cluster.apply(set(2)); },
    remove: (fork) => { fork.delete('quota/few'); }, happened: (cluster) => isReady(cluster, 'web-1'),
  },
  {
    title: 'an object that is not deleted: a finalizer', reference: 'configmap/kept', rule: 'finalizer',
    arrange: (cluster) => { cluster.apply('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, finalizers: [example.com/hold]}'); cluster.delete('configmap/kept'); },
    remove: (fork) => fork.patch('configmap/kept', { metadata: { finalizers: null } }, { type: 'merge' }), happened: (cluster) => cluster.get('configmap/kept') === undefined,
  },
  {
    title: 'a claim that is not deleted: a pod uses it', reference: 'pvc/data-web-0', rule: 'PP1', blockedBy: 'pod/web-0',
    arrange: (cluster) => { cluster.apply(web(1)); cluster.settle(); cluster.delete('pvc/data-web-0'); },
    remove: (fork) => { fork.scale('statefulset/web', 0); }, happened: (cluster) => cluster.get('pvc/data-web-0') === undefined,
  },
  {
    title: 'a pod that is not updated: the partition', reference: 'statefulset/web', rule: 'partition',
    arrange: (cluster) => {
      cluster.apply(set(2)); cluster.settle();
      cluster.patch('statefulset/web', { spec: { updateStrategy: { rollingUpdate: { partition: 1 } } } });
      cluster.setImage('statefulset/web', { nginx: 'nginx:1.26' });
    },
    remove: (fork) => fork.patch('statefulset/web', { spec: { updateStrategy: { rollingUpdate: { partition: 0 } } } }),
    happened: (cluster) => cluster.get('pod/web-0')?.spec.containers[0]?.image === 'nginx:1.26',
  },
  {
    title: 'a pod that is not updated: OnDelete', reference: 'statefulset/web', rule: 'OnDelete',
    arrange: (cluster) => {
      cluster.apply(set(1)); cluster.settle();
      cluster.patch('statefulset/web', { spec: { updateStrategy: { type: 'OnDelete', rollingUpdate: null } } }, { type: 'merge' });
      cluster.setImage('statefulset/web', { nginx: 'nginx:1.26' });
    },
    remove: (fork) => { fork.delete('pod/web-0'); }, happened: (cluster) => cluster.get('pod/web-0')?.spec.containers[0]?.image === 'nginx:1.26',
  },
  {
    title: 'a Deployment that is not updated: paused', reference: 'deployment/api', rule: 'paused',
    arrange: (cluster) => { cluster.apply(DEPLOYMENT('nginx:1.25')); cluster.rollout.pause('deployment/api'); cluster.run({ for: '5s' }); cluster.setImage('deployment/api', { main: 'nginx:1.26' }); },
    remove: (fork) => fork.rollout.resume('deployment/api'), happened: (cluster) => cluster.list('pods').some(({ spec }) => spec.containers[0]?.image === 'nginx:1.26'),
  },
  {
    title: 'a pod that is not scheduled: no node fits', reference: 'pod/a', rule: 'unschedulable',
    arrange: (cluster) => cluster.apply(POD('a', ', nodeSelector: {disk: fast}')), remove: (fork) => fork.label('node/node-2', { disk: 'fast' }), happened: (cluster) => isReady(cluster, 'a'),
  },
  {
    title: 'a pod that is not scheduled: no scheduler of that name', reference: 'pod/a', rule: 'schedulerName',
    arrange: (cluster) => cluster.apply(POD('a', ', schedulerName: mine')),
    remove: (fork) => { fork.delete('pod/a', { gracePeriodSeconds: 0 }); fork.apply(POD('a')); }, happened: (cluster) => isReady(cluster, 'a'),
  },
  {
    title: 'a pod that is not scheduled: a gate', reference: 'pod/a', rule: 'schedulingGates',
    arrange: (cluster) => cluster.apply(POD('a', ', schedulingGates: [{name: example.com/wait}]')),
    remove: (fork) => fork.patch('pod/a', [{ op: 'remove', path: '/spec/schedulingGates' }], { type: 'json' }), happened: (cluster) => isReady(cluster, 'a'),
  },
  {
    title: 'a pod that is not ready: its readiness probe', reference: 'pod/a', rule: 'readiness probe',
    arrange: (cluster) => cluster.apply(POD('a').replace('image: nginx', 'image: nginx, readinessProbe: {exec: {command: [test, -f, /ok]}, periodSeconds: 1}')),
    remove: (fork) => fork.exec('a', ['touch', '/ok']), happened: (cluster) => isReady(cluster, 'a'),
  },
  {
    title: 'a pod that is not ready: a gate', reference: 'pod/a', rule: 'readinessGate',
    arrange: (cluster) => cluster.apply(POD('a', ', readinessGates: [{conditionType: example.com/lb}]')),
    remove: (fork) => fork.patch('pod/a', { status: { conditions: [{ type: 'example.com/lb', status: 'True' }] } }, { subresource: 'status' }), happened: (cluster) => isReady(cluster, 'a'),
  },
  {
    title: 'a pod that is not terminating: its node is cut off', reference: 'pod/web-0', rule: 'node unreachable', blockedBy: 'node/',
    arrange: (cluster) => { cluster.apply(set(1)); cluster.settle(); cluster.faults.cutOff(`node/${nodeOf(cluster, 'web-0')}`); cluster.run({ for: '1m' }); cluster.delete('pod/web-0'); },
    remove: (fork, { blockedBy }) => { fork.faults.heal(blockedBy ?? ''); }, happened: (cluster) => isReady(cluster, 'web-0'),
  },
  {
    title: 'a claim that is not bound: its class does not exist', reference: 'pvc/data', rule: 'storage class', blockedBy: 'storageclass/nowhere',
    arrange: (cluster) => cluster.apply(CLAIM('nowhere')), remove: (fork) => fork.apply(CLASS('nowhere')), happened: (cluster) => cluster.get('pvc/data')?.status?.phase === 'Bound',
  },
  {
    title: 'a claim that is not bound: its class waits for a pod', reference: 'pvc/data', rule: 'WaitForFirstConsumer',
    arrange: (cluster) => cluster.apply(CLAIM('wait')),
    remove: (fork) => fork.apply(POD('user', ', volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]')), happened: (cluster) => cluster.get('pvc/data')?.status?.phase === 'Bound',
  },
  {
    title: 'a pod that waits for a claim, and the claim for its class', reference: 'pod/a', rule: 'storage class', blockedBy: 'storageclass/nowhere',
    arrange: (cluster) => { cluster.apply(CLAIM('nowhere')); cluster.apply(POD('a', ', volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]')); },
    remove: (fork) => fork.apply(CLASS('nowhere')), happened: (cluster) => isReady(cluster, 'a'),
  },
  {
    title: 'a rollout that is stuck: its new pods are not ready', reference: 'deployment/api', rule: 'readiness probe',
    arrange: (cluster) => cluster.apply(DEPLOYMENT('nginx:1.25')),
    remove: (fork) => fork.list('pods').forEach(({ metadata }) => fork.exec(metadata.name, ['touch', '/ok'])), happened: (cluster) => cluster.get('deployment/api')?.status?.availableReplicas === 2,
  },
  {
    title: 'an eviction that a budget forbids', reference: 'pod/web-0', rule: 'budget', blockedBy: 'poddisruptionbudget/web',
    arrange: (cluster) => { cluster.apply(set(2)); cluster.apply(BUDGET); cluster.settle(); },
    remove: (fork, { blockedBy }) => { fork.delete(blockedBy ?? ''); },
    happened: (cluster) => {
      try {
        cluster.evict('pod/web-0');
        return true;
      } catch {
        return false;
      }
    },
  },
];

describe('explain', () => {
  it.each(CASES)('$title', ({ arrange, reference, rule, blockedBy, remove, happened }) => {
    const cluster = new Cluster({ seed: 3 });
    arrange(cluster);
    cluster.run({ for: '2m' });
    const reasons = cluster.explain(reference);
    const reason = reasons.find((each) => each.rule === rule);
    expect(reason, `${rule} among ${JSON.stringify(reasons)}`).toBeDefined();
    if (blockedBy !== undefined) expect(reason?.blockedBy).toContain(blockedBy);
    expect(reason?.since).toBeLessThanOrEqual(cluster.now);
    // Left alone it stays as it is; with the named cause removed it proceeds.
    const control = cluster.fork().run({ for: '3m' });
    expect(happened(control)).toBe(false);
    const fork = cluster.fork();
    remove(fork, reason as ExplainedReason);
    fork.run({ for: '3m' });
    expect(happened(fork)).toBe(true);
  });

  it('should follow what blocks to its cause, and say of what is as it should be that it is', () => {
    const cluster = new Cluster({ seed: 3 });
    cluster.apply(set(3).replace("image: 'nginx:1.25'", "image: 'nginx:1.25', readinessProbe: {exec: {command: [test, -f, /ok]}, periodSeconds: 1}"));
    cluster.run({ for: '14s' });
    const chain = cluster.explain('pod/web-2');
    expect(chain.map(({ about }) => about)).toEqual(['pod/web-2', 'statefulset/web', 'pod/web-0']);
    expect(chain.map(({ message }) => message).join('\n')).toMatch(/statefulset\/web did not come to it\n.*waits for web-0[\s\S]*readiness probe of container nginx fails since 1\ds/);
    const healthy = new Cluster({ seed: 3 });
    healthy.apply(set(1));
    healthy.settle();
    expect(healthy.explain('statefulset/web').map(({ rule }) => rule)).toEqual(['UpToDate']);
    expect(healthy.explain('pod/web-0')).toEqual([]);
  });
});
