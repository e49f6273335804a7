// Subresources with forms of their own: scale, binding, eviction.
import { formatTime, invalidStatus, methodNotSupportedStatus, tooManyRequestsStatus, type KindDefinition, type KubeObject, type PodDisruptionBudget } from '@kubesim/api';
import { Refusal, type Scope, type ServerContext } from '../server.ts';
import { applyPatch, update } from './update.ts';
import { remove } from './delete.ts';
import { matchesLabels } from '../label-match.ts';
import type { PatchType } from '@kubesim/api';

/** The scale of an object. Throws Refusal where the kind has none. @internal */
export function getScale(context: ServerContext, scope: Scope, name: string): KubeObject {
  const { scale } = scope.kind;
  if (scale === undefined) throw new Refusal(methodNotSupportedStatus(scope.kind, 'get'));
  const object = context.stored(scope, name);
  const { uid, resourceVersion, creationTimestamp, namespace } = object.metadata;
  const selector = scale.selector(object);
  return {
    kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: scale.replicas(object) === 0 ? {} : { replicas: scale.replicas(object) },
    status: { replicas: scale.statusReplicas(object), ...(selector === undefined ? {} : { selector }) },
  };
}

/** Sets the replicas of an object through its scale. Throws Refusal. @internal */
export function setScale(context: ServerContext, scope: Scope, name: string, scaleObject: KubeObject): KubeObject {
  const { scale } = scope.kind;
  if (scale === undefined) throw new Refusal(methodNotSupportedStatus(scope.kind, 'update'));
  const replicas = (scaleObject['spec']?.replicas as number | undefined) ?? 0;
  if (!Number.isInteger(replicas) || replicas < 0) throw new Refusal(invalidStatus({ group: 'autoscaling', kind: 'Scale' }, name, [{ type: 'Invalid value', field: 'spec.replicas', badValue: replicas, detail: 'must be greater than or equal to 0' }]));
  const object = context.stored(scope, name);
  const resourceVersion = scaleObject.metadata?.resourceVersion ?? object.metadata.resourceVersion;
  const scaled = scale.withReplicas(object, replicas);
  update(context, scope, name, { ...scaled, metadata: { ...scaled.metadata, resourceVersion } });
  return getScale(context, scope, name);
}

/** The form of scales, whatever is scaled. */
const SCALE_KIND: KindDefinition = { group: 'autoscaling', version: 'v1', kind: 'Scale', resource: 'scales', singular: 'scale', namespaced: true };

/** Patches the scale of an object. Throws Refusal. @internal */
export function patchScale(context: ServerContext, scope: Scope, name: string, type: PatchType, body: unknown): KubeObject {
  const patched = applyPatch({ kind: SCALE_KIND }, name, getScale(context, scope, name), type, body);
  return setScale(context, scope, name, patched);
}

/** Binds a pod to a node. Throws Refusal. Upstream: pkg/registry/core/pod/storage/storage.go assignPod (1.37). @internal */
export function bind(context: ServerContext, scope: Scope, name: string, binding: KubeObject): KubeObject {
  const node = (binding['target'] as { readonly name?: string } | undefined)?.name ?? '';
  if (node === '') throw new Refusal(invalidStatus({ group: '', kind: 'Binding' }, name, [{ type: 'Required value', field: 'target.name', badValue: '', detail: '' }]));
  const pod = context.stored(scope, name);
  const conflict = (why: string): never => {
    throw new Refusal({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: 409, reason: 'Conflict', message: `Operation cannot be fulfilled on pods/binding "${name}": ${why}`, details: { name, kind: 'pods/binding' } });
  };
  if (pod.metadata.deletionTimestamp !== undefined) conflict(`pod ${name} is being deleted, cannot be assigned to a host`);
  const held = pod['spec']?.nodeName as string | undefined;
  if (held !== undefined && held !== '') conflict(`pod ${name} is already assigned to node "${held}"`);
  const conditions = (pod['status']?.conditions ?? []) as readonly { readonly type: string }[];
  const scheduled = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: formatTime(context.now), ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }) };
  const next: KubeObject = {
    ...pod, metadata: { ...pod.metadata, resourceVersion: context.nextVersion(scope.resource) }, spec: { ...pod['spec'], nodeName: node },
    status: { ...pod['status'], conditions: [...conditions.filter((condition) => condition.type !== 'PodScheduled'), scheduled] },
  };
  context.storage.put(scope.resource, context.key(scope, name), next);
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}

/** Evicts a pod if its budgets allow. Throws Refusal 429. Upstream: pkg/registry/core/pod/storage/eviction.go (1.37). @internal */
export function evict(context: ServerContext, scope: Scope, name: string, eviction: KubeObject): KubeObject {
  const pod = context.stored(scope, name);
  const success: KubeObject = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
  const phase = pod['status']?.phase as string | undefined;
  const isFree = phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || pod.metadata.deletionTimestamp !== undefined;
  if (!isFree) takeFromBudget(context, scope, pod);
  remove(context, scope, name, (eviction['deleteOptions'] as object | undefined) ?? {});
  return success;
}

function takeFromBudget(context: ServerContext, scope: Scope, pod: KubeObject): void {
  const budgets = [...context.storage.list('poddisruptionbudgets.policy', `${scope.namespace}/`)].filter((budget) => matchesLabels(budget['spec']?.selector, pod.metadata.labels)) as unknown as PodDisruptionBudget[];
  const [budget, ...others] = budgets;
  if (budget === undefined) return;
  if (others.length > 0) throw new Refusal({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: 500, reason: 'InternalError', message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.' });
  const refuse = (message: string, cause: string, retryAfterSeconds: number): never => { throw new Refusal(tooManyRequestsStatus(message, retryAfterSeconds, [{ reason: 'DisruptionBudget', message: cause }])); };
  const { status } = budget;
  const { name } = budget.metadata;
  if (status === undefined || (status.observedGeneration ?? 0) < (budget.metadata.generation ?? 0)) refuse("Cannot evict pod as it would violate the pod's disruption budget.", `The disruption budget ${name} is still being processed by the server.`, 10);
  if ((status?.disruptionsAllowed ?? 0) <= 0) refuse("Cannot evict pod as it would violate the pod's disruption budget.", `The disruption budget ${name} needs ${status?.desiredHealthy ?? 0} healthy pods and has ${status?.currentHealthy ?? 0} currently`, 0);
  const budgetScope: Scope = { kind: context.kind('poddisruptionbudgets.policy'), resource: 'poddisruptionbudgets.policy', namespace: scope.namespace };
  const next = { ...budget, status: { ...status, disruptionsAllowed: (status?.disruptionsAllowed ?? 0) - 1, disruptedPods: { ...status?.disruptedPods, [pod.metadata.name ?? '']: formatTime(context.now) } } };
  update(context, budgetScope, name, next as unknown as KubeObject, { subresource: 'status' });
}
