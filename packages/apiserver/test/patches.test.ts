// What no patch, apply or delete may ask, in upstream's words.
import { describe, expect, it } from 'vitest';
import { deriveIdentity, Machine } from '@kubesim/kernel';
import type { RestResponse } from '@kubesim/api';
import { createApiServer, DEFAULT_ADMISSION_PLUGINS, STORE, storeComponent, WorldStorage, type ApiServer } from '../src/index.ts';

const PODS = '/api/v1/namespaces/default/pods';
const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'nginx:1.27' }] } };

function start(): ApiServer {
  const machine = new Machine({ definition: { components: [storeComponent] }, seed: 1, startAt: 1_764_000_000_000 });
  machine.spawn(STORE, STORE);
  const server = createApiServer({ storage: new WorldStorage(machine), now: () => machine.now, profile: { kubernetes: '1.37', featureGates: {} }, admission: DEFAULT_ADMISSION_PLUGINS, identity: (parts) => deriveIdentity(machine.seed, parts) });
  server.call({ verb: 'create', resource: 'namespaces', object: { metadata: { name: 'default' } } }, { process: 'test' });
  server.handle({ method: 'POST', path: PODS, headers: { 'content-type': 'application/json' }, body: JSON.stringify(POD) });
  return server;
}

const send = (method: string, path: string, contentType: string, body: unknown, query: string = ''): RestResponse => start().handle({ method, path, query, headers: { 'content-type': contentType }, body: JSON.stringify(body) });
const messageOf = (response: RestResponse): readonly [number, string | undefined] => [response.status, (response.body as { readonly message?: string } | undefined)?.message];

describe('a strategic merge patch', () => {
  it.each<[string, unknown, string]>([
    ['an unknown directive of a map', { metadata: { labels: { $patch: 'bogus', z: '2' } } }, 'unknown patch type: bogus in map: map[$patch:bogus z:2]'],
    ['an unknown directive of an item', { spec: { containers: [{ $patch: 'bogus', name: 'c' }] } }, 'unknown patch type: bogus in map: map[$patch:bogus name:c]'],
    ['a merge of lists', { spec: { containers: [{ $patch: 'merge', name: 'c' }] } }, 'merging lists cannot yet be specified in the patch'],
    ['an item without its key', { spec: { containers: [{ image: 'x' }] } }, 'map: map[image:x] does not contain declared merge key: name'],
    ['a deleted item without its key', { spec: { containers: [{ $patch: 'delete' }] } }, 'map: map[$patch:delete] does not contain declared merge key: name'],
  ])('should be refused for %s', (_, body, message) => {
    expect(messageOf(send('PATCH', `${PODS}/a`, 'application/strategic-merge-patch+json', body))).toEqual([500, message]);
  });
});

describe('a configuration to apply', () => {
  const containers = (...list: readonly object[]): object => ({ ...POD, metadata: { name: 'b', namespace: 'default' }, spec: { containers: list } });
  it.each<[string, unknown, string]>([
    ['two items of one key', containers({ name: 'c', image: 'x' }, { name: 'c', image: 'y' }), '.spec.containers: duplicate entries for key [name="c"]'],
    ['two ports that are alike by default', containers({ name: 'c', ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'TCP' }] }), '.spec.containers[name="c"].ports: duplicate entries for key [containerPort=80,protocol="TCP"]'],
    ['a finalizer twice', { ...containers({ name: 'c' }), metadata: { name: 'b', namespace: 'default', finalizers: ['a/b', 'a/b'] } }, '.metadata.finalizers: duplicate entries for key [="a/b"]'],
    ['an item without its key', containers({ image: 'x' }), '.spec.containers: element 0: associative list with keys has an element that omits key field "name" (and doesn\'t have default value)'],
    ['a number for a text', containers({ name: 'c', env: [{ name: 'P', value: 80 }] }), '.spec.containers[name="c"].env[name="P"].value: expected string, got &value.valueUnstructured{Value:80}'],
    ['an object for a text', containers({ name: 'c', image: { b: ['x', null], a: true } }), '.spec.containers[name="c"].image: expected string, got &value.valueUnstructured{Value:map[string]interface {}{"a":true, "b":[]interface {}{"x", interface {}(nil)}}}'],
    ['a text for a number', containers({ name: 'c', ports: [{ containerPort: '80' }] }), '.spec.containers[name="c"].ports[containerPort="80",protocol="TCP"].containerPort: expected numeric (int or float), got string'],
    ['a text for a boolean', containers({ name: 'c', tty: 'x' }), '.spec.containers[name="c"].tty: expected boolean, got &{x}'],
    ['an object for a list', containers({ name: 'c', args: { a: 1 } }), '.spec.containers[name="c"].args: expected list, got &{map[a:1]}'],
    ['a list for an object', containers({ name: 'c', securityContext: [1, 'b'] }), '.spec.containers[name="c"].securityContext: expected map, got &{[1 b]}'],
    ['a list for a quantity', containers({ name: 'c', resources: { limits: { cpu: [] } } }), '.spec.containers[name="c"].resources.limits.cpu: expected any scalar, got &{[]}'],
    ['fields that nobody knows', { ...containers({ name: 'c', b: 1 }), a: 1 }, 'errors:\n  .a: field not declared in schema\n  .spec.containers[name="c"].b: field not declared in schema'],
  ])('should be refused for %s', (_, body, why) => {
    expect(messageOf(send('PATCH', `${PODS}/b`, 'application/apply-patch+yaml', body, 'fieldManager=m'))).toEqual([500, `failed to create typed patch object (default/b; /v1, Kind=Pod): ${why}`]);
  });
});

describe('a list that is sent empty', () => {
  const scaler = (behavior: object): object => ({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'a' }, spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' }, maxReplicas: 2, behavior } });
  const path = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers';
  it('should be told from one that is absent', () => {
    expect(messageOf(send('POST', path, 'application/json', scaler({ scaleUp: { policies: [] } })))).toEqual([422, 'HorizontalPodAutoscaler.autoscaling "a" is invalid: spec.behavior.scaleUp.policies: Required value: must specify at least one Policy']);
    expect(send('POST', path, 'application/json', scaler({ scaleUp: {} })).status).toBe(201);
  });
  it('should not be stored', () => {
    const set = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'a' }, spec: { serviceName: 'a', selector: { matchLabels: { app: 'a' } }, template: { metadata: { labels: { app: 'a' } }, spec: POD.spec }, volumeClaimTemplates: [] } };
    const response = send('POST', '/apis/apps/v1/namespaces/default/statefulsets', 'application/json', set);
    expect(response.status).toBe(201);
    expect((response.body as { readonly spec: object }).spec).not.toHaveProperty('volumeClaimTemplates');
  });
});

describe('a binding', () => {
  const bind = (body: object): readonly [number, string | undefined] => messageOf(send('POST', `${PODS}/a/binding`, 'application/json', { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'a' }, ...body }));
  it('should name its pod and a node', () => {
    expect(bind({})).toEqual([500, 'target.name: Required value']);
    expect(bind({ target: { kind: 'Pod' } })).toEqual([500, '[target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>", target.name: Required value]']);
    expect(bind({ metadata: {}, target: { name: 'n' } })).toEqual([400, 'name in URL does not match name in Binding object']);
  });
  it('should be refused for another pod of that name', () => {
    const [status, message] = bind({ metadata: { name: 'a', uid: 'x' }, target: { name: 'n' } });
    expect(status).toBe(409);
    expect(message).toMatch(/^Operation cannot be fulfilled on pods "a": StorageError: invalid object, Code: 4, Key: \/registry\/pods\/default\/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: x, UID in object meta: /);
  });
});

describe('an eviction', () => {
  it('should name its pod', () => {
    expect(messageOf(send('POST', `${PODS}/a/eviction`, 'application/json', { apiVersion: 'policy/v1', kind: 'Eviction' }))).toEqual([400, 'name in URL does not match name in Eviction object']);
  });
});

describe('a delete', () => {
  it('should take no options of another kind', () => {
    expect(messageOf(send('DELETE', `${PODS}/a`, 'application/json', POD))).toEqual([500, 'no kind "Pod" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"']);
    expect(send('DELETE', `${PODS}/a`, 'application/json', { kind: 'DeleteOptions', apiVersion: 'v1' }).status).toBe(200);
  });
});

describe('the namespace of an object that has none', () => {
  it('should be dropped', () => {
    const path = '/api/v1/nodes';
    const response = send('POST', path, 'application/json', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', namespace: 'x' } });
    expect(response.status).toBe(201);
    expect((response.body as { readonly metadata: object }).metadata).not.toHaveProperty('namespace');
  });
});
