// Matchers over runs, for vitest and whoever has its `expect.extend`.
import { describeFailure } from './scenario/describe.ts';
import { runScenario, type RunOptions, type ScenarioRun } from './scenario/run.ts';
import type { Monitor } from './explorer/monitor.ts';

/** What vitest asks of a matcher. @public */
export interface MatcherResult {
  readonly pass: boolean;
  message(): string;
}

/** The matchers as `expect` has them, for other runners' types; vitest gets them by `import '@kubesim/testing/vitest'`. @public */
export interface KubesimMatchers<R = void> {
  /** The run came to rest, held all that must hold, and stayed so. */
  toConverge(): R;
  /** The property (or each of several) holds on the run's scenario, which is run again; `options` are the user's own functions, as for a run. */
  toHold(property: Monitor | readonly Monitor[], options?: Omit<RunOptions, 'invariants'>): R;
}

function judged(run: ScenarioRun, positive: string): MatcherResult {
  return { pass: run.violation === undefined, message: () => describeFailure(run) ?? positive };
}

/** A scenario that was not run has broken nothing, and must not pass for one that was. */
function checkRun(matcher: string, run: unknown): void {
  if (typeof run !== 'object' || run === null || !('scenario' in run && 'cluster' in run)) throw new TypeError(`${matcher}: expected a run, as runScenario answers it`);
}

/** What `expect.extend` takes: `expect(runScenario(scenario)).toConverge()`, `expect(run).toHold(property)`. @public */
export const matchers: { toConverge(run: ScenarioRun): MatcherResult; toHold(run: ScenarioRun, property: Monitor | readonly Monitor[], options?: Omit<RunOptions, 'invariants'>): MatcherResult } = {
  toConverge: (run) => {
    checkRun('toConverge', run);
    return judged(run, 'expected the run not to converge, and it did');
  },
  toHold: (run, property, options = {}) => {
    checkRun('toHold', run);
    const invariants = [property].flat() as readonly Monitor[];
    const strange = invariants.findIndex((each) => typeof (each as Partial<Monitor>).step !== 'function');
    if (strange >= 0) throw new TypeError(`toHold: expected a property, such as always(…) or an invariant, not ${String(invariants[strange])}`);
    return judged(runScenario(run.scenario, { ...options, invariants }), `expected ${invariants.map(({ name }) => name).join(', ')} not to hold, and it did`);
  },
};
