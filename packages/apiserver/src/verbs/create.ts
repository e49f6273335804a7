// POST: decode → names → mutating admission → strategy → validate → validating admission → storage.
import { alreadyExistsStatus, badRequestStatus, type KubeObject, type ObjectMeta } from '@kubesim/api';
import { trackUpdate } from '../managed-fields/track.ts';
import type { AdmissionWrite } from '../admission/admission-plugin.ts';
import { assembleMetadata, assembleObject, metadataAt } from '../assemble.ts';
import { acceptNames } from '../custom-resources/accept-names.ts';
import { decode, settle } from '../decode.ts';
import { allocate, newUid, validateMeta } from '../metadata.ts';
import { plainStatus } from '../rest/plain-status.ts';
import { ADMINISTRATOR, refuseInvalid, Refusal, type Scope, type ServerContext, type WriteRequest } from '../server.ts';

const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const GENERATED_BASE_MAX = 58;

/** A generated name: derived, and free. Upstream: apiserver/pkg/storage/names/generate.go (1.37). */
function generateName(context: ServerContext, scope: Scope, base: string): string {
  const prefix = base.slice(0, GENERATED_BASE_MAX);
  for (let attempt = 0; ; attempt++) {
    // The revision enters, so that two siblings made by one owner differ; what is deleted and made again differs, too.
    const hex = context.options.identity(['name', scope.resource, scope.namespace, base, String(context.storage.count(scope.resource)), String(attempt), String(context.storage.revisionOf(scope.resource))]);
    let suffix = '';
    for (let index = 0; index < SUFFIX_LENGTH; index++) suffix += SUFFIX_ALPHABET[Number.parseInt(hex.slice(index * 4, index * 4 + 4), 16) % SUFFIX_ALPHABET.length] as string;
    const name = `${prefix}${suffix}`;
    if (context.storage.get(scope.resource, context.key(scope, name)) === undefined) return name;
  }
}

/** Creates an object. Throws Refusal. @internal */
export function create(context: ServerContext, scope: Scope, sent: KubeObject, write: Partial<WriteRequest> & { readonly managedFields?: ObjectMeta['managedFields'] } = {}): KubeObject {
  const { kind } = scope;
  const { dryRun = false } = write;
  let object = decode(context, kind, sent);
  const given: ObjectMeta = object.metadata ?? {};
  if (kind.namespaced && given.namespace !== undefined && given.namespace !== '' && given.namespace !== scope.namespace) {
    throw new Refusal(badRequestStatus('the namespace of the provided object does not match the namespace sent on the request'));
  }
  const base = given.name === undefined || given.name === '' ? given.generateName ?? '' : '';
  const name = base !== '' ? generateName(context, scope, base) : (given.name ?? '') === '' && kind.unnamedGetsUid === true ? newUid(context, scope.resource, `${scope.namespace}/`, undefined) : given.name ?? '';
  const decoded = object;
  // What of metadata only the server sets is gone before admission looks.
  const { resourceVersion, generation } = given;
  object = assembleObject(object, assembleMetadata(given, { name, namespace: kind.namespaced ? scope.namespace : undefined, resourceVersion, generation }), object['status']);
  const attributes = {
    operation: 'CREATE' as const, kind, resource: scope.resource, subresource: '', namespace: scope.namespace, name, object, dryRun, user: write.user ?? ADMINISTRATOR,
  };
  const writes: AdmissionWrite[] = [];
  object = context.admit('admit', attributes, write.warnings, writes) ?? object;
  const key = context.key(scope, name);
  const admitted = object.metadata;
  const metadata = assembleMetadata(admitted, {
    name: admitted.name, namespace: admitted.namespace, selfLink: admitted.selfLink, uid: newUid(context, scope.resource, key, dryRun ? write.dryRunLabel ?? '' : undefined), resourceVersion: admitted.resourceVersion,
    generation: kind.hasGeneration === true ? 1 : undefined, creationTimestamp: context.kindContext.time, deletionTimestamp: admitted.deletionTimestamp, deletionGracePeriodSeconds: admitted.deletionGracePeriodSeconds, managedFields: admitted.managedFields,
  });
  object = assembleObject(object, metadata, kind.subresources?.status !== undefined && kind.keepsStatusOnCreate !== true ? undefined : object['status']);
  if (kind.prepareForCreate !== undefined) object = kind.prepareForCreate(object, context.kindContext);
  refuseInvalid(scope, name === '' ? given.generateName ?? '' : name, validateMeta(kind, object.metadata), kind.validateCreate?.(object, context.kindContext));
  if (write.warnings !== undefined && kind.warnings !== undefined) write.warnings.push(...kind.warnings(object, undefined, context.kindContext));
  if (kind.canonicalize !== undefined) object = kind.canonicalize(object);
  context.admit('validate', { ...attributes, object }, write.warnings, writes);
  object = allocate(context, scope, object, undefined, dryRun);
  object = settle(kind, object, decoded);
  if (context.storage.get(scope.resource, key) !== undefined) throw new Refusal(alreadyExists(context, scope, name));
  if (given.resourceVersion !== undefined && given.resourceVersion !== '') throw new Refusal(plainStatus(500, undefined, 'resourceVersion should not be set on objects to be created'));
  const managedFields = write.managedFields ?? trackUpdate(context, scope, undefined, decoded, '', write.fieldManager);
  if (dryRun) return assembleObject(object, metadataAt(object.metadata, managedFields, undefined), object['status']);
  context.writeAdmitted(writes);
  const { after } = context.storage.put(scope.resource, key, withVersion(object, managedFields, context.nextVersion(scope.resource)), writes.length === 0 ? null : undefined);
  acceptNames(context, scope, after);
  return after;
}

/** The object as it is stored: with its owners' fields and its version. @internal */
export function withVersion(object: KubeObject, managedFields: ObjectMeta['managedFields'], resourceVersion: string): KubeObject {
  return assembleObject(object, metadataAt(object.metadata, managedFields?.length === 0 ? undefined : managedFields, resourceVersion), object['status']);
}

function alreadyExists(context: ServerContext, scope: Scope, name: string): ReturnType<typeof alreadyExistsStatus> {
  const status = alreadyExistsStatus(scope.kind, name);
  const held = context.storage.get(scope.resource, context.key(scope, name));
  return held?.metadata.deletionTimestamp === undefined ? status : { ...status, message: `object is being deleted: ${status.message ?? ''}` };
}
