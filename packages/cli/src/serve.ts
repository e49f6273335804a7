// `kubesim serve`: a cluster for kubectl and other clients, with a kubeconfig, saved state, and a clean end.
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkRecurrence, serveCluster, type ClusterServer, type RequestRecording } from '@kubesim/http';
import { Cluster, durationMs, loadCluster, saveCluster, UsageError, type ClusterOptions, type SavedCluster } from 'kubesim';
import { readSpeed } from './speed.ts';

/** Flags of `kubesim serve`, as texts. @internal */
export interface ServeFlags {
  readonly port: string;
  readonly host: string;
  readonly nodes: string;
  readonly seed: string;
  readonly speed: string;
  readonly quiet?: string;
  readonly token?: string;
  readonly kubernetes?: string;
  readonly timing?: string;
  readonly authorization?: string;
  readonly start?: string;
  readonly state?: string;
  readonly record?: string;
  readonly requests?: string;
  readonly kubeconfig?: string;
}

/** A served cluster, until it is stopped. @internal */
export interface Serving {
  readonly server: ClusterServer;
  readonly kubeconfig: string;
  /** What to tell the user: where it is and what to type. */
  readonly greeting: string;
  /** Ends the server, saves what was to be saved, and answers what is to be said; `isSame` is false where recorded requests did not recur. */
  stop(): Promise<{ readonly said: readonly string[]; readonly isSame: boolean }>;
}

/** Starts serving. Throws UsageError that names the flag. @internal */
export async function serve(flags: ServeFlags): Promise<Serving> {
  const speed = readSpeed(flags.speed);
  const { cluster, isLoaded, recipe } = openCluster(flags, speed === 'step');
  const recorded = flags.requests === undefined || !existsSync(flags.requests) ? undefined : readJson<RequestRecording>('--requests', flags.requests);
  const server = await serveCluster(cluster, {
    port: wholeNumber('--port', flags.port), host: flags.host, speed, token: flags.token, recordRequests: flags.requests !== undefined,
    quietMs: flags.quiet === undefined ? undefined : durationMs('--quiet', flags.quiet as Parameters<typeof durationMs>[1]),
  });
  const folder = flags.kubeconfig === undefined ? mkdtempSync(join(tmpdir(), 'kubesim-')) : undefined;
  const kubeconfig = flags.kubeconfig ?? join(folder as string, 'kubeconfig');
  writeFileSync(kubeconfig, `${JSON.stringify(kubeconfigOf(server.url, flags.token), null, 2)}\n`, { mode: 0o600 });
  return {
    server, kubeconfig,
    greeting: greeting(server.url, kubeconfig, flags, isLoaded),
    stop: async () => {
      await server.close();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
      const said: string[] = [];
      if (flags.state !== undefined) said.push(saveState(flags.state, cluster, recipe));
      if (flags.record !== undefined && !isLoaded) {
        writeWhole(flags.record, cluster.recording());
        said.push(`run recorded in ${flags.record}: kubesim replay ${flags.record}`);
      }
      const difference = recorded === undefined ? undefined : checkRecurrence(recorded, server.requests());
      if (flags.requests !== undefined && recorded === undefined) {
        writeWhole(flags.requests, server.requests());
        said.push(`requests recorded in ${flags.requests}`);
      } else if (recorded !== undefined) said.push(difference === undefined ? `requests recur as recorded in ${flags.requests ?? ''}` : `requests differ: ${difference}`);
      return { said, isSame: difference === undefined };
    },
  };
}

/** The cluster of the state file, or a new one. */
function openCluster(flags: ServeFlags, isStepped: boolean): { readonly cluster: Cluster; readonly isLoaded: boolean; readonly recipe: ClusterOptions } {
  if (flags.state !== undefined && existsSync(flags.state)) {
    const state = readJson<SavedCluster>('--state', flags.state);
    if (flags.record !== undefined) throw new UsageError('--record needs a run from its beginning: leave out --state, or give a file that does not exist');
    return { cluster: loadCluster(state), isLoaded: true, recipe: state.recipe };
  }
  // Clients work out ages by their own clock: a cluster that they look at begins now, once, and its recipe says when.
  const startAt = flags.start === undefined ? (isStepped ? undefined : Math.floor(Date.now() / 1_000) * 1_000) : instant(flags.start);
  const recipe: ClusterOptions = {
    nodes: wholeNumber('--nodes', flags.nodes), seed: wholeNumber('--seed', flags.seed), ...(startAt === undefined ? {} : { startAt }),
    ...(flags.kubernetes === undefined ? {} : { kubernetes: flags.kubernetes as ClusterOptions['kubernetes'] }), ...(flags.timing === undefined ? {} : { timing: flags.timing as ClusterOptions['timing'] }),
    ...(flags.authorization === undefined ? {} : { authorization: flags.authorization as ClusterOptions['authorization'] }),
  };
  return { cluster: new Cluster(recipe), isLoaded: false, recipe };
}

function saveState(file: string, cluster: Cluster, recipe: ClusterOptions): string {
  writeWhole(file, saveCluster(cluster, recipe));
  return `state saved in ${file}`;
}

/** Writes a file whole or not at all. */
function writeWhole(file: string, value: unknown): void {
  const draft = `${file}.${process.pid}.tmp`;
  writeFileSync(draft, `${JSON.stringify(value)}\n`);
  renameSync(draft, file);
}

function readJson<T>(flag: string, file: string): T {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${flag} ${file} cannot be read: ${(error as Error).message}`);
  }
  if (value === null || typeof value !== 'object') throw new UsageError(`${flag} ${file} must hold a JSON object`);
  return value as T;
}

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value)) throw new UsageError(`${flag} must be a whole number, not '${text}'`);
  return value;
}

function instant(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new UsageError(`--start must be an instant such as 2026-01-01T00:00:00Z, not '${text}'`);
  return ms;
}

function kubeconfigOf(server: string, token: string | undefined): object {
  return {
    apiVersion: 'v1', kind: 'Config', 'current-context': 'kubesim',
    // Without TLS there is nothing to verify; @kubernetes/client-node takes http only with this.
    clusters: [{ name: 'kubesim', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'kubesim', user: token === undefined ? {} : { token } }], contexts: [{ name: 'kubesim', context: { cluster: 'kubesim', user: 'kubesim' } }],
  };
}

function greeting(url: string, kubeconfig: string, { speed, state, token }: ServeFlags, isLoaded: boolean): string {
  return [
    `kubesim serves ${url} (speed ${speed})${isLoaded ? `, as saved in ${state ?? ''}` : ''}`, '',
    `  export KUBECONFIG=${kubeconfig}`, '  kubectl get nodes', '  kubectl create deployment web --image=nginx --replicas=3', '  kubectl get pods -w', '',
    ...(token === undefined ? [] : ['kubectl sends no token over plain http: point it at a proxy that adds "Authorization: Bearer …", or leave out --token.', '']),
    ...(speed === 'step' ? [`Time stands still. It moves with: curl -X POST ${url}/kubesim/idle`, ''] : []),
    'Ctrl-C ends it.',
  ].join('\n');
}
