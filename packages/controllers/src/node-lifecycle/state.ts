// What the node lifecycle controller keeps in memory and loses in a crash.
import { OrderedMap } from '@kubesim/kernel';
import type { NodeHealth } from './node-health.ts';
import type { Zone } from './zones.ts';

/** Leases of nodes. @internal */
export const LEASES = 'leases.coordination.k8s.io';

/** Private state. @internal */
export interface NodeLifecycleState {
  /** When the process started: passes keep its phase. */
  startedAt: number;
  /** By node name. */
  health: OrderedMap<NodeHealth>;
  /** uids of nodes that were announced, by name. */
  known: OrderedMap<string>;
  zones: OrderedMap<Zone>;
  /** Nodes whose pods are still to be marked. */
  retry: OrderedMap<true>;
}

/** What can be set. @public */
export interface NodeLifecycleOptions {
  /** Silence after which a node counts as lost. 50 s without it (node-monitor-grace-period, 1.37). */
  readonly nodeMonitorGraceMs?: number;
  /** The same for a node that never posted a status. 60 s without it. */
  readonly nodeStartupGraceMs?: number;
}

/** Settings in effect. @internal */
export interface Settings {
  readonly graceMs: { readonly posted: number; readonly startup: number };
}

/** State at the start of the process. @internal */
export function initialNodeLifecycleState(): NodeLifecycleState {
  return { startedAt: 0, health: OrderedMap.empty(), known: OrderedMap.empty(), zones: OrderedMap.empty(), retry: OrderedMap.empty() };
}
