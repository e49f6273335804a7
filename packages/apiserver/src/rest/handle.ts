// REST: from method, path, query, headers and body to a verb, and from its answer to a response.
import {
  apiVersionOf, badRequestStatus, conform, decodeProtobuf, methodNotAllowedStatus, noSuchResourceStatus, notAcceptableStatus, parseJson, parseYaml, quote, resourceName, structOfDefinition, type ConnectRequest, type DeleteOptions, type KindDefinition, type KubeObject, type PatchType, type RestRequest, type RestResponse, type Status, type WatchRequest,
} from '@kubesim/api';
import { attributesOf, type RequestUser } from '../authorization/attributes.ts';
import { ALWAYS_ALLOW, forbiddenBy } from '../authorization/authorizer.ts';
import { requestUser } from '../authorization/impersonation.ts';
import { discover } from '../discovery/discovery.ts';
import { withEntries } from '../managed-fields/track.ts';
import { openApi } from '../openapi/openapi.ts';
import { isReview, review } from '../reviews/review.ts';
import { requestToken } from '../reviews/service-account-token.ts';
import { Refusal, type Scope, type ServerContext, type WriteRequest } from '../server.ts';
import { create } from '../verbs/create.ts';
import { remove } from '../verbs/delete.ts';
import { deleteCollection } from '../verbs/delete-collection.ts';
import { list } from '../verbs/list.ts';
import { apply } from '../verbs/apply.ts';
import { applyPatch, decodePatched, patch, update } from '../verbs/update.ts';
import { bind, evict, getScale, patchScale, scaleKind, setScale } from '../verbs/subresources.ts';
import { watch } from '../verbs/watch.ts';
import { bodyText, decodeBody } from './body.ts';
import { bodyForm, mediaType, prefersProtobuf, PROTOBUF, representationOf, unsupportedBody, type Representation } from './negotiate.ts';
import { deleteOptions, validateListOptions, writeOptions, type WriteOptions } from './options.ts';
import { plainStatus } from './plain-status.ts';
import { connect, CONNECTIONS, podLog } from './pod-connections.ts';
import { represent } from './represent.ts';
import { parsePath, type Route } from './route.ts';
import { gitVersion } from './version.ts';

const PATCH_TYPES: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json', 'application/merge-patch+json': 'merge', 'application/strategic-merge-patch+json': 'strategic', 'application/apply-patch+yaml': 'apply',
};

const COLLECTION_VERBS: Readonly<Record<string, string>> = { GET: 'list', POST: 'create', DELETE: 'deletecollection' };
const OBJECT_VERBS: Readonly<Record<string, string>> = { GET: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** Answers a REST request. @internal */
export function handleRest(context: ServerContext, request: RestRequest): RestResponse {
  try {
    const user = requestUser(context, request);
    authorize(context, request, user);
    return encoded(request, fixedPath(context, request.path) ?? discover(context, request) ?? openApi(context, request) ?? answer(context, request, user));
  } catch (error) {
    if (error instanceof Refusal) return encoded(request, statusResponse(error.status));
    throw error;
  }
}

/** The answer as the client prefers to read it: what has a protobuf form may go as that. The body stays JSON here; its holder writes it. */
function encoded(request: RestRequest, response: RestResponse): RestResponse {
  const { kind, apiVersion } = (response.body ?? {}) as { readonly kind?: unknown; readonly apiVersion?: unknown };
  if (typeof kind !== 'string' || typeof apiVersion !== 'string' || !prefersProtobuf(request, apiVersion, kind)) return response;
  return { ...response, headers: { ...response.headers, 'content-type': PROTOBUF } };
}

/** A request whose protobuf body is put into JSON. Throws Refusal 400. */
function withJsonBody(request: RestRequest): RestRequest {
  const { body } = request;
  if (typeof body !== 'object' || body.length === 0 || mediaType(request) !== PROTOBUF || request.method === 'PATCH') return request;
  const object = decodeProtobuf(body);
  if (object === undefined) throw new Refusal(badRequestStatus('the object provided is unrecognized (must be of a known type): the protobuf body cannot be decoded'));
  return { ...request, headers: { ...request.headers, 'content-type': 'application/json' }, body: JSON.stringify(object) };
}

/** Throws Refusal 403. */
function authorize(context: ServerContext, request: RestRequest, user: RequestUser): void {
  if (context.authorizer === ALWAYS_ALLOW) return;
  const attributes = attributesOf(request, user);
  const { allowed, reason } = context.authorizer.authorize(attributes, context.store);
  if (!allowed) throw new Refusal(forbiddenBy(attributes, reason));
}

function statusResponse(status: Status): RestResponse {
  return json(status.code ?? 500, status, []);
}

function json(status: number, body: unknown, warnings: readonly string[]): RestResponse {
  const shown = warnings.map((text) => `299 - "${text.replace(/[\\"]/g, '\\$&')}"`);
  return { status, headers: { 'content-type': 'application/json' }, body, ...(shown.length === 0 ? {} : { warnings: shown }) };
}

/** One request on its way: what is known of it before its verb runs. */
interface Incoming {
  readonly context: ServerContext;
  readonly request: RestRequest;
  /** Who it is from, after impersonation. */
  readonly user: RequestUser;
  readonly query: URLSearchParams;
  readonly route: Route;
  readonly scope: Scope;
  readonly representation: Representation;
  readonly warnings: string[];
}

function answer(context: ServerContext, received: RestRequest, user: RequestUser): RestResponse {
  const request = withJsonBody(received);
  const query = new URLSearchParams(request.query ?? '');
  const route = parsePath(context, request.path);
  if (route === undefined) return /^\/apis?(\/|$)/.test(request.path) ? statusResponse(noSuchResourceStatus()) : { status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' }, text: '404 page not found\n' };
  const unsupported = unsupportedMethod(request, route);
  if (unsupported !== undefined) return statusResponse(unsupported);
  const representation = representationOf(request, route.kind.schema !== undefined);
  if (typeof representation === 'object') return statusResponse(representation.status);
  // Reviews are questions: they have no table.
  if (representation === 'table' && isReview(route.kind)) return statusResponse(notAcceptableStatus(['application/json', 'application/yaml', PROTOBUF]));
  const stored = storedKind(context, route.kind);
  const scope: Scope = { kind: stored, resource: resourceName(stored), namespace: stored.namespaced ? route.namespace : '' };
  const incoming: Incoming = { context, request, user, query, route, scope, representation, warnings: deprecations(route.kind) };
  try {
    return carryOut(incoming);
  } catch (error) {
    // What a request was warned of is said also where it is refused.
    if (error instanceof Refusal) return json(error.status.code ?? 500, error.status, incoming.warnings);
    throw error;
  }
}

/** What every answer about a deprecated kind warns of. Upstream: k8s.io/apiserver/pkg/endpoints/deprecation (1.37). */
function deprecations({ group, kind }: KindDefinition): string[] {
  return group === '' && kind === 'Endpoints' ? ['v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'] : [];
}

function carryOut(incoming: Incoming): RestResponse {
  switch (incoming.request.method) {
    case 'GET': return get(incoming);
    case 'POST': return post(incoming);
    case 'PUT': return put(incoming);
    case 'PATCH': return patchRequest(incoming);
    default: return deletion(incoming);
  }
}

/** The kind under which objects of a kind are stored: itself, but for other versions of one. */
function storedKind(context: ServerContext, kind: KindDefinition): KindDefinition {
  return kind.storedAs === undefined ? kind : context.kind(kind.storedAs.resource);
}

/** An object or list as this version shows it. */
function shownAs(kind: KindDefinition, object: KubeObject): KubeObject {
  const { storedAs } = kind;
  if (storedAs === undefined || object.kind === 'Status') return object;
  if (!Array.isArray(object['items'])) return storedAs.fromStored(object);
  return { ...object, kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), items: (object['items'] as readonly KubeObject[]).map((item) => storedAs.fromStored(item)) };
}

/** What the routes of a path do not take: the method, or the type of a patch. */
function unsupportedMethod(request: RestRequest, { kind, name, subresource }: Route): Status | undefined {
  const notAllowed = methodNotAllowedStatus();
  if (kind.verbs !== undefined && !kind.verbs.includes(name === undefined ? COLLECTION_VERBS[request.method] ?? '' : OBJECT_VERBS[request.method] ?? '')) return notAllowed;
  switch (request.method) {
    case 'GET': case 'DELETE': return undefined;
    case 'POST': return name !== undefined && subresource === undefined ? notAllowed : undefined;
    case 'PUT': return name === undefined ? notAllowed : undefined;
    case 'PATCH': {
      if (name === undefined) return notAllowed;
      const type = mediaType(request);
      if (!Object.hasOwn(PATCH_TYPES, type)) return plainStatus(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
      if (type === 'application/strategic-merge-patch+json' && kind.schema !== undefined) return unsupportedBody('application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml');
      return undefined;
    }
    default: return notAllowed;
  }
}

function isTrue(value: string | null): boolean {
  return value !== null && value !== '' && value !== 'false' && value !== '0';
}

function present({ context, route, scope, representation, query, warnings }: Incoming, status: number, object: KubeObject, kind: KindDefinition = route.kind): RestResponse {
  return json(status, represent(context, kind, representation, query.get('includeObject'), shownAs(kind, withEntries(scope.kind, object))), warnings);
}

function get(incoming: Incoming): RestResponse {
  const { context, query, route, scope } = incoming;
  const { name, subresource } = route;
  if (name !== undefined && subresource === 'scale') return present(incoming, 200, getScale(context, scope, name));
  if (name !== undefined && subresource === 'log') return podLog(context, scope, name, query);
  if (name !== undefined && isConnection(subresource)) return connect(context, scope, name, subresource, query, incoming.request);
  if (name !== undefined && !route.isWatch) return present(incoming, 200, context.stored(scope, name));
  const filter = { labelSelector: query.get('labelSelector') ?? undefined, fieldSelector: name === undefined ? query.get('fieldSelector') ?? undefined : `metadata.name=${name}` };
  const isWatch = route.isWatch || isTrue(query.get('watch'));
  validateListOptions(query, isWatch);
  if (isWatch) return watch(context, { ...scope, shown: route.kind }, filter, query, { representation: incoming.representation, encoding: watchEncoding(incoming) });
  return present(incoming, 200, list(context, scope, {
    ...filter, limit: Number(query.get('limit') ?? '0'), continue: query.get('continue') ?? undefined, resourceVersion: query.get('resourceVersion') ?? undefined, resourceVersionMatch: query.get('resourceVersionMatch') ?? undefined,
  }));
}

function watchEncoding({ request, route, representation }: Incoming): WatchRequest['encoding'] {
  const [apiVersion, kind] = representation === 'metadata' ? ['meta.k8s.io/v1', 'PartialObjectMetadata'] : [apiVersionOf(route.kind), route.kind.kind];
  return representation !== 'table' && prefersProtobuf(request, apiVersion, kind) ? 'protobuf' : 'json';
}

function isConnection(subresource: string | undefined): subresource is ConnectRequest['subresource'] {
  return subresource !== undefined && CONNECTIONS.includes(subresource);
}

function writeRequest({ request, user, warnings }: Incoming, options: WriteOptions): WriteRequest {
  return { dryRun: options.dryRun, dryRunLabel: request.query, fieldManager: options.fieldManager, user, warnings };
}

function read(incoming: Incoming, kind: KindDefinition, options: WriteOptions): KubeObject {
  const form = bodyForm(incoming.request);
  if (typeof form === 'object') throw new Refusal(form.status);
  const object = decodeBody(kind, bodyText(incoming.request), form, options.fieldValidation, incoming.warnings);
  return toStored(incoming.context, kind, object);
}

/** An object of this version as it is stored. */
function toStored(context: ServerContext, kind: KindDefinition, object: KubeObject): KubeObject {
  if (kind.storedAs === undefined) return object;
  return kind.storedAs.toStored(kind.default === undefined ? object : kind.default(object, context.kindContext));
}

function refuseForm(request: RestRequest): void {
  const form = bodyForm(request);
  if (typeof form === 'object') throw new Refusal(form.status);
}

function post(incoming: Incoming): RestResponse {
  const { context, request, query, route, scope } = incoming;
  const { name, subresource } = route;
  if (name !== undefined && isConnection(subresource)) return connect(context, scope, name, subresource, query, request);
  refuseForm(request);
  const options = writeOptions('CreateOptions', query, request.headers?.['user-agent'] ?? '');
  if (name !== undefined && subresource === 'binding') return json(201, bind(context, scope, name, parsedBody(request), options.dryRun), incoming.warnings);
  if (name !== undefined && subresource === 'eviction') return json(201, evict(context, scope, name, parsedBody(request), options.dryRun), incoming.warnings);
  if (name !== undefined && subresource === 'token') return json(201, requestToken(context, scope, name, parsedBody(request)), incoming.warnings);
  if (subresource !== undefined) throw new Refusal(methodNotAllowedStatus());
  const object = read(incoming, route.kind, options);
  if (isReview(route.kind)) return json(201, { ...review(context, scope, object, incoming.user), apiVersion: apiVersionOf(route.kind), kind: route.kind.kind }, incoming.warnings);
  return present(incoming, 201, create(context, scope, object, writeRequest(incoming, options)));
}

function parsedBody(request: RestRequest): KubeObject {
  const text = bodyText(request);
  const parsed = bodyForm(request) === 'yaml' ? parseYaml(text) : parseJson(text);
  if (!parsed.ok) throw new Refusal(badRequestStatus(parsed.error));
  const value = parsed.value as KubeObject | null;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Refusal(badRequestStatus('the request body must be an object'));
  return value.metadata === undefined ? { ...value, metadata: {} } : value;
}

function put(incoming: Incoming): RestResponse {
  const { context, request, query, route, scope } = incoming;
  const { name = '', subresource } = route;
  refuseForm(request);
  const options = writeOptions('UpdateOptions', query, request.headers?.['user-agent'] ?? '');
  if (subresource === 'scale') return present(incoming, 200, setScale(context, scope, name, read(incoming, scaleKind, options), writeRequest(incoming, options)));
  const object = read(incoming, route.kind, options);
  if (route.kind.createsOnUpdate === true && subresource === undefined && context.storage.get(scope.resource, context.key(scope, name)) === undefined) {
    return present(incoming, 201, create(context, scope, { ...object, metadata: { ...object.metadata, name: object.metadata.name ?? name } }, writeRequest(incoming, options)));
  }
  let status = 200;
  const updated = update(context, scope, name, object, { ...writeRequest(incoming, options), subresource, onCreated: () => { status = 201; } });
  return present(incoming, status, updated);
}

function patchRequest(incoming: Incoming): RestResponse {
  const { context, request, query, route, scope } = incoming;
  const { name = '', subresource } = route;
  const type = PATCH_TYPES[mediaType(request)] as PatchType;
  const options = writeOptions('PatchOptions', query, request.headers?.['user-agent'] ?? '', type === 'apply');
  const text = bodyText(request);
  const parsed = type === 'apply' ? parseYaml(text) : parseJson(text);
  if (!parsed.ok) throw new Refusal(badRequestStatus(type === 'apply' ? `error decoding YAML: ${parsed.error}` : parsed.error));
  const write = { ...writeRequest(incoming, options), subresource, fieldValidation: options.fieldValidation, duplicates: parsed.duplicates, force: options.force };
  if (subresource === 'scale') return present(incoming, 200, patchScale(context, scope, name, type, parsed.value, write));
  if (type === 'apply') {
    const applied = apply(context, scope, name, parsed.value, write);
    return present(incoming, applied.isCreated ? 201 : 200, applied.object);
  }
  if (route.kind.storedAs === undefined) return present(incoming, 200, patch(context, scope, name, type, parsed.value, write));
  const patched = decodePatched(route.kind, applyPatch({ kind: route.kind }, shownAs(route.kind, withEntries(scope.kind, context.stored(scope, name))), type, parsed.value), write);
  return present(incoming, 200, update(context, scope, name, toStored(context, route.kind, patched), { ...write, isPatch: true }));
}

function deletion(incoming: Incoming): RestResponse {
  const { context, request, user, query, route, scope } = incoming;
  const { name } = route;
  const text = bodyText(request).trim();
  const body = text === '' ? undefined : readDeleteOptions(request);
  const options = deleteOptions(body, query);
  const write = { user, warnings: incoming.warnings };
  if (name === undefined) {
    const filter = { labelSelector: query.get('labelSelector') ?? undefined, fieldSelector: query.get('fieldSelector') ?? undefined };
    return present(incoming, 200, deleteCollection(context, scope, { ...filter, limit: Number(query.get('limit') ?? '0') }, options, write));
  }
  const { object, isGone } = remove(context, scope, name, options, write);
  if (!isGone || route.kind.deleteReturnsObject === true) return present(incoming, 200, object);
  const { group, resource } = route.kind;
  return json(200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details: { name, ...(group === '' ? {} : { group }), kind: resource, uid: object.metadata.uid } }, incoming.warnings);
}

function readDeleteOptions(request: RestRequest): DeleteOptions {
  const struct = structOfDefinition('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions');
  const { metadata: _metadata, ...sent } = parsedBody(request);
  const { kind, apiVersion } = sent as Readonly<Record<string, unknown>>;
  if (typeof kind === 'string' && kind !== '' && kind !== 'DeleteOptions') {
    const version = typeof apiVersion === 'string' && apiVersion !== '' ? apiVersion : 'meta.k8s.io/v1';
    throw new Refusal(plainStatus(500, undefined, `no kind ${quote(kind)} is registered for version ${quote(version)} in scheme "pkg/runtime/scheme.go:111"`));
  }
  if (struct === undefined) return sent as DeleteOptions;
  const { value, findings } = conform(struct, sent);
  if (findings.error !== undefined) throw new Refusal(badRequestStatus(`DeleteOptions in version "v1" cannot be handled as a DeleteOptions: ${findings.error}`));
  return value as DeleteOptions;
}

function fixedPath(context: ServerContext, path: string): RestResponse | undefined {
  const plain = (text: string): RestResponse => ({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, text });
  switch (path.replace(/\/$/, '')) {
    case '/version': {
      const minor = context.options.profile.kubernetes.split('.')[1] ?? '';
      return json(200, { major: '1', minor, emulationMajor: '1', emulationMinor: minor, minCompatibilityMajor: '1', minCompatibilityMinor: String(Number(minor) - 1), gitVersion: gitVersion(context.options.profile), gitCommit: '0'.repeat(40), gitTreeState: 'clean', buildDate: '1970-01-01T00:00:00Z', goVersion: 'go1.26.8', compiler: 'gc', platform: 'linux/amd64' }, []);
    }
    case '/healthz': case '/livez': case '/readyz': return plain('ok');
    default: return undefined;
  }
}
