export { BisimulationError, explore, type Coverage, type Exploration, type ExploreOptions, type Violation } from './explorer/explore.ts';
export { describeCommand, doCommand, startScenario, type Choices, type Command, type Scenario, type SetSpec } from './scenario/scenario.ts';
export { describeFailure, runScenario, type ScenarioRun } from './scenario/run.ts';
export { statefulSetScenario, type FaultName, type StatefulSetScenarioOptions } from './scenario/arbitrary.ts';
export type { Invariant } from './invariants/invariant.ts';
export { statefulSetInvariants } from './invariants/stateful-set.ts';
