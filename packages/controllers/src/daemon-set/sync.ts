// The sync of a DaemonSet: history, a pod on every node that wants one, the rolling update, status.
// Upstream: syncDaemonSet, manage, syncNodes in pkg/controller/daemon/daemon_controller.go (1.37).
import type { ControllerRevision, DaemonSet, Node, Pod } from '@kubesim/api';
import {
  aggregate, CallFailed, claimObjects, creationObserved, deleteExpectations, deletionObserved, isNotFound, matchesSelector,
  recheckDeletionTimestamp, satisfiedExpectations, selectsEverything, setExpectations, slowStart, type Calling, type ReconcileContext,
  type ReconcileError, type ReconcileResult, type Reconciling,
} from '@kubesim/client';
import { createPod, deletePod } from '../pods/pod-control.ts';
import { remember } from '../pods/remember.ts';
import { cleanupHistory, constructHistory, revisionHash, type DaemonHistory } from './daemon-history.ts';
import { DAEMON_SET_KIND, newDaemonPod } from './daemon-pod.ts';
import { planManage, podsByNode } from './manage.ts';
import { planRollingUpdate } from './rolling-update.ts';
import { failureWaitMs, noteFailure } from './state.ts';
import { calculateStatus, storeStatus } from './status.ts';
import { isRollingUpdate } from './update-bounds.ts';

/** Most pods created, and most deleted, in one step. Upstream: BurstReplicas. */
const BURST_REPLICAS = 250;

/** What a sync reads from the caches, all at once. */
interface Seen {
  readonly set: DaemonSet;
  readonly nodes: readonly Node[];
  /** Owned pods, and unowned ones that match. */
  readonly pods: readonly Pod[];
  readonly revisions: readonly ControllerRevision[];
  readonly isSatisfied: boolean;
}

/** Reconciles the DaemonSet of a key `namespace/name`. @public */
export function* syncDaemonSet(context: ReconcileContext, key: string): Reconciling {
  const [namespace = '', name = ''] = key.split('/');
  const seen = context.decide(() => look(context, key, namespace, name) ?? null);
  if (seen === null) {
    remember(context, () => deleteExpectations(context, key));
    return undefined;
  }
  if (selectsEverything(seen.set.spec.selector)) {
    const message = 'This daemon set is selecting all pods. A non-empty selector is required.';
    context.event({ about: seen.set, type: 'Warning', reason: 'SelectingAll', message });
    return undefined;
  }
  if (seen.set.metadata.deletionTimestamp !== undefined) return undefined;
  try {
    return yield* syncSeen(context, key, seen);
  } catch (error) {
    if (error instanceof CallFailed) return { error: error.message };
    throw error;
  }
}

function look(context: ReconcileContext, key: string, namespace: string, name: string): Seen | undefined {
  const set = context.lister<DaemonSet>('daemonsets.apps').get(namespace, name);
  if (set === undefined) return undefined;
  const uid = set.metadata.uid ?? '';
  const pods = context.lister<Pod>('pods');
  const revisions = context.lister<ControllerRevision>('controllerrevisions.apps');
  const matches = (object: Pod | ControllerRevision): boolean => matchesSelector(set.spec.selector, object.metadata.labels);
  return {
    set, nodes: context.lister<Node>('nodes').list(),
    pods: [...pods.byOwner(uid), ...pods.orphans(namespace).filter(matches)],
    revisions: [...revisions.byOwner(uid), ...revisions.orphans(namespace).filter(matches)],
    isSatisfied: satisfiedExpectations(context, key, context.now),
  };
}

function* syncSeen(context: ReconcileContext, key: string, seen: Seen): Calling<ReconcileResult> {
  const { set, nodes } = seen;
  const claimFor = {
    controller: set, controllerKind: DAEMON_SET_KIND, matches: (object: Pod | ControllerRevision) => matchesSelector(set.spec.selector, object.metadata.labels),
    canAdopt: () => recheckDeletionTimestamp('daemonsets.apps', DAEMON_SET_KIND, set),
  };
  const revisions = yield* claimObjects({ ...claimFor, resource: 'controllerrevisions.apps', objectKind: 'ControllerRevision' }, seen.revisions);
  if (revisions.error !== undefined) return { error: revisions.error.message };
  const history = yield* constructHistory(set, revisions.claimed);
  const pods = yield* claimObjects({ ...claimFor, resource: 'pods', objectKind: 'Pod' }, seen.pods);
  if (pods.error !== undefined) return { error: pods.error.message };
  const hash = revisionHash(history.current);
  const failure = seen.isSatisfied ? yield* updateDaemonSet(context, key, set, nodes, pods.claimed, history) : undefined;
  const status = calculateStatus(set, nodes, podsByNode(pods.claimed), hash, context.now, seen.isSatisfied);
  yield* storeStatus(set, status);
  if (failure !== undefined) return { error: failure.message };
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  if (minReadySeconds > 0 && status.numberReady !== (status.numberAvailable ?? 0)) context.enqueueAfter(key, minReadySeconds * 1000);
  return undefined;
}

function* updateDaemonSet(
  context: ReconcileContext, key: string, set: DaemonSet, nodes: readonly Node[], pods: readonly Pod[], history: DaemonHistory,
): Calling<ReconcileError | undefined> {
  const hash = revisionHash(history.current);
  const byNode = podsByNode(pods);
  const failureKey = (node: string): string => `${set.metadata.uid}/${node}`;
  const plan = context.decide(() => {
    const made = planManage(set, nodes, byNode, hash, context.now, (node) => failureWaitMs(context, failureKey(node), context.now));
    for (const node of made.failedNodes) noteFailure(context, failureKey(node), context.now);
    return made;
  });
  for (const one of plan.ended) context.event({ about: set, ...one });
  if (plan.retryAfterMs !== undefined) context.enqueueAfter(key, plan.retryAfterMs);
  explain(context, set, plan.nodesNeedingPods, plan.podsToDelete);
  const failure = yield* syncNodes(context, key, set, plan, hash);
  if (failure !== undefined) return failure;
  const isIdle = plan.nodesNeedingPods.length + plan.podsToDelete.length === 0;
  // Expectations just set are met at once only if nothing was done; the update waits for a sync that sees what was.
  if (isIdle && isRollingUpdate(set)) {
    const step = planRollingUpdate(set, nodes, byNode, hash, context.now);
    const failed = yield* syncNodes(context, key, set, step, hash);
    if (failed !== undefined) return failed;
  }
  yield* cleanupHistory(set, history.old, pods);
  return undefined;
}

/** Deletes and creates pods, up to the burst. Answers all errors as one. */
function* syncNodes(
  context: ReconcileContext, key: string, set: DaemonSet,
  step: { readonly nodesNeedingPods: readonly string[]; readonly podsToDelete: readonly string[] }, hash: string,
): Calling<ReconcileError | undefined> {
  const nodes = step.nodesNeedingPods.slice(0, BURST_REPLICAS);
  const removed = step.podsToDelete.slice(0, BURST_REPLICAS);
  if (nodes.length + removed.length === 0) return undefined;
  const podKey = (name: string): string => `${set.metadata.namespace}/${name}`;
  remember(context, () => setExpectations(context, key, { creations: nodes.length, deletions: removed.map(podKey) }, context.now));
  const errors: ReconcileError[] = [];
  const created = yield* slowStart(nodes.length, function* (index) {
    const { error, isExcused } = yield* createPod(context, set, newDaemonPod(set, nodes[index] as string, hash));
    return isExcused ? undefined : error;
  });
  errors.push(...created.errors);
  if (created.successCount < nodes.length) remember(context, () => creationObserved(context, key, nodes.length - created.successCount));
  for (const name of removed) {
    const error = yield* deletePod(context, set, name);
    if (error === undefined) continue;
    remember(context, () => deletionObserved(context, key, podKey(name)));
    if (!isNotFound(error)) errors.push(error);
  }
  return aggregate(errors);
}

function explain(context: ReconcileContext, set: DaemonSet, nodes: readonly string[], pods: readonly string[]): void {
  const parts = [nodes.length === 0 ? '' : `pods are created for ${nodes.join(', ')}`, pods.length === 0 ? '' : `${pods.join(', ')} go`].filter((part) => part !== '');
  const message = parts.length === 0 ? 'every node that should have a pod has one' : parts.join('; ');
  context.explain(`daemonset/${set.metadata.name}`, { rule: 'NodeShouldRunDaemonPod', message });
}
