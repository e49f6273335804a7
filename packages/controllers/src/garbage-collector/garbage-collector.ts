// The garbage collector: deletes what lost its owners, and carries out foreground and orphaning deletion. Rules: SPEC.md.
import type { Controller, ReconcileContext, Reconciling } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';
import { attemptToDelete } from './attempt-to-delete.ts';
import { attemptToOrphan } from './attempt-to-orphan.ts';
import { observed, ownersOf, type GarbageCollectorState } from './graph.ts';
import { processGraphChange } from './graph-builder.ts';
import { identityOfOwner, parseIdentityKey, printIdentity } from './identity.ts';
import { WATCHED_RESOURCES } from './rest-mapping.ts';

/** The garbage collector of kube-controller-manager. Upstream: pkg/controller/garbagecollector (1.37). @public */
export const garbageCollectorController: Controller = {
  name: 'garbage-collector-controller',
  watches: WATCHED_RESOURCES,
  workers: 20,
  initialState: (): GarbageCollectorState => ({ virtual: OrderedMap.empty(), absent: Object.freeze([]), dependentResources: Object.freeze([]), gone: OrderedMap.empty() }),
  handle: (context, change) => processGraphChange(context, change),
  *reconcile(context, key): Reconciling {
    const space = key.indexOf(' ');
    const rest = key.slice(space + 1);
    switch (key.slice(0, space)) {
      case 'orphan': return yield* attemptToOrphan(context, parseIdentityKey(rest));
      case 'report': return reportInvalidNamespace(context, rest);
      default: return yield* attemptToDelete(context, parseIdentityKey(rest));
    }
  },
};

/** [GC7] Says that a reference leads into another namespace. Upstream: reportInvalidNamespaceOwnerRef. */
function reportInvalidNamespace(context: ReconcileContext, rest: string): undefined {
  const dependent = parseIdentityKey(rest);
  const ownerUid = rest.slice(rest.lastIndexOf('|') + 1);
  const reference = context.decide(() => ownersOf(observed(context, dependent) ?? { metadata: {} }).find(({ uid }) => uid === ownerUid) ?? null);
  if (reference === null) return;
  const { apiVersion, kind, namespace, name, uid } = dependent;
  const owner = printIdentity(identityOfOwner(reference, namespace));
  context.event({
    about: { apiVersion, kind, metadata: { namespace, name, uid } },
    type: 'Warning', reason: 'OwnerRefInvalidNamespace', message: `ownerRef ${owner} does not exist in namespace "${namespace}"`,
  });
}
