// A pod's status as the kubelet computes it. Sources: kubelet_pods.go, status/generate.go, status_manager.go (1.37).
import type { Container, ContainerState, ContainerStatus, Pod, PodCondition, PodStatus } from '@kubesim/api';
import { qosClass } from '@kubesim/api';
import { isRunning, newest, type ContainerInstance, type RuntimePod } from '../runtime/container-runtime.ts';
import { containerCount, isSidecar, mayRestart } from './containers.ts';
import { podPhase } from './phase.ts';
import type { PodDraft, PodEnvironment } from './pod-worker-state.ts';

/** Conditions that the kubelet owns, in their stored order. */
export const OWN_CONDITIONS: readonly string[] = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];

function terminatedState(instance: ContainerInstance, env: PodEnvironment): ContainerState {
  const exitCode = instance.exitCode ?? 0;
  const reason = instance.reason ?? (env.timing.terminatedReasons ? (exitCode === 0 ? 'Completed' : 'Error') : undefined);
  return {
    terminated: {
      exitCode, ...(reason === undefined ? {} : { reason }), startedAt: env.stamp(instance.startedAt),
      finishedAt: env.stamp(instance.endsAt ?? instance.startedAt), containerID: instance.id,
    },
  };
}

/** How the containers are read: what the relist saw and when, and whether the pod is on its way out. */
export interface StatusView {
  readonly runtime: RuntimePod;
  readonly seenAt: number;
  readonly isTerminating: boolean;
}

const UNLOCATED = 'The container could not be located when the pod was';

function containerStatus(draft: PodDraft, container: Container, isInit: boolean, view: StatusView, env: PodEnvironment): ContainerStatus {
  const { pod } = draft;
  const instances = view.runtime.containers[container.name] ?? [];
  const [latest, former] = instances;
  const old = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find((each) => each.name === container.name);
  const hasInit = (pod.spec?.initContainers ?? []).length > 0;
  let state: ContainerState = { waiting: { reason: hasInit ? 'PodInitializing' : 'ContainerCreating' } };
  let lastState: ContainerState = {};
  let restartCount = latest?.attempt ?? 0;
  const runs = isRunning(latest, view.seenAt) && !draft.starting.includes(container.name);
  if (latest !== undefined && runs) state = { running: { startedAt: env.stamp(latest.startedAt) } };
  else if (latest !== undefined && !isRunning(latest, view.seenAt)) state = terminatedState(latest, env);
  if (former !== undefined) lastState = terminatedState(former, env);
  if (latest === undefined && old !== undefined) {
    // A kubelet that lost its containers knows of them from the API alone.
    const lost = old.state?.running !== undefined;
    if (lost) {
      lastState = { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message: `${UNLOCATED} deleted.  The container used to be Running`, startedAt: null as never, finishedAt: null as never } };
      restartCount = old.restartCount + (pod.metadata?.deletionTimestamp === undefined ? 1 : 0);
    } else if (old.state?.terminated !== undefined) {
      if (isInit || !mayRestart(pod, container, old.state.terminated.exitCode)) state = old.state;
      else lastState = old.state;
      restartCount = old.restartCount;
    } else {
      lastState = old.lastState ?? {};
      restartCount = old.restartCount;
    }
  }
  const failure = draft.failures[container.name];
  if (failure !== undefined && startsAgain(pod, container, latest, view.seenAt)) {
    if (state.terminated !== undefined) lastState = state;
    state = { waiting: { reason: failure.reason, message: failure.message } };
  }
  const started = startedOf(draft, container, state.running !== undefined);
  const ready = isInit && !isSidecar(container) ? state.terminated?.exitCode === 0 : started && state.running !== undefined && readinessOf(draft, container);
  const requests = container.resources?.requests;
  const resources = container.resources === undefined ? {} : { limits: container.resources.limits, requests };
  return {
    name: container.name, state, lastState, ready, restartCount,
    image: container.image ?? '', imageID: latest === undefined ? '' : imageId(container.image ?? ''), containerID: latest?.id,
    started: env.timing.startedInStatus || isInit || container.startupProbe !== undefined ? started : undefined,
    allocatedResources: latest === undefined ? undefined : requests, resources: latest === undefined ? undefined : resources,
    volumeMounts: container.volumeMounts === undefined || container.volumeMounts.length === 0 ? undefined : container.volumeMounts.map(({ name, mountPath, readOnly }) => ({
      name, mountPath, readOnly: readOnly === true ? true : undefined, recursiveReadOnly: readOnly === true ? 'Disabled' : undefined,
    })),
  };
}

/** Whether a sync would start the container: only then a reason why it did not start is shown (ShouldContainerBeRestarted). */
function startsAgain(pod: Pod, container: Container, latest: ContainerInstance | undefined, seenAt: number): boolean {
  if (pod.metadata?.deletionTimestamp !== undefined || isRunning(latest, seenAt)) return false;
  return latest === undefined || mayRestart(pod, container, latest.exitCode ?? 0);
}

function imageId(image: string): string {
  return image;
}

/** Whether a container counts as started: running, and its startup probe has succeeded once. */
export function startedOf(draft: PodDraft, container: Container, runs: boolean): boolean {
  if (!runs) return false;
  const probe = draft.probes.find((each) => each.container === container.name && each.type === 'startup');
  return probe === undefined || (probe.result === 'success' && probe.instance === newest(draft.runtime, container.name)?.id);
}

function readinessOf(draft: PodDraft, container: Container): boolean {
  const probe = draft.probes.find((each) => each.container === container.name && each.type === 'readiness');
  return probe === undefined ? container.readinessProbe === undefined : probe.result === 'success';
}

interface Verdict {
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

function names(statuses: readonly ContainerStatus[]): string {
  return `[${statuses.map((each) => each.name).join(' ')}]`;
}

function initialized(pod: Pod, phase: string, inits: readonly ContainerStatus[], mains: readonly ContainerStatus[]): Verdict {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  if (mains.some((each) => each.state?.running !== undefined || each.lastState?.terminated !== undefined || each.state?.terminated !== undefined)) return { status: 'True' };
  const incomplete = inits.filter((each) => {
    const container = pod.spec?.initContainers?.find((one) => one.name === each.name);
    return container !== undefined && isSidecar(container) ? each.started !== true : !each.ready;
  });
  if (incomplete.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ContainersNotInitialized', message: `containers with incomplete status: ${names(incomplete)}` };
}

function containersReady(pod: Pod, phase: string, inits: readonly ContainerStatus[], mains: readonly ContainerStatus[]): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const sidecars = inits.filter((each) => pod.spec?.initContainers?.some((one) => one.name === each.name && isSidecar(one)));
  const unready = [...sidecars, ...mains].filter((each) => !each.ready);
  if (unready.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: ${names(unready)}` };
}

function podReady(pod: Pod, ready: Verdict): Verdict {
  if (ready.status === 'False') return ready;
  const problems: string[] = [];
  for (const { conditionType } of pod.spec?.readinessGates ?? []) {
    const condition = pod.status?.conditions?.find((each) => each.type === conditionType);
    if (condition === undefined) problems.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    else if (condition.status !== 'True') problems.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`);
  }
  return problems.length === 0 ? ready : { status: 'False', reason: 'ReadinessGatesNotReady', message: problems.join(', ') };
}

/**
 * The status for what the relist saw, and the phase it amounts to (which `status.phase` may still withhold). Fields that it does not
 * have are there as undefined, so that all statuses are built as one literal: spreads of what may be missing cost ten times that.
 */
export function generateStatus(draft: PodDraft, view: StatusView, env: PodEnvironment): { readonly status: PodStatus; readonly phase: string } {
  const { pod } = draft;
  const inits = (pod.spec?.initContainers ?? []).map((container) => containerStatus(draft, container, true, view, env));
  const mains = (pod.spec?.containers ?? []).map((container) => containerStatus(draft, container, false, view, env));
  const before = draft.status?.phase ?? pod.status?.phase ?? 'Pending';
  let phase = draft.ended !== undefined ? 'Failed' : podPhase(pod, inits, mains, view.isTerminating);
  if (before === 'Failed' || before === 'Succeeded') phase = before;
  const generation = pod.metadata?.generation;
  const sandbox = view.runtime.sandbox;
  const sandboxReady: Verdict = sandbox?.isReady === true ? { status: 'True' }
    : { status: 'False', reason: 'PodSandboxNotReady', message: sandbox === undefined ? 'no pod sandbox exists' : 'pod sandbox is not ready' };
  const ready = containersReady(pod, phase, inits, mains);
  const scheduled = (draft.status?.conditions ?? pod.status?.conditions)?.some((each) => each.type === 'PodScheduled') === true;
  const verdicts: readonly (readonly [string, Verdict])[] = [
    ['PodReadyToStartContainers', sandboxReady], ['Initialized', initialized(pod, phase, inits, mains)],
    ['Ready', podReady(pod, ready)], ['ContainersReady', ready], ...(scheduled ? [['PodScheduled', { status: 'True' }] as const] : []),
  ];
  const known = [...(draft.status?.conditions ?? []), ...(pod.status?.conditions ?? [])];
  const conditions = verdicts.map(([type, verdict]): PodCondition => {
    const old = known.find((each) => each.type === type);
    return {
      type, observedGeneration: generation, status: verdict.status, lastProbeTime: null as never,
      lastTransitionTime: old !== undefined && old.status === verdict.status && old.lastTransitionTime !== undefined ? old.lastTransitionTime : env.stamp(env.now),
      reason: verdict.reason, message: verdict.message,
    };
  });
  const isHostNetwork = pod.spec?.hostNetwork === true;
  const ip = isHostNetwork ? env.hostIP : (sandbox?.ip ?? draft.status?.podIP);
  const status: PodStatus = {
    observedGeneration: generation, phase, reason: draft.ended?.reason, message: draft.ended?.message, conditions,
    hostIP: env.hostIP, hostIPs: [{ ip: env.hostIP }], podIP: ip, podIPs: ip === undefined ? undefined : [{ ip }],
    startTime: draft.status?.startTime ?? pod.status?.startTime ?? env.stamp(draft.startTime),
    initContainerStatuses: inits.length === 0 ? undefined : inits,
    containerStatuses: containerCount(pod) === 0 ? undefined : [...mains].sort((a, b) => (a.name < b.name ? -1 : 1)),
    qosClass: pod.status?.qosClass ?? qosClass(pod), resources: {},
  };
  return { status, phase };
}

function located(status: ContainerStatus): ContainerStatus {
  if (status.state?.terminated !== undefined) return status;
  const terminated = { exitCode: 137, reason: 'ContainerStatusUnknown', message: `${UNLOCATED} terminated`, startedAt: null as never, finishedAt: null as never };
  return { ...status, state: { terminated } };
}

/**
 * The last status of a pod whose containers are gone: those without an end get one, main ones only if the pod was initialized, init
 * ones up to the last that ever started, the first in any case; the phase is terminal; conditions stay (status_manager.go TerminatePod).
 */
export function terminatedStatus(status: PodStatus, wasInitialized: boolean): PodStatus {
  const inits = status.initContainerStatuses ?? [];
  const lastStarted = inits.findLastIndex((each) => each.state?.waiting === undefined || each.lastState?.terminated !== undefined);
  return {
    ...status, phase: status.phase === 'Succeeded' ? 'Succeeded' : 'Failed',
    ...(inits.length === 0 ? {} : { initContainerStatuses: inits.map((each, index) => (index <= Math.max(lastStarted, 0) ? located(each) : each)) }),
    ...(status.containerStatuses === undefined || !wasInitialized ? {} : { containerStatuses: status.containerStatuses.map(located) }),
  };
}

/** Puts a status in force. A terminal phase is withheld while containers may still run (status_manager.go, mergePodStatus). */
export function setStatus(draft: PodDraft, status: PodStatus, withhold: boolean, env: PodEnvironment): void {
  const isTerminal = status.phase === 'Failed' || status.phase === 'Succeeded';
  const oldPhase = draft.status?.phase ?? draft.pod.status?.phase ?? 'Pending';
  if (withhold && isTerminal && oldPhase !== status.phase) {
    const { reason: _reason, message: _message, ...rest } = status;
    draft.status = { ...rest, phase: oldPhase };
  } else {
    draft.status = status;
  }
  env.statusChanged();
}
