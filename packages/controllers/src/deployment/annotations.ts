// The annotations by which a Deployment and its ReplicaSets remember revisions and sizes.
// Upstream: pkg/controller/deployment/util/deployment_util.go (1.37).
import type { Deployment, ReplicaSet } from '@kubesim/api';
import { byCreation } from './replica-sets.ts';

type Annotations = Readonly<Record<string, string>>;

/** Revision of a set, and of the Deployment that has it as its new one. @public */
export const REVISION = 'deployment.kubernetes.io/revision';
/** Revisions that a set had before it was rolled back to, comma-separated. @public */
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
/** Size of the Deployment when the set was last scaled. @public */
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
/** Size of the Deployment with surge when the set was last scaled. @public */
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
/** The rollback of apps/v1beta1: names the revision to go back to. @public */
export const ROLLBACK_TO = 'deprecated.deployment.rollback.to';

const REVISION_HISTORY_LENGTH_MAX = 2000;

const NOT_COPIED: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration', REVISION, REVISION_HISTORY, DESIRED_REPLICAS, MAX_REPLICAS, ROLLBACK_TO,
]);

/** Whether an annotation is an object's own and is not carried from a Deployment to its sets or back. @public */
export function isOwnAnnotation(key: string): boolean {
  return NOT_COPIED.has(key);
}

/** A whole number as Go's ParseInt reads it; undefined where it would fail. @public */
export function parseInteger(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

/** A revision as Go's ParseInt reads it into 64 bits, which is more than a number holds; undefined where it would fail. @public */
export function parseRevision(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[+-]?\d+$/.test(text)) return undefined;
  const revision = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(64, revision) === revision ? revision : undefined;
}

/** Revision of a set: 0 without one, undefined if it cannot be read. @public */
export function revisionOf(set: ReplicaSet): bigint | undefined {
  const text = set.metadata.annotations?.[REVISION];
  return text === undefined ? 0n : parseRevision(text);
}

/** The highest revision among sets; those that cannot be read are passed over. @public */
export function maxRevision(sets: readonly ReplicaSet[]): bigint {
  return sets.reduce((max, set) => {
    const revision = revisionOf(set) ?? 0n;
    return revision > max ? revision : max;
  }, 0n);
}

/** The second highest revision among sets, 0 if there is none: where an undo goes. @public */
export function lastRevision(sets: readonly ReplicaSet[]): bigint {
  let max = 0n;
  let second = 0n;
  for (const set of sets) {
    const revision = revisionOf(set) ?? 0n;
    if (revision >= max) {
      second = max;
      max = revision;
    } else if (revision > second) second = revision;
  }
  return second;
}

/** Lower revisions first; by creation where one cannot be read or both are the same. @public */
export function byRevision(one: ReplicaSet, other: ReplicaSet): number {
  const a = revisionOf(one);
  const b = revisionOf(other);
  return a === undefined || b === undefined || a === b ? byCreation(one, other) : a < b ? -1 : 1;
}

/** The annotations a new set should have for this revision; the ones given if they are right. */
export function newSetAnnotations(deployment: Deployment, before: Annotations | undefined, newRevision: bigint): Annotations | undefined {
  let after = copyAnnotations(deployment.metadata.annotations, before);
  const oldText = after?.[REVISION];
  const oldRevision = oldText === undefined || oldText === '' ? 0n : parseRevision(oldText);
  // Upstream gives up on the revision if it cannot read the old one, and then reports no change at all.
  if (oldRevision === undefined) return before;
  if (oldRevision >= newRevision) return after;
  after = { ...after, [REVISION]: String(newRevision) };
  if (oldText === undefined) return after;
  const history = withRevision(after[REVISION_HISTORY] ?? '', oldText);
  return history === undefined ? after : { ...after, [REVISION_HISTORY]: history };
}

function copyAnnotations(from: Annotations | undefined, to: Annotations | undefined): Annotations | undefined {
  let after = to;
  for (const key of Object.keys(from ?? {})) {
    const value = from?.[key] ?? '';
    if (NOT_COPIED.has(key) || after?.[key] === value) continue;
    after = { ...after, [key]: value };
  }
  return after;
}

/** The history with one more revision, the oldest dropped where it grows too long; undefined if it cannot be made to fit. */
function withRevision(history: string, revision: string): string | undefined {
  if (history === '' || history.startsWith(',')) return revision;
  const revisions = history.split(',');
  let length = history.length + revision.length + 1;
  let start = 0;
  while (length > REVISION_HISTORY_LENGTH_MAX && start < revisions.length) length -= (revisions[start++] as string).length + 1;
  return length <= REVISION_HISTORY_LENGTH_MAX ? [...revisions.slice(start), revision].join(',') : undefined;
}

/** The annotations of a set with the sizes of its Deployment; the ones given if they are right. @public */
export function replicasAnnotations(before: Annotations | undefined, desired: number, max: number): Annotations | undefined {
  if (before?.[DESIRED_REPLICAS] === String(desired) && before[MAX_REPLICAS] === String(max)) return before;
  return { ...before, [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(max) };
}

/** A size annotation of a set; undefined if it is absent or cannot be read. @public */
export function annotatedReplicas(set: ReplicaSet, annotation: string): number | undefined {
  return parseInteger(set.metadata.annotations?.[annotation]);
}
