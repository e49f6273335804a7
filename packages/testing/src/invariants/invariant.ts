// What an invariant is: a name, the rule that it states, and a check over a run.
import type { ScenarioRun } from '../scenario/run.ts';

/** A property of runs. `check` answers undefined if it holds, else what breaks it. @public */
export interface Invariant {
  readonly name: string;
  check(run: ScenarioRun): string | undefined;
}
