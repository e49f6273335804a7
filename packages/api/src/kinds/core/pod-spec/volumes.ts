// Volumes and where containers mount them. Upstream: pkg/apis/core/validation/validation.go ValidateVolumes (1.37).
import { duplicate, forbidden, invalid, notFound, notSupported, required, type FieldError } from '../../../field-error.ts';
import type { FieldPath } from '../../../field-path.ts';
import type { Container, DownwardAPIVolumeFile, KeyToPath, PersistentVolumeClaimSpec, ProjectedVolumeSource, TypedObjectReference, Volume, VolumeDevice, VolumeMount } from '../../../generated/types.ts';
import { validateLabelSelector } from '../../../names/labels.ts';
import { dnsLabelErrors, dnsSubdomainErrors } from '../../../names/names.ts';
import { quantityNanos } from '../../../quantity/quantity.ts';
import { validateFieldRef, validateResourceFieldRef, VOLUME_FIELDS } from './env.ts';

const MODE_MAX = 0o777;
const MODE_TEXT = 'must be a number between 0 and 0777 (octal), both inclusive';
const HOST_PATH_TYPES = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'];

type Source = Readonly<Record<string, unknown>>;

function validateMode(mode: number | undefined, path: FieldPath): readonly FieldError[] {
  return mode !== undefined && (mode > MODE_MAX || mode < 0) ? [invalid(path, mode, MODE_TEXT)] : [];
}

function hasBackstep(text: string): boolean {
  return text.split('/').includes('..');
}

/** Errors of a path that must lead down from where it starts. @internal */
export function validateDescendingPath(text: string, path: FieldPath): FieldError[] {
  const errors: FieldError[] = text.startsWith('/') ? [invalid(path, text, 'must be a relative path')] : [];
  if (hasBackstep(text)) errors.push(invalid(path, text, "must not contain '..'"));
  return errors;
}

function validateFilePath(text: string, path: FieldPath): readonly FieldError[] {
  const errors = validateDescendingPath(text, path);
  if (text.startsWith('..') && !text.startsWith('../')) errors.push(invalid(path, text, "must not start with '..'"));
  return errors;
}

function validateItems(items: readonly KeyToPath[] | undefined, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, item] of (items ?? []).entries()) {
    const at = path.index(index);
    if (item.key === '') errors.push(required(at.child('key')));
    if (item.path === '') errors.push(required(at.child('path')));
    errors.push(...validateFilePath(item.path, at.child('path')), ...validateMode(item.mode, at.child('mode')));
  }
  return errors;
}

function validateFiles(files: readonly DownwardAPIVolumeFile[] | undefined, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, file] of (files ?? []).entries()) {
    const at = path.index(index);
    if (file.path === '') errors.push(required(at.child('path')));
    errors.push(...validateFilePath(file.path, at.child('path')));
    if (file.fieldRef !== undefined) {
      errors.push(...validateFieldRef(file.fieldRef, VOLUME_FIELDS, at.child('fieldRef')));
      if (file.resourceFieldRef !== undefined) errors.push(invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    } else if (file.resourceFieldRef !== undefined) errors.push(...validateResourceFieldRef(file.resourceFieldRef, true, at.child('resourceFieldRef')));
    else errors.push(required(at, 'one of fieldRef and resourceFieldRef is required'));
    errors.push(...validateMode(file.mode, at.child('mode')));
  }
  return errors;
}

function validateProjected(source: ProjectedVolumeSource, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [...validateMode(source.defaultMode, path.child('defaultMode'))];
  const paths = new Set<string>();
  const conflict = (file: string, at: FieldPath): void => {
    if (file === '') return;
    if (paths.has(file)) errors.push(invalid(at, file, 'conflicting duplicate paths'));
    paths.add(file);
  };
  for (const [index, projection] of (source.sources ?? []).entries()) {
    const at = path.child('sources').index(index);
    let count = 0;
    for (const field of ['secret', 'configMap'] as const) {
      const named = projection[field];
      if (named === undefined) continue;
      if (count++ > 0) {
        errors.push(forbidden(at.child(field), 'may not specify more than 1 volume type'));
        continue;
      }
      if ((named.name ?? '') === '') errors.push(required(at.child(field, 'name')));
      errors.push(...validateItems(named.items, at.child(field, 'items')));
      for (const item of named.items ?? []) conflict(item.path, at.child(field, 'items'));
    }
    if (projection.downwardAPI !== undefined) {
      if (count++ > 0) errors.push(forbidden(at.child('downwardAPI'), 'may not specify more than 1 volume type'));
      else {
        errors.push(...validateFiles(projection.downwardAPI.items, at.child('downwardAPI', 'items')));
        for (const item of projection.downwardAPI.items ?? []) conflict(item.path, at.child('downwardAPI'));
      }
    }
    const token = projection.serviceAccountToken;
    if (token !== undefined) {
      const here = at.child('serviceAccountToken');
      if (count++ > 0) errors.push(forbidden(here, 'may not specify more than 1 volume type'));
      else {
        const seconds = token.expirationSeconds ?? 3600;
        if (seconds < 600) errors.push(invalid(here.child('expirationSeconds'), seconds, 'may not specify a duration less than 10 minutes'));
        else if (seconds > 4_294_967_296) errors.push(invalid(here.child('expirationSeconds'), seconds, 'may not specify a duration larger than 2^32 seconds'));
        if (token.path === '') errors.push(required(here.child('path')));
        else errors.push(...validateFilePath(token.path, here.child('path')));
        conflict(token.path, here);
      }
    }
  }
  return errors;
}

function validateDataSource({ name = '', kind = '', apiGroup = '', namespace = '' }: Partial<TypedObjectReference>, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(path.child('name')));
  if (kind === '') errors.push(required(path.child('kind')));
  if (apiGroup === '' && kind !== 'PersistentVolumeClaim') errors.push(invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  if (apiGroup !== '') errors.push(...dnsSubdomainErrors(apiGroup).map((text) => invalid(path.child('apiGroup'), apiGroup, text)));
  if (namespace !== '') errors.push(...dnsLabelErrors(namespace).map((text) => invalid(path.child('namespace'), namespace, text)));
  return errors;
}

/** What a claim is filled from stands in two fields that must say the same. */
function validateDataSources({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (dataSource !== undefined) errors.push(...validateDataSource(dataSource, path.child('dataSource')));
  if (dataSourceRef !== undefined) errors.push(...validateDataSource(dataSourceRef, path.child('dataSourceRef')));
  if (dataSource === undefined || dataSourceRef === undefined) return errors;
  const isEqual = dataSource.name === dataSourceRef.name && dataSource.kind === dataSourceRef.kind && (dataSource.apiGroup ?? '') === (dataSourceRef.apiGroup ?? '');
  if ((dataSourceRef.namespace ?? '') !== '') errors.push(invalid(path, {}, 'may not be specified when dataSourceRef.namespace is specified'));
  else if (!isEqual) errors.push(invalid(path, {}, 'must match dataSourceRef'));
  return errors;
}

/** Errors of the spec of a claim, as it stands in a claim or in a template of one. @internal */
export function validateClaimSpec(spec: PersistentVolumeClaimSpec, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) errors.push(required(path.child('accessModes'), 'at least 1 access mode is required'));
  errors.push(...validateLabelSelector(spec.selector, path.child('selector')));
  const known = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
  for (const mode of modes) if (!known.includes(mode)) errors.push(notSupported(path.child('accessModes'), mode, known));
  if (modes.includes('ReadWriteOncePod') && modes.some((mode) => mode !== 'ReadWriteOncePod')) errors.push(forbidden(path.child('accessModes'), 'may not use ReadWriteOncePod with other access modes'));
  const storage = spec.resources?.requests?.['storage'] as string | undefined;
  const at = path.child('resources').key('storage');
  if (storage === undefined) errors.push(required(at));
  else if (quantityNanos(storage) <= 0n) errors.push(invalid(at, storage, 'must be greater than zero'));
  if ((spec.storageClassName ?? '') !== '') errors.push(...dnsSubdomainErrors(spec.storageClassName as string).map((text) => invalid(path.child('storageClassName'), spec.storageClassName, text)));
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Block' && spec.volumeMode !== 'Filesystem') errors.push(notSupported(path.child('volumeMode'), spec.volumeMode, ['Block', 'Filesystem']));
  const attributes = spec.volumeAttributesClassName ?? '';
  if (attributes !== '') errors.push(...dnsSubdomainErrors(attributes).map((text) => invalid(path.child('volumeAttributesClassName'), attributes, text)));
  return [...errors, ...validateDataSources(spec, path)];
}

function validateHostPath(source: NonNullable<Volume['hostPath']>, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (source.path === '') return [required(path.child('path'))];
  if (hasBackstep(source.path)) errors.push(invalid(path.child('path'), source.path, "must not contain '..'"));
  if (source.type !== undefined && !HOST_PATH_TYPES.includes(source.type)) errors.push(notSupported(path.child('type'), source.type, HOST_PATH_TYPES));
  return errors;
}

function requiredFields(...fields: readonly string[]): (source: Source, path: FieldPath) => readonly FieldError[] {
  return (source, path) => fields.filter((field) => (source[field] ?? '') === '').map((field) => required(path.child(field)));
}

/** Rules of the sources, in the order in which upstream looks at them: the second one present is one too many. */
const SOURCES: readonly (readonly [keyof Volume, (source: never, path: FieldPath) => readonly FieldError[]])[] = [
  ['emptyDir', (source: NonNullable<Volume['emptyDir']>, path) => (source.sizeLimit !== undefined && quantityNanos(source.sizeLimit) < 0n ? [forbidden(path.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity')] : [])],
  ['hostPath', validateHostPath],
  ['gitRepo', requiredFields('repository')],
  ['gcePersistentDisk', requiredFields('pdName')],
  ['awsElasticBlockStore', requiredFields('volumeID')],
  ['secret', (source: NonNullable<Volume['secret']>, path) => [...requiredFields('secretName')(source as Source, path), ...validateMode(source.defaultMode, path.child('defaultMode')), ...validateItems(source.items, path.child('items'))]],
  ['nfs', (source: NonNullable<Volume['nfs']>, path) => [...requiredFields('server', 'path')(source as unknown as Source, path), ...(source.path.startsWith('/') ? [] : [invalid(path.child('path'), source.path, 'must be an absolute path')])]],
  ['iscsi', requiredFields('targetPortal', 'iqn')],
  ['glusterfs', requiredFields('endpoints', 'path')],
  ['persistentVolumeClaim', requiredFields('claimName')],
  ['rbd', requiredFields('monitors', 'image')],
  ['cinder', requiredFields('volumeID')],
  ['cephfs', requiredFields('monitors')],
  ['flocker', () => []],
  ['downwardAPI', (source: NonNullable<Volume['downwardAPI']>, path) => [...validateMode(source.defaultMode, path.child('defaultMode')), ...validateFiles(source.items, path.child('items'))]],
  ['fc', () => []],
  ['flexVolume', requiredFields('driver')],
  ['configMap', (source: NonNullable<Volume['configMap']>, path) => [...requiredFields('name')(source as Source, path), ...validateMode(source.defaultMode, path.child('defaultMode')), ...validateItems(source.items, path.child('items'))]],
  ['azureFile', requiredFields('secretName', 'shareName')],
  ['vsphereVolume', requiredFields('volumePath')],
  ['photonPersistentDisk', requiredFields('pdID')],
  ['portworxVolume', requiredFields('volumeID')],
  ['azureDisk', requiredFields('diskName', 'diskURI')],
  ['storageos', requiredFields('volumeName')],
  ['projected', validateProjected],
  ['scaleIO', requiredFields('gateway', 'system', 'volumeName')],
  ['csi', requiredFields('driver')],
  ['ephemeral', (source: NonNullable<Volume['ephemeral']>, path) => (source.volumeClaimTemplate === undefined ? [required(path.child('volumeClaimTemplate'))] : validateClaimSpec(source.volumeClaimTemplate.spec, path.child('volumeClaimTemplate', 'spec')))],
  ['image', (source: NonNullable<Volume['image']>, path) => [
    ...requiredFields('reference')(source as Source, path),
    ...(['Always', 'IfNotPresent', 'Never'].includes(source.pullPolicy ?? '') ? [] : [notSupported(path.child('pullPolicy'), source.pullPolicy ?? '', ['Always', 'IfNotPresent', 'Never'])]),
  ]],
];

const RULES = new Map(SOURCES);

function validateSource(volume: Volume, path: FieldPath): readonly FieldError[] {
  const fields = Object.keys(volume).filter((field) => field !== 'name' && volume[field as keyof Volume] !== undefined) as (keyof Volume)[];
  const [only] = fields;
  if (only === undefined) return [required(path, 'must specify a volume type')];
  if (fields.length === 1) return RULES.get(only)?.(volume[only] as never, path.child(only)) ?? [];
  const errors: FieldError[] = [];
  let count = 0;
  for (const [field, rule] of SOURCES) {
    const source = volume[field];
    if (source === undefined) continue;
    if (count++ > 0) errors.push(forbidden(path.child(field), 'may not specify more than 1 volume type'));
    else errors.push(...rule(source as never, path.child(field)));
  }
  return errors;
}

/** Errors of volumes, and by name those that are good: only they can be mounted. @internal */
export function validateVolumes(volumes: readonly Volume[], path: FieldPath): { readonly errors: readonly FieldError[]; readonly good: ReadonlyMap<string, Volume> } {
  const errors: FieldError[] = [];
  const good = new Map<string, Volume>();
  for (const [index, volume] of volumes.entries()) {
    const at = path.index(index);
    const own: FieldError[] = [];
    own.push(...validateSource(volume, at));
    if (volume.name === '') own.push(required(at.child('name')));
    else own.push(...dnsLabelErrors(volume.name).map((text) => invalid(at.child('name'), volume.name, text)));
    if (good.has(volume.name)) own.push(duplicate(at.child('name'), volume.name));
    if (own.length === 0) good.set(volume.name, volume);
    errors.push(...own);
  }
  return { errors, good };
}

/** Whether a volume can be a device. @internal */
export function isBlockSource(volume: Volume): boolean {
  return volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined;
}

function validateRecursion({ recursiveReadOnly, readOnly, mountPropagation }: VolumeMount, path: FieldPath): readonly FieldError[] {
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return [];
  if (recursiveReadOnly !== 'Enabled' && recursiveReadOnly !== 'IfPossible') return [notSupported(path, recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible'])];
  const errors: FieldError[] = [];
  if (readOnly !== true) errors.push(forbidden(path, 'may only be specified when readOnly is true'));
  if (mountPropagation !== undefined && mountPropagation !== 'None') errors.push(forbidden(path, 'may only be specified when mountPropagation is None or not specified'));
  return errors;
}

/** Errors of the mounts and devices of a container. @internal */
export function validateMounts(container: Pick<Container, 'volumeMounts' | 'volumeDevices' | 'securityContext'>, volumes: ReadonlyMap<string, Volume>, path: FieldPath): readonly FieldError[] {
  const { volumeMounts, volumeDevices } = container;
  if (volumeMounts === undefined && volumeDevices === undefined) return [];
  const errors: FieldError[] = [];
  const points = new Set<string>();
  const devices = volumeDevices ?? [];
  const mountsPath = path.child('volumeMounts');
  for (const [index, mount] of (volumeMounts ?? []).entries()) {
    const at = mountsPath.index(index);
    const { subPath = '', subPathExpr = '' } = mount;
    if (mount.name === '') errors.push(required(at.child('name')));
    if (!volumes.has(mount.name)) errors.push(notFound(at.child('name'), mount.name));
    if (mount.mountPath === '') errors.push(required(at.child('mountPath')));
    if (points.has(mount.mountPath)) errors.push(invalid(at.child('mountPath'), mount.mountPath, 'must be unique'));
    points.add(mount.mountPath);
    if (devices.some((device) => device.name === mount.name)) errors.push(invalid(at.child('name'), mount.name, 'must not already exist in volumeDevices'));
    if (devices.some((device) => device.devicePath === mount.mountPath)) errors.push(invalid(at.child('mountPath'), mount.mountPath, 'must not already exist as a path in volumeDevices'));
    // Upstream leaves the index out of the paths of these.
    if (subPath !== '') errors.push(...validateDescendingPath(subPath, mountsPath.child('subPath')));
    if (subPathExpr !== '') {
      if (subPath !== '') errors.push(invalid(at.child('subPathExpr'), subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
      errors.push(...validateDescendingPath(subPathExpr, mountsPath.child('subPathExpr')));
    }
    const propagation = mount.mountPropagation;
    if (propagation === 'Bidirectional') {
      if (container.securityContext?.privileged !== true) errors.push(forbidden(mountsPath.child('mountPropagation'), 'Bidirectional mount propagation is available only to privileged containers'));
    } else if (propagation !== undefined && propagation !== 'None' && propagation !== 'HostToContainer') errors.push(notSupported(mountsPath.child('mountPropagation'), propagation, ['Bidirectional', 'HostToContainer', 'None']));
    errors.push(...validateRecursion(mount, mountsPath.child('recursiveReadOnly')));
  }
  return [...errors, ...validateDevices(devices, volumeMounts ?? [], volumes, path.child('volumeDevices'))];
}

function validateDevices(devices: readonly VolumeDevice[], mounts: readonly VolumeMount[], volumes: ReadonlyMap<string, Volume>, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const paths = new Set<string>();
  for (const [index, { name, devicePath }] of devices.entries()) {
    const at = path.index(index);
    const volume = volumes.get(name);
    if (name === '') errors.push(required(at.child('name')));
    if (names.has(name)) errors.push(invalid(at.child('name'), name, 'must be unique'));
    if (volume === undefined) errors.push(notFound(at.child('name'), name));
    else if (!isBlockSource(volume)) errors.push(invalid(at.child('name'), name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'));
    if (devicePath === '') errors.push(required(at.child('devicePath')));
    if (paths.has(devicePath)) errors.push(invalid(at.child('devicePath'), devicePath, 'must be unique'));
    if (hasBackstep(devicePath)) errors.push(invalid(at.child('devicePath'), devicePath, "can not contain backsteps ('..')"));
    else paths.add(devicePath);
    if (mounts.some((mount) => mount.name === name)) errors.push(invalid(at.child('name'), name, 'must not already exist in volumeMounts'));
    if (mounts.some((mount) => mount.mountPath === devicePath)) errors.push(invalid(at.child('devicePath'), devicePath, 'must not already exist as a path in volumeMounts'));
    if (name !== '') names.add(name);
  }
  return errors;
}
