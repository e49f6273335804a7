// apps/v1 StatefulSet. Upstream: pkg/apis/apps/v1/defaults.go, validation.go and pkg/registry/apps/statefulset/strategy.go (1.37).
import type { PersistentVolumeClaim, StatefulSet, StatefulSetSpec, Volume } from '../../generated/types.ts';
import { mapField, mapItems, memoizeFrozen, withDefaults, withField } from '../../edit.ts';
import { forbidden, invalid, notSupported, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import { defineKind, type ApiProfile, type KindDefinition, type ValidationContext } from '../../kind.ts';
import type { KubeObject } from '../../request.ts';
import { isReadableSelector } from '../../names/labels.ts';
import { intOrPercentNumber, validateAtMostAll, validateIntOrPercent, validateNotNegative } from '../../names/numbers.ts';
import { validatePodTemplate } from '../core/pod-spec/validate.ts';
import { validateClaimSpec } from '../core/pod-spec/volumes.ts';
import { claimSpecWarnings, templateWarnings, workloadWarnings } from '../core/pod-spec/warnings.ts';
import { defaultPodTemplate, historyWarnings, immutable, validateAlwaysRestart, validateAtMost, validateCounts, validateSelectorMatch, validateWorkloadSelector } from './template.ts';
import { isSame } from '../../is-same.ts';
import { ageCell, formatSelector, joinContainers } from '../../table/cells.ts';

type StoredStatefulSet = StatefulSet & KubeObject;

const MUTABLE: readonly (keyof StatefulSetSpec)[] = ['replicas', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy', 'minReadySeconds', 'ordinals'];
const CLAIM_TEMPLATES = 'spec.volumeClaimTemplates';
const IMMUTABLE: readonly (keyof StatefulSetSpec)[] = ['selector', 'volumeClaimTemplates', 'serviceName', 'podManagementPolicy'];

function hasMaxUnavailable(profile: ApiProfile): boolean {
  return profile.featureGates['MaxUnavailableStatefulSet'] ?? profile.kubernetes === '1.37';
}

const defaultClaims = memoizeFrozen((claims: readonly PersistentVolumeClaim[]): readonly PersistentVolumeClaim[] => mapItems(claims, (claim) => ({
  ...claim, apiVersion: 'v1', kind: 'PersistentVolumeClaim', spec: withDefaults(claim.spec, { volumeMode: 'Filesystem' }), status: withDefaults(claim.status ?? {}, { phase: 'Pending' }),
})));

function defaultSpec(spec: StatefulSetSpec, profile: ApiProfile): StatefulSetSpec {
  const type = spec.updateStrategy?.type ?? '';
  let updateStrategy = spec.updateStrategy ?? {};
  if (type === '') updateStrategy = { ...updateStrategy, type: 'RollingUpdate', rollingUpdate: updateStrategy.rollingUpdate ?? {} };
  if (updateStrategy.type === 'RollingUpdate' && updateStrategy.rollingUpdate !== undefined) {
    updateStrategy = withField(updateStrategy, 'rollingUpdate', withDefaults(updateStrategy.rollingUpdate, { partition: 0, ...(hasMaxUnavailable(profile) ? { maxUnavailable: 1 } : {}) }));
  }
  const filled = withDefaults(withField(spec, 'updateStrategy', updateStrategy), { replicas: 1, revisionHistoryLimit: 10 });
  const policed = withField(filled, 'podManagementPolicy', (filled.podManagementPolicy ?? '') === '' ? 'OrderedReady' : filled.podManagementPolicy);
  const retained = withField(policed, 'persistentVolumeClaimRetentionPolicy', withDefaults(policed.persistentVolumeClaimRetentionPolicy ?? {}, { whenDeleted: 'Retain', whenScaled: 'Retain' }));
  const templated = mapField(retained, 'template', defaultPodTemplate);
  return mapField(templated, 'volumeClaimTemplates', defaultClaims);
}

/** The volumes that claims stand for in the template, one a name. Remembered by claims, so that the template's errors can be, too. */
const claimVolumes = memoizeFrozen((claims: readonly PersistentVolumeClaim[]): readonly Volume[] => [...new Set(claims.map((claim) => claim.metadata?.name ?? ''))].map((name) => ({ name, persistentVolumeClaim: { claimName: name === '' ? 'claim' : name } })));

function validateStrategy(strategy: NonNullable<StatefulSetSpec['updateStrategy']>, path: FieldPath): readonly FieldError[] {
  const { rollingUpdate } = strategy;
  const at = path.child('rollingUpdate');
  if (strategy.type === 'OnDelete') return rollingUpdate === undefined ? [] : [invalid(at, { Partition: rollingUpdate.partition ?? null, MaxUnavailable: rollingUpdate.maxUnavailable ?? null }, "only allowed for updateStrategy 'RollingUpdate'")];
  if (strategy.type !== 'RollingUpdate') return [invalid(path, { Type: strategy.type, RollingUpdate: null }, "must be 'RollingUpdate' or 'OnDelete'")];
  const errors: FieldError[] = [...validateNotNegative(rollingUpdate?.partition, at.child('partition'))];
  const maximum = rollingUpdate?.maxUnavailable;
  if (maximum !== undefined) {
    errors.push(...validateIntOrPercent(maximum, at.child('maxUnavailable')));
    if (intOrPercentNumber(maximum) === 0) errors.push(invalid(at.child('maxUnavailable'), maximum, 'cannot be 0'));
    errors.push(...validateAtMostAll(maximum, at.child('maxUnavailable')));
  }
  return errors;
}

function validateSpec(set: StoredStatefulSet, old: StoredStatefulSet | undefined): FieldError[] {
  const path = fieldPath('spec');
  const { spec } = set;
  const errors: FieldError[] = [];
  if (spec.podManagementPolicy !== 'OrderedReady' && spec.podManagementPolicy !== 'Parallel') errors.push(invalid(path.child('podManagementPolicy'), spec.podManagementPolicy, "must be 'OrderedReady' or 'Parallel'"));
  errors.push(...validateStrategy(spec.updateStrategy ?? {}, path.child('updateStrategy')));
  for (const when of ['whenDeleted', 'whenScaled'] as const) {
    const value = spec.persistentVolumeClaimRetentionPolicy?.[when];
    if (value !== undefined && value !== 'Retain' && value !== 'Delete') errors.push(notSupported(path.child('persistentVolumeClaimRetentionPolicy', when), value, ['Delete', 'Retain']));
  }
  errors.push(...validateNotNegative(spec.replicas, path.child('replicas')), ...validateNotNegative(spec.minReadySeconds, path.child('minReadySeconds')), ...validateNotNegative(spec.ordinals?.start, path.child('ordinals', 'start')));
  errors.push(...validateWorkloadSelector(spec.selector, 'statefulset', path.child('selector')));
  const template = path.child('template');
  if (!isReadableSelector(spec.selector)) errors.push(invalid(path.child('selector'), spec.selector, ''));
  else errors.push(...validateSelectorMatch(spec.selector, spec.template, template), ...validatePodTemplate(spec.template, template, spec.volumeClaimTemplates === undefined ? undefined : claimVolumes(spec.volumeClaimTemplates)));
  errors.push(...validateAlwaysRestart(spec.template, 'StatefulSet', template));
  // Claims cannot change, so an update does not look at them again.
  if (old === undefined) for (const [index, claim] of (spec.volumeClaimTemplates ?? []).entries()) errors.push(...validateClaimSpec(claim.spec, path.child('volumeClaimTemplates').index(index).child('spec')));
  return errors;
}

/** A claim as upstream's message shows it: its internal struct, whose fields bear Go's names. Upstream: pkg/apis/core/types.go (1.37). */
function internalClaim({ metadata, spec, status }: PersistentVolumeClaim): object {
  const source = spec.dataSource;
  const reference = spec.dataSourceRef;
  return {
    ...metadata,
    Spec: {
      AccessModes: spec.accessModes ?? null, Selector: spec.selector ?? null,
      Resources: { Limits: spec.resources?.limits ?? null, Requests: spec.resources?.requests ?? null },
      VolumeName: spec.volumeName ?? '', StorageClassName: spec.storageClassName ?? null, VolumeMode: spec.volumeMode ?? null,
      DataSource: source === undefined ? null : { APIGroup: source.apiGroup ?? null, Kind: source.kind, Name: source.name },
      DataSourceRef: reference === undefined ? null : { APIGroup: reference.apiGroup ?? null, Kind: reference.kind, Name: reference.name, Namespace: reference.namespace ?? null },
      VolumeAttributesClassName: spec.volumeAttributesClassName ?? null,
    },
    Status: {
      Phase: status?.phase ?? '', AccessModes: null, Capacity: null, Conditions: null, AllocatedResources: null, AllocatedResourceStatuses: null,
      CurrentVolumeAttributesClassName: null, ModifyVolumeStatus: null, HealthStatus: null,
    },
  };
}

/** Claim templates as upstream's error shows them: absent ones are null, an empty list is one. */
function shownClaims({ volumeClaimTemplates }: StatefulSetSpec, emptyLists: ReadonlySet<string> | undefined): readonly object[] | null {
  return volumeClaimTemplates?.map(internalClaim) ?? (emptyLists?.has(CLAIM_TEMPLATES) === true ? [] : null);
}

function validateSpecUpdate(set: StoredStatefulSet, old: StoredStatefulSet, { profile, emptyLists }: ValidationContext): readonly FieldError[] {
  const path = fieldPath('spec');
  if (profile.kubernetes === '1.37') return IMMUTABLE.filter((field) => !isSame(set.spec[field], old.spec[field])).map((field) => immutable(path.child(field), field === 'volumeClaimTemplates' ? shownClaims(set.spec, emptyLists) : set.spec[field]));
  const changed = (Object.keys({ ...set.spec, ...old.spec }) as (keyof StatefulSetSpec)[]).some((field) => !MUTABLE.includes(field) && !isSame(set.spec[field], old.spec[field]));
  return changed ? [forbidden(path, "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden")] : [];
}

const COUNTS = ['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas', 'observedGeneration', 'collisionCount'] as const;

function validateStatus(set: StoredStatefulSet): readonly FieldError[] {
  const path = fieldPath('status');
  const status = set.status ?? { replicas: 0 };
  return [
    ...validateCounts(status, COUNTS, path),
    ...validateAtMost(status, ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'], status.replicas, 'cannot be greater than status.replicas', path),
    ...validateAtMost(status, ['availableReplicas'], status.readyReplicas ?? 0, 'cannot be greater than status.readyReplicas', path),
  ];
}

const SPEC_PATH = fieldPath('spec');

function setWarnings(set: StoredStatefulSet, old: StoredStatefulSet | undefined): readonly string[] {
  // The name of the field is upstream's: capital in updates, left out in creates.
  const claimPath = (index: number): FieldPath => (old === undefined ? SPEC_PATH.child('volumeClaimTemplates').index(index) : SPEC_PATH.child('volumeClaimTemplates').index(index).child('Spec'));
  return [
    ...workloadWarnings(set, old, ({ spec }) => templateWarnings(spec.template, SPEC_PATH.child('template'))),
    ...(set.spec.volumeClaimTemplates ?? []).flatMap((claim, index) => claimSpecWarnings(claim.spec, claimPath(index))), ...historyWarnings(set.spec.revisionHistoryLimit),
  ];
}

/** StatefulSet. @public */
export const statefulSetKind: KindDefinition = defineKind<StoredStatefulSet>({
  group: 'apps', version: 'v1', kind: 'StatefulSet', resource: 'statefulsets', singular: 'statefulset', shortNames: ['sts'], categories: ['all'], namespaced: true, hasGeneration: true, nameRule: 'label',
  subresources: { status: { validateUpdate: validateStatus }, scale: true },
  scale: {
    replicas: (set) => set.spec.replicas ?? 1, statusReplicas: (set) => set.status?.replicas ?? 0, selector: (set) => formatSelector(set.spec.selector),
    withReplicas: (set, replicas) => withField(set, 'spec', withField(set.spec, 'replicas', replicas)),
  },
  emptyLists: [CLAIM_TEMPLATES],
  defaultsSpecAlone: true,
  default: (set, { profile }) => withField(set, 'spec', defaultSpec(set.spec, profile)),
  prepareForCreate: (set) => ({ ...set, status: { replicas: 0, availableReplicas: 0 } as StatefulSet['status'] }),
  validateCreate: (set, { old }) => validateSpec(set, old as StoredStatefulSet | undefined),
  validateUpdate: validateSpecUpdate,
  warnings: setWarnings,
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Ready', type: 'string' }, { name: 'Age', type: 'string' }, { name: 'Containers', type: 'string', priority: 1 }, { name: 'Images', type: 'string', priority: 1 },
  ],
  cells: (set, now) => [set.metadata.name, `${set.status?.readyReplicas ?? 0}/${set.spec.replicas ?? 0}`, ageCell(set, now), ...joinContainers(set.spec.template.spec)],
});
