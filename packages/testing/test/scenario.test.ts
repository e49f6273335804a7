import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Machine, World } from '@kubesim/kernel';
import type { Controller } from 'kubesim';
import { describeFailure, doCommand, runScenario, scenario, ScenarioRunner, shrinkScenario, stepsOf, type Monitor, type Scenario } from '@kubesim/testing';

const SEED = Number(process.env['KUBESIM_SEED'] ?? 20_260_101);
const NUM_RUNS = Number(process.env['KUBESIM_RUNS'] ?? 40);
const parameters = { seed: SEED, numRuns: NUM_RUNS };

const SMALL: Scenario = {
  seed: 0, kubernetes: '1.37', nodes: [{}, {}], objects: [{ kind: 'StatefulSet', name: 'web', replicas: 3, pod: { version: 1, graceSeconds: 1 } }],
  workload: [{ waitMs: 3_000, do: 'setImage', target: 'statefulset/web', version: 2 }, { waitMs: 1_500, do: 'scale', target: 'statefulset/web', replicas: 2 }],
  faults: [{ atMs: 3_500, fault: 'crashAfter', process: 'controllers', verb: 'delete', resource: 'pods', writes: 1, forMs: 200 }], choices: { mode: 'random', seed: 7 },
};

/** A property that does not hold: no pod of the set ever has version 2. */
const neverVersion2: Monitor = {
  name: 'no pod has version 2', initial: null,
  step: (state, view) => (view.changes.some(({ resource, after }) => resource === 'pods' && JSON.stringify(after['spec']).includes('app:2')) ? { violation: 'one has' } : { state }),
};

describe(`scenarios (KUBESIM_SEED=${SEED})`, () => {
  it('should hold every invariant under commands, faults and interleavings, whatever the workload', () => {
    const runner = new ScenarioRunner();
    let midRollout = 0;
    let deviated = 0;
    fc.assert(fc.property(scenario({ kinds: ['StatefulSet', 'Deployment', 'Pod'] }), (drawn) => {
      const run = runner.run(drawn);
      if (run.reached.faultInRollout) midRollout++;
      if (run.deviations.length > 0) deviated++;
      expect(describeFailure(run)).toBeUndefined();
    }), parameters);
    expect(midRollout).toBeGreaterThan(0);
    expect(deviated).toBeGreaterThan(NUM_RUNS / 3);
  });

  it('should make the same run of a scenario, and of its deviations in place of what was drawn', () => {
    const first = runScenario(SMALL);
    const second = runScenario(JSON.parse(JSON.stringify(SMALL)) as Scenario);
    expect(second.cluster.digest).toBe(first.cluster.digest);
    expect(first.deviations.length).toBeGreaterThan(0);
    const replayed = runScenario({ ...SMALL, choices: { mode: 'deviations', deviations: first.deviations } });
    expect(replayed.cluster.history()).toEqual(first.cluster.history());
  });

  it('should print a failure as steps and one line that replays it', () => {
    const text = describeFailure(runScenario(SMALL, { invariants: [neverVersion2] })) ?? '';
    expect(text).toContain('no pod has version 2 does not hold, ');
    expect(text).toContain('after 3000 ms: set the image of statefulset/web to app:2');
    const replayed = JSON.parse(/replay: runScenario\((.*)\)$/.exec(text)?.[1] ?? '') as Scenario;
    expect(describeFailure(runScenario(replayed, { invariants: [neverVersion2] }))).toBe(text);
  });

  it('should shrink commands, faults, choices and replicas away together', () => {
    const runner = new ScenarioRunner({ invariants: [neverVersion2] });
    const { scenario: shrunk } = shrinkScenario(SMALL, (each) => runner.run(each).violation !== undefined);
    expect(stepsOf(shrunk)).toBe(1);
    expect(shrunk).toMatchObject({ nodes: [{}], objects: [{ replicas: 1 }], workload: [{ waitMs: 0, do: 'setImage', version: 2 }], faults: [], choices: { mode: 'fifo' } });
  });

  it('should name a controller that writes over and over, long before the bound of steps, and shrink what shows it quickly', () => {
    const restless: Controller = {
      name: 'restless', watches: ['configmaps'], workers: 1,
      handle: (context, change) => { if (change.after?.metadata.name === 'count') context.enqueue('count'); },
      *reconcile(context) {
        const held = context.decide(() => context.lister('configmaps').get('default', 'count') ?? null);
        if (held !== null) yield { verb: 'update', resource: 'configmaps', namespace: 'default', name: 'count', object: { ...held, data: { count: String(Number(held['data']?.count ?? 0) + 1) } } };
        return undefined;
      },
    };
    const runner = new ScenarioRunner({ controllers: [restless] });
    const count: Scenario = { ...SMALL, objects: [{ kind: 'Manifest', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'count', namespace: 'default' } } }, ...SMALL.objects] };
    const run = runner.run(count);
    expect(run.violation?.property).toBe('convergence');
    expect(run.violation?.message).toMatch(/^configmaps default\/count was written more than 1000 times within 60 s; /);
    expect(run.cluster.steps).toBeLessThan(20_000);
    const { scenario: shrunk, tried } = shrinkScenario(count, (each) => runner.run(each).violation?.property === 'convergence');
    expect([stepsOf(shrunk), shrunk.objects.length]).toEqual([0, 1]);
    expect(tried).toBeLessThan(20);
  });

  it('should try no scenario twice, and each kind of step until it helps no more', () => {
    const tried: string[] = [];
    const few = shrinkScenario({ ...SMALL, nodes: [{}, {}, {}, {}] }, (each) => {
      tried.push(JSON.stringify(each));
      return each.workload.some((command) => command.do === 'scale');
    });
    expect(new Set(tried).size).toBe(tried.length);
    expect(few.tried).toBe(tried.length);
    expect(few.scenario).toMatchObject({ nodes: [{}], workload: [{ waitMs: 0, do: 'scale', replicas: 0 }], faults: [], choices: { mode: 'fifo' } });
  });

  it('should shrink within fc.assert', () => {
    const runner = new ScenarioRunner({ invariants: [neverVersion2] });
    const result = fc.check(fc.property(scenario({ kinds: ['StatefulSet'] }), (drawn) => runner.run(drawn).violation === undefined), { seed: 3, numRuns: 60 });
    expect(result.failed).toBe(true);
    expect(stepsOf((result.counterexample as [Scenario])[0])).toBeLessThanOrEqual(2);
  });

  it('should go on from a fork, and from a World read back from JSON, as the run itself', () => {
    const { cluster } = runScenario({ ...SMALL, workload: [], faults: [] });
    doCommand(cluster, { waitMs: 0, do: 'setImage', target: 'statefulset/web', version: 3 });
    cluster.run({ for: 700 });
    const { kernel } = cluster;
    const world = kernel.seal();
    const fork = Machine.from(world);
    const read = Machine.from(World.fromJSON(JSON.parse(JSON.stringify(world)), world.definition));
    for (const machine of [kernel, fork, read]) machine.run({ until: machine.now + 60_000, maxSteps: 200_000 });
    expect(fork.rollingDigest).toBe(kernel.rollingDigest);
    expect(read.rollingDigest).toBe(kernel.rollingDigest);
  });
});

describe('what scenarios found', () => {
  it('should remove a pod that had ended before its node was switched off while it was being deleted', () => {
    const run = runScenario({
      seed: 2, kubernetes: '1.37', nodes: [{}, {}, {}], objects: [{ kind: 'StatefulSet', name: 'web', replicas: 1, pod: { version: 1, cpu: '300m' } }],
      workload: [{ waitMs: 834, do: 'deletePod', of: 'web', nth: 0 }, { waitMs: 3_412, do: 'evict', of: 'web', nth: 0 }], faults: [{ atMs: 4_872, fault: 'nodeCrash', node: 'node-2', forMs: 90_000 }], choices: { mode: 'fifo' },
    });
    expect(describeFailure(run)).toBeUndefined();
  });

  it('should not alarm at a pod of a revision that the status does not name yet, for its controller was lost before it wrote that', () => {
    const run = runScenario({
      seed: 2, kubernetes: '1.37', nodes: [{}, {}, {}], objects: [{ kind: 'StatefulSet', name: 'web', replicas: 2, pod: { version: 1, probe: true, graceSeconds: 1 }, podManagementPolicy: 'OrderedReady', claims: true, whenDeleted: 'Delete' }],
      workload: [{ waitMs: 1_263, do: 'evict', of: 'web', nth: 0 }, { waitMs: 2_579, do: 'setImage', target: 'statefulset/web', version: 2 }],
      faults: [{ atMs: 2_613, fault: 'leaderChange', forMs: 1_730 }, { atMs: 1_887, fault: 'crashAfter', process: 'controllers', verb: 'create', resource: 'controllerrevisions.apps', writes: 2, forMs: 158 }],
      choices: { mode: 'random', seed: 233_123 },
    });
    expect(describeFailure(run)).toBeUndefined();
  });

  it('should not reject pods over and over for the room of one that has stopped', () => {
    const run = runScenario({
      seed: 0, kubernetes: '1.37', nodes: [{}], objects: [{ kind: 'Deployment', name: 'api', replicas: 2, pod: { version: 1, cpu: '300m' }, maxSurge: '25%', maxUnavailable: '25%' }],
      workload: [{ waitMs: 0, do: 'setImage', target: 'deployment/api', version: 2 }], faults: [], choices: { mode: 'fifo' },
    });
    expect(describeFailure(run)).toBeUndefined();
  });

  it('should not alarm at a node that is given up after its clock went back, and comes back once that has caught up', () => {
    const run = runScenario({
      seed: 1, kubernetes: '1.37', nodes: [{}, {}], objects: [{ kind: 'Pod', name: 'reader', pod: { version: 1 } }],
      workload: [{ waitMs: 5_847, do: 'settle' }], faults: [{ atMs: 6_066, fault: 'clockJump', node: 'node-2', offsetMs: 60_000, forMs: 17_624 }], choices: { mode: 'random', seed: 853_125, deferrals: 3 },
    });
    expect(describeFailure(run)).toBeUndefined();
  });

  it('should not alarm at a pod that is not available before the instant at which a clock that was ahead made it ready', () => {
    const run = runScenario({
      seed: 1, kubernetes: '1.36', nodes: [{}], objects: [{ kind: 'StatefulSet', name: 'web', replicas: 2, pod: { version: 1 }, minReadySeconds: 1 }],
      workload: [{ waitMs: 500, do: 'deletePod', of: 'web', nth: 0, force: true }], faults: [{ atMs: 0, fault: 'clockJump', node: 'node-1', offsetMs: 600_000, forMs: 5_000 }], choices: { mode: 'fifo' },
    });
    expect(describeFailure(run)).toBeUndefined();
    expect(run.cluster.get('statefulset/web')?.status?.availableReplicas).toBe(2);
  });

  it('should not take a Deployment that only looks at its passed deadline, and writes nothing, for a loop', () => {
    const run = runScenario({
      seed: 1, kubernetes: '1.36', nodes: [{}], objects: [{ kind: 'Deployment', name: 'api', replicas: 2, pod: { version: 1, graceSeconds: 1 }, minReadySeconds: 1 }],
      workload: [{ waitMs: 500_000, do: 'deletePod', of: 'api', nth: 1, force: true }], faults: [{ atMs: 499_000, fault: 'clockJump', node: 'node-1', offsetMs: 300_000, forMs: 10_000 }], choices: { mode: 'fifo' },
    });
    expect(describeFailure(run)).toBeUndefined();
  });
});
