// Tokens of service accounts: requested, reviewed, read back from a request. They are signed by the cluster's seed, so that a
// run is the same each time; they are no secret. Upstream: pkg/registry/core/serviceaccount/storage/token.go, pkg/serviceaccount (1.37).
import { fieldPath, formatTime, invalid, invalidStatus, notFoundStatus, type FieldError, type KubeObject } from '@kubesim/api';
import type { RequestUser } from '../authorization/attributes.ts';
import { Refusal, type Scope, type ServerContext } from '../server.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const DEFAULT_SECONDS = 3600;
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
const MS_PER_SECOND = 1000;

interface Claims {
  readonly sub: string;
  readonly aud: readonly string[];
  /** Unix seconds. */
  readonly exp: number;
}

const encode = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

function decode(text: string): string | undefined {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (character) => character.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

function validate(spec: { readonly expirationSeconds?: number }): readonly FieldError[] {
  const seconds = spec.expirationSeconds ?? DEFAULT_SECONDS;
  const path = fieldPath('spec').child('expirationSeconds');
  if (seconds < MIN_SECONDS) return [invalid(path, seconds, 'may not specify a duration less than 10 minutes')];
  return seconds > MAX_SECONDS ? [invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds')] : [];
}

/** Answers a TokenRequest for a service account. Throws Refusal 404, 422. @internal */
export function requestToken(context: ServerContext, scope: Scope, name: string, sent: KubeObject): KubeObject {
  const account = context.storage.get(scope.resource, context.key(scope, name));
  if (account === undefined) throw new Refusal(notFoundStatus(scope.kind, name));
  const spec = (sent['spec'] ?? {}) as { readonly expirationSeconds?: number; readonly audiences?: readonly string[] };
  const errors = validate(spec);
  if (errors.length > 0) throw new Refusal(invalidStatus({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, name, errors));
  const { expirationSeconds = DEFAULT_SECONDS } = spec;
  const audiences = (spec.audiences ?? []).length === 0 ? [ISSUER] : spec.audiences ?? [];
  const issued = Math.floor(context.now / MS_PER_SECOND);
  const claims = {
    aud: audiences, exp: issued + expirationSeconds, iat: issued, iss: ISSUER,
    'kubernetes.io': { namespace: scope.namespace, serviceaccount: { name, uid: account.metadata.uid } },
    nbf: issued, sub: `system:serviceaccount:${scope.namespace}:${name}`,
  };
  const payload = `${encode('{"alg":"RS256"}')}.${encode(JSON.stringify(claims))}`;
  return {
    apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: { name, namespace: scope.namespace, creationTimestamp: formatTime(context.now) },
    spec: { audiences, expirationSeconds },
    status: { token: `${payload}.${sign(context, payload)}`, expirationTimestamp: formatTime((issued + expirationSeconds) * MS_PER_SECOND) },
  };
}

function sign(context: ServerContext, payload: string): string {
  return encode(context.options.identity(['token', payload]));
}

/** Whom a token stands for; a text says why it stands for nobody. @internal */
export function readToken(context: ServerContext, token: string): { readonly user: RequestUser; readonly audiences: readonly string[] } | string {
  const [header = '', body = '', signature = ''] = token.split('.');
  if (signature === '' || signature !== sign(context, `${header}.${body}`)) return 'invalid bearer token';
  const claims = JSON.parse(decode(body) ?? '{}') as Claims;
  if (claims.exp * MS_PER_SECOND <= context.now) return 'service account token has expired';
  const [, , namespace = '', name = ''] = claims.sub.split(':');
  const account = context.storage.get('serviceaccounts', `${namespace}/${name}`);
  if (account === undefined) return 'service account token has been invalidated';
  return { user: { name: claims.sub, groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'] }, audiences: claims.aud };
}

/** Answers a TokenReview. @internal */
export function reviewToken(context: ServerContext, sent: KubeObject): KubeObject {
  const read = readToken(context, (sent['spec']?.token ?? '') as string);
  if (typeof read === 'string') return { ...sent, status: { user: {}, error: read } };
  const { user, audiences } = read;
  return { ...sent, status: { authenticated: true, user: { username: user.name, groups: user.groups }, audiences } };
}
