// Requests that came from outside, kept so that another run can be held against them: do the same requests recur?
import { createHash } from 'node:crypto';
import type { WireRequest } from './wire.ts';

/** One request. `body` is the digest of what was sent. @public */
export interface RecordedRequest {
  /** Virtual instant, ms since 1970. */
  readonly at: number;
  readonly method: string;
  readonly url: string;
  readonly body?: string;
  readonly status: number;
}

/** Requests of a run. @public */
export interface RequestRecording {
  readonly format: 'kubesim-requests/1';
  readonly requests: readonly RecordedRequest[];
  /** Whether more came than were kept. */
  readonly isCut: boolean;
}

const REQUESTS_MAX = 200_000;

/** Keeps requests as they come. @internal */
export class RequestLog {
  private readonly requests: RecordedRequest[] = [];
  private isCut = false;

  add(at: number, { method, url, body }: WireRequest, status: number): void {
    if (this.requests.length >= REQUESTS_MAX) {
      this.isCut = true;
      return;
    }
    this.requests.push({ at, method, url, ...(body.length === 0 ? {} : { body: createHash('sha256').update(body).digest('hex') }), status });
  }

  recording(): RequestRecording {
    return { format: 'kubesim-requests/1', requests: [...this.requests], isCut: this.isCut };
  }
}

/**
 * Where a run's requests part from those recorded, in words; undefined if they recur. Requests of one virtual instant may come in
 * any order: a client with several threads promises none. @public
 */
export function checkRecurrence(recorded: RequestRecording, made: RequestRecording): string | undefined {
  if (recorded.format !== 'kubesim-requests/1') return `requests.format must be 'kubesim-requests/1', not '${String(recorded.format)}'`;
  const [before, now] = [byInstant(recorded.requests), byInstant(made.requests)];
  for (const [at, lines] of before) {
    const found = now.get(at) ?? [];
    const missing = lines.find((line) => !found.includes(line));
    if (missing !== undefined) return `at ${new Date(at).toISOString()}: ${missing} was recorded and did not recur`;
    const extra = found.find((line) => !lines.includes(line));
    if (extra !== undefined || found.length !== lines.length) return `at ${new Date(at).toISOString()}: ${extra ?? found[0] ?? ''} came ${extra === undefined ? `${found.length} times where ${lines.length} were recorded` : 'and was not recorded'}`;
  }
  for (const [at, lines] of now) if (!before.has(at)) return `at ${new Date(at).toISOString()}: ${lines[0] ?? ''} came and was not recorded`;
  return undefined;
}

function byInstant(requests: readonly RecordedRequest[]): ReadonlyMap<number, readonly string[]> {
  const instants = new Map<number, string[]>();
  for (const { at, method, url, body, status } of requests) {
    const line = `${method} ${url}${body === undefined ? '' : ` (body ${body.slice(0, 12)})`} → ${status}`;
    instants.set(at, [...(instants.get(at) ?? []), line].sort());
  }
  return instants;
}
