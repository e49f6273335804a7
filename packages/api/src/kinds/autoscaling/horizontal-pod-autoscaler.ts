// autoscaling/v2 HorizontalPodAutoscaler. Upstream: pkg/apis/autoscaling/v2/defaults.go, pkg/apis/autoscaling/validation/validation.go (1.37).
import { mapField, withDefaults, withField } from '../../edit.ts';
import { forbidden, invalid, notSupported, required, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import type { HPAScalingRules, HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec, MetricSpec, MetricStatus, MetricTarget } from '../../generated/types.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { pathSegmentErrors } from '../../names/names.ts';
import { quantityNanos } from '../../quantity/quantity.ts';
import type { KubeObject } from '../../request.ts';
import { ageCell } from '../../table/cells.ts';

type StoredAutoscaler = HorizontalPodAutoscaler & KubeObject;

const WINDOW_SECONDS_MAX = 3600;
const PERIOD_SECONDS_MAX = 1800;
const UTILIZATION = 80;
const SOURCES = { Object: 'object', Pods: 'pods', Resource: 'resource', ContainerResource: 'containerResource', External: 'external' } as const;
const SOURCE_TYPES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];

const POLICIES = { up: 'spec.behavior.scaleUp.policies', down: 'spec.behavior.scaleDown.policies' } as const;
const UP: HPAScalingRules = { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, { type: 'Percent', value: 100, periodSeconds: 15 }] };
const DOWN: HPAScalingRules = { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] };

function defaultSpec(spec: HorizontalPodAutoscalerSpec, emptyLists: ReadonlySet<string> | undefined): HorizontalPodAutoscalerSpec {
  // Rules without policies get upstream's, but an empty list of policies stays one, and is refused.
  const rulesFor = (rules: HPAScalingRules, path: string): HPAScalingRules => (emptyLists?.has(path) === true ? { ...rules, policies: undefined } : rules);
  const counted = withDefaults(spec, { minReplicas: 1 });
  const measured = (counted.metrics ?? []).length > 0 ? counted : withField(counted, 'metrics', [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: UTILIZATION } } }]);
  return mapField(measured, 'behavior', (behavior) => ({ ...behavior, scaleUp: withDefaults(behavior.scaleUp ?? {}, rulesFor(UP, POLICIES.up)), scaleDown: withDefaults(behavior.scaleDown ?? {}, rulesFor(DOWN, POLICIES.down)) }));
}

function validateTarget(target: MetricTarget, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { type = '', value, averageValue, averageUtilization } = target;
  if (type === '') errors.push(required(path.child('type'), 'must specify a metric target type'));
  else if (type !== 'Utilization' && type !== 'Value' && type !== 'AverageValue') errors.push(invalid(path.child('type'), type, 'must be either Utilization, Value, or AverageValue'));
  if (value !== undefined && quantityNanos(value) <= 0n) errors.push(invalid(path.child('value'), value, 'must be positive'));
  if (averageValue !== undefined && quantityNanos(averageValue) <= 0n) errors.push(invalid(path.child('averageValue'), averageValue, 'must be positive'));
  if (averageUtilization !== undefined && averageUtilization < 1) errors.push(invalid(path.child('averageUtilization'), averageUtilization, 'must be greater than 0'));
  return errors;
}

function validateResourceTarget(target: MetricTarget, path: FieldPath): readonly FieldError[] {
  if (target.averageUtilization === undefined && target.averageValue === undefined) return [required(path.child('averageUtilization'), 'must set either a target raw value or a target utilization')];
  if (target.averageUtilization !== undefined && target.averageValue !== undefined) return [forbidden(path.child('averageValue'), 'may not set both a target raw value and a target utilization')];
  return [];
}

function validateMetricName(name: string, path: FieldPath): readonly FieldError[] {
  return name === '' ? [required(path, 'must specify a metric name')] : pathSegmentErrors(name).map((text) => invalid(path, name, text));
}

function validateSource(metric: MetricSpec, path: FieldPath): readonly FieldError[] {
  const { object, pods, resource, containerResource, external } = metric;
  const errors: FieldError[] = [];
  const neither = 'must set either a target value for metric or a per-pod target';
  if (object !== undefined) {
    const at = path.child('object');
    errors.push(...validateReference(object.describedObject, at.child('describedObject')), ...validateMetricName(object.metric.name, at.child('metric', 'name')), ...validateTarget(object.target, at.child('target')));
    if (object.target.value === undefined && object.target.averageValue === undefined) errors.push(required(at.child('target', 'averageValue'), neither));
  }
  if (external !== undefined) {
    const at = path.child('external');
    errors.push(...validateMetricName(external.metric.name, at.child('metric', 'name')), ...validateTarget(external.target, at.child('target')));
    if (external.target.value === undefined && external.target.averageValue === undefined) errors.push(required(at.child('target', 'averageValue'), neither));
    if (external.target.value !== undefined && external.target.averageValue !== undefined) errors.push(forbidden(at.child('target', 'value'), 'may not set both a target value for metric and a per-pod target'));
  }
  if (pods !== undefined) {
    const at = path.child('pods');
    errors.push(...validateMetricName(pods.metric.name, at.child('metric', 'name')), ...validateTarget(pods.target, at.child('target')));
    if (pods.target.averageValue === undefined) errors.push(required(at.child('target', 'averageValue'), 'must specify a positive target averageValue'));
  }
  if (containerResource !== undefined) {
    const at = path.child('containerResource');
    if (containerResource.name === '') errors.push(required(at.child('name'), 'must specify a resource name'));
    if (containerResource.container === '') errors.push(required(at.child('container'), 'must specify a container'));
    errors.push(...validateTarget(containerResource.target, at.child('target')), ...validateResourceTarget(containerResource.target, at.child('target')));
  }
  if (resource !== undefined) {
    const at = path.child('resource');
    if (resource.name === '') errors.push(required(at.child('name'), 'must specify a resource name'));
    errors.push(...validateTarget(resource.target, at.child('target')), ...validateResourceTarget(resource.target, at.child('target')));
  }
  return errors;
}

function validateMetric(metric: MetricSpec, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { type = '' } = metric;
  const field = Object.hasOwn(SOURCES, type) ? SOURCES[type as keyof typeof SOURCES] : undefined;
  if (type === '') errors.push(required(path.child('type'), 'must specify a metric source type'));
  else if (field === undefined) errors.push(notSupported(path.child('type'), type, SOURCE_TYPES));
  errors.push(...validateSource(metric, path));
  if (field !== undefined) {
    if (metric[field] === undefined) errors.push(required(path.child(field), 'must populate information for the given metric source'));
    for (const other of Object.values(SOURCES)) if (other !== field && metric[other] !== undefined && metric[field] !== undefined) errors.push(forbidden(path.child(other), 'must populate the given metric source only'));
  }
  return errors;
}

function validateRules(rules: HPAScalingRules | undefined, path: FieldPath): readonly FieldError[] {
  if (rules === undefined) return [];
  const errors: FieldError[] = [];
  const { stabilizationWindowSeconds: window, selectPolicy } = rules;
  if (window !== undefined && window < 0) errors.push(invalid(path.child('stabilizationWindowSeconds'), window, 'must be greater than or equal to zero'));
  if (window !== undefined && window > WINDOW_SECONDS_MAX) errors.push(invalid(path.child('stabilizationWindowSeconds'), window, `must be less than or equal to ${WINDOW_SECONDS_MAX}`));
  if (selectPolicy !== undefined && !['Disabled', 'Max', 'Min'].includes(selectPolicy)) errors.push(notSupported(path.child('selectPolicy'), selectPolicy, ['Disabled', 'Max', 'Min']));
  if ((rules.policies ?? []).length === 0) errors.push(required(path.child('policies'), 'must specify at least one Policy'));
  for (const [index, policy] of (rules.policies ?? []).entries()) {
    const at = path.child('policies').index(index);
    if (policy.type !== 'Pods' && policy.type !== 'Percent') errors.push(notSupported(at.child('type'), policy.type, ['Percent', 'Pods']));
    if (policy.value <= 0) errors.push(invalid(at.child('value'), policy.value, 'must be greater than zero'));
    if (policy.periodSeconds <= 0) errors.push(invalid(at.child('periodSeconds'), policy.periodSeconds, 'must be greater than zero'));
    if (policy.periodSeconds > PERIOD_SECONDS_MAX) errors.push(invalid(at.child('periodSeconds'), policy.periodSeconds, `must be less than or equal to ${PERIOD_SECONDS_MAX}`));
  }
  if (rules.tolerance !== undefined && quantityNanos(rules.tolerance) < 0n) errors.push(invalid(path.child('tolerance'), rules.tolerance, 'must be greater than or equal to 0'));
  return errors;
}

function validateReference(reference: HorizontalPodAutoscalerSpec['scaleTargetRef'], path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['kind', 'name'] as const) {
    const value = reference[field] ?? '';
    if (value === '') errors.push(required(path.child(field)));
    else errors.push(...pathSegmentErrors(value).map((text) => invalid(path.child(field), value, text)));
  }
  return errors;
}

function validateSpec({ spec }: StoredAutoscaler): readonly FieldError[] {
  const path = fieldPath('spec');
  const errors: FieldError[] = [];
  const { minReplicas, maxReplicas = 0, scaleTargetRef } = spec;
  if (minReplicas !== undefined && minReplicas < 1) errors.push(invalid(path.child('minReplicas'), minReplicas, 'must be greater than or equal to 1'));
  if (minReplicas !== undefined && maxReplicas < minReplicas) errors.push(invalid(path.child('maxReplicas'), maxReplicas, 'must be greater than or equal to `minReplicas`'));
  errors.push(...validateReference(scaleTargetRef, path.child('scaleTargetRef')));
  const group = scaleTargetRef.apiVersion ?? '';
  if (group === '' && scaleTargetRef.kind !== 'ReplicationController') errors.push(invalid(path.child('scaleTargetRef', 'apiVersion'), group, 'apiVersion must specify API group'));
  for (const [index, metric] of (spec.metrics ?? []).entries()) errors.push(...validateMetric(metric, path.child('metrics').index(index)));
  errors.push(...validateRules(spec.behavior?.scaleUp, path.child('behavior', 'scaleUp')), ...validateRules(spec.behavior?.scaleDown, path.child('behavior', 'scaleDown')));
  // These rules are declared with the type upstream, and such rules come last.
  if (maxReplicas === 0) errors.push(required(path.child('maxReplicas')));
  else if (maxReplicas < 0) errors.push(invalid(path.child('maxReplicas'), maxReplicas, 'must be greater than or equal to 1'));
  return errors;
}

function resourceText(name: string, target: MetricTarget, current: MetricStatus['resource'] | undefined): string {
  if (target.averageValue !== undefined) return `${name}: ${current?.current.averageValue ?? '<unknown>'}/${target.averageValue}`;
  const now = current?.current.averageUtilization;
  return `${name}: ${now === undefined ? '<unknown>' : `${now}%`}/${target.averageUtilization === undefined ? '<auto>' : `${target.averageUtilization}%`}`;
}

function targetsCell({ spec, status }: StoredAutoscaler): string {
  const metrics = spec.metrics ?? [];
  if (metrics.length === 0) return '<none>';
  const shown = metrics.slice(0, 2).map((metric, index) => {
    const current = status?.currentMetrics?.[index];
    if (metric.resource !== undefined) return resourceText(metric.resource.name, metric.resource.target, current?.resource);
    if (metric.containerResource !== undefined) return resourceText(metric.containerResource.name, metric.containerResource.target, current?.containerResource);
    if (metric.pods !== undefined) return `${current?.pods?.current.averageValue ?? '<unknown>'}/${metric.pods.target.averageValue ?? ''}`;
    const source = metric.external ?? metric.object;
    const seen = current?.external ?? current?.object;
    if (source === undefined) return '<unknown type>';
    return source.target.averageValue !== undefined ? `${seen?.current.averageValue ?? '<unknown>'}/${source.target.averageValue} (avg)` : `${seen?.current.value ?? '<unknown>'}/${source.target.value ?? ''}`;
  });
  return shown.join(', ') + (metrics.length > 2 ? ` + ${metrics.length - 2} more...` : '');
}

/** HorizontalPodAutoscaler. @public */
export const horizontalPodAutoscalerKind: KindDefinition = defineKind<StoredAutoscaler>({
  group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler', resource: 'horizontalpodautoscalers', singular: 'horizontalpodautoscaler', shortNames: ['hpa'], categories: ['all'], namespaced: true, hasGeneration: true,
  subresources: { status: true },
  defaultsSpecAlone: true,
  emptyLists: [POLICIES.up, POLICIES.down],
  default: (autoscaler, { emptyLists }) => withField(autoscaler, 'spec', defaultSpec(autoscaler.spec, emptyLists)),
  prepareForCreate: (autoscaler) => ({ ...autoscaler, status: { desiredReplicas: 0, currentMetrics: null } as unknown as HorizontalPodAutoscaler['status'] }),
  validateCreate: validateSpec,
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Reference', type: 'string' }, { name: 'Targets', type: 'string' }, { name: 'MinPods', type: 'string' }, { name: 'MaxPods', type: 'string' }, { name: 'Replicas', type: 'string' }, { name: 'Age', type: 'string' },
  ],
  cells: (autoscaler, now) => [
    autoscaler.metadata.name, `${autoscaler.spec.scaleTargetRef.kind}/${autoscaler.spec.scaleTargetRef.name}`, targetsCell(autoscaler), autoscaler.spec.minReplicas === undefined ? '<unset>' : String(autoscaler.spec.minReplicas),
    autoscaler.spec.maxReplicas, autoscaler.status?.currentReplicas ?? 0, ageCell(autoscaler, now),
  ],
});
