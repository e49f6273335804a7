// What the server owns of metadata: identities, validation, what an update may not change, and allocation from the store.
import { fieldPath, invalid, invalidStatus, required, type FieldError, type KindDefinition, type KubeObject, type ObjectMeta, type ResourceName } from '@kubesim/api';
import { Refusal, type Scope, type ServerContext } from './server.ts';

/** A UUID derived from what the object is and how many of its name came before. @internal */
export function newUid(context: ServerContext, resource: ResourceName, key: string): string {
  const hex = context.options.identity(['uid', resource, key, String(context.storage.incarnation(resource, key))]);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${'89ab'[Number.parseInt(hex.slice(16, 17), 16) & 3] ?? '8'}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const SUBDOMAIN_TEXT = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/** Errors of metadata in a create. @internal */
export function validateMeta(kind: KindDefinition, metadata: ObjectMeta): readonly FieldError[] {
  const path = fieldPath('metadata');
  const name = metadata.name ?? '';
  if (name === '') return [required(path.child('name'), 'name or generateName is required')];
  if (typeof kind.nameRule === 'function') return kind.nameRule(name, false).map((text) => invalid(path.child('name'), name, text));
  if (kind.nameRule === 'path-segment' || SUBDOMAIN.test(name)) return [];
  return [invalid(path.child('name'), name, SUBDOMAIN_TEXT)];
}

/** Lets the kind take what must come from the store. Throws Refusal 422. @internal */
export function allocate(context: ServerContext, scope: Scope, object: KubeObject, old: KubeObject | undefined, dryRun: boolean): KubeObject {
  const { kind } = scope;
  if (kind.allocate === undefined) return object;
  const name = object.metadata.name ?? '';
  const result = kind.allocate(object, old, {
    ...context.kindContext, store: context.store, dryRun, draw: (label, bound) => context.draw(['draw', scope.resource, context.key(scope, name), label], bound),
  });
  if (Array.isArray(result)) throw new Refusal(invalidStatus(kind, name, result as readonly FieldError[]));
  return result as KubeObject;
}
