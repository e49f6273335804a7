// NodePorts: host ports. Upstream: plugins/nodeports (1.37).
import type { Pod } from '@kubesim/api';
import { unschedulable, type SchedulerPlugin } from '../framework.ts';
import { podInfo, type HostPort } from '../pod-info.ts';

function clash(a: HostPort, b: HostPort): boolean {
  return a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0');
}

/** Refuses nodes on which a host port of the pod is taken. @public */
export const nodePorts: SchedulerPlugin = {
  name: 'NodePorts',
  nodeLocal: true,
  preFilter: ({ pod }) => ({ skip: podInfo(pod).hostPorts.length === 0 }),
  filter: ({ pod }, { pods }) => {
    const wanted = podInfo(pod).hostPorts;
    const isTaken = pods.some((other) => podInfo(other).hostPorts.some((port) => wanted.some((own) => clash(own, port))));
    return isTaken ? unschedulable("node(s) didn't have free ports for the requested pod ports") : undefined;
  },
  hint: (pod, { resource, before, after }) => {
    if (resource === 'nodes') return after !== undefined && before === undefined;
    if (resource !== 'pods' || before === undefined || after !== undefined) return false;
    const freed = podInfo(before as Pod).hostPorts;
    return podInfo(pod).hostPorts.some((own) => freed.some((port) => clash(own, port)));
  },
};
