// Quantities as whole numbers: milli-units for cpu, units for everything else.

const SCALES: Readonly<Record<string, number>> = {
  '': 1, n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4, Pi: 1024 ** 5, Ei: 1024 ** 6,
};

/** The value of a quantity, rounded up: in thousandths for cpu. 0 for none. */
export function quantityValue(text: string | number | undefined, resource: string): number {
  if (text === undefined) return 0;
  const match = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(`${text}`);
  const value = Number(match?.[1] ?? 0) * (SCALES[match?.[2] ?? ''] ?? 1);
  return Math.ceil(Number((resource === 'cpu' ? value * 1000 : value).toPrecision(15)));
}
