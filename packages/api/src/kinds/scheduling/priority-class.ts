// scheduling.k8s.io/v1 PriorityClass. Upstream: pkg/apis/scheduling/validation/validation.go (1.37).
import { withDefaults } from '../../edit.ts';
import { forbidden, invalid, notSupported, required, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import type { PriorityClass } from '../../generated/types.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import type { KubeObject } from '../../request.ts';
import { ageCell } from '../../table/cells.ts';

type StoredPriorityClass = PriorityClass & KubeObject;

/** Above it only the system's own classes. */
const USER_PRIORITY_MAX = 1_000_000_000;
const SYSTEM_CLASSES: Readonly<Record<string, number>> = { 'system-node-critical': 2_000_001_000, 'system-cluster-critical': 2_000_000_000 };

function validate(priorityClass: StoredPriorityClass): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { value = 0, preemptionPolicy: policy } = priorityClass;
  const name = priorityClass.metadata.name ?? '';
  if (name.startsWith('system-')) {
    if (SYSTEM_CLASSES[name] !== value) errors.push(forbidden(fieldPath('metadata', 'name'), `priority class names with 'system-' prefix are reserved for system use only. error: ${name in SYSTEM_CLASSES ? `value of ${name} PriorityClass must be ${SYSTEM_CLASSES[name] ?? 0}` : `${name} is not a known system priority class`}`));
  } else if (value > USER_PRIORITY_MAX) errors.push(forbidden(fieldPath('value'), `maximum allowed value of a user defined priority is ${USER_PRIORITY_MAX}`));
  if (policy !== undefined && policy !== 'PreemptLowerPriority' && policy !== 'Never') errors.push(policy === '' ? required(fieldPath('preemptionPolicy')) : notSupported(fieldPath('preemptionPolicy'), policy, ['PreemptLowerPriority', 'Never']));
  return errors;
}

function validateUpdate(priorityClass: StoredPriorityClass, old: StoredPriorityClass): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (priorityClass.value !== old.value) errors.push(invalid(fieldPath('value'), priorityClass.value, 'field is immutable'));
  if (priorityClass.preemptionPolicy !== old.preemptionPolicy) errors.push(invalid(fieldPath('preemptionPolicy'), priorityClass.preemptionPolicy, 'field is immutable'));
  return errors;
}

/** PriorityClass. @public */
export const priorityClassKind: KindDefinition = defineKind<StoredPriorityClass>({
  group: 'scheduling.k8s.io', version: 'v1', kind: 'PriorityClass', resource: 'priorityclasses', singular: 'priorityclass', shortNames: ['pc'], namespaced: false, hasGeneration: true,
  default: (priorityClass) => withDefaults(priorityClass, { preemptionPolicy: 'PreemptLowerPriority' }),
  validateCreate: validate,
  validateUpdate,
  updateOnlyValidation: true,
  columns: [{ name: 'Name', type: 'string', format: 'name' }, { name: 'Value', type: 'integer' }, { name: 'Global-Default', type: 'boolean' }, { name: 'Age', type: 'string' }, { name: 'PreemptionPolicy', type: 'string' }],
  cells: (priorityClass, now) => [priorityClass.metadata.name, priorityClass.value, priorityClass.globalDefault ?? false, ageCell(priorityClass, now), priorityClass.preemptionPolicy ?? ''],
});
