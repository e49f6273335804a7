import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Machine, World } from '@kubesim/kernel';
import { doCommand, runScenario, startScenario, statefulSetInvariants, statefulSetScenario } from '@kubesim/testing';

const SEED = Number(process.env['KUBESIM_SEED'] ?? 20_260_101);
const NUM_RUNS = Number(process.env['KUBESIM_RUNS'] ?? 120);
const parameters = { seed: SEED, numRuns: NUM_RUNS };
const everything = statefulSetScenario({ maxReplicas: 4, faults: ['apiError', 'controllerCrash', 'staleCache'] });

describe(`StatefulSet properties (KUBESIM_SEED=${SEED})`, () => {
  it('should hold the invariants under commands, faults and interleavings', () => {
    let midRollout = 0;
    let deviated = 0;
    fc.assert(fc.property(everything, (scenario) => {
      const run = runScenario(scenario);
      if (run.history.some(({ object }) => object.kind === 'StatefulSet' && object['status']?.currentRevision !== object['status']?.updateRevision)) midRollout++;
      if (run.cluster.choices.deviations > 0) deviated++;
      run.mustHold(statefulSetInvariants);
    }), parameters);
    // The interesting states were reached.
    expect(midRollout).toBeGreaterThan(NUM_RUNS / 10);
    expect(deviated).toBeGreaterThan(NUM_RUNS / 4);
  });

  it('should have one digest for two runs of a scenario', () => {
    fc.assert(fc.property(everything, (scenario) => {
      expect(runScenario(scenario).cluster.digest).toBe(runScenario(scenario).cluster.digest);
    }), { ...parameters, numRuns: 30 });
  });

  it('should go on from a fork, and from a World read back from JSON, as the run itself', () => {
    let inside = 0;
    fc.assert(fc.property(everything, fc.nat(7), (scenario, cut) => {
      const cluster = startScenario(scenario);
      for (const command of scenario.commands.slice(0, cut)) doCommand(cluster, command);
      cluster.run({ for: 700 });
      const { kernel } = cluster;
      if (kernel.pending > 0) inside++;
      const world = kernel.seal();
      const fork = Machine.from(world);
      const read = Machine.from(World.fromJSON(JSON.parse(JSON.stringify(world)), world.definition));
      for (const machine of [kernel, fork, read]) machine.run({ until: machine.now + 60_000, maxSteps: 200_000 });
      expect(fork.rollingDigest).toBe(kernel.rollingDigest);
      expect(read.rollingDigest).toBe(kernel.rollingDigest);
    }), { ...parameters, numRuns: 25 });
    expect(inside).toBeGreaterThan(8);
  });
});
