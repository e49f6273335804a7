// Phase of a pod from its containers. Source: kubelet_pods.go getPhase (1.37).
import type { ContainerStatus, Pod } from '@kubesim/api';
import { isSidecar, restartPolicyOf } from './containers.ts';

/** The phase; `isTerminating` where the pod is on its way out for good, so that a restart policy no longer counts. */
export function podPhase(pod: Pod, inits: readonly ContainerStatus[], mains: readonly ContainerStatus[], isTerminating: boolean): string {
  let pendingInit = 0;
  let failedInit = 0;
  let running = 0;
  for (const container of pod.spec?.initContainers ?? []) {
    const status = inits.find((each) => each.name === container.name);
    if (isSidecar(container)) {
      if (status?.state?.running !== undefined) {
        running++;
        if (status.started !== true) pendingInit++;
      } else if (status?.state?.waiting !== undefined && status.lastState?.terminated === undefined) {
        pendingInit++;
      }
      continue;
    }
    const end = status?.state?.terminated;
    const former = status?.state?.waiting === undefined ? undefined : status.lastState?.terminated;
    if (end !== undefined) {
      if (end.exitCode !== 0) failedInit++;
    } else if (former === undefined || former.exitCode !== 0) {
      pendingInit++;
    }
  }
  let waiting = 0;
  let stopped = 0;
  let succeeded = 0;
  for (const status of mains) {
    const end = status.state?.terminated ?? (status.state?.waiting === undefined ? undefined : status.lastState?.terminated);
    if (status.state?.running !== undefined) running++;
    else if (end !== undefined) {
      stopped++;
      if (status.state?.terminated !== undefined && end.exitCode === 0) succeeded++;
    } else waiting++;
  }
  const hasStarted = mains.some((each) => each.state?.running !== undefined || each.state?.terminated !== undefined || each.lastState?.terminated !== undefined);
  const policy = restartPolicyOf(pod);
  if (failedInit > 0 && policy === 'Never') return 'Failed';
  if (!hasStarted && (pendingInit > 0 || failedInit > 0)) return 'Pending';
  if (waiting > 0) return 'Pending';
  if (running > 0) return 'Running';
  if (stopped === 0) return 'Pending';
  if (isTerminating) return mains.every((each) => (each.state?.terminated ?? each.lastState?.terminated)?.exitCode === 0) ? 'Succeeded' : 'Failed';
  if (policy === 'Always') return 'Running';
  if (succeeded === stopped) return 'Succeeded';
  return policy === 'Never' ? 'Failed' : 'Running';
}
