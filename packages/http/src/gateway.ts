// Between the wire and a cluster: one request in, one answer or stream out. node:http and fetch are two ways to it.
import { timingSafeEqual } from 'node:crypto';
import type { RestRequest, RestResponse } from '@kubesim/api';
import { durationMs, type Cluster } from 'kubesim';
import { encodeAnswer, pathOf } from './encode.ts';
import { Metrics } from './metrics.ts';
import { checkGatewayOptions, type CheckedGatewayOptions, type GatewayOptions, type Speed } from './options.ts';
import { Pace, type IdleAnswer } from './pace.ts';
import { RequestLog, type RequestRecording } from './request-log.ts';
import { Streams } from './streams.ts';
import { failure, type WireAnswer, type WireRequest } from './wire.ts';

const READS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];
const NO_BYTES = new Uint8Array();

/** A cluster as real clients reach it. @internal */
export class Gateway {
  readonly cluster: Cluster;
  readonly options: CheckedGatewayOptions;
  readonly streams: Streams;
  readonly pace: Pace;
  private readonly metrics = new Metrics();
  private readonly log = new RequestLog();

  constructor(cluster: Cluster, options: GatewayOptions) {
    this.cluster = cluster;
    this.options = checkGatewayOptions(options);
    this.streams = new Streams(cluster);
    this.pace = new Pace(cluster, this.options.speed, this.options.quietMs, () => this.pump());
  }

  close(): void {
    this.pace.stop();
    this.streams.endAll();
  }

  setSpeed(speed: Speed): void {
    this.pace.setSpeed(speed);
  }

  requests(): RequestRecording {
    return this.log.recording();
  }

  /** Answers a request. Never throws for what a client sent, and says nothing of the host. */
  answer(request: WireRequest): WireAnswer {
    this.pace.touch();
    const at = this.cluster.now;
    let answer: WireAnswer;
    try {
      answer = this.carryOut(request);
    } catch {
      answer = failure(500, 'InternalError', 'Internal error occurred');
    }
    this.metrics.count(request.method, answer.status);
    if (this.options.recordRequests) this.log.add(at, request, answer.status);
    return answer;
  }

  /** The API server's own answer, with the user that the token stands for. Undefined: the token is wrong. */
  ask(request: WireRequest): RestResponse | undefined {
    const user = this.userOf(request);
    if (user === undefined) return undefined;
    const { method } = request;
    const mark = request.url.indexOf('?');
    const rest: RestRequest = {
      method, path: pathOf(request), query: mark < 0 ? undefined : request.url.slice(mark + 1), headers: request.headers,
      ...(request.body.length === 0 ? {} : { body: bodyOf(request) }), ...(user === 'administrator' ? {} : { user }),
    };
    const response = this.cluster.handle(rest);
    if (!READS.includes(method)) this.pump();
    return response;
  }

  pump(): boolean {
    return this.streams.pump(this.pace.clocks(), this.pace.speed === 'step');
  }

  private carryOut(request: WireRequest): WireAnswer {
    if (request.body.length > this.options.bodyBytesMax) return failure(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${this.options.bodyBytesMax}`);
    const path = pathOf(request);
    if (path === '/metrics' || path.startsWith('/kubesim/')) return this.userOf(request) === 'administrator' ? this.ownPath(request, path) : failure(401, 'Unauthorized', 'Unauthorized');
    const result = this.ask(request);
    if (result === undefined) return failure(401, 'Unauthorized', 'Unauthorized');
    if (result.connect !== undefined) return failure(400, 'BadRequest', 'Upgrade request required');
    return result.watch === undefined && result.follow === undefined ? encodeAnswer(request, result) : this.stream(result);
  }

  private stream(result: RestResponse): WireAnswer {
    if (this.streams.size >= this.options.watchesMax) return { ...failure(429, 'TooManyRequests', 'too many watches are open'), headers: { 'content-type': 'application/json', 'retry-after': '1' } };
    const headers = { 'cache-control': 'no-cache, private', ...result.headers };
    return {
      status: result.status, headers, body: '',
      stream: (sink) => {
        if (result.text !== undefined && result.text !== '') sink.write(result.text);
        if (result.watch !== undefined) return this.streams.watch(result.watch, sink, this.pace.clocks());
        return result.follow === undefined ? () => {} : this.streams.follow(result.follow, sink);
      },
    };
  }

  /** What upstream has not: the server's own paths. */
  private ownPath(request: WireRequest, path: string): WireAnswer {
    if (path === '/metrics' && request.method === 'GET') return { status: 200, headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }, body: this.metricsPage() };
    if (path === '/kubesim/time' && request.method === 'GET') return ok({ now: new Date(this.cluster.now).toISOString(), resourceVersion: String(this.cluster.revision), speed: this.pace.speed });
    if (path === '/kubesim/idle' && request.method === 'POST') return this.idle(request);
    return failure(404, 'NotFound', 'the server could not find the requested resource');
  }

  private idle(request: WireRequest): WireAnswer {
    if (this.pace.speed !== 'step') return failure(409, 'Conflict', "time moves by itself: POST /kubesim/idle needs a server with speed 'step'");
    let limit: number | undefined;
    try {
      const body = request.body.length === 0 ? {} : JSON.parse(new TextDecoder().decode(request.body)) as { readonly for?: unknown } | null;
      const given = body?.for;
      if (given !== undefined && typeof given !== 'string') throw new TypeError('for must be a length of time such as "30s"');
      limit = given === undefined ? undefined : durationMs('for', given as Parameters<typeof durationMs>[1]);
    } catch (error) {
      return failure(400, 'BadRequest', `the body of POST /kubesim/idle must be {} or {"for": "30s"}: ${error instanceof SyntaxError ? 'it is no JSON' : (error as Error).message}`);
    }
    return ok(this.pace.idle(limit) satisfies IdleAnswer);
  }

  private metricsPage(): string {
    const storage = this.cluster.controlPlane.storage(this.cluster.kernel);
    const version = (this.cluster.handle({ method: 'GET', path: '/version' }).body as { readonly gitVersion: string }).gitVersion;
    return this.metrics.page(this.streams.watches, version, storage.resources().map((resource) => [resource, storage.count(resource)] as const));
  }

  /** Who the bearer token stands for. Without a token set, whoever brings none is the administrator. */
  private userOf(request: WireRequest): 'administrator' | NonNullable<RestRequest['user']> | undefined {
    const given = /^Bearer (.+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
    const { token } = this.options;
    if (token === undefined ? given === undefined : given !== undefined && isSame(given, token)) return 'administrator';
    if (given === undefined) return undefined;
    // A question, which stores nothing and need not be recorded.
    const review = this.cluster.controlPlane.server(this.cluster.kernel).handle({ method: 'POST', path: '/apis/authentication.k8s.io/v1/tokenreviews', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: given } }) });
    const { status } = (review.body ?? {}) as { readonly status?: { readonly authenticated?: boolean; readonly user?: { readonly username?: string; readonly groups?: readonly string[] } } };
    if (status?.authenticated === true) return { name: status.user?.username ?? '', groups: status.user?.groups ?? [] };
    // A server without a token lets everybody in, whatever their kubeconfig says.
    return token === undefined ? 'administrator' : undefined;
  }
}

function ok(body: object): WireAnswer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: `${JSON.stringify(body)}\n` };
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Protobuf stays bytes; everything else is text. */
function bodyOf({ headers, body }: WireRequest): string | Uint8Array {
  return (headers['content-type'] ?? '').startsWith('application/vnd.kubernetes.protobuf') ? body : new TextDecoder().decode(body);
}

/** A request without a body, for what is asked on the way. @internal */
export function bodiless(method: string, url: string, headers: Readonly<Record<string, string>>): WireRequest {
  return { method, url, headers, body: NO_BYTES };
}
