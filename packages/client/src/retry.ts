// Trying a write again after a Conflict. Upstream: staging/src/k8s.io/client-go/util/retry/util.go (1.37).
import type { Calling } from './calling.ts';
import type { ReconcileContext } from './reconcile.ts';
import { isConflict, type ReconcileError } from './reconcile-error.ts';

/** How often to try, and how long to wait in between. @public */
export interface Backoff {
  /** Tries in all. */
  readonly steps: number;
  /** The first wait. */
  readonly durationMs: number;
  /** What each wait is multiplied by for the next. */
  readonly factor: number;
  /** Up to so many percent are added to each wait, drawn at random. */
  readonly jitterPercent: number;
}

/** For writes that contend with users and other clients: upstream's DefaultRetry. @public */
export const DEFAULT_RETRY: Backoff = { steps: 5, durationMs: 10, factor: 1, jitterPercent: 10 };

/** For writes that contend with other controllers: upstream's DefaultBackoff. @public */
export const DEFAULT_BACKOFF: Backoff = { steps: 4, durationMs: 10, factor: 5, jitterPercent: 10 };

/**
 * Runs `attempt` until it ends without a Conflict, with waits in between. Answers the error of the last try; only Conflicts
 * are tried again. `attempt` gets the number of the try, from 1. @public
 */
export function* retryOnConflict(
  context: Pick<ReconcileContext, 'random'>,
  backoff: Backoff,
  attempt: (tryCount: number) => Calling<ReconcileError | undefined>,
): Calling<ReconcileError | undefined> {
  let waitMs = backoff.durationMs;
  for (let tryCount = 1; ; tryCount++) {
    const error = yield* attempt(tryCount);
    if (!isConflict(error) || tryCount >= backoff.steps) return error;
    const jitterMsMax = Math.floor((waitMs * backoff.jitterPercent) / 100);
    yield { pauseMs: waitMs + context.random('conflict-retry').below(jitterMsMax + 1) };
    waitMs *= backoff.factor;
  }
}
