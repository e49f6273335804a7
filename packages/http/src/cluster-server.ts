// A server for real clients over a cluster: node:http around the gateway, with bounds on all that a client can send or hold.
import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { UsageError, type Cluster } from 'kubesim';
import { WebSocketServer } from 'ws';
import { encodeAnswer } from './encode.ts';
import { chooseProtocol, runSession } from './exec-session.ts';
import { bodiless, Gateway } from './gateway.ts';
import type { GatewayOptions, Speed } from './options.ts';
import type { IdleAnswer } from './pace.ts';
import type { RequestRecording } from './request-log.ts';
import { failure, type Sink, type WireAnswer, type WireRequest } from './wire.ts';

/** How a server stands. @public */
export interface ServeOptions extends GatewayOptions {
  /** 0, or none, for any free one. */
  readonly port?: number;
  /** Loopback only unless told otherwise. */
  readonly host?: string;
  /** Connections that may be open at once; 4 096 without it. */
  readonly connectionsMax?: number;
}

/** A server that runs. @public */
export interface ClusterServer {
  readonly url: string;
  /** Changes the pace of virtual time. */
  setSpeed(speed: Speed): void;
  /** With speed `step`: lets time pass until something that is watched has changed; at the longest for so many virtual ms. */
  idle(limitMs?: number): IdleAnswer;
  /** Requests so far, if `recordRequests` was set. */
  requests(): RequestRecording;
  /** Streams and connections that are open. */
  readonly open: { readonly streams: number; readonly connections: number };
  /** Ends all streams and closes the server. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const CONNECTIONS_MAX = 4_096;
/** Above the retry period of kubectl drain: an idle connection that goes under a request shows as an error. */
const KEEP_ALIVE_MS = 120_000;
const HEADERS_WITHIN_MS = 30_000;
const REQUEST_WITHIN_MS = 60_000;
const HEADER_BYTES_MAX = 32 * 1024;
/** A peer that is gone without a word is found out after so long. */
const PROBE_AFTER_MS = 30_000;
const FRAME_BYTES_MAX = 1024 * 1024;
const NO_BYTES = new Uint8Array();

/** Serves a cluster over HTTP until it is closed. Throws UsageError for options that are wrong. @public */
export async function serveCluster(cluster: Cluster, options: ServeOptions = {}): Promise<ClusterServer> {
  const { port = 0, host = HOST, connectionsMax = CONNECTIONS_MAX } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageError(`options.port must be a port, 0 to 65535, not ${port}`);
  const gateway = new Gateway(cluster, options);
  const sockets = new Set<Socket>();
  const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX, requestTimeout: REQUEST_WITHIN_MS, headersTimeout: HEADERS_WITHIN_MS, keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => { void serve(gateway, request, response); });
  server.maxConnections = connectionsMax;
  const upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: FRAME_BYTES_MAX, handleProtocols: (offered) => chooseProtocol(offered) ?? false });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.setNoDelay(true).setKeepAlive(true, PROBE_AFTER_MS).on('error', () => { socket.destroy(); }).once('close', () => { sockets.delete(socket); });
  });
  server.on('upgrade', (request, socket, head) => { upgrade(gateway, upgrades, request, socket, head); });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => { refuseBroken(error, socket); });
  await listen(server, port, host);
  const address = server.address() as AddressInfo;
  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    setSpeed: (speed) => { gateway.setSpeed(speed); },
    idle: (limitMs) => gateway.pace.idle(limitMs),
    requests: () => gateway.requests(),
    get open() { return { streams: gateway.streams.size, connections: sockets.size }; },
    close: async () => {
      gateway.close();
      for (const client of upgrades.clients) client.terminate();
      upgrades.close();
      const closed = new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
      for (const socket of sockets) socket.destroySoon();
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => { resolve(); });
  });
}

function wireRequest(request: IncomingMessage, body: Uint8Array): WireRequest {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  // A proxy sends the whole address.
  const url = (request.url ?? '/').replace(/^https?:\/\/[^/?]*/i, '');
  return { method: request.method ?? 'GET', url: url === '' ? '/' : url, headers, body };
}

async function serve(gateway: Gateway, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const body = await readBody(request, gateway.options.bodyBytesMax);
    if (body === undefined) return send(response, { ...failure(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${gateway.options.bodyBytesMax}`), headers: { 'content-type': 'application/json', connection: 'close' } });
    const answer = gateway.answer(wireRequest(request, body));
    if (answer.stream === undefined) send(response, answer);
    else sendStream(response, answer, answer.stream);
  } catch {
    // The peer went away while it was sending or being answered.
    response.destroy();
  }
}

async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return undefined;
  if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined) return NO_BYTES;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, headers, body }: WireAnswer): void {
  if (response.destroyed) return;
  const bytes = status === 204 || status === 304 ? '' : body;
  response.writeHead(status, { ...headers, ...(status === 204 || status === 304 ? {} : { 'content-length': Buffer.byteLength(bytes) }) } as Record<string, string | string[]>);
  response.end(bytes);
}

function sendStream(response: ServerResponse, { status, headers }: WireAnswer, open: NonNullable<WireAnswer['stream']>): void {
  if (response.destroyed) return;
  response.writeHead(status, headers as Record<string, string | string[]>);
  response.flushHeaders();
  const sink: Sink = {
    get isFull() { return response.writableNeedDrain || response.destroyed; },
    write: (chunk) => { if (!response.destroyed) response.write(chunk); },
    end: () => { response.end(); },
  };
  const close = open(sink);
  response.once('close', close);
}

/** Grants exec and attach over a WebSocket. Anything else gets the answer that it would get without an upgrade, or a refusal. */
function upgrade(gateway: Gateway, upgrades: WebSocketServer, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on('error', () => { socket.destroy(); });
  const wire = bodiless(request.method ?? 'GET', wireRequest(request, NO_BYTES).url, wireRequest(request, NO_BYTES).headers);
  let answer: WireAnswer;
  try {
    const result = gateway.ask(wire);
    const connect = result?.connect;
    if (result === undefined) answer = failure(401, 'Unauthorized', 'Unauthorized');
    else if (connect === undefined) answer = result.watch === undefined && result.follow === undefined ? encodeAnswer(wire, result) : failure(400, 'BadRequest', 'watches and logs are served as HTTP streams, not over an upgraded connection');
    else answer = refusalOf(gateway, connect, wire) ?? { status: 101, headers: {}, body: '' };
    if (connect !== undefined && answer.status === 101) {
      upgrades.handleUpgrade(request, socket, head, (client) => { runSession(gateway.cluster, connect, client, () => { gateway.pump(); }); });
      return;
    }
  } catch {
    answer = failure(500, 'InternalError', 'Internal error occurred');
  }
  writeRaw(socket, answer);
}

/** Why a connection that the API server granted does not come about. */
function refusalOf(gateway: Gateway, connect: NonNullable<ReturnType<Gateway['ask']> & object>['connect'] & object, { headers }: WireRequest): WireAnswer | undefined {
  const log = gateway.cluster.controlPlane.containerLog(gateway.cluster.kernel, connect);
  // The kubelet's own words; upstream passes them on as plain text.
  if (connect.subresource !== 'portforward' && log?.isRunning !== true) return { status: 500, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `container not found (${JSON.stringify(connect.container)})` };
  if ((headers['upgrade'] ?? '').toLowerCase() !== 'websocket') return failure(400, 'BadRequest', `${headers['upgrade'] ?? ''} streams are not served: only WebSocket (v5.channel.k8s.io, v4.channel.k8s.io); kubectl 1.30 and later use it`);
  if (connect.subresource === 'portforward') return failure(501, 'NotImplemented', 'portforward is not served');
  if (!connect.stdin && !connect.stdout && !connect.stderr) return { status: 400, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'you must specify at least 1 of stdin, stdout, stderr' };
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
  return chooseProtocol(offered) === undefined ? failure(400, 'BadRequest', `unable to upgrade: protocols ${offered.join(', ')} are not served, only v5.channel.k8s.io and v4.channel.k8s.io`) : undefined;
}

/** An answer on a socket that node no longer looks after. */
function writeRaw(socket: Duplex, { status, headers, body }: WireAnswer): void {
  const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' }).flatMap(([name, value]) => (typeof value === 'string' ? [value] : value).map((each) => `${name}: ${each}`));
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n`);
  socket.end(body);
}

/** What is no HTTP, or too much of it. */
function refuseBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  if (error.code === 'HPE_HEADER_OVERFLOW') writeRaw(socket, failure(431, 'BadRequest', `the headers are longer than ${HEADER_BYTES_MAX} bytes`));
  else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') writeRaw(socket, failure(408, 'Timeout', 'the request did not come within its time'));
  else writeRaw(socket, failure(400, 'BadRequest', 'the request is not HTTP'));
}
