// Gives every active namespace its ServiceAccount `default`. Rules: SPEC.md.
import type { KubeObject, Namespace } from '@kubesim/api';
import { isAlreadyExists, isNamespaceTerminating, send, type Controller, type Reconciling } from '@kubesim/client';

/** Upstream: pkg/controller/serviceaccount/serviceaccounts_controller.go (1.37). @public */
export const serviceAccountController: Controller = {
  name: 'service-account-controller',
  watches: ['namespaces', 'serviceaccounts'],
  workers: 1,
  handle(context, { resource, before, after }) {
    if (resource === 'namespaces') {
      if (after !== undefined) context.enqueue(after.metadata.name ?? '');
    } else if (after === undefined) context.enqueue(before?.metadata.namespace ?? '');
  },
  *reconcile(context, key): Reconciling {
    // [SA1] [SA2]
    const isMissing = context.decide(() => {
      const namespace = context.lister<Namespace>('namespaces').get('', key);
      return namespace !== undefined && namespace.status?.phase === 'Active' && context.lister('serviceaccounts').get(key, 'default') === undefined;
    });
    if (!isMissing) return undefined;
    const object = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: key } } as KubeObject;
    const { error } = yield* send({ verb: 'create', resource: 'serviceaccounts', namespace: key, object });
    return error === undefined || isAlreadyExists(error) || isNamespaceTerminating(error) ? undefined : { error: error.message };
  },
};
