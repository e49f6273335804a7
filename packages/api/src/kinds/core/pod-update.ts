// What an update of a pod may change. Upstream: pkg/apis/core/validation/validation.go ValidatePodUpdate (1.37).
import { forbidden, invalid, required, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import type { Container, NodeAffinity, Pod, PodSchedulingGate, PodSpec, Toleration } from '../../generated/types.ts';
import { isSame } from '../../is-same.ts';
import { validateTolerations } from './pod-spec/scheduling.ts';

const INT32_MAX = 2_147_483_647;
const UPDATABLE = '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** Spaces around an image's name are refused in pods, not in templates. @internal */
export function validateImageSpaces(containers: readonly Pick<Container, 'image'>[] | undefined, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, { image = '' }] of (containers ?? []).entries()) if (image.trim() !== image) errors.push(invalid(path.index(index).child('image'), image, 'must not have leading or trailing whitespace'));
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

/** Whether a gated pod's node affinity only became narrower. */
function isNarrowed(next: NodeAffinity | undefined, old: NodeAffinity | undefined): boolean {
  const before = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const after = next?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (before.length === 0) return true;
  return before.length === after.length && before.every((term, index) => {
    const other = after[index];
    return (term.matchExpressions ?? []).every((requirement, place) => isSame(requirement, other?.matchExpressions?.[place])) && (term.matchFields ?? []).every((requirement, place) => isSame(requirement, other?.matchFields?.[place]));
  });
}

/** The new spec with what may change put back to what was. */
function munged(next: PodSpec, old: PodSpec): PodSpec {
  const withImages = (containers: readonly Container[] | undefined, before: readonly Container[] | undefined): readonly Container[] | undefined => containers?.map((container, index) => ({ ...container, image: before?.[index]?.image }));
  const isGated = (old.schedulingGates ?? []).length > 0;
  const isTamed = (old.terminationGracePeriodSeconds ?? 0) < 0 && next.terminationGracePeriodSeconds === 1;
  const canSelect = isGated && Object.entries(old.nodeSelector ?? {}).every(([key, value]) => next.nodeSelector?.[key] === value);
  const canAttract = isGated && isNarrowed(next.affinity?.nodeAffinity, old.affinity?.nodeAffinity) && isSame({ ...next.affinity, nodeAffinity: undefined }, { ...old.affinity, nodeAffinity: undefined });
  return {
    ...next, containers: withImages(next.containers, old.containers) ?? [], initContainers: withImages(next.initContainers, old.initContainers),
    activeDeadlineSeconds: old.activeDeadlineSeconds, tolerations: old.tolerations, schedulingGates: old.schedulingGates,
    ...(isTamed ? { terminationGracePeriodSeconds: old.terminationGracePeriodSeconds } : {}), ...(canSelect ? { nodeSelector: old.nodeSelector } : {}), ...(canAttract ? { affinity: old.affinity } : {}),
  };
}

/** A unified diff of two specs, in the form of upstream's; of its own fields' names, not of Go's. */
function specDiff(old: PodSpec, next: PodSpec): string {
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
  if (spec === old.spec) return [];
  // Upstream checks the images once more in updates: its list of causes has such an error twice, its message once.
  const images: FieldError[] = [];
  for (const field of ['containers', 'initContainers'] as const) {
    if ((spec[field] ?? []).length !== (old.spec[field] ?? []).length) return [...images, forbidden(path.child(field), 'pod updates may not add or remove containers')];
    for (const [index, { image = '' }] of (spec[field] ?? []).entries()) if (image === '') images.push(required(path.child(field).index(index).child('image')));
    images.push(...validateImageSpaces(spec[field], path.child(field)));
  }
  const deadline = validateDeadline(spec.activeDeadlineSeconds, old.spec.activeDeadlineSeconds, path.child('activeDeadlineSeconds'));
  if (deadline !== undefined) return [...images, deadline];
  const errors: FieldError[] = [
    ...images,
    ...validateAddedTolerations(spec.tolerations ?? [], old.spec.tolerations ?? [], path.child('tolerations')), ...validateRemovedGates(spec.schedulingGates ?? [], old.spec.schedulingGates ?? [], path.child('schedulingGates')),
  ];
  const rest = munged(spec, old.spec);
  if (!isSame(rest, old.spec)) errors.push(forbidden(path, `pod updates may not change fields other than ${UPDATABLE}\n${specDiff(old.spec, rest)}`));
  return errors;
}

/** Errors of adding ephemeral containers: those that are there stay as they are. @internal */
export function validateEphemeralUpdate(pod: Pod, old: Pod): readonly FieldError[] {
  const path = fieldPath('spec', 'ephemeralContainers');
  const errors: FieldError[] = [];
  const next = pod.spec.ephemeralContainers ?? [];
  for (const [index, container] of (old.spec.ephemeralContainers ?? []).entries()) {
    const same = next.find((other) => other.name === container.name);
    if (same === undefined) errors.push(forbidden(path, `existing ephemeral containers ${JSON.stringify(container.name)} may not be removed\n`));
    else if (!isSame(same, container)) errors.push(forbidden(path.index(index), `existing ephemeral containers ${JSON.stringify(container.name)} may not be changed\n`));
  }
  return errors;
}
