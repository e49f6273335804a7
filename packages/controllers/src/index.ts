export { deploymentController } from './deployment/deployment-controller.ts';
export { replicaSetController } from './replica-set/replica-set-controller.ts';
export { daemonSetController } from './daemon-set/daemon-set-controller.ts';
export { statefulSetController } from './stateful-set/stateful-set-controller.ts';
// What the recordings of the control loop drive: the step after pods are claimed.
export { updateStatefulSet, type ControlOutcome } from './stateful-set/stateful-set-control.ts';
export { behaviourOf as statefulSetBehaviourOf } from './stateful-set/behaviour.ts';
export { buildSummary as buildSetSummary, type SetSummary } from './stateful-set/set-summary.ts';
