// core/v1 PersistentVolume. Upstream: pkg/apis/core/{v1/defaults,validation}, pkg/registry/core/persistentvolume (1.37).
import type { PersistentVolume, PersistentVolumeSpec } from '../../generated/types.ts';
import { mapField, withDefaults, withField } from '../../edit.ts';
import { forbidden, invalid, notSupported, required, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import { defineKind, type KindDefinition } from '../../kind.ts';
import { dnsSubdomainErrors } from '../../names/names.ts';
import { compareQuantities, quantityOf, quantityValue } from '../../quantity/quantity.ts';
import type { KubeObject } from '../../request.ts';
import { isSame } from '../../is-same.ts';
import { ageCell } from '../../table/cells.ts';
import { accessModeCell } from './access-modes.ts';
import { validateNodeSelectorTerm } from './pod-spec/scheduling.ts';
import { nodeTermWarnings } from './pod-spec/warnings.ts';
import { diffText } from './spec-diff.ts';

type Volume = PersistentVolume & KubeObject;
type Fields = Readonly<Record<string, unknown>>;

const SPEC = fieldPath('spec');
const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class';
const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];
const VOLUME_MODES = ['Block', 'Filesystem'];
const HOST_PATH_TYPES = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'];

function missing(source: Fields, path: FieldPath, ...names: readonly string[]): readonly FieldError[] {
  return names.filter((name) => (source[name] ?? '') === '').map((name) => required(path.child(name)));
}

function noBacksteps(value: string, path: FieldPath): readonly FieldError[] {
  return value.split('/').includes('..') ? [invalid(path, value, "must not contain '..'")] : [];
}

function validateHostPath(source: Fields, path: FieldPath): readonly FieldError[] {
  const value = String(source['path'] ?? '');
  if (value === '') return [required(path.child('path'))];
  const type = source['type'] as string | undefined;
  const typeErrors = type === undefined || HOST_PATH_TYPES.includes(type) ? [] : [notSupported(path.child('type'), type, HOST_PATH_TYPES)];
  return [...noBacksteps(value, path.child('path')), ...typeErrors];
}

function validateNfs(source: Fields, path: FieldPath): readonly FieldError[] {
  const value = String(source['path'] ?? '');
  return [...missing(source, path, 'server', 'path'), ...(value.startsWith('/') ? [] : [invalid(path.child('path'), value, 'must be an absolute path')])];
}

function validateLocal(source: Fields, path: FieldPath): readonly FieldError[] {
  const value = String(source['path'] ?? '');
  return value === '' ? [required(path.child('path'))] : noBacksteps(value, path.child('path'));
}

/** The sources in the order in which upstream looks at them: a second one is one too many. */
const SOURCES: readonly (readonly [keyof PersistentVolumeSpec, (source: Fields, path: FieldPath) => readonly FieldError[]])[] = [
  ['hostPath', validateHostPath],
  ['gcePersistentDisk', (source, path) => missing(source, path, 'pdName')],
  ['awsElasticBlockStore', (source, path) => missing(source, path, 'volumeID')],
  ['glusterfs', (source, path) => missing(source, path, 'endpoints', 'path')],
  ['flocker', () => []],
  ['nfs', validateNfs],
  ['rbd', (source, path) => missing(source, path, 'monitors', 'image')],
  ['quobyte', (source, path) => missing(source, path, 'registry', 'volume')],
  ['cephfs', (source, path) => missing(source, path, 'monitors')],
  ['iscsi', (source, path) => missing(source, path, 'targetPortal', 'iqn')],
  ['cinder', (source, path) => missing(source, path, 'volumeID')],
  ['fc', () => []],
  ['flexVolume', (source, path) => missing(source, path, 'driver')],
  ['azureFile', (source, path) => missing(source, path, 'secretName', 'shareName')],
  ['vsphereVolume', (source, path) => missing(source, path, 'volumePath')],
  ['photonPersistentDisk', (source, path) => missing(source, path, 'pdID')],
  ['portworxVolume', (source, path) => missing(source, path, 'volumeID')],
  ['azureDisk', (source, path) => missing(source, path, 'diskName', 'diskURI')],
  ['scaleIO', (source, path) => missing(source, path, 'gateway', 'system', 'volumeName')],
  ['local', validateLocal],
  ['storageos', () => []],
  ['csi', (source, path) => missing(source, path, 'driver', 'volumeHandle')],
];

function sourceOf(spec: PersistentVolumeSpec): Fields {
  const found: Record<string, unknown> = {};
  for (const [name] of SOURCES) if (spec[name] !== undefined) found[name] = spec[name];
  return found;
}

function validateAccessModes(modes: readonly string[]): readonly FieldError[] {
  const path = SPEC.child('accessModes');
  const errors: FieldError[] = modes.length === 0 ? [required(path)] : [];
  for (const mode of modes) if (!ACCESS_MODES.includes(mode)) errors.push(notSupported(path, mode, ACCESS_MODES));
  const hasOther = modes.some((mode) => mode !== 'ReadWriteOncePod' && ACCESS_MODES.includes(mode));
  if (hasOther && modes.includes('ReadWriteOncePod')) errors.push(forbidden(path, 'may not use ReadWriteOncePod with other access modes'));
  return errors;
}

function validateCapacity(capacity: Readonly<Record<string, string>>): readonly FieldError[] {
  const path = SPEC.child('capacity');
  const keys = Object.keys(capacity).sort();
  const errors: FieldError[] = [];
  if (keys.length === 0) errors.push(required(path));
  if (keys.length !== 1 || keys[0] !== 'storage') errors.push(notSupported(path, keys.length === 0 ? null : capacity, ['storage']));
  for (const key of keys) {
    const text = capacity[key] as string;
    const quantity = quantityOf(text);
    if (quantityValue(quantity) < 0n) errors.push(invalid(path.key(key), Number(quantityValue(quantity)), 'must be a valid resource quantity'));
    if (compareQuantities(quantity, 0) <= 0) errors.push(invalid(path.key(key), text, 'must be greater than zero'));
  }
  return errors;
}

function validateNodeAffinity(spec: PersistentVolumeSpec): readonly FieldError[] {
  if (spec.nodeAffinity === undefined) return [];
  const path = SPEC.child('nodeAffinity', 'required');
  const { required: selector } = spec.nodeAffinity;
  if (selector === undefined) return [required(path, 'must specify required node constraints')];
  const terms = selector.nodeSelectorTerms ?? [];
  const at = path.child('nodeSelectorTerms');
  if (terms.length === 0) return [required(at, 'must have at least one node selector term')];
  return terms.flatMap((term, index) => validateNodeSelectorTerm(term, at.index(index)));
}

function validateSources(spec: PersistentVolumeSpec): readonly FieldError[] {
  const present = SOURCES.filter(([name]) => spec[name] !== undefined);
  if (present.length === 0) return [required(SPEC, 'must specify a volume type')];
  return present.flatMap(([name, check], index) => {
    const path = SPEC.child(name);
    return index > 0 ? [forbidden(path, 'may not specify more than 1 volume type')] : check(spec[name] as Fields, path);
  });
}

function validateCreate({ spec }: Volume): readonly FieldError[] {
  const errors: FieldError[] = [...validateAccessModes(spec.accessModes ?? []), ...validateCapacity((spec.capacity ?? {}) as Readonly<Record<string, string>>)];
  const policy = spec.persistentVolumeReclaimPolicy ?? '';
  if (policy !== '' && !RECLAIM_POLICIES.includes(policy)) errors.push(notSupported(SPEC.child('persistentVolumeReclaimPolicy'), policy, RECLAIM_POLICIES));
  errors.push(...validateNodeAffinity(spec), ...validateSources(spec));
  if (spec.hostPath?.path !== undefined && /^\/+\.?$/.test(spec.hostPath.path) && policy === 'Recycle') {
    errors.push(forbidden(SPEC.child('persistentVolumeReclaimPolicy'), "may not be 'recycle' for a hostPath mount of '/'"));
  }
  if (spec.local !== undefined && spec.nodeAffinity === undefined) errors.push(required(SPEC.child('nodeAffinity'), 'Local volume requires node affinity'));
  if ((spec.storageClassName ?? '') !== '') for (const text of dnsSubdomainErrors(spec.storageClassName as string)) errors.push(invalid(SPEC.child('storageClassName'), spec.storageClassName, text));
  if (spec.volumeMode !== undefined && !VOLUME_MODES.includes(spec.volumeMode)) errors.push(notSupported(SPEC.child('volumeMode'), spec.volumeMode, VOLUME_MODES));
  const attributes = spec.volumeAttributesClassName;
  if (attributes !== undefined) {
    const at = SPEC.child('volumeAttributesClassName');
    if (attributes === '') errors.push(required(at, 'an empty string is disallowed'));
    else errors.push(...dnsSubdomainErrors(attributes).map((text) => invalid(at, attributes, text)));
    if (spec.csi === undefined) errors.push(required(SPEC.child('csi'), 'has to be specified when using volumeAttributesClassName'));
  }
  return errors;
}

function validateUpdate(volume: Volume, old: Volume): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (!isSame(sourceOf(volume.spec), sourceOf(old.spec))) {
    errors.push(forbidden('spec.persistentvolumesource', `spec.persistentvolumesource is immutable after creation\n${diffText(sourceOf(old.spec), sourceOf(volume.spec))}`));
  }
  if (volume.spec.volumeMode !== old.spec.volumeMode) errors.push(invalid('volumeMode', volume.spec.volumeMode ?? null, 'field is immutable'));
  if (old.spec.nodeAffinity !== undefined && !isSame(volume.spec.nodeAffinity, old.spec.nodeAffinity)) {
    errors.push(invalid('nodeAffinity', volume.spec.nodeAffinity ?? null, 'field is immutable, except for updating from beta label to GA'));
  }
  if (old.spec.volumeAttributesClassName !== undefined && volume.spec.volumeAttributesClassName === undefined) {
    errors.push(forbidden('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'));
  }
  return errors;
}

function setDefaults(volume: Volume): Volume {
  const spec = withDefaults(volume.spec, { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' });
  return withField(volume, 'spec', mapField(spec, 'hostPath', (source) => withDefaults(source, { type: '' })));
}

const OLD_SOURCES = [
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'], ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'], ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'], ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'], ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const;

/** Upstream: pkg/api/persistentvolume/util.go GetWarningsForPersistentVolume (1.37). */
function volumeWarnings({ metadata, spec }: Volume): readonly string[] {
  const texts: string[] = [];
  if (Object.hasOwn(metadata.annotations ?? {}, BETA_CLASS)) texts.push(`metadata.annotations[${BETA_CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead`);
  if (spec.persistentVolumeReclaimPolicy === 'Recycle') texts.push('spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.');
  const path = fieldPath('spec', 'nodeAffinity', 'required', 'nodeSelectorTerms');
  for (const [index, term] of (spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).entries()) texts.push(...nodeTermWarnings(term, path.index(index)));
  // Upstream spells one volume kind otherwise in its warning than in the API.
  for (const [source, text] of OLD_SOURCES) if (spec[source] !== undefined) texts.push(`spec.${source === 'storageos' ? 'storageOS' : source}: ${text}`);
  return texts;
}

/** PersistentVolume. @public */
export const persistentVolumeKind: KindDefinition = defineKind<Volume>({
  group: '', version: 'v1', kind: 'PersistentVolume', resource: 'persistentvolumes', singular: 'persistentvolume', shortNames: ['pv'], namespaced: false,
  subresources: {
    status: {
      prepareForUpdate: (sent, old, context) => {
        const prepared = withField(sent, 'spec', old.spec);
        const { status } = prepared;
        if (status === undefined || status.phase === old.status?.phase || (status.lastPhaseTransitionTime !== undefined && status.lastPhaseTransitionTime !== old.status?.lastPhaseTransitionTime)) return prepared;
        return withField(prepared, 'status', { ...status, lastPhaseTransitionTime: context.time });
      },
    },
  },
  deleteReturnsObject: true,
  default: setDefaults,
  prepareForCreate: (volume, context) => ({ ...volume, status: { phase: 'Pending', lastPhaseTransitionTime: context.time } as NonNullable<PersistentVolume['status']> }),
  validateCreate,
  validateUpdate,
  warnings: volumeWarnings,
  columns: [
    { name: 'Name', type: 'string', format: 'name' }, { name: 'Capacity', type: 'string' }, { name: 'Access Modes', type: 'string' }, { name: 'Reclaim Policy', type: 'string' }, { name: 'Status', type: 'string' }, { name: 'Claim', type: 'string' }, { name: 'StorageClass', type: 'string' },
    { name: 'VolumeAttributesClass', type: 'string' }, { name: 'Reason', type: 'string' }, { name: 'Age', type: 'string' }, { name: 'VolumeMode', type: 'string', priority: 1 },
  ],
  cells: (volume, now) => {
    const { spec, status } = volume;
    const claim = spec.claimRef;
    return [
      volume.metadata.name, String(spec.capacity?.['storage'] ?? '0'), accessModeCell(spec.accessModes), spec.persistentVolumeReclaimPolicy ?? '', volume.metadata.deletionTimestamp === undefined ? status?.phase ?? '' : 'Terminating',
      claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`, volume.metadata.annotations?.[BETA_CLASS] ?? spec.storageClassName ?? '', spec.volumeAttributesClassName ?? '<unset>', status?.reason ?? '', ageCell(volume, now), spec.volumeMode ?? '<unset>',
    ];
  },
});
