// apps/v1 Deployment. Upstream: pkg/apis/apps/v1/defaults.go, pkg/apis/apps/validation/validation.go, pkg/registry/apps/deployment/strategy.go (1.37).
import { mapField, withDefaults, withField } from '../../edit.ts';
import { forbidden, invalid, notSupported, required, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import type { Deployment, DeploymentSpec, DeploymentStrategy } from '../../generated/types.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { intOrPercentNumber, validateAtMostAll, validateIntOrPercent, validateNotNegative } from '../../names/numbers.ts';
import type { KubeObject } from '../../request.ts';
import { isSame } from '../../is-same.ts';
import { ageCell, formatSelector, joinContainers } from '../../table/cells.ts';
import { templateWarnings, workloadNameWarnings } from '../core/pod-spec/warnings.ts';
import { defaultPodTemplate, historyWarnings, immutable, validateAtMost, validateCounts, validateReplicaTemplate, validateWorkloadSelector } from './template.ts';

type StoredDeployment = Deployment & KubeObject;

function defaultSpec(spec: DeploymentSpec): DeploymentSpec {
  let strategy = spec.strategy ?? {};
  if ((strategy.type ?? '') === '') strategy = { ...strategy, type: 'RollingUpdate' };
  if (strategy.type === 'RollingUpdate') strategy = withField(strategy, 'rollingUpdate', withDefaults(strategy.rollingUpdate ?? {}, { maxUnavailable: '25%', maxSurge: '25%' }));
  const filled = withDefaults(withField(spec, 'strategy', strategy), { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  return mapField(filled, 'template', defaultPodTemplate);
}

function validateStrategy(strategy: DeploymentStrategy, path: FieldPath): readonly FieldError[] {
  const { type, rollingUpdate } = strategy;
  const at = path.child('rollingUpdate');
  if (type === 'Recreate') return rollingUpdate === undefined ? [] : [forbidden(at, "may not be specified when strategy `type` is 'Recreate'")];
  if (type !== 'RollingUpdate') return [notSupported(path, { Type: type, RollingUpdate: null }, ['Recreate', 'RollingUpdate'])];
  if (rollingUpdate === undefined) return [required(at, 'this should be defaulted and never be nil')];
  const { maxUnavailable, maxSurge } = rollingUpdate;
  const errors: FieldError[] = [...validateIntOrPercent(maxUnavailable, at.child('maxUnavailable')), ...validateIntOrPercent(maxSurge, at.child('maxSurge'))];
  if (intOrPercentNumber(maxUnavailable) === 0 && intOrPercentNumber(maxSurge) === 0) errors.push(invalid(at.child('maxUnavailable'), maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  errors.push(...validateAtMostAll(maxUnavailable, at.child('maxUnavailable')));
  return errors;
}

function validateSpec({ spec }: StoredDeployment): readonly FieldError[] {
  const path = fieldPath('spec');
  const errors: FieldError[] = [
    ...validateNotNegative(spec.replicas, path.child('replicas')), ...validateWorkloadSelector(spec.selector, 'deployment', path.child('selector')), ...validateReplicaTemplate(spec.selector, spec.template, path),
    ...validateStrategy(spec.strategy ?? {}, path.child('strategy')), ...validateNotNegative(spec.minReadySeconds, path.child('minReadySeconds')), ...validateNotNegative(spec.revisionHistoryLimit, path.child('revisionHistoryLimit')),
  ];
  const deadline = spec.progressDeadlineSeconds;
  errors.push(...validateNotNegative(deadline, path.child('progressDeadlineSeconds')));
  if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0)) errors.push(invalid(path.child('progressDeadlineSeconds'), deadline, 'must be greater than minReadySeconds'));
  return errors;
}

const COUNTS = ['observedGeneration', 'replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas', 'unavailableReplicas', 'terminatingReplicas', 'collisionCount'] as const;

function validateStatus({ status = {} }: StoredDeployment, old: StoredDeployment): readonly FieldError[] {
  const path = fieldPath('status');
  const errors: FieldError[] = [
    ...validateCounts(status, COUNTS, path),
    ...validateAtMost(status, ['updatedReplicas', 'readyReplicas', 'availableReplicas'], status.replicas ?? 0, 'cannot be greater than status.replicas', path),
    ...validateAtMost(status, ['availableReplicas'], status.readyReplicas ?? 0, 'cannot be greater than readyReplicas', path),
  ];
  if ((old.status?.collisionCount ?? 0) > (status.collisionCount ?? 0)) errors.push(invalid(path.child('collisionCount'), status.collisionCount ?? 0, 'cannot be decremented'));
  return errors;
}

function raisesGeneration(object: StoredDeployment, old: StoredDeployment): boolean {
  return !isSame(object.spec, old.spec) || !isSame(object.metadata.annotations ?? {}, old.metadata.annotations ?? {});
}

const TEMPLATE_PATH = fieldPath('spec', 'template');

/** Deployment. @public */
export const deploymentKind: KindDefinition = defineKind<StoredDeployment>({
  group: 'apps', version: 'v1', kind: 'Deployment', resource: 'deployments', singular: 'deployment', shortNames: ['deploy'], categories: ['all'], namespaced: true, hasGeneration: true,
  subresources: { status: { validateUpdate: validateStatus }, scale: true },
  scale: {
    replicas: (object) => object.spec.replicas ?? 1, statusReplicas: (object) => object.status?.replicas ?? 0, selector: (object) => formatSelector(object.spec.selector),
    withReplicas: (object, replicas) => withField(object, 'spec', withField(object.spec, 'replicas', replicas)),
  },
  generationChanged: raisesGeneration,
  defaultsSpecAlone: true,
  default: (object) => withField(object, 'spec', defaultSpec(object.spec)),
  prepareForCreate: (object) => ({ ...object, status: {} as Deployment['status'] }),
  validateCreate: validateSpec,
  validateUpdate: (object, old) => (isSame(object.spec.selector, old.spec.selector) ? [] : [immutable(fieldPath('spec', 'selector'), object.spec.selector)]),
  warnings: (object, old) => [...(old === undefined ? workloadNameWarnings(object.metadata.name) : []), ...(old === undefined || raisesGeneration(object, old) ? templateWarnings(object.spec.template, TEMPLATE_PATH) : []), ...historyWarnings(object.spec.revisionHistoryLimit)],
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Ready', type: 'string' }, { name: 'Up-to-date', type: 'string' }, { name: 'Available', type: 'string' }, { name: 'Age', type: 'string' },
    { name: 'Containers', type: 'string', priority: 1 }, { name: 'Images', type: 'string', priority: 1 }, { name: 'Selector', type: 'string', priority: 1 },
  ],
  cells: (object, now) => [
    object.metadata.name, `${object.status?.readyReplicas ?? 0}/${object.spec.replicas ?? 0}`, object.status?.updatedReplicas ?? 0, object.status?.availableReplicas ?? 0, ageCell(object, now),
    ...joinContainers(object.spec.template.spec), formatSelector(object.spec.selector),
  ],
});
