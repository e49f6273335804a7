// Quantities: exact numbers with a preferred spelling (k8s.io/apimachinery/pkg/api/resource, 1.37).
// Parsing keeps what upstream keeps of a text; arithmetic is exact.

/** How a quantity prefers to be written. @public */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** A number, `unscaled × 10^exponent`, never finer than a billionth. @public */
export interface Quantity {
  readonly unscaled: bigint;
  readonly exponent: number;
  readonly format: QuantityFormat;
  /** The spelling it was read from, where that is kept as it is. */
  readonly text?: string;
}

/** A parsed quantity, or upstream's error. @public */
export type ParsedQuantity = { readonly ok: true; readonly quantity: Quantity } | { readonly ok: false; readonly error: string };

const FORMAT_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const SUFFIX_WRONG = "unable to parse quantity's suffix";
const SHAPE = /^([+-]?)(0*)([0-9]*)(?:(\.)([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;
const DECIMAL_EXPONENT: ReadonlyMap<string, number> = new Map([['n', -9], ['u', -6], ['m', -3], ['', 0], ['k', 3], ['M', 6], ['G', 9], ['T', 12], ['P', 15], ['E', 18]]);
const DECIMAL_SUFFIX: ReadonlyMap<number, string> = new Map([...DECIMAL_EXPONENT].map(([suffix, exponent]) => [exponent, suffix]));
const BINARY_SUFFIXES: readonly string[] = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const INT64_MAX = 2n ** 63n - 1n;
const INT64_FACTORS = 18;
const NANO = -9;
/** Powers beyond this are cut: no number of a cluster comes near, and the work stays bounded. */
const EXPONENT_MAX = 1000;

/** Nothing, as upstream's zero value. @public */
export const ZERO_QUANTITY: Quantity = Object.freeze({ unscaled: 0n, exponent: 0, format: 'DecimalSI' });

/** Reads a quantity. @public */
export function parseQuantity(text: string): ParsedQuantity {
  const parts = text === '' ? null : SHAPE.exec(text);
  if (parts === null) return { ok: false, error: FORMAT_WRONG };
  const [, sign, , whole = '', , fraction = '', suffix = ''] = parts;
  const digits = (whole === '' ? '0' : whole) + fraction;
  const binary = BINARY_SUFFIXES.indexOf(suffix);
  const power = DECIMAL_EXPONENT.get(suffix) ?? (binary > 0 ? undefined : exponentOf(suffix));
  if (binary <= 0 && power === undefined) return { ok: false, error: SUFFIX_WRONG };
  const negative = sign === '-';
  const format: QuantityFormat = binary > 0 ? 'BinarySI' : DECIMAL_EXPONENT.has(suffix) ? 'DecimalSI' : 'DecimalExponent';
  let unscaled = BigInt(digits);
  let exponent = (power ?? 0) - fraction.length;
  if (binary > 0) unscaled *= 1024n ** BigInt(binary);
  const keepsText = isFast(digits.length - fraction.length, fraction.length, binary, unscaled, exponent)
    && (binary > 0 ? (BigInt(digits) & 7n) !== 0n : exponent % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0'));
  if (exponent < NANO) {
    unscaled = divideUp(unscaled, 10n ** BigInt(Math.min(NANO - exponent, EXPONENT_MAX)));
    exponent = NANO;
  }
  let kept = format;
  if (binary > 0) {
    const one = 10n ** BigInt(-exponent);
    if (unscaled > INT64_MAX * one) unscaled = INT64_MAX * one;
    if (unscaled > 0n && unscaled < one) kept = 'DecimalSI';
  }
  const value = negative ? -unscaled : unscaled;
  return { ok: true, quantity: keepsText || text === '0' ? { unscaled: value, exponent, format: kept, text } : { unscaled: value, exponent, format: kept } };
}

function exponentOf(suffix: string): number | undefined {
  const match = /^[eE]([-+]?[0-9]+)$/.exec(suffix);
  return match === null ? undefined : Math.max(-EXPONENT_MAX, Math.min(EXPONENT_MAX, Number(match[1])));
}

/** Whether upstream reads the number into an int64: only then it may keep the text. */
function isFast(wholeCount: number, fractionCount: number, binary: number, unscaled: bigint, exponent: number): boolean {
  if (binary > 0) return fractionCount === 0 && 15 - wholeCount - Math.trunc(binary * 3) - 1 >= 0 && unscaled <= INT64_MAX;
  return INT64_FACTORS - wholeCount - fractionCount >= 0 && exponent >= NANO && unscaled <= INT64_MAX;
}

function divideUp(a: bigint, b: bigint): bigint {
  return a >= 0n ? (a + b - 1n) / b : -((-a + b - 1n) / b);
}

/** Reads a quantity that validation has let through; anything else counts as nothing. @public */
export function quantityOf(text: string | number | undefined): Quantity {
  if (text === undefined) return ZERO_QUANTITY;
  const parsed = parseQuantity(String(text).trim());
  return parsed.ok ? parsed.quantity : ZERO_QUANTITY;
}

/** The canonical text, or the one that was read where upstream keeps it. @public */
export function formatQuantity(quantity: Quantity): string {
  if (quantity.text !== undefined) return quantity.text;
  const { unscaled } = quantity;
  if (unscaled === 0n) return '0';
  if (quantity.format === 'BinarySI' && (compareQuantities(quantity, { unscaled: 1024n, exponent: 0 }) >= 0 || compareQuantities(quantity, { unscaled: -1024n, exponent: 0 }) <= 0)) {
    const whole = scaledDown(quantity, 0);
    if (whole.exact) return binaryText(whole.value);
  }
  return decimalText(quantity);
}

function binaryText(value: bigint): string {
  let power = 0;
  while (value % 1024n === 0n) {
    value /= 1024n;
    power++;
  }
  return `${value}${BINARY_SUFFIXES[power] ?? ''}`;
}

function decimalText(quantity: Quantity): string {
  let { unscaled, exponent } = quantity;
  while (unscaled % 10n === 0n) {
    unscaled /= 10n;
    exponent++;
  }
  while (exponent % 3 !== 0) {
    unscaled *= 10n;
    exponent--;
  }
  if (quantity.format === 'DecimalExponent') return exponent === 0 ? String(unscaled) : `${unscaled}e${exponent}`;
  return `${unscaled}${DECIMAL_SUFFIX.get(exponent) ?? ''}`;
}

/** The canonical spelling of a text, or upstream's error. @public */
export function canonicalQuantityText(text: string): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly error: string } {
  const parsed = parseQuantity(text.trim());
  return parsed.ok ? { ok: true, text: formatQuantity(parsed.quantity) } : parsed;
}

/** A number without a preferred spelling. @public */
export type QuantityNumber = Pick<Quantity, 'unscaled' | 'exponent'>;

function align(a: QuantityNumber, b: QuantityNumber): readonly [bigint, bigint, number] {
  const exponent = Math.min(a.exponent, b.exponent);
  return [a.unscaled * 10n ** BigInt(a.exponent - exponent), b.unscaled * 10n ** BigInt(b.exponent - exponent), exponent];
}

/** A quantity, its text as objects have it, or nothing. @public */
export type QuantityLike = QuantityNumber | string | number | undefined;

function valueOf(quantity: QuantityLike): QuantityNumber {
  return typeof quantity === 'object' ? quantity : quantityOf(quantity);
}

/** Billionths, exactly. @public */
export function quantityNanos(quantity: QuantityLike): bigint {
  return scaledDown(valueOf(quantity), NANO).value;
}

/** Below zero, zero or above it, as the first is less than, equal to or more than the second. @public */
export function compareQuantities(a: QuantityLike, b: QuantityLike): number {
  const [left, right] = align(valueOf(a), valueOf(b));
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The sum; the format is the first's unless that is nothing. @public */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  const [left, right, exponent] = align(a, b);
  return { unscaled: left + right, exponent, format: a.unscaled === 0n ? b.format : a.format };
}

/** The difference; the format is the first's unless that is nothing. @public */
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return addQuantities(a, { unscaled: -b.unscaled, exponent: b.exponent, format: b.format });
}

/** A whole number as a quantity. @public */
export function wholeQuantity(value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity {
  return { unscaled: BigInt(value), exponent: 0, format };
}

function scaledDown(quantity: QuantityNumber, exponent: number): { readonly value: bigint; readonly exact: boolean } {
  if (quantity.exponent >= exponent) return { value: quantity.unscaled * 10n ** BigInt(quantity.exponent - exponent), exact: true };
  const divisor = 10n ** BigInt(exponent - quantity.exponent);
  return { value: divideUp(quantity.unscaled, divisor), exact: quantity.unscaled % divisor === 0n };
}

/** The whole number, rounded away from 0. @public */
export function quantityValue(quantity: QuantityNumber): bigint {
  return scaledDown(quantity, 0).value;
}

/** Thousandths, rounded away from 0. @public */
export function quantityMilliValue(quantity: QuantityNumber): bigint {
  return scaledDown(quantity, -3).value;
}

/** Whether it is a whole number. @public */
export function isWholeQuantity(quantity: QuantityNumber): boolean {
  return scaledDown(quantity, 0).exact;
}

/** Rounded up to thousandths, as defaulting of resource lists does; the same object if it is no finer. @public */
export function roundQuantityToMilli(quantity: Quantity): Quantity {
  if (quantity.exponent >= -3) return quantity;
  return { unscaled: scaledDown(quantity, -3).value, exponent: -3, format: quantity.format };
}
