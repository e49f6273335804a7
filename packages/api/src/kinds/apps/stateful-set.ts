// apps/v1 StatefulSet. Upstream: pkg/apis/apps/v1/defaults.go, validation.go and pkg/registry/apps/statefulset/strategy.go (1.37).
import type { PersistentVolumeClaim, StatefulSet, StatefulSetSpec } from '../../generated/types.ts';
import { mapField, mapItems, memoizeFrozen, withDefaults, withField } from '../../edit.ts';
import { forbidden, invalid, notSupported, required, type FieldError } from '../../field-error.ts';
import { fieldPath } from '../../field-path.ts';
import { defineKind, type ApiProfile, type KindDefinition } from '../../kind.ts';
import type { KubeObject } from '../../request.ts';
import { defaultPodSpec } from '../core/pod-spec/defaults.ts';
import { ageCell, formatSelector, isSame, joinContainers } from '../../table/cells.ts';

type StoredStatefulSet = StatefulSet & KubeObject;

const MUTABLE: readonly (keyof StatefulSetSpec)[] = ['replicas', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy', 'minReadySeconds', 'ordinals'];
const NOT_NEGATIVE = 'must be greater than or equal to 0';

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
  const templated = mapField(retained, 'template', (template) => mapField(template, 'spec', defaultPodSpec));
  return mapField(templated, 'volumeClaimTemplates', defaultClaims);
}

function validateSpec(set: StoredStatefulSet): FieldError[] {
  const path = fieldPath('spec');
  const { spec } = set;
  const errors: FieldError[] = [];
  if (spec.podManagementPolicy !== 'OrderedReady' && spec.podManagementPolicy !== 'Parallel') errors.push(invalid(path.child('podManagementPolicy'), spec.podManagementPolicy, "must be 'OrderedReady' or 'Parallel'"));
  if (spec.updateStrategy?.type === 'OnDelete' && spec.updateStrategy.rollingUpdate !== undefined) errors.push(invalid(path.child('updateStrategy').child('rollingUpdate'), spec.updateStrategy.rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'"));
  if (spec.updateStrategy?.type !== 'OnDelete' && spec.updateStrategy?.type !== 'RollingUpdate') errors.push(invalid(path.child('updateStrategy'), spec.updateStrategy, "must be 'RollingUpdate' or 'OnDelete'"));
  if ((spec.updateStrategy?.rollingUpdate?.partition ?? 0) < 0) errors.push(invalid(path.child('updateStrategy').child('rollingUpdate').child('partition'), spec.updateStrategy?.rollingUpdate?.partition, NOT_NEGATIVE));
  for (const when of ['whenDeleted', 'whenScaled'] as const) {
    const value = spec.persistentVolumeClaimRetentionPolicy?.[when];
    if (value !== undefined && value !== 'Retain' && value !== 'Delete') errors.push(notSupported(path.child('persistentVolumeClaimRetentionPolicy').child(when), value, ['Delete', 'Retain']));
  }
  if ((spec.replicas ?? 0) < 0) errors.push(invalid(path.child('replicas'), spec.replicas, NOT_NEGATIVE));
  if ((spec.minReadySeconds ?? 0) < 0) errors.push(invalid(path.child('minReadySeconds'), spec.minReadySeconds, NOT_NEGATIVE));
  if ((spec.ordinals?.start ?? 0) < 0) errors.push(invalid(path.child('ordinals').child('start'), spec.ordinals?.start, NOT_NEGATIVE));
  const matchLabels = spec.selector?.matchLabels ?? {};
  if (spec.selector === undefined) errors.push(required(path.child('selector')));
  else if (Object.keys(matchLabels).length === 0 && (spec.selector.matchExpressions?.length ?? 0) === 0) errors.push(invalid(path.child('selector'), spec.selector, 'empty selector is invalid for statefulset'));
  const labels = spec.template?.metadata?.labels ?? {};
  if (Object.entries(matchLabels).some(([key, value]) => labels[key] !== value)) errors.push(invalid(path.child('template').child('metadata').child('labels'), labels, '`selector` does not match template `labels`'));
  return errors;
}

/** StatefulSet. @public */
export const statefulSetKind: KindDefinition = defineKind<StoredStatefulSet>({
  group: 'apps', version: 'v1', kind: 'StatefulSet', resource: 'statefulsets', singular: 'statefulset', shortNames: ['sts'], categories: ['all'], namespaced: true, hasGeneration: true, nameRule: 'label',
  subresources: { status: true, scale: true },
  scale: {
    replicas: (set) => set.spec.replicas ?? 1, statusReplicas: (set) => set.status?.replicas ?? 0, selector: (set) => formatSelector(set.spec.selector),
    withReplicas: (set, replicas) => withField(set, 'spec', withField(set.spec, 'replicas', replicas)),
  },
  default: (set, { profile }) => withField(set, 'spec', defaultSpec(set.spec, profile)),
  prepareForCreate: (set) => ({ ...set, status: { replicas: 0, availableReplicas: 0 } as StatefulSet['status'] }),
  validateCreate: validateSpec,
  validateUpdate: (set, old) => {
    const changed = (Object.keys({ ...set.spec, ...old.spec }) as (keyof StatefulSetSpec)[]).some((field) => !MUTABLE.includes(field) && !isSame(set.spec[field], old.spec[field]));
    return changed ? [forbidden(fieldPath('spec'), "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden")] : [];
  },
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Ready', type: 'string' }, { name: 'Age', type: 'string' }, { name: 'Containers', type: 'string', priority: 1 }, { name: 'Images', type: 'string', priority: 1 },
  ],
  cells: (set, now) => [set.metadata.name, `${set.status?.readyReplicas ?? 0}/${set.spec.replicas ?? 0}`, ageCell(set, now), ...joinContainers(set.spec.template.spec)],
});
