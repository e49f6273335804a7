// Numbers and percentages as fields. Upstream: pkg/apis/apps/validation/validation.go, pkg/apis/core/validation (1.37).
import { invalid, type FieldError } from '../field-error.ts';
import type { FieldPath } from '../field-path.ts';

/** The text for numbers below zero. @public */
export const NOT_NEGATIVE: string = 'must be greater than or equal to 0';

/** An error for a number below zero; what is absent is good. @public */
export function validateNotNegative(value: number | undefined, path: FieldPath): readonly FieldError[] {
  return value !== undefined && value !== null && value < 0 ? [invalid(path, value, NOT_NEGATIVE)] : [];
}

const PERCENT = /^[0-9]+%$/;

/** Errors of a whole number or percentage that may not be below zero. @public */
export function validateIntOrPercent(value: number | string | undefined, path: FieldPath): readonly FieldError[] {
  if (typeof value === 'string') {
    return PERCENT.test(value) ? [] : [invalid(path, value, "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')")];
  }
  return validateNotNegative(value, path);
}

/** An error for more than 100 %. @public */
export function validateAtMostAll(value: number | string | undefined, path: FieldPath): readonly FieldError[] {
  if (typeof value !== 'string' || !PERCENT.test(value) || Number(value.slice(0, -1)) <= 100) return [];
  return [invalid(path, value, 'must not be greater than 100%')];
}

/** The number of a number, a percentage, or nothing; 0 for what is neither. @public */
export function intOrPercentNumber(value: number | string | undefined): number {
  if (typeof value === 'string') return PERCENT.test(value) ? Number(value.slice(0, -1)) : 0;
  return value ?? 0;
}
