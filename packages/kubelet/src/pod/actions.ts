// What a sync has to do. Source: kuberuntime_manager.go computePodActions, computeInitContainerActions (1.37).
import { isRunning, newest } from '../runtime/container-runtime.ts';
import { isSidecar, mayRestart, restartPolicyOf, specGraceMs } from './containers.ts';
import type { PodDraft, SyncStep } from './pod-worker-state.ts';
import { startedOf } from './status.ts';

/** Steps of the sync that the last relist calls for, in order; none if all is as it should be. */
export function computeActions(draft: PodDraft): readonly SyncStep[] {
  const { pod, cache, cacheAt } = draft;
  const inits = pod.spec?.initContainers ?? [];
  const mains = pod.spec?.containers ?? [];
  const kills: SyncStep[] = [];
  const starts: SyncStep[] = [];
  const needsSandbox = cache.sandbox?.isReady !== true;
  const hasStartedMain = mains.some((container) => newest(cache, container.name) !== undefined);
  let isInitialized = true;

  for (const container of inits) {
    const instance = newest(cache, container.name);
    if (isSidecar(container)) {
      if (isRunning(instance, cacheAt)) {
        const failed = failedProbe(draft, container.name, instance?.id);
        if (failed !== undefined) {
          kills.push(probeKill(draft, container.name, failed, `Init container ${container.name} failed ${failed} probe`));
          starts.push({ do: 'start', container: container.name });
        }
        if (startedOf(draft, container, true) || hasStartedMain) continue;
        isInitialized = false;
        break;
      }
      starts.push({ do: 'start', container: container.name });
      if (hasStartedMain) continue;
      isInitialized = false;
      break;
    }
    // An init container is not looked at again once a main container was made.
    if (hasStartedMain) continue;
    if (instance !== undefined && !isRunning(instance, cacheAt)) {
      if (instance.exitCode === 0) continue;
      if (!mayRestart(pod, container, instance.exitCode ?? 0)) return [{ do: 'killPod' }];
      starts.push({ do: 'start', container: container.name });
    } else if (instance === undefined) {
      starts.push({ do: 'start', container: container.name });
    }
    isInitialized = false;
    break;
  }

  if (isInitialized) {
    let kept = 0;
    const mainStarts: SyncStep[] = [];
    for (const container of mains) {
      const instance = newest(cache, container.name);
      if (instance === undefined) {
        mainStarts.push({ do: 'start', container: container.name });
      } else if (!isRunning(instance, cacheAt)) {
        if (mayRestart(pod, container, instance.exitCode ?? 0)) mainStarts.push({ do: 'start', container: container.name });
      } else {
        const failed = failedProbe(draft, container.name, instance.id);
        if (failed === undefined) {
          kept++;
          continue;
        }
        const restarts = (container.restartPolicy ?? restartPolicyOf(pod)) !== 'Never';
        kills.push(probeKill(draft, container.name, failed, `Container ${container.name} failed ${failed} probe${restarts ? ', will be restarted' : ''}`));
        if (restarts) mainStarts.push({ do: 'start', container: container.name });
      }
    }
    // R18: nothing to keep and nothing to start means that the pod is over, sidecars, sandbox and all.
    if (kept === 0 && mainStarts.length === 0 && mains.length > 0) return [{ do: 'killPod' }];
    starts.push(...mainStarts);
  }
  if (kills.length === 0 && starts.length === 0 && !needsSandbox) return [];
  return [...kills, ...(needsSandbox ? [{ do: 'sandbox' } as const] : []), ...starts];
}

function failedProbe(draft: PodDraft, container: string, id: string | undefined): 'liveness' | 'startup' | undefined {
  const failed = draft.probes.find((probe) => probe.container === container && probe.type !== 'readiness' && probe.result === 'failure' && probe.instance === id);
  return failed === undefined ? undefined : (failed.type as 'liveness' | 'startup');
}

function probeKill(draft: PodDraft, name: string, type: 'liveness' | 'startup', message: string): SyncStep {
  const container = [...(draft.pod.spec?.initContainers ?? []), ...(draft.pod.spec?.containers ?? [])].find((each) => each.name === name);
  const probe = type === 'liveness' ? container?.livenessProbe : container?.startupProbe;
  const own = probe?.terminationGracePeriodSeconds;
  return { do: 'kill', container: name, graceMs: own === undefined ? specGraceMs(draft.pod) : own * 1000, message };
}
