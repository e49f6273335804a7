// The pod worker: which input, relist, tick or probe leads to which sync. Sources: kubelet.go, pod_workers.go (1.37); B.14.
import type { Pod, PodStatus } from '@kubesim/api';
import { isSame, parseTime } from '@kubesim/api';
import { emptyRuntimePod, fingerprintOf, isRunning, type RuntimePod } from '../runtime/container-runtime.ts';
import { computeActions } from './actions.ts';
import { specGraceMs } from './containers.ts';
import { lastTick, nextTick, tickFrom } from './grid.ts';
import { shortenGrace } from './kill.ts';
import { newProbes, probesFoundRunning, runDueProbes, triggerReadiness, wakeProbes } from './probes.ts';
import type { PodDraft, PodEnvironment, PodWorkerState, ProbeFlap } from './pod-worker-state.ts';
import { generateStatus, setStatus, terminatedStatus } from './status.ts';
import { beginOperation, continueOperation } from './sync.ts';

/** What can happen to a pod worker. @public */
export type PodInput =
  | { readonly kind: 'wake' }
  /** The object changed, or is gone from the API. */
  | { readonly kind: 'update'; readonly pod: Pod; readonly isGone?: boolean }
  /** The pod is to end for a reason of the node: eviction, node shutdown. */
  | { readonly kind: 'end'; readonly reason: string; readonly message: string; readonly graceMs: number }
  /** A container's files were changed from outside (exec). */
  | { readonly kind: 'files'; readonly runtime: RuntimePod }
  | { readonly kind: 'flap'; readonly flap: ProbeFlap };

/** A worker for a pod that the node admits. @public */
export function newPodWorker(pod: Pod, env: PodEnvironment, runtime: RuntimePod = emptyRuntimePod, flaps?: readonly ProbeFlap[]): PodWorkerState {
  const startTime = pod.status?.startTime === undefined ? env.now : startOf(pod, env.now);
  // Fields that come later stand here, too: each step copies a worker, and all copies have one hidden class this way.
  return {
    pod, mode: 'sync', isOrphan: false, startTime, firstSyncAt: undefined, runtime, cache: runtime, cacheAt: env.now, relistedOnDemand: false,
    cachePrint: fingerprintOf(runtime, env.now), lastSyncAt: -1, wantsSync: false, relistsToWait: 0, operation: undefined, relistAt: undefined,
    retryAt: env.now + env.timing.syncStartMs, failures: {}, backOffs: {}, pullBackOffs: {}, probes: [], flaps, starting: [], status: undefined, ended: undefined,
    graceMs: undefined, killStartedAt: undefined, wasInitialized: false, removal: undefined,
  };
}

function startOf(pod: Pod, now: number): number {
  return parseTime(pod.status?.startTime ?? '') ?? now;
}

/** Takes one input, and everything that is due at this instant. Pure but for what it asks `env`. @public */
export function stepPod(state: PodWorkerState, input: PodInput, env: PodEnvironment): PodWorkerState {
  const draft: PodDraft = { ...state };
  if (input.kind === 'update') updated(draft, input.pod, input.isGone === true, env);
  else if (input.kind === 'end') endPod(draft, input, env);
  else if (input.kind === 'flap') {
    draft.flaps = [...(draft.flaps ?? []).filter(({ untilMs }) => untilMs > env.now), input.flap];
    wakeProbes(draft, env.now);
  } else if (input.kind === 'files') {
    draft.runtime = input.runtime;
    wakeProbes(draft, env.now);
  }
  continueOperation(draft, env);
  relistIfDue(draft, env);
  if (draft.mode === 'sync') tickIfDue(draft, env);
  if (draft.mode === 'sync' || draft.mode === 'terminating') {
    const round = runDueProbes(draft, env);
    if (round.hasFlipped && draft.status !== undefined) refreshStatus(draft, env);
    if (round.wantsSync || (round.hasFlipped && draft.mode === 'sync')) draft.wantsSync = true;
  }
  syncIfPossible(draft, env);
  completeTermination(draft, env);
  removeIfDue(draft, env);
  return draft;
}

function updated(draft: PodDraft, pod: Pod, isGone: boolean, env: PodEnvironment): void {
  const before = draft.pod;
  draft.pod = pod;
  const graceSeconds = pod.metadata?.deletionGracePeriodSeconds;
  const isDeleted = pod.metadata?.deletionTimestamp !== undefined;
  if (isGone) draft.isOrphan = true;
  if (isDeleted || isGone) {
    // A grace of 0 takes the object away, not the containers' time (pod_workers.go calculateEffectiveGracePeriod).
    const graceMs = Math.max(1000, (graceSeconds ?? 0) > 0 ? (graceSeconds as number) * 1000 : specGraceMs(pod));
    if (draft.mode === 'sync') {
      draft.graceMs = graceMs;
      beginTermination(draft, 0);
    } else if (draft.mode === 'terminating') {
      if (graceMs < (draft.graceMs ?? Infinity)) {
        draft.graceMs = graceMs;
        if (draft.killStartedAt !== undefined) shortenGrace(draft, graceMs, env);
      }
    } else if (draft.removal === undefined && isDeleted && !draft.isOrphan) {
      draft.removal = { step: 'remove', at: removalAt(draft, env) };
    }
    return;
  }
  if (draft.mode !== 'sync') return;
  if ((before.metadata?.resourceVersion !== pod.metadata?.resourceVersion && specDiffers(before, pod)) || gatesDiffer(before, pod)) draft.wantsSync = true;
}

/** By what they say: the same object may come as another copy, with its keys in another order. A spec differs where the generation does. */
function specDiffers(before: Pod, pod: Pod): boolean {
  return before.metadata?.generation !== pod.metadata?.generation || !isSame(before.metadata?.labels, pod.metadata?.labels) || !isSame(before.metadata?.annotations, pod.metadata?.annotations);
}

function gatesDiffer(before: Pod, pod: Pod): boolean {
  return (pod.spec?.readinessGates ?? []).some(({ conditionType }) => {
    const statusOf = (each: Pod): string | undefined => each.status?.conditions?.find((condition) => condition.type === conditionType)?.status;
    return statusOf(before) !== statusOf(pod);
  });
}

function endPod(draft: PodDraft, input: Extract<PodInput, { kind: 'end' }>, env: PodEnvironment): void {
  if (draft.mode !== 'sync') return;
  draft.ended = { reason: input.reason, message: input.message };
  draft.graceMs = input.graceMs;
  if (draft.firstSyncAt === undefined) draft.firstSyncAt = env.now;
  beginTermination(draft, 0);
}

function beginTermination(draft: PodDraft, relistsToWait: number): void {
  draft.mode = 'terminating';
  // A sync that has begun goes on to its end: upstream does not cancel it (kubelet.go SyncPod). A wait for volumes ends.
  if (draft.operation?.steps[0]?.do === 'attached') draft.operation = undefined;
  draft.retryAt = undefined;
  draft.wantsSync = true;
  draft.relistsToWait = relistsToWait;
  draft.wasInitialized = (draft.status ?? draft.pod.status)?.conditions?.some((each) => each.type === 'Initialized' && each.status === 'True') === true;
}

/** R5: what a relist sees; a difference wants a sync. Relists that can see nothing new are not run, but their time counts. */
function relistIfDue(draft: PodDraft, env: PodEnvironment): void {
  const routineAt = lastTick(env.now, env.relistPhaseMs, env.timing.relistMs);
  const onDemand = draft.relistAt !== undefined && draft.relistAt <= env.now;
  if (!onDemand && routineAt !== env.now) {
    if (routineAt > draft.cacheAt) {
      draft.cacheAt = routineAt;
      draft.relistedOnDemand = false;
    }
    return;
  }
  if (onDemand) draft.relistAt = undefined;
  const print = fingerprintOf(draft.runtime, env.now);
  draft.cache = draft.runtime;
  draft.cacheAt = env.now;
  draft.relistedOnDemand = onDemand && routineAt !== env.now;
  if (print === draft.cachePrint) return;
  draft.cachePrint = print;
  if (draft.mode === 'sync') draft.wantsSync = true;
}

/** R1 and R10: the loop that starts due pods and checks deadlines. */
function tickIfDue(draft: PodDraft, env: PodEnvironment): void {
  const deadlineAt = deadlineOf(draft, env);
  if (deadlineAt !== undefined && deadlineAt <= env.now && draft.ended === undefined && draft.firstSyncAt !== undefined) {
    const message = 'Pod was active on the node longer than the specified deadline';
    draft.ended = { reason: 'DeadlineExceeded', message };
    env.event('Normal', 'DeadlineExceeded', message);
    draft.wantsSync = true;
  }
  if (draft.retryAt !== undefined && draft.retryAt <= env.now) {
    draft.retryAt = undefined;
    draft.wantsSync = true;
  }
}

function deadlineOf(draft: Pick<PodDraft, 'pod' | 'ended' | 'startTime'>, env: Pick<PodEnvironment, 'timing' | 'tickPhaseMs'>): number | undefined {
  const seconds = draft.pod.spec?.activeDeadlineSeconds;
  if (seconds === undefined || draft.ended !== undefined) return undefined;
  return tickFrom(draft.startTime + seconds * 1000, env.tickPhaseMs, env.timing.relistMs);
}

function mayWork(draft: PodDraft, env: PodEnvironment): boolean {
  if (!draft.wantsSync || draft.operation !== undefined) return false;
  if (draft.lastSyncAt < 0) return true;
  if (draft.cacheAt <= draft.lastSyncAt) return false;
  if (draft.relistsToWait === 0) return true;
  const { relistMs } = env.timing;
  return env.now >= nextTick(draft.lastSyncAt, env.relistPhaseMs, relistMs) + (draft.relistsToWait - 1) * relistMs;
}

function syncIfPossible(draft: PodDraft, env: PodEnvironment): void {
  if (!mayWork(draft, env)) return;
  if (draft.mode === 'sync') syncPod(draft, env);
  else if (draft.mode === 'terminating' && draft.killStartedAt === undefined) {
    draft.wantsSync = false;
    draft.killStartedAt = env.now;
    draft.relistsToWait = 0;
    if (draft.lastSyncAt >= 0 && !draft.isOrphan) refreshStatus(draft, env);
    beginOperation(draft, [{ do: 'killPod' }], env);
  }
}

function syncPod(draft: PodDraft, env: PodEnvironment): void {
  draft.wantsSync = false;
  if (draft.firstSyncAt === undefined) {
    draft.firstSyncAt = env.now;
    draft.probes = probesFoundRunning(draft, newProbes(draft, env.now), env);
  }
  const isTerminating = draft.ended !== undefined;
  const { status, phase } = generateStatus(draft, { runtime: draft.cache, seenAt: draft.cacheAt, isTerminating: false }, env);
  setStatus(draft, status, true, env);
  if (isTerminating || phase === 'Succeeded' || phase === 'Failed') {
    // R12 and R13: the conditions go first; the containers are taken down after a later relist.
    draft.graceMs = specGraceMs(draft.pod);
    beginTermination(draft, draft.relistedOnDemand ? 2 : 1);
    draft.lastSyncAt = env.now;
    return;
  }
  draft.retryAt = undefined;
  triggerReadiness(draft, env);
  beginOperation(draft, computeActions(draft), env);
}

/** A probe changed its mind: the status says so without a sync. */
function refreshStatus(draft: PodDraft, env: PodEnvironment): void {
  const isTerminating = draft.mode === 'terminating' && draft.pod.metadata?.deletionTimestamp !== undefined;
  setStatus(draft, generateStatus(draft, { runtime: draft.cache, seenAt: draft.cacheAt, isTerminating }, env).status, true, env);
}

/** R13 and R14: the last container has stopped. */
function completeTermination(draft: PodDraft, env: PodEnvironment): void {
  if (draft.mode !== 'terminating' || draft.killStartedAt === undefined || draft.operation !== undefined) return;
  draft.cache = draft.runtime;
  draft.cacheAt = env.now;
  draft.cachePrint = fingerprintOf(draft.runtime, env.now);
  draft.probes = [];
  draft.mode = 'terminated';
  if (draft.isOrphan) {
    draft.mode = 'finished';
    return;
  }
  const { status } = generateStatus(draft, { runtime: draft.runtime, seenAt: env.now, isTerminating: true }, env);
  setStatus(draft, status, false, env);
  const isFinal = isSame(status, terminatedStatus(status, draft.wasInitialized));
  if (!isFinal) draft.removal = { step: 'force', at: nextTick(env.now, env.relistPhaseMs, env.timing.relistMs) };
  else if (draft.pod.metadata?.deletionTimestamp !== undefined) draft.removal = { step: 'remove', at: removalAt(draft, env) };
}

function removalAt(_draft: PodDraft, env: PodEnvironment): number {
  const { removeAfterMs, relistMs } = env.timing;
  return removeAfterMs === undefined ? nextTick(env.now, env.relistPhaseMs, relistMs) : env.now + removeAfterMs;
}

function removeIfDue(draft: PodDraft, env: PodEnvironment): void {
  if (draft.removal === undefined || draft.removal.at > env.now) return;
  if (draft.isOrphan) {
    draft.removal = undefined;
    draft.mode = 'finished';
    return;
  }
  if (draft.removal.step === 'force') {
    setStatus(draft, terminatedStatus(draft.status as PodStatus, draft.wasInitialized), false, env);
    draft.removal = draft.pod.metadata?.deletionTimestamp === undefined ? undefined : { step: 'remove', at: env.now + 10 };
    return;
  }
  draft.removal = undefined;
  draft.mode = 'finished';
  env.remove();
}

/** When a worker wakes, and until when its wakes do no more than repeat themselves. @public */
export interface Wake {
  readonly at: number;
  /** Later than `at` where the wakes before it are heartbeats: a probe that goes on failing, a routine sync of an unready pod. */
  readonly quietUntil: number;
}

/** When the worker next has something to do by itself; undefined if never. @public */
export function nextWake(state: PodWorkerState, env: Pick<PodEnvironment, 'now' | 'timing' | 'relistPhaseMs' | 'tickPhaseMs'>): Wake | undefined {
  let at = Infinity;
  let quietUntil = Infinity;
  const consider = (instant: number | undefined, quiet: number | undefined = instant): void => {
    if (instant === undefined) return;
    if (instant < at) at = instant;
    if (quiet !== undefined && quiet < quietUntil) quietUntil = quiet;
  };
  consider(state.operation?.wakeAt);
  consider(state.removal?.at);
  if (state.mode === 'sync' || state.mode === 'terminating') {
    const relist = nextTick(env.now, env.relistPhaseMs, env.timing.relistMs);
    if (state.wantsSync && state.operation === undefined) consider(relist);
    consider(state.relistAt);
    if (state.mode === 'sync') {
      const isRoutine = state.firstSyncAt !== undefined && Object.keys(state.failures).length === 0;
      if (state.firstSyncAt === undefined || !isSteady(state)) consider(state.retryAt, isRoutine ? Infinity : state.retryAt);
      if (state.pod.spec?.activeDeadlineSeconds !== undefined) consider(deadlineOf(state, env));
      if (state.runtime !== state.cache && fingerprintOf(state.runtime, env.now) !== state.cachePrint) consider(relist);
      for (const instances of Object.values(state.runtime.containers)) {
        const instance = instances[0];
        if (instance?.endsAt !== undefined && isRunning(instance, state.cacheAt)) {
          consider(instance.endsAt <= env.now ? relist : tickFrom(instance.endsAt, env.relistPhaseMs, env.timing.relistMs));
        }
      }
    }
    for (const probe of state.probes) consider(probe.nextAt, probe.failsUntil ?? probe.nextAt);
  }
  return at === Infinity ? undefined : { at: Math.max(at, env.now), quietUntil: Math.max(quietUntil, at, env.now) };
}

/** Whether a routine sync of the pod could change anything: it could not, once all is as it should be. @public */
export function isSteady(state: PodWorkerState): boolean {
  return state.mode !== 'sync' || (Object.keys(state.failures).length === 0 && state.operation === undefined && !state.wantsSync
    && state.status?.conditions?.some((each) => each.type === 'ContainersReady' && each.status === 'True') === true);
}
