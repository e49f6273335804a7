// The suites of conformance against `kubesim serve` as a command: another process, reached as its kubeconfig says.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { runConformance, type ConformanceCommand } from '../src/conformance.ts';
import { KubeconfigRequests, readKubeconfig } from '../src/kubeconfig.ts';

const folder = mkdtempSync(join(tmpdir(), 'kubesim-conformance-'));
afterAll(() => { rmSync(folder, { recursive: true }); });

const children: ChildProcess[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  for (const server of servers.splice(0)) await new Promise((done) => { server.close(done); });
});

/** The command as users start it; answers once it says that it serves. */
async function start(kubeconfig: string, ...flags: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', join(import.meta.dirname, '../src/main.ts'), 'serve', '--kubeconfig', kubeconfig, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  for await (const line of child.stdout as AsyncIterable<Buffer>) if (String(line).includes('kubesim serves')) break;
  return child;
}

async function run(options: ConformanceCommand): Promise<{ readonly holds: boolean; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  return { holds: await runConformance(options, (line) => { lines.push(line); }), lines };
}

describe('kubesim conformance', () => {
  it('should hold of kubesim serve in a process of its own, which then ends cleanly', async () => {
    const kubeconfig = join(folder, 'served');
    const child = await start(kubeconfig, '--speed', 'step');
    const { holds, lines } = await run({ kubeconfig, speed: 'step' });
    expect(lines.filter((line) => !line.startsWith('holds'))).toEqual(['28 of 28 cases hold']);
    expect(holds).toBe(true);
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
  });

  it('should refuse options that mean nothing, and time that cannot be moved', async () => {
    const kubeconfig = join(folder, 'nobody');
    writeFileSync(kubeconfig, JSON.stringify(configOf('http://127.0.0.1:1', {}, {})));
    await expect(run({ kubeconfig, speed: '1x', suite: 'statefulset,cronjob' })).rejects.toThrow("--suite: 'cronjob' is none of statefulset, deployment");
    await expect(run({ kubeconfig, speed: 'soon' })).rejects.toThrow('--speed must be');
    const { holds, lines } = await run({ kubeconfig, speed: '1x', suite: 'replicaset' });
    expect(holds).toBe(false);
    expect(lines[0]).toMatch(/^FAILS {2}replicaset: .*: POST http:\/\/127\.0\.0\.1:1\/api\/v1\/namespaces: connect ECONNREFUSED/);
    expect(lines.at(-1)).toBe('0 of 6 cases hold');
  });
});

function configOf(server: string, cluster: object, user: object): object {
  return {
    apiVersion: 'v1', kind: 'Config', 'current-context': 'one', contexts: [{ name: 'one', context: { cluster: 'c', user: 'u' } }, { name: 'other', context: { cluster: 'd', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server, ...cluster } }], users: [{ name: 'u', user }],
  };
}

describe('a kubeconfig', () => {
  const write = (content: unknown): string => {
    const path = join(folder, 'config');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const pem = (name: string): string => readFileSync(join(import.meta.dirname, 'tls', name), 'utf8');
  const base64 = (text: string): string => Buffer.from(text).toString('base64');

  it('should say how a server with TLS is reached, and by whom', async () => {
    const [cert, key] = [pem('cert.pem'), pem('key.pem')];
    const server = createServer({ cert, key, ca: cert, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ path: request.url, certified: (request.socket as { readonly authorized?: boolean }).authorized, authorization: request.headers.authorization }));
    });
    servers.push(server);
    await new Promise<void>((listening) => { server.listen(0, '127.0.0.1', listening); });
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ask = async (cluster: object, user: object): Promise<unknown> => {
      const requests = new KubeconfigRequests(readKubeconfig(write(configOf(`${url}/k8s/`, cluster, user))));
      try { return (await requests.send('GET', '/version')).body; } finally { requests.close(); }
    };
    expect(await ask({ 'certificate-authority-data': base64(cert) }, { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) })).toEqual({ path: '/k8s/version', certified: true });
    writeFileSync(join(folder, 'ca.pem'), cert);
    writeFileSync(join(folder, 'token'), 'secret\n');
    expect(await ask({ 'certificate-authority': 'ca.pem' }, { tokenFile: 'token' })).toEqual({ path: '/k8s/version', certified: false, authorization: 'Bearer secret' });
    expect(await ask({ 'insecure-skip-tls-verify': true }, { token: 'secret' })).toMatchObject({ authorization: 'Bearer secret' });
    await expect(ask({}, {})).rejects.toThrow('self-signed certificate');
  });

  it('should be refused by the field that is wrong, or that cannot be done', () => {
    const user = (fields: object): object => configOf('https://127.0.0.1', {}, fields);
    expect(() => readKubeconfig(join(folder, 'none'))).toThrow('none cannot be read: ENOENT');
    expect(() => readKubeconfig(write('a: b: c'))).toThrow('cannot be read:');
    expect(() => readKubeconfig(write({}))).toThrow('there is no current-context; give one with --context');
    expect(() => readKubeconfig(write(user({})), 'third')).toThrow("contexts has no 'third'");
    expect(() => readKubeconfig(write(user({})), 'other')).toThrow("clusters has no 'd'");
    expect(() => readKubeconfig(write(configOf('127.0.0.1:6443', {}, {})))).toThrow('cluster.server must be an address such as https://127.0.0.1:6443, not "127.0.0.1:6443"');
    expect(() => readKubeconfig(write(user({ exec: { command: 'aws' } })))).toThrow("user.exec is not supported, only token, tokenFile");
    expect(() => readKubeconfig(write(configOf('https://127.0.0.1', { 'proxy-url': 'socks5://x' }, {})))).toThrow('cluster.proxy-url is not supported');
    expect(() => readKubeconfig(write(user({ 'client-key': 'nowhere.pem' })))).toThrow('config: ENOENT');
  });
});
