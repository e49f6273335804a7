// core/v1 ReplicationController. Upstream: pkg/apis/core/v1/defaults.go SetDefaults_ReplicationController,
// pkg/apis/core/validation/validation.go ValidateReplicationController, pkg/registry/core/replicationcontroller/strategy.go (1.37).
import { mapField, withDefaults, withField } from '../../edit.ts';
import { required, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import type { ReplicationController } from '../../generated/types.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { validateNotNegative } from '../../names/numbers.ts';
import type { KubeObject } from '../../request.ts';
import { ageCell, formatSelector, joinContainers } from '../../table/cells.ts';
import { templateWarnings, workloadNameWarnings, workloadWarnings } from './pod-spec/warnings.ts';
import { defaultPodTemplate, validateAtMost, validateCounts, validateRunningTemplate, validateSelectorMatch } from '../apps/template.ts';

type Stored = ReplicationController & KubeObject;

const COUNTS = ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'] as const;

function isEmpty(labels: Readonly<Record<string, string>> | undefined): boolean {
  return labels === undefined || Object.keys(labels).length === 0;
}

/** Labels and selector that are not given are those of the template. */
function withDefaulted(controller: Stored): Stored {
  const spec = mapField(withDefaults(controller.spec ?? {}, { replicas: 1 }), 'template', defaultPodTemplate);
  const labels = spec.template?.metadata?.labels;
  const selected = isEmpty(labels) || !isEmpty(spec.selector) ? spec : withField(spec, 'selector', labels);
  const labelled = isEmpty(labels) || !isEmpty(controller.metadata.labels) ? controller : { ...controller, metadata: { ...controller.metadata, labels } };
  return withField(labelled, 'spec', selected);
}

function validateSpec({ spec }: Stored): readonly FieldError[] {
  const path = fieldPath('spec');
  const errors: FieldError[] = [...validateNotNegative(spec.minReadySeconds, path.child('minReadySeconds'))];
  if (isEmpty(spec.selector)) errors.push(required(path.child('selector')));
  errors.push(...validateNotNegative(spec.replicas, path.child('replicas')));
  const at = path.child('template');
  if (spec.template === undefined) return [...errors, required(at)];
  const match = isEmpty(spec.selector) ? [] : validateSelectorMatch({ matchLabels: spec.selector }, spec.template, at);
  return [...errors, ...match, ...validateRunningTemplate(spec.template, 'ReplicationController', at)];
}

function validateStatus({ status = { replicas: 0 } }: Stored): readonly FieldError[] {
  const path = fieldPath('status');
  return [
    ...validateCounts(status, COUNTS, path),
    ...validateAtMost(status, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'], status.replicas, 'cannot be greater than status.replicas', path),
    ...validateAtMost(status, ['availableReplicas'], status.readyReplicas ?? 0, 'cannot be greater than readyReplicas', path),
  ];
}

const TEMPLATE_PATH = fieldPath('spec', 'template');

/** ReplicationController. @public */
export const replicationControllerKind: KindDefinition = defineKind<Stored>({
  group: '', version: 'v1', kind: 'ReplicationController', resource: 'replicationcontrollers', singular: 'replicationcontroller', shortNames: ['rc'], categories: ['all'], namespaced: true, hasGeneration: true,
  defaultPropagation: 'Orphan',
  subresources: { status: { validateUpdate: validateStatus }, scale: true },
  scale: {
    replicas: (object) => object.spec.replicas ?? 1, statusReplicas: (object) => object.status?.replicas ?? 0, selector: (object) => formatSelector({ matchLabels: object.spec.selector ?? {} }),
    withReplicas: (object, replicas) => withField(object, 'spec', withField(object.spec, 'replicas', replicas)),
  },
  default: withDefaulted,
  prepareForCreate: (object) => ({ ...object, status: { replicas: 0 } as ReplicationController['status'] }),
  validateCreate: validateSpec,
  warnings: (object, old) => [...(old === undefined ? workloadNameWarnings(object.metadata.name) : []), ...workloadWarnings(object, old, ({ spec }) => templateWarnings(spec.template, TEMPLATE_PATH))],
  selectableFields: { 'status.replicas': (object) => String(object.status?.replicas ?? 0) },
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Desired', type: 'integer' }, { name: 'Current', type: 'integer' }, { name: 'Ready', type: 'integer' }, { name: 'Age', type: 'string' },
    { name: 'Containers', type: 'string', priority: 1 }, { name: 'Images', type: 'string', priority: 1 }, { name: 'Selector', type: 'string', priority: 1 },
  ],
  cells: (object, now) => [
    object.metadata.name, object.spec.replicas ?? 0, object.status?.replicas ?? 0, object.status?.readyReplicas ?? 0, ageCell(object, now), ...joinContainers(object.spec.template?.spec), formatSelector({ matchLabels: object.spec.selector ?? {} }),
  ],
});
