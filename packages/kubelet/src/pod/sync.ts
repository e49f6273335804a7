// One sync of a pod: the steps of kuberuntime SyncPod, taken one after the other in virtual time. B.14 R1 to R6, R18.
import type { PodStatus } from '@kubesim/api';
import { deriveIdentity } from '@kubesim/kernel';
import { imageNameProblem } from '../container/image-reference.ts';
import { emptyTree } from '../runtime/file-tree.ts';
import { isRunning, newest, withInstance, type ContainerInstance } from '../runtime/container-runtime.ts';
import { goSeconds, nextBackOff } from './back-off.ts';
import { configError, volumeError } from './config.ts';
import { containerOf, specGraceMs } from './containers.ts';
import { tickFrom } from './grid.ts';
import { hookMessage, runHook } from './hooks.ts';
import { killContainer, runningContainers } from './kill.ts';
import { withNewProbes } from './probes.ts';
import { generateStatus, setStatus } from './status.ts';
import type { Operation, PodDraft, PodEnvironment, StartFailure, SyncStep } from './pod-worker-state.ts';

const RETRY_MS = 10_000;
/** How long until the kubelet looks again whether a volume is attached: doubled each time. Upstream: exponentialbackoff (1.37). */
const ATTACH_WAIT_MS = 500;
const ATTACH_WAIT_MS_MAX = 122_000;
/** After so long it says that it waits. Upstream: podAttachAndMountTimeout. */
const ATTACH_TIMEOUT_MS = 123_000;

/** Begins an operation of these steps and takes those that take no time. */
export function beginOperation(draft: PodDraft, steps: readonly SyncStep[], env: PodEnvironment): void {
  draft.operation = { steps, wakeAt: env.now, failures: {}, hasChanged: false };
  continueOperation(draft, env);
}

/** Goes on with the operation: every step that is due, until one takes time or none is left. */
export function continueOperation(draft: PodDraft, env: PodEnvironment): void {
  for (let operation = draft.operation; operation !== undefined && operation.wakeAt <= env.now; operation = draft.operation) {
    const [step, ...rest] = operation.steps;
    if (step === undefined) {
      draft.operation = undefined;
      finishSync(draft, operation, env);
      return;
    }
    draft.operation = { ...operation, steps: rest };
    take(draft, step, env);
  }
}

function then(draft: PodDraft, delayMs: number, next: readonly SyncStep[], env: PodEnvironment, hasChanged: boolean = false): void {
  const operation = draft.operation as Operation;
  draft.operation = {
    ...operation, steps: [...next, ...operation.steps], wakeAt: env.now + delayMs, hasChanged: operation.hasChanged || hasChanged,
  };
}

function fail(draft: PodDraft, container: string, failure: StartFailure): void {
  const operation = draft.operation as Operation;
  draft.operation = { ...operation, failures: { ...operation.failures, [container]: failure } };
}

function take(draft: PodDraft, step: SyncStep, env: PodEnvironment): void {
  const { timing } = env;
  switch (step.do) {
    case 'sandbox': {
      const missing = volumeError(draft.pod, env);
      if (missing !== undefined) {
        env.event('Warning', 'FailedMount', missing);
        draft.operation = { ...(draft.operation as Operation), steps: [], otherFailure: true };
        return;
      }
      return then(draft, 0, [{ do: 'attached', since: env.now, waitMs: ATTACH_WAIT_MS }], env);
    }
    case 'attached': {
      const unattached = env.unattached(draft.pod);
      if (unattached.length === 0) return then(draft, timing.sandboxMs, [{ do: 'sandboxReady' }], env);
      const isTimeUp = env.now - step.since >= ATTACH_TIMEOUT_MS;
      if (isTimeUp) env.event('Warning', 'FailedMount', `Unable to attach or mount volumes: unmounted volumes=[${unattached.join(' ')}], unattached volumes=[${unattached.join(' ')}], failed to process volumes=[]: timed out waiting for the condition`);
      return then(draft, step.waitMs, [{ do: 'attached', since: isTimeUp ? env.now : step.since, waitMs: Math.min(step.waitMs * 2, ATTACH_WAIT_MS_MAX) }], env);
    }
    case 'sandboxReady': {
      const ip = draft.pod.spec?.hostNetwork === true ? env.hostIP : env.allocateIP();
      draft.runtime = { sandbox: { isReady: true, ip, createdAt: env.now }, containers: draft.runtime.containers };
      // Since 1.36 the condition is written as soon as the sandbox is there, before any image is pulled.
      if (draft.status !== undefined) setStatus(draft, sandboxStatus(draft, env), true, env);
      return then(draft, 0, [], env, true);
    }
    case 'start':
      return start(draft, step.container, env);
    case 'pulled':
      return pulled(draft, step, env);
    case 'create': {
      const container = containerOf(draft.pod, step.container);
      const error = configError(draft.pod, container, env);
      if (error !== undefined) {
        env.event('Warning', 'Failed', `Error: ${error}`);
        return fail(draft, step.container, { reason: 'CreateContainerConfigError', message: error });
      }
      env.event('Normal', 'Created', env.messages === '1.34' ? `Created container: ${step.container}` : 'Container created');
      return then(draft, timing.startMs, [{ do: 'run', container: step.container }], env);
    }
    case 'run':
      return run(draft, step.container, env);
    case 'postStarted': {
      draft.starting = draft.starting.filter((name) => name !== step.container);
      if (step.failure === undefined) return then(draft, 0, [], env, true);
      env.event('Warning', 'FailedPostStartHook', 'PostStartHook failed');
      const endsAt = killContainer(draft, step.container, specGraceMs(draft.pod), 'FailedPostStartHook', env);
      const container = containerOf(draft.pod, step.container);
      const message = hookMessage(draft.pod, container, container.lifecycle?.postStart ?? {}, step.failure);
      return then(draft, endsAt - env.now, [{ do: 'fail', container: step.container, failure: { reason: 'PostStartHookError', message } }], env, true);
    }
    case 'fail':
      return fail(draft, step.container, step.failure);
    case 'kill': {
      const endsAt = killContainer(draft, step.container, step.graceMs, step.message, env);
      return then(draft, endsAt - env.now, [], env, true);
    }
    case 'killPod': {
      const { together, sidecars } = runningContainers(draft, env.now);
      const graceMs = draft.graceMs ?? specGraceMs(draft.pod);
      let endsAt = env.now;
      for (const name of together) endsAt = Math.max(endsAt, killContainer(draft, name, graceMs, `Stopping container ${name}`, env));
      for (const name of sidecars) endsAt = Math.max(endsAt, killContainer(draft, name, graceMs, `Stopping container ${name}`, env, endsAt));
      return then(draft, endsAt - env.now, [{ do: 'podKilled' }], env, true);
    }
    case 'podKilled': {
      const { sandbox } = draft.runtime;
      if (sandbox !== undefined) draft.runtime = { sandbox: { ...sandbox, isReady: false }, containers: draft.runtime.containers };
      return then(draft, 0, [], env, true);
    }
  }
}

/** The status as it was, with the sandbox ready; the address comes with the next sync. */
function sandboxStatus(draft: PodDraft, env: PodEnvironment): PodStatus {
  const view = { runtime: { sandbox: draft.runtime.sandbox, containers: draft.cache.containers }, seenAt: draft.cacheAt, isTerminating: false };
  const { podIP: _ip, podIPs: _ips, ...status } = generateStatus(draft, view, env).status;
  return draft.pod.spec?.hostNetwork === true ? generateStatus(draft, view, env).status : status;
}

/** Back-off, then the image. */
function start(draft: PodDraft, name: string, env: PodEnvironment): void {
  const { pod } = draft;
  const container = containerOf(pod, name);
  // R6: it reads the newest dead run in the status that the sync began with; a run just killed is not in there.
  const dead = (draft.cache.containers[name] ?? []).find((instance) => !isRunning(instance, draft.cacheAt));
  if (dead !== undefined) {
    const finishedAt = dead.endsAt ?? dead.startedAt;
    const backOff = draft.backOffs[name];
    if (backOff !== undefined && finishedAt - backOff.at <= 600_000 && env.now - finishedAt < backOff.ms) {
      const where = `${pod.metadata?.name}_${pod.metadata?.namespace}(${pod.metadata?.uid})`;
      env.event('Warning', 'BackOff', `Back-off restarting failed container ${name} in pod ${where}`);
      return fail(draft, name, {
        reason: 'CrashLoopBackOff', message: `back-off ${goSeconds(backOff.ms)} restarting failed container=${name} pod=${where}`,
        expiresAt: finishedAt + backOff.ms,
      });
    }
    draft.backOffs = { ...draft.backOffs, [name]: nextBackOff(backOff, finishedAt, env.now) };
  }
  const image = container.image ?? '';
  const problem = imageNameProblem(image);
  if (problem !== undefined) {
    const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${problem}`;
    env.event('Warning', 'InspectFailed', message);
    env.event('Warning', 'Failed', 'Error: InvalidImageName');
    return fail(draft, name, { reason: 'InvalidImageName', message });
  }
  const pull = env.behaviour(image).pull?.(image);
  const policy = container.imagePullPolicy ?? 'IfNotPresent';
  const isPresent = env.hasImage(image) || (pull === undefined && env.timing.imagesPresent);
  if (isPresent && (policy !== 'Always' || pull === undefined)) {
    env.event('Normal', 'Pulled', `Container image "${image}" already present on machine${env.messages === '1.34' ? '' : ' and can be accessed by the pod'}`);
    return then(draft, 0, [{ do: 'create', container: name }], env);
  }
  if (policy === 'Never') {
    const message = `Container image "${image}" is not present with pull policy of Never`;
    env.event('Warning', 'ErrImageNeverPull', message);
    env.event('Warning', 'Failed', 'Error: ErrImageNeverPull');
    return fail(draft, name, { reason: 'ErrImageNeverPull', message });
  }
  const backOff = draft.pullBackOffs[image];
  if (backOff !== undefined && env.now - backOff.at < backOff.ms) {
    const message = `Back-off pulling image "${image}"`;
    env.event('Normal', 'BackOff', message);
    env.event('Warning', 'Failed', 'Error: ImagePullBackOff');
    return fail(draft, name, { reason: 'ImagePullBackOff', message: `${message}: ErrImagePull: ${backOff.error ?? ''}` });
  }
  env.event('Normal', 'Pulling', `Pulling image "${image}"`);
  const doneAt = env.reservePull(pull?.durationMs ?? env.timing.pullMs);
  then(draft, doneAt - env.now, [{ do: 'pulled', container: name, since: env.now, error: pull?.error }], env);
}

function pulled(draft: PodDraft, step: Extract<SyncStep, { do: 'pulled' }>, env: PodEnvironment): void {
  const image = containerOf(draft.pod, step.container).image ?? '';
  const error = step.error ?? env.diskError;
  if (error !== undefined) {
    env.event('Warning', 'Failed', `Failed to pull image "${image}": ${error}`);
    env.event('Warning', 'Failed', 'Error: ErrImagePull');
    draft.pullBackOffs = { ...draft.pullBackOffs, [image]: nextBackOff(draft.pullBackOffs[image], env.now, env.now, error) };
    return fail(draft, step.container, { reason: 'ErrImagePull', message: error });
  }
  env.imagePulled(image);
  const own = env.behaviour(image).pull?.(image)?.durationMs ?? env.timing.pullMs;
  const took = (ms: number): string => (ms < 1000 ? `${ms}ms` : `${ms / 1000}s`);
  env.event('Normal', 'Pulled', `Successfully pulled image "${image}" in ${took(own)} (${took(env.now - step.since)} including waiting). Image size: 10000000 bytes.`);
  then(draft, 0, [{ do: 'create', container: step.container }], env);
}

function run(draft: PodDraft, name: string, env: PodEnvironment): void {
  const { pod } = draft;
  const container = containerOf(pod, name);
  const before = newest(draft.runtime, name);
  const lost = before === undefined ? [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find((each) => each.name === name) : undefined;
  // A status that says that the container was lost counts the restart that comes.
  const isCounted = lost?.state?.waiting !== undefined && lost.lastState?.terminated?.reason === 'ContainerStatusUnknown';
  const attempt = before !== undefined ? before.attempt + 1 : lost?.containerID === undefined && lost?.lastState?.terminated === undefined ? 0 : lost.restartCount + (isCounted ? 0 : 1);
  const life = env.behaviour(container.image ?? '').start?.(container, pod) ?? {};
  const id = deriveIdentity(0, [pod.metadata?.uid ?? '', name, `${attempt}`]) + deriveIdentity(1, [pod.metadata?.uid ?? '', name, `${attempt}`]);
  const instance: ContainerInstance = {
    name, attempt, id: `containerd://${id}`, startedAt: env.now, files: emptyTree, log: life.log ?? [],
    ...(life.endsAfterMs === undefined ? {} : { endsAt: env.now + life.endsAfterMs, exitCode: life.exitCode ?? 0 }),
    ...(life.reason === undefined ? {} : { reason: life.reason }),
  };
  draft.runtime = withInstance(draft.runtime, instance);
  const operation = draft.operation as Operation;
  if (draft.failures[name] !== undefined) {
    const { [name]: _gone, ...left } = draft.failures;
    draft.failures = left;
  }
  draft.operation = { ...operation, hasChanged: true };
  env.event('Normal', 'Started', env.messages === '1.34' ? `Started container ${name}` : 'Container started');
  draft.probes = withNewProbes(draft, container, instance);
  const hook = container.lifecycle?.postStart;
  if (hook === undefined) return then(draft, 0, [], env, true);
  const outcome = runHook(draft, container, instance, hook, env);
  draft.starting = [...draft.starting, name];
  then(draft, outcome.durationMs, [{ do: 'postStarted', container: name, failure: outcome.failure }], env, true);
}

/** R1: when to sync again. R5: a successful sync that changed the runtime relists at once, a failed one does not. */
function finishSync(draft: PodDraft, operation: Operation, env: PodEnvironment): void {
  const { timing } = env;
  const failures = Object.values(operation.failures);
  draft.failures = { ...draft.failures, ...operation.failures };
  draft.lastSyncAt = env.now;
  const hasFailed = failures.length > 0 || operation.otherFailure === true;
  if (!hasFailed && operation.hasChanged && draft.killStartedAt === undefined) draft.relistAt = env.now + 1;
  if (draft.mode !== 'sync') return;
  const factor = 1000 + env.random('resync', 500);
  let delayMs = timing.syncFrequencyMs;
  if (hasFailed) {
    const expiries = failures.flatMap((failure) => (failure.expiresAt === undefined ? [] : [failure.expiresAt]));
    delayMs = expiries.length === 0 ? RETRY_MS : Math.min(Math.max(Math.min(...expiries) - env.now, 0), timing.syncFrequencyMs);
  }
  draft.retryAt = tickFrom(env.now + Math.ceil((delayMs * factor) / 1000), env.tickPhaseMs, timing.relistMs);
}
