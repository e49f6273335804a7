// What users install. Hand-written: an export is a promise.
export { Cluster, type InNamespace, type KubectlInput, type Snapshot, type Within } from './cluster.ts';
export type { ClusterFunctions, ClusterOptions, NodeOptions, OperatorOptions, SchedulerSetup } from './options.ts';
export { durationMs, type Duration } from './duration.ts';
export { ApiError, KubectlFailed, UsageError, WaitTimeout } from './errors.ts';
export type { KubectlResult } from '@kubesim/kubectl';
export type { Manifest } from './manifests.ts';
export type { WaitCondition } from './waiting.ts';
export type { LoggedReason, StatedReason } from './settings.ts';
export type { Recording, ScriptEntry } from './recording.ts';
export type { MetricAnswer, MetricQuery, MetricsSource, MetricValue } from '@kubesim/controllers';
export { Faults, type ApiFaultRule } from './cluster-faults.ts';
export type { ApiFault, CallPattern, CrashPoint } from './faults.ts';
export type { DrainOptions } from './drain.ts';
export type { KindOf, KindOfWord, KindsByWord } from './kinds.ts';
export { LiveCluster, type LiveOptions } from './live.ts';
export type { Observation, Observer } from './observers.ts';
export { Past } from './past.ts';
export type { ExplainedReason } from './explain/explain.ts';
export type { Forecast, ForecastOptions, WorkloadForecast } from './forecast.ts';
export { Rollout } from './rollout.ts';
export { Timeline } from './timeline/timeline.ts';
export type { PodLane, PodStage, Stretch } from './timeline/pod-lanes.ts';
export type { TraceEvent, TraceFile } from './timeline/trace.ts';

// What the user's own functions are made of.
export type { ApiCall, ApiReply, KubeObject, ResourceName, RestRequest, RestResponse } from '@kubesim/api';
export type { AdmissionAttributes, AdmissionContext, AdmissionOutcome, AdmissionPlugin } from '@kubesim/apiserver';
export type { Actor, ActorContext, ActorFactory, CacheChange, Controller, HandlerContext, Lister, ReconcileContext, ReconcileResult, Reconciling } from '@kubesim/client';
export type { BehaviourContext, ContainerBehaviour, ExecResult, Life, PodHttpRequest, PodHttpResponse } from '@kubesim/kubelet';
export { defaultPlugins, defaultProfile, PluginMisbehaved, unresolvable, unschedulable, type Cycle, type NodeInfo, type Refusal, type SchedulerPlugin, type SchedulerProfile } from '@kubesim/scheduler';
export { fifoArbiter, listArbiter, pctArbiter, randomArbiter, type ArbiterState } from '@kubesim/kernel';
export { loadCluster, saveCluster, type SavedCluster } from './saved-state.ts';
