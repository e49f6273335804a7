// NodeResourcesBalancedAllocation over cpu and memory. Upstream: plugins/noderesources/balanced_allocation.go (1.37).
import type { SchedulerPlugin } from '../framework.ts';
import { podInfo } from '../pod-info.ts';

function balance(cpu: number, cpuCapacity: number, memory: number, memoryCapacity: number): number {
  if (cpuCapacity <= 0 || memoryCapacity <= 0) return 100;
  const difference = Math.abs(Math.min(1, cpu / cpuCapacity) - Math.min(1, memory / memoryCapacity));
  return Math.trunc((1 - difference / 2) * 100);
}

/** Prefers nodes whose use of cpu and memory stays or becomes even. @public */
export const nodeResourcesBalancedAllocation: SchedulerPlugin = {
  name: 'NodeResourcesBalancedAllocation',
  nodeLocal: true,
  preScore: ({ pod }) => {
    const { requests } = podInfo(pod);
    return requests.milliCpu > 0 || requests.memory > 0;
  },
  score: ({ pod, listers }, { allocatable, requested }) => {
    const { requests } = podInfo(pod);
    const after = balance(requested.milliCpu + requests.milliCpu, allocatable.milliCpu, requested.memory + requests.memory, allocatable.memory);
    if (listers.profile.kubernetes === '1.34') return after;
    const before = balance(requested.milliCpu, allocatable.milliCpu, requested.memory, allocatable.memory);
    return 50 + Math.trunc((50 + after - before) / 2);
  },
};
