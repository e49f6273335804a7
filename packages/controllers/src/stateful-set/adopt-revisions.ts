// The set's revisions: which are listed, and orphans among them made the set's own.
// Upstream: adoptOrphanRevisions in stateful_set.go, ListControllerRevisions and AdoptControllerRevision in
// pkg/controller/history/controller_history.go (1.37).
import type { ControllerRevision, StatefulSet } from '@kubesim/api';
import {
  adoptPatch, compileSelector, controllerOf, recheckDeletionTimestamp, send, type Calling, type ReconcileContext, type ReconcileError,
} from '@kubesim/client';
import { namespaceOf, STATEFUL_SET_KIND, uidOf } from './identity.ts';

/** Revisions whose labels fit and that no other controller holds, in key order. @internal */
export function listRevisions(context: Pick<ReconcileContext, 'lister'>, set: StatefulSet): readonly ControllerRevision[] {
  const matches = compileSelector(set.spec.selector);
  const lister = context.lister<ControllerRevision>('controllerrevisions.apps');
  const owned = lister.byOwner(uidOf(set));
  const orphans = lister.orphans(namespaceOf(set));
  return [...owned, ...orphans].filter((revision) => matches?.(revision.metadata.labels) === true);
}

/** Adopts orphans after a live check of the set. The first error ends it. @internal */
export function* adoptOrphanRevisions(context: ReconcileContext, set: StatefulSet): Calling<ReconcileError | undefined> {
  const orphans = context.decide(() => listRevisions(context, set).filter((revision) => controllerOf(revision) === undefined));
  if (orphans.length === 0) return undefined;
  const refused = yield* recheckDeletionTimestamp('statefulsets.apps', STATEFUL_SET_KIND, set);
  if (refused !== undefined) return { message: `can't adopt ControllerRevisions: ${refused.message}` };
  for (const revision of orphans) {
    const { error } = yield* send(adoptPatch('controllerrevisions.apps', revision, set, STATEFUL_SET_KIND));
    if (error !== undefined) return error;
  }
  return undefined;
}
