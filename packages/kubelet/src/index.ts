// What the other packages use of the kubelet.
export { BehaviourFailure, createKubelet } from './kubelet.ts';
export { liveProcesses, type ClockJump, type KubeletMessage, type KubeletState, type LiveProcess, type VolumeContent } from './kubelet-state.ts';
export type { KubeletOptions, PodStage } from './options.ts';
export { DEFAULT_TIMING, INSTANT_TIMING, RECORDED_TIMING, resolveTiming, type KubeletTiming, type TimingPreset } from './timing.ts';
export { isSteady, newPodWorker, nextWake, stepPod, type PodInput, type Wake } from './pod/pod-worker.ts';
export type { PodEnvironment, PodWorkerState, ProbeFlap } from './pod/pod-worker-state.ts';
export type { BehaviourContext, ContainerBehaviour, ExecResult, Life, PodHttpRequest, PodHttpResponse } from './runtime/behaviour.ts';
export { scriptedBehaviour } from './runtime/scripted.ts';
export {
  agnhostBehaviour, anyBehaviour, busyboxBehaviour, defaultBehaviours, httpdBehaviour, nginxBehaviour, pauseBehaviour, redisBehaviour,
} from './container/images.ts';
export { admitPod, podRequest, type Rejection } from './node/admission.ts';
export { hostnameOf } from './network/pod-hostname.ts';
export type { ContainerNetwork } from './container/shell.ts';
export { createDns, type DnsMessage, type DnsOptions, type DnsState } from './network/dns.ts';
export { answerDns, queryDns, resolveFrom, searchNames, type DnsAnswer, type DnsRecord } from './network/dns-query.ts';
export {
  containerLog, execInContainer, httpToAddress, httpToPod, type ContainerAddress, type ExecOutcome, type PodNetwork,
} from './network/pod-network.ts';
