// Probe workers. Sources: prober/worker.go, prober_manager.go (1.37); B.9 and B.14 R16.
import type { Container, Probe } from '@kubesim/api';
import { isRunning, newest, type ContainerInstance } from '../runtime/container-runtime.ts';
import { allContainers, containerOf, isSidecar } from './containers.ts';
import { nextTick } from './grid.ts';
import { runProbe, type HandlerOutcome } from './hooks.ts';
import type { PodDraft, PodEnvironment, ProbeState } from './pod-worker-state.ts';
import { startedOf } from './status.ts';

const WORDS = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' } as const;

function probeOf(container: Container, type: ProbeState['type']): Probe | undefined {
  return type === 'startup' ? container.startupProbe : type === 'liveness' ? container.livenessProbe : container.readinessProbe;
}

function periodMs(probe: Probe): number {
  return (probe.periodSeconds ?? 10) * 1000;
}

/** The workers of a pod, made at its first sync: their ticks are counted from there. */
export function newProbes(draft: PodDraft, now: number): readonly ProbeState[] {
  const probes: ProbeState[] = [];
  for (const container of allContainers(draft.pod)) {
    const isInit = draft.pod.spec?.initContainers?.includes(container) === true;
    if (isInit && !isSidecar(container)) continue;
    for (const type of ['startup', 'readiness', 'liveness'] as const) {
      const probe = probeOf(container, type);
      if (probe !== undefined) probes.push({ container: container.name, type, isInit, baseAt: now, nextAt: now + periodMs(probe), result: initialResult(type), count: 0 });
    }
  }
  return probes;
}

/**
 * The workers where a kubelet came upon containers that run already. They count anew; whether a container is started and ready is as
 * the status has it, if releases do so and it speaks of this very run. Upstream: prober_manager.go, KEP-4781 (1.35).
 */
export function probesFoundRunning(draft: PodDraft, probes: readonly ProbeState[], env: PodEnvironment): readonly ProbeState[] {
  const statuses = [...(draft.pod.status?.containerStatuses ?? []), ...(draft.pod.status?.initContainerStatuses ?? [])];
  return probes.map((probe) => {
    const instance = newest(draft.runtime, probe.container);
    if (instance === undefined || !isRunning(instance, env.now)) return probe;
    const found: ProbeState = { ...probe, instance: instance.id };
    const status = statuses.find(({ name, containerID }) => name === probe.container && containerID === instance.id);
    if (!env.restartKeepsReadiness || status === undefined) return found;
    if (probe.type === 'startup' && status.started === true) return { ...found, result: 'success', nextAt: undefined };
    return probe.type === 'readiness' && status.ready ? { ...found, result: 'success' } : found;
  });
}

function initialResult(type: ProbeState['type']): ProbeState['result'] {
  return type === 'startup' ? 'unknown' : type === 'liveness' ? 'success' : 'failure';
}

/** The workers when a container has a new run: results start afresh, the rhythm stays. */
export function withNewProbes(draft: PodDraft, container: Container, instance: ContainerInstance): readonly ProbeState[] {
  return draft.probes.map((probe) => {
    if (probe.container !== container.name) return probe;
    const period = periodMs(probeOf(container, probe.type) ?? {});
    // The worker outlives the run, and with it how often in a row it got its last outcome; only a failure that it acted on is done with.
    const { outcome, count } = probe.isOnHold === true ? { outcome: undefined, count: 0 } : probe;
    return {
      container: probe.container, type: probe.type, isInit: probe.isInit, baseAt: probe.baseAt, nextAt: gridAfter(probe.baseAt, instance.startedAt, period),
      instance: instance.id, result: initialResult(probe.type), count, ...(outcome === undefined ? {} : { outcome }),
    };
  });
}

function gridAfter(baseAt: number, now: number, period: number): number {
  return nextTick(now, ((baseAt % period) + period) % period, period);
}

/** What a round of probes brought about. */
export interface ProbeRound {
  /** A result flipped: the status follows at once. */
  readonly hasFlipped: boolean;
  /** A liveness or startup result calls for a sync. */
  readonly wantsSync: boolean;
}

/** Runs every probe that is due. */
export function runDueProbes(draft: PodDraft, env: PodEnvironment): ProbeRound {
  let hasFlipped = false;
  let wantsSync = false;
  for (let index = 0; index < draft.probes.length; index++) {
    const probe = draft.probes[index] as ProbeState;
    if (probe.nextAt === undefined || probe.nextAt > env.now) continue;
    const after = probeOnce(draft, probe, env);
    draft.probes = draft.probes.with(index, after);
    if (after.result === probe.result) continue;
    if (probe.type === 'readiness') hasFlipped = true;
    else if (after.result === 'failure' || probe.type === 'startup') {
      wantsSync = true;
      if (probe.type === 'startup') hasFlipped = true;
    }
    if (probe.type === 'startup' && after.result === 'success') draft.probes = draft.probes.map((each) => wokenByStart(draft, each, after, env));
  }
  return { hasFlipped, wantsSync };
}

/** Startup has succeeded: readiness and liveness begin, at their next ticks. */
function wokenByStart(draft: PodDraft, probe: ProbeState, startup: ProbeState, env: PodEnvironment): ProbeState {
  if (probe.container !== startup.container || probe.type === 'startup') return probe;
  const period = periodMs(probeOf(containerOf(draft.pod, probe.container), probe.type) ?? {});
  return { ...probe, nextAt: probe.type === 'readiness' ? env.now : gridAfter(probe.baseAt, env.now, period) };
}

function probeOnce(draft: PodDraft, state: ProbeState, env: PodEnvironment): ProbeState {
  const container = containerOf(draft.pod, state.container);
  const probe = probeOf(container, state.type) as Probe;
  const period = periodMs(probe);
  const next = gridAfter(state.baseAt, env.now, period);
  const instance = newest(draft.runtime, state.container);
  // Without a running container there is nothing to ask; a new run sets the rhythm going again.
  if (instance === undefined || !isRunning(instance, env.now) || state.instance !== instance.id) return { ...state, nextAt: undefined };
  if (draft.starting.includes(state.container)) return { ...state, nextAt: next };
  if (state.isOnHold === true || (draft.mode !== 'sync' && state.type !== 'readiness')) return { ...state, nextAt: undefined };
  if (state.type === 'startup' ? state.result === 'success' : !startedOf(draft, container, true)) return { ...state, nextAt: undefined };
  // The status that the worker reads has whole seconds.
  const earliest = Math.floor(instance.startedAt / 1000) * 1000 + (probe.initialDelaySeconds ?? 0) * 1000;
  if (env.now < earliest) return { ...state, nextAt: gridAfter(state.baseAt, earliest - 1, period) };

  const outcome = withFlaps(draft, state, runProbe(draft, container, instance, probe, env), probe, env.now);
  const word = outcome.failure === undefined ? 'success' : 'failure';
  if (outcome.failure !== undefined) env.event('Warning', 'Unhealthy', `${WORDS[state.type]} probe failed: ${outcome.failure}`);
  const count = state.outcome === word ? state.count + 1 : 1;
  const threshold = word === 'failure' ? (probe.failureThreshold ?? 3) : (probe.successThreshold ?? 1);
  const result = count >= threshold ? word : state.result;
  const isOnHold = result === 'failure' && state.type !== 'readiness';
  // While the answer stands, later ticks change nothing: the worker sleeps until it may differ.
  const rests = isOnHold || (word === 'success' && result === 'success' && outcome.steadyUntil > env.now);
  const nextAt = isOnHold ? undefined : !rests ? next : outcome.steadyUntil === Infinity ? undefined : gridAfter(state.baseAt, Math.max(env.now, outcome.steadyUntil - 1), period);
  const failsUntil = word === 'failure' && result === 'failure' && outcome.steadyUntil > env.now ? outcome.steadyUntil : undefined;
  return { ...state, outcome: word, count: Math.min(count, 1000), result, nextAt, failsUntil, ...(isOnHold ? { isOnHold: true } : {}) };
}

/** What a flap makes of an outcome: a failure while it fails, else what it was, until the next turn. */
function withFlaps(draft: PodDraft, { type, container }: ProbeState, outcome: HandlerOutcome, probe: Probe, now: number): HandlerOutcome {
  const flap = draft.flaps?.findLast((each) => each.type === type && (each.container === undefined || each.container === container) && now >= each.fromMs && now < each.untilMs);
  if (flap === undefined) return outcome;
  const { failMs, passMs, fromMs, untilMs } = flap;
  const intoTurn = (now - fromMs) % (failMs + passMs);
  const turnEndsAt = Math.min(untilMs, now - intoTurn + (intoTurn < failMs ? failMs : failMs + passMs));
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  if (intoTurn < failMs) return { failure: `command timed out after ${timeoutMs / 1000}s`, durationMs: timeoutMs, steadyUntil: turnEndsAt };
  return { ...outcome, steadyUntil: Math.min(outcome.steadyUntil, turnEndsAt) };
}

/** R16: a status made while a started container is not ready asks its readiness probe at once, and its period restarts there. */
export function triggerReadiness(draft: PodDraft, env: PodEnvironment): void {
  draft.probes = draft.probes.map((probe) => {
    if (probe.type !== 'readiness' || probe.result === 'success') return probe;
    const instance = newest(draft.cache, probe.container);
    if (!isRunning(instance, draft.cacheAt) || !startedOf(draft, containerOf(draft.pod, probe.container), true)) return probe;
    return { ...probe, baseAt: env.now, nextAt: env.now };
  });
}

/** Files have changed: a probe that rests looks again at its next tick. */
export function wakeProbes(draft: PodDraft, now: number): void {
  draft.probes = draft.probes.map((probe) => {
    if (probe.isOnHold === true || (probe.type === 'startup' && probe.result === 'success')) return probe;
    const period = periodMs(probeOf(containerOf(draft.pod, probe.container), probe.type) ?? {});
    const next = gridAfter(probe.baseAt, now, period);
    return probe.nextAt !== undefined && probe.nextAt <= next ? probe : { ...probe, nextAt: next };
  });
}
