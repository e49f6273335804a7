// Letting the dependents of an object go before it is deleted.
// Upstream: attemptToOrphanWorker in pkg/controller/garbagecollector/garbagecollector.go (1.37).
import { aggregate, isNotFound, type Calling, type ReconcileContext, type ReconcileError, type ReconcileResult } from '@kubesim/client';
import { dependentsOf, ORPHAN_FINALIZER } from './graph.ts';
import { printIdentity, type Identity } from './identity.ts';
import { removeFinalizer, removeOwnerReferences } from './operations.ts';
import { mappingOfKind } from './rest-mapping.ts';

/** [GC10] Takes the owner out of its dependents' references, then its finalizer away. @internal */
export function* attemptToOrphan(context: ReconcileContext, owner: Identity): Calling<ReconcileResult> {
  const plan = context.decide(() => ({
    mapping: mappingOfKind(context, owner.apiVersion, owner.kind) ?? null,
    dependents: dependentsOf(context, owner.uid).map(({ identity }) => ({ identity, mapping: mappingOfKind(context, identity.apiVersion, identity.kind) ?? null })),
  }));
  if (plan.mapping === null) return undefined;
  const errors: ReconcileError[] = [];
  for (const { identity, mapping } of plan.dependents) {
    if (mapping === null) continue;
    const error = yield* removeOwnerReferences(mapping, identity, [owner.uid]);
    if (error !== undefined && !isNotFound(error)) errors.push({ message: `orphaning ${printIdentity(identity)} failed, ${error.message}` });
  }
  const failure = aggregate(errors);
  if (failure !== undefined) {
    return { error: `orphanDependents for ${printIdentity(owner)} failed with failed to orphan dependents of owner ${printIdentity(owner)}, got errors: ${failure.message}` };
  }
  const error = yield* removeFinalizer(context, plan.mapping, owner, ORPHAN_FINALIZER);
  return error === undefined ? undefined : { error: `removeOrphanFinalizer for ${printIdentity(owner)} failed with ${error.message}` };
}
