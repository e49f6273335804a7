// The HorizontalPodAutoscaler controller: what wakes it. What it then does is in sync.ts. Rules: SPEC.md.
// Upstream: pkg/controller/podautoscaler/horizontal.go (1.37).
import type { KubeObject } from '@kubesim/api';
import type { Controller } from '@kubesim/client';
import { OrderedMap } from '@kubesim/kernel';
import { keyOf } from '../pods/active-pods.ts';
import type { Memory } from './behaviour.ts';
import { NO_METRICS, type MetricsSource } from './metrics.ts';
import { DEFINITIONS } from './scale-target.ts';
import { AUTOSCALERS, SYNC_PERIOD_MS, syncAutoscaler, type AutoscalerState } from './sync.ts';

/** A HorizontalPodAutoscaler controller that has its metrics from a source; without one it keeps targets within their bounds and says that it knows no more. @public */
export function createHorizontalPodAutoscalerController(source: MetricsSource = NO_METRICS): Controller {
  return {
    name: 'horizontal-pod-autoscaler-controller',
    watches: [...new Set([AUTOSCALERS, 'pods', DEFINITIONS, ...(source.watches ?? [])])],
    workers: 5,
    initialState: (): AutoscalerState => ({ memories: OrderedMap.empty<Memory>(), readsTime: false }),
    isTimeless: (state) => !(state as AutoscalerState).readsTime,
    handle(context, { resource, before, after }) {
      const object = (after ?? before) as KubeObject;
      // [HPA1] [HPA2] Every look comes a period after it was asked for, the first too; a look that waits already takes no other.
      if (resource === AUTOSCALERS) {
        if (after === undefined) context.enqueue(keyOf(object));
        else context.enqueueAfter(keyOf(after), SYNC_PERIOD_MS, before?.['spec'] === after['spec'] ? { quietUntil: Infinity } : {});
        return;
      }
      // Nothing else wakes it. But the next look may find more than the last, and settling waits for it.
      if (context.state.memories.size === 0) return;
      for (const key of context.state.memories.keys()) {
        if (object.metadata.namespace === undefined || key.startsWith(`${object.metadata.namespace}/`)) context.enqueueAfter(key, SYNC_PERIOD_MS);
      }
    },
    reconcile: (context, key) => syncAutoscaler(context, key, source),
  };
}

/** The controller without metrics. @public */
export const horizontalPodAutoscalerController: Controller = createHorizontalPodAutoscalerController();
