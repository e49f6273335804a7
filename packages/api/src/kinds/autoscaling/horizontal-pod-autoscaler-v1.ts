// autoscaling/v1 HorizontalPodAutoscaler: the older form of what is stored as autoscaling/v2.
// Upstream: pkg/apis/autoscaling/v1/conversion.go (1.37).
import type { HorizontalPodAutoscaler } from '../../generated/types.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import type { KubeObject } from '../../request.ts';
import { horizontalPodAutoscalerKind } from './horizontal-pod-autoscaler.ts';

type Metric = NonNullable<HorizontalPodAutoscaler['spec']['metrics']>[number];

const isCpu = (metric: Metric): boolean => metric.type === 'Resource' && metric.resource?.name === 'cpu' && metric.resource.target.averageUtilization !== undefined;

function toStored(object: KubeObject): KubeObject {
  const { targetCPUUtilizationPercentage: target, ...spec } = object['spec'] as Readonly<Record<string, unknown>>;
  const { currentCPUUtilizationPercentage: current, ...status } = (object['status'] ?? {}) as Readonly<Record<string, unknown>>;
  const metrics = target === undefined ? {} : { metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target } } }] };
  const seen = current === undefined ? null : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: current } } }];
  return { ...object, apiVersion: 'autoscaling/v2', spec: { ...spec, ...metrics }, status: { ...status, currentMetrics: seen } };
}

/** Upstream: metrics other than the use of cpu, behaviour and conditions go into annotations, which are not made here. */
function fromStored(object: KubeObject): KubeObject {
  const { metrics, behavior: _behavior, ...spec } = object['spec'] as HorizontalPodAutoscaler['spec'];
  const { currentMetrics, conditions: _conditions, currentReplicas = 0, desiredReplicas = 0, ...status } = (object['status'] ?? {}) as NonNullable<HorizontalPodAutoscaler['status']>;
  const target = metrics?.find(isCpu)?.resource?.target.averageUtilization;
  const current = currentMetrics?.find((metric) => metric.type === 'Resource' && metric.resource?.name === 'cpu')?.resource?.current.averageUtilization;
  return {
    ...object, apiVersion: 'autoscaling/v1', spec: { ...spec, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) },
    status: { ...status, currentReplicas, desiredReplicas, ...(current === undefined ? {} : { currentCPUUtilizationPercentage: current }) },
  };
}

/** HorizontalPodAutoscaler, as autoscaling/v1 shows it. @public */
export const horizontalPodAutoscalerV1Kind: KindDefinition = defineKind<KubeObject>({
  group: 'autoscaling', version: 'v1', kind: 'HorizontalPodAutoscaler', resource: 'horizontalpodautoscalers', singular: 'horizontalpodautoscaler', shortNames: ['hpa'], categories: ['all'], namespaced: true, hasGeneration: true,
  subresources: { status: true },
  storedAs: { resource: 'horizontalpodautoscalers.autoscaling', toStored, fromStored },
  ...(horizontalPodAutoscalerKind.columns === undefined ? {} : { columns: horizontalPodAutoscalerKind.columns }),
  cells: (object, now) => horizontalPodAutoscalerKind.cells?.(toStored(object), now) ?? [],
});
