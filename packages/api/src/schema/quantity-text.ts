// The one spelling of a quantity, as Go writes it after reading (apimachinery/pkg/api/resource, 1.37).
import { canonicalQuantityText } from '../quantity/quantity.ts';

/** What needs no work: small whole numbers with or without a suffix that cannot be carried into a larger one. */
const PLAIN = /^(?:[1-9]\d{0,2}(?:m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?|0)$/;

/** The spelling, or Go's parse error. @internal */
export function canonicalQuantity(text: string): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly error: string } {
  return PLAIN.test(text) ? { ok: true, text } : canonicalQuantityText(text);
}
