// The kinds that have rules of their own, one file each. Adding a kind: write its file, add its line here.
import type { KindDefinition } from '../kind.ts';
import { statefulSetKind } from './apps/stateful-set.ts';
import { controllerRevisionKind, deploymentKind, replicaSetKind } from './apps/workloads.ts';
import { configMapKind, namespaceKind, nodeKind } from './core/cluster.ts';
import { podKind } from './core/pod.ts';
import { serviceKind } from './core/service.ts';
import { persistentVolumeClaimKind, persistentVolumeKind } from './core/volumes.ts';

/** Every kind with a file, in the order of discovery within its group. @internal */
export const KINDS: readonly KindDefinition[] = [
  configMapKind, namespaceKind, nodeKind, persistentVolumeClaimKind, persistentVolumeKind, podKind, serviceKind,
  controllerRevisionKind, deploymentKind, replicaSetKind, statefulSetKind,
];
