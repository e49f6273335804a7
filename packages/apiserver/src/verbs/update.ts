// PUT and PATCH: read what is stored, make the new object, check versions, strategy, validate, store unless nothing changed.
import {
  applyJsonPatch, applyMergePatch, applyStrategicMergePatch, badRequestStatus, conflictStatus, definitionOfKind, fieldPath, goJson, invalidStatus, isSame, patchedJson, quote, schemaDefinition, validateObjectMetaUpdate,
  type FieldError, type KubeObject, type ObjectMeta, type PatchType,
} from '@kubesim/api';
import type { AdmissionWrite } from '../admission/admission-plugin.ts';
import { decode, settle, structOf } from '../decode.ts';
import { emptyListsOf, inheritEmptyLists } from '../empty-lists.ts';
import { entriesOf, trackUpdate, withEntries } from '../managed-fields/track.ts';
import { allocate, validateMeta } from '../metadata.ts';
import { decodeValue, type FieldValidation } from '../rest/body.ts';
import { plainStatus } from '../rest/plain-status.ts';
import { ADMINISTRATOR, refuseInvalid, Refusal, type Scope, type ServerContext, type WriteRequest } from '../server.ts';
import { create, withVersion } from './create.ts';
import { finishDeletion } from './delete.ts';
import { tidy } from './tidy.ts';
import { updatePlainStatus } from './update-status.ts';

/** What an update may ask for. @internal */
export interface UpdateOptions extends Partial<WriteRequest> {
  readonly subresource?: string;
  /** The object comes of a patch: a foreign uid is an invalid change, not a failed precondition. */
  readonly isPatch?: boolean;
  /** The patch was applied to the object's JSON text. */
  readonly isJsonPatched?: boolean;
  /** Managed fields worked out already (apply). */
  readonly managedFields?: ObjectMeta['managedFields'];
  /** Called where the update of a name that is not there creates it. */
  readonly onCreated?: () => void;
}

/** What a patch may ask for. @internal */
export interface PatchOptions extends UpdateOptions {
  readonly fieldValidation?: FieldValidation;
  readonly duplicates?: readonly string[];
}

/** Replaces an object. Throws Refusal. @internal */
export function update(context: ServerContext, scope: Scope, name: string, sent: KubeObject, options: UpdateOptions = {}): KubeObject {
  const key = context.key(scope, name);
  const old = context.storage.get(scope.resource, key);
  // Who sends the very metadata that is stored has named the object rightly.
  if (options.subresource === 'status' && old !== undefined && sent.metadata === old.metadata) {
    const updated = updatePlainStatus(context, scope, name, key, sent, old, options);
    if (updated !== undefined) return updated;
  }
  const sentName = sent.metadata?.name;
  if (sentName !== undefined && sentName !== '' && sentName !== name) throw new Refusal(badRequestStatus(`the name of the object (${sentName}) does not match the name on the URL (${name})`));
  if (sentName === undefined || sentName === '') {
    const named = { ...sent, metadata: { ...sent.metadata, name } };
    inheritEmptyLists(sent, named);
    sent = named;
  }
  const sentNamespace = sent.metadata.namespace ?? '';
  if (scope.kind.namespaced && sentNamespace !== '' && sentNamespace !== scope.namespace) throw new Refusal(badRequestStatus('the namespace of the provided object does not match the namespace sent on the request'));
  if (old === undefined && scope.kind.createsOnUpdate === true && options.subresource === undefined) {
    options.onCreated?.();
    return create(context, scope, sent, options);
  }
  return store(context, scope, name, old ?? context.stored(scope, name), decode(context, scope.kind, sent, old), options);
}

/** Patches an object in one of three dialects. Throws Refusal. @internal */
export function patch(context: ServerContext, scope: Scope, name: string, type: PatchType, body: unknown, options: PatchOptions = {}): KubeObject {
  const old = context.stored(scope, name);
  const shown = withEntries(scope.kind, old);
  const patched = applyPatch(scope, shown, type, body);
  return store(context, scope, name, old, decode(context, scope.kind, decodePatched(scope.kind, patched, options, shown), old), { ...options, isPatch: true, isJsonPatched: type === 'json' || type === 'merge' });
}

/** What a patch makes of an object. Throws Refusal. @internal */
export function applyPatch(scope: Pick<Scope, 'kind'>, old: KubeObject, type: PatchType, body: unknown): KubeObject {
  const { kind } = scope;
  switch (type) {
    case 'merge':
      if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Refusal(badRequestStatus(`json: cannot unmarshal ${Array.isArray(body) ? 'array' : typeof body} into Go value of type map[string]interface {}`));
      return applyMergePatch(old, body) as KubeObject;
    case 'strategic': {
      if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Refusal(badRequestStatus(`json: cannot unmarshal ${Array.isArray(body) ? 'array' : typeof body} into Go value of type map[string]interface {}`));
      const definition = definitionOfKind(kind.group, kind.version, kind.kind);
      const outcome = applyStrategicMergePatch(old, body, definition === undefined ? undefined : schemaDefinition(definition));
      if (!outcome.ok) throw new Refusal(plainStatus(500, undefined, outcome.error));
      return outcome.value as KubeObject;
    }
    case 'json': {
      if (!Array.isArray(body)) throw new Refusal(badRequestStatus(`json: cannot unmarshal ${typeof body} into Go value of type jsonpatch.Patch`));
      const outcome = applyJsonPatch(old, body);
      if (!outcome.ok) throw new Refusal(plainStatus(422, 'Invalid', 'the server rejected our request due to an error in our request', {}));
      return outcome.value as KubeObject;
    }
    case 'apply':
      throw new Refusal(badRequestStatus('apply is no patch of a stored object'));
  }
}

/** Decodes what a patch made. A result that cannot be decoded is an invalid patch. Throws Refusal. @internal */
export function decodePatched(kind: Scope['kind'], patched: KubeObject, options: PatchOptions, old?: KubeObject): KubeObject {
  const { metadata } = patched;
  const whole = metadata === undefined || metadata === null ? { ...patched, metadata: {} } : patched;
  try {
    return decodeValue(kind, whole, options.duplicates ?? [], options.fieldValidation ?? 'Ignore', options.warnings ?? [], old);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const why = (error.status.message ?? '').replace(/^.*? cannot be handled as a \w+: /, '');
    const struct = structOf(kind);
    const shown = `Invalid value: ${quote(old === undefined || struct === undefined ? goJson(patched) : patchedJson(struct, old, patched))}: ${why}`;
    throw new Refusal(plainStatus(422, 'Invalid', ` "" is invalid: patch: ${shown}`, { causes: [{ reason: 'FieldValueInvalid', message: shown, field: 'patch' }] }));
  }
}

/** Metadata as the server keeps it: what a client may not change is put back. */
function keepMetadata(sent: ObjectMeta, old: ObjectMeta): ObjectMeta {
  return tidy({
    ...sent, namespace: old.namespace === undefined ? undefined : sent.namespace ?? old.namespace, uid: sent.uid === undefined || sent.uid === '' ? old.uid : sent.uid, creationTimestamp: old.creationTimestamp, generation: old.generation,
    resourceVersion: undefined, selfLink: undefined, managedFields: undefined, deletionTimestamp: old.deletionTimestamp, deletionGracePeriodSeconds: old.deletionGracePeriodSeconds,
  });
}

const REGISTRY_FOLDERS: Readonly<Record<string, string>> = { services: 'services/specs', endpoints: 'services/endpoints', nodes: 'minions', ingresses: 'ingress' };

/** Where etcd keeps an object, as precondition errors show it. */
function registryKey(scope: Scope, name: string): string {
  const { kind } = scope;
  const folder = kind.schema !== undefined ? `${kind.group}/${kind.resource}` : Object.hasOwn(REGISTRY_FOLDERS, kind.resource) ? REGISTRY_FOLDERS[kind.resource] : kind.resource;
  return ['/registry', folder, ...(scope.namespace === '' ? [] : [scope.namespace]), name].join('/');
}

/** The answer to a write that asks for another object than there is. @internal */
export function preconditionStatus(scope: Scope, name: string, why: string): ReturnType<typeof conflictStatus> {
  return conflictStatus(scope.kind, name, `StorageError: invalid object, Code: 4, Key: ${registryKey(scope, name)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ${why}`);
}

function checkPreconditions(scope: Scope, name: string, old: KubeObject, sent: KubeObject, options: UpdateOptions): void {
  const { kind } = scope;
  const { uid, resourceVersion } = sent.metadata;
  if (options.isPatch !== true && uid !== undefined && uid !== '' && uid !== old.metadata.uid) {
    throw new Refusal(preconditionStatus(scope, name, `UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid ?? ''}`));
  }
  if (resourceVersion === undefined || resourceVersion === '' || resourceVersion === '0') {
    if (kind.requiresResourceVersion === true && options.isPatch !== true) refuseUnversioned(scope, name);
  } else if (resourceVersion !== old.metadata.resourceVersion) {
    if (!/^\d+$/.test(resourceVersion)) throw new Refusal(plainStatus(422, 'Invalid', invalidStatus(kind, name, []).message ?? ''));
    throw new Refusal(conflictStatus(kind, name));
  }
}

/** Upstream names the resource, not the kind, in this one error. */
function refuseUnversioned(scope: Scope, name: string): never {
  const { group, resource } = scope.kind;
  const errors: readonly FieldError[] = [{ type: 'Invalid value', field: 'metadata.resourceVersion', badValue: 0, detail: 'must be specified for an update' }];
  throw new Refusal(invalidStatus({ group, kind: resource }, name, errors));
}

/** Stores what an update or patch made. Throws Refusal. @internal */
export function store(context: ServerContext, scope: Scope, name: string, old: KubeObject, sent: KubeObject, options: UpdateOptions): KubeObject {
  const { kind } = scope;
  const { dryRun = false } = options;
  checkPreconditions(scope, name, old, sent, options);
  // The object stands here already: a copy by spread that gains a field is dear.
  const attributes = {
    operation: 'UPDATE' as const, kind, resource: scope.resource, subresource: options.subresource ?? '', namespace: scope.namespace, name, object: sent, oldObject: old, dryRun, user: options.user ?? ADMINISTRATOR,
  };
  const writes: AdmissionWrite[] = [];
  let object = context.admit('admit', attributes, options.warnings, writes) ?? sent;
  // What is sent back as it is stored already has all that the server owns.
  if (object.metadata !== old.metadata) object = { ...object, metadata: keepMetadata(object.metadata, old.metadata) };
  object = isWhole(options.subresource) ? prepareMain(context, scope, object, old) : prepareSubresource(context, scope, object, old, options.subresource);
  if (options.subresource !== 'status' && kind.hasGeneration === true && (kind.generationChanged?.(object, old) ?? !isSame(object['spec'], old['spec']))) {
    object = { ...object, metadata: { ...object.metadata, generation: (old.metadata.generation ?? 0) + 1 } };
  }
  validate(context, scope, name, object, old, options, emptyListsOf(sent));
  if (kind.canonicalize !== undefined) object = kind.canonicalize(object);
  context.admit('validate', { ...attributes, object }, options.warnings, writes);
  object = settle(kind, allocate(context, scope, object, old, dryRun), sent);
  const tracked = options.managedFields ?? trackUpdate(context, scope, old, sent, options.subresource ?? '', options.fieldManager);
  const managedFields = tracked?.length === 0 ? undefined : tracked;
  return commit(context, scope, name, object, managedFields, old, dryRun, writes);
}

/** Whether a write is of the object itself: a scale sets the replicas by the rules of the whole. */
function isWhole(subresource: string | undefined): subresource is undefined {
  return subresource === undefined || subresource === 'scale';
}

function prepareMain(context: ServerContext, scope: Scope, object: KubeObject, old: KubeObject): KubeObject {
  const { kind } = scope;
  let prepared = object;
  if (kind.subresources?.status !== undefined && prepared['status'] !== old['status']) prepared = tidy({ ...prepared, status: old['status'] as unknown });
  return kind.prepareForUpdate === undefined ? prepared : kind.prepareForUpdate(prepared, old, context.kindContext);
}

function prepareSubresource(context: ServerContext, scope: Scope, object: KubeObject, old: KubeObject, subresource: string): KubeObject {
  const strategy = scope.kind.subresources?.[subresource as 'status'];
  if (typeof strategy === 'object' && strategy.prepareForUpdate !== undefined) return strategy.prepareForUpdate(object, old, context.kindContext);
  // Of a status write only status counts, with labels, annotations and finalizers of metadata.
  const metadata = object.metadata.ownerReferences === old.metadata.ownerReferences ? object.metadata : tidy({ ...object.metadata, ownerReferences: old.metadata.ownerReferences });
  return { ...old, metadata, status: object['status'] as unknown };
}

const METADATA = fieldPath('metadata');

function validate(context: ServerContext, scope: Scope, name: string, object: KubeObject, old: KubeObject, options: UpdateOptions, emptyLists: ReadonlySet<string> | undefined): void {
  const { kind } = scope;
  const { now, time, profile } = context.kindContext;
  const validation = { now, time, profile, old, isJsonPatched: options.isJsonPatched, emptyLists };
  const meta = validateObjectMetaUpdate(object.metadata, old.metadata, METADATA);
  const strategy = options.subresource === undefined ? undefined : kind.subresources?.[options.subresource as 'status'];
  if (!isWhole(options.subresource)) {
    const own = typeof strategy === 'object' ? strategy.validateUpdate?.(object, old, validation) ?? [] : [];
    refuseInvalid(scope, name, meta, own);
    if (typeof strategy === 'object') options.warnings?.push(...(strategy.warnings?.(object, old, context.kindContext) ?? []));
    return;
  }
  const isFull = kind.updateOnlyValidation !== true;
  // Labels, annotations and owners are checked by both; upstream's list has them twice, its message once.
  refuseInvalid(scope, name, isFull ? validateMeta(kind, object.metadata) : undefined, isFull ? kind.validateCreate?.(object, validation) : undefined, meta, kind.validateUpdate?.(object, old, validation));
  if (options.warnings !== undefined && kind.warnings !== undefined) options.warnings.push(...kind.warnings(object, old, context.kindContext));
}

/** Stores the object unless it is what is stored already; lets go of one whose last finalizer went. */
function commit(context: ServerContext, scope: Scope, name: string, object: KubeObject, managedFields: ObjectMeta['managedFields'], old: KubeObject, dryRun: boolean, writes: readonly AdmissionWrite[]): KubeObject {
  if (changesNothing(scope.kind, object, managedFields, old)) return old;
  if (finishesDeletion(scope, object, old)) {
    if (!dryRun) finishDeletion(context, scope, name, object, old);
    return withVersion(object, managedFields, old.metadata.resourceVersion ?? '');
  }
  if (dryRun) return withVersion(object, managedFields, old.metadata.resourceVersion ?? '');
  context.writeAdmitted(writes);
  return context.storage.put(scope.resource, context.key(scope, name), withVersion(object, managedFields, context.nextVersion(scope.resource)), writes.length === 0 ? old : undefined).after;
}

function finishesDeletion(scope: Scope, object: KubeObject, old: KubeObject): boolean {
  return old.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers?.length ?? 0) === 0 && (object.metadata.deletionGracePeriodSeconds ?? 0) === 0 && scope.kind.blocksRemoval?.(object) !== true;
}

/** Whether a write changes anything but the version and the times of managed fields. */
function changesNothing(kind: Scope['kind'], object: KubeObject, managedFields: ObjectMeta['managedFields'], old: KubeObject): boolean {
  return sameFields(object, old, isMetadata) && (object.metadata === old.metadata || sameFields(object.metadata, old.metadata, isBookkeeping)) && sameOwners(kind, managedFields, old.metadata.managedFields);
}

const isMetadata = (key: string): boolean => key === 'metadata';
const isBookkeeping = (key: string): boolean => key === 'resourceVersion' || key === 'managedFields';

function sameFields(a: object, b: object, isSkipped: (key: string) => boolean): boolean {
  const left = a as Readonly<Record<string, unknown>>;
  const right = b as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(left)) if (!isSkipped(key) && !isSame(left[key], right[key])) return false;
  for (const key of Object.keys(right)) if (!isSkipped(key) && right[key] !== undefined && left[key] === undefined) return false;
  return true;
}

function sameOwners(kind: Scope['kind'], a: ObjectMeta['managedFields'], b: ObjectMeta['managedFields']): boolean {
  if (a === b) return true;
  const withoutTimes = (entries: ObjectMeta['managedFields']): unknown => entries?.map(({ time: _time, ...entry }) => entry);
  return isSame(withoutTimes(entriesOf(kind, a)), withoutTimes(entriesOf(kind, b)));
}
