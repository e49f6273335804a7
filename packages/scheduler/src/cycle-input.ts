// What a cycle and its preemption work on, and the trial of one node that both make.
// Upstream: pkg/scheduler/framework/runtime/framework.go (RunFilterPluginsWithNominatedPods, 1.37).
import type { Pod } from '@kubesim/api';
import type { Cycle, CycleRandom, Refusal, SchedulerListers, SchedulerPlugin, SchedulerProfile } from './framework.ts';
import type { NodeInfo, NodeInfoSnapshot } from './node-info.ts';
import { filterNode, prepare } from './running-plugins.ts';

/** What a cycle works on. @public */
export interface CycleInput {
  readonly profile: SchedulerProfile;
  readonly snapshot: NodeInfoSnapshot;
  readonly pod: Pod;
  readonly listers: SchedulerListers;
  readonly random: CycleRandom;
  /** Where the search for nodes begins: the end of the last one. */
  readonly startIndex?: number;
  /** Pods that wait for room that preemption makes, by node. */
  readonly nominated?: ReadonlyMap<string, readonly Pod[]>;
  readonly memo?: Map<string, unknown>;
}

/** Tests a node as if it were this NodeInfo, in a cycle of its own. @internal */
export function filterWith(plugins: readonly SchedulerPlugin[], cycle: Cycle, info: NodeInfo): Refusal | undefined {
  const snapshot = cycle.snapshot.with(info);
  const trial: Cycle = { pod: cycle.pod, snapshot, listers: cycle.listers, data: new Map(), memo: undefined };
  const prepared = prepare(plugins, trial);
  return prepared.refusal ?? filterNode(prepared.filters, trial, info);
}
