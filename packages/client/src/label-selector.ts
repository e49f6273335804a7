// Label selectors as objects carry them. Upstream: LabelSelectorAsSelector in apimachinery/pkg/apis/meta/v1/helpers.go (1.37).
import type { LabelSelector } from '@kubesim/api';

/** Labels of an object. @public */
export type Labels = Readonly<Record<string, string>>;

const OPERATORS: readonly string[] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

type Matches = ((labels: Labels | undefined) => boolean) | undefined;

// Selectors of API objects are frozen, so what was compiled of one holds for good.
const compiled = new WeakMap<LabelSelector, { readonly matches: Matches }>();

/**
 * A test of labels by this selector; undefined if the selector is invalid. An empty selector matches everything, a missing
 * one nothing. @public
 */
export function compileSelector(selector: LabelSelector | undefined): ((labels: Labels | undefined) => boolean) | undefined {
  if (selector === undefined) return () => false;
  let held = compiled.get(selector);
  if (held === undefined) compiled.set(selector, (held = { matches: compile(selector) }));
  return held.matches;
}

function compile(selector: LabelSelector): Matches {
  const equal = Object.entries(selector.matchLabels ?? {});
  const requirements = selector.matchExpressions ?? [];
  for (const { operator, values } of requirements) {
    if (!OPERATORS.includes(operator)) return undefined;
    if (operator.endsWith('In') !== ((values ?? []).length > 0)) return undefined;
  }
  return (labels = {}) => {
    for (const [key, value] of equal) if (own(labels, key) !== value) return false;
    return requirements.every(({ key, operator, values = [] }) => {
      const value = own(labels, key);
      switch (operator) {
        case 'In': return value !== undefined && values.includes(value);
        case 'NotIn': return value === undefined || !values.includes(value);
        case 'Exists': return value !== undefined;
        default: return value === undefined;
      }
    });
  };
}

function own(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
