// The pods that the set works on: its own, those it adopts, and not those it releases.
// Upstream: getPodsForStatefulSet in pkg/controller/statefulset/stateful_set.go (1.37).
import type { Pod, StatefulSet } from '@kubesim/api';
import { claimObjects, recheckDeletionTimestamp, type Calling, type ReconcileContext, type ReconcileError } from '@kubesim/client';
import { heldSummary } from './derived-state.ts';
import { namespaceOf, STATEFUL_SET_KIND, uidOf } from './identity.ts';
import { podMatches } from './set-summary.ts';

/** The pods of a sync: listed, or undefined where the summary that is kept of them says all. @internal */
export interface ClaimedPods {
  readonly pods?: readonly Pod[];
  readonly error?: ReconcileError;
}

/** Claims the set's pods. They are listed only where one is to be adopted or released, or nothing is kept of them. @internal */
export function* claimPods(context: ReconcileContext, set: StatefulSet): Calling<ClaimedPods> {
  const candidates = context.decide(() => (hasNothingToClaim(context, set) ? null : listCandidates(context, set)));
  if (candidates === null) return {};
  const { claimed, error } = yield* claimObjects({
    controller: set,
    controllerKind: STATEFUL_SET_KIND,
    resource: 'pods',
    objectKind: 'Pod',
    matches: podMatches(set),
    canAdopt: () => recheckDeletionTimestamp('statefulsets.apps', STATEFUL_SET_KIND, set),
  }, candidates);
  return error === undefined ? { pods: claimed } : { error };
}

/** The set's pods and the orphans of its namespace. */
function listCandidates(context: Pick<ReconcileContext, 'lister'>, set: StatefulSet): readonly Pod[] {
  return [...listOwned(context, set), ...context.lister<Pod>('pods').orphans(namespaceOf(set))];
}

/** Every pod of the set fits it and no orphan does: told without listing the set's pods. */
function hasNothingToClaim(context: ReconcileContext, set: StatefulSet): boolean {
  const summary = heldSummary(context, set);
  if (summary === undefined || summary.misfits.size > 0) return false;
  return !context.lister<Pod>('pods').orphans(namespaceOf(set)).some(podMatches(set));
}

/** The pods that the set owns. @internal */
export function listOwned(context: Pick<ReconcileContext, 'lister'>, set: StatefulSet): readonly Pod[] {
  return context.lister<Pod>('pods').byOwner(uidOf(set));
}
