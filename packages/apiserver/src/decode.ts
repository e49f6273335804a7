// From what was sent to a typed object: types checked, zero values and published defaults in, the kind's own defaults applied.
import { apiVersionOf, badRequestStatus, conform, deepFreeze, structOfKind, structOfSchema, type KindDefinition, type KubeObject, type SchemaNode, type StructType } from '@kubesim/api';
import { emptyListsOf, inheritEmptyLists } from './empty-lists.ts';
import { Refusal, type ServerContext } from './server.ts';

/** Any object at all. */
const OPEN: SchemaNode = deepFreeze({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true });

const structs = new WeakMap<KindDefinition, { readonly struct: StructType | undefined }>();

/** The struct of a kind: of the schema, or of a custom resource's own. @internal */
export function structOf(kind: KindDefinition): StructType | undefined {
  let found = structs.get(kind);
  if (found === undefined) {
    const schema = kind.schema ?? (kind.isStoredAsSent === true ? OPEN : undefined);
    found = { struct: schema === undefined ? structOfKind(kind.group, kind.version, kind.kind) : structOfSchema(schema, kind.kind) };
    structs.set(kind, found);
  }
  return found.struct;
}

/**
 * The object as Go's typed form has it, with defaults, frozen. What is equal to a part of `known`, which has that form already
 * (what is stored), becomes that part. Throws Refusal 400 for wrong types. @internal
 */
export function decode(context: ServerContext, kind: KindDefinition, object: KubeObject, known?: KubeObject): KubeObject {
  const apiVersion = apiVersionOf(kind);
  const struct = structOf(kind);
  let conformed = object;
  if (struct !== undefined) {
    const { value, findings } = conform(struct, object, known);
    if (findings.error !== undefined) throw new Refusal(badRequestStatus(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${findings.error}`));
    conformed = value as KubeObject;
  }
  const emptyLists = kind.emptyLists === undefined ? undefined : emptyListsOf(object);
  let typed = conformed;
  if (typed.apiVersion !== apiVersion || typed.kind !== kind.kind) typed = { ...typed, apiVersion, kind: kind.kind };
  if (kind.default !== undefined) typed = kind.default(typed, emptyLists === undefined ? context.kindContext : { ...context.kindContext, emptyLists });
  const settled = typed === conformed ? conformed : settle(kind, typed, conformed);
  if (emptyLists !== undefined) inheritEmptyLists(object, settled);
  return settled;
}

/** Brings what hooks made into Go's form again, where it differs from `known`, which has it: zero values in, nothing undefined. Frozen. @internal */
export function settle(kind: KindDefinition, object: KubeObject, known: KubeObject): KubeObject {
  const struct = structOf(kind);
  return struct === undefined ? object : conform(struct, object, known).value as KubeObject;
}
