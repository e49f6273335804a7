// fetch over a cluster, without a socket: for clients in the same process.
import type { Cluster } from 'kubesim';
import { Gateway } from './gateway.ts';
import type { GatewayOptions, Speed } from './options.ts';
import type { IdleAnswer } from './pace.ts';
import type { RequestRecording } from './request-log.ts';
import type { Sink, WireRequest } from './wire.ts';

/** A cluster behind fetch. @public */
export interface ClusterFetch {
  /** Answers a request as a server would; the host in its URL does not matter. Watches are streams. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** With speed `step`: lets time pass until something that is watched has changed; at the longest for so many virtual ms. */
  idle(limitMs?: number): IdleAnswer;
  setSpeed(speed: Speed): void;
  /** Requests so far, if `recordRequests` was set. */
  requests(): RequestRecording;
  /** Ends all streams and stops time. */
  close(): void;
}

/** Bytes that a stream holds for a reader who is behind; more wait in the cluster's history. */
const STREAM_BYTES_MAX = 256 * 1024;
const encoder = new TextEncoder();

/** A fetch over a cluster. Throws UsageError for options that are wrong. @public */
export function clusterFetch(cluster: Cluster, options: GatewayOptions = {}): ClusterFetch {
  const gateway = new Gateway(cluster, { speed: 'step', ...options });
  return {
    fetch: (request) => answer(gateway, request),
    idle: (limitMs) => gateway.pace.idle(limitMs),
    setSpeed: (speed) => { gateway.setSpeed(speed); },
    requests: () => gateway.requests(),
    close: () => { gateway.close(); },
  };
}

async function answer(gateway: Gateway, request: Request): Promise<Response> {
  const wire: WireRequest = { method: request.method, url: pathAndQuery(request.url), headers: Object.fromEntries(request.headers), body: new Uint8Array(await request.arrayBuffer()) };
  request.signal.throwIfAborted();
  const { status, headers: given, body, stream } = gateway.answer(wire);
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) for (const each of typeof value === 'string' ? [value] : value) headers.append(name, each);
  if (stream === undefined) return new Response(status === 204 || status === 304 ? null : typeof body === 'string' ? body : new Uint8Array(body), { status, headers });
  return new Response(readable(stream, request.signal), { status, headers });
}

/** The path as it was sent: URL objects would resolve dots, which a server does not. */
function pathAndQuery(url: string): string {
  return url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/#.*$/, '') || '/';
}

function readable(open: (sink: Sink) => () => void, signal: AbortSignal): ReadableStream<Uint8Array> {
  let close = (): void => {};
  let isDone = false;
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      const finish = (end: () => void): void => {
        if (isDone) return;
        isDone = true;
        close();
        end();
      };
      const sink: Sink = {
        get isFull() { return (controller.desiredSize ?? 0) <= 0; },
        write: (chunk) => { if (!isDone) controller.enqueue(typeof chunk === 'string' ? encoder.encode(chunk) : chunk); },
        end: () => { finish(() => { controller.close(); }); },
      };
      close = open(sink);
      signal.addEventListener('abort', () => { finish(() => { controller.error(signal.reason); }); }, { once: true });
    },
    cancel: () => {
      isDone = true;
      close();
    },
  }, { highWaterMark: STREAM_BYTES_MAX, size: (chunk) => chunk?.byteLength ?? 0 });
}
