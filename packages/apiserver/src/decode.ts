// From what was sent to a typed object: types checked, zero values and published defaults in, the kind's own defaults applied.
import { apiVersionOf, badRequestStatus, conform, deepFreeze, structOfKind, structOfSchema, type KindDefinition, type KubeObject, type SchemaNode, type StructType } from '@kubesim/api';
import { Refusal, type ServerContext } from './server.ts';

/** Any object at all. */
const OPEN: SchemaNode = deepFreeze({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true });

/** The struct of a kind: of the schema, or of a custom resource's own. @internal */
export function structOf(kind: KindDefinition): StructType | undefined {
  if (kind.schema !== undefined) return structOfSchema(kind.schema, kind.kind);
  if (kind.isStoredAsSent === true) return structOfSchema(OPEN, kind.kind);
  return structOfKind(kind.group, kind.version, kind.kind);
}

/** The object as Go's typed form has it, with defaults. Throws Refusal 400 for wrong types. @internal */
export function decode(context: ServerContext, kind: KindDefinition, object: KubeObject): KubeObject {
  const apiVersion = apiVersionOf(kind);
  const struct = structOf(kind);
  let typed = object;
  if (struct !== undefined) {
    const { value, findings } = conform(struct, object);
    if (findings.error !== undefined) throw new Refusal(badRequestStatus(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${findings.error}`));
    typed = value as KubeObject;
  }
  if (typed.apiVersion !== apiVersion || typed.kind !== kind.kind) typed = { ...typed, apiVersion, kind: kind.kind };
  return kind.default === undefined ? typed : kind.default(typed, context.kindContext);
}
