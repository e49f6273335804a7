// Requests and answers as they are on the wire, whoever carries them: node:http, or fetch in process.

/** A request whose body has come whole. Header names are lower case. @internal */
export interface WireRequest {
  readonly method: string;
  /** Path and query, percent-encoded as received. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Where a stream's chunks go. @internal */
export interface Sink {
  /** Whether the reader is behind: nothing more is written until it has caught up. */
  readonly isFull: boolean;
  write(chunk: string | Uint8Array): void;
  end(): void;
}

/** An answer: whole, or a stream that begins once it has a sink and ends when the returned function is called. @internal */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | Uint8Array;
  readonly stream?: (sink: Sink) => () => void;
}

/** A failure that the server answers itself, as a Status. @internal */
export function failure(code: number, reason: string, message: string): WireAnswer {
  return {
    status: code, headers: { 'content-type': 'application/json' },
    body: `${JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code })}\n`,
  };
}
