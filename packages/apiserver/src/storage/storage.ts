// The storage contract of the API server: one revision counter, one history, objects frozen on entry.
// The implementation over the kernel's persistent maps is in world-storage.ts.
import type { KubeObject, ResourceName } from '@kubesim/api';

/** One committed change. `before` is absent for ADDED; for DELETED `after` is the last state with the revision of the delete. */
export interface Change {
  readonly revision: number;
  readonly resource: ResourceName;
  /** `namespace/name`, or `name` for cluster-scoped resources. */
  readonly key: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly before?: KubeObject;
  readonly after: KubeObject;
}

/** What the verbs need of storage. */
export interface Storage {
  /** Revision of the last committed change. */
  readonly revision: number;
  /** Revision of the last change among those of this resource's counter: Events have one of their own. The next write carries one more. */
  revisionOf(resource: ResourceName): number;
  /** Oldest revision that a list or watch may still ask for. */
  readonly compactedRevision: number;
  get(resource: ResourceName, key: string): KubeObject | undefined;
  /** Objects whose key starts with `prefix` (`namespace/`, or '' for all), in key order, from `startKey` on. */
  list(resource: ResourceName, prefix?: string, startKey?: string): Iterable<KubeObject>;
  count(resource: ResourceName, prefix?: string): number;
  /** The same reads as of an older revision that is not compacted. */
  at(revision: number): Pick<Storage, 'get' | 'list' | 'count'>;
  /**
   * Writes one object under the next revision, which the object must already carry as metadata.resourceVersion
   * (`String(storage.revisionOf(resource) + 1)`). What is stored is frozen deeply. `held` is what is stored there now, null for
   * nothing, where the caller has just read it. Returns the change.
   */
  put(resource: ResourceName, key: string, object: KubeObject, held?: KubeObject | null): Change;
  /** Deletes; `last` is the final state, carrying the next revision. */
  remove(resource: ResourceName, key: string, last: KubeObject): Change;
  /** Changes of a resource after a revision, oldest first. */
  changesSince(resource: ResourceName, revision: number): Iterable<Change>;
  /** How many objects of this resource and key existed before: identities derive from it, they are never counted globally. */
  incarnation(resource: ResourceName, key: string): number;
}
