// Faults of machines: off, cut off, slow, with a clock that is off, without their kubelet, with a full disk, with volumes that stay.
import fc from 'fast-check';
import type { FaultDefinition } from './definition.ts';
import { nodesOfZone } from './targets.ts';

/** @internal */
export const nodeCrash: FaultDefinition<'nodeCrash'> = {
  rule: 'a machine may stop; its containers are gone, and nothing is heard of it',
  weight: 2,
  draw: ({ node, away }) => fc.record({ node, forMs: away }),
  begin: (cluster, { node }) => { cluster.faults.crash(`node/${node}`); },
  end: (cluster, { node }) => { cluster.faults.heal(`node/${node}`); },
  durationMs: ({ forMs }) => forMs,
  describe: ({ node, forMs }) => `${node} is switched off for ${forMs} ms`,
};

/** @internal */
export const cutOff: FaultDefinition<'cutOff'> = {
  rule: 'a network may part; the containers run on, and what the kubelet writes does not arrive',
  weight: 2,
  draw: ({ node, away }) => fc.record({ node, forMs: away }),
  begin: (cluster, { node }) => { cluster.faults.cutOff(`node/${node}`); },
  end: (cluster, { node }) => { cluster.faults.heal(`node/${node}`); },
  durationMs: ({ forMs }) => forMs,
  describe: ({ node, forMs }) => `${node} is cut off for ${forMs} ms`,
};

/** @internal */
export const zoneLoss: FaultDefinition<'zoneLoss'> = {
  rule: 'machines that share a cause stop at once, each as in nodeCrash',
  weight: 1,
  draw: ({ away }) => fc.record({ zone: fc.constantFrom('a', 'b'), forMs: away }),
  begin(cluster, { zone }, place) {
    for (const node of nodesOfZone(place, zone)) cluster.faults.crash(`node/${node}`);
  },
  end(cluster, { zone }, place) {
    for (const node of nodesOfZone(place, zone)) cluster.faults.heal(`node/${node}`);
  },
  durationMs: ({ forMs }) => forMs,
  describe: ({ zone, forMs }) => `zone ${zone} is lost for ${forMs} ms`,
};

/** @internal */
export const slow: FaultDefinition<'slow'> = {
  rule: 'a machine may take any time for what it does',
  weight: 1,
  draw: ({ node, forMs }) => fc.record({ node, factor: fc.constantFrom(3, 10), forMs }),
  begin: (cluster, { node, factor }) => { cluster.faults.slow(`node/${node}`, factor); },
  end: (cluster, { node }) => { cluster.faults.slow(`node/${node}`, 1); },
  durationMs: ({ forMs }) => forMs,
  describe: ({ node, factor, forMs }) => `${node} takes ${factor} times as long for ${forMs} ms`,
};

/** A node whose lease is not renewed is given up after 50 s, and is looked at again within seconds once it is. */
const NODE_GIVEN_UP_MS = 60_000;

/**
 * A clock that was ahead leaves instants that are yet to come. The node's lease is not newer until they have passed: the node is given
 * up meanwhile, and comes back. A pod that became ready then is not available before. Upstream: pkg/controller/nodelifecycle compares
 * renewTime with the one it knows, IsPodAvailable in pkg/api/v1/pod compares lastTransitionTime with now. @internal
 */
export const clockJump: FaultDefinition<'clockJump'> = {
  rule: 'clocks of machines differ; durations run on',
  weight: 1,
  draw: ({ node, forMs }) => fc.record({ node, offsetMs: fc.constantFrom(-60_000, 60_000, 600_000), forMs }),
  begin: (cluster, { node, offsetMs }) => { cluster.faults.clockJump(`node/${node}`, offsetMs); },
  end: (cluster, { node }) => { cluster.faults.clockJump(`node/${node}`, 0); },
  durationMs: ({ forMs }) => forMs,
  aftermathMs: ({ offsetMs }) => Math.max(0, offsetMs) + NODE_GIVEN_UP_MS,
  describe: ({ node, offsetMs, forMs }) => `the clock of ${node} is off by ${offsetMs} ms for ${forMs} ms`,
};

/** @internal */
export const kubeletRestart: FaultDefinition<'kubeletRestart'> = {
  rule: 'a kubelet may end as any process; containers are no children of it and run on; it finds them when it is back, and its probes start anew',
  weight: 2,
  draw: ({ node, forMs }) => fc.record({ node, forMs }),
  begin: (cluster, { node }) => { cluster.faults.crash(`kubelet/${node}`); },
  end: (cluster, { node }) => { cluster.faults.restart(`kubelet/${node}`); },
  durationMs: ({ forMs }) => forMs,
  describe: ({ node, forMs }) => `the kubelet of ${node} ends, and starts again after ${forMs} ms`,
};

/** @internal */
export const diskFull: FaultDefinition<'diskFull'> = {
  rule: 'anything may fill a disk; the kubelet says so, evicts a pod every 10 s as long as it lasts, and takes no others for 5 minutes more',
  weight: 3,
  draw: ({ node, forMs }) => fc.record({ node, forMs }),
  begin: (cluster, { node }) => { cluster.faults.fillDisk(`node/${node}`); },
  end: (cluster, { node }) => { cluster.faults.freeDisk(`node/${node}`); },
  durationMs: ({ forMs }) => forMs,
  describe: ({ node, forMs }) => `the disk of ${node} is full for ${forMs} ms`,
};

/** @internal */
export const slowDetach: FaultDefinition<'slowDetach'> = {
  rule: 'a driver may take any time to detach a volume; until then it is attached, and no other node has one that is for one node',
  weight: 1,
  draw: ({ node, away }) => fc.record({ node, forMs: away }),
  begin: (cluster, { node }) => { cluster.faults.slowDetach(`node/${node}`); },
  end: (cluster, { node }) => { cluster.faults.detach(`node/${node}`); },
  durationMs: ({ forMs }) => forMs,
  describe: ({ node, forMs }) => `the volumes that are attached to ${node} take ${forMs} ms to be detached`,
};
