// A cluster from what `kubectl get … -o yaml` printed: objects keep their uid, status and version.
import type { KubeObject, ResourceName } from '@kubesim/api';
import { parseTime } from '@kubesim/api';
import type { WorldStorage } from '@kubesim/apiserver';
import { UsageError } from './errors.ts';
import { resolveManifest } from './references.ts';

/** An object as another cluster stored it. @internal */
export interface ImportedObject {
  readonly resource: ResourceName;
  readonly key: string;
  readonly object: KubeObject;
  /** Its version; undefined where none is told. */
  readonly revision: number | undefined;
}

/** Time between the last thing that the objects tell of and the start of the cluster that is made of them. */
const AFTER_LAST_MS = 1_000;

/** Reads objects for import: definitions of custom resources first, so that their objects are known. Throws UsageError. @internal */
export function readImport(objects: readonly KubeObject[]): readonly ImportedObject[] {
  const definitions = objects.filter((object) => object.kind === 'CustomResourceDefinition');
  const seen = new Set<string>();
  return objects.map((object, index) => {
    const where = `Cluster.from, object ${index + 1} (${object.kind} ${object.metadata.name ?? ''})`;
    const { name, namespace, uid, resourceVersion } = object.metadata;
    const kind = resolveManifest(object, () => definitions);
    if (name === undefined || name === '') throw new UsageError(`${where}: metadata.name must be set`);
    if (kind.namespaced && (namespace === undefined || namespace === '')) throw new UsageError(`${where}: metadata.namespace must be set`);
    if (uid === undefined) throw new UsageError(`${where}: metadata.uid must be set: give what kubectl get -o yaml printed, and use apply for manifests`);
    const revision = resourceVersion === undefined ? undefined : Number(resourceVersion);
    if (revision !== undefined && (!Number.isSafeInteger(revision) || revision < 1)) throw new UsageError(`${where}: metadata.resourceVersion must be a whole number, not '${resourceVersion}'`);
    const key = kind.namespaced ? `${namespace}/${name}` : name;
    if (seen.has(`${kind.resource} ${key}`)) throw new UsageError(`${where}: is there twice`);
    seen.add(`${kind.resource} ${key}`);
    return { resource: kind.resource, key, object, revision };
  });
}

/** The instant right after the last one that objects tell of; undefined if they tell of none. @internal */
export function instantAfterObjects(objects: readonly KubeObject[]): number | undefined {
  let last: number | undefined;
  const look = (value: unknown): void => {
    if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(value)) {
      const instant = parseTime(value);
      if (instant !== undefined && (last === undefined || instant > last)) last = instant;
    } else if (Array.isArray(value)) value.forEach(look);
    else if (value !== null && typeof value === 'object') Object.values(value).forEach(look);
  };
  // What is to come (a lease's end, a deletion's end of grace) lies ahead; what was said lies in metadata and status.
  for (const { metadata, status } of objects) {
    look(metadata.creationTimestamp);
    look(metadata.managedFields);
    look(status);
  }
  return last === undefined ? undefined : last + AFTER_LAST_MS;
}

/** Puts objects into an empty store in order of their versions; those without one come last. @internal */
export function importObjects(storage: WorldStorage, objects: readonly ImportedObject[]): void {
  const versioned = objects.filter(({ revision }) => revision !== undefined).sort((a, b) => (a.revision as number) - (b.revision as number));
  const rest = objects.filter(({ revision }) => revision === undefined);
  for (const { resource, key, object, revision } of versioned) {
    // Two objects of one version were written by hand: the second one takes the next.
    const next = Math.max(revision as number, storage.revisionOf(resource) + 1);
    storage.adopt(resource, key, withVersion(object, next), next);
  }
  for (const { resource, key, object } of rest) storage.put(resource, key, withVersion(object, storage.revisionOf(resource) + 1));
}

function withVersion(object: KubeObject, revision: number): KubeObject {
  return object.metadata.resourceVersion === String(revision) ? object : { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}
