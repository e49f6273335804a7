// Autoscalers in a whole cluster: their metrics are a function of it.
import { describe, expect, it } from 'vitest';
import { Cluster, UsageError, type ClusterOptions, type MetricsSource } from '../src/index.ts';

/** The load of a ConfigMap, spread evenly over the pods of the target. */
const SPREAD: MetricsSource = {
  name: 'spread/1',
  watches: ['configmaps'],
  measure: ({ lister, namespace, pods }) => {
    const total = Number((lister('configmaps').get(namespace, 'load')?.['data'] as Readonly<Record<string, string>> | undefined)?.['total'] ?? 0);
    return { pods: Object.fromEntries(pods.filter((pod) => pod.status?.phase === 'Running').map((pod) => [pod.metadata.name, `${Math.round(total / pods.length)}m`])) };
  },
};

const OPTIONS: ClusterOptions = { nodes: 4, metrics: SPREAD };

function template(): string {
  return '{metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: nginx, resources: {requests: {cpu: 100m}}}]}}';
}

function manifest(kind: 'Deployment' | 'StatefulSet', total: number): string {
  return `
apiVersion: v1
kind: ConfigMap
metadata: {name: load}
data: {total: "${total}"}
---
apiVersion: apps/v1
kind: ${kind}
metadata: {name: web}
spec: {replicas: 2, ${kind === 'StatefulSet' ? 'serviceName: web, ' : ''}selector: {matchLabels: {app: web}}, template: ${template()}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: ${kind}, name: web}
  minReplicas: 1
  maxReplicas: 10
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
`;
}

function setLoad(cluster: Cluster, total: number): void {
  cluster.patch('configmap/load', { data: { total: String(total) } });
}

describe('an autoscaler', () => {
  it.each(['Deployment', 'StatefulSet'] as const)('follows the load of a %s and settles', (kind) => {
    const cluster = new Cluster(OPTIONS);
    const target = `${kind.toLowerCase()}/web`;
    cluster.apply(manifest(kind, 100));
    cluster.settle();
    expect(cluster.get(target)?.['spec'].replicas).toBe(2);
    setLoad(cluster, 390);
    cluster.settle();
    expect(cluster.get(target)?.['spec'].replicas).toBe(8);
    expect(cluster.get(target)?.['status'].readyReplicas).toBe(8);
    const idle = cluster.fork();
    setLoad(idle, 0);
    const before = idle.now;
    idle.settle();
    // An average of nothing asks for no pod at all; the bound gives one.
    expect(idle.get(target)?.['spec'].replicas).toBe(1);
    expect(idle.now - before).toBeGreaterThan(270_000);
    expect(cluster.get(target)?.['spec'].replicas).toBe(8);
    expect(cluster.events('hpa/web').map((event) => event['message'])).toEqual([4, 8].map((size) => `New size: ${size}; reason: cpu resource utilization (percentage of request) above target`));
    expect(cluster.events('hpa/web').map((event) => event['source'].component)).toEqual(['horizontal-pod-autoscaler', 'horizontal-pod-autoscaler']);
  });

  it('is done with what it cannot reach: a load above its bound settles', () => {
    const cluster = new Cluster(OPTIONS);
    cluster.apply(manifest('Deployment', 5000));
    cluster.settle();
    expect(cluster.get('deployment/web')?.['spec'].replicas).toBe(10);
    expect(cluster.explain('hpa/web')).toMatchObject([{ rule: 'TooManyReplicas', source: 'horizontal-pod-autoscaler-controller' }]);
  });

  it('brings a target back that somebody scaled beyond its bound', () => {
    const cluster = new Cluster(OPTIONS);
    cluster.apply(manifest('Deployment', 100));
    cluster.settle();
    cluster.scale('deployment/web', 12);
    cluster.settle();
    expect(cluster.get('deployment/web')?.['spec'].replicas).toBeLessThanOrEqual(10);
  });

  it('scales a custom resource through its scale subresource', () => {
    const cluster = new Cluster({ ...OPTIONS, metrics: { name: 'queue/1', measure: () => ({ value: 35 }) } });
    cluster.apply(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: fleets.example.io}
spec:
  group: example.io
  scope: Namespaced
  names: {plural: fleets, singular: fleet, kind: Fleet}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size, labelSelectorPath: .status.selector}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`);
    cluster.settle();
    cluster.apply(`
apiVersion: example.io/v1
kind: Fleet
metadata: {name: f}
spec: {size: 1}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: f}
spec:
  scaleTargetRef: {apiVersion: example.io/v1, kind: Fleet, name: f}
  maxReplicas: 6
  metrics: [{type: External, external: {metric: {name: queue}, target: {type: AverageValue, averageValue: "10"}}}]
`);
    cluster.patch('fleet/f', { status: { size: 1, selector: 'app=f' } }, { type: 'merge', subresource: 'status' });
    cluster.run({ for: '16s' });
    expect(cluster.get('fleet/f')?.['spec'].size).toBe(4);
    expect(cluster.get('hpa/f')?.['status']).toMatchObject({ currentReplicas: 1, desiredReplicas: 4 });
  });

  it('is replayed with the same metrics and refused with others', () => {
    const cluster = new Cluster(OPTIONS);
    cluster.apply(manifest('Deployment', 390));
    cluster.settle();
    const recording = cluster.recording();
    const again = Cluster.replay(JSON.parse(JSON.stringify(recording)), { metrics: SPREAD });
    expect(again.digest).toBe(cluster.digest);
    expect(() => Cluster.replay(recording, { metrics: { ...SPREAD, name: 'spread/2' } })).toThrow("it had 'function metrics spread/1'");
  });

  it.each<readonly [object, string]>([
    [{ name: 'x', mesure: () => undefined }, "options.metrics.mesure is not known"], [{ name: 'x' }, 'options.metrics.measure must be a function'], [{ name: '', measure: () => undefined }, 'options.metrics.name must be a name and version'],
  ])('refuses %j as metrics', (metrics, text) => {
    expect(() => new Cluster({ metrics: metrics as MetricsSource })).toThrow(UsageError);
    expect(() => new Cluster({ metrics: metrics as MetricsSource })).toThrow(text);
  });
});

describe('Endpoints kept by hand', () => {
  it('are mirrored into slices', () => {
    const cluster = new Cluster({ nodes: 1 });
    cluster.apply(`
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {ports: [{port: 5432}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: db}
subsets: [{addresses: [{ip: 192.0.2.77}], ports: [{port: 5432}]}]
`);
    cluster.settle();
    const slices = (): readonly unknown[] => cluster.list('endpointslices', { selector: 'kubernetes.io/service-name=db' }).map((slice) => [slice.metadata.labels?.['endpointslice.kubernetes.io/managed-by'], slice.endpoints?.[0]?.addresses]);
    expect(slices()).toEqual([['endpointslicemirroring-controller.k8s.io', ['192.0.2.77']]]);
    cluster.delete('endpoints/db');
    cluster.settle();
    expect(slices()).toEqual([]);
  });
});
