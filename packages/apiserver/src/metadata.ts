// What the server owns of metadata: identities, validation, and allocation from the store.
import { fieldPath, invalidStatus, validateObjectMeta, type FieldError, type KindDefinition, type KubeObject, type ObjectMeta, type ResourceName } from '@kubesim/api';
import { Refusal, type Scope, type ServerContext } from './server.ts';

const DASH = 45;
/** The version of a random UUID, and its variants. */
const VERSION = 52;
const VARIANTS = '89ab';

/** A UUID derived from what the object is and how many of its name came before. @internal */
export function newUid(context: ServerContext, resource: ResourceName, key: string, dryRun: string | undefined): string {
  // What a dry run shows is never stored, and is not what a later create will get.
  const incarnation = String(context.storage.incarnation(resource, key));
  const hex = context.options.identity(dryRun === undefined ? ['uid', resource, key, incarnation] : ['dry-run', dryRun, resource, key, incarnation]);
  const at = (index: number): number => hex.charCodeAt(index);
  // One flat string: joined of pieces it would keep all of them, for as long as the object is known.
  return String.fromCharCode(
    at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), DASH, at(8), at(9), at(10), at(11), DASH, VERSION, at(13), at(14), at(15), DASH,
    VARIANTS.charCodeAt(Number.parseInt(hex.charAt(16), 16) & 3), at(17), at(18), at(19), DASH,
    at(20), at(21), at(22), at(23), at(24), at(25), at(26), at(27), at(28), at(29), at(30), at(31),
  );
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
