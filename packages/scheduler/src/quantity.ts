// Quantities as plain numbers: all that the scheduler does with them is compare, add and divide.

const SCALE: Readonly<Record<string, number>> = {
  '': 1, n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
};
const FORM = /^([+-]?[0-9]*\.?[0-9]*)(?:[eE]([+-]?[0-9]+)|([a-zA-Z]{0,2}))$/;

function scaled(text: unknown, factor: number): number {
  const match = FORM.exec(String(text));
  if (match === null || match[1] === '') return 0;
  const scale = match[2] === undefined ? SCALE[match[3] ?? ''] : 10 ** Number(match[2]);
  if (scale === undefined) return 0;
  // A whole result that floating point missed by a hair must not be rounded up.
  const value = Number(match[1]) * scale * factor;
  const nearest = Math.round(value);
  return Math.abs(value - nearest) < 1e-6 ? nearest : Math.ceil(value);
}

/** A quantity in whole units, rounded up; 0 for what is no quantity. @internal */
export function wholeOf(text: unknown): number {
  return scaled(text, 1);
}

/** A quantity in thousandths, rounded up (CPU); 0 for what is no quantity. @internal */
export function milliOf(text: unknown): number {
  return scaled(text, 1000);
}
