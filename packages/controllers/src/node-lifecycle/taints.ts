// Taints of nodes: which conditions ask for which, and writing them.
// Upstream: pkg/controller/nodelifecycle and pkg/controller/controller_utils.go (1.37).
import type { KubeObject, Node, Taint } from '@kubesim/api';
import { formatTime, isNotFound, retryOnConflict, send, type Backoff, type Calling, type ReconcileContext, type ReconcileError } from '@kubesim/client';

/** Taint of a node that is not ready. @internal */
export const NOT_READY = 'node.kubernetes.io/not-ready';
/** Taint of a node that is not heard of. @internal */
export const UNREACHABLE = 'node.kubernetes.io/unreachable';
/** Taint that a user sets on a node that is down for good. @internal */
export const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';

const BY_CONDITION: readonly { readonly type: string; readonly status: string; readonly key: string }[] = [
  { type: 'Ready', status: 'False', key: NOT_READY },
  { type: 'Ready', status: 'Unknown', key: UNREACHABLE },
  { type: 'MemoryPressure', status: 'True', key: 'node.kubernetes.io/memory-pressure' },
  { type: 'DiskPressure', status: 'True', key: 'node.kubernetes.io/disk-pressure' },
  { type: 'NetworkUnavailable', status: 'True', key: 'node.kubernetes.io/network-unavailable' },
  { type: 'PIDPressure', status: 'True', key: 'node.kubernetes.io/pid-pressure' },
];
const UPDATE_BACKOFF: Backoff = { steps: 5, durationMs: 100, factor: 1, jitterPercent: 100 };

/** A change of a node's taints: by key and effect. @internal */
export interface TaintChange {
  readonly add: readonly { readonly key: string; readonly effect: string }[];
  readonly remove: readonly { readonly key: string; readonly effect: string }[];
}

/** [NL1] What is to change so that the NoSchedule taints say what conditions and spec say; undefined for nothing. Upstream: doNoScheduleTaintingPass. @internal */
export function noScheduleChange(node: Node): TaintChange | undefined {
  const wanted: string[] = [];
  for (const condition of node.status?.conditions ?? []) {
    const match = BY_CONDITION.find(({ type, status }) => type === condition.type && status === condition.status);
    if (match !== undefined) wanted.push(match.key);
  }
  if (node.spec?.unschedulable === true) wanted.push(UNSCHEDULABLE);
  const present = (node.spec?.taints ?? []).filter(({ key, effect }) => effect === 'NoSchedule' && (key === UNSCHEDULABLE || BY_CONDITION.some((one) => one.key === key)));
  const effect = 'NoSchedule';
  const add = wanted.filter((key) => !present.some((taint) => taint.key === key)).map((key) => ({ key, effect }));
  const remove = present.filter(({ key }) => !wanted.includes(key)).map(({ key }) => ({ key, effect }));
  return add.length === 0 && remove.length === 0 ? undefined : { add, remove };
}

/** Whether a node has a taint. @internal */
export function hasTaint(node: Node, key: string, effect: string): boolean {
  return node.spec?.taints?.some((taint) => taint.key === key && taint.effect === effect) === true;
}

/** Writes a change of taints: additions, then removals, each only if something changes. Upstream: SwapNodeControllerTaint. @internal */
export function* swapTaints(context: ReconcileContext, name: string, { add, remove }: TaintChange): Calling<ReconcileError | undefined> {
  if (add.length > 0) {
    const timeAdded = formatTime(context.clock);
    const error = yield* updateTaints(context, name, (taints) => {
      const missing = add.filter((taint) => !taints.some(({ key, effect }) => key === taint.key && effect === taint.effect));
      // Upstream puts taints that are added before those that are there.
      return missing.length === 0 ? taints : [...missing.map((taint) => ({ ...taint, timeAdded }) as Taint), ...taints];
    });
    if (error !== undefined) return error;
  }
  if (remove.length === 0) return undefined;
  return yield* updateTaints(context, name, (taints) => {
    const kept = taints.filter(({ key, effect }) => !remove.some((taint) => taint.key === key && taint.effect === effect));
    return kept.length === taints.length ? taints : kept;
  });
}

function* updateTaints(context: ReconcileContext, name: string, change: (taints: readonly Taint[]) => readonly Taint[]): Calling<ReconcileError | undefined> {
  return yield* retryOnConflict(context, UPDATE_BACKOFF, function* () {
    const live = yield* send({ verb: 'get', resource: 'nodes', name });
    if (live.error !== undefined) return isNotFound(live.error) ? undefined : live.error;
    const { metadata } = live.object as KubeObject;
    const before = (live.object as Node).spec?.taints ?? [];
    const taints = change(before);
    if (taints === before) return undefined;
    const patch = { metadata: { resourceVersion: metadata.resourceVersion }, spec: { taints: taints.length === 0 ? null : taints } };
    return (yield* send({ verb: 'patch', resource: 'nodes', name, patchType: 'strategic', patch })).error;
  });
}
