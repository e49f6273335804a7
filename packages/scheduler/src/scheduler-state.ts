// What the scheduler remembers between steps, and what it says to itself.
import { OrderedMap } from '@kubesim/kernel';
import type { ActorContext, Lister } from '@kubesim/client';
import type { KubeObject, Pod } from '@kubesim/api';
import type { SchedulerListers, SchedulerProfile } from './framework.ts';
import { emptyNodeCache, type NodeCacheState } from './node-cache.ts';
import { emptyQueue, type QueuedPod, type QueueState } from './queue.ts';

/** A pod that has its node and is on the way to being bound. @public */
export interface BindingPod {
  readonly pod: Pod;
  readonly nodeName: string;
  /** When it got its node, ms since 1970. */
  readonly since: number;
  /** Plugins whose Permit lets it wait, and until when, ms since 1970. */
  readonly permits: readonly { readonly plugin: string; readonly until: number }[];
  /** What PreBind has written. */
  readonly marks: readonly string[];
  /** The Binding was accepted; the cache has not shown it yet. */
  readonly isBound: boolean;
  readonly queued: QueuedPod;
}

/** Pods to evict for another one, one call at a time. @public */
export interface Eviction {
  readonly preemptor: Pod;
  readonly nodeName: string;
  readonly victims: readonly Pod[];
  /** Pods of lower priority that waited for the same node: they lose their nomination first. */
  readonly losers: readonly Pod[];
  /** The first victim has its condition and is to be deleted. */
  readonly isMarked: boolean;
}

/** State of the scheduler: JSON and ordered maps. @public */
export interface SchedulerState {
  cache: NodeCacheState;
  queue: QueueState;
  /** Pods with a node that the cache does not show bound, by key. */
  binding: OrderedMap<BindingPod>;
  /** Names of nodes on which pods wait for room, by key of the pod. */
  nominated: OrderedMap<string>;
  evictions: readonly Eviction[];
  startIndex: number;
  /** A step of scheduling is under way or due. */
  isAwake: boolean;
}

/** What the scheduler's timers carry. @public */
export type SchedulerMessage =
  | { readonly kind: 'schedule' }
  | { readonly kind: 'bind'; readonly key: string }
  | { readonly kind: 'evict' }
  | { readonly kind: 'backoff' }
  | { readonly kind: 'flush' };

/** @internal */
export type SchedulerStep = ActorContext<SchedulerMessage>;

/** @internal */
export function initialState(): SchedulerState {
  return { cache: emptyNodeCache(), queue: emptyQueue(), binding: OrderedMap.empty(), nominated: OrderedMap.empty(), evictions: [], startIndex: 0, isAwake: false };
}

/** Resources whose caches the scheduler reads. @internal */
export const WATCHED: readonly string[] = [
  'pods', 'nodes', 'persistentvolumeclaims', 'persistentvolumes', 'storageclasses.storage.k8s.io', 'poddisruptionbudgets.policy', 'services',
  'replicasets.apps', 'statefulsets.apps', 'namespaces',
];

/** The caches as plugins see them. @internal */
export function listersOf(step: SchedulerStep, watched: readonly string[]): SchedulerListers {
  return {
    profile: step.profile,
    lister: <T = KubeObject>(resource: string): Lister<T> | undefined => watched.includes(resource) ? step.lister<T>(resource) : undefined,
  };
}

/** The profile that a pod asks for; undefined if it is another scheduler's. @internal */
export function profileOf(profiles: readonly SchedulerProfile[], pod: Pod): SchedulerProfile | undefined {
  const name = pod.spec?.schedulerName ?? 'default-scheduler';
  return profiles.find((profile) => profile.schedulerName === name);
}

/** Makes sure that a step of scheduling follows. @internal */
export function wake(step: SchedulerStep, state: SchedulerState): void {
  if (state.isAwake) return;
  state.isAwake = true;
  step.after(0, { kind: 'schedule' });
}
