// What the tests of this package share: a cluster that is served, and ends with its test.
import { afterEach } from 'vitest';
import { clusterFetch, serveCluster, type ClusterFetch, type ClusterServer, type GatewayOptions, type ServeOptions } from '@kubesim/http';
import { Cluster, type ClusterOptions } from 'kubesim';

const open: { close(): unknown }[] = [];
afterEach(async () => { for (const each of open.splice(0)) await each.close(); });

export interface Served {
  readonly cluster: Cluster;
  readonly server: ClusterServer;
  readonly url: string;
}

export async function serve(options: ServeOptions = {}, cluster: ClusterOptions = {}): Promise<Served> {
  const made = new Cluster({ seed: 1, ...cluster });
  const server = await serveCluster(made, { speed: 'max', ...options });
  open.push(server);
  return { cluster: made, server, url: server.url };
}

export function inProcess(options: GatewayOptions = {}, cluster: ClusterOptions = {}): { readonly cluster: Cluster; readonly gateway: ClusterFetch; get(path: string, init?: RequestInit): Promise<Response> } {
  const made = new Cluster({ seed: 1, ...cluster });
  const gateway = clusterFetch(made, options);
  open.push(gateway);
  return { cluster: made, gateway, get: (path, init) => gateway.fetch(new Request(`http://cluster${path}`, init)) };
}

export const SET: object = {
  apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'web' },
  spec: { serviceName: 'web', replicas: 2, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.25' }] } } },
};

export const JSON_TYPE: Readonly<Record<string, string>> = { 'content-type': 'application/json' };
