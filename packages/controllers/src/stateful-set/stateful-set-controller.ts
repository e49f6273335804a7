// The StatefulSet controller. Upstream: pkg/controller/statefulset/stateful_set.go (1.37).
import type { Controller } from '@kubesim/client';
import { followChange, initialStatefulSetState } from './derived-state.ts';
import { enqueueChange } from './handlers.ts';
import { reconcileStatefulSet } from './sync.ts';

/** Keeps the pods of StatefulSets as their specs ask: upstream's `statefulset-controller`, with its default of 5 workers. @public */
export const statefulSetController: Controller = {
  name: 'statefulset-controller',
  watches: ['statefulsets.apps', 'pods', 'persistentvolumeclaims', 'controllerrevisions.apps'],
  workers: 5,
  initialState: initialStatefulSetState,
  handle(context, change) {
    followChange(context, change);
    enqueueChange(context, change);
  },
  reconcile: reconcileStatefulSet,
};
