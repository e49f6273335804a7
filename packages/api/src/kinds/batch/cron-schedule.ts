// Whether a cron schedule can be read, in the words of the library that Kubernetes uses (robfig/cron v3, parser.go),
// and whether a time zone is one. When it is next due is not decided here.

const BOUNDS: readonly { readonly min: number; readonly max: number; readonly names?: readonly string[] }[] = [
  { min: 0, max: 59 }, { min: 0, max: 23 }, { min: 1, max: 31 },
  { min: 1, max: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];
const DESCRIPTORS: ReadonlySet<string> = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']);

type Read = { readonly value: number } | { readonly error: string };

function readNumber(text: string, field: (typeof BOUNDS)[number]): Read {
  const named = field.names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return { value: named + field.min };
  if (!/^[+-]?\d+$/.test(text)) return { error: `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax` };
  const value = Number(text);
  return value < 0 ? { error: `negative number (${value}) not allowed: ${text}` } : { value };
}

function rangeError(text: string, field: (typeof BOUNDS)[number]): string | undefined {
  const parts = text.split('/');
  const ends = (parts[0] as string).split('-');
  let start = field.min;
  let end = field.max;
  if (ends[0] !== '*' && ends[0] !== '?') {
    const first = readNumber(ends[0] as string, field);
    if ('error' in first) return first.error;
    start = first.value;
    if (ends.length === 1) end = parts.length > 1 ? field.max : start;
    else if (ends.length === 2) {
      const last = readNumber(ends[1] as string, field);
      if ('error' in last) return last.error;
      end = last.value;
    } else return `too many hyphens: ${text}`;
  }
  let step = 1;
  if (parts.length === 2) {
    const given = readNumber(parts[1] as string, { min: 0, max: 0 });
    if ('error' in given) return given.error;
    step = given.value;
  } else if (parts.length > 2) return `too many slashes: ${text}`;
  if (start < field.min) return `beginning of range (${start}) below minimum (${field.min}): ${text}`;
  if (end > field.max) return `end of range (${end}) above maximum (${field.max}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  return step === 0 ? `step of range should be a positive number: ${text}` : undefined;
}

/** What is wrong with a schedule, if anything. @internal */
export function cronScheduleError(schedule: string): string | undefined {
  if (schedule.startsWith('@')) {
    if (DESCRIPTORS.has(schedule)) return undefined;
    const every = /^@every (.*)$/.exec(schedule);
    if (every === null) return `unrecognized descriptor: ${schedule}`;
    const duration = every[1] as string;
    return /^[+-]?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(duration) ? undefined : `failed to parse duration ${schedule}: time: invalid duration ${JSON.stringify(duration)}`;
  }
  const fields = schedule.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== BOUNDS.length) return `expected exactly ${BOUNDS.length} fields, found ${fields.length}: [${fields.join(' ')}]`;
  for (const [index, field] of fields.entries()) {
    for (const part of field.split(',').filter((each) => each !== '')) {
      const error = rangeError(part, BOUNDS[index] as (typeof BOUNDS)[number]);
      if (error !== undefined) return error;
    }
  }
  return undefined;
}

const AREAS = /^(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US)\/[A-Z][A-Za-z0-9_+/-]*$/;
const SINGLE: ReadonlySet<string> = new Set(['UTC', 'GMT', 'UCT', 'Zulu', 'Universal', 'Greenwich', 'GMT0', 'GMT+0', 'GMT-0', 'EST', 'MST', 'HST', 'EST5EDT', 'CST6CDT', 'MST7MDT', 'PST8PDT', 'CET', 'MET', 'EET', 'WET', 'Cuba', 'Egypt', 'Eire', 'GB', 'GB-Eire', 'Hongkong', 'Iceland', 'Iran', 'Israel', 'Jamaica', 'Japan', 'Kwajalein', 'Libya', 'NZ', 'NZ-CHAT', 'Navajo', 'PRC', 'Poland', 'Portugal', 'ROC', 'ROK', 'Singapore', 'Turkey', 'W-SU']);

/** What is wrong with a time zone, if anything. Of zones in a known area only the form is checked: the zone data is the host's. @internal */
export function timeZoneError(zone: string): string | undefined {
  if (zone === '') return 'timeZone must be nil or non-empty string';
  if (zone.toLowerCase() === 'local') return 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
  return AREAS.test(zone) || SINGLE.has(zone) ? undefined : `unknown time zone ${zone}`;
}
