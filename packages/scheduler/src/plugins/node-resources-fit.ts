// NodeResourcesFit with the LeastAllocated strategy. Upstream: plugins/noderesources/{fit,least_allocated}.go (1.37).
import type { Node, Pod } from '@kubesim/api';
import { type Refusal, type SchedulerPlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import { podInfo, readAmounts, type Amounts } from '../pod-info.ts';

interface Shortage { readonly reason: string; readonly isHopeless: boolean }

function shortages(requests: Amounts, info: NodeInfo): Shortage[] {
  const found: Shortage[] = [];
  if (info.pods.length + 1 > info.allocatablePods) found.push({ reason: 'Too many pods', isHopeless: false });
  const check = (name: string, wanted: number, allocatable: number, used: number): void => {
    if (wanted > 0 && wanted > allocatable - used) found.push({ reason: `Insufficient ${name}`, isHopeless: wanted > allocatable });
  };
  const { allocatable, requested } = info;
  check('cpu', requests.milliCpu, allocatable.milliCpu, requested.milliCpu);
  check('memory', requests.memory, allocatable.memory, requested.memory);
  check('ephemeral-storage', requests.ephemeralStorage, allocatable.ephemeralStorage, requested.ephemeralStorage);
  for (const name of Object.keys(requests.scalars)) {
    check(name, requests.scalars[name] as number, allocatable.scalars[name] ?? 0, requested.scalars[name] ?? 0);
  }
  return found;
}

function share(capacity: number, used: number): number {
  return capacity === 0 || used > capacity ? 0 : Math.trunc(((capacity - used) * 100) / capacity);
}

/** Whether an empty node of these resources could hold the pod at all. */
function couldHold(pod: Pod, node: Node): boolean {
  const wanted = podInfo(pod).requests;
  const room = readAmounts(node.status?.allocatable ?? {});
  return wanted.milliCpu <= room.milliCpu && wanted.memory <= room.memory && wanted.ephemeralStorage <= room.ephemeralStorage
    && Object.keys(wanted.scalars).every((name) => (wanted.scalars[name] as number) <= (room.scalars[name] ?? 0));
}

/** Refuses nodes without room; prefers those with most room left. @public */
export const nodeResourcesFit: SchedulerPlugin = {
  name: 'NodeResourcesFit',
  nodeLocal: true,
  filter: ({ pod }, info): Refusal | undefined => {
    const found = shortages(podInfo(pod).requests, info);
    if (found.length === 0) return undefined;
    return { code: found.some(({ isHopeless }) => isHopeless) ? 'UnschedulableAndUnresolvable' : 'Unschedulable', reasons: found.map(({ reason }) => reason) };
  },
  score: ({ pod }, info) => {
    const own = podInfo(pod);
    const { milliCpu, memory } = info.allocatable;
    let sum = 0;
    let count = 0;
    if (milliCpu > 0) {
      sum += share(milliCpu, info.nonZeroMilliCpu + own.nonZeroMilliCpu);
      count++;
    }
    if (memory > 0) {
      sum += share(memory, info.nonZeroMemory + own.nonZeroMemory);
      count++;
    }
    return count === 0 ? 0 : Math.trunc(sum / count);
  },
  hint: (pod, { resource, before, after }) => {
    if (resource === 'pods') return before !== undefined;
    if (resource !== 'nodes' || after === undefined) return false;
    if (!couldHold(pod, after as Node)) return false;
    if (before === undefined) return true;
    const grown = after['status']?.allocatable ?? {};
    const was = before['status']?.allocatable ?? {};
    const a = readAmounts(was);
    const b = readAmounts(grown);
    return b.milliCpu > a.milliCpu || b.memory > a.memory || b.ephemeralStorage > a.ephemeralStorage || Number(grown.pods ?? 0) > Number(was.pods ?? 0)
      || Object.keys(b.scalars).some((name) => (b.scalars[name] as number) > (a.scalars[name] ?? 0));
  },
};
