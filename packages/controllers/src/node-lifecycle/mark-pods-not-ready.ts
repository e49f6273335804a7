// Pods on a node that is not ready are not ready either.
// Upstream: MarkPodsNotReady in pkg/controller/util/node/controller_utils.go (1.37).
import type { KubeObject, Pod } from '@kubesim/api';
import { formatTime, isNotFound, send, type Calling, type ReconcileContext, type ReconcileError } from '@kubesim/client';

/** Source of the Events. */
const COMPONENT = 'node-controller';

/** [NL5] Sets Ready False on each pod where it is not; nothing else of a pod changes. The first error ends it. @internal */
export function* markPodsNotReady(context: ReconcileContext, pods: readonly Pod[]): Calling<ReconcileError | undefined> {
  for (const pod of pods) {
    const conditions = pod.status?.conditions ?? [];
    const ready = conditions.find(({ type }) => type === 'Ready');
    if (ready === undefined || ready.status === 'False') continue;
    const { namespace = '', name = '' } = pod.metadata ?? {};
    const changed = conditions.map((one) => (one === ready ? { ...ready, status: 'False', lastTransitionTime: formatTime(context.clock) } : one));
    const object = { ...pod, status: { ...pod.status, conditions: changed } } as KubeObject;
    const { error } = yield* send({ verb: 'update', resource: 'pods', subresource: 'status', namespace, name, object });
    if (isNotFound(error)) continue;
    if (error !== undefined) return error;
    context.event({ component: COMPONENT, about: pod as KubeObject, type: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready' });
  }
  return undefined;
}
