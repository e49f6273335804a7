// What an update of a pod may change. Upstream: pkg/apis/core/validation/validation.go ValidatePodUpdate (1.37).
import { forbidden, invalid, required, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import type { Container, NodeAffinity, NodeSelectorTerm, Pod, PodSchedulingGate, PodSpec, Toleration } from '../../generated/types.ts';
import { isSame } from '../../is-same.ts';
import { MIRROR_ANNOTATION, validatePodAnnotationsUpdate } from './pod-annotations.ts';
import { validateTolerations } from './pod-spec/scheduling.ts';

const INT32_MAX = 2_147_483_647;
const UPDATABLE = '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** Spaces around an image's name are refused in pods, not in templates. @internal */
export function validateImageSpaces(containers: readonly Pick<Container, 'image'>[] | undefined, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  containers?.forEach(({ image = '' }, index) => { if (image.trim() !== image) errors.push(invalid(path.index(index).child('image'), image, 'must not have leading or trailing whitespace')); });
  return errors;
}

function validateDeadline(next: number | undefined, old: number | undefined, path: FieldPath): FieldError | undefined {
  if (next !== undefined) {
    if (next < 0 || next > INT32_MAX) return invalid(path, next, `must be between 0 and ${INT32_MAX}, inclusive`);
    return old !== undefined && old < next ? invalid(path, next, 'must be less than or equal to previous value') : undefined;
  }
  return old === undefined ? undefined : invalid(path, null, 'must not update from a positive integer to nil value');
}

function validateAddedTolerations(next: readonly Toleration[], old: readonly Toleration[], path: FieldPath): readonly FieldError[] {
  const isKept = (toleration: Toleration): boolean => next.some((other) => isSame({ ...toleration, tolerationSeconds: other.tolerationSeconds }, other));
  if (!old.every(isKept)) return [forbidden(path, 'existing toleration can not be modified except its tolerationSeconds')];
  return isSame(next, old) ? [] : validateTolerations(next, path);
}

function validateRemovedGates(next: readonly PodSchedulingGate[], old: readonly PodSchedulingGate[], path: FieldPath): readonly FieldError[] {
  const added = next.map(({ name }, index) => ({ name, index })).filter(({ name, index }) => !old.some((gate) => gate.name === name) && !next.slice(index + 1).some((gate) => gate.name === name));
  return added.map(({ name, index }) => forbidden(path.index(index).child('name'), `only deletion is allowed, but found new scheduling gate '${name}'`));
}

/** A gated pod's node selector may only grow. */
function validateSelectorMutation(next: PodSpec['nodeSelector'], old: PodSpec['nodeSelector'], path: FieldPath): readonly FieldError[] {
  const isKept = Object.entries(old ?? {}).every(([key, value]) => next?.[key] === value);
  return isKept ? [] : [invalid(path, next ?? null, 'only additions to spec.nodeSelector are allowed (no mutations or deletions)')];
}

/** A gated pod's node affinity may only become narrower. */
function validateAffinityMutation(next: NodeAffinity | undefined, old: NodeAffinity | undefined, path: FieldPath): readonly FieldError[] {
  const before = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const after = next?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (before === undefined) return [];
  const at = path.child('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  if (before.length > 0 && after.length !== before.length) return [invalid(at, after, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed')];
  const errors: FieldError[] = [];
  for (const [index, term] of before.entries()) {
    const other = after[index] ?? {};
    const size = ({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): number => matchExpressions.length + matchFields.length;
    const isKept = (['matchExpressions', 'matchFields'] as const).every((field) => (term[field] ?? []).every((requirement, place) => isSame(requirement, other[field]?.[place])));
    if (!isKept || (size(term) === 0 && size(other) > 0)) errors.push(invalid(at.index(index), other, 'only additions are allowed (no mutations or deletions)'));
  }
  return errors;
}

/** The new spec with what may change put back to what was. */
function munged(next: PodSpec, old: PodSpec): PodSpec {
  const withImages = (containers: readonly Container[] | undefined, before: readonly Container[] | undefined): readonly Container[] | undefined => containers?.map((container, index) => ({ ...container, image: before?.[index]?.image }));
  const isGated = (old.schedulingGates ?? []).length > 0;
  const isTamed = (old.terminationGracePeriodSeconds ?? 0) < 0 && next.terminationGracePeriodSeconds === 1;
  // What of these may not be changed has an error of its own.
  const affinity = isSame({ ...next.affinity, nodeAffinity: undefined }, { ...old.affinity, nodeAffinity: undefined }) ? old.affinity : next.affinity;
  return {
    ...next, containers: withImages(next.containers, old.containers) ?? [], initContainers: withImages(next.initContainers, old.initContainers),
    activeDeadlineSeconds: old.activeDeadlineSeconds, tolerations: old.tolerations, schedulingGates: old.schedulingGates,
    ...(isTamed ? { terminationGracePeriodSeconds: old.terminationGracePeriodSeconds } : {}), ...(isGated ? { nodeSelector: old.nodeSelector, affinity } : {}),
  };
}

/** A unified diff of two values, in the form of upstream's; of its own fields' names, not of Go's. */
function textDiff(old: unknown, next: unknown): string {
  const before = JSON.stringify(old, null, 1).split('\n');
  const after = JSON.stringify(next, null, 1).split('\n');
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  const from = Math.max(0, start - 3);
  const tail = Math.max(0, end - 3);
  const lines = [
    ...before.slice(from, start).map((line) => ` ${line}`), ...before.slice(start, before.length - end).map((line) => `-${line}`), ...after.slice(start, after.length - end).map((line) => `+${line}`),
    ...before.slice(before.length - end, before.length - tail).map((line) => ` ${line}`),
  ];
  return `@@ -${from + 1},${before.length - tail - from} +${from + 1},${after.length - tail - from} @@\n${lines.join('\n')}\n`;
}

/** Errors of an update beyond those of a create. @internal */
export function validatePodUpdate(pod: Pod, old: Pod): readonly FieldError[] {
  const path = fieldPath('spec');
  const { spec } = pod;
  const ofAnnotations = pod.metadata?.annotations === old.metadata?.annotations ? [] : validatePodAnnotationsUpdate(pod, old);
  if (spec === old.spec) return ofAnnotations;
  return [...ofAnnotations, ...validateSpecUpdate(spec, old.spec, path)];
}

function validateSpecUpdate(spec: PodSpec, old: PodSpec, path: FieldPath): readonly FieldError[] {
  // Upstream checks the images once more in updates: its list of causes has such an error twice, its message once.
  const images: FieldError[] = [];
  for (const field of ['containers', 'initContainers'] as const) {
    if ((spec[field] ?? []).length !== (old[field] ?? []).length) return [...images, forbidden(path.child(field), 'pod updates may not add or remove containers')];
    for (const [index, { image = '' }] of (spec[field] ?? []).entries()) if (image === '') images.push(required(path.child(field).index(index).child('image')));
    images.push(...validateImageSpaces(spec[field], path.child(field)));
  }
  const deadline = validateDeadline(spec.activeDeadlineSeconds, old.activeDeadlineSeconds, path.child('activeDeadlineSeconds'));
  if (deadline !== undefined && spec.activeDeadlineSeconds !== undefined) return [...images, deadline];
  const errors: FieldError[] = [
    ...images, ...(deadline === undefined ? [] : [deadline]),
    ...validateAddedTolerations(spec.tolerations ?? [], old.tolerations ?? [], path.child('tolerations')), ...validateRemovedGates(spec.schedulingGates ?? [], old.schedulingGates ?? [], path.child('schedulingGates')),
  ];
  if ((old.schedulingGates ?? []).length > 0) {
    errors.push(...validateSelectorMutation(spec.nodeSelector, old.nodeSelector, path.child('nodeSelector')));
    errors.push(...validateAffinityMutation(spec.affinity?.nodeAffinity, old.affinity?.nodeAffinity, path.child('affinity', 'nodeAffinity')));
  }
  const rest = munged(spec, old);
  if (!isSame(rest, old)) errors.push(forbidden(path, `pod updates may not change fields other than ${UPDATABLE}\n${textDiff(old, rest)}`));
  return errors;
}

/** Errors of adding ephemeral containers: those that are there stay as they are. @internal */
export function validateEphemeralUpdate(pod: Pod, old: Pod): readonly FieldError[] {
  if (old.metadata?.annotations?.[MIRROR_ANNOTATION] !== undefined) return [forbidden('[]', 'static pods do not support ephemeral containers')];
  const path = fieldPath('spec', 'ephemeralContainers');
  const errors: FieldError[] = [];
  const next = pod.spec.ephemeralContainers ?? [];
  for (const container of old.spec.ephemeralContainers ?? []) {
    const same = next.find((other) => other.name === container.name);
    if (same === undefined) errors.push(forbidden(path, `existing ephemeral containers ${JSON.stringify(container.name)} may not be removed\n`));
    else if (!isSame(same, container)) errors.push(forbidden(path, `existing ephemeral containers ${JSON.stringify(container.name)} may not be changed\n${textDiff(container, same)}`));
  }
  return errors;
}
