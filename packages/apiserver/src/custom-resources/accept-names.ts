// What the API server's own controllers do once a CustomResourceDefinition is stored: its names are accepted unless another
// definition has them, then it is established. Upstream: apiextensions-apiserver/pkg/controller/{status,establish} (1.37).
// Upstream serves a definition only after that; here it is served from its first write.
import { withField, type CustomResourceDefinition, type CustomResourceDefinitionCondition, type CustomResourceDefinitionNames, type KubeObject } from '@kubesim/api';
import type { Scope, ServerContext } from '../server.ts';

type Definition = CustomResourceDefinition & KubeObject;

const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io';

interface Conflict {
  readonly reason: string;
  readonly message: string;
}

function findConflict(context: ServerContext, definition: Definition): Conflict | undefined {
  const { names, group } = definition.spec;
  const taken = new Set<string>();
  const kinds = new Set<string>();
  for (const stored of context.storage.list(DEFINITIONS)) {
    const other = stored as Definition;
    if (other.spec.group !== group || other.metadata.name === definition.metadata.name) continue;
    const accepted: CustomResourceDefinitionNames | undefined = other.status?.acceptedNames;
    for (const name of [accepted?.plural, accepted?.singular, ...accepted?.shortNames ?? []]) if (name !== undefined && name !== '') taken.add(name);
    for (const kind of [accepted?.kind, accepted?.listKind]) if (kind !== undefined && kind !== '') kinds.add(kind);
  }
  const conflict = (reason: string, name: string): Conflict => ({ reason, message: `"${name}" is already in use` });
  if (taken.has(names.plural)) return conflict('PluralConflict', names.plural);
  if (names.singular !== undefined && taken.has(names.singular)) return conflict('SingularConflict', names.singular);
  for (const name of names.shortNames ?? []) if (taken.has(name)) return conflict('ShortNamesConflict', name);
  if (kinds.has(names.kind)) return conflict('KindConflict', names.kind);
  return names.listKind !== undefined && kinds.has(names.listKind) ? conflict('ListKindConflict', names.listKind) : undefined;
}

function withConditions(definition: Definition, changed: readonly CustomResourceDefinitionCondition[]): Definition {
  const kept = (definition.status?.conditions ?? []).filter((condition) => !changed.some((each) => each.type === condition.type));
  return withField(definition, 'status', { ...definition.status, conditions: [...kept, ...changed] } as NonNullable<CustomResourceDefinition['status']>);
}

function put(context: ServerContext, definition: Definition): Definition {
  const metadata = { ...definition.metadata, resourceVersion: context.nextVersion(DEFINITIONS) };
  return context.storage.put(DEFINITIONS, definition.metadata.name as string, { ...definition, metadata }).after as Definition;
}

/** Writes the status of a definition that was just stored; nothing for other kinds and for names that are accepted. @internal */
export function acceptNames(context: ServerContext, scope: Scope, stored: KubeObject): void {
  if (scope.resource !== DEFINITIONS) return;
  const definition = stored as Definition;
  const { names } = definition.spec;
  if (JSON.stringify(definition.status?.acceptedNames) === JSON.stringify(names)) return;
  const condition = (type: string, status: 'True' | 'False', reason: string, message: string): CustomResourceDefinitionCondition => ({ type, status, lastTransitionTime: context.kindContext.time, reason, message });
  const conflict = findConflict(context, definition);
  if (conflict !== undefined) {
    put(context, withConditions(definition, [condition('NamesAccepted', 'False', conflict.reason, conflict.message), condition('Established', 'False', 'NotAccepted', 'not all names are accepted')]));
    return;
  }
  const named = withField(definition, 'status', { ...definition.status, acceptedNames: names } as NonNullable<CustomResourceDefinition['status']>);
  const installing = put(context, withConditions(named, [condition('NamesAccepted', 'True', 'NoConflicts', 'no conflicts found'), condition('Established', 'False', 'Installing', 'the initial names have been accepted')]));
  put(context, withConditions(installing, [condition('Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted')]));
}
