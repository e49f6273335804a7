// ResourceQuota: what is created stays within its namespace's quotas, whose usage is written before the object.
// Upstream: apiserver/pkg/admission/plugin/resourcequota (1.37). Usage goes down by the quota controller alone.
import { addQuantities, compareQuantities, formatQuantity, quantityOf, resourceName, subtractQuantities, type ExactQuantity, type KubeObject, type PodSpec, type Quantity, type ResourceQuota } from '@kubesim/api';
import type { AdmissionPlugin, AdmissionWrite } from './admission-plugin.ts';
import { isInScope, missingOf, usageOf } from './quota-usage.ts';

type Quota = ResourceQuota & KubeObject;
type Amounts = Readonly<Record<string, ExactQuantity | Quantity>>;

function print(names: readonly string[], amounts: Amounts): string {
  return names.map((name) => {
    const amount = amounts[name];
    return `${name}=${amount === undefined ? '0' : typeof amount === 'object' ? formatQuantity(amount) : String(amount)}`;
  }).join(',');
}

/** What the write uses more than before, of the names a quota limits; nothing where it uses less. */
function increase(resource: string, object: KubeObject, old: KubeObject | undefined): Record<string, ExactQuantity> {
  const after = usageOf(resource, object);
  const before = old === undefined ? {} : usageOf(resource, old);
  const delta: Record<string, ExactQuantity> = {};
  for (const name of Object.keys(after)) {
    const known = before[name];
    const amount = known === undefined ? after[name] as ExactQuantity : subtractQuantities(after[name] as ExactQuantity, known);
    if (compareQuantities(amount, 0) > 0) delta[name] = amount;
  }
  return delta;
}

interface Charge {
  readonly refusal?: string;
  readonly quota?: Quota;
}

function charge(quota: Quota, resource: string, object: KubeObject, delta: Readonly<Record<string, ExactQuantity>>, isCreate: boolean): Charge {
  const hard = quota.status?.hard ?? {};
  const name = quota.metadata.name ?? '';
  if (resource === 'pods' && isCreate) {
    const missing = missingOf(object['spec'] as PodSpec, Object.keys(hard));
    if (missing !== '') return { refusal: `failed quota: ${name}: must specify ${missing}` };
  }
  const names = Object.keys(delta).filter((each) => hard[each] !== undefined).sort();
  if (names.length === 0) return {};
  const used = quota.status?.used ?? {};
  const unknown = names.filter((each) => used[each] === undefined);
  if (unknown.length > 0) return { refusal: `status unknown for quota: ${name}, resources: ${unknown.join(',')}` };
  const next: Record<string, Quantity> = { ...used };
  const exceeded: string[] = [];
  for (const each of names) {
    const sum = addQuantities(quantityOf(used[each]), delta[each] as ExactQuantity);
    if (compareQuantities(sum, hard[each]) > 0) exceeded.push(each);
    next[each] = formatQuantity(sum);
  }
  if (exceeded.length > 0) return { refusal: `exceeded quota: ${name}, requested: ${print(exceeded, delta)}, used: ${print(exceeded, used)}, limited: ${print(exceeded, hard)}` };
  return { quota: { ...quota, status: { ...quota.status, used: next } } as Quota };
}

/** Counts what is created against the quotas of its namespace. @public */
export const resourceQuota: AdmissionPlugin = {
  name: 'ResourceQuota',
  isTimeless: true,
  handles: (operation, _resource, subresource) => subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
  validate: ({ operation, kind, resource, subresource, namespace, object, oldObject, dryRun }, { store }) => {
    if (subresource !== '' || namespace === '' || object === undefined || (operation !== 'CREATE' && operation !== 'UPDATE')) return undefined;
    const name = resourceName(kind);
    let delta: Record<string, ExactQuantity> | undefined;
    const writes: AdmissionWrite[] = [];
    for (const stored of store.list('resourcequotas', `${namespace}/`)) {
      const quota = stored as Quota;
      if (!isInScope(quota, resource, object)) continue;
      delta ??= increase(name, object, oldObject);
      const { refusal, quota: charged } = charge(quota, resource, object, delta, operation === 'CREATE');
      if (refusal !== undefined) return { forbidden: refusal };
      if (charged !== undefined) writes.push({ resource: 'resourcequotas', key: `${namespace}/${quota.metadata.name}`, object: charged });
    }
    return dryRun || writes.length === 0 ? undefined : { writes };
  },
};
