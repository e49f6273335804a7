// Whether ReplicaSets and Deployments report pods on their way out: gate DeploymentReplicaSetTerminatingReplicas, on from 1.35.
import type { Profile } from '@kubesim/client';

/** Whether the control plane counts terminatingReplicas. @internal */
export function countsTerminatingReplicas(profile: Profile): boolean {
  return profile.featureGates.DeploymentReplicaSetTerminatingReplicas ?? profile.kubernetes !== '1.34';
}
