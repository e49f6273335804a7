// Which run of a CronJob is due, how many were missed, and when the next comes.
// Upstream: mostRecentScheduleTime, nextScheduleTimeDuration in pkg/controller/cronjob/utils.go (1.37).
import type { CronJob } from '@kubesim/api';
import { nextAfter, type OffsetAt, type Schedule } from './schedule.ts';

/** More missed runs than this are worth a warning. */
const MISSED_MAX = 100;

/** Runs come this much after their time, so that their time has come for certain. Upstream: nextScheduleDelta. */
const DELTA_MS = 100;

/** What is due. */
export interface Due {
  /** The latest run up to now; undefined if none is due. */
  readonly at: number | undefined;
  readonly hasMissedTooMany: boolean;
}

/** The latest run since the last one, or since creation, and no earlier than the starting deadline allows. @public */
export function dueRun(cronJob: CronJob, schedule: Schedule, offsetAt: OffsetAt, now: number, honoursDeadline = true): Due {
  let earliest = Date.parse(cronJob.status?.lastScheduleTime ?? cronJob.metadata.creationTimestamp ?? '');
  const { startingDeadlineSeconds } = cronJob.spec;
  if (honoursDeadline && startingDeadlineSeconds !== undefined) earliest = Math.max(earliest, now - startingDeadlineSeconds * 1000);
  const first = nextAfter(schedule, earliest, offsetAt);
  if (first === undefined || now < first) return { at: undefined, hasMissedTooMany: false };
  const second = nextAfter(schedule, first, offsetAt);
  if (second === undefined || now < second) return { at: first, hasMissedTooMany: false };
  const between = second - first;
  const missed = Math.floor((now - first) / between) + 1;
  return { at: latestUpTo(schedule, offsetAt, first, now, between), hasMissedTooMany: missed > MISSED_MAX };
}

/** The last run up to now, looked for from ever further back. */
function latestUpTo(schedule: Schedule, offsetAt: OffsetAt, first: number, now: number, between: number): number {
  if (schedule.kind === 'every') return first + Math.floor((now - first) / schedule.periodMs) * schedule.periodMs;
  for (let back = 2 * between; ; back *= 2) {
    let latest: number | undefined;
    const from = Math.max(first - 1, now - back);
    for (let at = nextAfter(schedule, from, offsetAt); at !== undefined && at <= now; at = nextAfter(schedule, at, offsetAt)) latest = at;
    if (latest !== undefined) return latest;
    if (from === first - 1) return first;
  }
}

/** How long until the next run, in ms; undefined if there is none. @public */
export function nextRunInMs(cronJob: CronJob, schedule: Schedule, offsetAt: OffsetAt, now: number): number | undefined {
  const latest = dueRun(cronJob, schedule, offsetAt, now, false).at
    ?? Date.parse(cronJob.status?.lastScheduleTime ?? cronJob.metadata.creationTimestamp ?? '');
  const next = nextAfter(schedule, latest, offsetAt);
  return next === undefined ? undefined : next - now + DELTA_MS;
}
