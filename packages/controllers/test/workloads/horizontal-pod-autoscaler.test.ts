// How many replicas metrics ask for, and how fast a target follows.
import type { HorizontalPodAutoscaler, MetricSpec, Pod } from '@kubesim/api';
import { describe, expect, it } from 'vitest';
import { createHorizontalPodAutoscalerController } from '../../src/horizontal-pod-autoscaler/horizontal-pod-autoscaler.ts';
import { FakeCluster } from '../fake-cluster.ts';
import { EMPTY_MEMORY, limit, stabilize, withRecommendation, withScaling } from '../../src/horizontal-pod-autoscaler/behaviour.ts';
import { proposeReplicas, type Proposal } from '../../src/horizontal-pod-autoscaler/replica-calculator.ts';
import { parseSelectorText } from '../../src/horizontal-pod-autoscaler/scale-selector.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const CPU: MetricSpec = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } };

function pods(...kinds: readonly ('ready' | 'pending' | 'unready')[]): readonly Pod[] {
  return kinds.map((kind, index) => ({
    metadata: { name: `p${index}` }, spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] },
    status: {
      phase: kind === 'pending' ? 'Pending' : 'Running', startTime: '2026-01-01T11:00:00Z',
      conditions: [{ type: 'Ready', status: kind === 'ready' ? 'True' : 'False', lastTransitionTime: '2026-01-01T11:00:10Z' }],
    },
  } as unknown as Pod));
}

// From upstream's own cases: pkg/controller/podautoscaler/replica_calculator_test.go.
describe('a metric asks for', () => {
  it.each([
    ['more, by its ratio', 3, pods('ready', 'ready', 'ready'), { p0: 750, p1: 750, p2: 750 }, 5],
    ['fewer, by its ratio', 3, pods('ready', 'ready', 'ready'), { p0: 100, p1: 100, p2: 100 }, 1],
    ['as many, within tolerance', 3, pods('ready', 'ready', 'ready'), { p0: 520, p1: 530, p2: 510 }, 3],
    ['more, pending pods taken for idle', 3, pods('ready', 'ready', 'pending'), { p0: 900, p1: 900, p2: 0 }, 4],
    ['as many, where idle pods would turn it around', 3, pods('ready', 'pending', 'pending'), { p0: 600 }, 3],
    ['as many, where silent pods would make it more', 3, pods('ready', 'ready', 'ready'), { p0: 100, p1: 500 }, 3],
    ['fewer, silent pods taken for busy', 4, pods('ready', 'ready', 'ready', 'ready'), { p0: 50, p1: 50, p2: 50 }, 3],
    ['more, though a pod is not ready', 3, pods('ready', 'ready', 'unready'), { p0: 900, p1: 900, p2: 900 }, 4],
  ])('%s', (_title, specReplicas, all, measured, wanted) => {
    const proposal = proposeReplicas(CPU, { pods: measured }, { now: NOW, pods: all, specReplicas, statusReplicas: specReplicas, tolerance: { up: 0.1, down: 0.1 } });
    expect((proposal as Proposal).replicas).toBe(wanted);
  });

  it.each([
    ['Value', { type: 'Value', value: '20' }, 45_000, 7], ['AverageValue', { type: 'AverageValue', averageValue: '10' }, 45_000, 5],
  ])('by an external %s', (_title, target, value, wanted) => {
    const metric: MetricSpec = { type: 'External', external: { metric: { name: 'queue' }, target } };
    const situation = { now: NOW, pods: pods('ready', 'ready', 'ready'), specReplicas: 3, statusReplicas: 3, tolerance: { up: 0.1, down: 0.1 } };
    expect((proposeReplicas(metric, { value }, situation) as Proposal).replicas).toBe(wanted);
    expect(proposeReplicas(metric, undefined, situation)).toMatch(/^unable to get metric/);
  });
});

describe('a target follows', () => {
  const autoscaler = (behavior?: object): HorizontalPodAutoscaler => ({ spec: { minReplicas: 2, maxReplicas: 20, behavior } } as unknown as HorizontalPodAutoscaler);
  it.each([
    [3, 20, 7, 'ScaleUpLimit'], [10, 30, 20, 'TooManyReplicas'], [10, 1, 2, 'TooFewReplicas'], [10, 5, 5, 'DesiredWithinRange'],
  ])('from %i to %i only as far as %i: %s', (current, desired, replicas, reason) => {
    expect(limit(autoscaler(), EMPTY_MEMORY, current, desired, NOW)).toMatchObject({ replicas, reason });
  });
  it('a policy over its period', () => {
    const rules = autoscaler({ scaleUp: { policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }] }, scaleDown: { policies: [{ type: 'Percent', value: 10, periodSeconds: 60 }] } });
    const memory = withScaling(EMPTY_MEMORY, 4, 6, NOW - 30_000);
    expect(limit(rules, memory, 6, 12, NOW)).toMatchObject({ replicas: 6, reason: 'ScaleUpLimit' });
    expect(limit(rules, memory, 6, 12, NOW + 40_000).replicas).toBe(8);
    expect(limit(rules, EMPTY_MEMORY, 20, 2, NOW)).toMatchObject({ replicas: 18, reason: 'ScaleDownLimit' });
  });
  it('downwards only when nothing higher was recommended within the window', () => {
    const memory = withRecommendation(EMPTY_MEMORY, 8, NOW - 200_000);
    expect(stabilize(autoscaler(), memory, 10, 3, NOW)).toMatchObject({ replicas: 8, reason: 'ScaleDownStabilized' });
    expect(stabilize(autoscaler(), memory, 10, 3, NOW + 200_000)).toMatchObject({ replicas: 3, reason: 'ReadyForNewScale' });
  });
});

describe('a selector text', () => {
  it.each([
    ['app=web', [{ key: 'app', operator: 'In', values: ['web'] }]],
    ['a!=b,tier in (x,y),!old,new', [
      { key: 'a', operator: 'NotIn', values: ['b'] }, { key: 'tier', operator: 'In', values: ['x', 'y'] }, { key: 'old', operator: 'DoesNotExist' }, { key: 'new', operator: 'Exists' },
    ]],
  ])('%s', (text, matchExpressions) => {
    expect(parseSelectorText(text)).toEqual({ matchExpressions });
  });
});

describe('the controller', () => {
  it('scales by metrics every 15 s, and keeps a target within its bounds', () => {
    let load = 3000;
    const c = new FakeCluster(createHorizontalPodAutoscalerController(() => ({ value: load })));
    const scale = { metadata: { name: 'web', namespace: 'ns' }, spec: { replicas: 2 }, status: { replicas: 2, selector: 'app=web' } };
    c.create('deployments.apps', scale);
    for (const index of [0, 1]) c.create('pods', { metadata: { name: `p${index}`, namespace: 'ns', labels: { app: 'web' } }, spec: { containers: [] }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } });
    c.create('horizontalpodautoscalers.autoscaling', {
      metadata: { name: 'h', namespace: 'ns' },
      spec: {
        minReplicas: 1, maxReplicas: 10, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        metrics: [{ type: 'External', external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '500m' } } }],
      },
    });
    c.settle();
    expect(c.get('deployments.apps', 'ns/web').spec.replicas).toBe(6);
    expect(c.events).toEqual(['Normal SuccessfulRescale New size: 6; reason: external metric queue above target']);
    expect(c.get('horizontalpodautoscalers.autoscaling', 'ns/h').status).toMatchObject({ currentReplicas: 2, desiredReplicas: 6 });
    c.patch('deployments.apps', 'ns/web', { status: { replicas: 6 } });
    load = 500;
    c.advance(60_000);
    expect(c.get('deployments.apps', 'ns/web').spec.replicas).toBe(6);
    c.advance(300_000);
    expect(c.get('deployments.apps', 'ns/web').spec.replicas).toBe(1);
    expect(c.events.at(-1)).toBe('Normal SuccessfulRescale New size: 1; reason: All metrics below target');
  });
});
