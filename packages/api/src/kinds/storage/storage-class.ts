// storage.k8s.io/v1 StorageClass. Upstream: pkg/apis/storage/{v1/defaults,validation} (1.37).
import type { StorageClass } from '../../generated/types.ts';
import { withDefaults } from '../../edit.ts';
import { invalid, notSupported, required, tooLong, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { byteLength, labelValueErrors, qualifiedNameErrors } from '../../names/names.ts';
import type { KubeObject } from '../../request.ts';
import { isSame } from '../../is-same.ts';
import { ageCell } from '../../table/cells.ts';
import { nodeLabelWarning } from '../core/pod-spec/warnings.ts';

type Class = StorageClass & KubeObject;

const PARAMETERS_MAX = 512;
const PARAMETERS_SIZE_MAX_BYTES = 256 * 1024;
const DEFAULT_ANNOTATIONS = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];

function validateParameters(parameters: Readonly<Record<string, string>>): readonly FieldError[] {
  const keys = Object.keys(parameters).sort();
  if (keys.length > PARAMETERS_MAX) return [tooLong('parameters', '', PARAMETERS_MAX)];
  const errors = keys.includes('') ? [invalid('parameters', '', 'field can not be empty.')] : [];
  const size = keys.reduce((sum, key) => sum + byteLength(key) + byteLength(parameters[key] as string), 0);
  return size > PARAMETERS_SIZE_MAX_BYTES ? [...errors, tooLong('parameters', '', PARAMETERS_SIZE_MAX_BYTES)] : errors;
}

function validateTopologies(storageClass: Class): readonly FieldError[] {
  return (storageClass.allowedTopologies ?? []).flatMap((term, index) => (term.matchLabelExpressions ?? []).flatMap((expression, position) => {
    const path = fieldPath('allowedTopologies').index(index).child('matchLabelExpressions').index(position);
    const errors: FieldError[] = [];
    if ((expression.values ?? []).length === 0) errors.push(required(path.child('values')));
    for (const [place, value] of (expression.values ?? []).entries()) {
      for (const text of labelValueErrors(value)) errors.push(invalid(path.child('values').index(place), value, text));
    }
    for (const text of qualifiedNameErrors(expression.key)) errors.push(invalid(path.child('key'), expression.key, text));
    return errors;
  }));
}

function validateCreate(storageClass: Class): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { provisioner = '' } = storageClass;
  if (provisioner !== '') for (const text of qualifiedNameErrors(provisioner.toLowerCase())) errors.push(invalid('provisioner', provisioner.toLowerCase(), text));
  errors.push(...validateParameters(storageClass.parameters ?? {}));
  const { reclaimPolicy = '', volumeBindingMode = '' } = storageClass;
  if (reclaimPolicy !== '' && reclaimPolicy !== 'Delete' && reclaimPolicy !== 'Retain') errors.push(notSupported('reclaimPolicy', reclaimPolicy, ['Delete', 'Retain']));
  if (volumeBindingMode !== 'Immediate' && volumeBindingMode !== 'WaitForFirstConsumer') errors.push(notSupported('volumeBindingMode', volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']));
  // A declarative rule upstream: its error stands behind all others.
  return [...errors, ...validateTopologies(storageClass), ...(provisioner === '' ? [required('provisioner')] : [])];
}

function validateUpdate(storageClass: Class, old: Class): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'] as const) {
    if (!isSame(storageClass[field] ?? {}, old[field] ?? {})) errors.push(invalid(field, null, 'field is immutable'));
  }
  return errors;
}

/** Upstream: pkg/api/storage/util.go GetWarningsForStorageClass (1.37). */
function classWarnings({ allowedTopologies = [] }: Class): readonly string[] {
  return allowedTopologies.flatMap(({ matchLabelExpressions = [] }, index) => matchLabelExpressions.flatMap(({ key }, place) => {
    const message = nodeLabelWarning(key);
    return message === undefined ? [] : [`${fieldPath('allowedTopologies').index(index).child('matchLabelExpressions').index(place).child('key')}: ${message}`];
  }));
}

/** StorageClass. @public */
export const storageClassKind: KindDefinition = defineKind<Class>({
  group: 'storage.k8s.io', version: 'v1', kind: 'StorageClass', resource: 'storageclasses', singular: 'storageclass', shortNames: ['sc'], namespaced: false,
  deleteReturnsObject: true,
  default: (storageClass) => withDefaults(storageClass, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  validateCreate,
  validateUpdate,
  warnings: classWarnings,
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Provisioner', type: 'string' }, { name: 'ReclaimPolicy', type: 'string' }, { name: 'VolumeBindingMode', type: 'string' },
    { name: 'AllowVolumeExpansion', type: 'string' }, { name: 'Age', type: 'string' },
  ],
  cells: (storageClass, now) => {
    const isDefault = DEFAULT_ANNOTATIONS.some((key) => storageClass.metadata.annotations?.[key] === 'true');
    return [
      `${storageClass.metadata.name ?? ''}${isDefault ? ' (default)' : ''}`, storageClass.provisioner, storageClass.reclaimPolicy ?? 'Delete', storageClass.volumeBindingMode ?? 'Immediate',
      storageClass.allowVolumeExpansion ?? false, ageCell(storageClass, now),
    ];
  },
});
