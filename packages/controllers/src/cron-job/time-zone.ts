// Time zones of fixed offset, which need no data of the host: UTC and the Etc/GMT names. Others come from the user.
import type { OffsetAt } from './schedule.ts';

const FIXED = /^Etc\/GMT([+-])(\d{1,2})$/;

/** The offset of a zone; undefined if the name is not of a fixed one. Etc/GMT+3 lies three hours behind UTC. @public */
export function fixedOffset(timeZone: string): OffsetAt | undefined {
  if (/^(UTC|Etc\/UTC|Etc\/GMT|GMT|Etc\/Zulu|Zulu)$/.test(timeZone)) return () => 0;
  const match = FIXED.exec(timeZone);
  if (match === null || Number(match[2]) > 14) return undefined;
  const offsetMs = Number(match[2]) * 3_600_000 * (match[1] === '+' ? -1 : 1);
  return () => offsetMs;
}
