// Conditions of a Deployment: reading, setting and removing them.
// Upstream: pkg/controller/deployment/util/deployment_util.go (1.37).
import type { Deployment, DeploymentCondition, ReplicaSetCondition } from '@kubesim/api';
import { formatTime } from '@kubesim/client';

/** Conditions of a status, in order. */
type Conditions = readonly DeploymentCondition[];

/** A condition of this type that changed now. @public */
export function newCondition(
  now: number, type: 'Available' | 'Progressing', status: 'True' | 'False' | 'Unknown', reason: string, message: string,
): DeploymentCondition {
  const time = formatTime(now);
  return { type, status, lastUpdateTime: time, lastTransitionTime: time, reason, message };
}

/** The condition of that type. @public */
export function getCondition(conditions: Conditions | undefined, type: string): DeploymentCondition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * Puts a condition at the end of the list in place of the one of its type. One with the same status and reason stays as and
 * where it is; the same status keeps its transition time. @public
 */
export function setCondition(conditions: Conditions, condition: DeploymentCondition): Conditions {
  const current = getCondition(conditions, condition.type ?? '');
  if (current?.status === condition.status && current?.reason === condition.reason) return conditions;
  const lastTransitionTime = current?.status === condition.status ? current?.lastTransitionTime : condition.lastTransitionTime;
  return [...removeCondition(conditions, condition.type ?? ''), { ...condition, lastTransitionTime }];
}

/** The conditions without the one of that type. @public */
export function removeCondition(conditions: Conditions, type: string): Conditions {
  return conditions.filter((condition) => condition.type !== type);
}

/** A ReplicaSet's condition as one of the Deployment. @public */
export function fromReplicaSet(condition: ReplicaSetCondition): DeploymentCondition {
  const { type, status, lastTransitionTime, reason, message } = condition;
  return { type, status, lastTransitionTime, lastUpdateTime: lastTransitionTime, reason, message };
}

/** The Deployment is to be watched for progress: a deadline is set, and not the largest number there is. @public */
export function hasProgressDeadline(deployment: Deployment): boolean {
  const { progressDeadlineSeconds } = deployment.spec;
  return progressDeadlineSeconds !== undefined && progressDeadlineSeconds !== 2147483647;
}
