// Completion indexes: as intervals in a status, as a set in a sync. Upstream: pkg/controller/job/indexed_job_utils.go (1.37).
import type { Job, Pod } from '@kubesim/api';

/** Label and annotation of a pod that say which index it works on. @internal */
export const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index';
/** How often the index of a pod failed before it. @internal */
export const INDEX_FAILURE_COUNT = 'batch.kubernetes.io/job-index-failure-count';

/** Each completion has an index of its own. */
export function isIndexed(job: Job): boolean {
  return job.spec.completionMode === 'Indexed';
}

/** Indexes written as `1,3-5`; those not below `bound`, and what cannot be read, are left out. @public */
export function parseIndexes(text: string | undefined, bound: number): ReadonlySet<number> {
  const indexes = new Set<number>();
  for (const part of (text ?? '').split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (match === null) continue;
    const last = Math.min(Number(match[2] ?? match[1]), bound - 1);
    for (let index = Number(match[1]); index <= last; index++) indexes.add(index);
  }
  return indexes;
}

/** Indexes as `1,3-5`: two neighbours stand with a comma, three or more with a dash. @public */
export function formatIndexes(indexes: Iterable<number>): string {
  const sorted = [...indexes].sort((one, other) => one - other);
  const parts: string[] = [];
  for (let from = 0; from < sorted.length;) {
    let to = from;
    while (sorted[to + 1] === (sorted[to] as number) + 1) to++;
    parts.push(to === from ? `${sorted[from]}` : `${sorted[from]}${to === from + 1 ? ',' : '-'}${sorted[to]}`);
    from = to + 1;
  }
  return parts.join(',');
}

/** The index of a pod; undefined if it has none. */
export function indexOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[COMPLETION_INDEX];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The lowest indexes on which nobody works and that are not over. */
export function pendingIndexes(count: number, completions: number, taken: ReadonlySet<number>): readonly number[] {
  const pending: number[] = [];
  for (let index = 0; index < completions && pending.length < count; index++) if (!taken.has(index)) pending.push(index);
  return pending;
}
