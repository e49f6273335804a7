// NodeName: a pod that names its node. Upstream: plugins/nodename (1.37).
import { unresolvable, type SchedulerPlugin } from '../framework.ts';

/** Refuses every node but the one in spec.nodeName. @public */
export const nodeName: SchedulerPlugin = {
  name: 'NodeName',
  nodeLocal: true,
  filter: ({ pod }, { name }) => {
    const wanted = pod.spec?.nodeName ?? '';
    return wanted === '' || wanted === name ? undefined : unresolvable("node(s) didn't match the requested node name");
  },
};
