// The recorded requests with parts of their bodies replaced: none throws, and one that is refused changes nothing.
import { describe, expect, it } from 'vitest';
import type { RestRequest } from '@kubesim/api';
import { createApiServer, DEFAULT_ADMISSION_PLUGINS, STORE, storeComponent, WorldStorage } from '@kubesim/apiserver';
import { deriveIdentity, Machine } from '@kubesim/kernel';
import { readCases } from '../src/sets/api.ts';

interface Recorded {
  readonly requests: readonly { readonly method: string; readonly path: string; readonly body?: unknown; readonly contentType?: string | null; readonly accept?: string | null }[];
}

const ROUNDS = Number(process.env['REQUEST_FUZZ_ROUNDS'] ?? 4);
const JUNK: readonly unknown[] = [null, 0, -1, 1.5, '', 'x', true, [], {}, [{}], [null], { a: null }, '-bad', 1e15, { a: { b: 1 } }, ['x'], [1]];

function draws(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % bound;
  };
}

function mutate(value: unknown, draw: (bound: number) => number): unknown {
  const junk = JUNK[draw(JUNK.length)];
  if (typeof value !== 'object' || value === null || draw(6) === 0) return junk;
  const keys = Object.keys(value);
  const key = keys[draw(Math.max(1, keys.length))];
  if (key === undefined) return junk;
  const copy = (Array.isArray(value) ? [...value as unknown[]] : { ...value }) as Record<string, unknown>;
  if (draw(8) === 0 && !Array.isArray(value)) delete copy[key];
  else copy[key] = mutate(copy[key], draw);
  return copy;
}

describe('malformed requests', () => {
  it('should be answered, and change nothing where they are refused', () => {
    const machine = new Machine({ definition: { components: [storeComponent] }, seed: 1, startAt: 1_764_000_000_000 });
    machine.spawn(STORE, STORE);
    const storage = new WorldStorage(machine);
    const server = createApiServer({ storage, now: () => machine.now, profile: { kubernetes: '1.37', featureGates: {} }, admission: DEFAULT_ADMISSION_PLUGINS, identity: (parts) => deriveIdentity(machine.seed, parts) });
    server.call({ verb: 'create', resource: 'namespaces', object: { metadata: { name: 'n' } } }, { process: 'test' });
    const draw = draws(Number(process.env['TEST_SEED'] ?? 13));
    const fill = (text: string): string => text.replaceAll('{ns}', 'n').replaceAll('{id}', 'id1').replace(/\{\w+:\d+\}/g, '');
    const faults: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const { requests } of readCases<Recorded>(new URL('../vectors/api/', import.meta.url).pathname, '1.37')) {
        for (const { method, path, body, contentType, accept } of requests) {
          if (method === 'WAIT') continue;
          const [where = '', query] = fill(path).split('?');
          const request: RestRequest = {
            method, path: where, query, headers: { 'content-type': contentType ?? '', accept: accept ?? '' },
            ...(body === undefined || body === null ? {} : { body: fill(JSON.stringify(draw(4) === 0 ? body : mutate(body, draw))) }),
          };
          const before = `${storage.revision} ${storage.revisionOf('events')}`;
          try {
            const { status } = server.handle(request);
            if (status >= 400 && before !== `${storage.revision} ${storage.revisionOf('events')}`) faults.push(`${status} changed the store: ${JSON.stringify(request)}`);
          } catch (error) {
            faults.push(`${String(error)}: ${JSON.stringify(request)}`);
          }
        }
      }
    }
    expect(faults).toEqual([]);
  });
});
