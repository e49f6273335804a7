// References as kubectl takes them: `statefulset/web`, `sts/web`, `pods`, `deployment.apps/web`.
import { builtInScheme, resourceName, type KindDefinition, type KubeObject, type ResourceName } from '@kubesim/api';
import { nearest, UsageError } from './errors.ts';

/** A kind that a name resolved to. @internal */
export interface ResolvedKind {
  readonly resource: ResourceName;
  readonly kind: string;
  readonly apiVersion: string;
  readonly namespaced: boolean;
}

/** Custom resources that definitions in the store declare, looked up after the built-in kinds. @internal */
export type CustomKinds = () => Iterable<KubeObject>;

function toResolved(kind: KindDefinition): ResolvedKind {
  return { resource: resourceName(kind), kind: kind.kind, apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`, namespaced: kind.namespaced };
}

function namesOf(kind: KindDefinition): readonly string[] {
  return [kind.resource, kind.singular, kind.kind.toLowerCase(), ...(kind.shortNames ?? [])];
}

interface BuiltIn {
  readonly group: string;
  readonly version: string;
  readonly resolved: ResolvedKind;
}

let builtIns: ReadonlyMap<string, readonly BuiltIn[]> | undefined;

/** The built-in kinds by each of their names, in the scheme's order; gathered when first asked for, as suites ask at every call. */
function builtInsByName(): ReadonlyMap<string, readonly BuiltIn[]> {
  if (builtIns !== undefined) return builtIns;
  const byName = new Map<string, BuiltIn[]>();
  for (const kind of builtInScheme.kinds) {
    if (kind.storedAs !== undefined) continue;
    const entry = { group: kind.group, version: kind.version, resolved: Object.freeze(toResolved(kind)) };
    for (const name of new Set(namesOf(kind))) byName.set(name, [...byName.get(name) ?? [], entry]);
  }
  return builtIns = byName;
}

/** The kind that a resource word names: plural, singular, short name, with or without its group. Throws UsageError. @internal */
export function resolveResource(word: string, custom: CustomKinds): ResolvedKind {
  const lower = word.toLowerCase();
  const dot = lower.indexOf('.');
  const [name, group] = dot < 0 ? [lower, undefined] : [lower.slice(0, dot), lower.slice(dot + 1)];
  const found = builtInsByName().get(name)?.find((kind) => group === undefined || group === kind.group || group === `${kind.version}.${kind.group}`);
  if (found !== undefined) return found.resolved;
  for (const definition of custom()) {
    const { group: ownGroup, names, scope, versions } = definition['spec'] as { group: string; names: { plural: string; singular?: string; kind: string; shortNames?: string[] }; scope: string; versions: { name: string; storage: boolean }[] };
    const words = [names.plural, names.singular ?? names.kind.toLowerCase(), names.kind.toLowerCase(), ...(names.shortNames ?? [])];
    if (!words.includes(name) || (group !== undefined && group !== ownGroup)) continue;
    const version = versions.find((each) => each.storage)?.name ?? versions[0]?.name ?? 'v1';
    return { resource: `${names.plural}.${ownGroup}`, kind: names.kind, apiVersion: `${ownGroup}/${version}`, namespaced: scope === 'Namespaced' };
  }
  const near = nearest(name, builtInScheme.kinds.flatMap((kind) => [...namesOf(kind)]));
  throw new UsageError(`the server doesn't have a resource type "${word}"${near === undefined ? '' : `; did you mean "${near}"?`}`);
}

/** The kind that a manifest names by apiVersion and kind. Throws UsageError in kubectl's words. @internal */
export function resolveManifest(manifest: KubeObject, custom: CustomKinds): ResolvedKind {
  const apiVersion = manifest.apiVersion ?? '';
  const slash = apiVersion.indexOf('/');
  const [group, version] = slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
  const found = builtInScheme.byKind(group, version, manifest.kind ?? '');
  if (found !== undefined) return toResolved(found);
  for (const definition of custom()) {
    const spec = definition['spec'] as { group: string; names: { plural: string; kind: string }; scope: string; versions: { name: string }[] };
    if (spec.group === group && spec.names.kind === manifest.kind && spec.versions.some((each) => each.name === version)) {
      return { resource: `${spec.names.plural}.${group}`, kind: spec.names.kind, apiVersion, namespaced: spec.scope === 'Namespaced' };
    }
  }
  const near = nearest(manifest.kind ?? '', builtInScheme.kinds.map((kind) => kind.kind));
  throw new UsageError(`no matches for kind "${manifest.kind ?? ''}" in version "${apiVersion}"${near === undefined || near === manifest.kind ? '' : `; did you mean "${near}"?`}`);
}

/** Splits `statefulset/web`. Throws UsageError if there is no name. @internal */
export function parseReference(reference: string, custom: CustomKinds): ResolvedKind & { readonly name: string } {
  const slash = reference.indexOf('/');
  if (slash <= 0 || slash === reference.length - 1) throw new UsageError(`a reference must be 'kind/name', such as 'statefulset/web', not '${reference}'`);
  const { resource, kind, apiVersion, namespaced } = resolveResource(reference.slice(0, slash), custom);
  return { resource, kind, apiVersion, namespaced, name: reference.slice(slash + 1) };
}
