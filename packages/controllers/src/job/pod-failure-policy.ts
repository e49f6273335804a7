// What a Job's failure policy says of a failed pod. Upstream: pkg/controller/job/pod_failure_policy.go (1.37).
import type { ContainerStatus, Pod, PodFailurePolicy, PodFailurePolicyRule } from '@kubesim/api';

/** What is to come of a failure. `message`: why the Job fails, for FailJob. */
export interface FailureVerdict {
  readonly action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count';
  readonly message?: string;
}

const COUNT: FailureVerdict = Object.freeze({ action: 'Count' });

/** The verdict of the first rule that matches; without one the failure counts. @public */
export function matchFailurePolicy(policy: PodFailurePolicy | undefined, pod: Pod): FailureVerdict {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    const why = matchExitCodes(rule, pod) ?? matchConditions(rule, pod);
    if (why === undefined) continue;
    const message = `${why} matching ${rule.action} rule at index ${index}`;
    return rule.action === 'FailJob' ? { action: 'FailJob', message } : { action: rule.action as FailureVerdict['action'] };
  }
  return COUNT;
}

function matchExitCodes({ onExitCodes }: PodFailurePolicyRule, pod: Pod): string | undefined {
  if (onExitCodes === undefined) return undefined;
  const statuses: readonly ContainerStatus[] = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  for (const { name, state } of statuses) {
    const exitCode = state?.terminated?.exitCode ?? 0;
    if (exitCode === 0 || (onExitCodes.containerName !== undefined && onExitCodes.containerName !== name)) continue;
    if (onExitCodes.values.includes(exitCode) === (onExitCodes.operator === 'In')) {
      return `Container ${name} for pod ${pod.metadata.namespace}/${pod.metadata.name} failed with exit code ${exitCode}`;
    }
  }
  return undefined;
}

function matchConditions({ onPodConditions }: PodFailurePolicyRule, pod: Pod): string | undefined {
  for (const pattern of onPodConditions ?? []) {
    const met = pod.status?.conditions?.some(({ type, status }) => type === pattern.type && status === (pattern.status ?? 'True'));
    if (met === true) return `Pod ${pod.metadata.namespace}/${pod.metadata.name} has condition ${pattern.type}`;
  }
  return undefined;
}
