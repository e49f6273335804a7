// The registry of kinds: built from an explicit list, looked up by resource, by path and by kind.
// Custom resources are not here: the server adds those that stored definitions declare.
import type { KindDefinition } from './kind.ts';
import type { ResourceName } from './request.ts';
import { resourceName } from './kind.ts';
import { KINDS } from './kinds/index.ts';
import { SCHEMA_ONLY_KINDS } from './kinds/schema-only.ts';
import { STORED_AS_SENT_KINDS } from './kinds/stored-as-sent.ts';

/** A fixed set of kinds. @public */
export interface Scheme {
  readonly kinds: readonly KindDefinition[];
  /** The kind that is stored under a resource (`pods`, `statefulsets.apps`), in its preferred version. */
  byResource(resource: ResourceName): KindDefinition | undefined;
  /** The kind that a path names. */
  byPath(group: string, version: string, resource: string): KindDefinition | undefined;
  byKind(group: string, version: string, kind: string): KindDefinition | undefined;
}

/** Builds a registry. Of two kinds under one resource the first that is not stored as another is the preferred one. @public */
export function createScheme(kinds: readonly KindDefinition[]): Scheme {
  const byResource = new Map<ResourceName, KindDefinition>();
  const byPath = new Map<string, KindDefinition>();
  const byKind = new Map<string, KindDefinition>();
  for (const kind of kinds) {
    const name = resourceName(kind);
    const known = byResource.get(name);
    if (known === undefined || (known.storedAs !== undefined && kind.storedAs === undefined)) byResource.set(name, kind);
    byPath.set(`${kind.group}/${kind.version}/${kind.resource}`, kind);
    byKind.set(`${kind.group}/${kind.version}/${kind.kind}`, kind);
  }
  return {
    kinds,
    byResource: (resource) => byResource.get(resource),
    byPath: (group, version, resource) => byPath.get(`${group}/${version}/${resource}`),
    byKind: (group, version, kind) => byKind.get(`${group}/${version}/${kind}`),
  };
}

/** The registry of all built-in kinds. @public */
export const builtInScheme: Scheme = createScheme([
  ...KINDS,
  ...SCHEMA_ONLY_KINDS.filter((plain) => !KINDS.some((kind) => kind.group === plain.group && kind.version === plain.version && kind.kind === plain.kind)),
  ...STORED_AS_SENT_KINDS,
]);
