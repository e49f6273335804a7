// What the kinds that make pods from a template have in common.
// Upstream: pkg/apis/apps/validation/validation.go, pkg/apis/batch/validation/validation.go (1.37).
import { mapField, memoizeFrozen } from '../../edit.ts';
import { forbidden, invalid, notSupported, required, type FieldError } from '../../field-error.ts';
import type { FieldPath } from '../../field-path.ts';
import type { LabelSelector, PodTemplateSpec, Volume } from '../../generated/types.ts';
import { isEmptySelector, isReadableSelector, selectorMatches, validateLabelSelector } from '../../names/labels.ts';
import { defaultPodSpec } from '../core/pod-spec/defaults.ts';
import { validatePodTemplate } from '../core/pod-spec/validate.ts';

/** A pod template with its defaults. Remembered for frozen templates. @public */
export const defaultPodTemplate: (template: PodTemplateSpec) => PodTemplateSpec = memoizeFrozen((template: PodTemplateSpec): PodTemplateSpec => mapField(template, 'spec', defaultPodSpec));

/** Errors of the selector of a workload; `noun` is what the error for an empty one names. @internal */
export function validateWorkloadSelector(selector: LabelSelector | undefined, noun: string, path: FieldPath): readonly FieldError[] {
  if (selector === undefined) return [required(path)];
  const errors = [...validateLabelSelector(selector, path)];
  if (isEmptySelector(selector)) errors.push(invalid(path, selector, `empty selector is invalid for ${noun}`));
  return errors;
}

/** An error for a template whose labels its own selector misses. @internal */
export function validateSelectorMatch(selector: LabelSelector | undefined, template: PodTemplateSpec, path: FieldPath): readonly FieldError[] {
  if ((selector !== undefined && isEmptySelector(selector)) || selectorMatches(selector, template.metadata?.labels)) return [];
  return [invalid(path.child('metadata', 'labels'), template.metadata?.labels ?? null, '`selector` does not match template `labels`')];
}

/** Errors of a template of pods that always run. `noun` is the kind as the error for deadlines names it. @internal */
export function validateRunningTemplate(template: PodTemplateSpec, noun: string, path: FieldPath, extraVolumes?: readonly Volume[]): readonly FieldError[] {
  return [...validatePodTemplate(template, path, extraVolumes), ...validateAlwaysRestart(template, noun, path)];
}

/** Errors for pods that may end. @internal */
export function validateAlwaysRestart(template: PodTemplateSpec, noun: string, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {};
  if (restartPolicy !== undefined && restartPolicy !== 'Always') errors.push(notSupported(path.child('spec', 'restartPolicy'), restartPolicy, ['Always']));
  if (activeDeadlineSeconds !== undefined) errors.push(forbidden(path.child('spec', 'activeDeadlineSeconds'), `activeDeadlineSeconds in ${noun} is not Supported`));
  return errors;
}

/** Errors of selector and template of a ReplicaSet or Deployment. @internal */
export function validateReplicaTemplate(selector: LabelSelector | undefined, template: PodTemplateSpec, path: FieldPath): readonly FieldError[] {
  if (!isReadableSelector(selector)) return [invalid(path.child('selector'), selector, 'invalid label selector')];
  const at = path.child('template');
  return [...validateSelectorMatch(selector, template, at), ...validateRunningTemplate(template, 'ReplicaSet', at)];
}

/** The warning for a negative history limit. @internal */
export function historyWarnings(limit: number | undefined): readonly string[] {
  return limit !== undefined && limit < 0 ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended'] : [];
}

/** An error for a field that may not change. @internal */
export function immutable(path: FieldPath, value: unknown): FieldError {
  return invalid(path, value, 'field is immutable');
}

/** Errors of counts in a status that may not exceed another count. @internal */
export function validateCounts<T extends object>(status: T, fields: readonly (keyof T & string)[], path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const field of fields) {
    const value = status[field] as number | undefined;
    if (value !== undefined && value < 0) errors.push(invalid(path.child(field), value, 'must be greater than or equal to 0'));
  }
  return errors;
}

/** Errors of counts that exceed a bound. @internal */
export function validateAtMost<T extends object>(status: T, fields: readonly (keyof T & string)[], bound: number, text: string, path: FieldPath): readonly FieldError[] {
  return fields.filter((field) => ((status[field] as number | undefined) ?? 0) > bound).map((field) => invalid(path.child(field), (status[field] as number | undefined) ?? 0, text));
}
