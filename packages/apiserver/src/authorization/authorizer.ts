// What an authorizer is, and the words of a refusal. Upstream: apiserver/pkg/endpoints/handlers/responsewriters/errors.go (1.37).
import { forbiddenStatus, quote, type Status, type StoreReader } from '@kubesim/api';
import type { AuthorizationAttributes, RequestUser } from './attributes.ts';

/** An authorizer's answer. @public */
export interface AuthorizationDecision {
  readonly allowed: boolean;
  /** Why; empty where there is nothing to say. */
  readonly reason: string;
}

/** What a user may do in a namespace, as SelfSubjectRulesReview lists it. @public */
export interface UserRules {
  readonly resourceRules: readonly ResourceRule[];
  readonly nonResourceRules: readonly NonResourceRule[];
  /** What could not be looked up. */
  readonly evaluationError: string;
}

interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface NonResourceRule {
  readonly verbs: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

/** Decides who may do what: a pure function of the request and of what is stored. @public */
export interface Authorizer {
  readonly name: string;
  authorize(attributes: AuthorizationAttributes, store: StoreReader): AuthorizationDecision;
  rulesFor(user: RequestUser, namespace: string, store: StoreReader): UserRules;
}

/** Everything is allowed: the mode of a server that nothing else is asked of. @public */
export const ALWAYS_ALLOW: Authorizer = {
  name: 'AlwaysAllow',
  authorize: () => ({ allowed: true, reason: '' }),
  rulesFor: () => ({ resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }], evaluationError: '' }),
};

/** The 403 that says which right is missing. @internal */
export function forbiddenBy(attributes: AuthorizationAttributes, reason: string): Status {
  const { user, verb, group, resource, subresource, namespace, name } = attributes;
  const why = attributes.isResourceRequest
    ? `User ${quote(user.name)} cannot ${verb} resource ${quote(subresource === '' ? resource : `${resource}/${subresource}`)} in API group ${quote(group)} ${namespace === '' ? 'at the cluster scope' : `in the namespace ${quote(namespace)}`}`
    : `User ${quote(user.name)} cannot ${verb} path ${quote(attributes.path)}`;
  const text = reason === '' ? why : `${why}: ${reason}`;
  if (attributes.isResourceRequest) return forbiddenStatus({ group, resource }, name, text);
  return { ...forbiddenStatus({ group: '', resource: '' }, '', text), message: `forbidden: ${text}`, details: {} };
}
