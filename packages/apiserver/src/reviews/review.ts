// Kinds that are created to ask something: their answer is the object with its status, and nothing is stored.
import type { KindDefinition, KubeObject } from '@kubesim/api';
import type { RequestUser } from '../authorization/attributes.ts';
import type { Scope, ServerContext } from '../server.ts';
import { reviewAccess, reviewRules, reviewSelf } from './access-review.ts';
import { reviewToken } from './service-account-token.ts';

const GROUPS: readonly string[] = ['authorization.k8s.io', 'authentication.k8s.io'];

/** Whether objects of a kind are questions. @internal */
export function isReview(kind: KindDefinition): boolean {
  return GROUPS.includes(kind.group) && kind.schema === undefined;
}

/** Answers a review. Throws Refusal. @internal */
export function review(context: ServerContext, scope: Scope, sent: KubeObject, user: RequestUser): KubeObject {
  switch (scope.kind.kind) {
    case 'SelfSubjectRulesReview': return reviewRules(context, sent, user);
    case 'SelfSubjectReview': return reviewSelf(sent, user);
    case 'TokenReview': return reviewToken(context, sent);
    default: return reviewAccess(context, scope, sent, user);
  }
}
