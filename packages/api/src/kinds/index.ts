// The kinds that have rules of their own, one file each. Adding a kind: write its file, add its line here.
import type { KindDefinition } from '../kind.ts';
import { controllerRevisionKind } from './apps/controller-revision.ts';
import { daemonSetKind } from './apps/daemon-set.ts';
import { deploymentKind } from './apps/deployment.ts';
import { replicaSetKind } from './apps/replica-set.ts';
import { statefulSetKind } from './apps/stateful-set.ts';
import { horizontalPodAutoscalerKind } from './autoscaling/horizontal-pod-autoscaler.ts';
import { cronJobKind } from './batch/cron-job.ts';
import { jobKind } from './batch/job.ts';
import { leaseKind } from './coordination/lease.ts';
import { configMapKind, namespaceKind, nodeKind } from './core/cluster.ts';
import { podKind } from './core/pod.ts';
import { serviceKind } from './core/service.ts';
import { persistentVolumeClaimKind, persistentVolumeKind } from './core/volumes.ts';
import { podDisruptionBudgetKind } from './policy/pod-disruption-budget.ts';
import { priorityClassKind } from './scheduling/priority-class.ts';

/** Every kind with a file, in the order of discovery within its group. @internal */
export const KINDS: readonly KindDefinition[] = [
  configMapKind, namespaceKind, nodeKind, persistentVolumeClaimKind, persistentVolumeKind, podKind, serviceKind,
  controllerRevisionKind, daemonSetKind, deploymentKind, replicaSetKind, statefulSetKind,
  horizontalPodAutoscalerKind, cronJobKind, jobKind, leaseKind, podDisruptionBudgetKind, priorityClassKind,
];
