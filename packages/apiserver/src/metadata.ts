// What the server owns of metadata: identities, validation, and allocation from the store.
import { fieldPath, invalidStatus, validateObjectMeta, type FieldError, type KindDefinition, type KubeObject, type ObjectMeta, type ResourceName } from '@kubesim/api';
import { Refusal, type Scope, type ServerContext } from './server.ts';

/** A UUID derived from what the object is and how many of its name came before. @internal */
export function newUid(context: ServerContext, resource: ResourceName, key: string, dryRun: string | undefined): string {
  // What a dry run shows is never stored, and is not what a later create will get.
  const hex = context.options.identity([...(dryRun === undefined ? ['uid'] : ['dry-run', dryRun]), resource, key, String(context.storage.incarnation(resource, key))]);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${'89ab'[Number.parseInt(hex.slice(16, 17), 16) & 3] ?? '8'}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const METADATA = fieldPath('metadata');

/** Errors of metadata in a create, and of the whole of it in an update. @internal */
export function validateMeta(kind: KindDefinition, metadata: ObjectMeta): readonly FieldError[] {
  return validateObjectMeta(metadata, { namespaced: kind.namespaced, nameRule: kind.nameRule ?? 'subdomain', path: METADATA, takesAnyFinalizer: kind.takesAnyFinalizer });
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
