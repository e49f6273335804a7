// What a request asks leave for, read from its method and path alone: a path that serves nothing is authorized, too.
// Upstream: apiserver/pkg/endpoints/request/requestinfo.go NewRequestInfo (1.37).
import { parseFieldSelector } from '@kubesim/api';

/** Who asks. @public */
export interface RequestUser {
  readonly name: string;
  readonly groups: readonly string[];
}

/** What an authorizer decides on. @public */
export interface AuthorizationAttributes {
  readonly user: RequestUser;
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; the method in lower case for other paths. */
  readonly verb: string;
  /** False for paths outside `/api/…` and `/apis/…`: then only `path` counts. */
  readonly isResourceRequest: boolean;
  readonly path: string;
  /** Empty for core. */
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  /** Empty at the cluster scope. */
  readonly namespace: string;
  readonly name: string;
}

const VERBS: Readonly<Record<string, string>> = { POST: 'create', GET: 'get', HEAD: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };
const NAMESPACE_SUBRESOURCES: readonly string[] = ['status', 'finalize'];

function isTrue(value: string | null): boolean {
  return value !== null && value !== 'false' && value !== '0';
}

/** The name that a list or watch is narrowed to. */
function nameOfSelector(query: URLSearchParams): string {
  const parsed = parseFieldSelector(query.get('fieldSelector') ?? '');
  return parsed.ok ? parsed.terms.find((term) => term.field === 'metadata.name' && term.operator === '=')?.value ?? '' : '';
}

/** What a request asks leave for. @internal */
export function attributesOf(request: { readonly method: string; readonly path: string; readonly query?: string }, user: RequestUser): AuthorizationAttributes {
  const { method, path } = request;
  const other: AuthorizationAttributes = { user, verb: method.toLowerCase(), isResourceRequest: false, path, group: '', resource: '', subresource: '', namespace: '', name: '' };
  let parts: string[];
  try {
    parts = path.split('/').filter((part) => part !== '').map(decodeURIComponent);
  } catch {
    return other;
  }
  const isCore = parts[0] === 'api';
  if (parts.length < (isCore ? 3 : 4) || (!isCore && parts[0] !== 'apis')) return other;
  const group = isCore ? '' : parts[1] as string;
  parts = parts.slice(isCore ? 2 : 3);
  let verb = VERBS[method] ?? '';
  const special = parts[0] === 'watch' || parts[0] === 'proxy' ? parts[0] : undefined;
  if (special !== undefined) {
    verb = special;
    parts = parts.slice(1);
  }
  let namespace = '';
  if (parts[0] === 'namespaces' && parts.length > 1) {
    namespace = parts[1] as string;
    if (parts.length > 2 && !NAMESPACE_SUBRESOURCES.includes(parts[2] as string)) parts = parts.slice(2);
  }
  const [resource = '', named = '', subresource = ''] = parts;
  let name = named;
  if (name === '' && verb === 'get') {
    const query = new URLSearchParams(request.query ?? '');
    verb = isTrue(query.get('watch')) ? 'watch' : 'list';
    name = nameOfSelector(query);
  } else if (name === '' && verb === 'delete') {
    verb = 'deletecollection';
  }
  return { user, verb, isResourceRequest: true, path, group, resource, subresource: special === undefined ? subresource : '', namespace, name };
}
