import { describe, expect, it } from 'vitest';
import type { Machine } from '@kubesim/kernel';
import {
  allInvariants, checkCertificate, explore, findLoop, leadsTo, object, runScenario, scenario as scenarios, shrinkScenario, stepsOf, type FaultAtAnyPoint, type Monitor, type RunOptions, type Scenario, type ScenarioExploreOptions,
} from '@kubesim/testing';
import fc from 'fast-check';
import type { Controller } from 'kubesim';
import { BUILT_IN_NAMES } from '../../kubesim/src/bootstrap.ts';
import { ScenarioRunner } from '../src/scenario/run.ts';

const CONTROLLERS = 'controllers';
const CRASH: FaultAtAnyPoint = { fault: 'crash', process: CONTROLLERS, forMs: 0 };

function configMap(name: string, data: Readonly<Record<string, string>> = {}): { readonly apiVersion: string; readonly kind: string; readonly metadata: { readonly name: string; readonly namespace: string }; readonly data: Readonly<Record<string, string>> } {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data };
}

/** Makes copy-NAME of each ask-NAME: first writes down in the ask that it did, then does it; so that a crash in between loses the copy. */
function copier(name: string, isSafe: boolean = false): Controller {
  return {
    name, watches: ['configmaps'], workers: 1,
    handle: (context, { after, before }) => { const it = (after ?? before)?.metadata.name ?? ''; if (it.startsWith('ask-')) context.enqueue(it); },
    *reconcile(context, key) {
      const seen = context.decide(() => ({ data: (context.lister('configmaps').get('default', key)?.['data'] ?? {}) as Record<string, string> }));
      if (seen.data['made'] === 'yes') return undefined;
      const note = { verb: 'patch', resource: 'configmaps', namespace: 'default', name: key, patchType: 'merge', patch: { data: { made: 'yes' } } } as const;
      const make = { verb: 'create', resource: 'configmaps', namespace: 'default', object: configMap(`copy-${key.slice('ask-'.length)}`) } as const;
      if (!isSafe) yield note;
      const made = yield make;
      if (!made.ok && made.status.reason !== 'AlreadyExists') return { error: 'not made' };
      if (isSafe) yield note;
      return undefined;
    },
  };
}

const ask = (name: string, waitMs: number = 0): Scenario['workload'][number] => ({ waitMs, do: 'create', object: { kind: 'Manifest', object: configMap(`ask-${name}`) } });

const SMALL: Scenario = { seed: 0, kubernetes: '1.37', nodes: [{}], objects: [], workload: [ask('a', 2_000)], faults: [], choices: { mode: 'fifo' } };

function withControllers(...controllers: readonly Controller[]): RunOptions {
  return { controllers, withoutControllers: BUILT_IN_NAMES };
}

/** At rest each ask has its copy. */
const copied: Monitor<null> = {
  name: 'each ask has its copy', initial: null, step: (state) => ({ state }),
  end: (_state, view) => {
    const names = new Set(view.list('configmaps', 'default').map(({ metadata }) => metadata.name));
    const lost = [...names].find((name) => name?.startsWith('ask-') === true && !names.has(`copy-${name.slice('ask-'.length)}`));
    return lost === undefined ? undefined : `${lost} has none`;
  },
};

/** No copy of b while there is none of a. */
const inOrder: Monitor<null> = {
  name: 'a is copied before b', initial: null,
  step: (state, view) => (view.get('configmaps', 'default/copy-b') !== undefined && view.get('configmaps', 'default/copy-a') === undefined ? { violation: 'b is there, a is not' } : { state }),
};

/** Both name what breaks, and the scenario of the path breaks it again, also once it is small. */
function expectReplayed(found: ReturnType<typeof explore> & { readonly scenario?: Scenario | undefined; readonly replayed?: { readonly violation: { readonly property: string; readonly message: string } | undefined } | undefined }, options: RunOptions, most: number): Scenario {
  const { violation, replayed, scenario } = found;
  if (violation === undefined || scenario === undefined) throw new Error('nothing was found');
  expect(`${replayed?.violation?.property ?? ''}: ${replayed?.violation?.message ?? ''}`).toBe(violation.message);
  const runner = new ScenarioRunner(options);
  const again = JSON.parse(JSON.stringify(scenario)) as Scenario;
  expect(runner.run(again).violation?.property).toBe(replayed?.violation?.property);
  const { scenario: small } = shrinkScenario(again, (each) => runner.run(each).violation?.property === replayed?.violation?.property);
  expect(stepsOf(small)).toBeLessThanOrEqual(most);
  return small;
}

/** What the store holds, without versions, uids and times. */
function contentOf(machine: Machine): string {
  const { tables } = machine.peek<{ readonly tables: { readonly keys: () => Iterable<string>; get: (resource: string) => { objects: { values: () => Iterable<object> } } | undefined } }>(machine.slotOf('store'));
  const all = ['configmaps', 'pods', 'statefulsets.apps'].filter((resource) => [...tables.keys()].includes(resource)).map((resource) => [...(tables.get(resource)?.objects.values() ?? [])]);
  return JSON.stringify(all, (key, value: unknown) => (['resourceVersion', 'uid', 'managedFields', 'generation', 'observedGeneration'].includes(key) || /Time(stamp)?$/.test(key) ? undefined : value));
}

describe('a scenario, explored', () => {
  it('should serve every mode: a plain run, random, PCT, exhaustive, replay, and shrink', () => {
    const scenario = SMALL;
    const second: Controller = {
      ...copier('second'),
      *reconcile() {
        yield { verb: 'create', resource: 'configmaps', namespace: 'default', object: configMap('copy-b') };
        return undefined;
      },
    };
    const options = withControllers(copier('first', true), second);
    const runs = new ScenarioRunner({ ...options, invariants: [inOrder] });
    expect(runs.run(scenario).violation).toBeUndefined();
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    expect(seeds.some((seed) => runs.run({ ...scenario, choices: { mode: 'random', seed } }).violation !== undefined)).toBe(true);
    expect(seeds.some((seed) => runs.run({ ...scenario, choices: { mode: 'pct', seed, depth: 2 } }).violation !== undefined)).toBe(true);
    const given: ScenarioExploreOptions = { properties: [inOrder], cluster: options };
    const fifo = explore(scenario, { ...given, bounds: { deviations: 0 } });
    expect(fifo.violation).toBeUndefined();
    expect(fifo.exhausted).toBe(true);
    const found = explore(scenario, { ...given, bounds: { deviations: 1 } });
    const small = expectReplayed(found, { ...options, invariants: [inOrder] }, 3);
    expect(found.scenario?.choices.mode).toBe('deviations');
    expect(small.workload).toHaveLength(1);
  });

  it('should find by a crash at every point what no interleaving shows', () => {
    const options = withControllers(copier('copier'));
    const given: ScenarioExploreOptions = { properties: [copied], cluster: options };
    expect(explore(SMALL, { ...given, bounds: { deviations: 1 } })).toMatchObject({ violation: undefined, exhausted: true });
    const found = explore(SMALL, { ...given, bounds: { deviations: 0, faults: [CRASH] } });
    const small = expectReplayed(found, { ...options, invariants: [copied] }, 2);
    expect(small.faults).toMatchObject([{ fault: 'crash' }]);
    expect(explore(SMALL, { ...given, cluster: withControllers(copier('copier', true)), bounds: { deviations: 0, faults: [CRASH] } })).toMatchObject({ violation: undefined, exhausted: true });
  });

  it('should find by a stale cache from every point to every point, and by an API error at every point', () => {
    // Forgets an ask whose call failed.
    const careless: Controller = {
      ...copier('careless'),
      *reconcile(context, key) {
        const isThere = context.decide(() => context.lister('configmaps').get('default', key) !== undefined);
        if (isThere) yield { verb: 'create', resource: 'configmaps', namespace: 'default', object: configMap(`copy-${key.slice('ask-'.length)}`) };
        return undefined;
      },
    };
    const error: FaultAtAnyPoint = { fault: 'apiError', process: CONTROLLERS, verb: 'create', error: 'unavailable', times: 1 };
    const lost = explore(SMALL, { properties: [copied], cluster: withControllers(careless), bounds: { deviations: 0, faults: [error] } });
    expectReplayed(lost, { ...withControllers(careless), invariants: [copied] }, 2);
    // Makes a second copy where it has not seen the first: asks and copies have caches of their own.
    const hasty: Controller = {
      ...copier('hasty'), watches: ['configmaps', 'secrets'],
      *reconcile(context, key) {
        const seen = context.decide(() => ({ copies: context.lister('secrets').list('default').length, again: (context.lister('configmaps').get('default', key)?.['data'] as Record<string, string> | undefined)?.['again'] ?? 'first' }));
        if (seen.copies === 0) yield { verb: 'create', resource: 'secrets', namespace: 'default', object: { apiVersion: 'v1', kind: 'Secret', metadata: { name: `copy-${seen.again}`, namespace: 'default' } } };
        return undefined;
      },
    };
    const onlyOne: Monitor<null> = { name: 'one copy', initial: null, step: (state, view) => (view.list('secrets', 'default').length > 1 ? { violation: 'two' } : { state }) };
    const again: Scenario = { ...SMALL, workload: [ask('a', 2_000), { waitMs: 1_000, do: 'patch', target: 'configmap/ask-a', patch: { data: { again: 'second' } } }] };
    const options = withControllers(hasty);
    expect(explore(again, { properties: [onlyOne], cluster: options, bounds: { deviations: 0 } })).toMatchObject({ violation: undefined, exhausted: true });
    const frozen = explore(again, { properties: [onlyOne], cluster: options, bounds: { deviations: 0, faults: [{ fault: 'freeze', process: CONTROLLERS, resource: 'secrets', forMs: 2_000 }] } });
    expectReplayed(frozen, { ...options, invariants: [onlyOne] }, 3);
    // Not so if it thaws before the patch.
    expect(explore(again, { properties: [onlyOne], cluster: options, bounds: { deviations: 0, faults: [{ fault: 'freeze', process: CONTROLLERS, resource: 'secrets', forMs: 500 }] } }).violation?.message).toBeUndefined();
  });

  it('should try a crash at every point there is: the ends are those of a run for each point', () => {
    const scenario = { ...SMALL, workload: [ask('a', 2_000), ask('b', 0)] };
    const options = withControllers(copier('copier'));
    const ends = new Set<string>();
    explore(scenario, { properties: [], cluster: options, bounds: { deviations: 0, faults: [CRASH] }, onFinal: (machine) => ends.add(contentOf(machine)) });
    // The points of the plain run: after each message, at the instant of the next.
    const runner = new ScenarioRunner({ ...options, invariants: [] });
    const points: { readonly channel: string; readonly occurrence: number; readonly at: number }[] = [];
    const counts = new Map<string, number>();
    const { cluster, startedAt } = runner.begin(scenario, 0, 0);
    cluster.kernel.observe(({ channel, dueAt }) => {
      counts.set(channel, (counts.get(channel) ?? 0) + 1);
      points.push({ channel, occurrence: counts.get(channel) as number, at: dueAt - startedAt });
    });
    cluster.run({ for: 2_000 });
    for (const { object: manifest } of scenario.workload as readonly { readonly object: { readonly object: object } }[]) {
      cluster.create(JSON.stringify(manifest.object));
      cluster.run({ for: 0 });
    }
    cluster.run({ for: 5_000 });
    const brute = new Set<string>();
    const crash = { fault: 'crash', process: CONTROLLERS, forMs: 0 } as const;
    points.forEach(({ channel, occurrence }, index) => {
      const next = points[index + 1];
      const run = next === undefined ? undefined : runner.run({ ...scenario, faults: [{ ...crash, atMs: next.at, place: { channel, occurrence, turn: 1 } }] });
      if (run !== undefined) brute.add(contentOf(run.cluster.kernel));
    });
    expect(brute.size).toBeGreaterThan(1);
    for (const end of brute) expect(ends.has(end)).toBe(true);
    expect(ends.size).toBe(brute.size);
  });

  it('should count the faults that are left as part of a state: two crashes are not found with one, and not hidden behind a path that spent them', () => {
    // Writes a mark at each start; a third start shows.
    const marks: Controller = {
      name: 'marks', watches: ['configmaps'], workers: 1, initialState: () => ({ told: false }),
      handle: (context) => { context.enqueue('mark'); },
      *reconcile(context) {
        if (context.state.told === true) return undefined;
        context.state.told = true;
        const count = context.decide(() => context.lister('configmaps').list('default').filter(({ metadata }) => metadata.name?.startsWith('mark-')).length);
        yield { verb: 'create', resource: 'configmaps', namespace: 'default', object: configMap(`mark-${count}`) };
        return undefined;
      },
    };
    const third: Monitor<null> = { name: 'no third start', initial: null, step: (state, view) => (view.get('configmaps', 'default/mark-2') === undefined ? { state } : { violation: 'a third' }) };
    const given = (crashes: number): ScenarioExploreOptions => ({ properties: [third], cluster: withControllers(marks), bounds: { deviations: 0, faults: [{ ...CRASH, budget: 'crashes' }], budgets: { crashes } } });
    expect(explore(SMALL, given(1))).toMatchObject({ violation: undefined, exhausted: true, budgets: { crashes: 1 } });
    expectReplayed(explore(SMALL, given(2)), { ...withControllers(marks), invariants: [third] }, 3);
  });

  it('should let commands come when they are due, within their instant, or together in any order', () => {
    const scenario = { ...SMALL, workload: [ask('a', 2_000), ask('b', 3_000)] };
    const options = withControllers(copier('copier', true));
    const given: ScenarioExploreOptions = { properties: [inOrder], cluster: options };
    expect(explore(scenario, { ...given, bounds: { commands: 'due' } })).toMatchObject({ violation: undefined, exhausted: true });
    const together = explore(scenario, { ...given, bounds: { commands: 'together', deviations: 0 } });
    const small = expectReplayed(together, { ...options, invariants: [inOrder] }, 2);
    expect(small.workload.length).toBeLessThanOrEqual(2);
    // Each order of two commands is tried, and each point: the ends are those of brute force over both orders.
    const orders = new Set<string>();
    const watch: Monitor<string> = { name: 'order', initial: '', step: (state, view) => ({ state: view.changes.reduce((text, { type, after }) => (type === 'ADDED' && view.byUser === true ? `${text}${after.metadata.name ?? ''} ` : text), state) }), end: (state) => { orders.add(state); return undefined; } };
    explore(scenario, { properties: [watch], cluster: options, bounds: { commands: 'together', deviations: 0 } });
    expect([...orders].sort()).toEqual(['ask-a ask-b ', 'ask-b ask-a ']);
  });

  it('should wait for rest where the scenario does, and begin after so many commands', () => {
    const scenario: Scenario = { ...SMALL, workload: [ask('a', 2_000), { waitMs: 0, do: 'settle' }, ask('b', 0)] };
    const options = withControllers(copier('copier', true));
    const whole = explore(scenario, { properties: [inOrder, copied], cluster: options, bounds: { deviations: 1 } });
    const late = explore(scenario, { properties: [inOrder, copied], cluster: options, bounds: { deviations: 1, from: 2 } });
    expect(whole).toMatchObject({ violation: undefined, exhausted: true });
    expect(late).toMatchObject({ violation: undefined, exhausted: true });
    expect(late.states).toBeLessThan(whole.states);
    const gone: Monitor<null> = { name: 'b is not copied', initial: null, step: (state, view) => (view.get('configmaps', 'default/copy-b') === undefined ? { state } : { violation: 'it is' }) };
    const found = explore(scenario, { properties: [gone], cluster: options, bounds: { deviations: 0, from: 2 } });
    expectReplayed(found, { ...options, invariants: [gone] }, 1);
    expect(found.scenario?.workload[1]).toEqual({ waitMs: 0, do: 'settle' });
  });

  it('should carry faults of the scenario out when it says, to their ends', () => {
    const scenario: Scenario = { ...SMALL, faults: [{ atMs: 1_000, fault: 'freeze', process: CONTROLLERS, resource: 'configmaps', forMs: 5_000 }] };
    const options = withControllers(copier('copier', true));
    const soon = leadsTo('a copy within 3 s', object('configmaps', 'default/ask-a', () => true), object('configmaps', 'default/copy-a', () => true), { within: 3_000 });
    expect(explore(SMALL, { properties: [soon], cluster: options, bounds: { deviations: 1 } })).toMatchObject({ violation: undefined, exhausted: true });
    const found = explore(scenario, { properties: [soon], cluster: options, bounds: { deviations: 1 } });
    const small = expectReplayed(found, { ...options, invariants: [soon] }, 2);
    expect(small.faults).toHaveLength(1);
  });

  it('should come to the same whether monitors name what of them counts or all of it does, in fewer states', () => {
    const set: Scenario = {
      ...SMALL, objects: [{ kind: 'StatefulSet', name: 'web', replicas: 1, pod: { version: 1, graceSeconds: 1 } }],
      workload: [{ waitMs: 0, do: 'settle' }, { waitMs: 0, do: 'setImage', target: 'statefulset/web', version: 2 }],
    };
    const kept = ['statefulset-controller', 'garbage-collector-controller', 'node-lifecycle-controller'];
    const cluster: RunOptions = { withoutControllers: BUILT_IN_NAMES.filter((name) => !kept.includes(name)) };
    const bounds = { deviations: 1, from: 1, faults: [{ fault: 'freeze', process: CONTROLLERS, resource: 'pods', forMs: 100 } as const] };
    const ends = (properties: readonly Monitor[]): { readonly contents: readonly string[]; readonly states: number } => {
      const contents = new Set<string>();
      const result = explore(set, { properties, cluster, bounds, onFinal: (machine) => contents.add(contentOf(machine)) });
      expect(result).toMatchObject({ violation: undefined, exhausted: true });
      return { contents: [...contents].sort(), states: result.states };
    };
    const named = ends(allInvariants);
    const whole = ends(allInvariants.map(({ identity: _identity, ...monitor }) => monitor));
    expect(named.contents).toEqual(whole.contents);
    expect(named.states).toBeLessThan(whole.states);
    // Nothing but what is left out of the store's own states is left out: all of them are entered.
    expect(named.states).toBeGreaterThanOrEqual(ends([]).states);
  });

  it('should miss what a monitor remembers, if it does not say that it counts', () => {
    // Both orders of two commands lead to one state of the store; the monitor alone knows which it was.
    const scenario = { ...SMALL, workload: [ask('a', 2_000), ask('b')] };
    const last: Monitor<string> = {
      name: 'b last', initial: '', step: (state, view) => ({ state: view.changes.find(({ type }) => type === 'ADDED')?.after.metadata.name ?? state }),
      end: (state) => (state === 'ask-b' ? 'b came last' : undefined),
    };
    const options = (properties: readonly Monitor[]): ScenarioExploreOptions => ({ properties, cluster: { withoutControllers: BUILT_IN_NAMES }, bounds: { commands: 'together', deviations: 0 } });
    const first: Monitor<string> = { ...last, name: 'a last', end: (state) => (state === 'ask-a' ? 'a came last' : undefined) };
    const found = [last, first].map((monitor) => explore(scenario, options([monitor])).violation !== undefined);
    expect(found).toEqual([true, true]);
    const blind = [last, first].map((monitor) => explore(scenario, options([{ ...monitor, identity: () => null }])).violation !== undefined);
    expect(blind.filter((each) => each)).toHaveLength(1);
  });

  it('should print a loop, and give the way to it as a scenario that runs into it', () => {
    const quarrel: Controller = {
      name: 'quarrel', watches: ['configmaps'], workers: 1,
      handle: (context, { after, before }) => { if ((after ?? before)?.metadata.name === 'ask-a') context.enqueue('once'); },
      *reconcile(context) {
        const made = context.decide(() => ((context.lister('configmaps').get('default', 'ask-a')?.['data'] as Record<string, string> | undefined) ?? {})['made'] ?? 'no');
        yield { verb: 'patch', resource: 'configmaps', namespace: 'default', name: 'ask-a', patchType: 'merge', patch: { data: { made: made === 'yes' ? 'no' : 'yes' } } };
        return undefined;
      },
    };
    const search = findLoop(SMALL, { properties: [], cluster: withControllers(quarrel), maxStates: 2_000, bounds: { deviations: 0 } });
    expect(search.loop?.steps.some((label) => label.includes('quarrel'))).toBe(true);
    expect(findLoop(SMALL, { properties: [], cluster: withControllers(copier('copier', true)), bounds: { deviations: 0 } })).toMatchObject({ loop: undefined, exhausted: true });
    const run = runScenario(search.loop?.scenario ?? SMALL, { ...withControllers(quarrel), invariants: [] });
    expect(run.violation?.message).toContain('goes round in a loop');
  });

  it('should give a certificate that another search confirms, and that other bounds do not fit', () => {
    const options: ScenarioExploreOptions = { properties: [copied], cluster: withControllers(copier('copier', true)), bounds: { deviations: 1, faults: [CRASH] } };
    const { certificate, states } = explore(SMALL, options);
    if (certificate === undefined) throw new Error('no certificate');
    expect(certificate).toMatchObject({ states, interventions: [`${CONTROLLERS} crash, and start again after 0 ms`], commands: ['create ConfigMap ask-a'] });
    expect(checkCertificate(certificate, SMALL, options)).toBeUndefined();
    expect(checkCertificate(certificate, { ...SMALL, workload: [ask('b', 2_000)] }, options)).toContain('commands is');
    expect(checkCertificate(certificate, { ...SMALL, workload: [ask('a', 2_500)] }, options)).toContain('start is');
    expect(checkCertificate({ ...certificate, states: states + 1 }, SMALL, options)).toContain('states');
  });

  it('should pause and go on, and be covered by shards together', () => {
    const options: ScenarioExploreOptions = { properties: [copied], cluster: withControllers(copier('copier', true)), bounds: { deviations: 1, faults: [CRASH] } };
    const whole = explore(SMALL, options);
    let part = explore(SMALL, { ...options, pauseAfter: Math.ceil(whole.states / 3) });
    expect(part.paused).toBeDefined();
    while (part.paused !== undefined) part = explore(SMALL, { ...options, pauseAfter: whole.states, resume: JSON.parse(JSON.stringify(part.paused)) as typeof part.paused });
    expect(part.certificate).toEqual(whole.certificate);
    const found = [1, 2].map((index) => explore(SMALL, { properties: [copied], cluster: withControllers(copier('copier')), bounds: { deviations: 0, faults: [CRASH] }, shard: { index, of: 2 } }).violation);
    expect(found.some((violation) => violation !== undefined)).toBe(true);
  });

  it('should refuse bounds that mean nothing, by name', () => {
    expect(() => explore(SMALL, { bounds: { from: 2 } })).toThrow('bounds.from must be a number of commands, 0 to 1, not 2');
    expect(() => explore(SMALL, { bounds: { commands: 'any' as 'due' } })).toThrow("bounds.commands must be 'due' or 'together'");
    expect(() => explore(SMALL, { bounds: { until: 3 } as object })).toThrow('bounds.until is none of deviations');
    expect(() => explore(SMALL, { bounds: { untilMs: -1 } })).toThrow('bounds.untilMs');
  });
});

describe('places within an instant', () => {
  it('should run a fault that lasts no time to its end, which is not before its beginning', () => {
    const run = runScenario({ ...SMALL, faults: [{ atMs: 2_000, fault: 'crash', process: CONTROLLERS, forMs: 0 }] }, { ...withControllers(copier('copier', true)), invariants: [copied] });
    expect(run.violation).toBeUndefined();
  });

  it('should go any path of any drawn scenario as the explorer does', () => {
    fc.assert(fc.property(scenarios({ kinds: ['StatefulSet'], maxReplicas: 2, maxCommands: 2, maxFaults: 1 }), fc.integer({ min: 3, max: 60 }), (drawn, at) => {
      // A property that breaks after so many writes: wherever the search is then, its scenario is there too.
      const nth: Monitor<number> = { name: 'so many writes', initial: 0, identity: (state) => state, step: (state, view) => (state + view.changes.length >= at ? { violation: `${view.changes.map(({ type, resource, key }) => `${type} ${resource} ${key}`).join()}` } : { state: state + view.changes.length }) };
      const found = explore(drawn, { properties: [nth], maxStates: 300, bounds: { deviations: 2, faults: [{ fault: 'crash', process: 'controllers', forMs: 50 }] } });
      if (found.violation === undefined) return;
      expect(`${found.replayed?.violation?.property ?? ''}: ${found.replayed?.violation?.message ?? ''}`).toBe(found.violation.message);
    }), { seed: 7, numRuns: 12 });
  });
});
