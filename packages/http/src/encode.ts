// From what the API server answers to bytes: JSON or protobuf, with an ETag where clients keep a copy, gzip where it is worth it.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { encodeProtobuf, goShaped, type KubeObject, type RestResponse } from '@kubesim/api';
import type { WireAnswer, WireRequest } from './wire.ts';

/** Upstream compresses answers from this size on (apiserver/pkg/endpoints/handlers/responsewriters, 1.37). */
const GZIP_BYTES_MIN = 128 * 1024;
const YEAR_MS = 365 * 86_400_000;

/** Texts of documents that are asked for again and again, by the document. */
const texts = new WeakMap<object, string>();

/** The bytes of an answer. @internal */
export function encodeAnswer(request: WireRequest, result: RestResponse): WireAnswer {
  const headers: Record<string, string | readonly string[]> = { 'cache-control': 'no-cache, private', ...result.headers };
  if (result.warnings !== undefined && result.warnings.length > 0) headers['warning'] = result.warnings;
  if (result.text !== undefined) {
    headers['content-type'] ??= 'text/plain; charset=utf-8';
    return { status: result.status, headers, body: result.text };
  }
  if (result.bytes !== undefined) return { status: result.status, headers, body: result.bytes };
  const path = pathOf(request);
  const isKept = path === '/api' || path === '/apis' || path.startsWith('/openapi/');
  const body = bodyOf(result, headers, isKept);
  if (isKept && result.status === 200) {
    const etag = `"${createHash('sha256').update(body).digest('hex').toUpperCase()}"`;
    headers['etag'] = etag;
    headers['vary'] = 'Accept';
    // kubectl keeps a copy of what says until when it is good.
    if (request.url.includes('?hash=')) Object.assign(headers, { 'cache-control': 'public, immutable', expires: new Date(Date.now() + YEAR_MS).toUTCString() });
    if (request.headers['if-none-match'] === etag) return { status: 304, headers, body: '' };
  }
  return compressed(request, { status: result.status, headers, body });
}

function bodyOf(result: RestResponse, headers: Record<string, string | readonly string[]>, isKept: boolean): string | Uint8Array {
  if (headers['content-type'] === 'application/vnd.kubernetes.protobuf') {
    const bytes = encodeProtobuf(result.body as Readonly<Record<string, unknown>>);
    if (bytes !== undefined) return bytes;
    headers['content-type'] = 'application/json';
  }
  if (!isKept) return `${objectJson(result.body as KubeObject)}\n`;
  const document = result.body as object;
  const text = texts.get(document) ?? `${JSON.stringify(document)}\n`;
  texts.set(document, text);
  return text;
}

/** An object or list as Go writes it: with the nulls and empty structs that say nothing. @internal */
export function objectJson(object: KubeObject): string {
  const { kind, apiVersion, items } = object as { readonly kind?: string; readonly apiVersion?: string; readonly items?: readonly KubeObject[] };
  if (kind?.endsWith('List') !== true || !Array.isArray(items)) return JSON.stringify(goShaped(object));
  // Items do not say what they are: their list does.
  const itemKind = kind.slice(0, -'List'.length);
  const shown = items.map((item) => {
    if (item.kind !== undefined) return goShaped(item);
    const { kind: _kind, apiVersion: _apiVersion, ...rest } = goShaped<KubeObject>({ ...item, kind: itemKind, apiVersion });
    return rest;
  });
  return JSON.stringify({ ...object, items: shown });
}

/** The path of a request without its query. @internal */
export function pathOf(request: Pick<WireRequest, 'url'>): string {
  const mark = request.url.indexOf('?');
  return mark < 0 ? request.url : request.url.slice(0, mark);
}

function compressed(request: WireRequest, answer: WireAnswer): WireAnswer {
  if (answer.body.length < GZIP_BYTES_MIN || !/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return answer;
  return { ...answer, headers: { ...answer.headers, 'content-encoding': 'gzip', vary: 'Accept-Encoding' }, body: gzipSync(answer.body, { level: 1 }) };
}
