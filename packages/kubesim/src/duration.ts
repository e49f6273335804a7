// Durations as people write them: '5m', '1h30m', '200ms', or a number of ms.
import { parseTime } from '@kubesim/api';
import { UsageError } from './errors.ts';

/** A length of virtual time: whole ms, or text such as '90s', '5m', '1h30m', '200ms', '2d'. @public */
export type Duration = number | string;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration in ms. Throws UsageError, naming `path`, for what is no duration or is negative. @internal */
export function durationMs(path: string, duration: Duration): number {
  if (typeof duration === 'number') {
    if (Number.isFinite(duration) && duration >= 0) return Math.round(duration);
    throw new UsageError(`${path} must be 0 ms or more, not ${duration}`);
  }
  if (typeof duration === 'string' && /^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(duration)) {
    let total = 0;
    for (const [, amount, , unit] of duration.matchAll(/(\d+(\.\d+)?)(ms|s|m|h|d)/g)) total += Number(amount) * (UNITS[unit as string] as number);
    return Math.round(total);
  }
  throw new UsageError(`${path} must be a duration such as '90s', '5m' or '1h30m', not ${JSON.stringify(duration)}`);
}

/** An instant: whole ms since 1970, or text such as `2026-01-01T00:05:00Z`. Throws UsageError, naming `path`. @internal */
export function readInstant(path: string, instant: number | string): number {
  const ms = typeof instant === 'number' ? instant : parseTime(instant);
  if (ms !== undefined && Number.isInteger(ms) && ms >= 0) return ms;
  throw new UsageError(`${path} must be ms since 1970 or a time such as '2026-01-01T00:05:00Z', not ${JSON.stringify(instant)}`);
}

/** A length of time as people read it: `14s`, `3m20s`, `2h`. @internal */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${ms}ms`;
  const seconds = Math.floor(ms / 1_000);
  const parts = [[Math.floor(seconds / 86_400), 'd'], [Math.floor(seconds / 3_600) % 24, 'h'], [Math.floor(seconds / 60) % 60, 'm'], [seconds % 60, 's']] as const;
  return parts.filter(([amount]) => amount > 0).slice(0, 2).map(([amount, unit]) => `${amount}${unit}`).join('');
}
