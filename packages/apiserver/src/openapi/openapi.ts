// OpenAPI: the index and documents of v3, and the least of v2 that kubectl asks for.
import { apiVersionOf, sha256, type KindDefinition, type RestRequest, type RestResponse } from '@kubesim/api';
import { servedGroups } from '../discovery/discovery.ts';
import { gitVersion } from '../rest/version.ts';
import type { ServerContext } from '../server.ts';
import { openApiDocument } from './document.ts';

const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** Documents of built-in groups by release and group: they never change. */
const builtIn = new Map<string, object>();

/** Answers an OpenAPI path, or undefined for any other. @internal */
export function openApi(context: ServerContext, request: RestRequest): RestResponse | undefined {
  if (request.method !== 'GET' || !request.path.startsWith('/openapi/')) return undefined;
  const path = request.path.replace(/\/$/, '');
  const version = gitVersion(context.options.profile);
  if (path === '/openapi/v2') return specV2(request, version);
  const groups = groupVersions(context);
  if (path === '/openapi/v3') return json({ paths: Object.fromEntries([...groups].map(([name, kinds]) => [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${hashOf(version, name, kinds)}` }])) });
  const name = path.slice('/openapi/v3/'.length);
  const kinds = path.startsWith('/openapi/v3/') ? groups.get(name) : undefined;
  return kinds === undefined ? undefined : json(documentOf(version, name, kinds));
}

function json(body: object): RestResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}

/** Kinds by `api/v1`, `apis/apps/v1`. */
function groupVersions(context: ServerContext): ReadonlyMap<string, readonly KindDefinition[]> {
  const groups = new Map<string, readonly KindDefinition[]>();
  for (const { name, versions } of servedGroups(context)) {
    for (const { version, kinds } of versions) groups.set(name === '' ? `api/${version}` : `apis/${name}/${version}`, kinds);
  }
  return groups;
}

function isCustom(kinds: readonly KindDefinition[]): boolean {
  return kinds.some(({ schema }) => schema !== undefined);
}

/** Says when a document changed. */
function hashOf(version: string, name: string, kinds: readonly KindDefinition[]): string {
  const content = isCustom(kinds) ? JSON.stringify(kinds.map((kind) => [apiVersionOf(kind), kind.kind, kind.schema ?? null])) : '';
  return [...sha256(`${version} ${name} ${content}`)].map((byte) => byte.toString(16).padStart(2, '0')).join('').toUpperCase();
}

function documentOf(version: string, name: string, kinds: readonly KindDefinition[]): object {
  if (isCustom(kinds)) return openApiDocument(version, kinds);
  const key = `${version} ${name}`;
  const known = builtIn.get(key) ?? openApiDocument(version, kinds);
  builtIn.set(key, known);
  return known;
}

/** Kinds that the document does not name are checked by the server alone, so a document that names none will do. */
function specV2(request: RestRequest, version: string): RestResponse {
  if ((request.headers?.['accept'] ?? '').includes('proto-openapi')) {
    const info = [...field(1, 'Kubernetes'), ...field(2, version)];
    return { status: 200, headers: { 'content-type': V2_PROTOBUF }, bytes: new Uint8Array([...field(1, '2.0'), 0x12, info.length, ...info]) };
  }
  return json({ swagger: '2.0', info: { title: 'Kubernetes', version }, paths: {}, definitions: {} });
}

function field(number: number, text: string): readonly number[] {
  const bytes = [...new TextEncoder().encode(text)];
  return [(number << 3) | 2, bytes.length, ...bytes];
}
