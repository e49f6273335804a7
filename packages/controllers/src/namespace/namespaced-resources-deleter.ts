// Empties a namespace, pods first, and says what is left.
// Upstream: pkg/controller/namespace/deletion/namespaced_resources_deleter.go (1.37).
import { builtInScheme, resourceName, type CustomResourceDefinition, type KubeObject, type Pod } from '@kubesim/api';
import { isNotFound, send, type Calling, type ReconcileContext } from '@kubesim/client';

/** A resource whose objects live in namespaces. @internal */
export interface NamespacedResource {
  readonly resource: string;
  readonly group: string;
  readonly version: string;
  /** Plural without the group. */
  readonly plural: string;
}

/** What a look at one resource or at all of them came to. @internal */
export interface Deletion {
  /** Seconds until it is worth looking again; 0 for none. */
  readonly estimate: number;
  readonly remaining: Readonly<Record<string, number>>;
  readonly finalizers: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
}

/** Seconds that objects with finalizers are given. */
const FINALIZER_ESTIMATE_SECONDS = 15;

/** Resources to empty: built-in ones and those of custom definitions, by name. @internal */
export function namespacedResources(definitions: readonly CustomResourceDefinition[]): readonly NamespacedResource[] {
  const found: NamespacedResource[] = builtInScheme.kinds
    .filter((kind) => kind.namespaced && kind.storedAs === undefined && (kind.verbs === undefined || kind.verbs.includes('deletecollection')))
    .map((kind) => ({ resource: resourceName(kind), group: kind.group, version: kind.version, plural: kind.resource }));
  for (const { spec } of definitions) {
    const version = spec.versions.find(({ storage }) => storage)?.name;
    if (spec.scope === 'Namespaced' && version !== undefined) found.push({ resource: `${spec.names.plural}.${spec.group}`, group: spec.group, version, plural: spec.names.plural });
  }
  const unique = found.filter(({ resource }, index) => found.findIndex((one) => one.resource === resource) === index);
  return unique.sort((a, b) => (a.resource < b.resource ? -1 : 1));
}

/** [NS2] [NS3] Deletes all objects of a resource in a namespace and looks at what is left. Upstream: deleteAllContentForGroupVersionResource. @internal */
export function* deleteAll(context: ReconcileContext, namespace: KubeObject, { resource, group, version, plural }: NamespacedResource): Calling<Deletion> {
  const name = namespace.metadata.name ?? '';
  const nothing: Deletion = { estimate: 0, remaining: {}, finalizers: {}, errors: [] };
  let estimate = 0;
  if (resource === 'pods') {
    const pods = yield* send({ verb: 'list', resource, namespace: name });
    if (pods.error !== undefined) return { ...nothing, errors: [pods.error.message] };
    for (const pod of (pods.object['items'] ?? []) as readonly Pod[]) {
      if (pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed') estimate = Math.max(estimate, pod.spec?.terminationGracePeriodSeconds ?? 0);
    }
    if (context.clock - Date.parse(namespace.metadata.deletionTimestamp ?? '') >= estimate * 1000) estimate = 0;
  }
  const deleted = yield* send({ verb: 'deletecollection', resource, namespace: name, options: { propagationPolicy: 'Background' } });
  if (deleted.error !== undefined && !isNotFound(deleted.error)) return { ...nothing, estimate, errors: [deleted.error.message] };
  const left = yield* send({ verb: 'list', resource, namespace: name });
  if (left.error !== undefined) return { ...nothing, estimate, errors: isNotFound(left.error) ? [] : [left.error.message] };
  const items = (left.object['items'] ?? []) as readonly KubeObject[];
  if (items.length === 0) return nothing;
  const finalizers: Record<string, number> = {};
  for (const { metadata } of items) for (const finalizer of metadata.finalizers ?? []) finalizers[finalizer] = (finalizers[finalizer] ?? 0) + 1;
  const remaining = { [`${plural}.${group}`]: items.length };
  if (estimate > 0) return { estimate, remaining, finalizers, errors: [] };
  if (Object.keys(finalizers).length > 0) return { estimate: FINALIZER_ESTIMATE_SECONDS, remaining, finalizers, errors: [] };
  return { estimate, remaining, finalizers, errors: [`unexpected items still remain in namespace: ${name} for gvr: ${group}/${version}, Resource=${plural}`] };
}
