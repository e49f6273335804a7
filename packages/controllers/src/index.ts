export { deploymentController } from './deployment/deployment-controller.ts';
export { replicaSetController } from './replica-set/replica-set-controller.ts';
