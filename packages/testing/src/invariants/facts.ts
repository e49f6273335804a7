// Facts about objects that several invariants ask for.
import type { KubeObject } from '@kubesim/api';
import type { MonitorView } from '../explorer/monitor.ts';

interface Condition { readonly type: string; readonly status: string }

/** Whether a condition of an object is True. @internal */
export function hasCondition(object: KubeObject, type: string): boolean {
  return ((object['status']?.conditions ?? []) as readonly Condition[]).some((condition) => condition.type === type && condition.status === 'True');
}

/** @internal */
export function isReady(pod: KubeObject): boolean {
  return pod['status']?.phase === 'Running' && hasCondition(pod, 'Ready');
}

/** @internal */
export function isTerminating(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

/** Ready and not on its way out: what controllers call healthy. @internal */
export function isHealthy(pod: KubeObject | undefined): boolean {
  return pod !== undefined && isReady(pod) && !isTerminating(pod);
}

/** @internal */
export function hasEnded(pod: KubeObject): boolean {
  return pod['status']?.phase === 'Failed' || pod['status']?.phase === 'Succeeded';
}

/** The controller that an object names as its owner, if it is of the kind. @internal */
export function ownerOf(object: KubeObject, kind: string): { readonly name: string; readonly uid: string } | undefined {
  for (const owner of object.metadata.ownerReferences ?? []) if (owner.controller === true && owner.kind === kind) return { name: owner.name, uid: owner.uid };
  return undefined;
}

/** The number at the end of a name, or −1. @internal */
export function ordinalOf(name: string): number {
  const digits = /-(\d+)$/.exec(name)?.[1];
  return digits === undefined ? -1 : Number(digits);
}

/** An int-or-percent of a total. @internal */
export function scaled(value: number | string | undefined, total: number, round: 'up' | 'down', otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === 'number') return value;
  const share = (Number(value.replace('%', '')) * total) / 100;
  return round === 'up' ? Math.ceil(share) : Math.floor(share);
}

/** `namespace/name` of an object, or its name. @internal */
export function keyOf(object: KubeObject): string {
  const { namespace, name = '' } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The key of something else in an object's namespace. @internal */
export function beside(object: KubeObject, name: string): string {
  return `${object.metadata.namespace ?? 'default'}/${name}`;
}

/** Whether a change is the one that asks for the deletion of an object that was not asked before. @internal */
export function startsDeletion(change: { readonly type: string; readonly before?: KubeObject; readonly after: KubeObject }): boolean {
  if (change.before === undefined || isTerminating(change.before)) return false;
  return change.type === 'DELETED' || isTerminating(change.after);
}

/** Whether a label selector of equalities and set requirements takes these labels. @internal */
export function selects(selector: { readonly matchLabels?: Readonly<Record<string, string>> } | undefined, object: KubeObject): boolean {
  const labels = object.metadata.labels ?? {};
  return Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}

/**
 * The uids of ReplicaSets whose pods came and went while a cache may not have shown them: who waits to see what it made waits for minutes, and looks again only
 * when something wakes it. Upstream: ExpectationsTimeout in pkg/controller/controller_utils.go (1.37). @internal
 */
export function withUnseenPods(known: readonly string[], view: MonitorView): readonly string[] {
  let next = known;
  const staleMs = view.staleMs ?? 0;
  for (const { resource, type, after } of staleMs === 0 ? [] : view.changes) {
    const uid = resource === 'pods' && type === 'DELETED' ? ownerOf(after, 'ReplicaSet')?.uid : undefined;
    if (uid !== undefined && !next.includes(uid) && view.now - Date.parse(after.metadata.creationTimestamp ?? '') <= staleMs) next = [...next, uid];
  }
  return next;
}

/** The entries of a record of instants that are not older than so many ms. @internal */
export function recent<Key extends string | number>(instants: Readonly<Record<Key, number>>, now: number, ms: number, isKept: (key: string) => boolean = () => true): Readonly<Record<string, number>> {
  const kept: Record<string, number> = {};
  for (const [key, at] of Object.entries<number>(instants)) if (now - at <= ms && isKept(key)) kept[key] = at;
  return kept;
}

/** A record with its values made into others. @internal */
export function mapValues<From, To>(record: Readonly<Record<string, From>>, map: (value: From) => To): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

/** The state of a component, if there is one to look at. @internal */
export function componentOf<State extends object>(view: MonitorView, name: string): State | undefined {
  return view.hasComponent(name) ? view.component<State>(name) : undefined;
}
