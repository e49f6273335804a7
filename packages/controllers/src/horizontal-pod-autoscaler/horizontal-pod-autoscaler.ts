// The HorizontalPodAutoscaler controller: what wakes it. What it then does is in sync.ts.
// Upstream: pkg/controller/podautoscaler/horizontal.go (1.37).
import type { Controller } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';
import type { KubeObject } from '@kubesim/api';
import { keyOf } from '../pods/active-pods.ts';
import type { Memory } from './behaviour.ts';
import type { MetricsClient } from './metrics.ts';
import { syncAutoscaler } from './sync.ts';

/** A HorizontalPodAutoscaler controller that takes its metrics from a function. It must be registered under the function's own name and version. @public */
export function createHorizontalPodAutoscalerController(metrics: MetricsClient): Controller {
  return {
    name: 'horizontal-pod-autoscaler',
    watches: ['horizontalpodautoscalers.autoscaling', 'pods'],
    workers: 5,
    initialState: () => ({ memories: OrderedMap.empty<Memory>() }),
    handle(context, { resource, before, after }) {
      // A change of its own status does not wake it: the period does.
      if (resource === 'pods' || (before !== undefined && after !== undefined && before.spec === after.spec)) return;
      context.enqueue(keyOf((after ?? before) as KubeObject));
    },
    reconcile: (context, key) => syncAutoscaler(context, key, metrics),
  };
}

/** A HorizontalPodAutoscaler controller without metrics: it keeps targets within their bounds and says that it knows no more. @public */
export const horizontalPodAutoscalerController: Controller = createHorizontalPodAutoscalerController(() => undefined);
