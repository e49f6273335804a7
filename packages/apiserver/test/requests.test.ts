// No request, however malformed, throws or changes anything where it is refused; and typed calls answer as REST does.
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { deriveIdentity, Machine } from '@kubesim/kernel';
import { goJson, type ApiCall, type KubeObject, type RestRequest } from '@kubesim/api';
import { createApiServer, DEFAULT_ADMISSION_PLUGINS, STORE, storeComponent, WorldStorage, type ApiServer } from '../src/index.ts';

const BY = { process: 'test' };
const RUNS = Number(process.env['REQUEST_FUZZ_RUNS'] ?? 20_000);
const SEED = Number(process.env['TEST_SEED'] ?? 13);

function start(): { readonly server: ApiServer; readonly storage: WorldStorage } {
  const machine = new Machine({ definition: { components: [storeComponent] }, seed: 1, startAt: 1_764_000_000_000 });
  machine.spawn(STORE, STORE);
  const storage = new WorldStorage(machine);
  const server = createApiServer({
    storage, now: () => machine.now, profile: { kubernetes: '1.37', featureGates: {} }, admission: DEFAULT_ADMISSION_PLUGINS, identity: (parts) => deriveIdentity(machine.seed, parts),
  });
  for (const name of ['default', 'other']) server.call({ verb: 'create', resource: 'namespaces', object: { metadata: { name } } }, BY);
  return { server, storage };
}

const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'nginx:1.27', env: [{ name: 'X', value: '1' }], ports: [{ containerPort: 80 }], resources: { requests: { cpu: '100m' } } }] } };
const SET = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'a' }, spec: { serviceName: 'a', replicas: 2, selector: { matchLabels: { app: 'a' } }, template: { metadata: { labels: { app: 'a' } }, spec: POD.spec }, volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }] } };
const SERVICE = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { selector: { app: 'a' }, ports: [{ port: 80 }] } };
const CONFIG = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', annotations: { n: '1' } }, data: { k: 'v' } };
const BUDGET = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'a' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'a' } } } };

const KINDS: readonly { readonly path: string; readonly resource: string; readonly object: object }[] = [
  { path: '/api/v1/namespaces/default/pods', resource: 'pods', object: POD }, { path: '/apis/apps/v1/namespaces/default/statefulsets', resource: 'statefulsets.apps', object: SET },
  { path: '/api/v1/namespaces/default/services', resource: 'services', object: SERVICE }, { path: '/api/v1/namespaces/default/configmaps', resource: 'configmaps', object: CONFIG },
  { path: '/apis/policy/v1/namespaces/default/poddisruptionbudgets', resource: 'poddisruptionbudgets.policy', object: BUDGET },
];
const PATCHES = ['application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml', 'application/foo'];
const QUERIES = ['', 'dryRun=All', 'dryRun=x', 'fieldManager=m&force=true', 'fieldManager=m', 'fieldValidation=Strict', 'limit=1', 'continue=e30', 'watch=1&resourceVersion=1', 'labelSelector=a%20in%20(', 'fieldSelector=x', 'resourceVersion=9999', '%zz'];
const SUBRESOURCES = ['', '/status', '/scale', '/binding', '/eviction', '/log', '/bogus'];

const junk = fc.oneof(fc.constantFrom<unknown>(null, 0, -1, 1.5, '', 'x', true, [], {}, [{}], [null], { a: null }, '__proto__', 1e300, '\ud800'), fc.jsonValue({ maxDepth: 2 }));

/** The object with the value at one of its paths replaced. */
function mutate(value: unknown, choice: number, replacement: unknown): unknown {
  if (typeof value !== 'object' || value === null || choice % 7 === 0) return replacement;
  const keys = Object.keys(value);
  if (keys.length === 0) return replacement;
  const key = keys[choice % keys.length] as string;
  const copy = Array.isArray(value) ? [...value as unknown[]] : { ...value };
  (copy as Record<string, unknown>)[key] = mutate((value as Record<string, unknown>)[key], Math.floor(choice / keys.length), replacement);
  return copy;
}

const request = fc.record({
  kind: fc.nat({ max: KINDS.length - 1 }), method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'), named: fc.boolean(), sub: fc.constantFrom(...SUBRESOURCES), query: fc.constantFrom(...QUERIES),
  choice: fc.nat({ max: 1_000_000 }), replacement: junk, contentType: fc.constantFrom('application/json', 'application/yaml', 'text/plain', ...PATCHES), cut: fc.nat({ max: 40 }),
}).map(({ kind, method, named, sub, query, choice, replacement, contentType, cut }): RestRequest => {
  const { path, object } = KINDS[kind] as (typeof KINDS)[number];
  const text = JSON.stringify(mutate(object, choice, replacement));
  return { method, path: `${path}${named ? `/a${sub}` : ''}`, query, headers: { 'content-type': contentType, accept: 'application/json' }, ...(method === 'GET' ? {} : { body: cut === 0 ? text.slice(0, choice % (text.length + 1)) : text }) };
});

function contents(storage: WorldStorage): string {
  return goJson(KINDS.map(({ resource }) => [...storage.list(resource)]));
}

describe('malformed requests', () => {
  it('should be answered, and change nothing where they are refused', () => {
    const { server, storage } = start();
    for (const { path, object } of KINDS) expect(server.handle({ method: 'POST', path, body: JSON.stringify(object) }).status).toBe(201);
    let refused = 0;
    fc.assert(fc.property(request, (each) => {
      const revision = storage.revision;
      const before = contents(storage);
      const { status } = server.handle(each);
      if (status < 400) return;
      refused++;
      expect(storage.revision).toBe(revision);
      expect(contents(storage)).toBe(before);
    }), { seed: SEED, numRuns: RUNS });
    expect(refused).toBeGreaterThan(RUNS / 10);
  });
});

describe('a dry run', () => {
  const pods = '/api/v1/namespaces/default/pods';
  const send = (server: ApiServer, path: string, body: unknown): number => server.handle({ method: 'POST', path, query: 'dryRun=All', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }).status;

  it.each([
    ['binding', { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'a' }, target: { kind: 'Node', name: 'n' } }],
    ['eviction', { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'a' } }],
  ] as const)('should change nothing by a %s', (subresource, body) => {
    const { server, storage } = start();
    server.call({ verb: 'create', resource: 'pods', namespace: 'default', object: POD as KubeObject }, BY);
    const before = contents(storage);
    expect(send(server, `${pods}/a/${subresource}`, body)).toBe(201);
    expect(contents(storage)).toBe(before);
  });
});

describe('numbers of a query', () => {
  it.each([
    ['GET', '', 'limit=x'], ['GET', '', 'timeoutSeconds=1.5'], ['GET', '', 'watch=1&timeoutSeconds=x'], ['DELETE', '/a', 'gracePeriodSeconds=x'],
  ])('should be refused if they are none: %s %s?%s', (method, suffix, query) => {
    const { server } = start();
    const value = query.split('=').at(-1) ?? '';
    const response = server.handle({ method, path: `/api/v1/namespaces/default/pods${suffix}`, query, headers: {} });
    expect(response).toMatchObject({ status: 400, body: { message: `strconv.ParseInt: parsing "${value}": invalid syntax`, reason: 'BadRequest' } });
  });
});

describe('typed calls', () => {
  it('should answer as REST does, byte for byte', () => {
    const step = fc.record({ kind: fc.nat({ max: KINDS.length - 1 }), verb: fc.constantFrom('create', 'update', 'patch', 'delete', 'get', 'list'), choice: fc.nat({ max: 100_000 }), label: fc.constantFrom('1', '2', '-bad') });
    fc.assert(fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
      const [rest, typed] = [start(), start()];
      for (const { kind, verb, label } of steps) {
        const { path, resource, object } = KINDS[kind] as (typeof KINDS)[number];
        const sent = { ...object, metadata: { ...(object as KubeObject).metadata, labels: { app: 'a', l: label } } } as KubeObject;
        const patch = { metadata: { labels: { p: label } } };
        const target = { resource, namespace: 'default' };
        const [method, suffix, body, call]: readonly [string, string, unknown, ApiCall] = verb === 'create' ? ['POST', '', sent, { verb, ...target, object: sent, fieldManager: 'm' }]
          : verb === 'update' ? ['PUT', '/a', sent, { verb, ...target, name: 'a', object: sent, fieldManager: 'm' }]
          : verb === 'patch' ? ['PATCH', '/a', patch, { verb, ...target, name: 'a', patchType: 'merge', patch, fieldManager: 'm' }]
          : verb === 'delete' ? ['DELETE', '/a', undefined, { verb, ...target, name: 'a' }]
          : verb === 'get' ? ['GET', '/a', undefined, { verb, ...target, name: 'a' }] : ['GET', '', undefined, { verb: 'list', ...target }];
        const response = rest.server.handle({ method, path: `${path}${suffix}`, query: 'fieldManager=m', headers: { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
        const reply = typed.server.call(call, BY);
        expect(response.status < 400).toBe(reply.ok);
        if (!reply.ok) expect(goJson(response.body)).toBe(goJson(reply.status));
        else if (verb !== 'delete' && verb !== 'list') expect(goJson(response.body)).toBe(goJson(reply.object));
        expect(contents(typed.storage)).toBe(contents(rest.storage));
      }
    }), { seed: SEED, numRuns: 100 });
  });

  it('should store a status as the general update does when nothing else differs from what is stored', () => {
    const NODE = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } };
    const CLAIM = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'a' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };
    const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: { selector: SET.spec.selector, template: SET.spec.template } };
    const HELD: readonly (readonly [resource: string, object: KubeObject, status: object])[] = [
      ['pods', POD, { phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }], conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-02T03:04:05Z', lastProbeTime: null }], containerStatuses: [{ name: 'c', image: 'i', imageID: '', ready: true, restartCount: 0, state: { running: {} } }] }],
      ['statefulsets.apps', SET, { replicas: 1, readyReplicas: 0, currentRevision: 'r', observedGeneration: 1, collisionCount: 0 }],
      ['deployments.apps', DEPLOYMENT, { replicas: 1, observedGeneration: 2, conditions: [{ type: 'Available', status: 'True' }] }],
      ['poddisruptionbudgets.policy', BUDGET, { currentHealthy: 1, desiredHealthy: 1, disruptionsAllowed: 0, expectedPods: 1, disruptedPods: { x: '2026-01-02T03:04:05Z' } }],
      ['persistentvolumeclaims', CLAIM, { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1024Mi' } }],
      ['nodes', NODE, { capacity: { cpu: '1000m' }, conditions: [{ type: 'Ready', status: 'True' }], addresses: [] }],
      ['services', SERVICE, { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } }],
    ];
    let [stored, refused, unchanged] = [0, 0, 0];
    const step = fc.record({ held: fc.nat({ max: HELD.length - 1 }), choice: fc.nat({ max: 1_000_000 }), replacement: junk, isMutated: fc.boolean() });
    fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
      const [plain, general] = [start(), start()];
      for (const { server } of [plain, general]) {
        for (const [resource, object] of HELD) {
          if (!server.call({ verb: 'create', resource, ...(resource === 'nodes' ? {} : { namespace: 'default' }), object }, BY).ok) throw new Error(resource);
        }
      }
      for (const { held, choice, replacement, isMutated } of steps) {
        const [resource, , status] = HELD[held] as (typeof HELD)[number];
        const place = { resource, ...(resource === 'nodes' ? {} : { namespace: 'default' }), name: 'a' };
        const next = isMutated ? mutate(status, choice, replacement) : status;
        const update = ({ server, storage }: typeof plain, isSame: boolean): unknown => {
          const now = storage.get(resource, resource === 'nodes' ? 'a' : 'default/a') as KubeObject;
          const { metadata } = now;
          const reply = server.call({ verb: 'update', ...place, subresource: 'status', object: { ...now, metadata: isSame ? metadata : JSON.parse(JSON.stringify(metadata)), status: next } as KubeObject }, BY);
          if (isSame && !reply.ok) refused++;
          else if (isSame && reply.ok && reply.object === now) unchanged++;
          else if (isSame) stored++;
          return reply.ok ? reply.object : reply.status;
        };
        expect(goJson(update(plain, true))).toBe(goJson(update(general, false)));
        expect(plain.storage.revision).toBe(general.storage.revision);
        for (const [each] of HELD) expect(goJson([...plain.storage.list(each)])).toBe(goJson([...general.storage.list(each)]));
      }
    }), { seed: SEED, numRuns: 120 });
    expect(Math.min(stored, refused, unchanged), `${stored} stored, ${refused} refused, ${unchanged} unchanged`).toBeGreaterThan(20);
  });
});
