// What a pod asks of its node: affinity, tolerations, spreading, gates.
// Upstream: pkg/apis/core/validation/validation.go (1.37).
import { duplicate, forbidden, invalid, notSupported, required, type FieldError } from '../../../field-error.ts';
import type { FieldPath } from '../../../field-path.ts';
import type { Affinity, LabelSelector, NodeSelectorRequirement, NodeSelectorTerm, PodAffinity, PodAffinityTerm, PodSchedulingGate, Toleration, TopologySpreadConstraint } from '../../../generated/types.ts';
import { validateLabelName, validateLabelSelector } from '../../../names/labels.ts';
import { dnsLabelErrors, dnsSubdomainErrors, labelValueErrors } from '../../../names/names.ts';

const EMPTY_KEY = 'can not be empty';

function validateRequirement({ key, operator, values = [] }: NodeSelectorRequirement, path: FieldPath, isPreference: boolean): readonly FieldError[] {
  const errors: FieldError[] = [];
  const at = path.child('values');
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) errors.push(forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1) errors.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
  } else errors.push(invalid(path.child('operator'), operator, 'not a valid selector operator'));
  errors.push(...validateLabelName(key, path.child('key')));
  if (!isPreference) for (const [index, value] of values.entries()) errors.push(...labelValueErrors(value).map((text) => invalid(at.index(index), value, text)));
  return errors;
}

function validateFieldRequirement({ key, operator, values = [] }: NodeSelectorRequirement, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length !== 1) errors.push(required(path.child('values'), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"));
  } else errors.push(invalid(path.child('operator'), operator, 'not a valid selector operator'));
  if (key !== 'metadata.name') return [...errors, invalid(path.child('key'), key, 'not a valid field selector key')];
  for (const [index, value] of values.entries()) errors.push(...dnsSubdomainErrors(value).map((text) => invalid(path.child('values').index(index), value, text)));
  return errors;
}

/** Errors of a term of a node selector; values that a preference looks for need be no labels. @internal */
export function validateNodeSelectorTerm(term: NodeSelectorTerm, path: FieldPath, isPreference: boolean = false): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, requirement] of (term.matchExpressions ?? []).entries()) errors.push(...validateRequirement(requirement, path.child('matchExpressions').index(index), isPreference));
  for (const [index, requirement] of (term.matchFields ?? []).entries()) errors.push(...validateFieldRequirement(requirement, path.child('matchFields').index(index)));
  return errors;
}

function validateWeight(weight: number, path: FieldPath): readonly FieldError[] {
  return weight <= 0 || weight > 100 ? [invalid(path.child('weight'), weight, 'must be in the range 1-100')] : [];
}

/** Keys whose values come of the pod's own labels. Upstream: validateMatchLabelKeysAndMismatchLabelKeys. */
function validateMatchKeys({ matchLabelKeys = [], mismatchLabelKeys = [], labelSelector }: PodAffinityTerm, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const selected = selectedKeys(labelSelector);
  for (const [field, keys] of [['matchLabelKeys', matchLabelKeys], ['mismatchLabelKeys', mismatchLabelKeys]] as const) {
    const at = path.child(field);
    for (const [index, key] of keys.entries()) {
      errors.push(...validateLabelName(key, at.index(index)));
      if (selected.has(key) && labelSelector?.matchLabels?.[key] !== undefined) errors.push(invalid(at.index(index), key, `exists in both ${field} and labelSelector`));
    }
  }
  const both = mismatchLabelKeys.findIndex((key) => matchLabelKeys.includes(key));
  if (both >= 0) errors.push(invalid(path.child('matchLabelKeys').index(matchLabelKeys.indexOf(mismatchLabelKeys[both] as string)), mismatchLabelKeys[both], 'exists in both matchLabelKeys and mismatchLabelKeys'));
  return errors;
}

function selectedKeys(selector: LabelSelector | undefined): ReadonlySet<string> {
  return new Set([...Object.keys(selector?.matchLabels ?? {}), ...(selector?.matchExpressions ?? []).map(({ key }) => key)]);
}

function validatePodAffinityTerm(term: PodAffinityTerm, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [...validateLabelSelector(term.labelSelector, path.child('labelSelector')), ...validateLabelSelector(term.namespaceSelector, path.child('namespaceSelector'))];
  for (const name of term.namespaces ?? []) errors.push(...dnsLabelErrors(name).map((text) => invalid(path.child('namespace'), name, text)));
  errors.push(...validateMatchKeys(term, path));
  if (term.topologyKey === '') errors.push(required(path.child('topologyKey'), EMPTY_KEY));
  errors.push(...validateLabelName(term.topologyKey, path.child('topologyKey')));
  return errors;
}

function validatePodAffinity(affinity: PodAffinity, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, term] of (affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries()) errors.push(...validatePodAffinityTerm(term, path.child('requiredDuringSchedulingIgnoredDuringExecution').index(index)));
  for (const [index, weighted] of (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const at = path.child('preferredDuringSchedulingIgnoredDuringExecution').index(index);
    errors.push(...validateWeight(weighted.weight, at), ...validatePodAffinityTerm(weighted.podAffinityTerm, at.child('podAffinityTerm')));
  }
  return errors;
}

/** Errors of affinity. @internal */
export function validateAffinity(affinity: Affinity, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const needed = affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (needed !== undefined) {
    const at = path.child('nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
    if ((needed.nodeSelectorTerms ?? []).length === 0) errors.push(required(at, 'must have at least one node selector term'));
    for (const [index, term] of (needed.nodeSelectorTerms ?? []).entries()) errors.push(...validateNodeSelectorTerm(term, at.index(index)));
  }
  for (const [index, term] of (affinity.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const at = path.child('nodeAffinity', 'preferredDuringSchedulingIgnoredDuringExecution').index(index);
    errors.push(...validateWeight(term.weight, at), ...validateNodeSelectorTerm(term.preference, at.child('preference'), true));
  }
  if (affinity.podAffinity !== undefined) errors.push(...validatePodAffinity(affinity.podAffinity, path.child('podAffinity')));
  if (affinity.podAntiAffinity !== undefined) errors.push(...validatePodAffinity(affinity.podAntiAffinity, path.child('podAntiAffinity')));
  return errors;
}

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Errors of tolerations. @internal */
export function validateTolerations(tolerations: readonly Toleration[], path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, toleration] of tolerations.entries()) {
    const at = path.index(index);
    const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration;
    if (key !== '') errors.push(...validateLabelName(key, at.child('key')));
    else if (operator !== 'Exists') errors.push(invalid(at.child('operator'), operator, 'operator must be Exists when `key` is empty, which means "match all values and all keys"'));
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') errors.push(invalid(at.child('effect'), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    if (operator === 'Equal' || operator === '') {
      const texts = labelValueErrors(value);
      if (texts.length > 0) errors.push(invalid(at.child('operator'), value, texts.join(';')));
    } else if (operator === 'Exists') {
      if (value !== '') errors.push(invalid(at.child('operator'), value, "value must be empty when `operator` is 'Exists'"));
    } else errors.push(notSupported(at.child('operator'), operator, ['Equal', 'Exists']));
    if (effect !== '' && !EFFECTS.includes(effect)) errors.push(notSupported(at.child('effect'), effect, EFFECTS));
  }
  return errors;
}

/** Errors of topology spread constraints. @internal */
export function validateSpreadConstraints(constraints: readonly TopologySpreadConstraint[], path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, constraint] of constraints.entries()) {
    const at = path.index(index);
    const { maxSkew, topologyKey = '', whenUnsatisfiable = '', minDomains, nodeAffinityPolicy, nodeTaintsPolicy } = constraint;
    if (maxSkew <= 0) errors.push(invalid(at.child('maxSkew'), maxSkew, 'must be greater than zero'));
    if (topologyKey === '') errors.push(required(at.child('topologyKey'), EMPTY_KEY));
    else errors.push(...validateLabelName(topologyKey, at.child('topologyKey')));
    if (whenUnsatisfiable !== 'DoNotSchedule' && whenUnsatisfiable !== 'ScheduleAnyway') errors.push(notSupported(at.child('whenUnsatisfiable'), whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']));
    if (constraints.slice(index + 1).some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable)) errors.push(duplicate(at.child('{topologyKey, whenUnsatisfiable}'), `{${topologyKey}, ${whenUnsatisfiable}}`));
    if (minDomains !== undefined) {
      if (minDomains <= 0) errors.push(invalid(at.child('minDomains'), minDomains, 'must be greater than zero'));
      if (whenUnsatisfiable !== 'DoNotSchedule') errors.push(invalid(at.child('minDomains'), minDomains, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`));
    }
    for (const [field, policy] of [['nodeAffinityPolicy', nodeAffinityPolicy], ['nodeTaintsPolicy', nodeTaintsPolicy]] as const) {
      if (policy !== undefined && policy !== 'Honor' && policy !== 'Ignore') errors.push(notSupported(at.child(field), policy, ['Honor', 'Ignore']));
    }
    const selected = selectedKeys(constraint.labelSelector);
    for (const [place, key] of (constraint.matchLabelKeys ?? []).entries()) {
      const where = at.child('matchLabelKeys').index(place);
      errors.push(...validateLabelName(key, where));
      if (selected.has(key)) errors.push(invalid(where, key, 'exists in both matchLabelKeys and labelSelector'));
    }
    errors.push(...validateLabelSelector(constraint.labelSelector, at.child('labelSelector')));
  }
  return errors;
}

/** Errors of the gates that hold a pod back from scheduling. @internal */
export function validateSchedulingGates(gates: readonly PodSchedulingGate[], path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { name }] of gates.entries()) {
    errors.push(...validateLabelName(name, path.index(index)));
    if (seen.has(name)) errors.push(duplicate(path.index(index), name));
    seen.add(name);
  }
  return errors;
}
