// Batches that grow: one call first, then twice as many, so that a quota or a broken webhook is not hit a thousand times.
// Upstream: slowStartBatch in pkg/controller/replicaset/replica_set.go and pkg/controller/statefulset (1.37).
import type { Calling } from './calling.ts';
import type { ReconcileError } from './reconcile-error.ts';

/** Bounds of one batch: members `from` up to, not including, `to`. @public */
export interface Batch {
  readonly from: number;
  readonly to: number;
}

/** How batches grow. @public */
export interface SlowStartOptions {
  /** Size of the first batch; 1 without it. */
  readonly initialBatchSize?: number;
  /** Size that no batch exceeds; unbounded without it. */
  readonly batchSizeMax?: number;
}

/** The batches of `count` members: each twice as long as the one before, cut at the bound and at the end. @public */
export function slowStartBatches(count: number, options: SlowStartOptions = {}): readonly Batch[] {
  const batchSizeMax = options.batchSizeMax ?? Infinity;
  const batches: Batch[] = [];
  let size = Math.min(options.initialBatchSize ?? 1, batchSizeMax);
  for (let from = 0; from < count;) {
    const to = Math.min(from + size, count);
    batches.push({ from, to });
    from = to;
    size = Math.min(2 * size, batchSizeMax);
  }
  return batches;
}

/**
 * Runs `run` for members 0 to `count` − 1 in batches. A batch in which a member fails is still finished; no further one is
 * started. Members of one batch run one after the other here, upstream at the same time: their order is free. @public
 */
export function* slowStart(
  count: number,
  run: (index: number) => Calling<ReconcileError | undefined>,
  options: SlowStartOptions = {},
): Calling<{ readonly successCount: number; readonly errors: readonly ReconcileError[] }> {
  let successCount = 0;
  for (const { from, to } of slowStartBatches(count, options)) {
    const errors: ReconcileError[] = [];
    for (let index = from; index < to; index++) {
      const error = yield* run(index);
      if (error === undefined) successCount++;
      else errors.push(error);
    }
    if (errors.length > 0) return { successCount, errors };
  }
  return { successCount, errors: [] };
}
