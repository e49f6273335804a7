// Faults of caches: late, standing still, listed anew, of an older server.
import fc from 'fast-check';
import type { FaultDefinition } from './definition.ts';
import { cachesOf, MANAGER, processesOf } from './targets.ts';

/** @internal */
export const relist: FaultDefinition<'relist'> = {
  rule: 'a lost watch means a list, at once or when the server is reached again; it may skip states and invents none',
  weight: 6,
  draw: ({ process, resource, forMs }) => fc.record({ process, resource, forMs: fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: forMs }, { weight: 2, arbitrary: fc.integer({ min: 3_000, max: 12_000 }) }) }),
  begin(cluster, { process, resource, forMs }) {
    for (const name of cachesOf(cluster, process, resource)) {
      if (forMs === undefined) cluster.faults.relist(name, resource);
      else cluster.faults.freezeCache(name, resource);
    }
  },
  end(cluster, { process, resource }) {
    for (const name of cachesOf(cluster, process, resource)) {
      cluster.faults.thawCache(name, resource);
      cluster.faults.relist(name, resource);
    }
  },
  durationMs: ({ forMs }) => forMs,
  staleMs: ({ forMs }) => forMs ?? 0,
  describe: ({ process, resource, forMs }) => `${process} loses its watch of ${resource ?? 'everything'}${forMs === undefined ? '' : `, and lists it after ${forMs} ms`}`,
};

/** @internal */
export const freeze: FaultDefinition<'freeze'> = {
  rule: 'a watch may be slow for any time; it keeps its order and forgets nothing',
  weight: 4,
  draw: ({ process, resource, forMs }) => fc.record({ process, resource, forMs }),
  begin(cluster, { process, resource }) {
    for (const name of cachesOf(cluster, process, resource)) cluster.faults.freezeCache(name, resource);
  },
  end(cluster, { process, resource }) {
    for (const name of cachesOf(cluster, process, resource)) cluster.faults.thawCache(name, resource);
  },
  durationMs: ({ forMs }) => forMs,
  staleMs: ({ forMs }) => forMs,
  describe: ({ process, resource, forMs }) => `the cache of ${process} of ${resource ?? 'everything'} stands still for ${forMs} ms`,
};

/** @internal */
export const lag: FaultDefinition<'lag'> = {
  rule: 'as freeze, for each change by itself',
  weight: 3,
  draw: ({ process, resource, forMs }) => fc.record({ process, resource, lagMs: fc.nat(3_000), forMs }),
  begin(cluster, { process, resource, lagMs }) {
    for (const name of cachesOf(cluster, process, resource)) cluster.faults.delayCache(name, lagMs, resource);
  },
  end(cluster, { process, resource }) {
    for (const name of cachesOf(cluster, process, resource)) cluster.faults.delayCache(name, 0, resource);
  },
  durationMs: ({ forMs }) => forMs,
  staleMs: ({ lagMs }) => lagMs,
  describe: ({ process, resource, lagMs, forMs }) => `the cache of ${process} of ${resource ?? 'everything'} lags by ${lagMs} ms for ${forMs} ms`,
};

/** @internal */
export const staleServer: FaultDefinition<'staleServer'> = {
  rule: 'a process that starts lists from version 0, which any API server may answer from its cache, and that may lag as any; what it writes goes to the store and meets the rule of conflicts',
  weight: 2,
  draw: ({ process, resource, forMs }) => fc.record({ process, resource, behindMs: fc.nat(8_000), forMs }),
  begin(cluster, { process, resource, behindMs }) {
    for (const name of cachesOf(cluster, process, resource)) {
      cluster.faults.staleServer(name, { behind: behindMs, resource });
      cluster.faults.restart(name);
    }
  },
  end(cluster, { process }) {
    for (const name of processesOf(cluster, process)) cluster.faults.freshServer(name);
  },
  durationMs: ({ forMs }) => forMs,
  staleMs: ({ behindMs, forMs }) => behindMs + forMs,
  describe: ({ process, resource, behindMs, forMs }) => `${process} restart with an API server that is ${behindMs} ms behind${resource === undefined ? '' : ` in ${resource}`}, and catches up after ${forMs} ms`,
};

/** @internal */
export const quotaLag: FaultDefinition<'quotaLag'> = {
  rule: 'the recount of quotas reads through caches, which may lag as any',
  weight: 1,
  draw: ({ forMs }) => fc.record({ lagMs: fc.nat(4_000), forMs }),
  begin: (cluster, { lagMs }) => { cluster.faults.delayCache(MANAGER, lagMs, 'resourcequotas'); },
  end: (cluster) => { cluster.faults.delayCache(MANAGER, 0, 'resourcequotas'); },
  durationMs: ({ forMs }) => forMs,
  staleMs: ({ lagMs }) => lagMs,
  describe: ({ lagMs, forMs }) => `the recount of quotas lags by ${lagMs} ms for ${forMs} ms`,
};

/** @internal */
export const dnsLag: FaultDefinition<'dnsLag'> = {
  rule: 'names are answered from caches, which may lag as any',
  weight: 1,
  draw: ({ forMs }) => fc.record({ lagMs: fc.nat(4_000), forMs }),
  begin: (cluster, { lagMs }) => { cluster.faults.delayCache('coredns', lagMs); },
  end: (cluster) => { cluster.faults.delayCache('coredns', 0); },
  durationMs: ({ forMs }) => forMs,
  staleMs: ({ lagMs }) => lagMs,
  describe: ({ lagMs, forMs }) => `DNS lags by ${lagMs} ms for ${forMs} ms`,
};
