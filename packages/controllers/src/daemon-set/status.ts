// The status of a DaemonSet: counted over nodes, and written if it changed.
// Upstream: updateDaemonSetStatus in pkg/controller/daemon/daemon_controller.go (1.37).
import type { DaemonSet, DaemonSetStatus, Node } from '@kubesim/api';
import { call, CallFailed, isPodAvailable, isPodReady, type Calling } from '@kubesim/client';
import { isPodUpdated } from './daemon-pod.ts';
import { byScheduledAndCreation, type PodsByNode } from './manage.ts';
import { nodeFitness } from './node-fitness.ts';

const STATUS_UPDATE_RETRIES = 1;

/** Counts. The oldest pod of a node speaks for it. */
export function calculateStatus(
  set: DaemonSet, nodes: readonly Node[], byNode: PodsByNode, hash: string, now: number, observesGeneration: boolean,
): DaemonSetStatus {
  let desired = 0;
  let current = 0;
  let misscheduled = 0;
  let ready = 0;
  let updated = 0;
  let available = 0;
  for (const node of nodes) {
    const pods = byNode.get(node.metadata.name) ?? [];
    if (!nodeFitness(set, node).shouldRun) {
      if (pods.length > 0) misscheduled++;
      continue;
    }
    desired++;
    const pod = [...pods].sort(byScheduledAndCreation)[0];
    if (pod === undefined) continue;
    current++;
    if (isPodReady(pod)) ready++;
    if (isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now)) available++;
    if (isPodUpdated(set, pod, hash)) updated++;
  }
  const before = set.status;
  const observedGeneration = observesGeneration ? set.metadata.generation : before?.observedGeneration;
  return {
    currentNumberScheduled: current, numberMisscheduled: misscheduled, desiredNumberScheduled: desired, numberReady: ready,
    ...(observedGeneration ? { observedGeneration } : {}),
    ...(updated === 0 ? {} : { updatedNumberScheduled: updated }),
    ...(available === 0 ? {} : { numberAvailable: available }),
    ...(desired === available ? {} : { numberUnavailable: desired - available }),
    ...(before?.collisionCount === undefined ? {} : { collisionCount: before.collisionCount }),
    ...(before?.conditions === undefined ? {} : { conditions: before.conditions }),
  };
}

const COUNTS = [
  'desiredNumberScheduled', 'currentNumberScheduled', 'numberMisscheduled', 'numberReady', 'updatedNumberScheduled', 'numberAvailable', 'numberUnavailable',
] as const;

/** Writes a status if it says something new; a failed write is tried once more on the set as the API has it. */
export function* storeStatus(set: DaemonSet, status: DaemonSetStatus): Calling<void> {
  const isSame = COUNTS.every((count) => (set.status?.[count] ?? 0) === (status[count] ?? 0))
    && (set.status?.observedGeneration ?? 0) >= (status.observedGeneration ?? 0);
  if (isSame && set.status !== undefined) return;
  const { namespace, name } = set.metadata;
  let base = set;
  for (let retry = 0; ; retry++) {
    try {
      yield* call({ verb: 'update', resource: 'daemonsets.apps', subresource: 'status', namespace, name, object: { ...base, status } });
      return;
    } catch (error) {
      if (!(error instanceof CallFailed) || retry >= STATUS_UPDATE_RETRIES) throw error;
      base = yield* call<DaemonSet>({ verb: 'get', resource: 'daemonsets.apps', namespace, name });
    }
  }
}
