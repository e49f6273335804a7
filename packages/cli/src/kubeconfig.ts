// What a kubeconfig says of one cluster and user, and requests to it as that user. Plugins that fetch credentials are not run: `kubectl proxy` does.
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { dirname, resolve } from 'node:path';
import type { ControlPlaneAnswer } from '@kubesim/testing';
import { UsageError } from 'kubesim';
import { parse } from 'yaml';

/** How a server is reached, and who asks. */
export interface ServerAccess {
  readonly server: string;
  readonly token?: string;
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  /** The server's certificate is not checked. */
  readonly isInsecure?: boolean;
}

type Fields = Readonly<Record<string, unknown>>;
interface Named { readonly name?: string; readonly [field: string]: unknown }

const CLUSTER_FIELDS = ['server', 'certificate-authority', 'certificate-authority-data', 'insecure-skip-tls-verify', 'tls-server-name', 'disable-compression', 'extensions'];
const USER_FIELDS = ['token', 'tokenFile', 'client-certificate', 'client-certificate-data', 'client-key', 'client-key-data', 'extensions'];

/** Reads a kubeconfig's current context, or one by name. Throws UsageError that names what is missing or cannot be done. */
export function readKubeconfig(path: string, context?: string): ServerAccess {
  let config: Fields;
  try {
    config = (parse(readFileSync(path, 'utf8')) ?? {}) as Fields;
  } catch (error) {
    throw new UsageError(`--kubeconfig ${path} cannot be read: ${(error as Error).message}`);
  }
  const name = context ?? config['current-context'];
  if (typeof name !== 'string' || name === '') throw new UsageError(`${path}: there is no current-context; give one with --context`);
  const chosen = entryOf(path, config, 'contexts', name, 'context');
  const cluster = entryOf(path, config, 'clusters', String(chosen['cluster'] ?? ''), 'cluster');
  const user = chosen['user'] === undefined || chosen['user'] === '' ? {} : entryOf(path, config, 'users', String(chosen['user']), 'user');
  refuseOthers(path, 'cluster', cluster, CLUSTER_FIELDS);
  refuseOthers(path, 'user', user, USER_FIELDS);
  const { server } = cluster;
  if (typeof server !== 'string' || !/^https?:\/\//.test(server)) throw new UsageError(`${path}: cluster.server must be an address such as https://127.0.0.1:6443, not ${JSON.stringify(server)}`);
  const file = (name: unknown): string => readFileSync(resolve(dirname(path), String(name)), 'utf8');
  const pem = (fields: Fields, field: string): string | undefined => {
    const data = fields[`${field}-data`];
    if (typeof data === 'string' && data !== '') return Buffer.from(data, 'base64').toString('utf8');
    return fields[field] === undefined || fields[field] === '' ? undefined : file(fields[field]);
  };
  try {
    return {
      server, token: typeof user['token'] === 'string' && user['token'] !== '' ? user['token'] : user['tokenFile'] === undefined ? undefined : file(user['tokenFile']).trim(),
      ca: pem(cluster, 'certificate-authority'), cert: pem(user, 'client-certificate'), key: pem(user, 'client-key'), serverName: cluster['tls-server-name'] as string | undefined, isInsecure: cluster['insecure-skip-tls-verify'] === true,
    };
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
}

function entryOf(path: string, config: Fields, list: string, name: string, field: string): Fields {
  const found = ((config[list] ?? []) as readonly Named[]).find((each) => each.name === name)?.[field];
  if (found === undefined || found === null || typeof found !== 'object') throw new UsageError(`${path}: ${list} has no '${name}'`);
  return found as Fields;
}

/** What is not understood is not passed over: it may be how the user is known, or how the server is reached. */
function refuseOthers(path: string, what: string, fields: Fields, known: readonly string[]): void {
  const other = Object.keys(fields).find((field) => !known.includes(field));
  if (other !== undefined) throw new UsageError(`${path}: ${what}.${other} is not supported, only ${known.join(', ')}: run 'kubectl proxy', and give a kubeconfig whose server is its address`);
}

/** Sends requests as a kubeconfig says, over connections that are kept. */
export class KubeconfigRequests {
  private readonly access: ServerAccess;
  private readonly agent: HttpAgent;

  constructor(access: ServerAccess) {
    this.access = access;
    const { ca, cert, key, serverName, isInsecure } = access;
    this.agent = access.server.startsWith('https:') ? new HttpsAgent({ keepAlive: true, ca, cert, key, servername: serverName, rejectUnauthorized: isInsecure !== true }) : new HttpAgent({ keepAlive: true });
  }

  /** Sends one; the answer's body is parsed where it is JSON. Rejects where the server cannot be reached. */
  send(method: string, path: string, body?: unknown, contentType: string = 'application/json'): Promise<ControlPlaneAnswer> {
    const { server, token } = this.access;
    const url = new URL(`${server.replace(/\/$/, '')}${path}`);
    const text = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(text === undefined ? {} : { 'content-type': contentType, 'content-length': String(text.length) }),
    };
    return new Promise((answer, reject) => {
      const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, { method, headers, agent: this.agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => { chunks.push(chunk); });
        response.on('error', reject);
        response.on('end', () => {
          const whole = Buffer.concat(chunks).toString('utf8');
          answer({ status: response.statusCode ?? 0, body: /^application\/json/.test(response.headers['content-type'] ?? '') ? JSON.parse(whole) : whole });
        });
      });
      request.on('error', (error) => { reject(new Error(`${method} ${url.href}: ${error.message}`)); });
      request.end(text);
    });
  }

  /** Ends the connections. */
  close(): void {
    this.agent.destroy();
  }
}
