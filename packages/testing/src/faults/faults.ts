// Faults as values: what each does to a cluster, when it ends, and the rule that makes it legal. A fault is legal if a real cluster
// could behave so with every component right: none invents a state, reorders what one watch shows, or breaks what an API promises.
import { UsageError, type Cluster } from 'kubesim';
import { podOf } from '../scenario/commands.ts';
import type { Fault, FaultProcess, Scenario } from '../scenario/scenario.ts';

const MANAGER = 'kube-controller-manager';
/** Processes that are not controllers. */
const OTHERS = /^(kubelet\/|kube-scheduler$|coredns$)/;
/** Upstream's lease of leader election: a new leader waits for it. */
export const LEASE_MS = 15_000;

/** Why each class of faults is legal. @public */
export const FAULT_RULES: Readonly<Record<Fault['fault'], string>> = {
  apiError: 'a server may refuse any call; a reply may be lost after the write took effect; a conflict is what any concurrent write would cause',
  latency: 'a network may take any time; a request and its reply keep their order',
  relist: 'a lost watch means a list, which may skip states and invents none',
  freeze: 'a watch may be slow for any time; it keeps its order and forgets nothing',
  lag: 'as freeze, for each change by itself',
  crash: 'a process may end at any instant; what it wrote stays, what it had in mind is lost; it lists anew when it starts',
  crashAfter: 'as crash, right after a write of its own',
  leaderChange: 'a leader may lose its lease; the next one starts with nothing in mind once the lease has run out',
  nodeCrash: 'a machine may stop; its containers are gone, and nothing is heard of it',
  cutOff: 'a network may part; the containers run on, and what the kubelet writes does not arrive',
  zoneLoss: 'machines that share a cause stop at once, each as in nodeCrash',
  slow: 'a machine may take any time for what it does',
  clockJump: 'clocks of machines differ; durations run on',
  containerCrash: 'a program may end at any instant with any code',
  quotaLag: 'the recount of quotas reads through caches, which may lag as any',
  dnsLag: 'names are answered from caches, which may lag as any',
};

/** The processes that a fault meets. @internal */
export function processesOf(cluster: Cluster, process: FaultProcess): readonly string[] {
  if (process !== 'controllers') return [process];
  const prefix = 'process ';
  return cluster.kernel.componentNames().flatMap((name) => (name.startsWith(prefix) && !OTHERS.test(name.slice(prefix.length)) ? [name.slice(prefix.length)] : []));
}

/** Caches of a process by resource; a process that does not watch the resource has none. */
function caches(cluster: Cluster, process: FaultProcess, resource: string | undefined): readonly string[] {
  return processesOf(cluster, process).filter((name) => resource === undefined || cluster.kernel.slotOf(`view ${name} ${resource}`) >= 0);
}

/** Begins a fault. What has no object (a pod, a node that is gone) is passed over. @public */
export function beginFault(cluster: Cluster, fault: Fault, scenario: Pick<Scenario, 'nodes'>): void {
  try {
    begin(cluster, fault, scenario);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof RangeError)) throw error;
  }
}

function begin(cluster: Cluster, fault: Fault, scenario: Pick<Scenario, 'nodes'>): void {
  const { faults } = cluster;
  switch (fault.fault) {
    case 'apiError':
      for (const process of processesOf(cluster, fault.process)) faults.api({ process, verb: fault.verb, resource: fault.resource, error: fault.error, when: fault.after === true ? 'after' : 'before', times: fault.times });
      return;
    case 'latency':
      for (const process of processesOf(cluster, fault.process)) faults.api({ process, verb: fault.verb, resource: fault.resource, delay: fault.delayMs, when: fault.after === true ? 'after' : 'before', times: fault.times });
      return;
    case 'relist':
      for (const process of caches(cluster, fault.process, fault.resource)) faults.relist(process, fault.resource);
      return;
    case 'freeze':
      for (const process of caches(cluster, fault.process, fault.resource)) faults.freezeCache(process, fault.resource);
      return;
    case 'lag':
      for (const process of caches(cluster, fault.process, fault.resource)) faults.delayCache(process, fault.lagMs, fault.resource);
      return;
    case 'crash':
      for (const process of processesOf(cluster, fault.process)) faults.crash(process);
      return;
    case 'crashAfter':
      for (const process of processesOf(cluster, fault.process)) faults.crashAfter(process, { verb: fault.verb, resource: fault.resource }, { times: fault.writes, restartAfter: fault.forMs });
      return;
    case 'leaderChange':
      for (const process of processesOf(cluster, 'controllers')) faults.crash(process);
      return;
    case 'nodeCrash':
      faults.crash(`node/${fault.node}`);
      return;
    case 'cutOff':
      faults.cutOff(`node/${fault.node}`);
      return;
    case 'zoneLoss':
      for (const node of nodesOf(scenario, fault.zone)) faults.crash(`node/${node}`);
      return;
    case 'slow':
      faults.slow(`node/${fault.node}`, fault.factor);
      return;
    case 'clockJump':
      faults.clockJump(`node/${fault.node}`, fault.offsetMs);
      return;
    case 'containerCrash': {
      const pod = podOf(cluster, fault.of, fault.nth);
      if (pod !== undefined) faults.killContainer(pod);
      return;
    }
    case 'quotaLag':
      faults.delayCache(MANAGER, fault.lagMs, 'resourcequotas');
      return;
    case 'dnsLag':
      faults.delayCache('coredns', fault.lagMs);
  }
}

/** Ends a fault that lasts. @public */
export function endFault(cluster: Cluster, fault: Fault, scenario: Pick<Scenario, 'nodes'>): void {
  try {
    end(cluster, fault, scenario);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof RangeError)) throw error;
  }
}

function end(cluster: Cluster, fault: Fault, scenario: Pick<Scenario, 'nodes'>): void {
  const { faults } = cluster;
  switch (fault.fault) {
    case 'freeze':
      for (const process of caches(cluster, fault.process, fault.resource)) faults.thawCache(process, fault.resource);
      return;
    case 'lag':
      for (const process of caches(cluster, fault.process, fault.resource)) faults.delayCache(process, 0, fault.resource);
      return;
    case 'crash': case 'leaderChange':
      for (const process of processesOf(cluster, fault.fault === 'crash' ? fault.process : 'controllers')) faults.restart(process);
      return;
    case 'nodeCrash': case 'cutOff':
      faults.heal(`node/${fault.node}`);
      return;
    case 'zoneLoss':
      for (const node of nodesOf(scenario, fault.zone)) faults.heal(`node/${node}`);
      return;
    case 'slow':
      faults.slow(`node/${fault.node}`, 1);
      return;
    case 'clockJump':
      faults.clockJump(`node/${fault.node}`, 0);
      return;
    case 'quotaLag':
      faults.delayCache(MANAGER, 0, 'resourcequotas');
      return;
    case 'dnsLag':
      faults.delayCache('coredns', 0);
      return;
    case 'apiError': case 'latency': case 'relist': case 'crashAfter': case 'containerCrash':
      return;
  }
}

function nodesOf(scenario: Pick<Scenario, 'nodes'>, zone: string): readonly string[] {
  return scenario.nodes.flatMap((node, index) => (node.zone === zone ? [`node-${index + 1}`] : []));
}

/** After how long a fault ends; undefined for what is over at once or ends by itself. @internal */
export function durationOf(fault: Fault): number | undefined {
  if (fault.fault === 'leaderChange') return LEASE_MS + fault.forMs;
  return 'forMs' in fault && fault.fault !== 'crashAfter' ? fault.forMs : undefined;
}

/** How late a controller's cache or reply may be by a fault. @internal */
export function stalenessOf(fault: Fault): number {
  switch (fault.fault) {
    case 'freeze': return fault.forMs;
    case 'lag': case 'quotaLag': case 'dnsLag': return fault.lagMs;
    case 'latency': return fault.delayMs * fault.times;
    case 'crashAfter': case 'crash': return fault.forMs;
    default: return 0;
  }
}

/** A fault as a line that people read. @public */
export function describeFault(fault: Fault): string {
  const at = `at ${fault.atMs} ms: `;
  const calls = 'verb' in fault || 'resource' in fault ? `${('verb' in fault ? fault.verb : undefined) ?? 'call'} of ${fault.resource ?? 'anything'}` : '';
  switch (fault.fault) {
    case 'apiError': return `${at}${fault.times} × ${calls || 'any call'} by ${fault.process} meets ${fault.error}${fault.after === true ? ' after it took effect' : ''}`;
    case 'latency': return `${at}${fault.times} × ${calls || 'any call'} by ${fault.process} takes ${fault.delayMs} ms${fault.after === true ? ' to be answered' : ' to arrive'}`;
    case 'relist': return `${at}${fault.process} loses its watch of ${fault.resource ?? 'everything'}`;
    case 'freeze': return `${at}the cache of ${fault.process} of ${fault.resource ?? 'everything'} stands still for ${fault.forMs} ms`;
    case 'lag': return `${at}the cache of ${fault.process} of ${fault.resource ?? 'everything'} lags by ${fault.lagMs} ms for ${fault.forMs} ms`;
    case 'crash': return `${at}${fault.process} crash, and start again after ${fault.forMs} ms`;
    case 'crashAfter': return `${at}${fault.process} crash after ${fault.writes} × ${calls || 'any write'}, and start again after ${fault.forMs} ms`;
    case 'leaderChange': return `${at}the leader is lost; the next starts after ${LEASE_MS + fault.forMs} ms`;
    case 'nodeCrash': return `${at}${fault.node} is switched off for ${fault.forMs} ms`;
    case 'cutOff': return `${at}${fault.node} is cut off for ${fault.forMs} ms`;
    case 'zoneLoss': return `${at}zone ${fault.zone} is lost for ${fault.forMs} ms`;
    case 'slow': return `${at}${fault.node} takes ${fault.factor} times as long for ${fault.forMs} ms`;
    case 'clockJump': return `${at}the clock of ${fault.node} is off by ${fault.offsetMs} ms for ${fault.forMs} ms`;
    case 'containerCrash': return `${at}the container of pod ${fault.nth} of ${fault.of} crashes`;
    case 'quotaLag': return `${at}the recount of quotas lags by ${fault.lagMs} ms for ${fault.forMs} ms`;
    case 'dnsLag': return `${at}DNS lags by ${fault.lagMs} ms for ${fault.forMs} ms`;
  }
}
