// Nobody grants what he does not have: writes of roles and bindings are held against the writer's own rights.
// Upstream: pkg/registry/rbac/{clusterrole,role,clusterrolebinding,rolebinding}/policybased/storage.go, pkg/registry/rbac/validation (1.37).
import { goJson, quote, type KubeObject, type PolicyRule, type RoleRef, type StoreReader } from '@kubesim/api';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission/admission-plugin.ts';
import type { AuthorizationAttributes, RequestUser } from './attributes.ts';
import { isPrivileged, RBAC, ruleAllows, rulesOfRole, rulesOfUser } from './rbac.ts';

const GROUP = 'rbac.authorization.k8s.io';
const ROLES: readonly string[] = ['roles', 'clusterroles'];
const BINDINGS: readonly string[] = ['rolebindings', 'clusterrolebindings'];

/** A rule in pieces that each name one verb and one thing. */
function breakdown(rule: PolicyRule): readonly PolicyRule[] {
  const pieces: PolicyRule[] = [];
  for (const verb of rule.verbs) {
    for (const group of rule.apiGroups ?? []) {
      for (const resource of rule.resources ?? []) {
        const names = rule.resourceNames ?? [];
        if (names.length === 0) pieces.push({ apiGroups: [group], resources: [resource], verbs: [verb] });
        for (const name of names) pieces.push({ apiGroups: [group], resources: [resource], resourceNames: [name], verbs: [verb] });
      }
    }
  }
  for (const verb of rule.verbs) for (const url of rule.nonResourceURLs ?? []) pieces.push({ nonResourceURLs: [url], verbs: [verb] });
  return pieces;
}

function covers(owned: PolicyRule, piece: PolicyRule): boolean {
  const [verb = ''] = piece.verbs;
  const [url] = piece.nonResourceURLs ?? [];
  if (url !== undefined) {
    const isPrefix = owned.nonResourceURLs?.some((each) => each === '*' || each === url || (each.endsWith('*') && url.startsWith(each.replace(/\*+$/, '')))) === true;
    return isPrefix && (owned.verbs.includes('*') || owned.verbs.includes(verb));
  }
  const [resource = '', subresource = ''] = (piece.resources?.[0] ?? '').split('/');
  return ruleAllows(owned, { verb, isResourceRequest: true, path: '', group: piece.apiGroups?.[0] ?? '', resource, subresource, name: piece.resourceNames?.[0] ?? '' });
}

const list = (items: readonly string[]): string => `[${items.map(quote).join(' ')}]`;

/** Upstream's short form of a rule. */
function compact(rule: PolicyRule): string {
  const parts: string[] = [];
  const add = (name: string, items: readonly string[] | undefined): void => { if ((items ?? []).length > 0) parts.push(`${name}:${list(items ?? [])}`); };
  add('APIGroups', rule.apiGroups);
  add('Resources', rule.resources);
  add('NonResourceURLs', rule.nonResourceURLs);
  add('ResourceNames', rule.resourceNames);
  add('Verbs', rule.verbs);
  return `{${parts.join(', ')}}`;
}

/** Pieces that differ in their verb alone, as one. */
function joinVerbs(pieces: readonly PolicyRule[]): readonly PolicyRule[] {
  const joined = new Map<string, PolicyRule>();
  for (const piece of pieces) {
    const { verbs, ...rest } = piece;
    const key = goJson(rest);
    const known = joined.get(key);
    joined.set(key, known === undefined ? piece : { ...piece, verbs: [...known.verbs, ...verbs] });
  }
  return [...joined.values()];
}

/** The message of a refusal, or undefined if the user has every right of the rules. */
function escalation(store: StoreReader, user: RequestUser, namespace: string, rules: readonly PolicyRule[]): string | undefined {
  const { rules: owned, error } = rulesOfUser(store, user, namespace);
  const lacking = rules.flatMap(breakdown).filter((piece) => !owned.some((rule) => covers(rule, piece)));
  if (lacking.length === 0) return undefined;
  const shown = joinVerbs(lacking).map(compact).sort();
  const text = `user ${quote(user.name)} (groups=${list(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${shown.join('\n')}`;
  return error === '' ? text : `${text}; resolution errors: [${error}]`;
}

function isGranted(attributes: AdmissionAttributes, store: StoreReader, asked: Pick<AuthorizationAttributes, 'verb' | 'resource' | 'name' | 'namespace'>): boolean {
  return RBAC.authorize({ ...asked, user: attributes.user, isResourceRequest: true, path: '', group: GROUP, subresource: '' }, store).allowed;
}

function sameField(a: KubeObject | undefined, b: KubeObject, field: string): boolean {
  return a !== undefined && goJson(a[field] ?? null) === goJson(b[field] ?? null);
}

function ofRole(attributes: AdmissionAttributes, object: KubeObject, store: StoreReader): string | undefined {
  const { kind, oldObject, namespace, name } = attributes;
  if (isGranted(attributes, store, { verb: 'escalate', resource: kind.resource, name, namespace })) return undefined;
  if (sameField(oldObject, object, 'rules') && sameField(oldObject, object, 'aggregationRule')) return undefined;
  if (object['aggregationRule'] !== undefined && object['aggregationRule'] !== null) {
    const full = escalation(store, attributes.user, '', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { verbs: ['*'], nonResourceURLs: ['*'] }]);
    if (full !== undefined) return `must have cluster-admin privileges to use an aggregationRule: ${full}`;
  }
  return escalation(store, attributes.user, namespace, (object['rules'] ?? []) as readonly PolicyRule[]);
}

function ofBinding(attributes: AdmissionAttributes, object: KubeObject, store: StoreReader): string | undefined {
  const { oldObject, namespace } = attributes;
  if (sameField(oldObject, object, 'roleRef') && sameField(oldObject, object, 'subjects')) return undefined;
  const ref = object['roleRef'] as RoleRef;
  if (isGranted(attributes, store, { verb: 'bind', resource: ref.kind === 'ClusterRole' ? 'clusterroles' : 'roles', name: ref.name, namespace })) return undefined;
  const rules = rulesOfRole(store, ref, namespace);
  if (rules === undefined) return `${ref.kind.toLowerCase()}.${GROUP} ${quote(ref.name)} not found`;
  return escalation(store, attributes.user, namespace, rules);
}

/** Refuses roles and bindings that would grant more than their writer has. It goes with the RBAC authorizer. @public */
export const rbacEscalation: AdmissionPlugin = {
  name: 'RBACEscalation',
  isTimeless: true,
  validate: (attributes, { store }) => {
    const { kind, object, user } = attributes;
    if (kind.group !== GROUP || object === undefined || isPrivileged(user)) return undefined;
    const text = ROLES.includes(kind.resource) ? ofRole(attributes, object, store) : BINDINGS.includes(kind.resource) ? ofBinding(attributes, object, store) : undefined;
    return text === undefined ? undefined : { forbidden: text };
  },
};
