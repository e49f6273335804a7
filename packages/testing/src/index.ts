export { BisimulationError, explore, type Coverage, type Exploration, type ExploreOptions, type Violation } from './explorer/explore.ts';
export { checkCertificate, type Certificate } from './explorer/certificate.ts';
export type { PausedExploration, PausedFrame } from './explorer/paused.ts';
export type { Monitor, MonitorVerdict, MonitorView } from './explorer/monitor.ts';
export type { Bounds, Intervention, NodeNames, PathStep } from './explorer/space.ts';
export { findLoop, type Loop, type LoopOptions, type LoopSearch } from './explorer/loops.ts';
export { describeCommand, doCommand } from './scenario/commands.ts';
export { stepsOf, type Choices, type Command, type Fault, type FaultProcess, type NodeShape, type ObjectSpec, type PodShape, type Scenario } from './scenario/scenario.ts';
export { runScenario, ScenarioRunner, type Reached, type RunOptions, type ScenarioRun } from './scenario/run.ts';
export { shrinkScenario, smallerScenarios, type Shrunk } from './scenario/shrink.ts';
export { describeFailure, describeScenario } from './scenario/describe.ts';
export {
  choiceList, choices, command, companions, deploymentSpec, fault, nodeShapes, podShape, profile, scenario, statefulSetSpec, type ScenarioOptions, type WorkloadKind,
} from './scenario/arbitrary.ts';
export { beginFault, describeFault, endFault, FAULT_RULES } from './faults/faults.ts';
export type { Violation as PropertyViolation } from './properties/monitor.ts';
export { always, eventually, judge, leadsTo, never, object, until, type Known, type Property, type StatePredicate, type TemporalState, type WithinTime } from './properties/temporal.ts';
export { allInvariants, statefulSetInvariants, traceInvariants } from './invariants/all.ts';
export { orderedCreation, orderedDeletion, podIdentity, revisionSafety, rollingUpdateInOrder } from './invariants/stateful-set.ts';
export { availabilityFloor, budgetIsKept, historyKeepsWhatRuns, oneControllerAnObject, surgeCeiling } from './invariants/deployment.ts';
export { antiAffinityIsKept, boundOnce, cachesMoveForward, endedStaysEnded, nodesHoldTheirPods, oneLiveProcessAnIdentity } from './invariants/pods.ts';
export { noEmptyWrite, noHotLoop, oneObjectAName, versionsGrow } from './invariants/store.ts';
export { attachedToOneNode, claimsAreKept, claimsInUseStay, volumesStayBound } from './invariants/volumes.ts';
export { claimsConverge, deploymentsConverge, nothingLeaks, podsFindPlaces, replicaSetsConverge, statefulSetsConverge, statusEqualsRecount } from './invariants/at-rest.ts';
export { checkTrace, type TraceOptions, type TraceViolation } from './trace.ts';
export { matchers, type KubesimMatchers, type MatcherResult } from './matchers.ts';
export { clusterControlPlane, httpControlPlane, type ConformanceCase, type ControlPlaneAnswer, type ControlPlaneClient, type HttpControlPlane } from './conformance/client.ts';
export { statefulSetConformance } from './conformance/stateful-set.ts';
