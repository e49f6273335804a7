// The namespace controller: empties namespaces that are being deleted, then lets them go. Rules: SPEC.md.
import type { CustomResourceDefinition, KubeObject, Namespace } from '@kubesim/api';
import { aggregate, formatTime, isConflict, isNotFound, send, type Calling, type Controller, type ReconcileContext, type ReconcileError, type Reconciling } from '@kubesim/client';
import { updateConditions } from './conditions.ts';
import { deleteAll, namespacedResources, type Deletion } from './namespaced-resources-deleter.ts';

const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io';
/** Upstream: namespaceDeletionGracePeriod (1.37): time for all API servers to see the deletion. */
const GRACE_MS = 5000;
const FINALIZER = 'kubernetes';

/** Upstream: pkg/controller/namespace (1.37). @public */
export const namespaceController: Controller = {
  name: 'namespace-controller',
  watches: ['namespaces', DEFINITIONS],
  workers: 10,
  handle(context, { resource, after }) {
    // [NS1]
    if (resource === 'namespaces' && after?.metadata.deletionTimestamp !== undefined) context.enqueueAfter(after.metadata.name ?? '', GRACE_MS);
  },
  *reconcile(context, key): Reconciling {
    const known = context.decide(() => ({
      isThere: context.lister('namespaces').get('', key) !== undefined,
      resources: namespacedResources(context.lister<CustomResourceDefinition>(DEFINITIONS).list()),
    }));
    if (!known.isThere) return undefined;
    const live = yield* send({ verb: 'get', resource: 'namespaces', name: key });
    if (isNotFound(live.error)) return undefined;
    if (live.error !== undefined) return { error: live.error.message };
    let namespace = live.object as Namespace;
    if (namespace.metadata?.deletionTimestamp === undefined) return undefined;
    if (namespace.status?.phase !== 'Terminating') {
      const marked = yield* updateStatus({ ...namespace, status: { ...namespace.status, phase: 'Terminating' } } as Namespace);
      if (marked.error !== undefined) return { error: marked.error.message };
      namespace = marked.namespace;
    }
    if ((namespace.spec?.finalizers ?? []).length === 0) return undefined;

    const pods = known.resources.filter(({ resource }) => resource === 'pods');
    const others = known.resources.filter(({ resource }) => resource !== 'pods');
    const parts: Deletion[] = [];
    for (const resource of pods) parts.push(yield* deleteAll(context, namespace as KubeObject, resource));
    const podErrors = parts.flatMap(({ errors }) => errors).map((message) => ({ message: `failed to delete pods for namespace: ${key}, err: ${message}` }));
    const arePodsLeft = Object.keys(total(parts, 'remaining')).length > 0;
    // [NS2] Nothing else is touched while pods are left.
    if (!arePodsLeft) for (const resource of others) parts.push(yield* deleteAll(context, namespace as KubeObject, resource));
    const remaining = total(parts, 'remaining');
    const finalizers = total(parts, 'finalizers');
    const errors: ReconcileError[] = [...podErrors, ...parts.slice(pods.length).flatMap((part) => part.errors.map((message) => ({ message })))];

    const findings = { errors: parts.flatMap((part) => part.errors), remaining: arePodsLeft ? undefined : remaining, finalizers };
    const conditions = updateConditions(namespace.status?.conditions ?? [], findings, formatTime(context.clock));
    if (conditions !== namespace.status?.conditions && conditions.length > 0) {
      yield* updateStatus({ ...namespace, status: { ...namespace.status, conditions } } as Namespace);
    }
    explain(context, key, remaining, finalizers);
    const failure = aggregate(errors);
    if (failure !== undefined) return { error: failure.message };
    const estimate = Math.max(0, ...parts.map((part) => part.estimate));
    if (estimate > 0) return { requeueAfterMs: (Math.floor(estimate / 2) + 1) * 1000 };
    const error = yield* finalize(namespace);
    return error === undefined ? undefined : { error: error.message };
  },
};

/** [NS5] Takes the controller's finalizer away; the server then removes the namespace. */
function* finalize(first: Namespace): Calling<ReconcileError | undefined> {
  const name = first.metadata?.name ?? '';
  let namespace = first;
  for (;;) {
    const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
    const { error } = yield* send({ verb: 'update', resource: 'namespaces', subresource: 'finalize', name, object: { ...namespace, spec: { ...namespace.spec, finalizers } } as KubeObject });
    if (error === undefined || isNotFound(error)) return undefined;
    if (!isConflict(error)) return error;
    const live = yield* send({ verb: 'get', resource: 'namespaces', name });
    if (live.error !== undefined) return isNotFound(live.error) ? undefined : live.error;
    if (live.object.metadata.uid !== namespace.metadata?.uid) return { message: 'namespace uid has changed across retries' };
    namespace = live.object as Namespace;
  }
}

function* updateStatus(namespace: Namespace): Calling<{ readonly namespace: Namespace; readonly error?: undefined } | { readonly error: ReconcileError }> {
  const { object, error } = yield* send({ verb: 'update', resource: 'namespaces', subresource: 'status', name: namespace.metadata?.name ?? '', object: namespace as KubeObject });
  return error === undefined ? { namespace: object as Namespace } : { error };
}

function total(parts: readonly Deletion[], field: 'remaining' | 'finalizers'): Readonly<Record<string, number>> {
  const sum: Record<string, number> = {};
  for (const part of parts) for (const key of Object.keys(part[field])) sum[key] = (sum[key] ?? 0) + (part[field][key] as number);
  return sum;
}

function explain(context: ReconcileContext, name: string, remaining: Readonly<Record<string, number>>, finalizers: Readonly<Record<string, number>>): void {
  const resources = Object.keys(remaining);
  if (resources.length === 0) return;
  const held = Object.keys(finalizers);
  const left = resources.map((resource) => `${remaining[resource]} ${resource.replace(/\.$/, '')}`).join(', ');
  context.explain(`namespace/${name}`, { rule: 'NS2', message: `is being deleted and still holds ${left}${held.length === 0 ? '' : `, with finalizers ${held.join(', ')}`}` });
}
