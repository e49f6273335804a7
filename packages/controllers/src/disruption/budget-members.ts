// What the disruption controller keeps in memory of a budget between syncs: how many pods it has, how many of them are healthy,
// and which controllers they have. Kept up with each change of a pod; a property compares it with a recount.
import type { KubeObject, OwnerReference, Pod, PodDisruptionBudget } from '@kubesim/api';
import { compileSelector, controllerOf, isPodReady } from '@kubesim/client';
import { OrderedMap, type Epoch } from '@kubesim/kernel';

/** The pods of a budget, counted. @internal */
export interface BudgetMembers {
  /** The spec that they were counted for. */
  readonly spec: PodDisruptionBudget['spec'];
  readonly count: number;
  /** Ready and not being deleted. */
  readonly healthy: number;
  /** Names of the pods of each controller, by its uid. */
  readonly owners: OrderedMap<OrderedMap<true>>;
  /** How many have no controller. */
  readonly unmanaged: number;
}

/** A controller of some pods of a budget, and the first of them. @internal */
export interface BudgetOwner {
  readonly pod: string;
  readonly reference: OwnerReference;
}

/** The members of a budget among these pods of its namespace. @internal */
export function countMembers(epoch: Epoch, budget: PodDisruptionBudget, pods: readonly Pod[]): BudgetMembers {
  let members: BudgetMembers = { spec: budget.spec, count: 0, healthy: 0, owners: OrderedMap.empty(), unmanaged: 0 };
  for (const pod of pods) members = applyPodChange(epoch, members, undefined, pod);
  return members;
}

/** Whether a budget selects a pod of its namespace. @internal */
export function isMember(spec: PodDisruptionBudget['spec'], pod: Pod): boolean {
  return compileSelector(spec?.selector)?.(pod.metadata?.labels) === true;
}

/** Whether a pod counts as healthy, disruptions that are under way apart. @internal */
export function isHealthy(pod: Pod): boolean {
  return pod.metadata?.deletionTimestamp === undefined && isPodReady(pod);
}

/** The members after a change of a pod. @internal */
export function applyPodChange(epoch: Epoch, members: BudgetMembers, before: Pod | undefined, after: Pod | undefined): BudgetMembers {
  const old = before !== undefined && isMember(members.spec, before) ? before : undefined;
  const pod = after !== undefined && isMember(members.spec, after) ? after : undefined;
  const [oldUid, uid] = [uidOfOwner(old), uidOfOwner(pod)];
  if ((old === undefined) === (pod === undefined) && uid === oldUid && (old !== undefined && isHealthy(old)) === (pod !== undefined && isHealthy(pod))) return members;
  let { count, healthy, owners, unmanaged } = members;
  const name = (after ?? before)?.metadata?.name ?? '';
  if (old !== undefined) {
    count--;
    if (isHealthy(old)) healthy--;
    if (oldUid === undefined) unmanaged--;
    else if (oldUid !== uid) owners = withoutPod(epoch, owners, oldUid, name);
  }
  if (pod !== undefined) {
    count++;
    if (isHealthy(pod)) healthy++;
    if (uid === undefined) unmanaged++;
    else if (oldUid !== uid) owners = owners.set(epoch, uid, (owners.get(uid) ?? OrderedMap.empty<true>()).set(epoch, name, true));
  }
  return { spec: members.spec, count, healthy, owners, unmanaged };
}

/** The controllers of a budget's pods, in the order of their first pods. @internal */
export function ownersOf({ owners }: BudgetMembers, podOf: (name: string) => Pod | undefined): readonly BudgetOwner[] {
  const found: BudgetOwner[] = [];
  owners.forEach((names) => {
    const pod = names.first()?.[0] ?? '';
    const reference = ownerOf(podOf(pod));
    if (reference !== undefined) found.push({ pod, reference });
  });
  return found.sort((a, b) => (a.pod < b.pod ? -1 : 1));
}

function withoutPod(epoch: Epoch, owners: BudgetMembers['owners'], uid: string, name: string): BudgetMembers['owners'] {
  const left = owners.get(uid)?.delete(epoch, name);
  return left === undefined || left.size === 0 ? owners.delete(epoch, uid) : owners.set(epoch, uid, left);
}

function ownerOf(pod: Pod | undefined): OwnerReference | undefined {
  return pod === undefined ? undefined : controllerOf(pod as KubeObject);
}

function uidOfOwner(pod: Pod | undefined): string | undefined {
  return ownerOf(pod)?.uid;
}
