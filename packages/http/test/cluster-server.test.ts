import { describe, expect, it } from 'vitest';
import { serve, SET } from './serving.ts';

describe('cluster server', () => {
  it('should take what a client writes and stream what comes of it', async () => {
    const { url } = await serve();
    const created = await fetch(`${url}/apis/apps/v1/namespaces/default/statefulsets`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(SET) });
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
});
