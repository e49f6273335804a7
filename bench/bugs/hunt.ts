// Hunts a bug with the exported arbitrary and the one list of invariants, and watches right builds for false alarms.
import fc from 'fast-check';
import { allInvariants, describeFailure, scenario, ScenarioRunner, shrinkScenario, stepsOf, type RunOptions, type Scenario, type ScenarioOptions } from '@kubesim/testing';
import type { Bug } from './bug.ts';

/** What a hunt came to. */
export interface Hunt {
  readonly bug: Bug;
  /** Of how many scenarios the last one failed; undefined if none did. */
  readonly runs: number | undefined;
  /** CPU seconds until then, warm-up and shrinking not counted. */
  readonly seconds: number;
  /** Commands, faults and choices of the shrunk scenario. */
  readonly steps: number;
  readonly shrinkSeconds: number;
  /** The invariant that did not hold. */
  readonly property: string;
  /** The failing run as text. */
  readonly text: string;
}

function runnerOf(build: RunOptions): ScenarioRunner {
  return new ScenarioRunner({ ...build, invariants: allInvariants });
}

/** Scenarios by seed: the nth is the same in every run of the bench. */
function* drawn(options: ScenarioOptions | undefined, seed: number): Generator<Scenario> {
  const arbitrary = scenario(options);
  for (let next = seed; ; next++) yield fc.sample(arbitrary, { numRuns: 1, seed: next })[0] as Scenario;
}

/** CPU seconds since a point. */
export function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

/** Runs drawn scenarios on the faulty build until an invariant is broken, and shrinks the one that broke it. */
export function hunt(bug: Bug, seed: number, limits: { readonly runsMax: number; readonly secondsMax: number; readonly triesMax: number }): Hunt {
  const runner = runnerOf(bug.faulty);
  const start = process.cpuUsage();
  let runs = 0;
  for (const each of drawn({ ...(bug.kinds === undefined ? {} : { kinds: bug.kinds }), ...bug.draws }, seed)) {
    if (runs >= limits.runsMax || cpuSeconds(start) > limits.secondsMax) break;
    runs++;
    const { violation } = runner.run(each);
    if (violation === undefined) continue;
    const seconds = cpuSeconds(start);
    const shrinking = process.cpuUsage();
    const { scenario: shrunk } = shrinkScenario(each, (candidate) => runner.run(candidate).violation?.property === violation.property, limits.triesMax);
    const shrinkSeconds = cpuSeconds(shrinking);
    return { bug, runs, seconds, steps: stepsOf(shrunk), shrinkSeconds, property: violation.property, text: describeFailure(runner.run(shrunk)) ?? '' };
  }
  return { bug, runs: undefined, seconds: cpuSeconds(start), steps: 0, shrinkSeconds: 0, property: '', text: '' };
}

/** What a right build says over many scenarios. */
export interface Watch {
  readonly seeds: number;
  readonly alarms: readonly string[];
  /** Runs in which a fault began in the middle of a rollout. */
  readonly faultsInRollouts: number;
  readonly seconds: number;
}

/** Runs so many drawn scenarios on a right build. */
export function watch(build: RunOptions, options: ScenarioOptions | undefined, from: number, seeds: number): Watch {
  const runner = runnerOf(build);
  const start = process.cpuUsage();
  const alarms: string[] = [];
  let faultsInRollouts = 0;
  let count = 0;
  for (const each of drawn(options, from)) {
    if (count++ >= seeds) break;
    const run = runner.run(each);
    if (run.reached.faultInRollout) faultsInRollouts++;
    if (run.violation !== undefined) alarms.push(describeFailure(run) ?? '');
  }
  return { seeds, alarms, faultsInRollouts, seconds: cpuSeconds(start) };
}
