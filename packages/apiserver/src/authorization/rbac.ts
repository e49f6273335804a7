// The RBAC authorizer: roles, cluster roles and their bindings in the store say who may do what.
// Upstream: plugin/pkg/auth/authorizer/rbac/rbac.go, pkg/registry/rbac/validation/rule.go, pkg/apis/rbac/v1/evaluation_helpers.go (1.37).
import { quote, type ClusterRole, type ClusterRoleBinding, type PolicyRule, type Role, type RoleBinding, type RoleRef, type StoreReader, type Subject } from '@kubesim/api';
import type { AuthorizationAttributes, RequestUser } from './attributes.ts';
import type { Authorizer, UserRules } from './authorizer.ts';

const GROUP = 'rbac.authorization.k8s.io';
/** Members may do anything, whatever is stored. */
const PRIVILEGED_GROUP = 'system:masters';
const ALL = '*';

function has(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes(ALL) || list.includes(value));
}

function resourceMatches(rule: PolicyRule, resource: string, subresource: string): boolean {
  const combined = subresource === '' ? resource : `${resource}/${subresource}`;
  return has(rule.resources, combined) || (subresource !== '' && rule.resources?.includes(`*/${subresource}`) === true);
}

function pathMatches(urls: readonly string[] | undefined, path: string): boolean {
  return urls?.some((url) => url === ALL || url === path || (url.endsWith('*') && path.startsWith(url.replace(/\*+$/, '')))) === true;
}

/** Whether one rule grants what is asked. @internal */
export function ruleAllows(rule: PolicyRule, asked: Omit<AuthorizationAttributes, 'user' | 'namespace'>): boolean {
  if (!has(rule.verbs, asked.verb)) return false;
  if (!asked.isResourceRequest) return pathMatches(rule.nonResourceURLs, asked.path);
  const named = (rule.resourceNames ?? []).length === 0 || rule.resourceNames?.includes(asked.name) === true;
  return named && has(rule.apiGroups, asked.group) && resourceMatches(rule, asked.resource, asked.subresource);
}

function isSubject(subject: Subject, user: RequestUser, bindingNamespace: string): boolean {
  switch (subject.kind) {
    case 'User': return subject.name === user.name;
    case 'Group': return user.groups.includes(subject.name);
    case 'ServiceAccount': {
      const namespace = subject.namespace === undefined || subject.namespace === '' ? bindingNamespace : subject.namespace;
      return namespace !== '' && user.name === `system:serviceaccount:${namespace}:${subject.name}`;
    }
    default: return false;
  }
}

function describeSubject(subject: Subject): string {
  return subject.kind === 'ServiceAccount' ? `ServiceAccount ${quote(`${subject.name}/${subject.namespace ?? ''}`)}` : `${subject.kind} ${quote(subject.name)}`;
}

/** A rule that applies to a user, or a role that a binding names and that is not there. */
type Visit = { readonly rule: PolicyRule; readonly source: string } | { readonly missing: string };

/** The rules of a role. `undefined`: there is no such role. @internal */
export function rulesOfRole(store: StoreReader, ref: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
  const key = ref.kind === 'ClusterRole' ? ref.name : `${namespace}/${ref.name}`;
  const role = store.get(`${ref.kind === 'ClusterRole' ? 'clusterroles' : 'roles'}.${GROUP}`, key) as (ClusterRole | Role) | undefined;
  return role === undefined ? undefined : role.rules ?? [];
}

function* visitBinding(store: StoreReader, binding: ClusterRoleBinding | RoleBinding, user: RequestUser, namespace: string): Generator<Visit> {
  const subject = (binding.subjects ?? []).find((each) => isSubject(each, user, namespace));
  if (subject === undefined) return;
  const { roleRef } = binding;
  const rules = rulesOfRole(store, roleRef, namespace);
  if (rules === undefined) {
    yield { missing: `${roleRef.kind.toLowerCase()}.${GROUP} ${quote(roleRef.name)} not found` };
    return;
  }
  const name = binding.metadata?.name ?? '';
  const [kind, shown] = namespace === '' ? ['ClusterRoleBinding', name] : ['RoleBinding', `${name}/${namespace}`];
  const source = `${kind} ${quote(shown)} of ${roleRef.kind} ${quote(roleRef.name)} to ${describeSubject(subject)}`;
  for (const rule of rules) yield { rule, source };
}

/** Every rule that applies to a user in a namespace (empty: at the cluster scope), in upstream's order. */
function* visitRules(store: StoreReader, user: RequestUser, namespace: string): Generator<Visit> {
  for (const binding of store.list(`clusterrolebindings.${GROUP}`)) yield* visitBinding(store, binding as unknown as ClusterRoleBinding, user, '');
  if (namespace === '') return;
  for (const binding of store.list(`rolebindings.${GROUP}`, `${namespace}/`)) yield* visitBinding(store, binding as unknown as RoleBinding, user, namespace);
}

/** Errors joined as upstream's aggregate prints them: each once. */
function aggregate(errors: readonly string[]): string {
  const distinct = [...new Set(errors)];
  return distinct.length === 1 ? distinct[0] as string : `[${distinct.join(', ')}]`;
}

/** The rules of a user in a namespace. @internal */
export function rulesOfUser(store: StoreReader, user: RequestUser, namespace: string): { readonly rules: readonly PolicyRule[]; readonly error: string } {
  const rules: PolicyRule[] = [];
  const missing: string[] = [];
  for (const visit of visitRules(store, user, namespace)) {
    if ('rule' in visit) rules.push(visit.rule);
    else missing.push(visit.missing);
  }
  return { rules, error: missing.length === 0 ? '' : aggregate(missing) };
}

/** Whether nothing is denied to a user, whatever is stored. @internal */
export function isPrivileged(user: RequestUser): boolean {
  return user.groups.includes(PRIVILEGED_GROUP);
}

function userRules(user: RequestUser, namespace: string, store: StoreReader): UserRules {
  const everything = isPrivileged(user) ? [{ verbs: [ALL], apiGroups: [ALL], resources: [ALL] }, { verbs: [ALL], nonResourceURLs: [ALL] }] : [];
  const { rules, error } = rulesOfUser(store, user, namespace);
  const all = [...everything, ...rules] as readonly PolicyRule[];
  return {
    resourceRules: all.filter((rule) => (rule.resources ?? []).length > 0).map(({ verbs, apiGroups = [], resources = [], resourceNames = [] }) => ({ verbs, apiGroups, resources, ...(resourceNames.length === 0 ? {} : { resourceNames }) })),
    nonResourceRules: all.filter((rule) => (rule.nonResourceURLs ?? []).length > 0).map(({ verbs, nonResourceURLs = [] }) => ({ verbs, nonResourceURLs })),
    evaluationError: error,
  };
}

/** Rights come from Role, ClusterRole, RoleBinding and ClusterRoleBinding; members of `system:masters` have them all. @public */
export const RBAC: Authorizer = {
  name: 'RBAC',
  authorize: (attributes, store) => {
    if (isPrivileged(attributes.user)) return { allowed: true, reason: '' };
    const missing: string[] = [];
    for (const visit of visitRules(store, attributes.user, attributes.isResourceRequest ? attributes.namespace : '')) {
      if ('missing' in visit) missing.push(visit.missing);
      else if (ruleAllows(visit.rule, attributes)) return { allowed: true, reason: `RBAC: allowed by ${visit.source}` };
    }
    return { allowed: false, reason: missing.length === 0 ? '' : `RBAC: ${aggregate(missing)}` };
  },
  rulesFor: userRules,
};
