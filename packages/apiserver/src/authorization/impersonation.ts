// `kubectl --as`: a request in the name of another. Upstream: apiserver/pkg/endpoints/filters/impersonation (1.37).
import { internalErrorStatus, type RestRequest } from '@kubesim/api';
import { ADMINISTRATOR, Refusal, type ServerContext } from '../server.ts';
import type { RequestUser } from './attributes.ts';
import { forbiddenBy } from './authorizer.ts';

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

function mayImpersonate(context: ServerContext, user: RequestUser, resource: string, name: string, namespace: string): void {
  const attributes = { user, verb: 'impersonate', isResourceRequest: true, path: '', group: '', resource, subresource: '', namespace, name };
  const { allowed, reason } = context.authorizer.authorize(attributes, context.store);
  if (!allowed) throw new Refusal(forbiddenBy(attributes, reason));
}

/** Who a request is from, those it impersonates taken into account. Throws Refusal 403, 500. @internal */
export function requestUser(context: ServerContext, request: RestRequest): RequestUser {
  const user = request.user ?? ADMINISTRATOR;
  const name = request.headers?.['impersonate-user'] ?? '';
  const groups = (request.headers?.['impersonate-group'] ?? '').split(',').map((group) => group.trim()).filter((group) => group !== '');
  if (name === '') {
    if (groups.length > 0) throw new Refusal(internalErrorStatus(`requested ${JSON.stringify(groups.map((group) => ({ kind: 'Group', name: group })))} without impersonating a user`));
    return user;
  }
  const account = SERVICE_ACCOUNT.exec(name);
  if (account === null) mayImpersonate(context, user, 'users', name, '');
  else mayImpersonate(context, user, 'serviceaccounts', account[2] as string, account[1] as string);
  for (const group of groups) mayImpersonate(context, user, 'groups', group, '');
  const own = account === null || groups.length > 0 ? groups : ['system:serviceaccounts', `system:serviceaccounts:${account[1] as string}`];
  return { name, groups: name === 'system:anonymous' || own.includes('system:authenticated') ? own : [...own, 'system:authenticated'] };
}
