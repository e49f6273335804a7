// Quantities as thousandths, as far as invariants compare them.
const SUFFIXES: Readonly<Record<string, number>> = { m: 1, '': 1_000, k: 1e6, M: 1e9, G: 1e12, Ki: 1_024_000, Mi: 1_024 ** 2 * 1_000, Gi: 1_024 ** 3 * 1_000 };

/** A quantity in thousandths; 0 without one or with a suffix that is not known. @internal */
export function parseQuantityMilli(quantity: string | number | undefined): number {
  const match = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(String(quantity ?? ''));
  return match === null ? 0 : Number(match[1]) * (SUFFIXES[match[2] ?? ''] ?? 0);
}
