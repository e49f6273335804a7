// core/v1 PersistentVolumeClaim. Upstream: pkg/apis/core/{v1/defaults,validation}, pkg/registry/core/persistentvolumeclaim (1.37).
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../generated/types.ts';
import { withDefaults, withField } from '../../edit.ts';
import { forbidden, invalid, required, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { compareQuantities, quantityValue, quantityOf } from '../../quantity/quantity.ts';
import type { KubeObject } from '../../request.ts';
import { isSame } from '../../is-same.ts';
import { ageCell } from '../../table/cells.ts';
import { accessModeCell } from './access-modes.ts';
import { validateClaimSpec } from './pod-spec/volumes.ts';
import { claimSpecWarnings } from './pod-spec/warnings.ts';
import { diffText } from './spec-diff.ts';

type Claim = PersistentVolumeClaim & KubeObject;

const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class';

/** What a claim is filled from is said in two fields: each fills the other (pkg/api/persistentvolumeclaim/util.go). */
function syncDataSources(claim: Claim): Claim {
  const { spec } = claim;
  const { dataSource, dataSourceRef } = spec;
  if (dataSource !== undefined && dataSourceRef === undefined) return withField(claim, 'spec', { ...spec, dataSourceRef: { ...dataSource } });
  if (dataSourceRef !== undefined && dataSource === undefined && (dataSourceRef.namespace ?? '') === '') {
    const { namespace: _namespace, ...source } = dataSourceRef;
    return withField(claim, 'spec', { ...spec, dataSource: source });
  }
  return claim;
}

/** A data source that is neither a claim nor a snapshot is ignored in the older field. */
function dropForeignDataSource(claim: Claim): Claim {
  const { dataSource, dataSourceRef } = claim.spec;
  if (dataSource === undefined || dataSourceRef !== undefined) return claim;
  const group = dataSource.apiGroup ?? '';
  const isKnown = (dataSource.kind === 'PersistentVolumeClaim' && group === '') || (dataSource.kind === 'VolumeSnapshot' && group === 'snapshot.storage.k8s.io');
  return isKnown ? claim : withField(claim, 'spec', withField(claim.spec, 'dataSource', undefined));
}

function setDefaults(claim: Claim): Claim {
  return withField(claim, 'spec', withDefaults(claim.spec, { volumeMode: 'Filesystem' }));
}

/** The new spec with what may change set back to what was. */
function comparable(claim: Claim, old: Claim): PersistentVolumeClaimSpec {
  let { spec } = claim;
  if ((old.spec.volumeName ?? '') === '') spec = withField(spec, 'volumeName', old.spec.volumeName);
  if ((old.spec.storageClassName ?? undefined) === undefined && old.metadata.annotations?.[BETA_CLASS] === undefined) spec = withField(spec, 'storageClassName', old.spec.storageClassName);
  if (claim.status?.phase === 'Bound') {
    const requests = spec.resources?.requests;
    if (requests !== undefined) spec = withField(spec, 'resources', { ...spec.resources, requests: { ...requests, storage: old.spec.resources?.requests?.['storage'] as string } });
    spec = withField(spec, 'volumeAttributesClassName', old.spec.volumeAttributesClassName);
  }
  return spec;
}

function validateUpdate(claim: Claim, old: Claim): readonly FieldError[] {
  const errors: FieldError[] = [];
  if ((claim.metadata.annotations?.[BETA_CLASS] ?? '') !== (old.metadata.annotations?.[BETA_CLASS] ?? '')) {
    errors.push(invalid(fieldPath('metadata', 'annotations', BETA_CLASS), claim.metadata.annotations?.[BETA_CLASS] ?? '', 'field is immutable'));
  }
  const spec = comparable(claim, old);
  if (!isSame(spec, old.spec)) errors.push(forbidden('spec', `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${diffText(old.spec, spec)}`));
  const size = quantityOf(claim.spec.resources?.requests?.['storage'] as string | undefined);
  if (compareQuantities(size, old.spec.resources?.requests?.['storage'] as string | undefined) < 0
    && compareQuantities(size, old.status?.capacity?.['storage'] as string | undefined) <= 0) {
    errors.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'));
  }
  if (claim.spec.volumeMode !== old.spec.volumeMode) errors.push(invalid('volumeMode', claim.spec.volumeMode ?? null, 'field is immutable'));
  const attributes = claim.spec.volumeAttributesClassName;
  if (attributes !== old.spec.volumeAttributesClassName && old.status?.currentVolumeAttributesClassName !== undefined) {
    const path = 'spec.volumeAttributesClassName';
    if (attributes === undefined) errors.push(forbidden(path, 'update to nil is forbidden when status.currentVolumeAttributesClassName is not nil'));
    else if (attributes === '') errors.push(forbidden(path, 'update to empty string is forbidden when status.currentVolumeAttributesClassName is not nil'));
  }
  return errors;
}

function validateStatus(claim: Claim): readonly FieldError[] {
  const errors: FieldError[] = [];
  if ((claim.spec.accessModes ?? []).length === 0) errors.push(required('Spec.accessModes'));
  const capacity = claim.status?.capacity ?? {};
  for (const key of Object.keys(capacity).sort()) {
    const value = quantityValue(quantityOf(capacity[key] as string));
    if (value < 0n) errors.push(invalid(fieldPath('status', 'capacity').key(key), Number(value), 'must be a valid resource quantity'));
  }
  return errors;
}

/** Upstream: pkg/api/persistentvolumeclaim/util.go GetWarningsForPersistentVolumeClaim (1.37). */
function claimWarnings(claim: Claim): readonly string[] {
  const isOld = Object.hasOwn(claim.metadata.annotations ?? {}, BETA_CLASS);
  return [...(isOld ? [`metadata.annotations[${BETA_CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead`] : []), ...claimSpecWarnings(claim.spec, fieldPath('spec'))];
}

/** PersistentVolumeClaim. @public */
export const persistentVolumeClaimKind: KindDefinition = defineKind<Claim>({
  group: '', version: 'v1', kind: 'PersistentVolumeClaim', resource: 'persistentvolumeclaims', singular: 'persistentvolumeclaim', shortNames: ['pvc'], namespaced: true,
  subresources: { status: { prepareForUpdate: (sent, old) => withField(sent, 'spec', old.spec), validateUpdate: validateStatus } },
  deleteReturnsObject: true,
  default: setDefaults,
  prepareForCreate: (claim) => syncDataSources(dropForeignDataSource({ ...claim, status: { phase: 'Pending' } as NonNullable<PersistentVolumeClaim['status']> })),
  prepareForUpdate: (claim, old) => syncDataSources(isSame(claim.spec.dataSource, old.spec.dataSource) ? claim : dropForeignDataSource(claim)),
  validateCreate: (claim) => validateClaimSpec(claim.spec, fieldPath('spec')),
  validateUpdate,
  warnings: claimWarnings,
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Status', type: 'string' }, { name: 'Volume', type: 'string' }, { name: 'Capacity', type: 'string' }, { name: 'Access Modes', type: 'string' }, { name: 'StorageClass', type: 'string' },
    { name: 'VolumeAttributesClass', type: 'string' }, { name: 'Age', type: 'string' }, { name: 'VolumeMode', type: 'string', priority: 1 },
  ],
  cells: (claim, now) => {
    const isBound = (claim.spec.volumeName ?? '') !== '';
    return [
      claim.metadata.name, claim.metadata.deletionTimestamp === undefined ? claim.status?.phase ?? '' : 'Terminating', claim.spec.volumeName ?? '',
      isBound ? String(claim.status?.capacity?.['storage'] ?? '0') : '', isBound ? accessModeCell(claim.status?.accessModes) : '',
      claim.metadata.annotations?.[BETA_CLASS] ?? claim.spec.storageClassName ?? '', claim.spec.volumeAttributesClassName ?? '<unset>', ageCell(claim, now), claim.spec.volumeMode ?? '<unset>',
    ];
  },
});
