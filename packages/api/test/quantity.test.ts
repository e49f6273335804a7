// Laws of quantities that hold for every text, over random ones.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addQuantities, compareQuantities, formatQuantity, parseQuantity, quantityNanos, quantityOf, subtractQuantities } from '../src/quantity/quantity.ts';

const text = fc.tuple(fc.constantFrom('', '-', '+'), fc.nat(999_999), fc.option(fc.nat(999)), fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'Ki', 'Mi', 'Gi', 'e2', 'E-3'))
  .map(([sign, whole, fraction, suffix]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${suffix}`);
const SEED = Number(process.env['FC_SEED'] ?? 42);
const check = (property: fc.IProperty<[string]> | fc.IProperty<[string, string]>): void => void fc.assert(property as fc.IProperty<unknown[]>, { seed: SEED, numRuns: 500 });

describe('quantities', () => {
  it('should mean the same when what they write is read again', () => {
    check(fc.property(text, (given) => {
      const written = formatQuantity(quantityOf(given));
      expect(compareQuantities(written, given)).toBe(0);
      expect(formatQuantity(quantityOf(written))).toBe(written);
    }));
  });
  it('should add in any order, and take away what was added', () => {
    check(fc.property(text, text, (a, b) => {
      const sum = addQuantities(quantityOf(a), quantityOf(b));
      expect(compareQuantities(sum, addQuantities(quantityOf(b), quantityOf(a)))).toBe(0);
      expect(compareQuantities(subtractQuantities(sum, quantityOf(b)), a)).toBe(0);
      expect(quantityNanos(sum)).toBe(quantityNanos(a) + quantityNanos(b));
    }));
  });
  it('should never throw, whatever the text', () => {
    check(fc.property(fc.string(), (given) => {
      const parsed = parseQuantity(given);
      expect(typeof (parsed.ok ? formatQuantity(parsed.quantity) : parsed.error)).toBe('string');
    }));
  });
});
