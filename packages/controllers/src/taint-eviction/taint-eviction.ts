// Deletes pods that do not tolerate the NoExecute taints of their node, at once or when their time is over. Rules: SPEC.md.
import type { KubeObject, Node, Pod, Taint, Toleration } from '@kubesim/api';
import { isNotFound, send, type Calling, type Controller, type HandlerContext, type ReconcileContext, type ReconcileError, type ReconcileResult, type Reconciling } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';
import { withDisruptionTarget } from '../pod-gc/disruption-target.ts';

interface Work {
  readonly createdAt: number;
  readonly fireAt: number;
}

interface State {
  /** Evictions that wait, by `namespace/name`. */
  work: OrderedMap<Work>;
}

const RETRY_COUNT = 5;
const RETRY_MS = 10;

/** Upstream: pkg/controller/tainteviction (1.37). @public */
export const taintEvictionController: Controller = {
  name: 'taint-eviction-controller',
  watches: ['nodes', 'pods'],
  workers: 8,
  initialState: (): State => ({ work: OrderedMap.empty() }),
  handle(context, { resource, before, after }) {
    if (resource === 'nodes') {
      const node = after ?? before as KubeObject;
      if (printTaints(before as Node | undefined) !== printTaints(after as Node | undefined)) context.enqueue(`node ${node.metadata.name}`);
    } else handlePod(context, before as Pod | undefined, after as Pod | undefined);
  },
  *reconcile(context, key): Reconciling {
    const space = key.indexOf(' ');
    const rest = key.slice(space + 1);
    switch (key.slice(0, space)) {
      case 'node': return looked(context, context.decide(() => lookAtNode(context, rest)));
      case 'pod': return looked(context, context.decide(() => lookAtPod(context, rest)));
      default: return yield* evict(context, rest);
    }
  },
};

/** Events that a look has for pods whose deletion is called off. */
function looked(context: ReconcileContext, cancelled: readonly string[]): undefined {
  for (const key of cancelled) context.event({ about: aboutPod(key), type: 'Normal', reason: 'TaintManagerEviction', message: `Cancelling deletion of Pod ${key}` });
}

function lookAtNode(context: ReconcileContext, name: string): readonly string[] {
  const node = context.lister<Node>('nodes').get('', name);
  if (node === undefined) return [];
  const cancelled: string[] = [];
  for (const pod of context.lister<Pod>('pods').list()) if (pod.spec?.nodeName === name) lookAt(context, pod, noExecute(node), cancelled);
  return cancelled;
}

function lookAtPod(context: ReconcileContext, key: string): readonly string[] {
  const [namespace = '', name = ''] = key.split('/');
  const pod = context.lister<Pod>('pods').get(namespace, name);
  const cancelled: string[] = [];
  if (pod === undefined) cancel(context, key, cancelled);
  const node = pod === undefined ? undefined : context.lister<Node>('nodes').get('', pod.spec?.nodeName ?? '');
  if (pod !== undefined && node !== undefined) lookAt(context, pod, noExecute(node), cancelled);
  return cancelled;
}

/** [TE1] [TE2] When a pod has to go, if at all. Upstream: processPodOnNode. */
function lookAt(context: ReconcileContext, pod: Pod, taints: readonly Taint[], cancelled: string[]): void {
  const state = context.state as State;
  const key = `${pod.metadata?.namespace}/${pod.metadata?.name}`;
  const now = context.clock;
  if (taints.length === 0) {
    cancel(context, key, cancelled);
    return;
  }
  const used: Toleration[] = [];
  let isTolerant = true;
  for (const taint of taints) {
    const toleration = (pod.spec?.tolerations ?? []).find((one) => tolerates(one, taint));
    if (toleration === undefined) isTolerant = false;
    else used.push(toleration);
  }
  const seconds = used.flatMap(({ tolerationSeconds }) => (tolerationSeconds === undefined ? [] : [Math.max(0, tolerationSeconds)]));
  if (isTolerant && seconds.length === 0) {
    cancel(context, key, cancelled);
    return;
  }
  if (!isTolerant) {
    cancel(context, key, cancelled);
    schedule(context, key, { createdAt: now, fireAt: now });
    return;
  }
  const waitMs = Math.min(...seconds) * 1000;
  const waiting = state.work.get(key);
  // [TE3] A deletion that is sooner stands; another keeps the instant from which it counts.
  if (waiting !== undefined && waiting.createdAt + waitMs < now + waitMs) return;
  const createdAt = waiting?.createdAt ?? now;
  cancel(context, key, cancelled);
  schedule(context, key, { createdAt, fireAt: now + waitMs });
}

function schedule(context: ReconcileContext, key: string, work: Work): void {
  const state = context.state as State;
  state.work = state.work.set(context.epoch, key, work);
  context.enqueueAfter(`evict ${key}`, work.fireAt - context.clock);
}

function cancel(context: ReconcileContext, key: string, cancelled: string[]): void {
  const state = context.state as State;
  if (!state.work.has(key)) return;
  state.work = state.work.delete(context.epoch, key);
  cancelled.push(key);
}

/** [TE4] The Event, then the condition, then the deletion. Upstream: deletePodHandler. */
function* evict(context: ReconcileContext, key: string): Calling<ReconcileResult> {
  const isDue = context.decide(() => {
    const state = context.state as State;
    const work = state.work.get(key);
    if (work === undefined) return false;
    if (work.fireAt > context.clock) {
      context.enqueueAfter(`evict ${key}`, work.fireAt - context.clock);
      return false;
    }
    state.work = state.work.delete(context.epoch, key);
    return true;
  });
  if (!isDue) return undefined;
  context.event({ about: aboutPod(key), type: 'Normal', reason: 'TaintManagerEviction', message: `Marking for deletion Pod ${key}` });
  const [namespace = '', name = ''] = key.split('/');
  context.explain(`pod/${name}`, { rule: 'TE1', message: 'is deleted because its node has a NoExecute taint that it does not tolerate any longer' });
  let error: ReconcileError | undefined;
  for (let tryCount = 1; tryCount <= RETRY_COUNT; tryCount++) {
    error = yield* markAndDelete(context, namespace, name);
    if (error === undefined) return undefined;
    yield { pauseMs: RETRY_MS };
  }
  return error === undefined || isNotFound(error) ? undefined : { error: error.message };
}

function* markAndDelete(context: ReconcileContext, namespace: string, name: string): Calling<ReconcileError | undefined> {
  const place = { resource: 'pods', namespace, name };
  const live = yield* send({ verb: 'get', ...place });
  if (live.error !== undefined) return live.error;
  const pod = live.object as Pod;
  const patch = withDisruptionTarget(pod, 'DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint', context.clock);
  if (patch !== undefined) {
    const { error } = yield* send({ verb: 'patch', ...place, subresource: 'status', patchType: 'strategic', patch });
    if (error !== undefined) return error;
  }
  return (yield* send({ verb: 'delete', ...place })).error;
}

function handlePod(context: HandlerContext, before: Pod | undefined, after: Pod | undefined): void {
  const pod = (after ?? before) as Pod;
  const nodeName = pod.spec?.nodeName ?? '';
  if (nodeName === '') return;
  if (before !== undefined && after !== undefined && before.spec?.nodeName === nodeName && before.spec?.tolerations === after.spec?.tolerations) return;
  const key = `${pod.metadata?.namespace}/${pod.metadata?.name}`;
  const node = context.lister<Node>('nodes').get('', nodeName);
  if ((node !== undefined && noExecute(node).length > 0) || (context.state as State).work.has(key)) context.enqueue(`pod ${key}`);
}

function noExecute(node: Node): readonly Taint[] {
  return (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
}

function printTaints(node: Node | undefined): string {
  return node?.spec?.taints === undefined ? '' : noExecute(node).map(({ key, value, timeAdded }) => `${key}=${value ?? ''}@${timeAdded ?? ''}`).join();
}

/** Upstream: ToleratesTaint in k8s.io/api/core/v1/toleration.go. */
function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== '' && effect !== taint.effect) return false;
  if (key !== undefined && key !== '' && key !== taint.key) return false;
  return operator === 'Exists' || ((operator === undefined || operator === '' || operator === 'Equal') && (value ?? '') === (taint.value ?? ''));
}

function aboutPod(key: string): KubeObject {
  const [namespace, name] = key.split('/');
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name } };
}
