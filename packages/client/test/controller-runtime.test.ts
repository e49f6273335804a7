import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '@kubesim/api';
import type { Controller } from '@kubesim/client';
import { Machine, World } from '@kubesim/kernel';
import { tinyWorld } from './tiny-world.ts';

interface CopierState {
  made: number;
}

/** Copies the number in a set into that many items, one call at a time, and counts what it made in its private state. */
function copier(overrides: Partial<Controller> = {}): Controller {
  return {
    name: 'copier',
    watches: ['sets', 'items'],
    workers: 2,
    initialState: (): CopierState => ({ made: 0 }),
    handle: (context, change) => {
      const object = (change.after ?? change.before) as KubeObject;
      context.enqueue(change.resource === 'sets' ? object.metadata.name as string : object['owner'] as string);
    },
    *reconcile(context, key) {
      const plan = context.decide(() => {
        const set = context.lister('sets').get('', key);
        const items = context.lister('items').list().map((item) => item.metadata.name as string);
        return { wanted: Array.from({ length: (set?.['count'] as number | undefined) ?? 0 }, (_, index) => `${key}-${index}`).filter((name) => !items.includes(name)) };
      });
      for (const name of plan.wanted) {
        const spin = context.random('spin').below(1000);
        const reply = yield { verb: 'create', resource: 'items', object: { metadata: { name }, owner: key, spin } };
        if (!reply.ok) return { error: reply.status.message ?? '' };
        (context.state as CopierState).made++;
      }
      return undefined;
    },
    ...overrides,
  };
}

const set = (name: string, count: number): KubeObject => ({ metadata: { name }, count });
const items = (writes: string[]): string[] => writes.filter((write) => write.includes('items')).sort();

describe('controller runtime', () => {
  it('[promise 1] a run from any point, inside a running reconcile too, equals the run: fork and JSON alike', () => {
    let inside = 0;
    fc.assert(fc.property(fc.nat(40), fc.integer(), fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }), (steps, seed, counts) => {
      const world = tinyWorld([copier()], {}, { seed });
      counts.forEach((count, index) => world.call(world.machine, { verb: 'create', resource: 'sets', object: set(`s${index}`, count) }));
      for (let index = 0; index < steps; index++) world.machine.step();
      if (world.machine.tasks().some((task) => task.label.startsWith('resume'))) inside++;
      const sealed = world.machine.seal();
      const fork = Machine.from(sealed);
      const read = Machine.from(World.fromJSON(JSON.parse(JSON.stringify(sealed)), sealed.definition));
      for (const machine of [world.machine, fork, read]) machine.run({ maxSteps: 2000 });
      expect(fork.rollingDigest).toBe(world.machine.rollingDigest);
      expect(world.writes(fork)).toEqual(world.writes(world.machine));
      expect(world.writes(read)).toEqual(world.writes(world.machine));
      expect(JSON.stringify(fork.seal())).toBe(JSON.stringify(world.machine.seal()));
      expect(items(world.writes(fork)).length).toBe(counts.reduce((sum, count) => sum + count, 0));
    }), { numRuns: 100 });
    expect(inside).toBeGreaterThan(20);
  });

  it('should make up for a crash between any two writes', () => {
    fc.assert(fc.property(fc.nat(30), (steps) => {
      const world = tinyWorld([copier()]);
      world.call(world.machine, { verb: 'create', resource: 'sets', object: set('s', 4) });
      for (let index = 0; index < steps; index++) world.machine.step();
      world.processes.crash(world.machine, 'manager');
      expect(world.machine.run()).toBe('idle');
      const before = items(world.writes(world.machine)).length;
      world.processes.start(world.machine, 'manager');
      world.machine.run();
      expect(items(world.writes(world.machine))).toEqual(['s-0', 's-1', 's-2', 's-3'].map((name) => `create items /${name}`));
      expect(before).toBeLessThanOrEqual(4);
    }), { numRuns: 31 });
  });

  it('should retry an error with back-off from 5 ms, doubling, and forget it after success', () => {
    let fail = 3;
    const instants: number[] = [];
    const world = tinyWorld([copier({
      *reconcile(context) {
        instants.push(context.now);
        return fail-- > 0 ? { error: 'not yet' } : undefined;
      },
    })]);
    world.call(world.machine, { verb: 'create', resource: 'sets', object: set('s', 1) });
    world.machine.run();
    expect(instants).toEqual([0, 5, 15, 35]);
    expect(world.ends.map((end) => end.error)).toEqual(['not yet', 'not yet', 'not yet', undefined]);
  });

  it('[WQ2] should process a key once more when it is added while it is processed, and never twice at once', () => {
    const running: string[] = [];
    let overlaps = 0;
    let runs = 0;
    const world = tinyWorld([copier({
      *reconcile(_context, key) {
        runs++;
        if (running.includes(key)) overlaps++;
        running.push(key);
        yield { verb: 'create', resource: 'items', object: { metadata: { name: `${key}-${runs}` }, owner: 'other' } };
        yield { pauseMs: 10 };
        running.splice(running.indexOf(key), 1);
        return undefined;
      },
      handle: (context, change) => { if (change.resource === 'sets') context.enqueue('k'); },
    })]);
    for (const name of ['a', 'b', 'c']) {
      world.call(world.machine, { verb: 'create', resource: 'sets', object: set(name, 1) });
      world.machine.run({ until: world.machine.now + 1 });
    }
    world.machine.run();
    expect({ runs, overlaps }).toEqual({ runs: 2, overlaps: 0 });
  });

  it('should keep the earlier of two delays of a key', () => {
    const instants: number[] = [];
    const world = tinyWorld([copier({
      handle: (context, change) => {
        if (change.resource !== 'sets') return;
        context.enqueueAfter('k', 50);
        context.enqueueAfter('k', 20);
        context.enqueueAfter('k', 70);
      },
      *reconcile(context) { instants.push(context.now); return undefined; },
    })]);
    world.call(world.machine, { verb: 'create', resource: 'sets', object: set('a', 1) });
    world.machine.run();
    expect(instants).toEqual([20]);
  });
});
