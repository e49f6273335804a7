// Why no node would do, in upstream's words. Upstream: pkg/scheduler/framework/types.go (FitError, 1.37).
import type { Refusal } from './framework.ts';

/** What a cycle found where it placed nothing. @public */
export interface Diagnosis {
  readonly nodeCount: number;
  /** PreFilter refused the pod itself. */
  readonly preFilter?: Refusal;
  /** By node name: why it was refused. */
  readonly refusals: ReadonlyMap<string, Refusal>;
  /** Why nodes that are not in `refusals` were not looked at. */
  readonly absent?: Refusal;
  /** Names of the plugins that refused, in order of first refusal. */
  readonly plugins: readonly string[];
}

/** `2 Insufficient cpu, 1 Too many pods`, sorted as strings. @internal */
export function histogram(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([reason, count]) => `${count} ${reason}`).sort().join(', ');
}

/** The text of FailedScheduling without what preemption adds. @public */
export function diagnosisMessage(diagnosis: Diagnosis): string {
  const head = `0/${diagnosis.nodeCount} nodes are available: `;
  if (diagnosis.preFilter !== undefined) return `${head}${diagnosis.preFilter.reasons.join(', ')}.`;
  const counts = new Map<string, number>();
  for (const { reasons } of diagnosis.refusals.values()) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const absentCount = diagnosis.nodeCount - diagnosis.refusals.size;
  if (diagnosis.absent !== undefined && absentCount > 0) {
    for (const reason of diagnosis.absent.reasons) counts.set(reason, (counts.get(reason) ?? 0) + absentCount);
  }
  return `${head}${histogram(counts)}.`;
}
