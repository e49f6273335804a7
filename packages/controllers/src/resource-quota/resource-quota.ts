// The resource quota controller: recounts what quotas limit. Admission keeps the count up in between. Rules: SPEC.md.
import type { KubeObject, Pod, ResourceQuota } from '@kubesim/api';
import { send, type Controller, type HandlerContext, type ReconcileContext, type Reconciling } from '@kubesim/client';
import { formatNanos, isBinaryQuantity, nanosOf } from '../quantity/quantity.ts';
import { isCounted, isInScope, resourceOfName, usageOf } from './usage.ts';

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
  handle(context, { resource, before, after }) {
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
      return quota === undefined ? null : { quota, used: recount(context, quota) };
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

/** [RQ1] What is used of each resource that the quota limits and that can be counted. */
function recount(context: ReconcileContext, quota: ResourceQuota): Readonly<Record<string, string>> {
  const namespace = quota.metadata?.namespace ?? '';
  const hard = quota.spec?.hard ?? {};
  const names = Object.keys(hard).filter((name) => COUNTABLE.includes(resourceOfName(name)));
  const sums: Record<string, bigint> = {};
  const binary: Record<string, boolean> = {};
  for (const name of names) {
    sums[name] = 0n;
    binary[name] = isBinaryQuantity(String(hard[name]));
  }
  for (const resource of new Set(names.map(resourceOfName))) {
    for (const object of context.lister(resource).list(namespace)) {
      if (!isInScope(quota, resource, object)) continue;
      const usage = usageOf(resource, object, context.clock);
      for (const name of names) if (usage[name] !== undefined) sums[name] = (sums[name] as bigint) + usage[name];
    }
  }
  const used: Record<string, string> = {};
  for (const name of names) used[name] = formatNanos(sums[name] as bigint, binary[name] === true);
  return used;
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
