// What the DaemonSet controller remembers: expectations, and how long failed pods of a node are left alone.
// Upstream: failedPodsBackoff (flowcontrol.Backoff, 1 s doubling up to 15 min) in pkg/controller/daemon/daemon_controller.go (1.37).
import { initialExpectations, type ExpectationState } from '@kubesim/client';
import { OrderedMap, type Epoch } from '@kubesim/kernel';

/** Back-off of failed pods of one set on one node. Plain data. */
interface FailureBackoff {
  readonly waitMs: number;
  readonly at: number;
}

/** Private state of the controller. */
export interface DaemonSetState extends ExpectationState {
  failures: OrderedMap<FailureBackoff>;
}

/** The part of a context by which the state is reached. */
export interface StateContext {
  readonly state: DaemonSetState;
  readonly epoch: Epoch;
}

const BACKOFF_MS = 1000;
const BACKOFF_MS_MAX = 15 * 60 * 1000;

/** A state that remembers nothing. */
export function initialState(): DaemonSetState {
  return { ...initialExpectations(), failures: OrderedMap.empty<FailureBackoff>() };
}

/** For how much longer a failed pod is left alone; 0 or less: it may be deleted now. */
export function failureWaitMs(context: StateContext, key: string, now: number): number {
  const known = context.state.failures.get(key);
  return known === undefined || now - known.at >= known.waitMs ? 0 : known.waitMs;
}

/** Notes that a failed pod is being deleted now: the next one waits twice as long. Forgotten after twice the longest wait. */
export function noteFailure(context: StateContext, key: string, now: number): void {
  const known = context.state.failures.get(key);
  const isFresh = known === undefined || now - known.at > 2 * BACKOFF_MS_MAX;
  const waitMs = isFresh ? BACKOFF_MS : Math.min(known.waitMs * 2, BACKOFF_MS_MAX);
  context.state.failures = context.state.failures.set(context.epoch, key, { waitMs, at: now });
}
