// ControllerRevisions of a DaemonSet: finding or making the current one, and deleting those beyond the limit.
// Upstream: pkg/controller/daemon/update.go (1.37). Duplicate revisions of one template, which only hand-made objects lead to,
// are not merged: the newest of them is taken.
import type { ControllerRevision, DaemonSet, KubeObject, Pod } from '@kubesim/api';
import { call, CallFailed, failedWith, newControllerRef, type Calling } from '@kubesim/client';
import { computeHash } from '../deployment/template.ts';
import { findEqualRevisions, revisionBytes, sortRevisions } from '../history/controller-revision.ts';
import { DAEMON_SET_KIND, REVISION_HASH } from './daemon-pod.ts';

const REVISIONS = 'controllerrevisions.apps';

/** The revision of the present template, and the others, oldest first. */
export interface DaemonHistory {
  readonly current: ControllerRevision;
  readonly old: readonly ControllerRevision[];
}

/** Makes sure that the present template has a revision, and the highest number. */
export function* constructHistory(set: DaemonSet, revisions: readonly ControllerRevision[]): Calling<DaemonHistory> {
  const sorted = sortRevisions(revisions);
  const data = templatePatch(set);
  const found = findEqualRevisions(sorted, revisionBytes(data)).at(-1);
  const old = sorted.filter((revision) => revision !== found);
  const number = old.reduce((max, { revision = 0 }) => Math.max(max, revision), 0) + 1;
  if (found === undefined) return { current: yield* snapshot(set, data, number), old };
  if ((found.revision ?? 0) >= number) return { current: found, old };
  const { namespace, name } = found.metadata;
  const current = yield* call<ControllerRevision>({ verb: 'update', resource: REVISIONS, namespace, name, object: { ...found, revision: number } as unknown as KubeObject });
  return { current, old };
}

/** The hash by which pods of a revision are known. */
export function revisionHash(revision: ControllerRevision): string {
  return revision.metadata.labels?.[REVISION_HASH] ?? '';
}

function* snapshot(set: DaemonSet, data: ControllerRevision['data'], number: number): Calling<ControllerRevision> {
  const hash = computeHash(set.spec.template, set.status?.collisionCount);
  const { namespace, name, annotations } = set.metadata;
  const revision = {
    apiVersion: 'apps/v1', kind: 'ControllerRevision',
    metadata: {
      name: `${name}-${hash}`, namespace, ...(annotations === undefined ? {} : { annotations }),
      labels: { ...set.spec.template.metadata?.labels, [REVISION_HASH]: hash },
      ownerReferences: [newControllerRef(set, DAEMON_SET_KIND)],
    },
    data, revision: number,
  };
  try {
    return yield* call<ControllerRevision>({ verb: 'create', resource: REVISIONS, namespace, object: revision });
  } catch (error) {
    if (!failedWith(error, 'AlreadyExists')) throw error;
    const existing = yield* call<ControllerRevision>({ verb: 'get', resource: REVISIONS, namespace, name: revision.metadata.name });
    if (revisionBytes(existing.data) === revisionBytes(data)) return existing;
    // Another template of the same hash: the next sync counts one more and finds another name.
    const fresh = yield* call<DaemonSet>({ verb: 'get', resource: 'daemonsets.apps', namespace, name });
    const count = set.status?.collisionCount ?? 0;
    if ((fresh.status?.collisionCount ?? 0) !== count) throw new CallFailed({ message: `found a stale collision count (${count}) of DaemonSet "${name}" while processing; will retry until it is updated` });
    yield* call({ verb: 'update', resource: 'daemonsets.apps', subresource: 'status', namespace, name, object: { ...fresh, status: { ...fresh.status, collisionCount: count + 1 } } });
    throw error;
  }
}

/** What a revision stores: the template, as a strategic merge patch that replaces it. */
function templatePatch(set: DaemonSet): ControllerRevision['data'] {
  return { spec: { template: { ...set.spec.template, $patch: 'replace' } } };
}

/** Deletes the oldest revisions that exceed the limit and that no pod is of. */
export function* cleanupHistory(set: DaemonSet, old: readonly ControllerRevision[], pods: readonly Pod[]): Calling<void> {
  let excess = old.length - (set.spec.revisionHistoryLimit ?? 10);
  const live = new Set(pods.map((pod) => pod.metadata.labels?.[REVISION_HASH]));
  for (const revision of old) {
    if (excess <= 0) return;
    if (live.has(revisionHash(revision))) continue;
    const { namespace, name } = revision.metadata;
    yield* call({ verb: 'delete', resource: REVISIONS, namespace, name });
    excess--;
  }
}
