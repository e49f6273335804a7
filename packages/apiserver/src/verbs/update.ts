// PUT and PATCH: read what is stored, make the new object, check versions, strategy, validate, store unless nothing changed.
import {
  applyJsonPatch, applyMergePatch, applyStrategicMergePatch, badRequestStatus, conflictStatus, invalidStatus, notFoundStatus, schemaDefinition, definitionOfKind, type KubeObject, type ObjectMeta, type PatchType,
} from '@kubesim/api';
import { decode } from '../decode.ts';
import { allocate, validateMeta } from '../metadata.ts';
import { refuseInvalid, Refusal, type Scope, type ServerContext } from '../server.ts';
import { finishDeletion } from './delete.ts';
import { tidy } from './create.ts';

/** What an update may ask for. @internal */
export interface UpdateOptions {
  readonly subresource?: string;
  readonly dryRun?: boolean;
}

/** Replaces an object. Throws Refusal. @internal */
export function update(context: ServerContext, scope: Scope, name: string, sent: KubeObject, options: UpdateOptions = {}): KubeObject {
  const sentName = sent.metadata?.name;
  if (sentName !== undefined && sentName !== '' && sentName !== name) throw new Refusal(badRequestStatus(`the name of the object (${sentName}) does not match the name on the URL (${name})`));
  const old = context.stored(scope, name);
  return store(context, scope, name, old, decode(context, scope.kind, sent), options);
}

/** Patches an object in one of three dialects. Throws Refusal. @internal */
export function patch(context: ServerContext, scope: Scope, name: string, type: PatchType, body: unknown, options: UpdateOptions = {}): KubeObject {
  const old = context.stored(scope, name);
  return store(context, scope, name, old, decode(context, scope.kind, applyPatch(scope, name, old, type, body)), options);
}

/** What a patch makes of an object. Throws Refusal. @internal */
export function applyPatch(scope: Pick<Scope, 'kind'>, name: string, old: KubeObject, type: PatchType, body: unknown): KubeObject {
  const { kind } = scope;
  switch (type) {
    case 'merge':
      return applyMergePatch(old, body) as KubeObject;
    case 'strategic': {
      const definition = definitionOfKind(kind.group, kind.version, kind.kind);
      return applyStrategicMergePatch(old, body, definition === undefined ? undefined : schemaDefinition(definition)) as KubeObject;
    }
    case 'json': {
      const outcome = applyJsonPatch(old, body as readonly unknown[]);
      if (!outcome.ok) throw new Refusal({ ...invalidStatus({ group: '', kind: '' }, '', []), message: `the server rejected our request due to an error in our request: ${outcome.message}`, details: {} });
      return outcome.value as KubeObject;
    }
    case 'apply':
      throw new Refusal(notFoundStatus(kind, name));
  }
}

/** Metadata as the server keeps it: what a client may not change is put back. */
function keepMetadata(sent: ObjectMeta, old: ObjectMeta): ObjectMeta {
  return tidy({
    ...sent, name: old.name, namespace: old.namespace, uid: old.uid, creationTimestamp: old.creationTimestamp, generation: old.generation, generateName: sent.generateName ?? old.generateName,
    resourceVersion: undefined, selfLink: undefined, managedFields: undefined, deletionTimestamp: old.deletionTimestamp, deletionGracePeriodSeconds: old.deletionGracePeriodSeconds,
  });
}

function store(context: ServerContext, scope: Scope, name: string, old: KubeObject, sent: KubeObject, options: UpdateOptions): KubeObject {
  const { kind } = scope;
  const wantedVersion = sent.metadata.resourceVersion;
  if (wantedVersion === undefined || wantedVersion === '') {
    if (kind.requiresResourceVersion === true) refuseInvalid(scope, name, [{ type: 'Invalid value', field: 'metadata.resourceVersion', badValue: '', detail: 'must be specified for an update' }]);
  } else if (wantedVersion !== old.metadata.resourceVersion) {
    throw new Refusal(conflictStatus(kind, name));
  }
  if (sent.metadata.uid !== undefined && sent.metadata.uid !== '' && sent.metadata.uid !== old.metadata.uid) {
    throw new Refusal(conflictStatus(kind, name, `Precondition failed: UID in precondition: ${sent.metadata.uid}, UID in object meta: ${old.metadata.uid ?? ''}`));
  }
  const attributes = {
    operation: 'UPDATE' as const, kind, resource: scope.resource, subresource: options.subresource ?? '', namespace: scope.namespace, name, oldObject: old, dryRun: options.dryRun ?? false,
    user: { name: 'system:admin', groups: ['system:masters'] },
  };
  let object = context.admit('admit', { ...attributes, object: sent }) ?? sent;
  object = { ...object, metadata: keepMetadata(object.metadata, old.metadata) };
  object = options.subresource === undefined ? prepareMain(context, scope, object, old) : prepareSubresource(context, scope, object, old, options.subresource);
  validate(context, scope, name, object, old, options.subresource);
  if (kind.canonicalize !== undefined) object = kind.canonicalize(object);
  if (options.subresource === undefined && kind.hasGeneration === true && (kind.generationChanged?.(object, old) ?? !same(object['spec'], old['spec']))) {
    object = { ...object, metadata: { ...object.metadata, generation: (old.metadata.generation ?? 0) + 1 } };
  }
  context.admit('validate', { ...attributes, object });
  object = allocate(context, scope, object, old, options.dryRun ?? false);
  return commit(context, scope, name, object, old, options.dryRun ?? false);
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
  return tidy({ ...old, metadata: { ...object.metadata, ownerReferences: old.metadata.ownerReferences }, status: object['status'] as unknown });
}

function validate(context: ServerContext, scope: Scope, name: string, object: KubeObject, old: KubeObject, subresource: string | undefined): void {
  const { kind } = scope;
  const validation = { ...context.kindContext, old };
  if (subresource !== undefined) {
    const strategy = kind.subresources?.[subresource as 'status'];
    if (typeof strategy === 'object') refuseInvalid(scope, name, strategy.validateUpdate?.(object, old, validation) ?? []);
    return;
  }
  const errors = kind.updateOnlyValidation === true ? [] : [...validateMeta(kind, object.metadata), ...(kind.validateCreate?.(object, validation) ?? [])];
  refuseInvalid(scope, name, [...errors, ...(kind.validateUpdate?.(object, old, validation) ?? [])]);
}

/** Stores the object unless it is what is stored already; lets go of one whose last finalizer went. @internal */
export function commit(context: ServerContext, scope: Scope, name: string, object: KubeObject, old: KubeObject, dryRun: boolean): KubeObject {
  const { metadata } = object;
  const isSame = same(withoutVersion(object), withoutVersion(old));
  if (isSame) return old;
  if (dryRun) return { ...object, metadata: { ...metadata, resourceVersion: old.metadata.resourceVersion } };
  const next = { ...object, metadata: { ...metadata, resourceVersion: context.nextVersion(scope.resource) } };
  if (finishDeletion(context, scope, name, next)) return next;
  return context.storage.put(scope.resource, context.key(scope, name), next).after;
}

function withoutVersion(object: KubeObject): KubeObject {
  const { resourceVersion: _version, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Deep equality; fields that are undefined count as absent. @internal */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => same(item, b[index]));
  const left = a as Readonly<Record<string, unknown>>;
  const right = b as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(left)) if (!same(left[key], right[key])) return false;
  for (const key of Object.keys(right)) if (right[key] !== undefined && left[key] === undefined) return false;
  return true;
}
