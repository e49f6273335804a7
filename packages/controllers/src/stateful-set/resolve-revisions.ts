// Which revision the pods come from and which they go to; a new one is created, an old one brought back where needed.
// Upstream: getStatefulSetRevisions in stateful_set_control.go and pkg/controller/history/controller_history.go (1.37).
import type { ControllerRevision, KubeObject, StatefulSet } from '@kubesim/api';
import { DEFAULT_BACKOFF, isAlreadyExists, retryOnConflict, send, type Calling, type ReconcileError } from '@kubesim/client';
import { controllerRevisionName, findEqualRevisions, revisionBytes } from '../history/controller-revision.ts';
import { hashRevisionData } from '../history/revision-hash.ts';
import { matchesSemantically, newSetRevision, patchOf } from './set-revision.ts';
import type { Sync } from './sync-context.ts';

/** What is to be done to have a revision of the set's template. @internal */
export type RevisionDecision =
  | { readonly act: 'use'; readonly revision: ControllerRevision }
  | { readonly act: 'renumber'; readonly revision: ControllerRevision; readonly number: number }
  | { readonly act: 'create'; readonly number: number };

/** Decides how the set's template comes to a revision. `sorted` is oldest first. @internal */
export function decideRevision(set: StatefulSet, sorted: readonly ControllerRevision[], { behaviour, context: { profile } }: Sync): RevisionDecision {
  const { bytes } = patchOf(set);
  const last = sorted.at(-1);
  if (last === undefined) return { act: 'create', number: 1 };
  const number = (last.revision ?? 0) + 1;
  const equal = findEqualRevisions(sorted, bytes).at(-1);
  if (equal !== undefined) {
    return revisionBytes(last.data) === bytes ? { act: 'use', revision: last } : { act: 'renumber', revision: equal, number };
  }
  if (behaviour.comparesRevisionsSemantically && matchesSemantically(set, last, profile)) return { act: 'use', revision: last };
  return { act: 'create', number };
}

/** The two revisions, or why they could not be had. @internal */
export type ResolvedRevisions =
  | { readonly current: ControllerRevision; readonly update: ControllerRevision; readonly collisionCount: number; readonly error?: undefined }
  | { readonly error: ReconcileError };

/** Carries out the decision. @internal */
export function* resolveRevisions(
  sync: Sync, set: StatefulSet, sorted: readonly ControllerRevision[], decision: RevisionDecision,
): Calling<ResolvedRevisions> {
  const made = yield* obtainRevision(sync, set, decision);
  if (made.error !== undefined) return made;
  const current = sorted.find((revision) => revision.metadata.name === set.status?.currentRevision) ?? made.update;
  return { current, update: made.update, collisionCount: made.collisionCount };
}

type Obtained =
  | { readonly update: ControllerRevision; readonly collisionCount: number; readonly error?: undefined }
  | { readonly error: ReconcileError };

function* obtainRevision(sync: Sync, set: StatefulSet, decision: RevisionDecision): Calling<Obtained> {
  const collisionCount = set.status?.collisionCount ?? 0;
  switch (decision.act) {
    case 'use': return { update: decision.revision, collisionCount };
    case 'create': return yield* createRevision(set, decision.number, collisionCount);
    case 'renumber': {
      const renumbered = yield* renumberRevision(sync, decision.revision, decision.number);
      return renumbered.error !== undefined ? renumbered : { update: renumbered.update, collisionCount };
    }
  }
}

/**
 * Creates the set's revision. A name that is taken is looked at: the same data is used, other data gives way by counting one
 * more collision. The label keeps the hash of the first try.
 */
function* createRevision(set: StatefulSet, number: number, stored: number): Calling<Obtained> {
  const { bytes } = patchOf(set);
  const { namespace } = set.metadata;
  const revision = newSetRevision(set, number, stored);
  for (let collisionCount = stored; ; collisionCount++) {
    const name = controllerRevisionName(set.metadata.name, hashRevisionData(bytes, collisionCount));
    const object: KubeObject = {
      apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: { ...revision.metadata, name }, data: revision.data, revision: revision.revision,
    };
    const created = yield* send({ verb: 'create', resource: 'controllerrevisions.apps', namespace, object });
    if (created.error === undefined) return { update: created.object as unknown as ControllerRevision, collisionCount };
    if (!isAlreadyExists(created.error)) return { error: created.error };
    const existing = yield* send({ verb: 'get', resource: 'controllerrevisions.apps', namespace, name });
    if (existing.error !== undefined) return { error: existing.error };
    const found = existing.object as unknown as ControllerRevision;
    if (revisionBytes(found.data) === bytes) return { update: found, collisionCount };
  }
}

function* renumberRevision(
  sync: Sync, revision: ControllerRevision, number: number,
): Calling<{ readonly update: ControllerRevision; readonly error?: undefined } | { readonly error: ReconcileError }> {
  let update: ControllerRevision = revision;
  const { namespace } = revision.metadata;
  const error = yield* retryOnConflict(sync.context, DEFAULT_BACKOFF, function* (tryCount) {
    // Upstream tries again with the empty object that the failed call left: a PUT without a name, which cannot succeed.
    const object = (tryCount === 1 ? { ...revision, revision: number } : { metadata: {}, revision: number }) as unknown as KubeObject;
    const name = object.metadata.name ?? '';
    const put = yield* send({ verb: 'update', resource: 'controllerrevisions.apps', namespace, name, object });
    if (put.object !== undefined) update = put.object as unknown as ControllerRevision;
    return put.error;
  });
  return error === undefined ? { update } : { error };
}
