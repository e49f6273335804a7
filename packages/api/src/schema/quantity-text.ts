// The one spelling of a quantity, as Go writes it after reading (apimachinery/pkg/api/resource, 1.37).
// Arithmetic and comparison are in quantity/.

const SHAPE = /^([+-]?)([0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/;
const FORMAT_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: readonly string[] = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL_SUFFIX: Readonly<Record<number, string>> = { [-9]: 'n', [-6]: 'u', [-3]: 'm', 0: '', 3: 'k', 6: 'M', 9: 'G', 12: 'T', 15: 'P', 18: 'E' };
const NANO = 10n ** 9n;
const MAX = 2n ** 63n - 1n;
/** What needs no work: small whole numbers with or without a suffix that cannot be carried into a larger one. */
const PLAIN = /^(?:[1-9]\d{0,2}(?:m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?|0)$/;

/** The spelling, or Go's parse error. @internal */
export function canonicalQuantity(text: string): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly error: string } {
  if (PLAIN.test(text)) return { ok: true, text };
  const trimmed = text.trim();
  const parts = SHAPE.exec(trimmed);
  if (parts === null) return { ok: false, error: FORMAT_WRONG };
  const [, sign = '', digits = '', suffix = ''] = parts;
  if (!/^(\d+\.?\d*|\.\d+)$/.test(digits)) return { ok: false, error: FORMAT_WRONG };
  const binary = suffix === '' ? -1 : BINARY.indexOf(suffix);
  const exponentText = /^[eE]([-+]?\d+)$/.exec(suffix);
  if (binary < 0 && exponentText === null && !Object.hasOwn(DECIMAL, suffix)) return { ok: false, error: "unable to parse quantity's suffix" };
  const [whole = '', fraction = ''] = digits.split('.');
  let nanos = BigInt(whole + fraction);
  let exponent = 9 - fraction.length;
  if (binary >= 0) nanos *= 1024n ** BigInt(binary);
  else exponent += exponentText === null ? DECIMAL[suffix] as number : clamp(Number(exponentText[1]));
  nanos = exponent >= 0 ? nanos * 10n ** BigInt(exponent) : divideUp(nanos, 10n ** BigInt(-exponent));
  if (nanos > MAX * NANO) nanos = MAX * NANO;
  const written = binary >= 0 && nanos >= 1024n * NANO ? binaryText(divideUp(nanos, NANO)) : decimalText(nanos, exponentText !== null);
  return { ok: true, text: sign === '-' && nanos !== 0n ? `-${written}` : written };
}

function clamp(exponent: number): number {
  return Math.max(-40, Math.min(40, exponent));
}

function divideUp(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}

function binaryText(bytes: bigint): string {
  let power = 0;
  while (power < BINARY.length - 1 && bytes % 1024n === 0n) {
    bytes /= 1024n;
    power++;
  }
  return `${bytes}${BINARY[power]}`;
}

function decimalText(nanos: bigint, isExponent: boolean): string {
  if (nanos === 0n) return '0';
  let power = -9;
  while (power < 18 && nanos % 1000n === 0n) {
    nanos /= 1000n;
    power += 3;
  }
  if (isExponent) return power === 0 ? String(nanos) : `${nanos}e${power}`;
  return `${nanos}${DECIMAL_SUFFIX[power]}`;
}
