// DELETE: preconditions, grace, finalizers and propagation. Upstream: apiserver/pkg/registry/generic/registry/store.go (1.37).
import { conflictStatus, formatTime, resourceName, type DeleteOptions, type KubeObject } from '@kubesim/api';
import { Refusal, type Scope, type ServerContext } from '../server.ts';
import { tidy } from './create.ts';

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

/** What came of a delete: the object that stays for now, or the last state of the one that is gone. @internal */
export interface Deleted {
  readonly object: KubeObject;
  readonly isGone: boolean;
}

/** Deletes an object, or begins to. Throws Refusal. @internal */
export function remove(context: ServerContext, scope: Scope, name: string, options: DeleteOptions = {}): Deleted {
  const { kind } = scope;
  const old = context.stored(scope, name);
  const { uid, resourceVersion } = options.preconditions ?? {};
  if (uid !== undefined && uid !== old.metadata.uid) throw new Refusal(conflictStatus(kind, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid ?? ''}`));
  if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) throw new Refusal(conflictStatus(kind, name, `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${old.metadata.resourceVersion ?? ''}`));
  context.admit('validate', { operation: 'DELETE', kind, resource: resourceName(kind), subresource: '', namespace: scope.namespace, name, oldObject: old, dryRun: options.dryRun !== undefined && options.dryRun.length > 0, user: { name: 'system:admin', groups: ['system:masters'] } });
  const dryRun = options.dryRun?.includes('All') === true;
  const finalizers = propagationFinalizers(scope, old, options);
  const grace = kind.gracePeriodSeconds?.(old, options.gracePeriodSeconds) ?? 0;
  const blocked = finalizers.length > 0 || kind.blocksRemoval?.(old) === true;
  if (!blocked && grace === 0) return { object: dryRun ? old : gone(context, scope, name, old), isGone: true };
  const marked = mark(context, scope, old, finalizers, grace);
  if (marked === old || dryRun) return { object: marked, isGone: false };
  return { object: context.storage.put(scope.resource, context.key(scope, name), marked).after, isGone: false };
}

/** Finalizers that the chosen propagation asks for. */
function propagationFinalizers(scope: Scope, old: KubeObject, options: DeleteOptions): readonly string[] {
  const held = old.metadata.finalizers ?? [];
  if (scope.kind.defaultPropagation === 'unsupported') return held;
  const others = held.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  const policy = options.orphanDependents === true ? 'Orphan' : options.orphanDependents === false ? 'Background' : options.propagationPolicy;
  switch (policy ?? (held.includes(ORPHAN) ? 'Orphan' : held.includes(FOREGROUND) ? 'Foreground' : scope.kind.defaultPropagation)) {
    case 'Orphan':
      return [...others, ORPHAN];
    case 'Foreground':
      return [...others, FOREGROUND];
    default:
      return others;
  }
}

function mark(context: ServerContext, scope: Scope, old: KubeObject, finalizers: readonly string[], grace: number): KubeObject {
  const { kind } = scope;
  const isFirst = old.metadata.deletionTimestamp === undefined;
  const heldGrace = old.metadata.deletionGracePeriodSeconds ?? 0;
  const unchangedFinalizers = finalizers.length === (old.metadata.finalizers ?? []).length && finalizers.every((each, index) => each === old.metadata.finalizers?.[index]);
  // A later delete may shorten the grace, never lengthen it.
  if (!isFirst && grace >= heldGrace && unchangedFinalizers) return old;
  const seconds = isFirst ? grace : Math.min(grace, heldGrace);
  const startedAt = isFirst ? context.now : Date.parse(old.metadata.deletionTimestamp) - heldGrace * 1_000;
  const generation = isFirst && kind.hasGeneration === true && old.metadata.generation !== undefined ? old.metadata.generation + 1 : old.metadata.generation;
  const metadata = tidy({
    ...old.metadata, generation, deletionTimestamp: formatTime(startedAt + seconds * 1_000), deletionGracePeriodSeconds: seconds,
    finalizers: finalizers.length === 0 ? undefined : finalizers, resourceVersion: context.nextVersion(scope.resource),
  });
  const marked = { ...old, metadata };
  return isFirst && kind.prepareForDelete !== undefined ? kind.prepareForDelete(marked, context.kindContext) : marked;
}

function gone(context: ServerContext, scope: Scope, name: string, old: KubeObject): KubeObject {
  const last = { ...old, metadata: { ...old.metadata, resourceVersion: context.nextVersion(scope.resource) } };
  return context.storage.remove(scope.resource, context.key(scope, name), last).after;
}

/** Lets go of an object that is being deleted once nothing holds it: no finalizer, no grace left. @internal */
export function finishDeletion(context: ServerContext, scope: Scope, name: string, object: KubeObject): boolean {
  const { metadata } = object;
  if (metadata.deletionTimestamp === undefined || (metadata.finalizers?.length ?? 0) > 0) return false;
  if ((metadata.deletionGracePeriodSeconds ?? 0) > 0 || scope.kind.blocksRemoval?.(object) === true) return false;
  context.storage.remove(scope.resource, context.key(scope, name), object);
  return true;
}
