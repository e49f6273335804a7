import { describe, expect, it } from 'vitest';
import { decodeProtobuf, encodeProtobuf } from '@kubesim/api';
import { checkRecurrence } from '@kubesim/http';
import { inProcess, JSON_TYPE, SET } from './serving.ts';

const PODS = '/api/v1/namespaces/default/pods';
const SETS = '/apis/apps/v1/namespaces/default/statefulsets';
const PROTOBUF = 'application/vnd.kubernetes.protobuf';

interface Line {
  readonly type: string;
  readonly object: { readonly kind: string; readonly metadata: { readonly name?: string; readonly resourceVersion: string; readonly annotations?: Readonly<Record<string, string>> } };
}

/** Reads lines of a watch until there are so many. */
async function lines(response: Response, count: number): Promise<readonly Line[]> {
  const found: Line[] = [];
  let rest = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    rest += new TextDecoder().decode(chunk);
    const parts = rest.split('\n');
    rest = parts.pop() ?? '';
    found.push(...parts.map((part) => JSON.parse(part) as Line));
    if (found.length >= count) return found;
  }
  return found;
}

describe('cluster fetch', () => {
  it('should answer in process as a server does', async () => {
    const { cluster, get } = inProcess();
    expect((await get(SETS, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(SET) })).status).toBe(201);
    cluster.settle();
    const list = await (await get(PODS)).json() as { readonly kind: string; readonly items: readonly { readonly metadata: { readonly name: string } }[] };
    expect([list.kind, list.items.map(({ metadata }) => metadata.name)]).toEqual(['PodList', ['web-0', 'web-1']]);
    expect((await get('/readyz')).status).toBe(200);
    expect(await (await get('/metrics')).text()).toContain('apiserver_storage_objects{resource="pods"} 2');
  });

  it('should let time pass in lock step: nothing moves until the client is idle, which ends with what it watches', async () => {
    const { cluster, gateway, get } = inProcess();
    await get(SETS, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(SET) });
    const watch = await get(`${PODS}?watch=true`);
    const before = cluster.now;
    expect(cluster.list('pods')).toHaveLength(0);
    const idle = await (await get('/kubesim/idle', { method: 'POST' })).json() as { readonly changed: boolean; readonly resourceVersion: string };
    expect(idle.changed).toBe(true);
    expect(cluster.list('pods').map(({ metadata }) => metadata.name)).toEqual(['web-0']);
    expect((await lines(watch, 1))[0]).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'web-0' } } });
    let rounds = 0;
    while (gateway.idle().changed) expect(++rounds).toBeLessThan(100);
    expect(cluster.get('statefulset/web')).toMatchObject({ status: { readyReplicas: 2 } });
    expect(cluster.now).toBeGreaterThan(before);
    const wrong = await get('/kubesim/idle', { method: 'POST', body: '{"for": 3}' });
    expect([wrong.status, (await wrong.json() as { readonly message: string }).message]).toEqual([400, expect.stringContaining('{"for": "30s"}')]);
    const at = cluster.now;
    await get('/kubesim/idle', { method: 'POST', body: '{"for": "30s"}' });
    expect(cluster.now).toBe(at + 30_000);
  });

  it('should make the same run of the same requests, and say where others part from them', async () => {
    const run = async (replicas: number): Promise<{ readonly digest: string; readonly requests: ReturnType<ReturnType<typeof inProcess>['gateway']['requests']> }> => {
      const { cluster, gateway, get } = inProcess({ recordRequests: true });
      await get(SETS, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(SET) });
      await get('/kubesim/idle', { method: 'POST' });
      await get(`${SETS}/web/scale`, { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' }, body: JSON.stringify({ spec: { replicas } }) });
      cluster.settle();
      return { digest: cluster.digest, requests: gateway.requests() };
    };
    const [one, same, other] = [await run(3), await run(3), await run(4)];
    expect(same.digest).toBe(one.digest);
    expect(checkRecurrence(one.requests, same.requests)).toBeUndefined();
    expect(checkRecurrence(one.requests, other.requests)).toMatch(/PATCH .*\/scale .* was recorded and did not recur/);
  });

  it('should end a watch after its timeoutSeconds, of virtual time where time stands still', async () => {
    const { cluster, gateway, get } = inProcess();
    const watch = await get(`${PODS}?watch=true&timeoutSeconds=5`);
    gateway.idle(4_000);
    expect(cluster.now % 1_000).toBe(0);
    gateway.idle(2_000);
    expect(await watch.text()).toBe('');
  });

  it('should begin with the state and a bookmark where initial events are asked for', async () => {
    const { cluster, get } = inProcess();
    cluster.apply(SET as never);
    cluster.settle();
    const watch = await get(`${PODS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`);
    const found = await lines(watch, 3);
    expect(found.map(({ type }) => type)).toEqual(['ADDED', 'ADDED', 'BOOKMARK']);
    expect(found[2]?.object.metadata.annotations?.['k8s.io/initial-events-end']).toBe('true');
  });

  it('should show a watched object in the version that was asked for', async () => {
    const { cluster, get } = inProcess();
    const watch = await get('/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers?watch=true');
    const scaler = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'h' }, spec: { scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' }, maxReplicas: 3 } };
    expect((await get('/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(scaler) })).status).toBe(201);
    expect((await lines(watch, 1))[0]).toMatchObject({ type: 'ADDED', object: { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler' } });
    expect(cluster.revision).toBeGreaterThan(0);
  });

  it('should hold no more for a slow reader than its buffer', async () => {
    const { cluster, gateway, get } = inProcess();
    await get(`${PODS}?watch=true`);
    for (let index = 0; index < 500; index++) cluster.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: `p-${index}` }, spec: { containers: [{ name: 'c', image: 'x' }], schedulerName: 'none' } } as never);
    gateway.idle();
    // A reader that has read nothing for 500 pods still watches: it is a place in the history.
    expect((await (await get('/metrics')).text())).toContain('apiserver_registered_watchers 1');
  });
});

describe('protobuf', () => {
  it('should take and give objects, lists, errors and watch frames as protobuf', async () => {
    const { cluster, get } = inProcess();
    const bytes = encodeProtobuf(SET as never) as Uint8Array;
    const created = await get(SETS, { method: 'POST', headers: { 'content-type': PROTOBUF, accept: PROTOBUF }, body: Buffer.from(bytes) });
    expect([created.status, created.headers.get('content-type')]).toEqual([201, PROTOBUF]);
    expect(decodeProtobuf(new Uint8Array(await created.arrayBuffer()))).toMatchObject({ kind: 'StatefulSet', metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 2, template: { spec: { containers: [{ image: 'nginx:1.25' }] } } } });
    cluster.settle();
    const list = decodeProtobuf(new Uint8Array(await (await get(PODS, { headers: { accept: `${PROTOBUF},application/json` } })).arrayBuffer())) as { readonly items: readonly { readonly metadata: { readonly name: string }; readonly status: object }[] };
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['web-0', 'web-1']);
    expect(list.items[0]?.status).toMatchObject({ phase: 'Running', podIP: expect.any(String) as string });
    const missing = await get(`${PODS}/none`, { headers: { accept: PROTOBUF } });
    expect(decodeProtobuf(new Uint8Array(await missing.arrayBuffer()))).toMatchObject({ kind: 'Status', reason: 'NotFound', code: 404 });
    const watch = await get(`${PODS}?watch=true&timeoutSeconds=1`, { headers: { accept: PROTOBUF } });
    expect(watch.headers.get('content-type')).toBe(`${PROTOBUF};stream=watch`);
    const reader = (watch.body as ReadableStream<Uint8Array>).getReader();
    const frame = (await reader.read()).value as Uint8Array;
    expect(new DataView(frame.buffer, frame.byteOffset).getUint32(0)).toBe(frame.length - 4);
    expect(new TextDecoder().decode(frame.subarray(4, 11))).toContain('ADDED');
    await reader.cancel();
  });

  it('should give JSON where there is no protobuf: tables and custom resources', async () => {
    const { get } = inProcess();
    const table = await get(PODS, { headers: { accept: `${PROTOBUF};as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1;g=meta.k8s.io` } });
    expect([table.headers.get('content-type'), (await table.json() as { readonly kind: string }).kind]).toEqual(['application/json', 'Table']);
    const metadata = await get(PODS, { headers: { accept: `${PROTOBUF};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json` } });
    expect(decodeProtobuf(new Uint8Array(await metadata.arrayBuffer()))).toMatchObject({ kind: 'PartialObjectMetadataList' });
  });
});

describe('OpenAPI', () => {
  it('should list a document for each group and version, with the schemas and operations of its kinds', async () => {
    const { get } = inProcess();
    const index = await (await get('/openapi/v3')).json() as { readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>> };
    expect(Object.keys(index.paths)).toEqual(expect.arrayContaining(['api/v1', 'apis/apps/v1', 'apis/batch/v1']));
    const response = await get(index.paths['apis/apps/v1']?.serverRelativeURL ?? '');
    expect(Date.parse(response.headers.get('expires') ?? '')).toBeGreaterThan(Date.now());
    const document = await response.json() as { readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly parameters?: readonly { readonly name: string }[] }>>>>; readonly components: { readonly schemas: Readonly<Record<string, { readonly properties: object }>> } };
    expect(document.paths['/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}']?.['patch']?.parameters?.map(({ name }) => name)).toContain('fieldValidation');
    // Every reference leads somewhere.
    const text = JSON.stringify(document);
    for (const [, name] of text.matchAll(/#\/components\/schemas\/([^"]+)/g)) expect(document.components.schemas).toHaveProperty([name as string]);
    expect(text).not.toContain('x-protobuf');
  });

  it('should describe custom resources by their own schema, and change the hash with it', async () => {
    const { get } = inProcess();
    const hash = async (): Promise<string | undefined> => (await (await get('/openapi/v3')).json() as { readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>> }).paths['apis/example.com/v1']?.serverRelativeURL;
    const definition = (type: string): object => ({
      apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'widgets.example.com' },
      spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget' }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type } } } } } } }] },
    });
    expect((await get('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(definition('integer')) })).status).toBe(201);
    const before = await hash();
    const document = await (await get(before ?? '')).json() as { readonly components: { readonly schemas: Readonly<Record<string, object>> } };
    expect(document.components.schemas['com.example.v1.Widget']).toMatchObject({ properties: { spec: { properties: { size: { type: 'integer' } } } }, 'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Widget' }] });
    await get('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com', { method: 'PATCH', headers: { 'content-type': 'application/json-patch+json' }, body: JSON.stringify([{ op: 'replace', path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size/type', value: 'string' }]) });
    expect(await hash()).not.toBe(before);
  });
});

describe('logs and exec in process', () => {
  it('should answer logs, and exec without an upgrade as upstream words it', async () => {
    const { cluster, get } = inProcess();
    cluster.apply(SET as never);
    cluster.settle();
    const message = async (path: string, init?: RequestInit): Promise<readonly [number, string | undefined]> => {
      const response = await get(`${PODS}/${path}`, init);
      return [response.status, (await response.json() as { readonly message?: string }).message];
    };
    expect(await message('web-0/exec?command=ls&stdout=true', { method: 'POST' })).toEqual([400, 'Upgrade request required']);
    expect(await message('web-0/exec?command=ls&container=x&stdout=true')).toEqual([400, 'container x is not valid for pod web-0']);
    expect(await message('none/exec?command=ls')).toEqual([404, 'pods "none" not found']);
    expect(await message('web-0/log?previous=true')).toEqual([400, 'previous terminated container "nginx" in pod "web-0" not found']);
    expect(await message('web-0/log?tailLines=-1')).toEqual([422, expect.stringContaining('tailLines: Invalid value: -1: must be greater than or equal to 0')]);
    const log = await get(`${PODS}/web-0/log`);
    expect([log.status, log.headers.get('content-type')]).toEqual([200, 'text/plain']);
  });

  it('should follow a log until its container ends', async () => {
    const { cluster, gateway, get } = inProcess({}, { behaviours: [{ name: 'talker', version: 1, images: ['talker'], start: () => ({ log: ['one', 'two', 'three'], endsAfterMs: 5_000, exitCode: 0 }) }] });
    cluster.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'talker' }] } } as never);
    cluster.waitFor('pod/p', { phase: 'Running' });
    expect(await (await get(`${PODS}/p/log?tailLines=1`)).text()).toBe('three\n');
    expect(await (await get(`${PODS}/p/log?limitBytes=5`)).text()).toBe('one\nt');
    expect(await (await get(`${PODS}/p/log?timestamps=true&tailLines=1`)).text()).toMatch(/^2026-01-01T00:00:\d\d\.\d{9}Z three\n$/);
    const followed = await get(`${PODS}/p/log?follow=true`);
    gateway.idle(10_000);
    expect(await followed.text()).toBe('one\ntwo\nthree\n');
  });
});
