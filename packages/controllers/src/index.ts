export { deploymentController } from './deployment/deployment-controller.ts';
export { replicaSetController } from './replica-set/replica-set-controller.ts';
export { daemonSetController } from './daemon-set/daemon-set-controller.ts';
export { statefulSetController } from './stateful-set/stateful-set-controller.ts';
export { endpointController } from './endpoint/endpoint.ts';
export { endpointSliceController } from './endpoint-slice/endpoint-slice.ts';
export { garbageCollectorController } from './garbage-collector/garbage-collector.ts';
export { namespaceController } from './namespace/namespace.ts';
export { persistentVolumeController } from './persistent-volume/persistent-volume.ts';
export { pvProtectionController } from './pv-protection/pv-protection.ts';
export { pvcProtectionController } from './pvc-protection/pvc-protection.ts';
export { rootCaCertPublisherController } from './root-ca-cert-publisher/root-ca-cert-publisher.ts';
export { serviceAccountController } from './service-account/service-account.ts';
export { ttlAfterFinishedController } from './ttl-after-finished/ttl-after-finished.ts';
export { volumeProvisionerController } from './volume-provisioner/volume-provisioner.ts';
// What the recordings of the control loop drive: the step after pods are claimed.
export { updateStatefulSet, type ControlOutcome } from './stateful-set/stateful-set-control.ts';
export { behaviourOf as statefulSetBehaviourOf } from './stateful-set/behaviour.ts';
export { buildSummary as buildSetSummary, type SetSummary } from './stateful-set/set-summary.ts';
