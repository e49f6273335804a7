// Small facts about the containers of a pod's spec.
import type { Container, Pod } from '@kubesim/api';

/** An init container that keeps running beside the main ones. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/** Restart policy of the pod. */
export function restartPolicyOf(pod: Pod): string {
  return pod.spec?.restartPolicy ?? 'Always';
}

/** Whether a container that ended with this code runs again (kubecontainer.ShouldContainerBeRestarted). */
export function mayRestart(pod: Pod, container: Container, exitCode: number): boolean {
  const isInit = pod.spec?.initContainers?.includes(container) === true;
  if (isInit && isSidecar(container)) return true;
  for (const rule of container.restartPolicyRules ?? []) {
    const values = rule.exitCodes?.values ?? [];
    if (rule.action === 'Restart' && (rule.exitCodes?.operator === 'NotIn' ? !values.includes(exitCode) : values.includes(exitCode))) return true;
  }
  const policy = container.restartPolicy ?? restartPolicyOf(pod);
  if (policy === 'Never') return false;
  if (policy === 'OnFailure' || isInit) return exitCode !== 0;
  return true;
}

/** Init containers and main containers. */
export function allContainers(pod: Pod): readonly Container[] {
  return [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
}

/** How many main containers there are. */
export function containerCount(pod: Pod): number {
  return (pod.spec?.containers ?? []).length;
}

/** The container of that name; throws RangeError if there is none. */
export function containerOf(pod: Pod, name: string): Container {
  const container = allContainers(pod).find((each) => each.name === name);
  if (container === undefined) throw new RangeError(`kubelet: pod ${pod.metadata?.namespace}/${pod.metadata?.name} has no container '${name}'`);
  return container;
}

/** Grace period that the pod's spec gives, in ms. */
export function specGraceMs(pod: Pod): number {
  return (pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000;
}
