// The processes and objects that faults name: what there is of them in a cluster.
import type { Cluster } from 'kubesim';
import type { FaultPlace } from './definition.ts';
import type { FaultProcess } from './fault.ts';

/** Who holds the built-in controllers. @internal */
export const MANAGER = 'kube-controller-manager';

/** Processes that are not controllers. */
const OTHERS = /^(kubelet\/|kube-scheduler$|coredns$)/;

/** The processes that a fault meets. @internal */
export function processesOf(cluster: Cluster, process: FaultProcess): readonly string[] {
  if (process !== 'controllers' && process !== 'operators') return [process];
  const prefix = 'process ';
  const all = cluster.kernel.componentNames().flatMap((name) => (name.startsWith(prefix) && !OTHERS.test(name.slice(prefix.length)) ? [name.slice(prefix.length)] : []));
  const own = process === 'operators' ? all.filter((name) => name !== MANAGER) : all;
  return own.length === 0 ? all : own;
}

/** Those of the processes that have a cache of the resource. @internal */
export function cachesOf(cluster: Cluster, process: FaultProcess, resource: string | undefined): readonly string[] {
  return processesOf(cluster, process).filter((name) => resource === undefined || cluster.kernel.slotOf(`view ${name} ${resource}`) >= 0);
}

/** Names of a zone's nodes. @internal */
export function nodesOfZone(place: FaultPlace, zone: string): readonly string[] {
  return place.nodes.flatMap((node, index) => (node.zone === zone ? [`node-${index + 1}`] : []));
}

/** The nth pod of those whose name begins so, in key order. @internal */
export function podOf(cluster: Cluster, prefix: string, nth: number): string | undefined {
  const names = cluster.list('pods').map(({ metadata }) => metadata.name ?? '').filter((name) => name === prefix || name.startsWith(`${prefix}-`));
  return names.length === 0 ? undefined : names[nth % names.length];
}

/** Which calls are meant, in words. @internal */
export function callsInWords(fault: { readonly verb?: string; readonly resource?: string }, any: string): string {
  return fault.verb === undefined && fault.resource === undefined ? any : `${fault.verb ?? 'call'} of ${fault.resource ?? 'anything'}`;
}
