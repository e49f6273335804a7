// Pods that have a node and wait for a plugin's leave: gangs that are bound together or not at all.
// Upstream: pkg/scheduler/framework/runtime/{framework,waiting_pods_map}.go (1.37).
import type { SchedulerSetup } from './cluster-events.ts';
import { PluginMisbehaved, type Refusal, type PlacedPod } from './framework.ts';
import { listersOf, profileOf, type BindingPod, type SchedulerState, type SchedulerStep } from './scheduler-state.ts';

/** Longest wait that a plugin may ask for, ms. Upstream: maxTimeout. @internal */
export const PERMIT_TIMEOUT_MAX_MS: number = 15 * 60_000;

/** What the plugins that let a pod wait say now: those that still do, or why it is rejected. @internal */
export function askPermits(setup: SchedulerSetup, step: SchedulerStep, state: SchedulerState, { pod, nodeName, permits, since }: BindingPod): { readonly permits: BindingPod['permits']; readonly refused?: Refusal } {
  const holding = podsWithNodes(state);
  const listers = listersOf(step, setup.watched);
  const plugins = profileOf(setup.profiles, pod)?.plugins ?? [];
  const left: { plugin: string; until: number }[] = [];
  for (const permit of permits) {
    const answer = plugins.find(({ name }) => name === permit.plugin)?.waitOnPermit?.(listers, holding, pod, nodeName);
    if (answer === 'allow') continue;
    if (answer === 'wait') {
      if (step.now >= permit.until) return { permits, refused: { code: 'Unschedulable', plugin: permit.plugin, reasons: [`rejected due to timeout after waiting ${goDuration(permit.until - since)} at plugin ${permit.plugin}`] } };
      left.push(permit);
    } else if (typeof answer === 'object' && answer !== null && Array.isArray(answer.reasons)) {
      return { permits, refused: { ...answer, plugin: permit.plugin } };
    } else {
      throw new PluginMisbehaved(permit.plugin, 'WaitOnPermit', answer);
    }
  }
  return { permits: left };
}

function podsWithNodes(state: SchedulerState): readonly PlacedPod[] {
  const placed: PlacedPod[] = [];
  state.binding.forEach(({ pod, nodeName, permits }) => { placed.push({ pod, nodeName, isWaiting: permits.length > 0 }); });
  return placed;
}

/** The plugins of all that wait are asked again, for `key` came to them. @internal */
export function wakeWaiting(step: SchedulerStep, state: SchedulerState, key: string): void {
  state.binding.forEach(({ permits }, other) => {
    if (other !== key && permits.length > 0) step.after(0, { kind: 'bind', key: other }, { name: `bind ${other}` });
  });
}

/** A duration as Go prints it: `1m30s`. */
function goDuration(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = (ms % 60_000) / 1000;
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds}s`;
}
