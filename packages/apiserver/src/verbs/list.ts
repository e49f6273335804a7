// GET of a collection: selectors, pages, and what resourceVersion asks for.
import { apiVersionOf, badRequestStatus, expiredStatus, type KubeObject, type Status } from '@kubesim/api';
import { plainStatus } from '../rest/plain-status.ts';
import { Refusal, type Scope, type ServerContext } from '../server.ts';
import { predicate, type Filter } from './read.ts';

/** What a list asks for. @internal */
export interface ListRequest extends Filter {
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
}

/** Parses a resourceVersion; `undefined` where it is empty. Throws Refusal made of the message. @internal */
export function parseVersion(text: string | undefined, refuse: (message: string) => Refusal): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw refuse(`resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`);
}

/** The list of a resource, of one namespace or of all. Throws Refusal. @internal */
export function list(context: ServerContext, scope: Scope, request: ListRequest): KubeObject {
  const { storage } = context;
  const matches = predicate(scope, request);
  const version = parseVersion(request.resourceVersion, (message) => new Refusal(badRequestStatus(`invalid resource version: ${message}`)));
  const current = storage.revisionOf(scope.resource);
  const token = request.continue === undefined || request.continue === '' ? undefined : readToken(request.continue);
  if (token !== undefined && version !== undefined) throw new Refusal(badRequestStatus('specifying resource version is not allowed when using continue'));
  if (version !== undefined && version > current) throw new Refusal(tooLarge(version, current));
  const limit = request.limit !== undefined && request.limit > 0 && version !== 0 ? request.limit : 0;
  const isExact = version !== undefined && version > 0 && (request.resourceVersionMatch === 'Exact' || (limit > 0 && request.resourceVersionMatch !== 'NotOlderThan'));
  const at = token?.revision ?? (isExact ? version : current);
  if (at < storage.compactedRevision) throw new Refusal(expiredStatus(token === undefined ? 'The resourceVersion for the provided list is too old.' : 'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'));
  const source = at === current ? storage : storage.at(at);
  const prefix = scope.namespace === '' ? '' : `${scope.namespace}/`;
  const items: KubeObject[] = [];
  let next: string | undefined;
  let remaining = 0;
  for (const object of source.list(scope.resource, prefix, token?.start)) {
    if (!matches(object)) continue;
    if (limit > 0 && items.length === limit) {
      next ??= context.key({ ...scope, namespace: scope.kind.namespaced ? object.metadata.namespace ?? '' : '' }, object.metadata.name ?? '');
      remaining++;
    } else items.push(object);
  }
  const hasSelector = (request.labelSelector ?? '') !== '' || (request.fieldSelector ?? '') !== '';
  return {
    kind: `${scope.kind.kind}List`, apiVersion: apiVersionOf(scope.kind),
    metadata: {
      resourceVersion: String(at),
      ...(next === undefined ? {} : { continue: writeToken(at, next), ...(hasSelector ? {} : { remainingItemCount: remaining }) }),
    },
    items,
  };
}

function tooLarge(version: number, current: number): Status {
  return plainStatus(504, 'Timeout', `Timeout: Too large resource version: ${version}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1,
  });
}

function writeToken(revision: number, start: string): string {
  const bytes = new TextEncoder().encode(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start }));
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function readToken(token: string): { readonly revision: number; readonly start: string } {
  const refuse = (why: string): Refusal => new Refusal(badRequestStatus(`invalid continue token: continue key is not valid: ${why}`));
  if (!/^[A-Za-z0-9_-]*$/.test(token) || token.length % 4 === 1) throw refuse('illegal base64 data at input byte 0');
  const bytes = Uint8Array.from(atob(token.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
  let parsed: { readonly rv?: unknown; readonly start?: unknown };
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as typeof parsed;
  } catch {
    throw refuse(`invalid character ${shownByte(bytes[0] ?? 0)} looking for beginning of value`);
  }
  if (typeof parsed.rv !== 'number' || typeof parsed.start !== 'string') throw refuse('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  return { revision: parsed.rv, start: parsed.start };
}

/** A byte as Go quotes it in a syntax error. */
function shownByte(byte: number): string {
  if (byte >= 0x20 && byte < 0x7f) return `'${String.fromCharCode(byte)}'`;
  return byte < 0x80 ? `'\\x${byte.toString(16).padStart(2, '0')}'` : `'\\u${byte.toString(16).padStart(4, '0')}'`;
}
