// NamespaceLifecycle: nothing is created in a namespace that is not there or is being deleted, and some namespaces stay.
// Upstream: apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go (1.37).
import { forbiddenStatus, notFoundStatus } from '@kubesim/api';
import type { AdmissionPlugin } from './admission-plugin.ts';

const IMMORTAL: readonly string[] = ['default', 'kube-system', 'kube-public'];
const NAMESPACES = { group: '', resource: 'namespaces' };

/** Guards namespaces and what is created in them. @public */
export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  handles: (operation, resource) => operation === 'CREATE' || (operation === 'DELETE' && resource === 'namespaces'),
  admit: ({ operation, kind, namespace, name }, { store }) => {
    if (operation !== 'CREATE' || !kind.namespaced) return undefined;
    const found = store.get('namespaces', namespace);
    if (found === undefined) return { status: notFoundStatus(NAMESPACES, namespace) };
    if (found.metadata.deletionTimestamp === undefined) return undefined;
    const status = forbiddenStatus(kind, name, `unable to create new content in namespace ${namespace} because it is being terminated`);
    const cause = { reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' };
    return { status: { ...status, details: { ...status.details, causes: [cause] } } };
  },
  validate: ({ operation, resource, name }) => (operation === 'DELETE' && resource === 'namespaces' && IMMORTAL.includes(name) ? { forbidden: 'this namespace may not be deleted' } : undefined),
};
