// What users of the scheduler hold. Hand-written: an export is a promise.
export { defaultPlugins, defaultProfile } from './default-profile.ts';
export { diagnosisMessage, type Diagnosis } from './diagnosis.ts';
export {
  normalizeByMaximum, PluginMisbehaved, unresolvable, unschedulable, type Cycle, type CycleRandom, type PreBindStep, type PreFilterResult, type Refusal,
  type SchedulerListers, type PlacedPod, type SchedulerPlugin, type SchedulerProfile,
} from './framework.ts';
export { interleaveZones, nodeInfo, nodeInfoSnapshot, withNode, withoutPod, withPod, type NodeInfo, type NodeInfoSnapshot } from './node-info.ts';
export { type Amounts } from './pod-info.ts';
export { type Preemption } from './preemption.ts';
export type { CycleInput } from './cycle-input.ts';
export { feasibleNodesToFind, schedulePod, type CycleResult, type CycleScores } from './schedule-pod.ts';
export { createScheduler, type SchedulerOptions } from './scheduler.ts';
export { type BindingPod, type Eviction, type SchedulerMessage, type SchedulerState } from './scheduler-state.ts';
export { type NodeCacheState } from './node-cache.ts';
export { type QueuedPod, type QueueState } from './queue.ts';
