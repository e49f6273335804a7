// Quantities as numbers: comparing and adding them. Spelling rules of the API are in the api package.
// Upstream: staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go (1.37).

const SHAPE = /^([+-]?)(\d*)\.?(\d*)(?:([eE])([+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/;
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: readonly string[] = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const SUFFIXES: readonly (readonly [string, number])[] = [['E', 18], ['P', 15], ['T', 12], ['G', 9], ['M', 6], ['k', 3], ['', 0], ['m', -3], ['u', -6], ['n', -9]];

/** The quantity in billionths; 0 for what is none. @internal */
export function nanosOf(text: string | number | undefined): bigint {
  const parts = SHAPE.exec(String(text ?? '0'));
  if (parts === null) return 0n;
  const [, sign, whole = '', fraction = '', , exponentText, suffix = ''] = parts;
  const digits = BigInt(`${whole}${fraction}` || '0');
  const power = BINARY.indexOf(suffix);
  const isBinary = suffix !== '' && power > 0;
  const exponent = 9 - fraction.length + (exponentText === undefined ? (isBinary ? 0 : (DECIMAL[suffix] ?? 0)) : Number(exponentText));
  const scaled = isBinary ? digits * 1024n ** BigInt(power) : digits;
  const value = exponent >= 0 ? scaled * 10n ** BigInt(exponent) : (scaled + 10n ** BigInt(-exponent) - 1n) / 10n ** BigInt(-exponent);
  return sign === '-' ? -value : value;
}

/** Whether a quantity is written in powers of 1024. @internal */
export function isBinaryQuantity(text: string): boolean {
  return text.endsWith('i');
}

/** Billionths as a quantity, in powers of 1024 or of 1000. @internal */
export function formatNanos(nanos: bigint, isBinary: boolean): string {
  if (nanos === 0n) return '0';
  if (nanos < 0n) return `-${formatNanos(-nanos, isBinary)}`;
  if (isBinary && nanos % 1_000_000_000n === 0n && nanos >= 1024n * 1_000_000_000n) {
    let value = nanos / 1_000_000_000n;
    let power = 0;
    while (power < BINARY.length - 1 && value % 1024n === 0n) {
      value /= 1024n;
      power++;
    }
    return `${value}${BINARY[power]}`;
  }
  for (const [suffix, exponent] of SUFFIXES) {
    const unit = 10n ** BigInt(exponent + 9);
    if (nanos % unit === 0n) return `${nanos / unit}${suffix}`;
  }
  return String(nanos);
}
