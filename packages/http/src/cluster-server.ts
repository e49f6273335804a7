// A server for real clients over a cluster: requests as they come, watches as streams, virtual time at a pace that people can watch.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RestRequest, RestResponse, WatchRequest } from '@kubesim/api';
import { watchEvents } from '@kubesim/apiserver';
import type { Cluster } from 'kubesim';
import { openApiV2 } from './openapi.ts';
import { decodeProtobufBody, isProtobuf } from './protobuf.ts';

/** How a server stands. @public */
export interface ServeOptions {
  /** 0 for any free one. */
  readonly port?: number;
  /** Loopback only unless told otherwise. */
  readonly host?: string;
  /** Virtual seconds a second; `step`: time stands still but for what requests themselves need. */
  readonly speed?: number | 'max' | 'step';
  /** Clients must send it as a bearer token. */
  readonly token?: string;
  /** Largest body of a request, in bytes. */
  readonly bodyBytesMax?: number;
  /** Watches that may be open at once. */
  readonly watchesMax?: number;
}

/** A server that runs. @public */
export interface ClusterServer {
  readonly url: string;
  /** Ends all streams and closes the server. */
  close(): Promise<void>;
}

const TICK_MS = 50;
const BODY_BYTES_MAX = 3 * 1024 * 1024;
const WATCHES_MAX = 1_000;
/** At `max` each tick of the host moves virtual time by at most this much, so that watchers see every stage. */
const MAX_TICK_VIRTUAL_MS = 10_000;
const MAX_STEPS_A_TICK = 20_000;

interface OpenWatch {
  readonly response: ServerResponse;
  readonly watch: WatchRequest;
  from: number;
}

/** Serves a cluster over HTTP until it is closed. @public */
export async function serveCluster(cluster: Cluster, options: ServeOptions = {}): Promise<ClusterServer> {
  const open = new Set<OpenWatch>();
  const server = createServer((request, response) => { void answer(cluster, options, open, request, response); });
  server.on('upgrade', (request, socket) => {
    // Neither WebSocket nor SPDY streams are served here; the Status says so, since clients print it.
    const body = JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: 400, reason: 'BadRequest', message: `unable to upgrade connection: ${request.headers.upgrade ?? ''} is not served` });
    socket.end(`HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`);
  });
  server.keepAliveTimeout = 120_000;
  server.headersTimeout = 125_000;
  await listen(server, options);
  const timer = setInterval(() => {
    advance(cluster, options.speed ?? 1);
    pump(cluster, open);
  }, TICK_MS);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host ?? '127.0.0.1'}:${port}`,
    close: async () => {
      clearInterval(timer);
      for (const { response } of open) response.end();
      server.closeAllConnections();
      await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
    },
  };
}

function listen(server: Server, options: ServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', () => { resolve(); });
  });
}

function advance(cluster: Cluster, speed: number | 'max' | 'step'): void {
  if (speed === 'step') return;
  const until = cluster.now + (speed === 'max' ? MAX_TICK_VIRTUAL_MS : Math.max(1, Math.round(TICK_MS * speed)));
  const bound = cluster.steps + MAX_STEPS_A_TICK;
  cluster.kernel.run({ until, stop: () => cluster.steps >= bound, settle: speed === 'max' });
}

/** Sends each open watch what is new for it. */
function pump(cluster: Cluster, open: Set<OpenWatch>): void {
  const storage = cluster.controlPlane.storage(cluster.kernel);
  for (const stream of open) {
    const { watch } = stream;
    const now = storage.revisionOf(watch.resource);
    if (now === stream.from) continue;
    for (const event of watchEvents(storage, { ...watch, initial: [], fromRevision: stream.from }, cluster.now)) stream.response.write(`${JSON.stringify(event)}\n`);
    stream.from = now;
  }
}

async function answer(cluster: Cluster, options: ServeOptions, open: Set<OpenWatch>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    if (options.token !== undefined && request.headers.authorization !== `Bearer ${options.token}`) return sendStatus(response, 401, 'Unauthorized', 'Unauthorized');
    const body = await readBody(request, options.bodyBytesMax ?? BODY_BYTES_MAX);
    if (body === undefined) return sendStatus(response, 413, 'RequestEntityTooLarge', `Request entity too large: limit is ${options.bodyBytesMax ?? BODY_BYTES_MAX}`);
    const [path = '/', query] = splitUrl(request.url ?? '/');
    if (path === '/openapi/v2') return sendBytes(response, openApiV2(cluster.handle({ method: 'GET', path: '/version' }).body as { readonly gitVersion: string }));
    const result = cluster.handle(toRest(request, path, query, body));
    if (result.watch !== undefined) startWatch(cluster, options, open, request, response, result);
    else send(response, result);
  } catch (error) {
    if (response.headersSent) response.end();
    else sendStatus(response, error instanceof BodyError ? 400 : 500, error instanceof BodyError ? 'BadRequest' : 'InternalError', error instanceof BodyError ? error.message : 'Internal error occurred');
  }
}

class BodyError extends Error {}

function splitUrl(url: string): readonly [string, string | undefined] {
  const mark = url.indexOf('?');
  return mark < 0 ? [url, undefined] : [url.slice(0, mark), url.slice(mark + 1)];
}

function toRest(request: IncomingMessage, path: string, query: string | undefined, body: Buffer): RestRequest {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  if (body.length === 0) return { method: request.method ?? 'GET', path, query, headers };
  if (!isProtobuf(body)) return { method: request.method ?? 'GET', path, query, headers: headers['content-type'] === undefined ? { ...headers, 'content-type': 'application/json' } : headers, body: body.toString('utf8') };
  const decoded = decodeProtobufBody(body);
  if (decoded === undefined) throw new BodyError('the protobuf body cannot be decoded');
  return { method: request.method ?? 'GET', path, query, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(decoded) };
}

async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, result: RestResponse): void {
  const warnings = result.warnings ?? [];
  if (warnings.length > 0) response.setHeader('warning', [...warnings]);
  const { headers } = result;
  if (result.text !== undefined) {
    response.writeHead(result.status, { 'content-type': 'text/plain; charset=utf-8', ...headers });
    response.end(result.text);
    return;
  }
  response.writeHead(result.status, { 'content-type': 'application/json', ...headers });
  response.end(`${JSON.stringify(result.body)}\n`);
}

function sendBytes(response: ServerResponse, bytes: Uint8Array): void {
  response.writeHead(200, { 'content-type': 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf' });
  response.end(bytes);
}

function sendStatus(response: ServerResponse, code: number, reason: string, message: string): void {
  response.writeHead(code, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code }));
}

function startWatch(cluster: Cluster, options: ServeOptions, open: Set<OpenWatch>, request: IncomingMessage, response: ServerResponse, result: RestResponse): void {
  const watch = result.watch as WatchRequest;
  if (open.size >= (options.watchesMax ?? WATCHES_MAX)) return sendStatus(response, 429, 'TooManyRequests', 'too many watches are open');
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  for (const event of watch.initial) response.write(`${JSON.stringify(event)}\n`);
  const stream: OpenWatch = { response, watch, from: watch.fromRevision };
  open.add(stream);
  const end = watch.timeoutSeconds === undefined ? undefined : setTimeout(() => { response.end(); }, watch.timeoutSeconds * 1_000);
  request.on('close', () => {
    open.delete(stream);
    if (end !== undefined) clearTimeout(end);
  });
  pump(cluster, new Set([stream]));
}
