// Reviews of what somebody may do: created, answered, never stored.
// Upstream: pkg/registry/authorization, pkg/apis/authorization/validation/validation.go (1.37).
import {
  badRequestStatus, fieldPath, invalid, invalidStatus, required, type FieldError, type KubeObject, type NonResourceAttributes, type ResourceAttributes, type SelfSubjectAccessReviewSpec, type SubjectAccessReviewSpec,
} from '@kubesim/api';
import type { AuthorizationAttributes, RequestUser } from '../authorization/attributes.ts';
import { Refusal, type Scope, type ServerContext } from '../server.ts';

function validateAttributes(spec: SelfSubjectAccessReviewSpec): readonly FieldError[] {
  const path = fieldPath('spec');
  if (spec.resourceAttributes !== undefined && spec.nonResourceAttributes !== undefined) return [invalid(path.child('nonResourceAttributes'), spec.nonResourceAttributes, 'cannot be specified in combination with resourceAttributes')];
  if (spec.resourceAttributes === undefined && spec.nonResourceAttributes === undefined) return [required(path.child('resourceAttributes'), 'exactly one of nonResourceAttributes or resourceAttributes must be specified')];
  return [];
}

function validateSubject(spec: SubjectAccessReviewSpec): readonly FieldError[] {
  return (spec.user ?? '') === '' && (spec.groups ?? []).length === 0 ? [required(fieldPath('spec').child('user'), 'at least one of user or group must be specified')] : [];
}

function validateLocal(spec: SubjectAccessReviewSpec, namespace: string): readonly FieldError[] {
  const path = fieldPath('spec');
  const errors: FieldError[] = [];
  const asked = spec.resourceAttributes?.namespace ?? '';
  if (spec.resourceAttributes !== undefined && asked !== namespace) errors.push(invalid(path.child('resourceAttributes').child('namespace'), asked, 'must match metadata.namespace'));
  if (spec.nonResourceAttributes !== undefined) errors.push(invalid(path.child('nonResourceAttributes'), spec.nonResourceAttributes, 'disallowed on this kind of request'));
  return errors;
}

function asked(user: RequestUser, resource: ResourceAttributes | undefined, other: NonResourceAttributes | undefined): AuthorizationAttributes {
  return {
    user, verb: (resource ?? other)?.verb ?? '', isResourceRequest: resource !== undefined, path: other?.path ?? '',
    group: resource?.group ?? '', resource: resource?.resource ?? '', subresource: resource?.subresource ?? '', namespace: resource?.namespace ?? '', name: resource?.name ?? '',
  };
}

/** Answers a SelfSubjectAccessReview, a SubjectAccessReview or a LocalSubjectAccessReview. Throws Refusal 422. @internal */
export function reviewAccess(context: ServerContext, scope: Scope, sent: KubeObject, user: RequestUser): KubeObject {
  const isSelf = scope.kind.kind === 'SelfSubjectAccessReview';
  const isLocal = scope.kind.kind === 'LocalSubjectAccessReview';
  const spec = (sent['spec'] ?? {}) as SubjectAccessReviewSpec;
  const errors = [...validateAttributes(spec), ...(isSelf ? [] : validateSubject(spec)), ...(isLocal ? validateLocal(spec, scope.namespace) : [])];
  if (errors.length > 0) throw new Refusal(invalidStatus(scope.kind, '', errors));
  const subject = isSelf ? user : { name: spec.user ?? '', groups: spec.groups ?? [] };
  const { allowed, reason } = context.authorizer.authorize(asked(subject, spec.resourceAttributes, spec.nonResourceAttributes), context.store);
  return { ...sent, metadata: isLocal ? { ...sent.metadata, namespace: scope.namespace } : sent.metadata, status: { allowed, ...(reason === '' ? {} : { reason }) } };
}

/** Answers a SelfSubjectRulesReview. Throws Refusal 400. @internal */
export function reviewRules(context: ServerContext, sent: KubeObject, user: RequestUser): KubeObject {
  const namespace = (sent['spec']?.namespace ?? '') as string;
  if (namespace === '') throw new Refusal(badRequestStatus('no namespace on request'));
  const { resourceRules, nonResourceRules, evaluationError } = context.authorizer.rulesFor(user, namespace, context.store);
  return { ...sent, status: { resourceRules, nonResourceRules, incomplete: false, ...(evaluationError === '' ? {} : { evaluationError }) } };
}

/** Answers a SelfSubjectReview. @internal */
export function reviewSelf(sent: KubeObject, user: RequestUser): KubeObject {
  return { ...sent, status: { userInfo: { username: user.name, ...(user.groups.length === 0 ? {} : { groups: user.groups }) } } };
}
