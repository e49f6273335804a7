// Managed fields are worked out when somebody reads them; that must not show.
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { deriveIdentity, Machine, World } from '@kubesim/kernel';
import type { RestResponse } from '@kubesim/api';
import { createApiServer, DEFAULT_ADMISSION_PLUGINS, STORE, storeComponent, WorldStorage, type ApiServer } from '../src/index.ts';

const SEED = Number(process.env['TEST_SEED'] ?? 13);
const PATH = '/apis/apps/v1/namespaces/default/deployments';
const definition = { components: [storeComponent] };

interface Stand {
  readonly machine: Machine;
  readonly server: ApiServer;
  clock: number;
}

function serve(machine: Machine, managedFieldsLag: number | undefined): Stand {
  const stand: Stand = {
    machine, clock: 0,
    server: createApiServer({
      storage: new WorldStorage(machine), now: () => machine.now + stand.clock, profile: { kubernetes: '1.37', featureGates: {} }, admission: DEFAULT_ADMISSION_PLUGINS, identity: (parts) => deriveIdentity(machine.seed, parts), managedFieldsLag,
    }),
  };
  return stand;
}

function start(lag: number | undefined): Stand {
  const machine = new Machine({ definition, seed: 1, startAt: 1_764_000_000_000 });
  machine.spawn(STORE, STORE);
  const stand = serve(machine, lag);
  stand.server.call({ verb: 'create', resource: 'namespaces', object: { metadata: { name: 'default' } } }, { process: 'test' });
  return stand;
}

const write = fc.record({
  verb: fc.constantFrom('create', 'update', 'apply', 'apply', 'merge', 'strategic', 'json', 'status', 'apply-status', 'scale', 'apply-scale', 'untracked', 'reset', 'delete'),
  manager: fc.constantFrom('one', 'two', 'three'), force: fc.boolean(), image: fc.constantFrom('a:1', 'b:2'), replicas: fc.nat({ max: 3 }), label: fc.constantFrom(undefined, 'x', 'y'), seconds: fc.nat({ max: 2 }),
});
type Write = typeof write extends fc.Arbitrary<infer T> ? T : never;

function manifest({ image, replicas, label }: Write, isPartial: boolean): object {
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image }] } };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a', labels: label === undefined ? {} : { [label]: label } }, spec: { ...(isPartial && replicas === 0 ? {} : { replicas }), selector: { matchLabels: { app: 'a' } }, template } };
}

function send({ server }: Stand, step: Write): RestResponse {
  const request = (method: string, suffix: string, type: string, body: unknown): RestResponse => server.handle({ method, path: `${PATH}${suffix}`, query: `fieldManager=${step.manager}${type.includes('apply') ? `&force=${step.force}` : ''}`, headers: { 'content-type': type }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const [json, merge, apply] = ['application/json', 'application/merge-patch+json', 'application/apply-patch+yaml'];
  const name = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' } };
  switch (step.verb) {
    case 'create': return request('POST', '', json, manifest(step, false));
    case 'update': return request('PUT', '/a', json, manifest(step, false));
    case 'apply': return request('PATCH', '/a', apply, manifest(step, true));
    case 'merge': return request('PATCH', '/a', merge, { spec: { replicas: step.replicas, paused: step.force || null } });
    case 'strategic': return request('PATCH', '/a', 'application/strategic-merge-patch+json', { spec: { template: { spec: { containers: [{ name: 'c', image: step.image }, { name: 'd', image: 'd', ...(step.force ? { $patch: 'delete' } : {}) }] } } } });
    case 'json': return request('PATCH', '/a', 'application/json-patch+json', [{ op: 'test', path: '/metadata/managedFields/0/manager', value: step.manager }, { op: 'add', path: '/metadata/annotations', value: { j: step.image } }]);
    case 'status': return request('PUT', '/a/status', json, { ...name, spec: {}, status: { replicas: step.replicas, observedGeneration: 1 } });
    case 'apply-status': return request('PATCH', '/a/status', apply, { ...name, status: { readyReplicas: step.replicas } });
    case 'scale': return request('PUT', '/a/scale', json, { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'a', namespace: 'default' }, spec: { replicas: step.replicas } });
    case 'apply-scale': return request('PATCH', '/a/scale', apply, { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'a' }, spec: { replicas: step.replicas } });
    case 'reset': return request('PATCH', '/a', merge, { metadata: { managedFields: step.force ? [{}] : [] } });
    case 'delete': return request('DELETE', '/a', json, undefined);
    default: {
      const reply = server.call({ verb: 'patch', resource: 'deployments.apps', namespace: 'default', name: 'a', patchType: 'merge', patch: { metadata: { annotations: { by: step.image } } } }, { process: 'controller' });
      return { status: reply.ok ? 200 : reply.status.code ?? 500, headers: {}, body: reply.ok ? reply.object : reply.status };
    }
  }
}

/** All that a client can read: the object, the list, and what a watch from the start says. */
function readable({ server }: Stand): unknown {
  const get = (path: string, query?: string): RestResponse => server.handle({ method: 'GET', path, query, headers: {} });
  const watched = get(PATH, 'watch=1&resourceVersion=1').watch;
  return [get(`${PATH}/a`).body, get(PATH).body, watched === undefined ? undefined : server.watcher(watched).events(1)];
}

describe('managed fields', () => {
  it('should be the same when they are worked out late as when each write works them out', () => {
    fc.assert(fc.property(fc.array(write, { minLength: 2, maxLength: 24 }), fc.constantFrom(undefined, 1, 3), (steps, lag) => {
      const [eager, late] = [start(0), start(lag)];
      const all: readonly Write[] = [{ ...(steps[0] as Write), verb: 'create' }, ...steps];
      all.forEach((step, index) => {
        eager.clock += step.seconds * 1000;
        late.clock = eager.clock;
        const [wanted, found] = [send(eager, step), send(late, step)];
        // Reading is what works fields out: most answers are looked at only by their status, so that writes pile up.
        expect(found.status).toBe(wanted.status);
        if (wanted.status >= 400 || index % 5 === 4) expect(found.body).toEqual(wanted.body);
      });
      const json = late.machine.seal().toJSON();
      const later = serve(Machine.from(World.fromJSON(JSON.parse(JSON.stringify(json)) as typeof json, definition)), lag);
      expect(readable(late)).toEqual(readable(eager));
      expect(readable(later)).toEqual(readable(eager));
    }), { seed: SEED, numRuns: 120 });
  });
});
