// The scheduling queue: active, back-off and unschedulable pods as ordered maps, so that a World can hold it.
// Upstream: pkg/scheduler/backend/queue/{scheduling_queue,active_queue,backoff_queue}.go (1.37).
import { OrderedMap, type Epoch } from '@kubesim/kernel';

/** Back-off after the first refused attempt; it doubles with each. @public */
export const INITIAL_BACK_OFF_MS = 1000;
/** The longest back-off. @public */
export const MAX_BACK_OFF_MS = 10_000;
/** A pod that waits longer than this among the unschedulable is tried again. @public */
export const MAX_UNSCHEDULABLE_MS = 300_000;
/** How often that is looked at. @public */
export const UNSCHEDULABLE_FLUSH_MS = 30_000;

/** A pod in the queue. @public */
export interface QueuedPod {
  readonly key: string;
  readonly where: 'active' | 'backoff' | 'unschedulable' | 'gated';
  readonly priority: number;
  /** When it came into its present place, ms since 1970. */
  readonly since: number;
  readonly sequence: number;
  readonly attemptCount: number;
  readonly refusalCount: number;
  readonly errorCount: number;
  /** The last attempt ended in an error: such a back-off is never cut short. */
  readonly isError: boolean;
  readonly backOffUntil: number;
  /** Plugins that refused it. */
  readonly plugins: readonly string[];
}

/** The queue. @public */
export interface QueueState {
  readonly pods: OrderedMap<QueuedPod>;
  /** Keys of pods by order of scheduling. */
  readonly active: OrderedMap<string>;
  /** Keys of pods by end of back-off. */
  readonly backoff: OrderedMap<string>;
  /** Keys of pods by when they came here. */
  readonly unschedulable: OrderedMap<string>;
  readonly nextSequence: number;
}

/** @internal */
export function emptyQueue(): QueueState {
  return { pods: OrderedMap.empty(), active: OrderedMap.empty(), backoff: OrderedMap.empty(), unschedulable: OrderedMap.empty(), nextSequence: 0 };
}

const digits = (value: number): string => String(value).padStart(16, '0');

/** Its place in the order of its map: by priority then age, or by time. */
function orderKey(pod: QueuedPod): string {
  if (pod.where === 'active') return `${digits(2 ** 32 - pod.priority)} ${digits(pod.since)} ${digits(pod.sequence)} ${pod.key}`;
  return `${digits(pod.where === 'backoff' ? pod.backOffUntil : pod.since)} ${digits(pod.sequence)} ${pod.key}`;
}

/** The same queue without a pod. @internal */
export function removePod(queue: QueueState, epoch: Epoch, key: string): QueueState {
  const pod = queue.pods.get(key);
  if (pod === undefined) return queue;
  const pods = queue.pods.delete(epoch, key);
  if (pod.where === 'gated') return { ...queue, pods };
  return { ...queue, pods, [pod.where]: queue[pod.where].delete(epoch, orderKey(pod)) };
}

/** The same queue with a pod put in its place. @internal */
export function putPod(queue: QueueState, epoch: Epoch, pod: Omit<QueuedPod, 'sequence'>): QueueState {
  const rest = removePod(queue, epoch, pod.key);
  const placed: QueuedPod = { ...pod, sequence: rest.nextSequence };
  const pods = rest.pods.set(epoch, pod.key, placed);
  const next = { ...rest, pods, nextSequence: rest.nextSequence + 1 };
  return placed.where === 'gated' ? next : { ...next, [placed.where]: next[placed.where].set(epoch, orderKey(placed), placed.key) };
}

/** A pod that comes for the first time. @internal */
export function newQueuedPod(key: string, priority: number, now: number, isGated: boolean): Omit<QueuedPod, 'sequence'> {
  return {
    key, where: isGated ? 'gated' : 'active', priority, since: now, attemptCount: 0, refusalCount: 0, errorCount: 0, isError: false, backOffUntil: 0, plugins: [],
  };
}

/**
 * The next pod: the head of the active ones; if there is none, the one whose back-off ends first, unless an error put it there.
 * @internal
 */
export function nextPod(queue: QueueState): QueuedPod | undefined {
  const head = queue.active.first();
  if (head !== undefined) return queue.pods.get(head[1]);
  for (const [, key] of queue.backoff) {
    const pod = queue.pods.get(key);
    if (pod?.isError === false) return pod;
  }
  return undefined;
}

/** When the back-off of a pod ends that now failed for the `count`-th time: aligned to whole seconds. @internal */
export function backOffEnd(now: number, count: number): number {
  const duration = Math.min(MAX_BACK_OFF_MS, INITIAL_BACK_OFF_MS * 2 ** Math.min(10, Math.max(0, count - 1)));
  return Math.ceil((now + duration) / 1000) * 1000;
}

/** After an attempt that found no node. @internal */
export function afterRefusal(pod: QueuedPod, now: number, plugins: readonly string[]): Omit<QueuedPod, 'sequence'> {
  const refusalCount = pod.refusalCount + 1;
  return {
    ...pod, where: 'unschedulable', since: now, attemptCount: pod.attemptCount + 1, refusalCount, errorCount: 0, isError: false,
    backOffUntil: backOffEnd(now, refusalCount), plugins,
  };
}

/** After an attempt that an error ended. @internal */
export function afterError(pod: QueuedPod, now: number): Omit<QueuedPod, 'sequence'> {
  const errorCount = pod.errorCount + 1;
  return { ...pod, where: 'backoff', since: now, attemptCount: pod.attemptCount + 1, errorCount, isError: true, backOffUntil: backOffEnd(now, errorCount), plugins: [] };
}

/** Something may have made it schedulable. @internal */
export function moved(pod: QueuedPod, now: number): Omit<QueuedPod, 'sequence'> {
  return { ...pod, where: pod.backOffUntil > now ? 'backoff' : 'active', since: now };
}
