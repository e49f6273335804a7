// What the quota controller keeps in memory of a quota between syncs: the sums of what is used, kept up with each change of an
// object that the quota counts. A property compares it with a recount.
import type { KubeObject, Pod, ResourceQuota } from '@kubesim/api';
import { OrderedMap, type Epoch } from '@kubesim/kernel';
import { formatNanos, isBinaryQuantity } from '../quantity/quantity.ts';
import { isInScope, resourceOfName, usageOf, type Usage } from './usage.ts';

/** The use of a quota's resources. @internal */
export interface QuotaSums {
  /** The spec that they were worked out for. */
  readonly spec: ResourceQuota['spec'];
  /** Billionths by resource name, as text, of all objects but those in `ending`. */
  readonly used: OrderedMap<string>;
  /** Pods by name whose use ends at an instant, unless they go before: those that are being deleted. */
  readonly ending: OrderedMap<Pod>;
}

/** Lists the objects of a resource in the quota's namespace. @internal */
export type ListOf = (resource: string) => readonly KubeObject[];

/** The sums of a quota by a walk over everything that it counts. [RQ1] @internal */
export function sumUp(epoch: Epoch, quota: ResourceQuota, countable: readonly string[], listOf: ListOf): QuotaSums {
  let sums: QuotaSums = { spec: quota.spec, used: OrderedMap.empty(), ending: OrderedMap.empty() };
  for (const name of Object.keys(quota.spec?.hard ?? {})) if (countable.includes(resourceOfName(name))) sums = { ...sums, used: sums.used.set(epoch, name, '0') };
  for (const resource of new Set([...sums.used.keys()].map(resourceOfName))) {
    for (const object of listOf(resource)) sums = applyChange(epoch, sums, resource, undefined, object);
  }
  return sums;
}

/** The sums after a change of an object of the quota's namespace. @internal */
export function applyChange(epoch: Epoch, sums: QuotaSums, resource: string, before: KubeObject | undefined, after: KubeObject | undefined): QuotaSums {
  if (before !== undefined && after !== undefined && resource === 'pods' && usesTheSame(before as Pod, after as Pod)) return sums;
  if (![...sums.used.keys()].some((name) => resourceOfName(name) === resource)) return sums;
  const name = (after ?? before)?.metadata.name ?? '';
  let { used, ending } = sums;
  const add = (usage: Usage, sign: bigint): void => {
    for (const key of Object.keys(usage)) {
      const held = used.get(key);
      if (held !== undefined) used = used.set(epoch, key, String(BigInt(held) + sign * (usage[key] as bigint)));
    }
  };
  if (before !== undefined && isInScope(sums, resource, before)) {
    if (isEnding(resource, before)) ending = ending.delete(epoch, name);
    else add(usageOf(resource, before, 0), -1n);
  }
  if (after !== undefined && isInScope(sums, resource, after)) {
    if (isEnding(resource, after)) ending = ending.set(epoch, name, after as Pod);
    else add(usageOf(resource, after, 0), 1n);
  }
  return { spec: sums.spec, used, ending };
}

/** What is used at an instant, as quantities by resource name. @internal */
export function usedAt({ spec, used, ending }: QuotaSums, now: number): Readonly<Record<string, string>> {
  const totals: Record<string, bigint> = {};
  for (const name of Object.keys(spec?.hard ?? {})) {
    const held = used.get(name);
    if (held !== undefined) totals[name] = BigInt(held);
  }
  ending.forEach((pod) => {
    const usage = usageOf('pods', pod as KubeObject, now);
    for (const name of Object.keys(usage)) if (totals[name] !== undefined) totals[name] += usage[name] as bigint;
  });
  const amounts: Record<string, string> = {};
  for (const name of Object.keys(totals)) amounts[name] = formatNanos(totals[name] as bigint, isBinaryQuantity(String(spec?.hard?.[name])));
  return amounts;
}

/** Whether what an object uses depends on the instant. */
function isEnding(resource: string, object: KubeObject): boolean {
  return resource === 'pods' && object.metadata.deletionTimestamp !== undefined;
}

function usesTheSame(before: Pod, after: Pod): boolean {
  return before.spec === after.spec && before.metadata?.uid === after.metadata?.uid && before.status?.phase === after.status?.phase && before.status?.qosClass === after.status?.qosClass
    && before.metadata?.deletionTimestamp === after.metadata?.deletionTimestamp && before.metadata?.deletionGracePeriodSeconds === after.metadata?.deletionGracePeriodSeconds;
}
