// The recorded requests and responses of the API server.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { RestRequest, RestResponse, WatchEvent } from '@kubesim/api';
import { Machine } from '@kubesim/kernel';
import { createApiServer, DEFAULT_ADMISSION_PLUGINS, storeComponent, STORE, WorldStorage, type ApiServer } from '@kubesim/apiserver';
import { deriveIdentity } from '@kubesim/kernel';
import { compareResponses } from '../../vectors/compare.mjs';
import type { CaseResult, ConformOptions, ConformSet, SetReport } from '../conform-set.ts';

interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly accept?: string | null;
  readonly body?: unknown;
  readonly raw?: string;
  readonly contentType?: string | null;
}

interface ApiCase {
  readonly id: string;
  readonly group?: string;
  readonly title?: string;
  readonly requests: readonly RecordedRequest[];
  readonly responses: readonly unknown[];
}

const NOW = 1_764_000_000_000;
const DEFAULT_FOLDER = new URL('../../vectors/api/', import.meta.url).pathname;

/** The recorded cases of a release in a folder. @internal */
export function readCases<T>(folder: string, release: string): readonly T[] {
  const file = readdirSync(folder).find((name) => name === `${release}.jsonl.gz`);
  if (file === undefined) throw new RangeError(`conform: ${folder} holds no ${release}.jsonl.gz`);
  return gunzipSync(readFileSync(join(folder, file))).toString('utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as T);
}

export const apiSet: ConformSet = {
  name: 'api',
  run(options: ConformOptions): SetReport {
    const cases = readCases<ApiCase>(options.folder ?? DEFAULT_FOLDER, options.release ?? '1.37');
    const chosen = cases.filter(({ id, group, title }) => options.only === undefined || `${id} ${group ?? ''} ${title ?? ''}`.includes(options.only));
    return { cases: chosen.map((each, index) => runCase(each, index, options)) };
  },
};

function runCase(vector: ApiCase, index: number, options: ConformOptions): CaseResult {
  const ns = 'ns00042';
  const id = `id${String(10_000 + index)}`;
  const machine = new Machine({ definition: { components: [storeComponent] }, seed: 1, startAt: NOW });
  machine.spawn(STORE, STORE);
  const server = createApiServer({ storage: new WorldStorage(machine), now: () => machine.now, profile: { kubernetes: '1.37', featureGates: {} }, admission: DEFAULT_ADMISSION_PLUGINS, identity: (parts) => deriveIdentity(machine.seed, parts) });
  for (const name of ['default', ns]) server.call({ verb: 'create', resource: 'namespaces', object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } }, { process: 'conform' });
  // Events have a counter of their own: a cluster has seen some before any case begins.
  const seen = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'seen' }, involvedObject: { kind: 'Namespace', name: 'default', namespace: 'default' }, reason: 'Seen', type: 'Normal' };
  server.call({ verb: 'create', resource: 'events', namespace: 'default', object: seen }, { process: 'conform' });
  const responses: unknown[] = [];
  try {
    for (const request of vector.requests) responses.push(runRequest(server, fill(request, { ns, id, responses })));
    const differences = compareResponses(vector, responses, { ns, id }, { managedFields: options.managedFields === true }) as unknown;
    const list = normalize(differences);
    return { id: vector.id, agrees: list.length === 0, differences: list };
  } catch (error) {
    return { id: vector.id, agrees: false, differences: [`threw: ${(error as Error).stack ?? ''}`] };
  }
}

function normalize(differences: unknown): readonly string[] {
  if (Array.isArray(differences)) return differences.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)));
  if (differences === null || differences === undefined || differences === true) return [];
  return [JSON.stringify(differences)];
}

interface Given {
  readonly ns: string;
  readonly id: string;
  readonly responses: readonly unknown[];
}

/** Puts in what the recording left open. */
function fill(request: RecordedRequest, given: Given): RecordedRequest {
  const text = JSON.stringify(request).replace(/\{ns\}/g, given.ns).replace(/\{id\}/g, given.id).replace(/\{(rv|uid|name):(\d+)\}/g, (_, field: string, place: string) => {
    const metadata = (given.responses[Number(place)] as { readonly body?: { readonly metadata?: Readonly<Record<string, string>> } } | undefined)?.body?.metadata;
    return String(metadata?.[{ rv: 'resourceVersion', uid: 'uid', name: 'name' }[field] ?? ''] ?? '');
  });
  return JSON.parse(text) as RecordedRequest;
}

function runRequest(server: ApiServer, request: RecordedRequest): unknown {
  if (request.method === 'WAIT') return { status: 200 };
  const [path = '', query] = request.path.split('?');
  const headers: Record<string, string> = { 'user-agent': 'recorder/1' };
  if (request.accept !== undefined && request.accept !== null) headers['accept'] = request.accept;
  if (request.contentType !== undefined && request.contentType !== null) headers['content-type'] = request.contentType;
  const body = request.raw ?? (request.body === undefined || request.body === null ? undefined : typeof request.body === 'string' ? request.body : JSON.stringify(request.body));
  const rest: RestRequest = { method: request.method, path, query, headers, body };
  const response = server.handle(rest);
  return shape(server, response);
}

function shape(server: ApiServer, response: RestResponse): unknown {
  const warnings = response.warnings === undefined || response.warnings.length === 0 ? {} : { warnings: response.warnings };
  if (response.watch !== undefined) {
    const events: readonly WatchEvent[] = [...response.watch.initial, ...server.watcher(response.watch).events(response.watch.fromRevision)];
    return { status: response.status, events, ...warnings };
  }
  return response.text !== undefined ? { status: response.status, text: response.text, ...warnings } : { status: response.status, body: response.body, ...warnings };
}
