// REST: from method, path, query, headers and body to a verb, and from its answer to a response.
import {
  apiVersionOf, badRequestStatus, builtInScheme, methodNotAllowedStatus, noSuchResourceStatus, resourceName, unsupportedMediaTypeStatus, type ApiCall, type ApiReply, type DeleteOptions, type KindDefinition, type KubeObject,
  type PatchType, type RestRequest, type RestResponse, type Status,
} from '@kubesim/api';
import type { ApiServer } from '../api-server.ts';
import { Refusal, type ServerContext } from '../server.ts';
import { presentTable, wantsTable } from './table.ts';
import { predicate } from '../verbs/read.ts';

/** A path that names a resource. @internal */
export interface Route {
  readonly kind: KindDefinition;
  readonly namespace: string;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

const PATCH_TYPES: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json', 'application/merge-patch+json': 'merge', 'application/strategic-merge-patch+json': 'strategic', 'application/apply-patch+yaml': 'apply',
};

/** Answers a REST request. @internal */
export function handleRest(context: ServerContext, server: ApiServer, request: RestRequest): RestResponse {
  try {
    return route(context, server, request);
  } catch (error) {
    if (error instanceof Refusal) return statusResponse(error.status);
    throw error;
  }
}

function statusResponse(status: Status): RestResponse {
  return json(status.code ?? 500, status);
}

function json(status: number, body: unknown): RestResponse {
  return { status, headers: { 'content-type': 'application/json' }, body };
}

function route(context: ServerContext, server: ApiServer, request: RestRequest): RestResponse {
  const query = new URLSearchParams(request.query ?? '');
  const plain = fixedPath(context, request.path);
  if (plain !== undefined) return plain;
  const target = parsePath(request.path);
  if (target === undefined) return statusResponse(noSuchResourceStatus());
  const { kind, namespace, name, subresource } = target;
  const resource = resourceName(kind);
  const base = { resource, namespace: kind.namespaced ? namespace : undefined, subresource };
  const dryRun = query.getAll('dryRun').includes('All');
  switch (request.method) {
    case 'GET': {
      if (name !== undefined && query.get('watch') === null) return present(context, request, target, query, server.call({ verb: 'get', ...base, name }, { process: 'rest' }), 200);
      const filter = { labelSelector: query.get('labelSelector') ?? undefined, fieldSelector: name === undefined ? query.get('fieldSelector') ?? undefined : `metadata.name=${name}` };
      if (isTrue(query.get('watch'))) return watch(context, request, target, query, filter);
      return present(context, request, target, query, server.call({ verb: 'list', ...base, ...filter }, { process: 'rest' }), 200);
    }
    case 'POST': {
      if (name !== undefined && subresource === undefined) return statusResponse(methodNotAllowedStatus());
      const object = readBody(request);
      return present(context, request, target, query, server.call({ verb: 'create', ...base, name, object, dryRun } as ApiCall, { process: 'rest' }), 201);
    }
    case 'PUT': {
      if (name === undefined) return statusResponse(methodNotAllowedStatus());
      return present(context, request, target, query, server.call({ verb: 'update', ...base, name, object: readBody(request), dryRun }, { process: 'rest' }), 200);
    }
    case 'PATCH': {
      if (name === undefined) return statusResponse(methodNotAllowedStatus());
      const patchType = PATCH_TYPES[(request.headers?.['content-type'] ?? '').split(';')[0]?.trim() ?? ''];
      if (patchType === undefined) return statusResponse(unsupportedMediaTypeStatus(Object.keys(PATCH_TYPES)));
      return present(context, request, target, query, server.call({ verb: 'patch', ...base, name, patchType, patch: readBody(request), dryRun }, { process: 'rest' }), 200);
    }
    case 'DELETE': {
      const options = deleteOptions(request, query);
      if (name === undefined) return present(context, request, target, query, server.call({ verb: 'deletecollection', ...base, options, labelSelector: query.get('labelSelector') ?? undefined, fieldSelector: query.get('fieldSelector') ?? undefined }, { process: 'rest' }), 200);
      const answer = server.call({ verb: 'delete', ...base, name, options }, { process: 'rest' });
      return answer.ok ? json(200, deletionBody(context, target, answer.object)) : statusResponse(answer.status);
    }
    default:
      return statusResponse(methodNotAllowedStatus());
  }
}

function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1';
}

/** A delete answers with the object while it stays, and with a Status once it is gone. */
function deletionBody(context: ServerContext, { kind, namespace, name }: Route, object: KubeObject): unknown {
  const key = kind.namespaced ? `${namespace}/${name ?? ''}` : name ?? '';
  const stays = context.storage.get(resourceName(kind), key)?.metadata.uid === object.metadata.uid;
  if (stays || kind.deleteReturnsObject === true) return withKind(kind, object);
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details: { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.resource, uid: object.metadata.uid } };
}

function withKind(kind: KindDefinition, object: KubeObject): KubeObject {
  return object.kind === undefined ? { kind: kind.kind, apiVersion: apiVersionOf(kind), ...object } : object;
}

function present(context: ServerContext, request: RestRequest, target: Route, query: URLSearchParams, answer: ApiReply, code: number): RestResponse {
  if (!answer.ok) return statusResponse(answer.status);
  const created = request.method === 'POST' && answer.object.kind === 'Status' ? answer.object['code'] as number : code;
  if (wantsTable(request) && answer.object.kind !== 'Status') return json(created, presentTable(context, target, answer.object, query.get('includeObject')));
  return json(created, answer.object);
}

function watch(context: ServerContext, request: RestRequest, target: Route, query: URLSearchParams, filter: { readonly labelSelector?: string; readonly fieldSelector?: string }): RestResponse {
  const resource = resourceName(target.kind);
  const matches = predicate({ kind: target.kind }, filter);
  const version = query.get('resourceVersion') ?? '';
  const from = version === '' || version === '0' ? context.storage.revisionOf(resource) : Number(version);
  const initial = version === '' || version === '0' ? [...context.storage.list(resource, target.namespace === '' ? '' : `${target.namespace}/`)].filter(matches).map((object) => ({ type: 'ADDED' as const, object })) : [];
  const timeoutSeconds = Number(query.get('timeoutSeconds') ?? Number.NaN);
  return {
    status: 200, headers: { 'content-type': 'application/json' },
    watch: {
      resource, namespace: target.namespace === '' ? undefined : target.namespace, ...filter, fromRevision: from, initial, allowBookmarks: isTrue(query.get('allowWatchBookmarks')),
      timeoutSeconds: Number.isNaN(timeoutSeconds) ? undefined : timeoutSeconds, representation: wantsTable(request) ? 'table' : 'object',
    },
  };
}

function readBody(request: RestRequest): KubeObject {
  const { body } = request;
  if (typeof body !== 'string' || body.trim() === '') throw new Refusal(badRequestStatus('the request body must not be empty'));
  try {
    const value: unknown = JSON.parse(body);
    if (value !== null && typeof value === 'object') return value as KubeObject;
  } catch {
    throw new Refusal(badRequestStatus('the object provided is unrecognized (must be of type Object): couldn\'t get version/kind; json parse error'));
  }
  throw new Refusal(badRequestStatus('the request body must be an object'));
}

function deleteOptions(request: RestRequest, query: URLSearchParams): DeleteOptions {
  const fromBody = typeof request.body === 'string' && request.body.trim() !== '' ? readBody(request) as unknown as DeleteOptions : {};
  const grace = query.get('gracePeriodSeconds');
  const policy = query.get('propagationPolicy');
  return { ...(grace === null ? {} : { gracePeriodSeconds: Number(grace) }), ...(policy === null ? {} : { propagationPolicy: policy }), ...(query.has('dryRun') ? { dryRun: query.getAll('dryRun') } : {}), ...fromBody };
}

function fixedPath(context: ServerContext, path: string): RestResponse | undefined {
  if (path === '/version' || path === '/version/') return json(200, { major: '1', minor: context.options.profile.kubernetes.split('.')[1], gitVersion: `v${context.options.profile.kubernetes}.2`, gitCommit: '', gitTreeState: 'clean', buildDate: '1970-01-01T00:00:00Z', goVersion: '', compiler: '', platform: 'linux/amd64' });
  if (path === '/healthz' || path === '/livez' || path === '/readyz') return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, text: 'ok' };
  return undefined;
}

/** What a path names, or undefined. @internal */
export function parsePath(path: string): Route | undefined {
  const parts = path.split('/').filter((part) => part !== '').map(decodeURIComponent);
  const isCore = parts[0] === 'api';
  if (!isCore && parts[0] !== 'apis') return undefined;
  const [group, version] = isCore ? ['', parts[1]] : [parts[1] ?? '', parts[2]];
  let rest = parts.slice(isCore ? 2 : 3);
  if (version === undefined || rest.length === 0) return undefined;
  let namespace = '';
  if (rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'status' && rest[2] !== 'finalize') {
    namespace = rest[1] ?? '';
    rest = rest.slice(2);
  }
  const [plural = '', name, subresource] = rest;
  const kind = builtInScheme.byPath(group, version, plural);
  return kind === undefined ? undefined : { kind, namespace, name, subresource };
}
