// How many replicas metrics ask for, how fast a target follows, and what the controller says of it.
// Cases from upstream's own: pkg/controller/podautoscaler/{replica_calculator,horizontal}_test.go.
import type { HorizontalPodAutoscaler, MetricSpec, Pod } from '@kubesim/api';
import { describe, expect, it } from 'vitest';
import { EMPTY_MEMORY, limit, stabilize, toleranceOf, withInitialRecommendation, withRecommendation, withScaling } from '../../src/horizontal-pod-autoscaler/behaviour.ts';
import { computeReplicas } from '../../src/horizontal-pod-autoscaler/compute-replicas.ts';
import { createHorizontalPodAutoscalerController } from '../../src/horizontal-pod-autoscaler/horizontal-pod-autoscaler.ts';
import type { Measured, MetricAnswer } from '../../src/horizontal-pod-autoscaler/metrics.ts';
import { replicasByAverage, replicasByShare, replicasByUtilization, replicasByValue, type Calculated, type Situation } from '../../src/horizontal-pod-autoscaler/replica-calculator.ts';
import { FakeCluster } from '../fake-cluster.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const AUTOSCALERS = 'horizontalpodautoscalers.autoscaling';

type Kind = 'ready' | 'pending' | 'unready' | 'failed' | 'deleted' | 'lost';

function pods(...kinds: readonly Kind[]): readonly Pod[] {
  return kinds.map((kind, index) => ({
    metadata: { name: `p${index}`, ...(kind === 'deleted' ? { deletionTimestamp: '2026-01-01T12:00:00Z' } : {}) }, spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] },
    status: {
      phase: kind === 'pending' ? 'Pending' : kind === 'failed' ? 'Failed' : 'Running', startTime: '2026-01-01T11:00:00Z',
      // One that is lost was ready once.
      conditions: [{ type: 'Ready', status: kind === 'ready' ? 'True' : 'False', lastTransitionTime: kind === 'lost' ? '2026-01-01T11:30:00Z' : '2026-01-01T11:00:10Z' }],
    },
  } as unknown as Pod));
}

function situation(all: readonly Pod[], specReplicas: number = all.length, statusReplicas: number = specReplicas): Situation {
  return { now: NOW, pods: all, specReplicas, statusReplicas, tolerance: { up: 0.1, down: 0.1 } };
}

function samples(...values: readonly (number | undefined)[]): ReadonlyMap<string, number> {
  return new Map(values.flatMap((value, index) => (value === undefined ? [] : [[`p${index}`, value] as const])));
}

describe('a utilization asks for', () => {
  it.each<readonly [string, number, readonly Pod[], readonly (number | undefined)[], number, number]>([
    ['[HPA12] more, by its ratio', 3, pods('ready', 'ready', 'ready'), [750, 750, 750], 5, 75],
    ['[HPA12] fewer, by its ratio', 3, pods('ready', 'ready', 'ready'), [100, 100, 100], 1, 10],
    ['[HPA12] as many, within tolerance', 3, pods('ready', 'ready', 'ready'), [520, 530, 510], 3, 52],
    ['[HPA12] whole percents only', 10, pods('ready'), [559], 10, 55],
    ['[HPA16] more, pending pods taken for idle', 3, pods('ready', 'ready', 'pending'), [900, 900, undefined], 4, 90],
    ['[HPA16] more, though a pod is not ready', 3, pods('ready', 'ready', 'unready'), [900, 900, 900], 4, 90],
    ['[HPA16] more by a pod that was ready once', 3, pods('ready', 'ready', 'lost'), [900, 900, 900], 6, 90],
    ['[HPA16] nothing by pods that failed or go', 2, pods('ready', 'failed', 'deleted', 'ready'), [500, 2000, 2000, 500], 2, 50],
    ['[HPA17] as many, where idle pods would turn it around', 3, pods('ready', 'pending', 'pending'), [600], 3, 60],
    ['[HPA17] as many, where silent pods would make it more', 3, pods('ready', 'ready', 'ready'), [100, 500], 3, 30],
    ['[HPA17] fewer, silent pods taken for busy', 4, pods('ready', 'ready', 'ready', 'ready'), [50, 50, 50], 3, 5],
    ['[HPA17] as many, a silent pod left out at the target', 3, pods('ready', 'ready', 'ready'), [500, 500], 3, 50],
  ])('%s', (_title, specReplicas, all, values, replicas, utilization) => {
    expect(replicasByUtilization(samples(...values), 50, 'cpu', undefined, situation(all, specReplicas))).toMatchObject({ replicas, utilization });
  });

  it('[HPA17] as many, silent pods taken for busy as the target is above 100 %', () => {
    expect(replicasByUtilization(samples(1000), 150, 'cpu', undefined, situation(pods('ready', 'ready')))).toMatchObject({ replicas: 2, utilization: 100 });
  });

  it('[HPA16] nothing of a young pod until it is ready', () => {
    const young = pods('ready', 'lost').map((pod) => ({ ...pod, status: { ...pod.status, startTime: '2026-01-01T11:58:00Z' } })) as unknown as readonly Pod[];
    expect(replicasByUtilization(samples(900, 900), 50, 'cpu', undefined, situation(young))).toMatchObject({ replicas: 2 });
    expect(replicasByUtilization(samples(900, 900), 50, 'memory', undefined, situation(young.map((pod) => ({ ...pod, spec: { containers: [{ name: 'c', resources: { requests: { memory: '1' } } }] } }) as unknown as Pod)))).toMatchObject({ replicas: 4 });
  });

  it.each<readonly [string, object, string | undefined, number | string]>([
    ['all containers and sidecars', { containers: [{ name: 'a', resources: { requests: { cpu: '1' } } }], initContainers: [{ name: 'i' }, { name: 's', restartPolicy: 'Always', resources: { requests: { cpu: '1' } } }] }, undefined, 25],
    ['one container', { containers: [{ name: 'a', resources: { requests: { cpu: '250m' } } }, { name: 'b' }] }, 'a', 200],
    ['the pod as a whole', { containers: [{ name: 'a' }], resources: { requests: { cpu: '500m' } } }, undefined, 100],
    ['one container before the pod as a whole', { containers: [{ name: 'a', resources: { requests: { cpu: '250m' } } }], resources: { requests: { cpu: '1' } } }, 'a', 200],
    ['a container without a request', { containers: [{ name: 'a' }] }, undefined, 'missing request for cpu in container a of Pod p0'],
    ['a container that is not there', { containers: [{ name: 'a', resources: { requests: { cpu: '1' } } }] }, 'z', 'container z not found in Pod p0'],
    ['a pod without a request', { containers: [], resources: { requests: { memory: '1Gi' } } }, undefined, 'missing pod-level request for cpu in Pod p0'],
    ['requests of nothing', { containers: [{ name: 'a', resources: { requests: { cpu: '0' } } }] }, undefined, 'no metrics returned matched known pods'],
  ])('[HPA18] a share of what is requested by %s', (_title, spec, container, wanted) => {
    const all = pods('ready').map((pod) => ({ ...pod, spec })) as unknown as readonly Pod[];
    const found = replicasByUtilization(samples(500), 50, 'cpu', container, situation(all));
    expect(typeof found === 'string' ? found : found.utilization).toBe(wanted);
  });
});

describe('an average asks for', () => {
  it.each<readonly [string, readonly Pod[], readonly (number | undefined)[], number, number]>([
    ['[HPA13] more', pods('ready', 'ready'), [2000, 4000], 6, 3000],
    ['[HPA13] a whole number of thousandths', pods('ready', 'ready'), [1000, 1001], 2, 1000],
    ['[HPA17] as many, silent pods taken for the target', pods('ready', 'ready'), [950], 2, 950],
    ['[HPA17] fewer, silent pods taken for idle at the target', pods('ready', 'ready'), [1000], 1, 1000],
  ])('%s', (_title, all, values, replicas, usage) => {
    expect(replicasByAverage(samples(...values), 1000, '', situation(all))).toEqual({ replicas, usage });
  });
  it.each([['[HPA16] no pods', [], 'no pods returned by selector while calculating replica count'], ['[HPA16] no samples that count', pods('pending'), 'did not receive metrics for targeted pods (pods might be unready)']] as const)('nothing of %s', (_title, all, text) => {
    expect(replicasByAverage(samples(1000), 1000, '', situation(all))).toBe(text);
  });
});

describe('one value asks for', () => {
  it.each<readonly [string, Calculated | string, Calculated | string]>([
    ['[HPA14] its ratio of the ready pods', replicasByValue(45_000, 20_000, situation(pods('ready', 'ready', 'unready'), 3)), { replicas: 5, usage: 45_000 }],
    ['[HPA14] as many, within tolerance', replicasByValue(21_000, 20_000, situation(pods('ready'), 7)), { replicas: 7, usage: 21_000 }],
    ['[HPA14] its ratio where there are none', replicasByValue(45_000, 20_000, situation([], 0)), { replicas: 3, usage: 45_000 }],
    ['[HPA14] nothing without pods', replicasByValue(45_000, 20_000, situation([], 3)), 'no pods returned by selector while calculating replica count'],
    ['[HPA15] a pod for each share', replicasByShare(45_000, 10_000, situation([], 3, 3)), { replicas: 5, usage: 15_000 }],
    ['[HPA15] as many as there are, within tolerance', replicasByShare(31_000, 10_000, situation([], 5, 3)), { replicas: 3, usage: 10_334 }],
  ])('%s', (_title, found, wanted) => {
    expect(found).toEqual(wanted);
  });
});

const CPU: MetricSpec = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } };
const CPU_VALUE: MetricSpec = { type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '500m' } } };
const CONTAINER: MetricSpec = { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'c', target: { type: 'Utilization', averageUtilization: 50 } } };
const PODS: MetricSpec = { type: 'Pods', pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '1' } } };
const OBJECT: MetricSpec = { type: 'Object', object: { describedObject: { apiVersion: 'v1', kind: 'Service', name: 'web' }, metric: { name: 'hits' }, target: { type: 'Value', value: '10' } } };
const OBJECT_SHARE: MetricSpec = { type: 'Object', object: { describedObject: { apiVersion: 'v1', kind: 'Service', name: 'web' }, metric: { name: 'hits' }, target: { type: 'AverageValue', averageValue: '10' } } };
const QUEUE: MetricSpec = { type: 'External', external: { metric: { name: 'queue', selector: { matchLabels: { b: '2', a: '1' } } }, target: { type: 'Value', value: '10' } } };
const QUEUE_SHARE: MetricSpec = { type: 'External', external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '10' } } };
const SELECTOR = '&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{},}';

describe('metrics together', () => {
  const compute = (metrics: readonly MetricSpec[], answers: readonly (Measured | undefined)[], specReplicas = 2): ReturnType<typeof computeReplicas> => {
    let next = 0;
    return computeReplicas(metrics, 'ns', () => answers[next++], situation(pods('ready', 'ready'), specReplicas));
  };
  const each = (value: number): Measured => ({ pods: samples(value, value) });

  it.each<readonly [MetricSpec, Measured, string, object]>([
    [CPU, each(1000), 'cpu resource utilization (percentage of request)', { resource: { name: 'cpu', current: { averageUtilization: 100, averageValue: '1' } } }],
    [CPU_VALUE, each(1250), 'cpu resource', { resource: { name: 'cpu', current: { averageValue: '1250m' } } }],
    [CONTAINER, each(1000), 'cpu container resource utilization (percentage of request)', { containerResource: { name: 'cpu', container: 'c', current: { averageUtilization: 100, averageValue: '1' } } }],
    [PODS, each(2000), 'pods metric rps', { pods: { metric: { name: 'rps' }, current: { averageValue: '2' } } }],
    [OBJECT, { value: 30_000 }, 'Service metric hits', { object: { metric: { name: 'hits' }, current: { value: '30' } } }],
    [OBJECT_SHARE, { value: 60_000 }, 'external metric hits(nil)', { object: { current: { averageValue: '30' } } }],
    [QUEUE, { value: 30_000 }, `external metric queue(${SELECTOR})`, { external: { current: { value: '30' } } }],
    [QUEUE_SHARE, { value: 60_000 }, 'external metric queue(nil)', { external: { current: { averageValue: '30' } } }],
  ])('[HPA11] are named as upstream names them: %j', (metric, answer, name, status) => {
    expect(compute([metric], [answer])).toMatchObject({ name, statuses: [{ type: metric.type, ...status }], failures: [] });
  });

  it.each<readonly [MetricSpec, string, string, string]>([
    [CPU, 'FailedGetResourceMetric', 'failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API', 'failed to get cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API'],
    [CPU_VALUE, 'FailedGetResourceMetric', 'failed to get cpu usage: unable to get metrics for resource cpu: no metrics returned from resource metrics API', 'failed to get cpu resource metric value: failed to get cpu usage: unable to get metrics for resource cpu: no metrics returned from resource metrics API'],
    [CONTAINER, 'FailedGetContainerResourceMetric', 'failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API', 'failed to get c container metric value: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API'],
    [PODS, 'FailedGetPodsMetric', 'unable to get metric rps: no metrics returned from custom metrics API', 'failed to get pods metric value: unable to get metric rps: no metrics returned from custom metrics API'],
    [OBJECT, 'FailedGetObjectMetric', 'unable to get metric hits: Service on ns web/no metrics returned from custom metrics API', 'failed to get object metric value: unable to get metric hits: Service on ns web/no metrics returned from custom metrics API'],
    [QUEUE, 'FailedGetExternalMetric', `unable to get external metric ns/queue/${SELECTOR}: no metrics returned from external metrics API`, `failed to get queue external metric value: failed to get external metric queue: unable to get external metric ns/queue/${SELECTOR}: no metrics returned from external metrics API`],
    [QUEUE_SHARE, 'FailedGetExternalMetric', 'unable to get external metric ns/queue/nil: no metrics returned from external metrics API', 'failed to get queue external metric value: failed to get queue external metric: unable to get external metric ns/queue/nil: no metrics returned from external metrics API'],
  ])('[HPA11] fail in upstream words: %j', (metric, reason, text, error) => {
    const found = compute([metric], [undefined]);
    expect(found.replicas).toBeUndefined();
    expect(found.failures).toEqual([{ reason, message: `the HPA was unable to compute the replica count: ${text}`, error }]);
    expect(found.error).toBe(`invalid metrics (1 invalid out of 1), first error is: ${error}`);
    expect(found.statuses).toEqual([{ type: '' }]);
  });

  it('[HPA9] the highest counts', () => {
    expect(compute([CPU, PODS], [each(600), each(3000)])).toMatchObject({ replicas: 6, name: 'pods metric rps' });
  });
  it('[HPA10] a silent metric keeps the others from asking for fewer, not from asking for more', () => {
    expect(compute([CPU, PODS], [undefined, each(3000)])).toMatchObject({ replicas: 6, statuses: [{ type: '' }, { type: 'Pods' }] });
    expect(compute([CPU, PODS], [undefined, each(100)]).replicas).toBeUndefined();
    expect(compute([CPU, PODS], [undefined, each(1000)])).toMatchObject({ replicas: 2 });
  });
});

describe('a target follows', () => {
  const autoscaler = (behavior?: object): HorizontalPodAutoscaler => ({ spec: { minReplicas: 2, maxReplicas: 20, ...(behavior === undefined ? {} : { behavior }) } } as unknown as HorizontalPodAutoscaler);
  const UP = { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, { type: 'Percent', value: 100, periodSeconds: 15 }] };
  const DOWN = { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] };

  it.each([
    [3, 20, 6, 'ScaleUpLimit'], [1, 20, 4, 'ScaleUpLimit'], [10, 30, 20, 'TooManyReplicas'], [10, 1, 2, 'TooFewReplicas'], [10, 5, 5, 'DesiredWithinRange'],
  ])('[HPA22] without rules from %i to %i only as far as %i: %s', (current, desired, replicas, reason) => {
    expect(limit(autoscaler(), EMPTY_MEMORY, current, desired, NOW)).toMatchObject({ replicas, reason });
  });
  it.each([
    [3, 20, 7, 'ScaleUpLimit'], [10, 30, 20, 'TooManyReplicas'], [10, 1, 2, 'TooFewReplicas'], [10, 5, 5, 'DesiredWithinRange'],
  ])('[HPA23] by the default rules from %i to %i only as far as %i: %s', (current, desired, replicas, reason) => {
    expect(limit(autoscaler({ scaleUp: UP, scaleDown: DOWN }), EMPTY_MEMORY, current, desired, NOW)).toMatchObject({ replicas, reason });
  });
  it('[HPA23] a policy over its period', () => {
    const rules = autoscaler({ scaleUp: { policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }] }, scaleDown: { policies: [{ type: 'Percent', value: 10, periodSeconds: 60 }] } });
    const memory = withScaling(EMPTY_MEMORY, rules, 4, 6, NOW - 30_000);
    expect(limit(rules, memory, 6, 12, NOW)).toMatchObject({ replicas: 6, reason: 'ScaleUpLimit', isForNow: true });
    expect(limit(rules, memory, 6, 12, NOW + 30_000).replicas).toBe(8);
    expect(limit(rules, EMPTY_MEMORY, 20, 2, NOW)).toMatchObject({ replicas: 18, reason: 'ScaleDownLimit' });
    // What went down within the period of the rule may come back on top.
    expect(limit(rules, withScaling(EMPTY_MEMORY, rules, 10, 6, NOW - 30_000), 6, 20, NOW).replicas).toBe(12);
  });
  it('[HPA23] the least change, or none', () => {
    const policies = [{ type: 'Pods', value: 1, periodSeconds: 15 }, { type: 'Percent', value: 50, periodSeconds: 15 }];
    expect(limit(autoscaler({ scaleUp: { selectPolicy: 'Min', policies } }), EMPTY_MEMORY, 10, 20, NOW).replicas).toBe(11);
    expect(limit(autoscaler({ scaleDown: { selectPolicy: 'Min', policies } }), EMPTY_MEMORY, 10, 2, NOW).replicas).toBe(9);
    expect(limit(autoscaler({ scaleUp: { selectPolicy: 'Disabled', policies } }), EMPTY_MEMORY, 10, 20, NOW)).toMatchObject({ replicas: 10, reason: 'ScaleUpLimit', isForNow: false });
    expect(limit(autoscaler({ scaleDown: { selectPolicy: 'Disabled', policies } }), EMPTY_MEMORY, 10, 2, NOW)).toMatchObject({ replicas: 10, reason: 'ScaleDownLimit' });
  });
  it('[HPA20] downwards only when nothing higher was recommended within five minutes', () => {
    const memory = withRecommendation(EMPTY_MEMORY, 8, NOW - 300_000);
    expect(stabilize(autoscaler(), memory, 10, 3, NOW)).toMatchObject({ replicas: 8, reason: 'ScaleDownStabilized' });
    expect(stabilize(autoscaler(), memory, 10, 3, NOW + 1)).toMatchObject({ replicas: 3, reason: 'ReadyForNewScale' });
    expect(stabilize(autoscaler(), memory, 5, 9, NOW)).toMatchObject({ replicas: 9, reason: 'ReadyForNewScale' });
  });
  it('[HPA21] upwards and downwards by their windows', () => {
    const rules = autoscaler({ scaleUp: { ...UP, stabilizationWindowSeconds: 60 }, scaleDown: { ...DOWN, stabilizationWindowSeconds: 30 } });
    const memory = withRecommendation(withRecommendation(EMPTY_MEMORY, 12, NOW - 40_000), 6, NOW - 20_000);
    expect(stabilize(rules, memory, 5, 10, NOW)).toMatchObject({ replicas: 6, reason: 'ScaleUpStabilized' });
    expect(stabilize(rules, memory, 10, 3, NOW)).toMatchObject({ replicas: 6, reason: 'ScaleDownStabilized' });
    expect(stabilize(rules, memory, 10, 3, NOW + 10_000)).toMatchObject({ replicas: 3 });
    expect(stabilize(rules, memory, 5, 10, NOW + 40_000)).toMatchObject({ replicas: 10 });
  });
  it('[HPA24] from what it had at first', () => {
    const memory = withInitialRecommendation(EMPTY_MEMORY, 10, NOW);
    expect(stabilize(autoscaler(), memory, 10, 3, NOW)).toMatchObject({ replicas: 10, reason: 'ScaleDownStabilized' });
    expect(withInitialRecommendation(memory, 4, NOW + 1)).toBe(memory);
  });
  it('[HPA19] within a tolerance of its own where the release has it', () => {
    const rules = autoscaler({ scaleUp: { ...UP, tolerance: '0' }, scaleDown: { ...DOWN, tolerance: '50m' } });
    expect(toleranceOf(rules, { kubernetes: '1.37', featureGates: {} })).toEqual({ up: 0, down: 0.05 });
    expect(toleranceOf(rules, { kubernetes: '1.34', featureGates: {} })).toEqual({ up: 0.1, down: 0.1 });
    expect(toleranceOf(autoscaler(), { kubernetes: '1.37', featureGates: {} })).toEqual({ up: 0.1, down: 0.1 });
  });
});

describe('the controller', () => {
  const EXTERNAL = { type: 'External', external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '500m' } } };
  function world(spec: object, measure: () => MetricAnswer | undefined, replicas = 2): FakeCluster {
    const c = new FakeCluster(createHorizontalPodAutoscalerController({ name: 'test/1', measure }));
    c.create('deployments.apps', { metadata: { name: 'web', namespace: 'ns' }, spec: { replicas }, status: { replicas, selector: 'app=web' } });
    for (const index of [0, 1]) c.create('pods', { metadata: { name: `p${index}`, namespace: 'ns', labels: { app: 'web' } }, spec: { containers: [] }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } });
    create(c, 'h', spec);
    return c;
  }
  function create(c: FakeCluster, name: string, spec: object): void {
    c.create(AUTOSCALERS, { metadata: { name, namespace: 'ns' }, spec: { minReplicas: 1, maxReplicas: 10, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, metrics: [EXTERNAL], ...spec } });
  }
  const condition = (c: FakeCluster, type: string, name = 'h'): object => (c.get(AUTOSCALERS, `ns/${name}`).status.conditions as readonly { readonly type: string }[]).find((one) => one.type === type) ?? {};
  const replicas = (c: FakeCluster): number => c.get('deployments.apps', 'ns/web').spec.replicas;

  it('[HPA1] [HPA2] [HPA7] looks a period after it was made, and every period from then on', () => {
    let load = 3;
    const c = world({}, () => ({ value: load }));
    c.advance(14_999);
    expect(replicas(c)).toBe(2);
    c.advance(1);
    expect(replicas(c)).toBe(4);
    c.patch('deployments.apps', 'ns/web', { status: { replicas: 4 } });
    c.advance(15_000);
    expect(replicas(c)).toBe(6);
    expect(c.events).toEqual(['Normal SuccessfulRescale New size: 4; reason: external metric queue(nil) above target', 'Normal SuccessfulRescale New size: 6; reason: external metric queue(nil) above target']);
    expect(c.get(AUTOSCALERS, 'ns/h').status).toMatchObject({ currentReplicas: 4, desiredReplicas: 6, lastScaleTime: '2026-01-01T00:00:30Z', currentMetrics: [{ type: 'External' }] });
    expect(condition(c, 'AbleToScale')).toMatchObject({ status: 'True', reason: 'SucceededRescale', message: 'the HPA controller was able to update the target scale to 6' });
    expect(condition(c, 'ScalingActive')).toMatchObject({ status: 'True', reason: 'ValidMetricFound', message: 'the HPA was able to successfully calculate a replica count from external metric queue(nil)' });
    c.patch('deployments.apps', 'ns/web', { status: { replicas: 6 } });
    load = 0.5;
    c.advance(60_000);
    expect(replicas(c)).toBe(6);
    expect(condition(c, 'AbleToScale')).toMatchObject({ reason: 'ScaleDownStabilized' });
    c.advance(300_000);
    expect(replicas(c)).toBe(1);
    expect(c.events.at(-1)).toBe('Normal SuccessfulRescale New size: 1; reason: All metrics below target');
  });

  it('[HPA25] writes nothing while nothing changes', () => {
    const c = world({}, () => ({ value: 1 }));
    c.advance(15_000);
    expect(c.taken()).toEqual([`update ${AUTOSCALERS}/status h`]);
    c.advance(3_600_000);
    expect(c.taken()).toEqual([]);
    expect(c.waiting()).toEqual([]);
  });

  it.each<readonly [string, object, string]>([
    ['a target that is not there', { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'gone' } }, 'deployments.apps "gone" not found'],
    ['a kind that is not there', { scaleTargetRef: { apiVersion: 'x.io/v1', kind: 'Thing', name: 'web' } }, 'no matches for kind "Thing" in group "x.io"'],
    ['a version that is none', { scaleTargetRef: { apiVersion: 'a/b/c', kind: 'Thing', name: 'web' } }, 'unexpected GroupVersion string: a/b/c'],
  ])('[HPA3] [HPA4] says that it cannot get the scale of %s', (_title, spec, text) => {
    const c = world(spec, () => ({ value: 3 }));
    c.advance(15_000);
    expect(c.takenEvents()).toEqual([`Warning FailedGetScale ${text}`]);
    expect(condition(c, 'AbleToScale')).toMatchObject({ status: 'False', reason: 'FailedGetScale', message: `the HPA controller was unable to get the target's current scale: ${text}` });
    c.advance(15_000);
    expect(c.takenEvents().length).toBe(1);
  });

  it('[HPA5] leaves a target of no pods alone', () => {
    const c = world({}, () => ({ value: 30 }), 0);
    c.advance(30_000);
    expect(replicas(c)).toBe(0);
    expect(condition(c, 'ScalingActive')).toMatchObject({ status: 'False', reason: 'ScalingDisabled', message: 'scaling is disabled since the replica count of the target is zero' });
    expect(c.get(AUTOSCALERS, 'ns/h').status).toMatchObject({ currentReplicas: 0, desiredReplicas: 0 });
  });

  it.each([[20, {}, 10, 'Current number of replicas above Spec.MaxReplicas'], [2, { minReplicas: 5 }, 5, 'Current number of replicas below Spec.MinReplicas']])('[HPA6] brings %i pods into its bounds without metrics', (current, spec, wanted, reason) => {
    const c = world(spec, () => undefined, current);
    c.advance(15_000);
    expect(replicas(c)).toBe(wanted);
    expect(c.takenEvents()).toEqual([`Normal SuccessfulRescale New size: ${wanted}; reason: ${reason}`]);
  });

  it('[HPA7] says that it cannot scale', () => {
    const c = world({}, () => ({ value: 3 }));
    c.faults.push({ verb: 'update', resource: 'deployments.apps', reason: 'Conflict', message: 'somebody was faster', times: 1 });
    c.advance(15_000);
    expect(c.takenEvents()).toEqual(['Warning FailedRescale New size: 4; reason: external metric queue(nil) above target; error: somebody was faster']);
    expect(condition(c, 'AbleToScale')).toMatchObject({ status: 'False', reason: 'FailedUpdateScale', message: 'the HPA controller was unable to update the target scale: somebody was faster' });
    c.advance(15_000);
    expect(replicas(c)).toBe(4);
  });

  it('[HPA8] tells a target without a selector, one with a bad selector, and one of two autoscalers', () => {
    const c = world({}, () => ({ value: 3 }));
    c.patch('deployments.apps', 'ns/web', { status: { selector: '' } });
    c.advance(15_000);
    expect(c.takenEvents()).toEqual(['Warning SelectorRequired selector is required', 'Warning FailedComputeMetricsReplicas selector is required']);
    expect(condition(c, 'ScalingActive')).toMatchObject({ status: 'False', reason: 'InvalidSelector', message: "the HPA target's scale is missing a selector" });
    c.patch('deployments.apps', 'ns/web', { status: { selector: 'app in web' } });
    c.advance(15_000);
    expect(c.takenEvents()[0]).toMatch(/^Warning InvalidSelector couldn't convert selector into a corresponding internal selector object: /);
    c.patch('deployments.apps', 'ns/web', { status: { selector: 'app=web' } });
    create(c, 'i', {});
    c.advance(29_000);
    const text = 'pods by selector app=web are controlled by multiple HPAs: [ns/h ns/i]';
    expect(c.takenEvents()).toContain(`Warning AmbiguousSelector ${text}`);
    expect(condition(c, 'ScalingActive', 'i')).toMatchObject({ status: 'False', reason: 'AmbiguousSelector', message: text });
    c.delete(AUTOSCALERS, 'ns/i');
    c.advance(15_000);
    expect(condition(c, 'ScalingActive')).toMatchObject({ status: 'True' });
  });

  it('[HPA10] says what metrics are missing', () => {
    const c = world({ metrics: [CPU] }, () => undefined);
    c.advance(15_000);
    const text = 'failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API';
    expect(c.takenEvents()).toEqual([`Warning FailedGetResourceMetric ${text}`, `Warning FailedComputeMetricsReplicas invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: ${text}`]);
    expect(condition(c, 'ScalingActive')).toMatchObject({ status: 'False', reason: 'FailedGetResourceMetric', message: `the HPA was unable to compute the replica count: ${text}` });
    expect(replicas(c)).toBe(2);
  });

  it.each<readonly [MetricSpec, MetricAnswer, RegExp]>([
    [CPU, { value: 1 }, /metrics 'test\/1': a Resource metric is answered with \{ pods/], [QUEUE, { pods: {} }, /metrics 'test\/1': a External metric is answered with \{ value \}/],
    [CPU, { pods: { p0: 'much' } }, /metrics 'test\/1': pods\['p0'\] must be a quantity such as 250m, not much/],
  ])('refuses an answer that is none: %j', (metric, answer, text) => {
    expect(() => world({ metrics: [metric] }, () => answer).advance(15_000)).toThrow(text);
  });
});
