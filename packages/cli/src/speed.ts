// The pace of virtual time as the command line gives it.

/** Reads `1x`, `60x`, `max` or `step`. Throws RangeError for anything else. @public */
export function readSpeed(text: string): number | 'max' | 'step' {
  if (text === 'max' || text === 'step') return text;
  const factor = Number(text.replace(/x$/, ''));
  if (Number.isFinite(factor) && factor > 0) return factor;
  throw new RangeError(`--speed must be such as '1x' or '60x', 'max' or 'step', not '${text}'`);
}
