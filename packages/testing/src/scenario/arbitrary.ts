// Arbitraries of scenarios. Distribution: half of the sets are OrderedReady, a third have claims; commands are scale and image
// 2:2, pauses 3 (0 to 4 s, so that most land in the middle of a rollout), pod deletions 1, faults 1 each where asked for.
import fc from 'fast-check';
import type { Choices, Command, Scenario, SetSpec } from './scenario.ts';

/** Faults that a scenario may have. @public */
export type FaultName = 'apiError' | 'controllerCrash' | 'staleCache';

/** What to draw. @public */
export interface StatefulSetScenarioOptions {
  readonly maxReplicas?: number;
  readonly maxCommands?: number;
  readonly faults?: readonly FaultName[];
  readonly policies?: readonly SetSpec['podManagementPolicy'][];
}

const RESOURCES = ['pods', 'statefulsets.apps', 'persistentvolumeclaims'] as const;

function commands(options: StatefulSetScenarioOptions): fc.Arbitrary<Command> {
  const max = options.maxReplicas ?? 4;
  const choices: { weight: number; arbitrary: fc.Arbitrary<Command> }[] = [
    { weight: 3, arbitrary: fc.record({ do: fc.constant('run' as const), ms: fc.nat(4_000) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('scale' as const), replicas: fc.nat(max) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('image' as const), version: fc.integer({ min: 1, max: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('partition' as const), partition: fc.nat(max) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('deletePod' as const), ordinal: fc.nat(max - 1), force: fc.boolean() }) },
  ];
  const faults = options.faults ?? [];
  if (faults.includes('apiError')) choices.push({ weight: 1, arbitrary: fc.record({ do: fc.constant('apiError' as const), verb: fc.constantFrom('create' as const, 'update' as const, 'delete' as const), resource: fc.constantFrom(...RESOURCES), after: fc.boolean(), times: fc.integer({ min: 1, max: 3 }) }) });
  if (faults.includes('controllerCrash')) choices.push({ weight: 1, arbitrary: fc.constant({ do: 'crashManager' as const }) });
  if (faults.includes('staleCache')) {
    choices.push({ weight: 1, arbitrary: fc.record({ do: fc.constant('freeze' as const), resource: fc.constantFrom(...RESOURCES), ms: fc.nat(3_000) }) });
    choices.push({ weight: 1, arbitrary: fc.record({ do: fc.constant('relist' as const), resource: fc.constantFrom('pods' as const, 'statefulsets.apps' as const) }) });
  }
  return fc.oneof(...choices);
}

/** Scenarios around one StatefulSet. Shrinks commands and faults away, replicas down, choices to first in, first out. @public */
export function statefulSetScenario(options: StatefulSetScenarioOptions = {}): fc.Arbitrary<Scenario> {
  const policies = options.policies ?? ['OrderedReady', 'Parallel'];
  const set: fc.Arbitrary<SetSpec> = fc.record({
    replicas: fc.integer({ min: 1, max: options.maxReplicas ?? 4 }), podManagementPolicy: fc.constantFrom(...policies), partition: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) }),
    claims: fc.oneof({ weight: 2, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }), minReadySeconds: fc.constantFrom(0, 0, 0, 2),
  });
  const choices: fc.Arbitrary<Choices> = fc.oneof(
    fc.constant({ mode: 'fifo' as const }), fc.record({ mode: fc.constant('random' as const), seed: fc.nat() }), fc.record({ mode: fc.constant('pct' as const), seed: fc.nat(), depth: fc.integer({ min: 1, max: 4 }) }),
  );
  return fc.record({
    seed: fc.nat(1_000_000), set, commands: fc.array(commands(options), { maxLength: options.maxCommands ?? 8 }), choices, kubernetes: fc.constantFrom('1.37' as const, '1.37' as const, '1.36' as const, '1.34' as const),
  });
}
