// vitest matchers over runs: expect.extend(matchers).
import { describeFailure } from './scenario/describe.ts';
import { runScenario, type RunOptions, type ScenarioRun } from './scenario/run.ts';
import type { Monitor } from './explorer/monitor.ts';

/** What vitest asks of a matcher. @public */
export interface MatcherResult {
  readonly pass: boolean;
  message(): string;
}

/** The matchers' names and arguments, for `declare module 'vitest' { interface Matchers<T> extends KubesimMatchers<T> {} }`. @public */
export interface KubesimMatchers<R = unknown> {
  /** The run came to rest, held all that must hold, and stayed so. */
  toConverge(): R;
  /** The property (or each of several) holds on the run's scenario. */
  toHold(property: Monitor | readonly Monitor[], options?: Omit<RunOptions, 'invariants'>): R;
}

function judged(run: ScenarioRun, positive: string): MatcherResult {
  return { pass: run.violation === undefined, message: () => describeFailure(run) ?? positive };
}

/** `expect(runScenario(scenario)).toConverge()`, `expect(run).toHold(property)`. @public */
export const matchers: { toConverge(run: ScenarioRun): MatcherResult; toHold(run: ScenarioRun, property: Monitor | readonly Monitor[], options?: Omit<RunOptions, 'invariants'>): MatcherResult } = {
  toConverge: (run) => judged(run, 'expected the run not to converge, and it did'),
  toHold: (run, property, options = {}) => {
    const invariants = 'step' in property ? [property] : property;
    return judged(runScenario(run.scenario, { ...options, invariants }), `expected ${invariants.map(({ name }) => name).join(', ')} not to hold, and it did`);
  },
};
