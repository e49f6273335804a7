// `cluster.faults`: what may be done to a cluster, by the names of what it is done to.
import type { ResourceName } from '@kubesim/api';
import { checkKeys, UsageError } from './errors.ts';
import type { ApiFault } from './faults.ts';
import type { FaultInput } from './inputs.ts';

const API_FAULT_KEYS: readonly (keyof ApiFault)[] = ['verb', 'resource', 'name', 'process', 'when', 'error', 'times'];

/** Faults of a cluster. Each is something that etcd, a network, a node or a clock could do. @public */
export class Faults {
  private readonly apply: (input: FaultInput) => void;

  /** @internal */
  constructor(apply: (input: FaultInput) => void) {
    this.apply = apply;
  }

  /** Crashes a process (`kube-controller-manager`) or switches a node off (`node/node-2`): its containers are gone. */
  crash(what: string): void {
    const node = nodeOf(what);
    this.apply(node === undefined ? { fault: 'crash', process: what } : { fault: 'node', node, state: 'stopped' });
  }

  /** Starts what crashed, or restarts what runs. */
  restart(what: string): void {
    const node = nodeOf(what);
    this.apply(node === undefined ? { fault: 'restart', process: what } : { fault: 'node', node, state: 'up' });
  }

  /** Cuts a node off from the API server: its containers run on. */
  cutOff(what: string): void {
    this.apply({ fault: 'node', node: requireNode(what), state: 'cut-off' });
  }

  /** Joins a node that was cut off. */
  heal(what: string): void {
    this.apply({ fault: 'node', node: requireNode(what), state: 'up' });
  }

  /** Lets API calls fail: the next ones that match. */
  api(rule: ApiFault): void {
    checkKeys('faults.api', rule, API_FAULT_KEYS);
    this.apply({ fault: 'api', rule });
  }

  /** Stops the caches of a process, of one resource or of all: they go stale. */
  freezeCache(process: string, resource?: ResourceName): void {
    this.apply({ fault: 'freeze', process, resource });
  }

  /** Lets stopped caches go on. */
  thawCache(process: string, resource?: ResourceName): void {
    this.apply({ fault: 'thaw', process, resource });
  }

  /** Loses watches: what was not seen yet comes as one list, with states skipped. */
  relist(process: string, resource?: ResourceName): void {
    this.apply({ fault: 'relist', process, resource });
  }
}

function nodeOf(what: string): string | undefined {
  return what.startsWith('node/') ? what.slice('node/'.length) : undefined;
}

function requireNode(what: string): string {
  const node = nodeOf(what);
  if (node === undefined) throw new UsageError(`faults: expected a node such as 'node/node-1', not '${what}'`);
  return node;
}
