// The rate-limited workqueue of client-go as data: a key is processed once at a time, and once more if it was added meanwhile.
import { OrderedMap, Vector, type Epoch } from '@kubesim/kernel';

/** State of a queue. Replaced fields only; containers are persistent. @public */
export interface WorkqueueState {
  /** Keys that want processing. */
  dirty: OrderedMap<true>;
  /** Keys being processed. */
  processing: OrderedMap<true>;
  /** Keys in order, from `head` on. */
  order: Vector<string>;
  head: number;
  /** Failures in a row of each key. */
  failures: OrderedMap<number>;
  /** Token bucket in milli-tokens, and when it was last filled. */
  bucket: number;
  bucketAt: number;
}

/** Base and cap of the exponential back-off, and the bucket's rate and burst (client-go DefaultTypedControllerRateLimiter, 1.37). */
const BASE_DELAY_MS = 5;
const MAX_DELAY_MS = 1_000_000;
const BUCKET_PER_SECOND = 10;
/** @internal */
export const BUCKET_BURST = 100;
/** After so many failures the back-off no longer grows. @internal */
export const FAILURES_THAT_COUNT = 18;

/** A queue with nothing in it. @public */
export function emptyWorkqueue(): WorkqueueState {
  return {
    dirty: OrderedMap.empty(), processing: OrderedMap.empty(), order: Vector.empty(), head: 0, failures: OrderedMap.empty(),
    bucket: BUCKET_BURST * 1000, bucketAt: 0,
  };
}

/** Adds a key; true if it now waits in line. [WQ1] added twice before it is taken, it is taken once. [WQ2] added while processed, it waits until done. @public */
export function addKey(queue: WorkqueueState, epoch: Epoch, key: string): boolean {
  if (queue.dirty.has(key)) return false;
  queue.dirty = queue.dirty.set(epoch, key, true);
  if (queue.processing.has(key)) return false;
  queue.order = queue.order.push(epoch, key);
  return true;
}

/** How many keys wait in line. @public */
export function queueLength(queue: WorkqueueState): number {
  return queue.order.length - queue.head;
}

/** Takes the next key in line, if any, and marks it as processed. @public */
export function takeKey(queue: WorkqueueState, epoch: Epoch): string | undefined {
  if (queue.head >= queue.order.length) return undefined;
  const key = queue.order.get(queue.head) as string;
  queue.head++;
  if ((queue.head & 31) === 0) queue.order = queue.order.dropBefore(epoch, queue.head);
  queue.dirty = queue.dirty.delete(epoch, key);
  queue.processing = queue.processing.set(epoch, key, true);
  return key;
}

/** Ends the processing of a key; true if it waits in line again because it was added meanwhile. @public */
export function finishKey(queue: WorkqueueState, epoch: Epoch, key: string): boolean {
  queue.processing = queue.processing.delete(epoch, key);
  if (!queue.dirty.has(key)) return false;
  queue.order = queue.order.push(epoch, key);
  return true;
}

/** Forgets the failures of a key. @public */
export function forgetKey(queue: WorkqueueState, epoch: Epoch, key: string): void {
  if (queue.failures.has(key)) queue.failures = queue.failures.delete(epoch, key);
}

/** Counts one more failure of a key and answers after how many ms it may be added again: the longer of back-off and bucket. @public */
export function backOffMs(queue: WorkqueueState, epoch: Epoch, key: string, now: number): number {
  const failures = queue.failures.get(key) ?? 0;
  queue.failures = queue.failures.set(epoch, key, failures + 1);
  const exponential = failures >= FAILURES_THAT_COUNT ? MAX_DELAY_MS : Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** failures);
  const filled = Math.min(BUCKET_BURST * 1000, queue.bucket + (now - queue.bucketAt) * BUCKET_PER_SECOND);
  queue.bucket = filled - 1000;
  queue.bucketAt = now;
  const wait = queue.bucket >= 0 ? 0 : Math.ceil(-queue.bucket / BUCKET_PER_SECOND);
  return Math.max(exponential, wait);
}
