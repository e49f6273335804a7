// The roles and bindings that a server with RBAC starts with: those that people bind, and those that everybody has.
// Upstream: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go (1.37). Roles of upstream's own components are left out:
// built-in controllers call the server as trusted clients.
import type { KubeObject, PolicyRule } from '@kubesim/api';

const GROUP = 'rbac.authorization.k8s.io';
const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];

const meta = (name: string, labels: Readonly<Record<string, string>> = {}): KubeObject['metadata'] => ({
  name, annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' }, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
});

function role(name: string, rules: readonly PolicyRule[], labels?: Readonly<Record<string, string>>): { readonly resource: string; readonly object: KubeObject } {
  return { resource: `clusterroles.${GROUP}`, object: { apiVersion: `${GROUP}/v1`, kind: 'ClusterRole', metadata: meta(name, labels), rules } };
}

const aggregateTo = (name: string): Readonly<Record<string, string>> => ({ [`rbac.authorization.k8s.io/aggregate-to-${name}`]: 'true' });

/** A role that is the sum of others: it starts with what the controller would fill in. */
function aggregated(name: string, rules: readonly PolicyRule[], labels?: Readonly<Record<string, string>>): { readonly resource: string; readonly object: KubeObject } {
  const made = role(name, rules, labels);
  return { ...made, object: { ...made.object, aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregateTo(name) }] } } };
}

function binding(name: string, groups: readonly string[]): { readonly resource: string; readonly object: KubeObject } {
  return {
    resource: `clusterrolebindings.${GROUP}`,
    object: {
      apiVersion: `${GROUP}/v1`, kind: 'ClusterRoleBinding', metadata: meta(name), roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name },
      subjects: groups.map((group) => ({ apiGroup: GROUP, kind: 'Group', name: group })),
    },
  };
}

const VIEWED: readonly PolicyRule[] = [
  { verbs: READ, apiGroups: [''], resources: ['configmaps', 'endpoints', 'persistentvolumeclaims', 'persistentvolumeclaims/status', 'pods', 'replicationcontrollers', 'replicationcontrollers/scale', 'serviceaccounts', 'services', 'services/status'] },
  { verbs: READ, apiGroups: [''], resources: ['bindings', 'events', 'limitranges', 'namespaces/status', 'pods/log', 'pods/status', 'replicationcontrollers/status', 'resourcequotas', 'resourcequotas/status'] },
  { verbs: READ, apiGroups: [''], resources: ['namespaces'] },
  { verbs: READ, apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'] },
  { verbs: READ, apiGroups: ['apps'], resources: ['controllerrevisions', 'daemonsets', 'daemonsets/status', 'deployments', 'deployments/scale', 'deployments/status', 'replicasets', 'replicasets/scale', 'replicasets/status', 'statefulsets', 'statefulsets/scale', 'statefulsets/status'] },
  { verbs: READ, apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers', 'horizontalpodautoscalers/status'] },
  { verbs: READ, apiGroups: ['batch'], resources: ['cronjobs', 'cronjobs/status', 'jobs', 'jobs/status'] },
  { verbs: READ, apiGroups: ['policy'], resources: ['poddisruptionbudgets', 'poddisruptionbudgets/status'] },
  { verbs: READ, apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'ingresses/status', 'networkpolicies'] },
];

const EDITED: readonly PolicyRule[] = [
  { verbs: READ, apiGroups: [''], resources: ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'secrets', 'services/proxy'] },
  { verbs: ['impersonate'], apiGroups: [''], resources: ['serviceaccounts'] },
  { verbs: WRITE, apiGroups: [''], resources: ['pods', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy'] },
  { verbs: ['create'], apiGroups: [''], resources: ['pods/eviction'] },
  { verbs: WRITE, apiGroups: [''], resources: ['configmaps', 'events', 'persistentvolumeclaims', 'replicationcontrollers', 'replicationcontrollers/scale', 'secrets', 'serviceaccounts', 'services', 'services/proxy'] },
  { verbs: ['create'], apiGroups: [''], resources: ['serviceaccounts/token'] },
  { verbs: WRITE, apiGroups: ['apps'], resources: ['daemonsets', 'deployments', 'deployments/rollback', 'deployments/scale', 'replicasets', 'replicasets/scale', 'statefulsets', 'statefulsets/scale'] },
  { verbs: WRITE, apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'] },
  { verbs: WRITE, apiGroups: ['batch'], resources: ['cronjobs', 'jobs'] },
  { verbs: WRITE, apiGroups: ['policy'], resources: ['poddisruptionbudgets'] },
  { verbs: WRITE, apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'] },
  { verbs: [...WRITE, ...READ], apiGroups: ['coordination.k8s.io'], resources: ['leases'] },
];

const ADMINISTERED: readonly PolicyRule[] = [
  { verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['localsubjectaccessreviews'] },
  { verbs: [...WRITE, ...READ], apiGroups: [GROUP], resources: ['rolebindings', 'roles'] },
];

const HEALTH = ['/healthz', '/livez', '/readyz', '/version', '/version/'];

/** What RBAC starts with, in the order of its creation. @internal */
export const BOOTSTRAP_POLICY: readonly { readonly resource: string; readonly object: KubeObject }[] = [
  role('cluster-admin', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { verbs: ['*'], nonResourceURLs: ['*'] }]),
  role('system:discovery', [{ verbs: ['get'], nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez', '/openapi', '/openapi/*', '/readyz', '/version', '/version/'] }]),
  role('system:basic-user', [
    { verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'] },
    { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
  ]),
  role('system:public-info-viewer', [{ verbs: ['get'], nonResourceURLs: HEALTH }]),
  role('system:aggregate-to-admin', ADMINISTERED, aggregateTo('admin')),
  role('system:aggregate-to-edit', EDITED, aggregateTo('edit')),
  role('system:aggregate-to-view', VIEWED, aggregateTo('view')),
  aggregated('view', VIEWED, aggregateTo('edit')),
  aggregated('edit', [...EDITED, ...VIEWED], aggregateTo('admin')),
  // In the order of the names of the roles that it is made of.
  aggregated('admin', [...EDITED, ...VIEWED, ...ADMINISTERED]),
  binding('cluster-admin', ['system:masters']),
  binding('system:discovery', ['system:authenticated']),
  binding('system:basic-user', ['system:authenticated']),
  binding('system:public-info-viewer', ['system:authenticated', 'system:unauthenticated']),
];
