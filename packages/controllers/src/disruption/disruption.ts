// The disruption controller: how many pods of a budget may be disrupted now. Evictions spend it in the API server. Rules: SPEC.md.
import type { KubeObject, Pod, PodDisruptionBudget } from '@kubesim/api';
import { compileSelector, formatTime, isConflict, isPodReady, send, type Calling, type Controller, type HandlerContext, type ReconcileContext, type ReconcileResult, type Reconciling } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';
import { applyPodChange, countMembers, isHealthy, isMember, ownersOf, type BudgetMembers } from './budget-members.ts';
import { expectedPods, SCALED, type Counted } from './expected-pods.ts';

/** What the controller keeps in memory. @internal */
export interface DisruptionState {
  /** The pods of each budget, counted, by `namespace/name`. */
  members: OrderedMap<BudgetMembers>;
}

/** Source of the Events. */
const COMPONENT = 'controllermanager';

const BUDGETS = 'poddisruptionbudgets.policy';
/** How long a pod that was evicted may take to be deleted. Upstream: DeletionTimeout (1.37). */
const DELETION_TIMEOUT_MS = 120_000;
const STALE_TIMEOUT_MS = 120_000;

/** Upstream: pkg/controller/disruption (1.37). @public */
export const disruptionController: Controller = {
  name: 'disruption-controller',
  watches: [BUDGETS, 'pods', ...Object.values(SCALED)],
  workers: 1,
  initialState: (): DisruptionState => ({ members: OrderedMap.empty() }),
  handle(context, { resource, before, after }) {
    const { namespace, name } = (after ?? before as KubeObject).metadata;
    if (resource === BUDGETS) {
      if (after !== undefined) context.enqueue(`budget ${namespace}/${name}`);
      else forgetMembers(context, `${namespace}/${name}`);
    } else if (resource === 'pods') {
      followPod(context, before as Pod | undefined, after as Pod | undefined);
      handlePod(context, before as Pod | undefined, after as Pod | undefined);
    }
  },
  *reconcile(context, key): Reconciling {
    const space = key.indexOf(' ');
    const [namespace = '', name = ''] = key.slice(space + 1).split('/');
    switch (key.slice(0, space)) {
      case 'stale': return yield* clearStale(context, namespace, name);
      case 'multiple': return reportMultiple(context, namespace, name);
      default: return yield* syncBudget(context, namespace, name);
    }
  },
};

/** What a sync sees of a budget. @internal */
export interface BudgetPlan extends Counted {
  readonly budget: PodDisruptionBudget;
  readonly healthy: number;
  /** Pods that the status says are disrupted, in key order. */
  readonly disrupted: readonly Pod[];
}

/** What a sync sees; null if the budget is gone. With `isRecount` it goes through all pods of the namespace, as upstream does. @internal */
export function lookAtBudget(context: Pick<ReconcileContext, 'lister' | 'state' | 'epoch'>, namespace: string, name: string, isRecount: boolean = false): BudgetPlan | null {
  const budget = context.lister<PodDisruptionBudget>(BUDGETS).get(namespace, name);
  if (budget === undefined) return null;
  const state = context.state as DisruptionState;
  const pods = context.lister<Pod>('pods');
  const key = `${namespace}/${name}`;
  let members = state.members.get(key);
  if (members === undefined || members.spec !== budget.spec || isRecount) {
    members = countMembers(context.epoch, budget, pods.list(namespace));
    state.members = state.members.set(context.epoch, key, members);
  }
  const disrupted: Pod[] = [];
  for (const podName of Object.keys(budget.status?.disruptedPods ?? {}).sort()) {
    const pod = pods.get(namespace, podName);
    if (pod !== undefined && isMember(budget.spec, pod)) disrupted.push(pod);
  }
  return { budget, namespace, count: members.count, healthy: members.healthy, owners: ownersOf(members, (podName) => pods.get(namespace, podName)), hasUnmanaged: members.unmanaged > 0, disrupted };
}

function* syncBudget(context: ReconcileContext, namespace: string, name: string): Calling<ReconcileResult> {
  const plan = context.decide(() => lookAtBudget(context, namespace, name));
  if (plan === null) return undefined;
  const { budget } = plan;
  const about = budget as KubeObject;
  if (plan.count === 0) context.event({ component: COMPONENT, about, type: 'Normal', reason: 'NoPods', message: 'No matching pods found' });
  const numbers = yield* expectedPods(context, budget, plan);
  if (numbers.error !== undefined) {
    context.event({ component: COMPONENT, about, type: 'Warning', reason: 'CalculateExpectedPodCountFailed', message: `Failed to calculate the number of expected pods: ${numbers.error}` });
    return yield* failSafe(context, budget, numbers.error);
  }
  if (numbers.hasUnmanaged) {
    const message = `Pods selected by this PodDisruptionBudget (selector: ${printSelector(budget)}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`;
    context.event({ component: COMPONENT, about, type: 'Warning', reason: 'UnmanagedPods', message });
  }
  const disrupted = disruptedPods(context, budget, plan.disrupted);
  const currentHealthy = plan.healthy - plan.disrupted.filter((pod) => disrupted[pod.metadata?.name ?? ''] !== undefined && isHealthy(pod)).length;
  const { expected, desiredHealthy } = numbers;
  const disruptionsAllowed = expected <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const isAllowed = disruptionsAllowed > 0;
  const message = isAllowed ? `allows ${disruptionsAllowed} disruption${disruptionsAllowed === 1 ? '' : 's'}` : 'allows no disruption';
  context.explain(`poddisruptionbudget/${name}`, { rule: 'PDB3', message: `${message}: ${currentHealthy} of ${expected} pods are healthy, ${desiredHealthy} have to be` });
  const generation = budget.metadata?.generation;
  const old = budget.status;
  const condition = old?.conditions?.find(({ type }) => type === 'DisruptionAllowed');
  const status = isAllowed ? 'True' : 'False';
  const reason = isAllowed ? 'SufficientPods' : 'InsufficientPods';
  const isRight = old !== undefined && old.currentHealthy === currentHealthy && old.desiredHealthy === desiredHealthy && old.expectedPods === expected
    && old.disruptionsAllowed === disruptionsAllowed && old.observedGeneration === generation && sameTimes(old.disruptedPods, disrupted)
    && condition?.status === status && condition.observedGeneration === generation;
  if (isRight) return undefined;
  const conditions = withCondition(context, budget, { status, reason, message: '', observedGeneration: generation });
  return yield* writeStatus(context, budget, {
    observedGeneration: generation, ...(Object.keys(disrupted).length === 0 ? {} : { disruptedPods: disrupted }),
    disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods: expected, conditions,
  });
}

/** [PDB2] Pods that were evicted and are not deleted yet; those that take too long are no longer counted as gone. Upstream: buildDisruptedPodMap. */
function disruptedPods(context: ReconcileContext, budget: PodDisruptionBudget, pods: readonly Pod[]): Readonly<Record<string, string>> {
  const known = (budget.status?.disruptedPods ?? {}) as Readonly<Record<string, string>>;
  const { namespace } = budget.metadata ?? {};
  const disrupted: Record<string, string> = {};
  let recheckAt = Infinity;
  for (const pod of pods) {
    const name = pod.metadata?.name ?? '';
    const time = Object.hasOwn(known, name) ? known[name] : undefined;
    if (time === undefined || pod.metadata?.deletionTimestamp !== undefined) continue;
    const expectedAt = Date.parse(time) + DELETION_TIMEOUT_MS;
    if (expectedAt <= context.clock) {
      // The message names the namespace twice, as upstream does.
      context.event({ component: COMPONENT, about: pod as KubeObject, type: 'Warning', reason: 'NotDeleted', message: `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't` });
    } else {
      disrupted[name] = time;
      recheckAt = Math.min(recheckAt, expectedAt);
    }
  }
  if (recheckAt < Infinity) context.enqueueAfter(`budget ${namespace}/${budget.metadata?.name}`, recheckAt - context.clock);
  return disrupted;
}

/** [PDB4] Nothing may be disrupted while the numbers are unknown. */
function* failSafe(context: ReconcileContext, budget: PodDisruptionBudget, message: string): Calling<ReconcileResult> {
  const conditions = withCondition(context, budget, { status: 'False', reason: 'SyncFailed', message, observedGeneration: budget.status?.observedGeneration });
  return yield* writeStatus(context, budget, { ...budget.status, disruptionsAllowed: 0, conditions });
}

function* writeStatus(context: ReconcileContext, budget: PodDisruptionBudget, status: object): Calling<ReconcileResult> {
  const { namespace = '', name = '' } = budget.metadata ?? {};
  const { error } = yield* send({ verb: 'update', resource: BUDGETS, subresource: 'status', namespace, name, object: { ...budget, status } as KubeObject });
  if (error === undefined) return undefined;
  if (isConflict(error)) return { error: error.message };
  const second = yield* send({ verb: 'update', resource: BUDGETS, subresource: 'status', namespace, name, object: { ...budget, status: { ...budget.status, disruptionsAllowed: 0, conditions: withCondition(context, budget, { status: 'False', reason: 'SyncFailed', message: error.message, observedGeneration: budget.status?.observedGeneration }) } } as KubeObject });
  return second.error === undefined ? undefined : { error: second.error.message };
}

function withCondition(context: ReconcileContext, budget: PodDisruptionBudget, change: { readonly status: string; readonly reason: string; readonly message: string; readonly observedGeneration: number | undefined }): readonly object[] {
  const conditions = budget.status?.conditions ?? [];
  const old = conditions.find(({ type }) => type === 'DisruptionAllowed');
  const { status, observedGeneration, reason, message } = change;
  const lastTransitionTime = old?.status === status ? old.lastTransitionTime : formatTime(context.clock);
  const condition = { type: 'DisruptionAllowed', status, ...(observedGeneration === undefined ? {} : { observedGeneration }), lastTransitionTime, reason, message };
  return old === undefined ? [...conditions, condition] : conditions.map((one) => (one === old ? condition : one));
}

/** [PDB5] A pod that was to be disrupted and still runs two minutes later is no target any more. */
function* clearStale(context: ReconcileContext, namespace: string, name: string): Calling<ReconcileResult> {
  const pod = context.decide(() => context.lister<Pod>('pods').get(namespace, name) ?? null);
  const since = pod === null ? undefined : disruptedSince(pod);
  if (pod === null || since === undefined) return undefined;
  const left = since + STALE_TIMEOUT_MS - context.clock;
  if (left > 0) {
    context.enqueueAfter(`stale ${namespace}/${name}`, left);
    return undefined;
  }
  const conditions = (pod.status?.conditions ?? []).map((condition) => (condition.type !== 'DisruptionTarget' ? condition
    : { type: 'DisruptionTarget', observedGeneration: pod.metadata?.generation, status: 'False', lastProbeTime: null, lastTransitionTime: formatTime(context.clock) }));
  const { error } = yield* send({ verb: 'update', resource: 'pods', subresource: 'status', namespace, name, object: { ...pod, status: { ...pod.status, conditions } } as KubeObject });
  return error === undefined ? undefined : { error: error.message };
}

function forgetMembers(context: HandlerContext, key: string): void {
  const state = context.state as DisruptionState;
  state.members = state.members.delete(context.epoch, key);
}

/** Keeps the counts of budgets up with a change of a pod. */
function followPod(context: HandlerContext, before: Pod | undefined, after: Pod | undefined): void {
  const state = context.state as DisruptionState;
  if (state.members.size === 0) return;
  const namespace = (after ?? before)?.metadata?.namespace ?? '';
  const changed: (readonly [string, BudgetMembers])[] = [];
  state.members.forEach((members, key) => {
    const next = applyPodChange(context.epoch, members, before, after);
    if (next !== members) changed.push([key, next]);
  }, `${namespace}/`, `${namespace}0`);
  for (const [key, members] of changed) state.members = state.members.set(context.epoch, key, members);
}

function handlePod(context: HandlerContext, before: Pod | undefined, after: Pod | undefined): void {
  const pod = (after ?? before) as Pod;
  if (after !== undefined && disruptedSince(after) !== undefined && (before === undefined || disruptedSince(before) !== disruptedSince(after))) {
    context.enqueue(`stale ${after.metadata?.namespace}/${after.metadata?.name}`);
  }
  const isSame = before !== undefined && after !== undefined && isPodReady(before) === isPodReady(after)
    && before.metadata?.deletionTimestamp === after.metadata?.deletionTimestamp && before.metadata?.labels === after.metadata?.labels
    && before.metadata?.ownerReferences === after.metadata?.ownerReferences;
  if (isSame) return;
  const budgets = budgetsOf(context, pod);
  const [first] = budgets;
  if (first === undefined) return;
  context.enqueue(`budget ${first.metadata?.namespace}/${first.metadata?.name}`);
  if (budgets.length > 1 && after !== undefined) context.enqueue(`multiple ${pod.metadata?.namespace}/${pod.metadata?.name}`);
}

/** [PDB6] */
function reportMultiple(context: ReconcileContext, namespace: string, name: string): undefined {
  const plan = context.decide(() => {
    const pod = context.lister<Pod>('pods').get(namespace, name);
    const budgets = pod === undefined ? [] : budgetsOf(context, pod);
    return { pod: pod ?? null, chosen: budgets.length > 1 ? budgets[0]?.metadata?.name ?? null : null };
  });
  if (plan.pod === null || plan.chosen === null) return;
  const message = `Pod "${namespace}"/"${name}" matches multiple PodDisruptionBudgets.  Chose "${plan.chosen}" arbitrarily.`;
  context.event({ component: COMPONENT, about: plan.pod as KubeObject, type: 'Warning', reason: 'MultiplePodDisruptionBudgets', message });
}

function budgetsOf(context: Pick<HandlerContext, 'lister'>, pod: Pod): readonly PodDisruptionBudget[] {
  const budgets = context.lister<PodDisruptionBudget>(BUDGETS).list(pod.metadata?.namespace ?? '');
  return budgets.length === 0 ? budgets : budgets.filter(({ spec }) => compileSelector(spec?.selector)?.(pod.metadata?.labels) === true);
}

function disruptedSince(pod: Pod): number | undefined {
  const { phase, conditions } = pod.status ?? {};
  if (pod.metadata?.deletionTimestamp !== undefined || phase === 'Succeeded' || phase === 'Failed') return undefined;
  const condition = conditions?.find(({ type }) => type === 'DisruptionTarget');
  return condition?.status === 'True' && condition.reason !== 'TerminationByKubelet' ? Date.parse(condition.lastTransitionTime ?? '') : undefined;
}

function sameTimes(a: Readonly<Record<string, unknown>> = {}, b: Readonly<Record<string, unknown>> = {}): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** The selector as Go prints its pointer. */
function printSelector(budget: PodDisruptionBudget): string {
  const { matchLabels = {}, matchExpressions = [] } = budget.spec?.selector ?? {};
  const labels = Object.keys(matchLabels).sort().map((key) => `${key}: ${matchLabels[key]},`).join('');
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`).join('');
  return `&LabelSelector{MatchLabels:map[string]string{${labels}},MatchExpressions:[]LabelSelectorRequirement{${expressions}},}`;
}
