// The ReplicationController controller: that of ReplicaSets over converted objects, as upstream has it.
// Upstream: pkg/controller/replication/replication_controller.go (1.37).
import type { ReplicationController } from '@kubesim/api';
import type { Controller } from '@kubesim/client';
import { handleReplicaSetChange } from '../replica-set/replica-set-controller.ts';
import { initialState } from '../replica-set/state.ts';
import { syncReplicas, type ReplicaFlavour } from '../replica-set/sync.ts';
import { AdaptedHandlerContext, adaptedReconcile, CONTROLLERS, SETS } from './adapted-context.ts';
import { asReplicaSet } from './conversion.ts';

const FLAVOUR: ReplicaFlavour = { kind: { apiVersion: 'v1', kind: 'ReplicationController' }, countsTerminating: () => false };

const sync = syncReplicas(FLAVOUR);

function asSetIfAny(object: unknown): unknown {
  return object === undefined ? undefined : asReplicaSet(object as ReplicationController);
}

/** Keeps as many pods as each ReplicationController asks for. @public */
export const replicationController: Controller = {
  name: 'replicationcontroller-controller',
  watches: [CONTROLLERS, 'pods'],
  workers: 5,
  initialState,
  handle: (context, change) => {
    const seen = change.resource === CONTROLLERS ? { ...change, resource: SETS, before: asSetIfAny(change.before), after: asSetIfAny(change.after) } as typeof change : change;
    handleReplicaSetChange(FLAVOUR, new AdaptedHandlerContext(context), seen);
  },
  reconcile: (context, key) => adaptedReconcile(context, key, sync),
};
