// policy/v1 PodDisruptionBudget. Upstream: pkg/apis/policy/validation/validation.go, pkg/registry/policy/poddisruptionbudget/strategy.go (1.37).
import { invalid, notSupported, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import type { PodDisruptionBudget } from '../../generated/types.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { validateLabelSelector } from '../../names/labels.ts';
import { validateAtMostAll, validateIntOrPercent } from '../../names/numbers.ts';
import type { KubeObject } from '../../request.ts';
import { ageCell } from '../../table/cells.ts';
import { validateCounts } from '../apps/template.ts';

type StoredBudget = PodDisruptionBudget & KubeObject;

function validateSpec({ spec = {} }: StoredBudget): readonly FieldError[] {
  const path = fieldPath('spec');
  const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy: policy } = spec;
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) errors.push(invalid(path, spec, 'minAvailable and maxUnavailable cannot be both set'));
  if (minAvailable !== undefined) errors.push(...validateIntOrPercent(minAvailable, path.child('minAvailable')), ...validateAtMostAll(minAvailable, path.child('minAvailable')));
  if (maxUnavailable !== undefined) errors.push(...validateIntOrPercent(maxUnavailable, path.child('maxUnavailable')), ...validateAtMostAll(maxUnavailable, path.child('maxUnavailable')));
  errors.push(...validateLabelSelector(spec.selector, path.child('selector')));
  if (policy !== undefined && policy !== 'AlwaysAllow' && policy !== 'IfHealthyBudget') errors.push(notSupported(path.child('unhealthyPodEvictionPolicy'), policy, ['AlwaysAllow', 'IfHealthyBudget']));
  return errors;
}

/** PodDisruptionBudget. @public */
export const podDisruptionBudgetKind: KindDefinition = defineKind<StoredBudget>({
  group: 'policy', version: 'v1', kind: 'PodDisruptionBudget', resource: 'poddisruptionbudgets', singular: 'poddisruptionbudget', shortNames: ['pdb'], namespaced: true, hasGeneration: true, requiresResourceVersion: true, nameRule: 'path-segment',
  subresources: { status: { validateUpdate: (budget) => validateCounts(budget.status ?? { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }, ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'], fieldPath('status')) } },
  prepareForCreate: (budget) => ({ ...budget, status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 } }),
  validateCreate: validateSpec,
  columns: [{ name: 'Name', type: 'string', format: 'name' }, { name: 'Min Available', type: 'string' }, { name: 'Max Unavailable', type: 'string' }, { name: 'Allowed Disruptions', type: 'integer' }, { name: 'Age', type: 'string' }],
  cells: (budget, now) => [budget.metadata.name, String(budget.spec?.minAvailable ?? 'N/A'), String(budget.spec?.maxUnavailable ?? 'N/A'), budget.status?.disruptionsAllowed ?? 0, ageCell(budget, now)],
});
