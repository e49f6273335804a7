import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serve, SET } from './serving.ts';

/** A few hundred here; KUBESIM_CONNECTIONS=10000 for the long run. */
const CONNECTIONS = Number(process.env['KUBESIM_CONNECTIONS'] ?? 400);
const RUNS = Number(process.env['KUBESIM_RUNS'] ?? 150);
const SECRETS = /node_modules|\.ts:\d|\.js:\d|at Object\.|\/packages\/|\/src\//;

/** Sends bytes on a connection of its own and answers all that comes back until the peer or the time ends it. */
function raw(port: number, bytes: string | Uint8Array, lastsMs: number = 300): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket: Socket = connect(port, '127.0.0.1', () => { socket.write(bytes); });
    socket.setTimeout(lastsMs, () => { socket.destroy(); });
    socket.on('data', (chunk) => { text += chunk.toString('latin1'); });
    socket.on('error', () => { socket.destroy(); });
    socket.on('close', () => { resolve(text); });
  });
}

const path = fc.oneof(
  fc.constantFrom('/api/v1/namespaces/default/pods', '/api/v1/namespaces/default/pods/web-0', '/apis/apps/v1/namespaces/default/statefulsets/web', '/apis/apps/v1/namespaces/default/statefulsets/web/scale', '/api/v1/namespaces/default/pods/web-0/exec', '/kubesim/idle', '/openapi/v3/apis/apps/v1', '/metrics'),
  fc.array(fc.constantFrom('api', 'v1', 'apis', 'namespaces', 'pods', '..', '.', '', '%2e%2e', '%00', '%zz', '%2F', '__proto__', 'constructor', 'watch', 'status', 'default', 'openapi', 'kubesim'), { maxLength: 8 }).map((parts) => `/${parts.join('/')}`),
);
const query = fc.array(fc.constantFrom('watch=1&timeoutSeconds=1', 'limit=-1', 'limit=x', 'continue=%%%', 'continue=e30', 'resourceVersion=x', 'resourceVersion=99999999', 'labelSelector=((', 'fieldSelector=a=b', 'fieldSelector==', 'dryRun=x', 'fieldManager=%00', 'timeoutSeconds=-5', 'sendInitialEvents=true', '__proto__=1'), { maxLength: 3 }).map((parts) => parts.join('&'));
const body = fc.oneof(
  fc.constantFrom('{"kind":', '[]', 'null', '"x"', '{"metadata":null}', '{"metadata":[]}', '{"__proto__":{"a":1}}', '[{"op":"replace","path":"/spec"}]', '[{"op":"remove","path":"/metadata/name"}]', '{"spec":{"replicas":"many"}}', '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"../x"}}', 'k8s\u0000\u00ff', `${'['.repeat(5_000)}`, `{"a":"${'x'.repeat(5_000)}"}`),
  fc.string({ maxLength: 40 }),
);
const type = fc.constantFrom('application/json', 'application/yaml', 'application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml', 'application/vnd.kubernetes.protobuf', 'text/html', '');
const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND');

describe('fuzzed HTTP', () => {
  it('should answer anything with a Status or a document, show nothing of the host, and change nothing where it refuses', async () => {
    const { cluster, url } = await serve({ speed: 'step', bodyBytesMax: 8_000 });
    cluster.apply(SET as never);
    cluster.settle();
    const port = Number(new URL(url).port);
    await fc.assert(fc.asyncProperty(method, path, query, type, body, async (sent, to, asked, contentType, content) => {
      const before = cluster.snapshot();
      const [digest, revision] = [cluster.digest, cluster.revision];
      const bytes = Buffer.from(content, 'latin1');
      const text = await raw(port, Buffer.concat([Buffer.from(`${sent} ${to}${asked === '' ? '' : `?${asked}`} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${contentType === '' ? '' : `Content-Type: ${contentType}\r\n`}Content-Length: ${bytes.length}\r\n\r\n`), bytes]));
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
      expect(text).not.toMatch(SECRETS);
      expect(status, `${sent} ${to}?${asked} ${contentType} ${content.slice(0, 60)} → ${text.slice(0, 200)}`).toBeLessThan(500 + (asked.includes('resourceVersion=') ? 100 : 0));
      if (status >= 400) {
        expect([cluster.digest, cluster.revision]).toEqual([digest, revision]);
        const plain = text.includes('404 page not found') || sent === 'HEAD';
        if (!plain) expect(text).toContain('"kind":"Status"');
      } else cluster.restore(before);
    }), { numRuns: RUNS, seed: Number(process.env['KUBESIM_SEED'] ?? 1) });
  }, 120_000);

  it('should survive what is no HTTP: broken lines, huge headers, broken WebSockets, bodies that never end', async () => {
    const { cluster, server, url } = await serve({ speed: 'step' });
    cluster.apply(SET as never);
    cluster.settle();
    const digest = cluster.digest;
    const port = Number(new URL(url).port);
    const upgrade = 'GET /api/v1/namespaces/default/pods/web-0/exec?command=cat&stdin=true&stdout=true HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n';
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    const answers = await Promise.all([
      raw(port, '\u0000\u0001\u0002\r\n\r\n'), raw(port, 'GET\r\n\r\n'), raw(port, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`),
      raw(port, 'POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n{'), raw(port, 'POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{'),
      raw(port, 'POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'), raw(port, `${upgrade}Sec-WebSocket-Key: short\r\n\r\n`),
      raw(port, Buffer.concat([Buffer.from(upgrade + key), Buffer.from([0xff, 0xff, 0x00, 0x01, 0x02, 0x03])])), raw(port, Buffer.concat([Buffer.from(upgrade + key), Buffer.from([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])])),
    ]);
    for (const text of answers) expect(text).not.toMatch(SECRETS);
    expect(answers[2]).toMatch(/^HTTP\/1\.1 431 [\s\S]*"kind":"Status"/);
    expect(answers[3]).toMatch(/^HTTP\/1\.1 413 [\s\S]*Request entity too large/);
    expect(answers[7]).toMatch(/^HTTP\/1\.1 101 /);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(cluster.digest).toBe(digest);
    await expect.poll(() => server.open.connections).toBeLessThan(5);
  });

  it(`should keep nothing of ${CONNECTIONS} connections that watched and went away`, async () => {
    const { cluster, server, url } = await serve({ speed: 'step', watchesMax: 50 });
    cluster.apply(SET as never);
    cluster.settle();
    const port = Number(new URL(url).port);
    const watch = 'GET /api/v1/namespaces/default/pods?watch=true HTTP/1.1\r\nHost: x\r\n\r\n';
    const round = async (count: number): Promise<void> => {
      for (let done = 0; done < count; done += 40) await Promise.all(Array.from({ length: Math.min(40, count - done) }, (_, index) => raw(port, index % 2 === 0 ? watch : 'GET /api/v1/namespaces/default/pods HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 15)));
    };
    await round(200);
    await expect.poll(() => server.open).toEqual({ streams: 0, connections: 0 });
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    await round(CONNECTIONS);
    await expect.poll(() => server.open).toEqual({ streams: 0, connections: 0 });
    globalThis.gc?.();
    // 1 kB a connection would be a leak; without --expose-gc garbage counts too, so this is a coarse net.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(60 * 1024 * 1024 + CONNECTIONS * 1024);
  }, 600_000);

  it('should refuse watches beyond its bound and say so', async () => {
    const { url } = await serve({ speed: 'step', watchesMax: 2 });
    const aborts = [new AbortController(), new AbortController()];
    await Promise.all(aborts.map(({ signal }) => fetch(`${url}/api/v1/pods?watch=true`, { signal })));
    const third = await fetch(`${url}/api/v1/pods?watch=true`);
    expect([third.status, third.headers.get('retry-after'), (await third.json() as { readonly reason: string }).reason]).toEqual([429, '1', 'TooManyRequests']);
    for (const abort of aborts) abort.abort();
    await expect.poll(async () => (await fetch(`${url}/api/v1/pods?watch=true&timeoutSeconds=1`, { signal: AbortSignal.timeout(500) }).catch(() => ({ status: 200 }))).status).toBe(200);
  });
});
