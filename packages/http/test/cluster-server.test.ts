import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { serveCluster, type ClusterServer } from '@kubesim/http';
import { Cluster } from 'kubesim';

const servers: ClusterServer[] = [];
afterEach(async () => { for (const server of servers.splice(0)) await server.close(); });

async function serve(options: Parameters<typeof serveCluster>[1] = {}): Promise<{ readonly cluster: Cluster; readonly url: string }> {
  const cluster = new Cluster({ seed: 1 });
  const server = await serveCluster(cluster, { speed: 'max', ...options });
  servers.push(server);
  return { cluster, url: server.url };
}

const SET = JSON.stringify({
  apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'web' },
  spec: { serviceName: 'web', replicas: 2, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.25' }] } } },
});

describe('cluster server', () => {
  it('should take what a client writes and stream what comes of it', async () => {
    const { url } = await serve();
    const created = await fetch(`${url}/apis/apps/v1/namespaces/default/statefulsets`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: SET });
    expect(created.status).toBe(201);
    const watch = await fetch(`${url}/api/v1/namespaces/default/pods?watch=true&timeoutSeconds=2`);
    const lines = (await watch.text()).trim().split('\n').map((line) => JSON.parse(line) as { readonly type: string; readonly object: { readonly metadata: { readonly name: string } } });
    expect(lines[0]).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'web-0' } } });
    expect(new Set(lines.map(({ object }) => object.metadata.name))).toEqual(new Set(['web-0', 'web-1']));
  });

  it('should answer bad requests with a Status, show no stack, and change nothing', async () => {
    const { cluster, url } = await serve({ speed: 'step', bodyBytesMax: 1_000 });
    const before = cluster.digest;
    const path = '/api/v1/namespaces/default/pods';
    const bad: readonly (readonly [string, RequestInit, number])[] = [
      [path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"kind":' }, 400],
      [path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: 'x'.repeat(2_000) }, 413],
      [path, { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body: 'k8s\u0000\u00ff\u00ff' }, 415],
      [path, { method: 'POST', headers: { 'content-type': 'application/vnd.kubernetes.protobuf' }, body: 'k8s\u0000\u00ff\u00ff' }, 400],
      [`${path}/nope`, { method: 'DELETE' }, 404],
      ['/apis/nothing/v1/here', {}, 404],
      ['/api/v1/../../etc/passwd', {}, 404],
    ];
    for (const [target, init, status] of bad) {
      const response = await fetch(`${url}${target}`, init);
      const text = await response.text();
      expect([target, response.status]).toEqual([target, status]);
      expect(text).not.toMatch(/node_modules|\.ts:\d/);
    }
    expect(cluster.digest).toBe(before);
  });

  it('should ask for its token', async () => {
    const { url } = await serve({ token: 'secret' });
    expect((await fetch(`${url}/version`)).status).toBe(401);
    expect((await fetch(`${url}/version`, { headers: { authorization: 'Bearer secret' } })).status).toBe(200);
  });

  const kubectl = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'kubectl')).find((file) => existsSync(file));
  // Skipped where the machine has no kubectl: there is nothing to run then.
  it.runIf(kubectl !== undefined)('should satisfy a real kubectl: apply, get -w, scale, rollout status', async () => {
    const { url } = await serve({ speed: 60 });
    const home = mkdtempSync(join(tmpdir(), 'kubesim-kubectl-'));
    const run = (args: readonly string[], input?: string): Promise<string> => new Promise((resolve) => {
      const child = execFile(kubectl as string, ['-s', url, '--kubeconfig=/dev/null', ...args], { env: { ...process.env, HOME: home }, timeout: 30_000 }, (error, stdout, stderr) => { resolve(error === null ? stdout : `${stdout}${stderr}`); });
      child.stdin?.end(input ?? '');
    });
    expect(await run(['apply', '-f', '-'], SET)).toBe('statefulset.apps/web created\n');
    const watching = run(['get', 'pods', '-w', '--request-timeout=4s']);
    expect(await run(['rollout', 'status', 'sts/web', '--timeout=20s'])).toContain('partitioned roll out complete: 2 new pods have been updated...');
    expect(await run(['scale', 'sts', 'web', '--replicas=3'])).toBe('statefulset.apps/web scaled\n');
    expect(await watching).toMatch(/NAME +READY +STATUS +RESTARTS +AGE[\s\S]*web-0 +1\/1 +Running/);
    expect(await run(['get', 'sts', 'web', '-o', 'jsonpath={.spec.replicas}'])).toBe('3');
    expect(await run(['create', 'configmap', 'c', '--from-literal=a=b'])).toBe('configmap/c created\n');
  }, 60_000);
});
