// How many pods a budget expects, and how many of them have to be healthy.
// Upstream: getExpectedPodCount in pkg/controller/disruption/disruption.go (1.37).
import type { OwnerReference, PodDisruptionBudget } from '@kubesim/api';
import { controllerOf, isNotFound, send, type Calling, type ReconcileContext } from '@kubesim/client';
import type { BudgetOwner } from './budget-members.ts';

/** The numbers of a budget, or why they cannot be told. @internal */
export type ExpectedPods =
  | { readonly expected: number; readonly desiredHealthy: number; readonly hasUnmanaged: boolean; readonly error?: undefined }
  | { readonly error: string };

type Scale = { readonly uid: string; readonly replicas: number };

/** Resources of the controllers that a budget knows by heart. @internal */
export const SCALED: Readonly<Record<string, string>> = {
  'apps/ReplicaSet': 'replicasets.apps', 'apps/Deployment': 'deployments.apps', 'apps/StatefulSet': 'statefulsets.apps', '/ReplicationController': 'replicationcontrollers',
};

/** What the numbers are made of: how many pods there are, their controllers, and whether some have none. @internal */
export interface Counted {
  readonly namespace: string;
  readonly count: number;
  readonly owners: readonly BudgetOwner[];
  readonly hasUnmanaged: boolean;
}

/** [PDB1] The numbers for these pods. @internal */
export function* expectedPods(context: ReconcileContext, budget: PodDisruptionBudget, counted: Counted): Calling<ExpectedPods> {
  const { maxUnavailable, minAvailable } = budget.spec ?? {};
  if (maxUnavailable === undefined) {
    if (minAvailable === undefined) return { expected: 0, desiredHealthy: 0, hasUnmanaged: false };
    if (typeof minAvailable === 'number') return { expected: counted.count, desiredHealthy: minAvailable, hasUnmanaged: false };
  }
  const scale = yield* expectedScale(context, counted);
  if (scale.error !== undefined) return scale;
  const { expected } = scale;
  const value = scaled(maxUnavailable ?? minAvailable ?? 0, expected);
  return { expected, hasUnmanaged: counted.hasUnmanaged, desiredHealthy: maxUnavailable === undefined ? value : Math.max(0, expected - value) };
}

/** The sum of the scales of the pods' controllers. */
function* expectedScale(context: ReconcileContext, { namespace, owners }: Counted): Calling<{ readonly expected: number; readonly error?: undefined } | { readonly error: string }> {
  const scales = new Map<string, number>();
  for (const { pod, reference } of owners) {
    const known = context.decide(() => knownScale(context, namespace, reference) ?? null);
    const found: Scale | { readonly error: string } | undefined = known ?? (yield* liveScale(namespace, reference));
    if (found === undefined) return { error: `found no controllers for pod "${pod}"` };
    if ('error' in found) return found;
    scales.set(found.uid, found.replicas);
  }
  return { expected: [...scales.values()].reduce((sum, count) => sum + count, 0) };
}

/** The scale of a well-known controller; that of a ReplicaSet's Deployment stands for it. */
function knownScale(context: ReconcileContext, namespace: string, reference: OwnerReference): Scale | undefined {
  const group = reference.apiVersion.includes('/') ? reference.apiVersion.split('/')[0] : '';
  const resource = SCALED[`${group}/${reference.kind}`];
  if (resource === undefined) return undefined;
  const owner = context.lister(resource).get(namespace, reference.name);
  if (owner === undefined || owner.metadata.uid !== reference.uid) return undefined;
  const above = controllerOf(owner);
  if (reference.kind === 'ReplicaSet' && above?.kind === 'Deployment') return knownScale(context, namespace, above);
  return { uid: reference.uid, replicas: owner['spec']?.replicas ?? 1 };
}

/** The scale of any other controller, by its subresource. */
function* liveScale(namespace: string, reference: OwnerReference): Calling<Scale | { readonly error: string } | undefined> {
  const [group, kind] = reference.apiVersion.includes('/') ? [reference.apiVersion.split('/')[0] as string, reference.kind] : ['', reference.kind];
  const plural = `${kind.toLowerCase()}s`;
  const resource = group === '' ? plural : `${plural}.${group}`;
  if (SCALED[`${group}/${kind}`] !== undefined) return undefined;
  const { object, error } = yield* send({ verb: 'get', resource, namespace, name: reference.name, subresource: 'scale' });
  if (isNotFound(error)) return { error: `${resource} does not implement the scale subresource` };
  if (error !== undefined) return { error: error.message };
  return object.metadata.uid === reference.uid ? { uid: reference.uid, replicas: object['spec']?.replicas ?? 0 } : undefined;
}

function scaled(value: number | string, total: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number(value.slice(0, -1)) * total) / 100);
}
