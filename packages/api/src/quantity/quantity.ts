// Quantities as exact numbers: comparing them. Spelling is in schema/quantity-text.ts.
// Upstream: staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go (1.37).

const SHAPE = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/;
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: readonly string[] = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** The quantity in billionths, rounded up; 0 for what is none. @public */
export function quantityNanos(text: string | number | undefined): bigint {
  const parts = SHAPE.exec(String(text ?? '0'));
  if (parts === null) return 0n;
  const [, sign, whole = '', fraction = '', exponentText, suffix = ''] = parts;
  const digits = BigInt(`${whole}${fraction}` || '0');
  const power = suffix === '' ? 0 : BINARY.indexOf(suffix);
  const exponent = 9 - fraction.length + (exponentText === undefined ? (power > 0 ? 0 : DECIMAL[suffix] ?? 0) : Math.max(-40, Math.min(40, Number(exponentText))));
  const scaled = power > 0 ? digits * 1024n ** BigInt(power) : digits;
  const value = exponent >= 0 ? scaled * 10n ** BigInt(exponent) : (scaled + 10n ** BigInt(-exponent) - 1n) / 10n ** BigInt(-exponent);
  return sign === '-' ? -value : value;
}

/** Below zero, zero or above it, as the first is less than, equal to or more than the second. @public */
export function compareQuantities(a: string | number | undefined, b: string | number | undefined): number {
  const difference = quantityNanos(a) - quantityNanos(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
