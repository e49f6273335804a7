// Cron schedules: five fields, names, steps, the @-words and @every. Semantics of robfig/cron v3's standard parser, on which
// upstream builds. Time zones are offsets that the caller gives.

/** A schedule that was read. Plain data. @public */
export type Schedule =
  | { readonly kind: 'every'; readonly periodMs: number }
  | {
    readonly kind: 'fields';
    readonly minutes: readonly number[];
    readonly hours: readonly number[];
    readonly daysOfMonth: readonly number[];
    readonly months: readonly number[];
    readonly daysOfWeek: readonly number[];
    /** One of the two day fields is a star: then both must hold, else either. */
    readonly bothDays: boolean;
  };

/** Offset of local time from UTC at an instant, in ms. @public */
export type OffsetAt = (instantMs: number) => number;

const WORDS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *', '@annually': '0 0 1 1 *', '@monthly': '0 0 1 * *', '@weekly': '0 0 * * 0', '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *', '@hourly': '0 * * * *',
};
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };
const YEARS_AHEAD = 5;

/** Reads a schedule; a text tells what is wrong with it. @public */
export function parseSchedule(text: string): Schedule | string {
  const trimmed = text.trim();
  if (trimmed.startsWith('@every ')) return parseEvery(trimmed.slice('@every '.length));
  if (trimmed.startsWith('@') && WORDS[trimmed] === undefined) return `unrecognized descriptor: ${trimmed}`;
  const fields = (WORDS[trimmed] ?? trimmed).split(/\s+/).filter((field) => field !== '');
  if (fields.length !== 5) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
  const [minutes, hours, daysOfMonth, months, daysOfWeek] = [
    parseField(fields[0] as string, 0, 59), parseField(fields[1] as string, 0, 23), parseField(fields[2] as string, 1, 31),
    parseField(fields[3] as string, 1, 12, MONTHS, 1), parseField(fields[4] as string, 0, 6, DAYS, 0),
  ];
  for (const field of [minutes, hours, daysOfMonth, months, daysOfWeek]) if (typeof field === 'string') return field;
  const bothDays = [fields[2], fields[4]].some((field) => (field as string).split(',').some((part) => /^[*?](\/1)?$/.test(part)));
  return {
    kind: 'fields', minutes: minutes as number[], hours: hours as number[], daysOfMonth: daysOfMonth as number[], months: months as number[],
    daysOfWeek: daysOfWeek as number[], bothDays,
  };
}

function parseEvery(text: string): Schedule | string {
  if (!/^(\d+[hms])+$/.test(text)) return `failed to parse duration @every ${text}`;
  let periodMs = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([hms])/g)) periodMs += Number(count) * (UNIT_MS[unit as string] as number);
  return { kind: 'every', periodMs: Math.max(1000, periodMs) };
}

function parseField(field: string, min: number, max: number, names: readonly string[] = [], nameBase = 0): readonly number[] | string {
  const values = new Set<number>();
  const read = (text: string): number => {
    const named = names.indexOf(text.toLowerCase());
    return named >= 0 ? named + nameBase : /^\d+$/.test(text) ? Number(text) : NaN;
  };
  for (const part of field.split(',')) {
    const [range = '', stepText, more] = part.split('/');
    const [fromText = '', toText, extra] = range.split('-');
    const isStar = fromText === '*' || fromText === '?';
    const step = stepText === undefined ? 1 : /^\d+$/.test(stepText) ? Number(stepText) : NaN;
    const from = isStar ? min : read(fromText);
    const to = isStar ? max : toText === undefined ? (stepText === undefined ? from : max) : read(toText);
    if (more !== undefined || extra !== undefined || [from, to, step].some(Number.isNaN)) return `failed to parse int from ${part}`;
    if (from < min) return `beginning of range (${from}) below minimum (${min}): ${part}`;
    if (to > max) return `end of range (${to}) above maximum (${max}): ${part}`;
    if (from > to) return `beginning of range (${from}) beyond end of range (${to}): ${part}`;
    if (step === 0) return `step of range should be a positive number: ${part}`;
    for (let value = from; value <= to; value += step) values.add(value);
  }
  return [...values].sort((one, other) => one - other);
}

/** The first instant of the schedule after another, in whole seconds; undefined if none comes within five years. @public */
export function nextAfter(schedule: Schedule, afterMs: number, offsetAt: OffsetAt): number | undefined {
  if (schedule.kind === 'every') return Math.floor(afterMs / 1000) * 1000 + schedule.periodMs;
  let local = new Date(Math.floor((afterMs + offsetAt(afterMs)) / 60_000) * 60_000 + 60_000);
  const lastYear = local.getUTCFullYear() + YEARS_AHEAD;
  while (local.getUTCFullYear() <= lastYear) {
    const [year, month, day, hour] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate(), local.getUTCHours()];
    if (!schedule.months.includes(month + 1)) local = new Date(Date.UTC(year, month + 1, 1));
    else if (!isDay(schedule, local)) local = new Date(Date.UTC(year, month, day + 1));
    else if (!schedule.hours.includes(hour)) local = new Date(Date.UTC(year, month, day, hour + 1));
    else if (!schedule.minutes.includes(local.getUTCMinutes())) local = new Date(local.getTime() + 60_000);
    else {
      const instant = local.getTime() - offsetAt(local.getTime() - offsetAt(local.getTime()));
      // A local time that does not exist, as the clocks go forward, is passed over.
      if (instant + offsetAt(instant) === local.getTime() && instant > afterMs) return instant;
      local = new Date(local.getTime() + 60_000);
    }
  }
  return undefined;
}

function isDay(schedule: Extract<Schedule, { kind: 'fields' }>, local: Date): boolean {
  const ofMonth = schedule.daysOfMonth.includes(local.getUTCDate());
  const ofWeek = schedule.daysOfWeek.includes(local.getUTCDay());
  return schedule.bothDays ? ofMonth && ofWeek : ofMonth || ofWeek;
}
