// DELETE: preconditions, grace, finalizers and propagation. Upstream: apiserver/pkg/registry/rest/delete.go and
// registry/generic/registry/store.go (1.37).
import { formatTime, type DeleteOptions, type KubeObject } from '@kubesim/api';
import { removeInstances } from '../custom-resources/remove-instances.ts';
import { plainStatus } from '../rest/plain-status.ts';
import { Refusal, type Scope, type ServerContext, type WriteRequest, ADMINISTRATOR } from '../server.ts';
import { tidy } from './tidy.ts';

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

/** What came of a delete: the object that stays for now, or the last state of the one that is gone. @internal */
export interface Deleted {
  readonly object: KubeObject;
  readonly isGone: boolean;
}

/** Deletes an object, or begins to. Throws Refusal. @internal */
export function remove(context: ServerContext, scope: Scope, name: string, options: DeleteOptions = {}, write: Partial<WriteRequest> = {}): Deleted {
  const { kind } = scope;
  const asked = options.propagationPolicy ?? (options.orphanDependents === undefined ? undefined : options.orphanDependents ? 'Orphan' : 'Background');
  const held = context.storage.get(scope.resource, context.key(scope, name));
  // Upstream warns before it looks.
  write.warnings?.push(...(kind.deleteWarnings?.(held ?? { metadata: { name } }, asked) ?? []));
  const old = held ?? context.stored(scope, name);
  checkPreconditions(scope, name, old, options);
  const dryRun = options.dryRun?.includes('All') === true;
  context.admit('validate', { operation: 'DELETE', kind, resource: scope.resource, subresource: '', namespace: scope.namespace, name, oldObject: old, dryRun, user: write.user ?? ADMINISTRATOR }, write.warnings);
  const finalizers = propagationFinalizers(scope, old, options);
  return kind.gracePeriodSeconds === undefined ? removePlain(context, scope, name, old, finalizers, dryRun) : removeGracefully(context, scope, name, old, options, finalizers, dryRun);
}

function checkPreconditions(scope: Scope, name: string, old: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { group, kind } = scope.kind;
  const shown = group === '' ? kind : `${kind}.${group}`;
  const refuse = (why: string): Refusal => new Refusal(plainStatus(409, 'Conflict', `Operation cannot be fulfilled on ${shown} "${name}": ${why}`, { name, ...(group === '' ? {} : { group }), kind }));
  if (uid !== undefined && uid !== old.metadata.uid) throw refuse(`the UID in the precondition (${uid}) does not match the UID in record (${old.metadata.uid ?? ''}). The object might have been deleted and then recreated`);
  if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) throw refuse(`the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${old.metadata.resourceVersion ?? ''}). The object might have been modified`);
}

/** Finalizers that the chosen propagation asks for; those that are there stay in their order. */
function propagationFinalizers(scope: Scope, old: KubeObject, options: DeleteOptions): readonly string[] {
  const held = old.metadata.finalizers ?? [];
  if (scope.kind.defaultPropagation === 'unsupported') return held;
  const policy = options.orphanDependents === true ? 'Orphan' : options.orphanDependents === false ? 'Background' : options.propagationPolicy;
  const chosen = policy ?? (held.includes(ORPHAN) ? 'Orphan' : held.includes(FOREGROUND) ? 'Foreground' : scope.kind.defaultPropagation);
  const wanted = chosen === 'Orphan' ? ORPHAN : chosen === 'Foreground' ? FOREGROUND : undefined;
  const kept = held.filter((finalizer) => finalizer === wanted || (finalizer !== ORPHAN && finalizer !== FOREGROUND));
  return wanted === undefined || kept.includes(wanted) ? kept : [...kept, wanted];
}

function removePlain(context: ServerContext, scope: Scope, name: string, old: KubeObject, finalizers: readonly string[], dryRun: boolean): Deleted {
  const { kind } = scope;
  const isBlocked = kind.blocksRemoval?.(old) === true;
  if (finalizers.length === 0 && !isBlocked) return { object: dryRun ? old : gone(context, scope, name, old), isGone: true };
  if (old.metadata.deletionTimestamp !== undefined) return { object: old, isGone: false };
  const marked = mark(context, scope, old, finalizers, isBlocked ? undefined : 0, context.now);
  return { object: dryRun ? marked : context.storage.put(scope.resource, context.key(scope, name), marked).after, isGone: false };
}

function removeGracefully(context: ServerContext, scope: Scope, name: string, old: KubeObject, options: DeleteOptions, finalizers: readonly string[], dryRun: boolean): Deleted {
  const { kind } = scope;
  const requested = options.gracePeriodSeconds ?? undefined;
  const isPending = old.metadata.deletionTimestamp !== undefined;
  let stands = old;
  if (isPending) {
    const held = old.metadata.deletionGracePeriodSeconds ?? 0;
    if (held > 0) {
      if (requested === undefined || requested >= held) return { object: old, isGone: false };
      // Upstream: a shorter grace counts from when the first delete came, and is never over before now.
      let due = Date.parse(old.metadata.deletionTimestamp as string) - held * 1000 + requested * 1000;
      let grace = requested;
      if (due < context.now) {
        due = context.now;
        if (requested !== 0) grace = 1;
      }
      stands = { ...old, metadata: { ...old.metadata, deletionTimestamp: formatTime(due), deletionGracePeriodSeconds: grace, resourceVersion: context.nextVersion(scope.resource) } };
      if (!dryRun) stands = context.storage.put(scope.resource, context.key(scope, name), stands).after;
    }
  } else {
    const grace = kind.gracePeriodSeconds?.(old, requested) ?? 0;
    const marked = mark(context, scope, old, finalizers, grace, context.now + grace * 1000);
    stands = dryRun ? marked : context.storage.put(scope.resource, context.key(scope, name), marked).after;
  }
  if ((stands.metadata.deletionGracePeriodSeconds ?? 0) > 0 || (stands.metadata.finalizers?.length ?? 0) > 0) return { object: stands, isGone: false };
  return { object: dryRun ? stands : gone(context, scope, name, stands), isGone: true };
}

/** The object with the marks of its first delete. */
function mark(context: ServerContext, scope: Scope, old: KubeObject, finalizers: readonly string[], grace: number | undefined, due: number): KubeObject {
  const { kind } = scope;
  const generation = old.metadata.generation === undefined || old.metadata.generation === 0 ? old.metadata.generation : old.metadata.generation + 1;
  const metadata = tidy({
    ...old.metadata, generation, deletionTimestamp: formatTime(due), deletionGracePeriodSeconds: grace,
    finalizers: finalizers.length === 0 ? undefined : finalizers, resourceVersion: context.nextVersion(scope.resource),
  });
  const marked = { ...old, metadata };
  return kind.prepareForDelete === undefined ? marked : kind.prepareForDelete(marked, context.kindContext);
}

function gone(context: ServerContext, scope: Scope, name: string, old: KubeObject): KubeObject {
  removeInstances(context, scope, old);
  const last = { ...old, metadata: { ...old.metadata, resourceVersion: context.nextVersion(scope.resource) } };
  return context.storage.remove(scope.resource, context.key(scope, name), last).after;
}

/** Lets go of an object that is being deleted once nothing holds it: no finalizer, no grace left. @internal */
export function finishDeletion(context: ServerContext, scope: Scope, name: string, object: KubeObject, old: KubeObject): boolean {
  const { metadata } = object;
  if (old.metadata.deletionTimestamp === undefined || (metadata.finalizers?.length ?? 0) > 0) return false;
  if ((metadata.deletionGracePeriodSeconds ?? 0) > 0 || scope.kind.blocksRemoval?.(object) === true) return false;
  gone(context, scope, name, old);
  return true;
}
