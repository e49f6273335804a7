// Faults of processes: crashes, and the change of a leader.
import fc from 'fast-check';
import type { FaultDefinition } from './definition.ts';
import { callsInWords, processesOf } from './targets.ts';

/** Upstream's lease of leader election: a new leader waits for it. */
const LEASE_MS = 15_000;

/** @internal */
export const crash: FaultDefinition<'crash'> = {
  rule: 'a process may end at any instant; what it wrote stays, what it had in mind is lost; it lists anew when it starts',
  weight: 3,
  draw: ({ process, forMs }) => fc.record({ process, forMs }),
  begin(cluster, { process }) {
    for (const name of processesOf(cluster, process)) cluster.faults.crash(name);
  },
  end(cluster, { process }) {
    for (const name of processesOf(cluster, process)) cluster.faults.restart(name);
  },
  durationMs: ({ forMs }) => forMs,
  staleMs: ({ forMs }) => forMs,
  describe: ({ process, forMs }) => `${process} crash, and start again after ${forMs} ms`,
};

/** @internal */
export const crashAfter: FaultDefinition<'crashAfter'> = {
  rule: 'as crash, right after a write of its own',
  weight: 4,
  draw: ({ process, verb, resource }) => fc.record({ process, verb, resource, writes: fc.integer({ min: 1, max: 5 }), forMs: fc.nat(3_000) }),
  begin(cluster, { process, verb, resource, writes, forMs }) {
    for (const name of processesOf(cluster, process)) cluster.faults.crashAfter(name, { verb, resource }, { times: writes, restartAfter: forMs });
  },
  staleMs: ({ forMs }) => forMs,
  describe: (fault) => `${fault.process} crash after ${fault.writes} × ${callsInWords(fault, 'any write')}, and start again after ${fault.forMs} ms`,
};

/** @internal */
export const leaderChange: FaultDefinition<'leaderChange'> = {
  rule: 'a leader may lose its lease; the next one starts with nothing in mind once the lease has run out',
  weight: 1,
  draw: () => fc.record({ forMs: fc.nat(2_000) }),
  begin(cluster) {
    for (const name of processesOf(cluster, 'controllers')) cluster.faults.crash(name);
  },
  end(cluster) {
    for (const name of processesOf(cluster, 'controllers')) cluster.faults.restart(name);
  },
  durationMs: ({ forMs }) => LEASE_MS + forMs,
  describe: ({ forMs }) => `the leader is lost; the next starts after ${LEASE_MS + forMs} ms`,
};
