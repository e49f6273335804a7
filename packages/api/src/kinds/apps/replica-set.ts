// apps/v1 ReplicaSet. Upstream: pkg/apis/apps/v1/defaults.go, pkg/apis/apps/validation/validation.go, pkg/registry/apps/replicaset/strategy.go (1.37).
import { mapField, withDefaults, withField } from '../../edit.ts';
import type { FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import type { ReplicaSet } from '../../generated/types.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { validateNotNegative } from '../../names/numbers.ts';
import type { KubeObject } from '../../request.ts';
import { isSame } from '../../is-same.ts';
import { ageCell, formatSelector, joinContainers } from '../../table/cells.ts';
import { templateWarnings, workloadNameWarnings, workloadWarnings } from '../core/pod-spec/warnings.ts';
import { defaultPodTemplate, immutable, validateAtMost, validateCounts, validateReplicaTemplate, validateWorkloadSelector } from './template.ts';

type StoredReplicaSet = ReplicaSet & KubeObject;

function validateSpec({ spec }: StoredReplicaSet): readonly FieldError[] {
  const path = fieldPath('spec');
  return [
    ...validateNotNegative(spec.replicas, path.child('replicas')), ...validateNotNegative(spec.minReadySeconds, path.child('minReadySeconds')),
    // The noun is upstream's: both kinds share the rule.
    ...validateWorkloadSelector(spec.selector, 'deployment', path.child('selector')), ...validateReplicaTemplate(spec.selector, spec.template ?? {}, path),
  ];
}

const COUNTS = ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'terminatingReplicas', 'observedGeneration'] as const;

function validateStatus({ status = { replicas: 0 } }: StoredReplicaSet): readonly FieldError[] {
  const path = fieldPath('status');
  return [
    ...validateCounts(status, COUNTS, path),
    ...validateAtMost(status, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'], status.replicas, 'cannot be greater than status.replicas', path),
    ...validateAtMost(status, ['availableReplicas'], status.readyReplicas ?? 0, 'cannot be greater than readyReplicas', path),
  ];
}

const TEMPLATE_PATH = fieldPath('spec', 'template');

/** ReplicaSet. @public */
export const replicaSetKind: KindDefinition = defineKind<StoredReplicaSet>({
  group: 'apps', version: 'v1', kind: 'ReplicaSet', resource: 'replicasets', singular: 'replicaset', shortNames: ['rs'], categories: ['all'], namespaced: true, hasGeneration: true,
  subresources: { status: { validateUpdate: validateStatus }, scale: true },
  scale: {
    replicas: (object) => object.spec.replicas ?? 1, statusReplicas: (object) => object.status?.replicas ?? 0, selector: (object) => formatSelector(object.spec.selector),
    withReplicas: (object, replicas) => withField(object, 'spec', withField(object.spec, 'replicas', replicas)),
  },
  defaultsSpecAlone: true,
  default: (object) => withField(object, 'spec', mapField(withDefaults(object.spec, { replicas: 1 }), 'template', defaultPodTemplate)),
  prepareForCreate: (object) => ({ ...object, status: { replicas: 0 } as ReplicaSet['status'] }),
  validateCreate: validateSpec,
  validateUpdate: (object, old) => (isSame(object.spec.selector, old.spec.selector) ? [] : [immutable(fieldPath('spec', 'selector'), object.spec.selector)]),
  warnings: (object, old) => [...(old === undefined ? workloadNameWarnings(object.metadata.name) : []), ...workloadWarnings(object, old, ({ spec }) => templateWarnings(spec.template, TEMPLATE_PATH))],
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Desired', type: 'integer' }, { name: 'Current', type: 'integer' }, { name: 'Ready', type: 'integer' }, { name: 'Age', type: 'string' },
    { name: 'Containers', type: 'string', priority: 1 }, { name: 'Images', type: 'string', priority: 1 }, { name: 'Selector', type: 'string', priority: 1 },
  ],
  cells: (object, now) => [object.metadata.name, object.spec.replicas ?? 0, object.status?.replicas ?? 0, object.status?.readyReplicas ?? 0, ageCell(object, now), ...joinContainers(object.spec.template?.spec), formatSelector(object.spec.selector)],
});
