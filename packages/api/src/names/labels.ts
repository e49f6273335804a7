// Labels and label selectors as fields. Upstream: k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go (1.37).
import { forbidden, invalid, required, type FieldError } from '../field-error.ts';
import type { FieldPath } from '../field-path.ts';
import type { LabelSelector, LabelSelectorRequirement } from '../generated/types.ts';
import { labelValueErrors, qualifiedNameErrors } from './names.ts';

const NO_ERRORS: readonly FieldError[] = Object.freeze([]);

/** Whether no label has an error. @internal */
export function areGoodLabels(labels: Readonly<Record<string, string>>): boolean {
  for (const key of Object.keys(labels)) if (qualifiedNameErrors(key).length > 0 || labelValueErrors(labels[key] as string).length > 0) return false;
  return true;
}

/** Errors of a map of labels, by key. @public */
export function validateLabels(labels: Readonly<Record<string, string>> | undefined, path: FieldPath): readonly FieldError[] {
  if (labels === undefined || areGoodLabels(labels)) return NO_ERRORS;
  const errors: FieldError[] = [];
  for (const key of Object.keys(labels).sort()) {
    for (const text of qualifiedNameErrors(key)) errors.push(invalid(path, key, text));
    for (const text of labelValueErrors(labels[key] as string)) errors.push(invalid(path, labels[key], text));
  }
  return errors;
}

/** Errors of one label key. @public */
export function validateLabelName(name: string, path: FieldPath): readonly FieldError[] {
  return qualifiedNameErrors(name).map((text) => invalid(path, name, text));
}

/** Errors of a label selector. @public */
export function validateLabelSelector(selector: LabelSelector | undefined, path: FieldPath): readonly FieldError[] {
  if (selector === undefined) return [];
  const errors: FieldError[] = [...validateLabels(selector.matchLabels, path.child('matchLabels'))];
  for (const [index, requirement] of (selector.matchExpressions ?? []).entries()) errors.push(...validateRequirement(requirement, path.child('matchExpressions').index(index)));
  return errors;
}

function validateRequirement({ key, operator, values = [] }: LabelSelectorRequirement, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) errors.push(forbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else errors.push(invalid(path.child('operator'), operator, 'not a valid selector operator'));
  errors.push(...validateLabelName(key, path.child('key')));
  for (const [index, value] of values.entries()) for (const text of labelValueErrors(value)) errors.push(invalid(path.child('values').index(index), value, text));
  return errors;
}

/** Whether a selector can be read at all: what cannot matches nothing and is an error of its own. @public */
export function isReadableSelector(selector: LabelSelector | undefined): boolean {
  if (selector === undefined) return true;
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (qualifiedNameErrors(key).length > 0 || labelValueErrors(value).length > 0) return false;
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const isListed = operator === 'In' || operator === 'NotIn';
    if (!isListed && operator !== 'Exists' && operator !== 'DoesNotExist') return false;
    if (isListed === (values.length === 0) || qualifiedNameErrors(key).length > 0 || values.some((value) => labelValueErrors(value).length > 0)) return false;
  }
  return true;
}

/** Whether labels match a readable selector; none matches nothing, an empty one everything. @public */
export function selectorMatches(selector: LabelSelector | undefined, labels: Readonly<Record<string, string>> | undefined): boolean {
  if (selector === undefined) return false;
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (labels?.[key] !== value) return false;
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const value = labels?.[key];
    if (operator === 'In' && (value === undefined || !values.includes(value))) return false;
    if (operator === 'NotIn' && value !== undefined && values.includes(value)) return false;
    if (operator === 'Exists' && value === undefined) return false;
    if (operator === 'DoesNotExist' && value !== undefined) return false;
  }
  return true;
}

/** Whether a selector has no terms. @public */
export function isEmptySelector(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
}
