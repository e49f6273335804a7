// A set's template as revision data, and whether two say the same.
// Upstream: getPatch, newRevision in stateful_set_utils.go and setMatchesLatestExistingRevision in stateful_set_control.go (1.37).
import type { ControllerRevision, StatefulSet } from '@kubesim/api';
import { encodeGoJson } from '../history/go-json.ts';
import { newControllerRevision, revisionBytes, type NewRevision } from '../history/controller-revision.ts';
import { STATEFUL_SET_KIND } from './identity.ts';
import { templateOf } from './revision-pair.ts';

/** Revision data and its bytes. @internal */
export interface Patch {
  readonly data: ControllerRevision['data'];
  readonly bytes: string;
}

const patches = new WeakMap<object, Patch>();

/** The set's template as a patch that replaces. @internal */
export function patchOf(set: StatefulSet): Patch {
  const { template } = set.spec;
  let patch = patches.get(template);
  if (patch === undefined) {
    const data = { spec: { template: { ...template, $patch: 'replace' } } };
    patches.set(template, (patch = { data, bytes: encodeGoJson(data) }));
  }
  return patch;
}

/** A revision of the set as it is now. @internal */
export function newSetRevision(set: StatefulSet, revision: number, probe: number): NewRevision {
  const { data, bytes } = patchOf(set);
  return newControllerRevision({
    owner: set, ownerKind: STATEFUL_SET_KIND, templateLabels: set.spec.template.metadata?.labels, data, bytes, revision, probe,
  });
}

/** The revision, applied to the set and read as today's API reads it, is the set's template. @internal */
export function matchesSemantically(set: StatefulSet, revision: ControllerRevision): boolean {
  const template = templateOf(revision.data);
  if (template === undefined) return false;
  const reread = { spec: { template: { ...(withoutNulls(template) as object), $patch: 'replace' } } };
  return revisionBytes(reread) === patchOf(set).bytes;
}

/** Typed encoding writes no null: `creationTimestamp: null`, which releases up to 1.33 stored, is gone after a read. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([, field]) => field !== null && field !== undefined);
  return Object.fromEntries(kept.map(([key, field]) => [key, withoutNulls(field)]));
}
