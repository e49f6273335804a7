// SchedulingGates: a gated pod does not enter the queue. Upstream: plugins/schedulinggates (1.37).
import { unresolvable, type SchedulerPlugin } from '../framework.ts';

/** Keeps a pod out while spec.schedulingGates is not empty. @public */
export const schedulingGates: SchedulerPlugin = {
  name: 'SchedulingGates',
  preEnqueue: (pod) => {
    const gates = pod.spec?.schedulingGates ?? [];
    return gates.length === 0 ? undefined : unresolvable(`waiting for scheduling gates: [${gates.map((gate) => gate.name).join(' ')}]`);
  },
};
