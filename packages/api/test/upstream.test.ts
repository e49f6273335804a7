// Names, quantities and selectors against what upstream's own functions (apimachinery 1.37) answered to the same inputs.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  configKeyErrors, dns1035LabelErrors, dnsLabelErrors, dnsSubdomainErrors, labelValueErrors, portNameErrors, qualifiedNameErrors, wildcardSubdomainErrors,
} from '../src/names/names.ts';
import { addQuantities, compareQuantities, formatQuantity, parseQuantity, quantityOf, subtractQuantities } from '../src/quantity/quantity.ts';
import { formatFieldTerms, parseFieldSelector } from '../src/selector/field-selector.ts';
import { matchesRequirements, parseLabelSelector } from '../src/selector/label-selector.ts';

interface Answers {
  /** Text, canonical text; or text, '', error. */
  readonly quantities: readonly (readonly string[])[];
  /** Two texts, their order, sum and difference. */
  readonly operations: readonly (readonly [string, string, string, string, string])[];
  /** Text, canonical text, whether {a: 1, b: x, n: 5} match; or text, '', error. */
  readonly labelSelectors: readonly (readonly string[])[];
  readonly fieldSelectors: readonly (readonly string[])[];
  readonly names: readonly Readonly<Record<string, readonly string[] | null>>[];
}

const answers = JSON.parse(readFileSync(new URL('data/upstream-1.37.json', import.meta.url), 'utf8')) as Answers;

describe('quantities as upstream reads them', () => {
  it('should write each text as upstream does, or refuse it in its words', () => {
    const wrong = answers.quantities.flatMap(([text = '', canonical, error]) => {
      const parsed = parseQuantity(text);
      const own = parsed.ok ? formatQuantity(parsed.quantity) : parsed.error;
      return own === (error ?? canonical) ? [] : [{ text, own, upstream: error ?? canonical }];
    });
    expect(wrong).toEqual([]);
  });
  it('should order, add and subtract as upstream does', () => {
    const wrong = answers.operations.flatMap(([a, b, order, sum, difference]) => {
      const own = [String(compareQuantities(a, b)), formatQuantity(addQuantities(quantityOf(a), quantityOf(b))), formatQuantity(subtractQuantities(quantityOf(a), quantityOf(b)))];
      return own[0] === order && own[1] === sum && own[2] === difference ? [] : [{ a, b, own, upstream: [order, sum, difference] }];
    });
    expect(wrong).toEqual([]);
  });
});

describe('selectors as upstream reads them', () => {
  it('should match as upstream does, or refuse a text in its words', () => {
    const labels = { a: '1', b: 'x', n: '5' };
    const wrong = answers.labelSelectors.flatMap(([text = '', canonical, third]) => {
      const parsed = parseLabelSelector(text);
      const own = parsed.ok ? String(matchesRequirements(parsed.requirements, labels)) : parsed.error;
      return own === third ? [] : [{ text, own, upstream: third, canonical }];
    });
    expect(wrong).toEqual([]);
  });
  it('should read field selectors as upstream does', () => {
    const wrong = answers.fieldSelectors.flatMap(([text = '', canonical, error]) => {
      const parsed = parseFieldSelector(text);
      const own = parsed.ok ? formatFieldTerms(parsed.terms) : parsed.error;
      return own === (error ?? canonical) ? [] : [{ text, own, upstream: error ?? canonical }];
    });
    expect(wrong).toEqual([]);
  });
});

describe('names as upstream checks them', () => {
  const CHECKS: readonly (readonly [string, (text: string) => readonly string[]])[] = [
    ['Label', dnsLabelErrors], ['Subdomain', dnsSubdomainErrors], ['L1035', dns1035LabelErrors], ['Key', qualifiedNameErrors], ['Value', labelValueErrors],
    ['Config', configKeyErrors], ['Port', portNameErrors], ['Wild', wildcardSubdomainErrors],
  ];
  it.each(CHECKS)('should answer %s in its words', (column, check) => {
    for (const row of answers.names) expect({ name: row['Name'], errors: check(String(row['Name'])) }).toEqual({ name: row['Name'], errors: row[column] ?? [] });
  });
});
