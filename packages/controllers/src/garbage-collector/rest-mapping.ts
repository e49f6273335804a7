// From the kind in an owner reference to the resource it lives under. Built-in kinds come from the scheme, kinds of custom
// resources from the definitions in the cache.
import { apiVersionOf, builtInScheme, resourceName, type CustomResourceDefinition, type KindDefinition, type KubeObject, type ResourceName } from '@kubesim/api';
import type { HandlerContext } from '@kubesim/client';

/** Where a kind lives. @internal */
export interface RestMapping {
  readonly apiVersion: string;
  readonly kind: string;
  readonly resource: ResourceName;
  readonly namespaced: boolean;
  /** Its objects are in the caches. */
  readonly isWatched: boolean;
}

/** Resource of the definitions of custom kinds. @internal */
export const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io';

const WATCHABLE: readonly RestMapping[] = builtInScheme.kinds.filter(isCollected).map((kind) => ({
  apiVersion: apiVersionOf(kind), kind: kind.kind, resource: resourceName(kind), namespaced: kind.namespaced, isWatched: true,
}));

const BY_RESOURCE: ReadonlyMap<ResourceName, RestMapping> = new Map(WATCHABLE.map((mapping) => [mapping.resource, mapping]));

/** All resources that can be deleted, listed and watched, but for Events. [GC1] @internal */
export const WATCHED_RESOURCES: readonly ResourceName[] = [...BY_RESOURCE.keys()];

/** The mapping of an object that a cache holds, in the preferred version of its resource. @internal */
export function mappingOfObject(resource: ResourceName, object: KubeObject): RestMapping {
  // An object of a custom kind says what it is, also where its definition is gone already.
  return BY_RESOURCE.get(resource) ?? { apiVersion: object.apiVersion ?? '', kind: object.kind ?? '', resource, namespaced: object.metadata.namespace !== undefined, isWatched: true };
}

/** The resource of the objects that a definition declares. @internal */
export function resourceOfDefinition({ spec }: CustomResourceDefinition): ResourceName {
  return `${spec.names.plural}.${spec.group}`;
}

/** The mapping of a kind; undefined if no server here serves it. Upstream: apiResource in pkg/controller/garbagecollector/operations.go (1.37). @internal */
export function mappingOfKind(context: Pick<HandlerContext, 'lister'>, apiVersion: string, kind: string): RestMapping | undefined {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  const known = builtInScheme.byKind(group, version, kind);
  if (known !== undefined) {
    const resource = known.storedAs?.resource ?? resourceName(known);
    return { apiVersion, kind, resource, namespaced: known.namespaced, isWatched: BY_RESOURCE.has(resource) };
  }
  if (!BY_RESOURCE.has(DEFINITIONS)) return undefined;
  for (const { spec } of context.lister<CustomResourceDefinition & { metadata: object }>(DEFINITIONS).list()) {
    if (spec.group !== group || spec.names.kind !== kind || !spec.versions.some((served) => served.name === version && served.served)) continue;
    return { apiVersion, kind, resource: `${spec.names.plural}.${group}`, namespaced: spec.scope === 'Namespaced', isWatched: true };
  }
  return undefined;
}

function isCollected(kind: KindDefinition): boolean {
  if (kind.resource === 'events' || kind.storedAs !== undefined) return false;
  return kind.verbs === undefined || ['delete', 'list', 'watch'].every((verb) => kind.verbs?.includes(verb));
}
