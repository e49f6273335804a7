// A run of a scenario: the commands, then calm; invariants over everything that was written; a failure as text that people paste.
import type { WatchEvent } from '@kubesim/api';
import type { Cluster } from 'kubesim';
import type { Invariant } from '../invariants/invariant.ts';
import { describeCommand, doCommand, startScenario, type Scenario } from './scenario.ts';

/** What a scenario came to. @public */
export interface ScenarioRun {
  readonly scenario: Scenario;
  readonly cluster: Cluster;
  /** Every write but of Events, in order. */
  readonly history: readonly (WatchEvent & { readonly revision: number })[];
  /** Why it did not come to rest after the commands, if it did not. */
  readonly unsettled: string | undefined;
  /** Throws an Error that shows the run if an invariant does not hold. */
  mustHold(invariants: readonly Invariant[]): void;
}

const CALM = '30m';

/** Runs a scenario: faults and commands first, then calm, in which it must converge. @public */
export function runScenario(scenario: Scenario): ScenarioRun {
  const cluster = startScenario(scenario);
  for (const command of scenario.commands) doCommand(cluster, command);
  let unsettled: string | undefined;
  try {
    cluster.settle({ within: CALM });
  } catch (error) {
    unsettled = (error as Error).message;
  }
  const history = cluster.history();
  const run: ScenarioRun = {
    scenario, cluster, history, unsettled,
    mustHold: (invariants) => {
      for (const invariant of invariants) {
        const broken = invariant.check(run);
        if (broken !== undefined) throw new Error(describeFailure(run, invariant.name, broken));
      }
    },
  };
  return run;
}

/** A failing run as a few lines, and one that replays it. @public */
export function describeFailure(run: ScenarioRun, name: string, broken: string): string {
  const { set, commands, choices, kubernetes } = run.scenario;
  const lines = [
    `${name} does not hold: ${broken}`,
    `  a StatefulSet of ${set.replicas}, ${set.podManagementPolicy}, partition ${set.partition}${set.claims ? ', with claims' : ''}${set.minReadySeconds > 0 ? `, minReadySeconds ${set.minReadySeconds}` : ''}, Kubernetes ${kubernetes}`,
    ...commands.map((command, index) => `  ${index + 1}. ${describeCommand(command)}`),
    `  choices: ${choices.mode === 'fifo' ? 'first in, first out' : `${choices.mode} (${run.cluster.choices.deviations} of ${run.cluster.choices.points} points)`}`,
    `replay: runScenario(${JSON.stringify(run.scenario)})`,
  ];
  return lines.join('\n');
}
