// How a conformance case reaches a control plane, whatever it is: a cluster in this process, or any server over HTTP.
import type { Cluster } from 'kubesim';

/** What a control plane answered; the body is parsed JSON. @public */
export interface ControlPlaneAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** All that a conformance case asks of a control plane. @public */
export interface ControlPlaneClient {
  /** A REST request. `path` may carry a query; `body` is sent as JSON, of the content type given or `application/json`. */
  request(method: string, path: string, body?: unknown, contentType?: string): Promise<ControlPlaneAnswer>;
  /** Lets so many ms go by there, so that controllers work on. */
  advance(ms: number): Promise<void>;
}

/** A case of a suite: it rejects with an Error that says what was expected and what was found. @public */
export interface ConformanceCase {
  readonly name: string;
  run(client: ControlPlaneClient): Promise<void>;
}

/** How a server is reached. @public */
export interface HttpControlPlane {
  /** Such as `https://127.0.0.1:6443`. */
  readonly url: string;
  /** Sent as a bearer token. */
  readonly token?: string;
  /** Waits so many ms of the server's time: a timer for a real cluster; a shorter one where the server's time runs faster. */
  wait(ms: number): Promise<void>;
}

const JSON_TYPE = 'application/json';

/** A client of a cluster in this process: time is the cluster's virtual time. @public */
export function clusterControlPlane(cluster: Cluster): ControlPlaneClient {
  return {
    request(method, target, body, contentType = JSON_TYPE) {
      const [path = '', query] = target.split('?');
      const { status, body: answer } = cluster.handle({ method, path, query, body: body === undefined ? undefined : JSON.stringify(body), headers: { accept: JSON_TYPE, ...(body === undefined ? {} : { 'content-type': contentType }) } });
      return Promise.resolve({ status, body: answer });
    },
    advance(ms) {
      cluster.run({ for: ms });
      return Promise.resolve();
    },
  };
}

/** A client of any server over HTTP, such as `kubesim serve` or `kubectl proxy`. @public */
export function httpControlPlane({ url, token, wait }: HttpControlPlane): ControlPlaneClient {
  return {
    async request(method, target, body, contentType = JSON_TYPE) {
      const headers = { accept: JSON_TYPE, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(body === undefined ? {} : { 'content-type': contentType }) };
      const answer = await fetch(new URL(target, url), { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      const text = await answer.text();
      return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text };
    },
    advance: wait,
  };
}
