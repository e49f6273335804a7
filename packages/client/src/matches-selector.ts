// Asking a selector about labels where it stands in an object: compiled once for each frozen selector.
import type { LabelSelector } from '@kubesim/api';
import { compileSelector, type Labels } from './label-selector.ts';

const compiled = new WeakMap<LabelSelector, (labels: Labels | undefined) => boolean>();

/** Whether labels meet a selector. One that is missing or invalid matches nothing, an empty one everything. @public */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels | undefined): boolean {
  if (selector === undefined) return false;
  let matches = compiled.get(selector);
  if (matches === undefined) compiled.set(selector, matches = compileSelector(selector) ?? (() => false));
  return matches(labels);
}

/** Whether a selector has no requirement and so selects everything. @public */
export function selectsEverything(selector: LabelSelector | undefined): boolean {
  return selector !== undefined && Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
}
