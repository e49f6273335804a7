// The resource quota controller: recounts what quotas limit. Admission keeps the count up in between. Rules: SPEC.md.
import type { KubeObject, Pod, ResourceQuota } from '@kubesim/api';
import { send, type CacheChange, type Controller, type HandlerContext, type ReconcileContext, type Reconciling } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';
import { nanosOf } from '../quantity/quantity.ts';
import { applyChange, sumUp, usedAt, type QuotaSums } from './quota-sums.ts';
import { isCounted, resourceOfName } from './usage.ts';

/** What the controller keeps in memory. @internal */
export interface QuotaState {
  /** What is used of each quota, by `namespace/name`. */
  sums: OrderedMap<QuotaSums>;
}

const QUOTAS = 'resourcequotas';
/** Resources that can be counted. Upstream monitors whatever is discovered. */
const COUNTABLE: readonly string[] = [
  QUOTAS, 'pods', 'services', 'persistentvolumeclaims', 'secrets', 'configmaps', 'replicationcontrollers', 'deployments.apps', 'replicasets.apps',
  'statefulsets.apps', 'daemonsets.apps', 'jobs.batch', 'cronjobs.batch',
];
/** Upstream: resource-quota-sync-period (1.37). */
const RESYNC_MS = 300_000;

/** Upstream: pkg/controller/resourcequota (1.37). @public */
export const resourceQuotaController: Controller = {
  name: 'resourcequota-controller',
  watches: COUNTABLE,
  workers: 5,
  initialState: (): QuotaState => ({ sums: OrderedMap.empty() }),
  handle(context, change) {
    const { resource, before, after } = change;
    follow(context, change);
    if (resource === QUOTAS && after === undefined && before !== undefined) forget(context, before);
    if (resource === QUOTAS && after !== undefined) {
      const isSame = before !== undefined && (before as ResourceQuota).spec === (after as ResourceQuota).spec;
      if (!isSame) context.enqueue(`${after.metadata.namespace}/${after.metadata.name}`);
    }
    if (before !== undefined && isFreed(context, resource, before, after)) replenish(context, resource, before.metadata.namespace ?? '');
  },
  *reconcile(context, key): Reconciling {
    const [namespace = '', name = ''] = key.split('/');
    const plan = context.decide(() => {
      const quota = context.lister<ResourceQuota>(QUOTAS).get(namespace, name);
      return quota === undefined ? null : { quota, used: usedOf(context, quota) };
    });
    if (plan === null) return undefined;
    context.enqueueAfter(key, RESYNC_MS, { quietUntil: Infinity });
    const { quota, used } = plan;
    const hard = quota.spec?.hard ?? {};
    if (sameAmounts(quota.status?.hard, hard) && sameAmounts(quota.status?.used, used)) return undefined;
    const object = { ...quota, status: { hard, used } } as KubeObject;
    const { error } = yield* send({ verb: 'update', resource: QUOTAS, subresource: 'status', namespace, name, object });
    return error === undefined ? undefined : { error: error.message };
  },
};

/** [RQ1] What is used of each resource that the quota limits and that can be counted. With `isRecount` it goes through all objects, as upstream does. @internal */
export function usedOf(context: Pick<ReconcileContext, 'lister' | 'state' | 'epoch' | 'clock'>, quota: ResourceQuota, isRecount: boolean = false): Readonly<Record<string, string>> {
  const state = context.state as QuotaState;
  const namespace = quota.metadata?.namespace ?? '';
  const key = `${namespace}/${quota.metadata?.name}`;
  let sums = state.sums.get(key);
  if (sums === undefined || sums.spec !== quota.spec || isRecount) {
    sums = sumUp(context.epoch, quota, COUNTABLE, (resource) => context.lister(resource).list(namespace));
    state.sums = state.sums.set(context.epoch, key, sums);
  }
  return usedAt(sums, context.clock);
}

/** Keeps the sums of quotas up with a change of an object. */
function follow(context: HandlerContext, { resource, before, after }: CacheChange): void {
  const state = context.state as QuotaState;
  if (state.sums.size === 0) return;
  const namespace = (after ?? before)?.metadata.namespace ?? '';
  const changed: (readonly [string, QuotaSums])[] = [];
  state.sums.forEach((sums, key) => {
    const next = applyChange(context.epoch, sums, resource, before, after);
    if (next !== sums) changed.push([key, next]);
  }, `${namespace}/`, `${namespace}0`);
  for (const [key, sums] of changed) state.sums = state.sums.set(context.epoch, key, sums);
}

function forget(context: HandlerContext, quota: KubeObject): void {
  const state = context.state as QuotaState;
  state.sums = state.sums.delete(context.epoch, `${quota.metadata.namespace}/${quota.metadata.name}`);
}

/** [RQ5] Something was given back: an object is gone, or a pod has ended. */
function isFreed(context: HandlerContext, resource: string, before: KubeObject, after: KubeObject | undefined): boolean {
  if (after === undefined) return true;
  return resource === 'pods' && isCounted(before as Pod, context.now) && !isCounted(after as Pod, context.now);
}

function replenish(context: HandlerContext, resource: string, namespace: string): void {
  for (const { metadata, spec } of context.lister<ResourceQuota>(QUOTAS).list(namespace)) {
    if (Object.keys(spec?.hard ?? {}).some((name) => resourceOfName(name) === resource)) context.enqueue(`${metadata?.namespace}/${metadata?.name}`);
  }
}

function sameAmounts(a: Readonly<Record<string, unknown>> | undefined, b: Readonly<Record<string, unknown>>): boolean {
  if (a === undefined) return false;
  const keys = Object.keys(b);
  return keys.length === Object.keys(a).length && keys.every((key) => Object.hasOwn(a, key) && nanosOf(a[key] as string) === nanosOf(b[key] as string));
}
