// Remembers what validation found in frozen parts of a spec: pods made from one template share its containers, tolerations
// and affinity, so that each pod pays only for what is its own. What is not frozen is looked at each time.
import type { FieldError } from '../../../field-error.ts';
import type { FieldPath } from '../../../field-path.ts';

/**
 * A validation that is done once for each frozen part, path and `around`: everything else that the rule depends on, as text.
 * @internal
 */
export function rememberErrors<T extends object>(validate: (part: T, path: FieldPath) => readonly FieldError[]): (part: T | undefined, path: FieldPath) => readonly FieldError[] {
  const remembered = rememberErrorsAround<T, undefined>((part, path) => validate(part, path));
  return (part, path) => (part === undefined ? NONE : remembered(part, path, undefined, ''));
}

const NONE: readonly FieldError[] = [];

/** As `rememberErrors`, for a rule that looks at what is around the part; `key` says all that it looks at. @internal */
export function rememberErrorsAround<T extends object, A>(validate: (part: T, path: FieldPath, around: A) => readonly FieldError[]): (part: T, path: FieldPath, around: A, key: string) => readonly FieldError[] {
  const known = new WeakMap<T, Map<string, readonly FieldError[]>>();
  return (part, path, around, key) => {
    if (!Object.isFrozen(part)) return validate(part, path, around);
    const place = `${path.toString()} ${key}`;
    let results = known.get(part);
    if (results === undefined) known.set(part, results = new Map());
    let errors = results.get(place);
    if (errors === undefined) results.set(place, errors = validate(part, path, around));
    return errors;
  };
}
