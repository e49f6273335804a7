// A resize: what of a pod's resources may be changed while it runs. Upstream: pkg/registry/core/pod/strategy.go
// dropNonResizeUpdates, pkg/apis/core/validation/validation.go ValidatePodResize (1.37).
import { withField } from '../../edit.ts';
import { forbidden, invalid, type FieldError } from '../../field-error.ts';
import { fieldPath, type FieldPath } from '../../field-path.ts';
import type { Container, Pod, ResourceRequirements } from '../../generated/types.ts';
import { isSame } from '../../is-same.ts';
import type { KubeObject } from '../../request.ts';
import { MIRROR_ANNOTATION } from './pod-annotations.ts';
import { qosClass } from './qos-class.ts';

type StoredPod = Pod & KubeObject;

const SPEC = fieldPath('spec');
const RESIZABLE: ReadonlySet<string> = new Set(['cpu', 'memory']);

/** Of a resize only the resources of the containers that are there count. @internal */
export function prepareResize(pod: StoredPod, old: StoredPod): StoredPod {
  const resized = (next: readonly Container[] | undefined, before: readonly Container[]): readonly Container[] => before.map((container) => {
    const other = next?.find(({ name }) => name === container.name);
    return other === undefined ? container : withField(withField(container, 'resources', other.resources), 'resizePolicy', other.resizePolicy);
  });
  const spec = withField(withField(old.spec, 'containers', resized(pod.spec.containers, old.spec.containers)), 'resources', pod.spec.resources);
  return { ...old, metadata: { ...old.metadata, resourceVersion: pod.metadata.resourceVersion }, spec: spec.initContainers === undefined ? spec : withField(spec, 'initContainers', resized(pod.spec.initContainers, spec.initContainers)) };
}

function isRemoved(next: ResourceRequirements['limits'], old: ResourceRequirements['limits']): boolean {
  return Object.keys(old ?? {}).some((name) => next?.[name] === undefined);
}

function validateRemoval(next: ResourceRequirements = {}, old: ResourceRequirements = {}, path: FieldPath): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (isRemoved(next.requests, old.requests)) errors.push(forbidden(path.child('requests'), 'resource requests cannot be removed'));
  if (isRemoved(next.limits, old.limits)) errors.push(forbidden(path.child('limits'), 'resource limits cannot be removed'));
  return errors;
}

/** A container without what a resize may change. */
function fixedPart(container: Container): Container {
  const rest = (list: ResourceRequirements['limits']): ResourceRequirements['limits'] => Object.fromEntries(Object.entries(list ?? {}).filter(([name]) => !RESIZABLE.has(name)));
  const { resources = {} } = container;
  return { ...container, resources: { claims: resources.claims, limits: rest(resources.limits), requests: rest(resources.requests) } };
}

function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === 'Always';
}

/** Whether the node says that it can: a container that runs shows its resources. */
function isSupported(pod: Pod): boolean {
  const running = pod.status?.containerStatuses?.find(({ state }) => state?.running !== undefined);
  return running === undefined || running.resources !== undefined;
}

/** Errors of a resize beyond those of the spec. @internal */
export function validateResize(pod: StoredPod, old: StoredPod): readonly FieldError[] {
  if (old.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined) return [forbidden('[]', 'static pods cannot be resized')];
  if (old.spec.os?.name === 'windows') return [forbidden('[]', 'windows pods cannot be resized')];
  const errors: FieldError[] = [];
  if ((old.status?.qosClass ?? qosClass(old)) !== qosClass(pod)) errors.push(invalid(SPEC, pod.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing'));
  if (!isSupported(old)) errors.push(forbidden(SPEC, 'Pod running on node without support for resize'));
  for (const [index, container] of (old.spec.initContainers ?? []).entries()) {
    if (isSidecar(container)) errors.push(...validateRemoval(pod.spec.initContainers?.[index]?.resources, container.resources, SPEC.child('initContainers').index(index).child('resources')));
  }
  for (const [index, container] of old.spec.containers.entries()) errors.push(...validateRemoval(pod.spec.containers[index]?.resources, container.resources, SPEC.child('containers').index(index).child('resources')));
  for (const [index, container] of old.spec.containers.entries()) {
    const next = pod.spec.containers[index];
    if (next !== undefined && !isSame(fixedPart(next), fixedPart(container))) errors.push(forbidden(SPEC, 'only cpu and memory resources are mutable'));
  }
  for (const [index, container] of (old.spec.initContainers ?? []).entries()) {
    const next = pod.spec.initContainers?.[index];
    if (next === undefined) continue;
    if (!isSidecar(next)) {
      if (!isSame(next, container)) errors.push(forbidden(SPEC, 'resources for non-sidecar init containers are immutable'));
    } else if (!isSame(fixedPart(next), fixedPart(container))) errors.push(forbidden(SPEC, 'only cpu and memory resources for sidecar containers are mutable'));
  }
  return errors;
}
