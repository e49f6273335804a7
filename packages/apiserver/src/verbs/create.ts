// POST: decode → mutating admission → metadata → strategy → validate → validating admission → storage.
import { alreadyExistsStatus, badRequestStatus, forbiddenStatus, type KubeObject, type ObjectMeta } from '@kubesim/api';
import { decode } from '../decode.ts';
import { allocate, newUid, validateMeta } from '../metadata.ts';
import { refuseInvalid, Refusal, type Scope, type ServerContext } from '../server.ts';

const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const GENERATED_BASE_MAX = 58;

/** A generated name: derived, and free. Upstream: apiserver/pkg/storage/names/generate.go (1.37). @internal */
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
export function create(context: ServerContext, scope: Scope, sent: KubeObject, options: { readonly dryRun?: boolean } = {}): KubeObject {
  const { kind } = scope;
  let object = decode(context, kind, sent);
  const given: ObjectMeta = object.metadata ?? {};
  if (kind.namespaced && given.namespace !== undefined && given.namespace !== '' && given.namespace !== scope.namespace) {
    throw new Refusal(badRequestStatus('the namespace of the provided object does not match the namespace sent on the request'));
  }
  const meta = { ...given, ...(kind.namespaced ? { namespace: scope.namespace } : { namespace: undefined }) };
  const baseName = given.name === undefined || given.name === '' ? given.generateName ?? '' : '';
  const name = given.name !== undefined && given.name !== '' ? given.name : baseName === '' ? '' : generateName(context, scope, baseName);
  if (kind.namespaced) refuseWrongNamespace(context, scope);
  object = { ...object, metadata: { ...meta, name } };
  const attributes = {
    operation: 'CREATE' as const, kind, resource: scope.resource, subresource: '', namespace: scope.namespace, name, dryRun: options.dryRun ?? false,
    user: { name: 'system:admin', groups: ['system:masters'] },
  };
  object = context.admit('admit', { ...attributes, object }) ?? object;
  const key = context.key(scope, name);
  const metadata: ObjectMeta = {
    ...object.metadata, uid: newUid(context, scope.resource, key), creationTimestamp: context.kindContext.time,
    generation: kind.hasGeneration === true ? 1 : undefined, resourceVersion: undefined, selfLink: undefined, deletionTimestamp: undefined, deletionGracePeriodSeconds: undefined, managedFields: undefined,
  };
  object = { ...object, metadata: tidy(metadata) };
  if (kind.subresources?.status !== undefined) object = dropStatus(object);
  if (kind.prepareForCreate !== undefined) object = kind.prepareForCreate(object, context.kindContext);
  refuseInvalid(scope, name === '' ? given.generateName ?? '' : name, [...validateMeta(kind, object.metadata), ...(kind.validateCreate?.(object, context.kindContext) ?? [])]);
  if (kind.canonicalize !== undefined) object = kind.canonicalize(object);
  context.admit('validate', { ...attributes, object });
  if (context.storage.get(scope.resource, key) !== undefined) throw new Refusal(alreadyExistsStatus(kind, name));
  object = allocate(context, scope, object, undefined, options.dryRun ?? false);
  if (options.dryRun === true) return object;
  return context.storage.put(scope.resource, key, { ...object, metadata: { ...object.metadata, resourceVersion: context.nextVersion(scope.resource) } }).after;
}

/** Without fields that are undefined: storage holds what the wire shows. @internal */
export function tidy<T extends object>(object: T): T {
  const result: Partial<T> = {};
  for (const key of Object.keys(object) as (keyof T)[]) if (object[key] !== undefined) result[key] = object[key];
  return result as T;
}

function dropStatus(object: KubeObject): KubeObject {
  if (object['status'] === undefined) return object;
  const { status: _status, ...rest } = object;
  return rest as KubeObject;
}

function refuseWrongNamespace(context: ServerContext, scope: Scope): void {
  const namespace = context.storage.get('namespaces', scope.namespace);
  if (namespace?.metadata.deletionTimestamp === undefined) return;
  throw new Refusal(forbiddenStatus(scope.kind, '', `unable to create new content in namespace ${scope.namespace} because it is being terminated`));
}
