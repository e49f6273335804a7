// What the Job controller remembers: expectations, finalizers it has taken off but not yet seen gone, and pod failures in a row.
// Upstream: uidTrackingExpectations in tracking_utils.go, backoff_utils.go in pkg/controller/job (1.37).
import type { Pod } from '@kubesim/api';
import { initialExpectations, type ExpectationState } from '@kubesim/client';
import { OrderedMap, type Epoch } from '@kubesim/kernel';

const BACKOFF_MS = 10_000;
const BACKOFF_MS_MAX = 600_000;

/** Failures since the last success. Plain data. */
export interface Failures {
  readonly count: number;
  readonly lastAt: number;
}

/** Private state of the controller. */
export interface JobState extends ExpectationState {
  failures: OrderedMap<Failures>;
  /** By Job key: uids of pods whose finalizer was taken off, until the cache shows it. */
  released: OrderedMap<readonly string[]>;
}

/** The part of a context by which the state is reached. */
export interface StateContext {
  readonly state: JobState;
  readonly epoch: Epoch;
}

/** A state that remembers nothing. */
export function initialState(): JobState {
  return { ...initialExpectations(), failures: OrderedMap.empty<Failures>(), released: OrderedMap.empty<readonly string[]>() };
}

/** Notes that the finalizers of these pods are being taken off. */
export function noteReleased(context: StateContext, key: string, uids: readonly string[]): void {
  const before = context.state.released.get(key) ?? [];
  context.state.released = context.state.released.set(context.epoch, key, [...before, ...uids]);
}

/** Notes that the cache shows a pod without its finalizer. */
export function releaseObserved(context: StateContext, key: string, uid: string): void {
  const before = context.state.released.get(key);
  if (before?.includes(uid) !== true) return;
  const after = before.filter((one) => one !== uid);
  context.state.released = after.length === 0
    ? context.state.released.delete(context.epoch, key) : context.state.released.set(context.epoch, key, after);
}

/** Notes pods that have just ended: a success starts the count of failures anew. */
export function noteEnded(context: StateContext, key: string, pods: readonly Pod[]): void {
  let { count, lastAt } = context.state.failures.get(key) ?? { count: 0, lastAt: 0 };
  for (const pod of [...pods].sort((one, other) => finishedAt(one) - finishedAt(other))) {
    if (pod.status?.phase === 'Succeeded') count = 0;
    else count++;
    lastAt = finishedAt(pod);
  }
  context.state.failures = context.state.failures.set(context.epoch, key, { count, lastAt });
}

/** How long new pods have to wait after failures, in ms; 0 or less: not at all. */
export function backoffMs(context: StateContext, key: string, now: number): number {
  const { count, lastAt } = context.state.failures.get(key) ?? { count: 0, lastAt: 0 };
  return count === 0 ? 0 : lastAt + Math.min(BACKOFF_MS * 2 ** Math.min(count - 1, 30), BACKOFF_MS_MAX) - now;
}

/** Forgets a Job. */
export function forget(context: StateContext, key: string): void {
  context.state.failures = context.state.failures.delete(context.epoch, key);
  context.state.released = context.state.released.delete(context.epoch, key);
}

/** When a pod ended, by its containers; else by its deletion or its creation. */
function finishedAt(pod: Pod): number {
  const times = (pod.status?.containerStatuses ?? []).map(({ state }) => state?.terminated?.finishedAt).filter((time) => time !== undefined);
  const last = times.sort().at(-1) ?? pod.metadata.deletionTimestamp ?? pod.metadata.creationTimestamp;
  return last === undefined ? 0 : Date.parse(last);
}
