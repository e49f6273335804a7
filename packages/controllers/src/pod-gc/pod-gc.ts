// Removes pods that nobody else will: too many ended ones, and those whose node is gone, out of service or never came. Rules: SPEC.md.
import type { Node, Pod } from '@kubesim/api';
import { isNotFound, send, type Calling, type Controller, type HandlerContext, type ReconcileContext, type Reconciling } from '@kubesim/client';
import { hasTaint, OUT_OF_SERVICE } from '../node-lifecycle/taints.ts';
import { withDisruptionTarget } from './disruption-target.ts';

interface State {
  /** When the process started: passes keep its phase. */
  startedAt: number;
  /** Since when pods of a node that does not exist have been seen, by node name. */
  quarantine: Readonly<Record<string, number>>;
  /** How many pods have ended. */
  terminated: number;
}

/** What can be set. @public */
export interface PodGcOptions {
  /** Ended pods that are left alone. 12500 without it. */
  readonly terminatedPodThreshold?: number;
}

/** Passes come every 20 s, but only while there may be something to do. Upstream runs each. */
const PERIOD_MS = 20_000;
const QUARANTINE_MS = 40_000;

interface Doomed {
  readonly pod: Pod;
  readonly isOrphan: boolean;
}

/** The controller with settings of its own. Upstream: pkg/controller/podgc (1.37). @public */
export function createPodGcController({ terminatedPodThreshold = 12_500 }: PodGcOptions = {}): Controller {
  return {
    name: 'pod-garbage-collector-controller',
    watches: ['pods', 'nodes'],
    workers: 1,
    initialState: (): State => ({ startedAt: 0, quarantine: Object.freeze({}), terminated: 0 }),
    start(context) {
      (context.state as State).startedAt = context.now;
    },
    handle(context, { resource, before, after }) {
      if (resource === 'nodes') {
        if (after === undefined || isOutOfService(after as Node)) wake(context);
        return;
      }
      const state = context.state as State;
      const ended = Number(hasEnded(after as Pod | undefined)) - Number(hasEnded(before as Pod | undefined));
      if (ended !== 0) state.terminated += ended;
      if (after !== undefined && (state.terminated > terminatedPodThreshold || isCandidate(context, after as Pod))) wake(context);
    },
    *reconcile(context): Reconciling {
      const plan = context.decide(() => decide(context, terminatedPodThreshold));
      const gone: string[] = [];
      for (const name of plan.missing) {
        const { error } = yield* send({ verb: 'get', resource: 'nodes', name });
        if (isNotFound(error)) gone.push(name);
      }
      const orphans = context.decide(() => (gone.length === 0 ? [] : context.lister<Pod>('pods').list().filter((pod) => gone.includes(pod.spec?.nodeName ?? ''))));
      for (const { pod } of plan.first) yield* remove(context, { pod, isOrphan: false });
      for (const pod of orphans) yield* remove(context, { pod, isOrphan: true });
      for (const { pod } of plan.last) yield* remove(context, { pod, isOrphan: false });
      context.decide(() => {
        if (context.lister<Pod>('pods').list().some((pod) => isCandidate(context, pod))) wake(context);
        return null;
      });
      return undefined;
    },
  };
}

/** The pod garbage collector with upstream's defaults. @public */
export const podGcController: Controller = createPodGcController();

function decide(context: ReconcileContext, threshold: number): { readonly first: readonly { readonly pod: Pod }[]; readonly last: readonly { readonly pod: Pod }[]; readonly missing: readonly string[] } {
  const state = context.state as State;
  const pods = context.lister<Pod>('pods').list();
  const nodes = context.lister<Node>('nodes');
  const ended = pods.filter(hasEnded);
  const surplus = ended.length - threshold;
  // [PG1] The oldest go, evicted ones before others.
  const first = surplus > 0 ? [...ended].sort(byEvictionAndAge).slice(0, surplus) : [];
  // [PG2]
  const outOfService = pods.filter((pod) => isTerminating(pod) && isOutOfService(nodes.get('', pod.spec?.nodeName ?? ''))).sort(byEvictionAndAge);
  // [PG3]
  const quarantine: Record<string, number> = {};
  const missing: string[] = [];
  for (const pod of pods) {
    const name = pod.spec?.nodeName ?? '';
    if (name === '' || nodes.get('', name) !== undefined || quarantine[name] !== undefined || missing.includes(name)) continue;
    const since = state.quarantine[name] ?? context.clock;
    if (context.clock - since >= QUARANTINE_MS) missing.push(name);
    else quarantine[name] = since;
  }
  state.quarantine = Object.freeze(quarantine);
  // [PG4]
  const unscheduled = pods.filter((pod) => isTerminating(pod) && (pod.spec?.nodeName ?? '') === '');
  const wrap = (list: readonly Pod[]): readonly { readonly pod: Pod }[] => list.map((pod) => ({ pod }));
  return { first: wrap([...first, ...outOfService]), last: wrap(unscheduled), missing };
}

/** [PG5] Phase Failed, then gone without grace. Upstream: markFailedAndDeletePodWithCondition. */
function* remove(context: ReconcileContext, { pod, isOrphan }: Doomed): Calling<undefined> {
  const { namespace = '', name = '', uid, generation } = pod.metadata ?? {};
  const place = { resource: 'pods', namespace, name };
  if (!hasEnded(pod)) {
    const failed = { phase: 'Failed', observedGeneration: generation };
    const patch = isOrphan ? withDisruptionTarget(pod, 'DeletionByPodGC', 'PodGC: node no longer exists', context.clock, failed) : { metadata: { uid }, status: failed };
    const { error } = yield* send({ verb: 'patch', ...place, subresource: 'status', patchType: 'strategic', patch });
    if (error !== undefined) return undefined;
  }
  yield* send({ verb: 'delete', ...place, options: { gracePeriodSeconds: 0 } });
  return undefined;
}

function wake(context: Pick<HandlerContext, 'state' | 'now' | 'enqueueAfter'>): void {
  const now = 'clock' in context ? context.clock as number : context.now;
  const { startedAt } = context.state as State;
  context.enqueueAfter('gc', PERIOD_MS - ((now - startedAt) % PERIOD_MS));
}

function isCandidate(context: Pick<HandlerContext, 'lister'>, pod: Pod): boolean {
  const nodeName = pod.spec?.nodeName ?? '';
  if (nodeName === '') return isTerminating(pod);
  const node = context.lister<Node>('nodes').get('', nodeName);
  return node === undefined || (isTerminating(pod) && isOutOfService(node));
}

function isOutOfService(node: Node | undefined): boolean {
  if (node === undefined || !['NoExecute', 'NoSchedule', 'PreferNoSchedule'].some((effect) => hasTaint(node, OUT_OF_SERVICE, effect))) return false;
  return node.status?.conditions?.find(({ type }) => type === 'Ready')?.status !== 'True';
}

function hasEnded(pod: Pod | undefined): boolean {
  return pod?.status?.phase === 'Succeeded' || pod?.status?.phase === 'Failed';
}

function isTerminating(pod: Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined;
}

function byEvictionAndAge(a: Pod, b: Pod): number {
  const evicted = Number(isEvicted(b)) - Number(isEvicted(a));
  if (evicted !== 0) return evicted;
  const key = ({ metadata }: Pod): string => `${metadata?.creationTimestamp} ${metadata?.name} ${metadata?.namespace}`;
  return key(a) < key(b) ? -1 : 1;
}

function isEvicted(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' && pod.status.reason === 'Evicted';
}
