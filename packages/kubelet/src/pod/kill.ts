// Ending containers: preStop, SIGTERM, SIGKILL. Source: kuberuntime_container.go killContainer (1.37).
import { isRunning, newest, withInstance } from '../runtime/container-runtime.ts';
import { containerOf, isSidecar } from './containers.ts';
import { runHook } from './hooks.ts';
import type { PodDraft, PodEnvironment } from './pod-worker-state.ts';

const SHORTEST_GRACE_MS = 2000;

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

/**
 * Begins to end a container and answers when it will have ended; `now` if it does not run. Its preStop hook runs at once; then it waits
 * for its turn, if its grace lasts so long. What has passed counts in whole seconds.
 */
export function killContainer(draft: PodDraft, name: string, graceMs: number, message: string, env: PodEnvironment, turnAt: number = env.now): number {
  const instance = newest(draft.runtime, name);
  if (instance === undefined || !isRunning(instance, env.now)) return env.now;
  env.event('Normal', 'Killing', message);
  const container = containerOf(draft.pod, name);
  const preStop = container.lifecycle?.preStop;
  let hookMs = 0;
  if (preStop !== undefined && graceMs > 0) {
    const outcome = runHook(draft, container, instance, preStop, env);
    hookMs = Math.min(outcome.durationMs, graceMs);
    // Upstream keeps what the hook said out of the Event, as it may be secret.
    if (outcome.failure !== undefined) env.event('Warning', 'FailedPreStopHook', 'PreStopHook failed');
  }
  const afterHookMs = graceMs - wholeSeconds(hookMs);
  const waitMs = Math.min(Math.max(turnAt - env.now - hookMs, 0), Math.max(afterHookMs, 0));
  const remainingMs = Math.max(afterHookMs - wholeSeconds(waitMs), SHORTEST_GRACE_MS);
  const own = env.behaviour(container.image ?? '').stop?.(container, draft.pod) ?? { afterMs: 100, exitCode: 0 };
  const stopMs = env.timing.stopMs ?? own.afterMs;
  const stops = stopMs <= remainingMs;
  const endsAt = env.now + hookMs + waitMs + (stops ? stopMs : remainingMs);
  // It may end by itself before.
  if (instance.endsAt === undefined || instance.endsAt > endsAt) {
    draft.runtime = withInstance(draft.runtime, { ...instance, endsAt, exitCode: stops ? (env.timing.stopExitCode ?? own.exitCode) : 137 });
  }
  return newest(draft.runtime, name)?.endsAt ?? env.now;
}

/** Kills what is still running `graceMs` from now: a later request may only shorten the grace. */
export function shortenGrace(draft: PodDraft, graceMs: number, env: PodEnvironment): void {
  const until = env.now + Math.max(graceMs, SHORTEST_GRACE_MS);
  let last = env.now;
  for (const [instance] of Object.values(draft.runtime.containers)) {
    if (instance === undefined || !isRunning(instance, env.now)) continue;
    if (instance.endsAt === undefined || instance.endsAt > until) draft.runtime = withInstance(draft.runtime, { ...instance, endsAt: until, exitCode: 137 });
    last = Math.max(last, newest(draft.runtime, instance.name)?.endsAt ?? until);
  }
  if (draft.operation !== undefined && draft.operation.wakeAt > last) draft.operation = { ...draft.operation, wakeAt: last };
}

/** Names of the running containers: main ones, then sidecars in the order in which they are stopped. */
export function runningContainers(draft: PodDraft, now: number): { readonly together: readonly string[]; readonly sidecars: readonly string[] } {
  const runs = (name: string): boolean => isRunning(newest(draft.runtime, name), now);
  const inits = draft.pod.spec?.initContainers ?? [];
  const together = [...inits.filter((each) => !isSidecar(each)), ...(draft.pod.spec?.containers ?? [])].map((each) => each.name).filter(runs);
  return { together, sidecars: inits.filter(isSidecar).map((each) => each.name).filter(runs).reverse() };
}
