// NodeUnschedulable: cordoned nodes. Upstream: plugins/nodeunschedulable (1.37).
import { unresolvable, type SchedulerPlugin } from '../framework.ts';
import { tolerates } from './tolerations.ts';

/** Refuses nodes with spec.unschedulable, unless the pod tolerates that taint. @public */
export const nodeUnschedulable: SchedulerPlugin = {
  name: 'NodeUnschedulable',
  nodeLocal: true,
  filter: ({ pod }, { node }) => {
    if (node.spec?.unschedulable !== true) return undefined;
    if (tolerates(pod.spec?.tolerations, { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' })) return undefined;
    return unresolvable('node(s) were unschedulable');
  },
  hint: (_pod, { resource, before, after }) => resource === 'nodes' && after !== undefined && after['spec']?.unschedulable !== true
    && (before === undefined || before['spec']?.unschedulable === true),
};
