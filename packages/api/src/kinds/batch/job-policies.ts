// What a Job says of failed pods and of success: podFailurePolicy, successPolicy, limits per index, and who replaces pods.
// Upstream: pkg/apis/batch/validation/validation.go validatePodFailurePolicy, validateSuccessPolicy, validateJobSpec (1.37).
import { duplicate, invalid, invalidWithoutValue, notSupported, quote, required, tooLong, tooMany, type FieldError } from '../../field-error.ts';
import type { FieldPath } from '../../field-path.ts';
import type { JobSpec, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyOnPodConditionsPattern, PodFailurePolicyRule, SuccessPolicyRule } from '../../generated/types.ts';
import { byteLength, dnsSubdomainErrors, qualifiedNameErrors } from '../../names/names.ts';
import { validateNotNegative } from '../../names/numbers.ts';

const RULES_MAX = 20;
const EXIT_CODES_MAX = 255;
const CONDITIONS_MAX = 20;
const INDEXES_BYTES_MAX = 64 * 1024;
const MANAGED_BY_BYTES_MAX = 63;
const FAILED_INDEXES_MAX = 100_000;
const MANY_COMPLETIONS = 100_000;
const PARALLELISM_MAX_OF_MANY = 10_000;
const FAILED_INDEXES_MAX_OF_MANY = 10_000;

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const OPERATORS = ['In', 'NotIn'];
const STATUSES = ['False', 'True', 'Unknown'];
const REPLACEMENTS = ['Failed', 'TerminatingOrFailed'];

const listed = (values: readonly string[]): string => `valid values: [${values.map(quote).join(' ')}]`;

function validateChoice(value: string | undefined, path: FieldPath, choices: readonly string[]): readonly FieldError[] {
  if (value === undefined || value === '') return [required(path, listed(choices))];
  return choices.includes(value) ? [] : [notSupported(path, value, choices)];
}

function validateExitCodes({ operator, containerName, values: codes = [] }: PodFailurePolicyOnExitCodesRequirement, path: FieldPath, names: readonly string[]): readonly FieldError[] {
  const errors: FieldError[] = [...validateChoice(operator, path.child('operator'), OPERATORS)];
  if (containerName !== undefined && !names.includes(containerName)) errors.push(invalid(path.child('containerName'), containerName, 'must be one of the container or initContainer names in the pod template'));
  const values = path.child('values');
  if (codes.length === 0) return [...errors, invalid(values, codes, 'at least one value is required')];
  if (codes.length > EXIT_CODES_MAX) return [...errors, tooMany(values, codes.length, EXIT_CODES_MAX)];
  for (const [index, code] of codes.entries()) {
    if (operator === 'In' && code === 0) errors.push(invalid(values.index(index), code, 'must not be 0 for the In operator'));
    if (codes.indexOf(code) < index) errors.push(duplicate(values.index(index), code));
  }
  if (codes.some((code, index) => index > 0 && (codes[index - 1] as number) > code)) errors.push(invalid(values, codes, 'must be ordered'));
  return errors;
}

function validateConditions(patterns: readonly PodFailurePolicyOnPodConditionsPattern[], path: FieldPath): readonly FieldError[] {
  if (patterns.length > CONDITIONS_MAX) return [tooMany(path, patterns.length, CONDITIONS_MAX)];
  return patterns.flatMap(({ type, status }, index) => [
    ...qualifiedNameErrors(type).map((text) => invalid(path.index(index).child('type'), type, text)), ...validateChoice(status, path.index(index).child('status'), STATUSES),
  ]);
}

function validateFailureRule(spec: JobSpec, rule: PodFailurePolicyRule, path: FieldPath, names: readonly string[]): readonly FieldError[] {
  const { action, onExitCodes, onPodConditions = [] } = rule;
  const errors: FieldError[] = action === 'FailIndex' && spec.backoffLimitPerIndex === undefined
    ? [invalid(path.child('action'), action, 'requires the backoffLimitPerIndex to be set')]
    : [...validateChoice(action, path.child('action'), ACTIONS)];
  if (onExitCodes !== undefined) errors.push(...validateExitCodes(onExitCodes, path.child('onExitCodes'), names));
  if (onPodConditions.length > 0) errors.push(...validateConditions(onPodConditions, path.child('onPodConditions')));
  if (onExitCodes !== undefined && onPodConditions.length > 0) errors.push(invalidWithoutValue(path, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  if (onExitCodes === undefined && onPodConditions.length === 0) errors.push(invalidWithoutValue(path, 'specifying one of OnExitCodes and OnPodConditions is required'));
  return errors;
}

function validateFailurePolicy(spec: JobSpec, path: FieldPath): readonly FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? [];
  if (rules.length > RULES_MAX) return [tooMany(path.child('rules'), rules.length, RULES_MAX)];
  const { containers = [], initContainers = [] } = spec.template.spec ?? {};
  const names = [...containers, ...initContainers].map((container) => container.name);
  return rules.flatMap((rule, index) => validateFailureRule(spec, rule, path.child('rules').index(index), names));
}

/** A run of completion indexes, both ends with it. @internal */
export interface IndexRange {
  readonly first: number;
  readonly last: number;
}

/** The runs that a text such as `1-3,5` names, or what is wrong with it. @internal */
export function readIndexes(text: string, completions: number): readonly IndexRange[] | string {
  if (text === '') return [];
  let last = -1;
  const ranges: IndexRange[] = [];
  for (const interval of text.split(',')) {
    const limits = interval.split('-');
    if (limits.length > 2) return `the fragment ${quote(interval)} violates the requirement that an index interval can have at most two parts separated by '-'`;
    for (const limit of limits) {
      if (!/^[+-]?\d+$/.test(limit)) return `cannot convert string to integer for index: ${quote(limit)}`;
      const index = Number(limit);
      if (index >= completions) return `too large index: ${quote(limit)}`;
      if (last >= index) return `non-increasing order, previous: ${last}, current: ${index}`;
      last = index;
    }
    ranges.push({ first: Number(limits[0]), last });
  }
  return ranges;
}

function validateSuccessRule(rule: SuccessPolicyRule, completions: number, path: FieldPath): readonly FieldError[] {
  const { succeededCount, succeededIndexes } = rule;
  if (succeededCount === undefined && succeededIndexes === undefined) return [required(path, 'at least one of succeededCount or succeededIndexes must be specified')];
  const errors: FieldError[] = [];
  let named = 0;
  if (succeededIndexes !== undefined) {
    const where = path.child('succeededIndexes');
    if (byteLength(succeededIndexes) > INDEXES_BYTES_MAX) errors.push(tooLong(where, succeededIndexes, INDEXES_BYTES_MAX));
    const ranges = readIndexes(succeededIndexes, completions);
    if (typeof ranges === 'string') errors.push(invalid(where, succeededIndexes, `error parsing succeededIndexes: ${ranges}`));
    else for (const { first, last } of ranges) named += last - first + 1;
  }
  if (succeededCount !== undefined) {
    const where = path.child('succeededCount');
    errors.push(...validateNotNegative(succeededCount, where));
    if (succeededCount > completions) errors.push(invalid(where, succeededCount, `must be less than or equal to ${completions} (the number of specified completions)`));
    if (succeededIndexes !== undefined && succeededCount > named) errors.push(invalid(where, succeededCount, `must be less than or equal to ${named} (the number of indexes in the specified succeededIndexes field)`));
  }
  return errors;
}

function validateSuccessPolicy(spec: JobSpec, path: FieldPath): readonly FieldError[] {
  if (spec.completionMode !== 'Indexed') return [invalid(path, spec.successPolicy, 'requires indexed completion mode')];
  const rules = spec.successPolicy?.rules ?? [];
  if (rules.length === 0) return [required(path.child('rules'), 'at least one rules must be specified when the successPolicy is specified')];
  if (rules.length > RULES_MAX) return [tooMany(path.child('rules'), rules.length, RULES_MAX)];
  return rules.flatMap((rule, index) => validateSuccessRule(rule, spec.completions ?? 0, path.child('rules').index(index)));
}

/** Errors of the limits per index against the mode of completion. @internal */
export function validateIndexLimits(spec: JobSpec, path: FieldPath): readonly FieldError[] {
  const { completionMode, completions, parallelism = 0, backoffLimitPerIndex, maxFailedIndexes } = spec;
  const errors: FieldError[] = [];
  const failed = path.child('maxFailedIndexes');
  if (completionMode === 'NonIndexed') {
    if (backoffLimitPerIndex !== undefined) errors.push(invalid(path.child('backoffLimitPerIndex'), backoffLimitPerIndex, 'requires indexed completion mode'));
    if (maxFailedIndexes !== undefined) errors.push(invalid(failed, maxFailedIndexes, 'requires indexed completion mode'));
  }
  if (completionMode !== 'Indexed' || completions === undefined) return errors;
  if (maxFailedIndexes !== undefined) {
    if (maxFailedIndexes > completions) errors.push(invalid(failed, maxFailedIndexes, 'must be less than or equal to completions'));
    if (maxFailedIndexes > FAILED_INDEXES_MAX) errors.push(invalid(failed, maxFailedIndexes, `must be less than or equal to ${FAILED_INDEXES_MAX}`));
  }
  if (completions > MANY_COMPLETIONS && backoffLimitPerIndex !== undefined) {
    if (maxFailedIndexes === undefined) errors.push(required(failed, `must be specified when completions is above ${MANY_COMPLETIONS}`));
    if (parallelism > PARALLELISM_MAX_OF_MANY) errors.push(invalid(path.child('parallelism'), parallelism, `must be less than or equal to ${PARALLELISM_MAX_OF_MANY} when completions are above ${MANY_COMPLETIONS} and used with backoff limit per index`));
    if (maxFailedIndexes !== undefined && maxFailedIndexes > FAILED_INDEXES_MAX_OF_MANY) errors.push(invalid(failed, maxFailedIndexes, `must be less than or equal to ${FAILED_INDEXES_MAX_OF_MANY} when completions are above ${MANY_COMPLETIONS} and used with backoff limit per index`));
  }
  return errors;
}

/** Errors of the name of who manages a Job. @internal */
export function validateManagedBy(managedBy: string | undefined, path: FieldPath): readonly FieldError[] {
  if (managedBy === undefined) return [];
  const errors: FieldError[] = [];
  const slash = managedBy.indexOf('/');
  if (managedBy === '') errors.push(required(path));
  else if (slash < 0) errors.push(invalid(path, managedBy, 'must be a domain-prefixed path (such as "acme.io/foo")'));
  else {
    for (const text of dnsSubdomainErrors(managedBy.slice(0, slash))) errors.push(invalid(path, managedBy.slice(0, slash), text));
    if (!/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(managedBy.slice(slash + 1))) errors.push(invalid(path, managedBy.slice(slash + 1), "must consist of a lower case alphanumeric characters, '-' or '.'"));
  }
  return byteLength(managedBy) > MANAGED_BY_BYTES_MAX ? [...errors, tooLong(path, managedBy, MANAGED_BY_BYTES_MAX)] : errors;
}

/** Errors of a Job's policies. @internal */
export function validatePolicies(spec: JobSpec, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (spec.podFailurePolicy !== undefined) errors.push(...validateFailurePolicy(spec, path.child('podFailurePolicy')));
  if (spec.successPolicy !== undefined) errors.push(...validateSuccessPolicy(spec, path.child('successPolicy')));
  const { podReplacementPolicy: replacement } = spec;
  const allowed = spec.podFailurePolicy === undefined ? REPLACEMENTS : ['Failed'];
  if (replacement !== undefined && !allowed.includes(replacement)) errors.push(notSupported(path.child('podReplacementPolicy'), replacement, allowed));
  return errors;
}
