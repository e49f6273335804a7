// Times as metadata shows them: whole seconds (Time) or microseconds (MicroTime), in UTC.

const SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/;

/** The end of the year 9999: four digits are all that the form has. */
const LAST_SECOND = 253_402_300_799;

interface Instant {
  /** Whole seconds, in ms since 1970. */
  readonly ms: number;
  /** Digits of the fraction of a second. */
  readonly fraction: string;
}

function parse(text: string): Instant | undefined {
  const parts = RFC3339.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = parts;
  const local = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  // A day or hour out of range would roll over: the text must be what its instant prints.
  if (!formatTime(local).startsWith(text.slice(0, 19))) return undefined;
  const offset = zone === 'Z' ? 0 : (Number(zone.slice(0, 3)) * 60 + Math.sign(Number(zone.slice(0, 3)) || 1) * Number(zone.slice(4))) * 60_000;
  return { ms: local - offset, fraction };
}

/** The instant as metadata shows it: `2026-01-02T03:04:05Z`. Parts of a second are cut off. @public */
export function formatTime(ms: number): string {
  const seconds = Math.min(Math.floor(ms / 1000), LAST_SECOND);
  if (lastFormatted.seconds === seconds) return lastFormatted.text;
  const text = `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
  lastFormatted = { seconds, text };
  return text;
}
// Instants repeat: many writes share one second. A memo of a pure function.
let lastFormatted: { readonly seconds: number; readonly text: string } = { seconds: NaN, text: '' };

/** The instant with microseconds, as MicroTime shows it: `2026-01-02T03:04:05.006000Z`. @public */
export function formatMicroTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`;
}

/** Parses RFC 3339, to ms; undefined for anything else. @public */
export function parseTime(text: string): number | undefined {
  const instant = parse(text);
  return instant === undefined ? undefined : instant.ms + Math.floor(Number(`0.${instant.fraction || '0'}`) * 1000);
}

// As above: a status holds one time many times.
let lastCanonical = '';

/** The one spelling of a Time; undefined for what is none. @internal */
export function canonicalTime(text: string): string | undefined {
  // Most times come as this server wrote them. A day that every month has needs no calendar.
  if (text === lastCanonical) return text;
  if (SECONDS.test(text) && isPlain(text)) return lastCanonical = text;
  const instant = parse(text);
  if (instant === undefined) return undefined;
  return SECONDS.test(text) ? text : formatTime(instant.ms);
}

function isPlain(text: string): boolean {
  const month = Number(text.slice(5, 7));
  const day = Number(text.slice(8, 10));
  return month >= 1 && month <= 12 && day >= 1 && day <= 28 && text.slice(11, 13) < '24' && text.slice(14, 16) < '60' && text.slice(17, 19) < '60';
}

/** The one spelling of a MicroTime; undefined for what is none. @internal */
export function canonicalMicroTime(text: string): string | undefined {
  const instant = parse(text);
  if (instant === undefined) return undefined;
  return `${formatTime(instant.ms).slice(0, 19)}.${instant.fraction.slice(0, 6).padEnd(6, '0')}Z`;
}
