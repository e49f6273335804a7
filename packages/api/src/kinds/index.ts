// The kinds that have rules of their own, one file each. Adding a kind: write its file, add its line here.
import type { KindDefinition } from '../kind.ts';
import { customResourceDefinitionKind } from './apiextensions/custom-resource-definition.ts';
import { controllerRevisionKind } from './apps/controller-revision.ts';
import { daemonSetKind } from './apps/daemon-set.ts';
import { deploymentKind } from './apps/deployment.ts';
import { replicaSetKind } from './apps/replica-set.ts';
import { statefulSetKind } from './apps/stateful-set.ts';
import { horizontalPodAutoscalerKind } from './autoscaling/horizontal-pod-autoscaler.ts';
import { horizontalPodAutoscalerV1Kind } from './autoscaling/horizontal-pod-autoscaler-v1.ts';
import { cronJobKind } from './batch/cron-job.ts';
import { jobKind } from './batch/job.ts';
import { leaseKind } from './coordination/lease.ts';
import { configMapKind } from './core/config-map.ts';
import { endpointsKind } from './core/endpoints.ts';
import { limitRangeKind } from './core/limit-range.ts';
import { namespaceKind } from './core/namespace.ts';
import { nodeKind } from './core/node.ts';
import { persistentVolumeClaimKind } from './core/persistent-volume-claim.ts';
import { persistentVolumeKind } from './core/persistent-volume.ts';
import { eventKind, eventsEventKind } from './core/event.ts';
import { podKind } from './core/pod.ts';
import { podTemplateKind } from './core/pod-template.ts';
import { replicationControllerKind } from './core/replication-controller.ts';
import { resourceQuotaKind } from './core/resource-quota.ts';
import { secretKind } from './core/secret.ts';
import { serviceAccountKind } from './core/service-account.ts';
import { serviceKind } from './core/service.ts';
import { endpointSliceKind } from './discovery/endpoint-slice.ts';
import { podDisruptionBudgetKind } from './policy/pod-disruption-budget.ts';
import { clusterRoleBindingKind } from './rbac/cluster-role-binding.ts';
import { clusterRoleKind } from './rbac/cluster-role.ts';
import { roleBindingKind } from './rbac/role-binding.ts';
import { roleKind } from './rbac/role.ts';
import { priorityClassKind } from './scheduling/priority-class.ts';
import { storageClassKind } from './storage/storage-class.ts';

/** Every kind with a file, in the order of discovery within its group. @internal */
export const KINDS: readonly KindDefinition[] = [
  configMapKind, endpointsKind, limitRangeKind, namespaceKind, nodeKind, persistentVolumeClaimKind, persistentVolumeKind, eventKind, podKind, podTemplateKind, replicationControllerKind, resourceQuotaKind,
  secretKind, serviceAccountKind, serviceKind,
  controllerRevisionKind, daemonSetKind, deploymentKind, replicaSetKind, statefulSetKind,
  eventsEventKind, horizontalPodAutoscalerKind, horizontalPodAutoscalerV1Kind, cronJobKind, jobKind, leaseKind, podDisruptionBudgetKind, priorityClassKind, endpointSliceKind, clusterRoleBindingKind, clusterRoleKind, roleBindingKind, roleKind, storageClassKind, customResourceDefinitionKind,
];
