// ControllerRevisions: how they are named, built, ordered and compared, and which of them are too many.
// Upstream: pkg/controller/history/controller_history.go (1.37).
import { goJson, type ControllerRevision, type KubeObject } from '@kubesim/api';
import { newControllerRef, type ControllerKind } from '@kubesim/client';
import { hashRevisionData } from './revision-hash.ts';

/** Label that carries the hash a revision was first built with. @internal */
export const CONTROLLER_REVISION_HASH_LABEL = 'controller.kubernetes.io/hash';

/** A revision that is to be created; the namespace stands in the path only. @internal */
export interface NewRevision {
  readonly metadata: KubeObject['metadata'];
  readonly data: ControllerRevision['data'];
  readonly revision: number;
}

/** What a revision is built from. @internal */
export interface RevisionSource {
  readonly owner: KubeObject & { readonly metadata: { readonly name: string } };
  readonly ownerKind: ControllerKind;
  readonly templateLabels: Readonly<Record<string, string>> | undefined;
  readonly data: ControllerRevision['data'];
  /** `data` as `goJson` writes it. */
  readonly bytes: string;
  readonly revision: number;
  readonly probe: number | undefined;
}

/** The name of a revision: the owner's, cut at 223 characters, and the hash. @internal */
export function controllerRevisionName(ownerName: string, hash: string): string {
  return `${ownerName.slice(0, 223)}-${hash}`;
}

/** Builds a revision. @internal */
export function newControllerRevision(source: RevisionSource): NewRevision {
  const hash = hashRevisionData(source.bytes, source.probe);
  const { annotations, name } = source.owner.metadata;
  return {
    metadata: {
      name: controllerRevisionName(name, hash),
      labels: { ...source.templateLabels, [CONTROLLER_REVISION_HASH_LABEL]: hash },
      annotations,
      ownerReferences: [newControllerRef(source.owner, source.ownerKind)],
    },
    data: source.data,
    revision: source.revision,
  };
}

const bytesOf = new WeakMap<object, string>();

/** The data of a revision as bytes: what equality and hash go by. @internal */
export function revisionBytes(data: ControllerRevision['data']): string {
  let bytes = bytesOf.get(data);
  if (bytes === undefined) bytesOf.set(data, (bytes = goJson(data)));
  return bytes;
}

/** Revisions whose data is byte for byte this, in the order given. @internal */
export function findEqualRevisions(revisions: readonly ControllerRevision[], bytes: string): readonly ControllerRevision[] {
  return revisions.filter((revision) => revisionBytes(revision.data) === bytes);
}

/** Oldest first: by number, then by time of creation, then by name. @internal */
export function sortRevisions(revisions: readonly ControllerRevision[]): readonly ControllerRevision[] {
  return [...revisions].sort((a, b) =>
    (a.revision ?? 0) - (b.revision ?? 0) ||
    compare(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
    compare(a.metadata.name, b.metadata.name));
}

/**
 * Names of the revisions to delete, oldest first: of those that are not live, all but the newest `limit`. A negative limit
 * keeps everything. @internal
 */
export function revisionsToTruncate(sorted: readonly ControllerRevision[], isLive: (name: string) => boolean, limit: number): readonly string[] {
  if (limit < 0) return [];
  const old = sorted.map((revision) => revision.metadata.name).filter((name) => !isLive(name));
  return old.slice(0, Math.max(0, old.length - limit));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
