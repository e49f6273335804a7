// Subresources with forms of their own: scale, binding, eviction.
import {
  applyFields, badRequestStatus, conflictStatus, EMPTY_SET, fieldErrorMessage, formatTime, invalidStatus, methodNotSupportedStatus, notSupported, required, selectorMatches, tooManyRequestsStatus, type DeleteOptions, type FieldError, type KindDefinition, type KubeObject, type PatchType, type PodDisruptionBudget,
} from '@kubesim/api';
import { structOf } from '../decode.ts';
import { managerOf, withEntries } from '../managed-fields/track.ts';
import { plainStatus } from '../rest/plain-status.ts';
import { decodeValue } from '../rest/body.ts';
import { Refusal, type Scope, type ServerContext } from '../server.ts';
import { remove } from './delete.ts';
import { tidy } from './tidy.ts';
import { conflictStatusOf } from './apply.ts';
import { applyPatch, decodePatched, preconditionStatus, store, type PatchOptions, type UpdateOptions } from './update.ts';

/** autoscaling/v1 Scale, which no path of its own serves. @internal */
export const scaleKind: KindDefinition = { group: 'autoscaling', version: 'v1', kind: 'Scale', resource: 'scales', singular: 'scale', namespaced: true };

/** The scale of an object. Throws Refusal where the kind has none. @internal */
export function getScale(context: ServerContext, scope: Scope, name: string): KubeObject {
  return scaleOf(scope, context.stored(scope, name), name);
}

function scaleOf(scope: Scope, object: KubeObject, name: string): KubeObject {
  const { scale } = scope.kind;
  if (scale === undefined) throw new Refusal(methodNotSupportedStatus(scope.kind, 'get'));
  const { uid, resourceVersion, creationTimestamp, namespace } = object.metadata;
  const selector = scale.selector(object);
  return {
    kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: scale.replicas(object) === 0 ? {} : { replicas: scale.replicas(object) },
    status: { replicas: scale.statusReplicas(object), ...(selector === undefined || selector === '' ? {} : { selector }) },
  };
}

/** Sets the replicas of an object through its scale. Throws Refusal. @internal */
export function setScale(context: ServerContext, scope: Scope, name: string, sent: KubeObject, write: UpdateOptions = {}): KubeObject {
  const { scale } = scope.kind;
  if (scale === undefined) throw new Refusal(methodNotSupportedStatus(scope.kind, 'update'));
  const sentName = sent.metadata?.name ?? '';
  if (sentName !== '' && sentName !== name) throw new Refusal(badRequestStatus(`the name of the object (${sentName}) does not match the name on the URL (${name})`));
  const object = context.stored(scope, name);
  const replicas = (sent['spec']?.replicas as number | undefined) ?? 0;
  if (sent.metadata?.uid !== undefined && sent.metadata.uid !== '' && sent.metadata.uid !== object.metadata.uid) {
    throw new Refusal(conflictStatus(scope.kind, name, `Precondition failed: UID in precondition: ${sent.metadata.uid}, UID in object meta: ${object.metadata.uid ?? ''}`));
  }
  if (!Number.isInteger(replicas) || replicas < 0) {
    throw new Refusal(invalidStatus({ group: 'autoscaling', kind: 'Scale' }, name, [{ type: 'Invalid value', field: 'spec.replicas', badValue: replicas, detail: 'must be greater than or equal to 0' }]));
  }
  const version = sent.metadata?.resourceVersion;
  const resourceVersion = version === undefined || version === '' ? object.metadata.resourceVersion : version;
  const scaled = scale.withReplicas(object, replicas);
  const stored = store(context, scope, name, object, { ...scaled, metadata: { ...scaled.metadata, resourceVersion } }, { ...write, subresource: 'scale' });
  return scaleOf(scope, stored, name);
}

/** Patches the scale of an object. Throws Refusal. @internal */
export function patchScale(context: ServerContext, scope: Scope, name: string, type: PatchType, body: unknown, options: PatchOptions & { readonly force?: boolean } = {}): KubeObject {
  if (type === 'apply') return applyScale(context, scope, name, body, options);
  const held = withOwners(getScale(context, scope, name), withEntries(scope.kind, context.stored(scope, name)));
  const patched = applyPatch({ kind: scaleKind }, held, type, body);
  return setScale(context, scope, name, decodePatched(scaleKind, patched, options, held), { ...options, isPatch: true });
}

/** A patch of a scale sees those who own the replicas, as owners of the scale's. */
function withOwners(scale: KubeObject, object: KubeObject): KubeObject {
  const owns = (fields: unknown): boolean => ((fields as Readonly<Record<string, unknown>> | undefined)?.['f:spec'] as Readonly<Record<string, unknown>> | undefined)?.['f:replicas'] !== undefined;
  const managedFields = object.metadata.managedFields?.filter(({ fieldsV1 }) => owns(fieldsV1)).map(({ time: _time, ...entry }) => ({ ...entry, apiVersion: 'autoscaling/v1', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }));
  return managedFields === undefined || managedFields.length === 0 ? scale : { ...scale, metadata: { ...scale.metadata, managedFields } };
}

/** An apply of a scale owns the replicas of the object behind it. */
function applyScale(context: ServerContext, scope: Scope, name: string, body: unknown, options: PatchOptions & { readonly force?: boolean }): KubeObject {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Refusal(badRequestStatus('error decoding YAML: the configuration must be an object'));
  const sent = decodeValue(scaleKind, body as KubeObject, options.duplicates ?? [], options.fieldValidation ?? 'Strict', options.warnings ?? []);
  const object = withEntries(scope.kind, context.stored(scope, name));
  const replicas = sent['spec']?.replicas as number | undefined;
  const struct = structOf(scope.kind);
  if (struct === undefined || replicas === undefined) return scaleOf(scope, object, name);
  const { managedFields, ...metadata } = object.metadata;
  const by = managerOf(context, scope.kind, options.fieldManager ?? '', 'Apply', 'scale');
  const outcome = applyFields(struct, { ...object, metadata }, { spec: { replicas } }, managedFields, by, EMPTY_SET, options.force === true);
  if (!outcome.ok) {
    // Seen from the scale, every other owner is one of autoscaling/v1, and has no time.
    throw new Refusal(conflictStatusOf(outcome.conflicts.map(({ entry: { time: _time, subresource: _subresource, ...entry }, paths }) => ({ entry: { ...entry, apiVersion: 'autoscaling/v1' }, paths }))));
  }
  return setScale(context, scope, name, sent, { ...options, isPatch: true, managedFields: outcome.entries ?? [] });
}

const SUCCESS: KubeObject = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

/** Binds a pod to a node. Throws Refusal. Upstream: pkg/registry/core/pod/storage/storage.go assignPod (1.37). @internal */
export function bind(context: ServerContext, scope: Scope, name: string, binding: KubeObject, dryRun: boolean = false): KubeObject {
  const sentName = binding.metadata?.name ?? '';
  if (sentName !== name) throw new Refusal(badRequestStatus('name in URL does not match name in Binding object'));
  const target = binding['target'] as { readonly kind?: string; readonly name?: string } | undefined;
  const node = target?.name ?? '';
  const errors: FieldError[] = [];
  if (target?.kind !== undefined && target.kind !== '' && target.kind !== 'Node') errors.push(notSupported('target.kind', target.kind, ['Node', '<empty>']));
  if (node === '') errors.push(required('target.name'));
  // Upstream answers with the errors themselves, which are no Status.
  if (errors.length > 0) throw new Refusal(plainStatus(500, undefined, errors.length === 1 ? fieldErrorMessage(errors[0] as FieldError) : `[${errors.map(fieldErrorMessage).join(', ')}]`));
  const pod = context.stored(scope, name);
  const conflict = (why: string): never => {
    throw new Refusal(plainStatus(409, 'Conflict', `Operation cannot be fulfilled on pods/binding "${name}": ${why}`, { name, kind: 'pods/binding' }));
  };
  const { uid, resourceVersion, annotations, labels } = binding.metadata ?? {};
  const precondition = (field: string, asked: string | undefined, held: string | undefined): void => {
    if (asked !== undefined && asked !== '' && asked !== held) throw new Refusal(preconditionStatus(scope, name, `${field} in precondition: ${asked}, ${field} in object meta: ${held ?? ''}`));
  };
  precondition('UID', uid, pod.metadata.uid);
  precondition('ResourceVersion', resourceVersion, pod.metadata.resourceVersion);
  if (pod.metadata.deletionTimestamp !== undefined) conflict(`pod ${name} is being deleted, cannot be assigned to a host`);
  const held = (pod['spec']?.nodeName as string | undefined) ?? '';
  if (held !== '') conflict(`pod ${name} is already assigned to node "${held}"`);
  if (((pod['spec']?.schedulingGates ?? []) as readonly unknown[]).length > 0) conflict(`pod ${name} has non-empty .spec.schedulingGates`);
  const conditions = (pod['status']?.conditions ?? []) as readonly { readonly type: string }[];
  const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: formatTime(context.now) };
  const place = conditions.findIndex((condition) => condition.type === 'PodScheduled');
  const next: KubeObject = {
    ...pod,
    metadata: tidy({ ...pod.metadata, annotations: merged(pod.metadata.annotations, annotations), labels: merged(pod.metadata.labels, labels), resourceVersion: context.nextVersion(scope.resource) }),
    spec: { ...pod['spec'], nodeName: node },
    status: tidy({ ...pod['status'], nominatedNodeName: undefined, conditions: place < 0 ? [...conditions, scheduled] : conditions.map((condition, index) => (index === place ? scheduled : condition)) }),
  };
  if (!dryRun) context.storage.put(scope.resource, context.key(scope, name), next);
  return SUCCESS;
}

function merged(held: Readonly<Record<string, string>> | undefined, added: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> | undefined {
  return added === undefined ? held : { ...held, ...added };
}

/** Evicts a pod if its budgets allow. It is a dry run if the request or its delete options say so. Throws Refusal 429. Upstream: pkg/registry/core/pod/storage/eviction.go (1.37). @internal */
export function evict(context: ServerContext, scope: Scope, name: string, eviction: KubeObject, isDryRequest: boolean = false): KubeObject {
  const sentName = eviction.metadata?.name ?? '';
  if (sentName !== name) throw new Refusal(badRequestStatus('name in URL does not match name in Eviction object'));
  const pod = context.stored(scope, name);
  const asked = (eviction['deleteOptions'] ?? {}) as DeleteOptions;
  const options = isDryRequest ? { ...asked, dryRun: ['All'] } : asked;
  const phase = pod['status']?.phase as string | undefined;
  const isFree = phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || pod.metadata.deletionTimestamp !== undefined;
  const dryRun = options.dryRun?.includes('All') === true;
  if (!isFree) takeFromBudget(context, scope, pod, dryRun);
  if (!dryRun && pod.metadata.deletionTimestamp === undefined) markDisrupted(context, scope, name, context.stored(scope, name));
  remove(context, scope, name, options);
  return SUCCESS;
}

/** The condition that says why the pod goes, written before it does. */
function markDisrupted(context: ServerContext, scope: Scope, name: string, pod: KubeObject): void {
  const conditions = ((pod['status']?.conditions ?? []) as readonly { readonly type: string }[]).filter((condition) => condition.type !== 'DisruptionTarget');
  const condition = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting', lastTransitionTime: formatTime(context.now) };
  context.storage.put(scope.resource, context.key(scope, name), {
    ...pod, metadata: { ...pod.metadata, resourceVersion: context.nextVersion(scope.resource) }, status: { ...pod['status'], conditions: [...conditions, condition] },
  });
}

const VIOLATION = "Cannot evict pod as it would violate the pod's disruption budget.";
const DISRUPTED_MAX = 2000;

function takeFromBudget(context: ServerContext, scope: Scope, pod: KubeObject, dryRun: boolean): void {
  const budgets = [...context.storage.list('poddisruptionbudgets.policy', `${scope.namespace}/`)].filter((budget) => selectorMatches(budget['spec']?.selector, pod.metadata.labels)) as unknown as PodDisruptionBudget[];
  const [budget, ...others] = budgets;
  if (budget === undefined) return;
  if (others.length > 0) throw new Refusal(plainStatus(500, undefined, 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.'));
  const { status } = budget;
  const { name } = budget.metadata;
  const refuse = (cause: string, retryAfterSeconds: number): never => { throw new Refusal(tooManyRequestsStatus(VIOLATION, retryAfterSeconds, [{ reason: 'DisruptionBudget', message: cause }])); };
  const conditions = (pod['status']?.conditions ?? []) as readonly { readonly type: string; readonly status: string }[];
  const isReady = conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
  const allowed = status?.disruptionsAllowed ?? 0;
  if (!isReady && (budget.spec.unhealthyPodEvictionPolicy === 'AlwaysAllow' || ((status?.currentHealthy ?? 0) >= (status?.desiredHealthy ?? 0) && (status?.desiredHealthy ?? 0) > 0))) return;
  if ((status?.observedGeneration ?? 0) < (budget.metadata.generation ?? 0)) refuse(`The disruption budget ${name} is still being processed by the server.`, 10);
  const forbid = (why: string): never => { throw new Refusal(plainStatus(403, 'Forbidden', `poddisruptionbudget.policy "${name}" is forbidden: ${why}`, { name, group: 'policy', kind: 'poddisruptionbudget' })); };
  if (allowed < 0) forbid('pdb disruptions allowed is negative');
  if (Object.keys(status?.disruptedPods ?? {}).length > DISRUPTED_MAX) forbid('DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  if (allowed === 0) refuse(`The disruption budget ${name} needs ${status?.desiredHealthy ?? 0} healthy pods and has ${status?.currentHealthy ?? 0} currently`, 0);
  if (dryRun) return;
  const next = {
    ...budget, metadata: { ...budget.metadata, resourceVersion: context.nextVersion('poddisruptionbudgets.policy') },
    status: { ...status, disruptionsAllowed: allowed - 1, disruptedPods: { ...status?.disruptedPods, [pod.metadata.name ?? '']: formatTime(context.now) }, conditions: budgetConditions(context, budget, allowed - 1) },
  };
  context.storage.put('poddisruptionbudgets.policy', `${scope.namespace}/${name}`, next as unknown as KubeObject);
}

/** A budget that is used up says so at once. */
function budgetConditions(context: ServerContext, budget: PodDisruptionBudget, allowed: number): readonly unknown[] | undefined {
  const conditions = budget.status?.conditions;
  if (allowed > 0) return conditions;
  const used = { type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods', message: '', observedGeneration: budget.status?.observedGeneration, lastTransitionTime: formatTime(context.now) };
  const held = (conditions ?? []).find((condition) => condition.type === 'DisruptionAllowed');
  if (held === undefined) return [...(conditions ?? []), used];
  return (conditions ?? []).map((condition) => (condition === held ? { ...used, lastTransitionTime: held.status === 'False' ? held.lastTransitionTime : used.lastTransitionTime } : condition));
}
