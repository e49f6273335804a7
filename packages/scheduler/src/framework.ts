// The scheduling framework: what a plugin is, and what one cycle hands it. Running plugins is in schedule-pod.ts.
// Upstream: pkg/scheduler/framework/interface.go and staging/src/k8s.io/kube-scheduler/framework (1.37).
import type { ApiCall, KubeObject, Node, Pod, ResourceName } from '@kubesim/api';
import type { CacheChange, Lister, Profile, Random } from '@kubesim/client';
import type { NodeInfo, NodeInfoSnapshot } from './node-info.ts';

/**
 * Why a plugin refuses: `Unschedulable` may be cured by preemption, `UnschedulableAndUnresolvable` may not, `Error` is a
 * fault and is retried with back-off. `Pending` (from Permit) waits: the plugin's `waitOnPermit` is asked from then on. @public
 */
export interface Refusal {
  readonly code: 'Unschedulable' | 'UnschedulableAndUnresolvable' | 'Error' | 'Pending';
  readonly reasons: readonly string[];
  /** Of `Pending`: how long to wait at most, ms of virtual time. 15 min without it and at the most, as upstream. */
  readonly timeoutMs?: number;
  /** Set by the framework. */
  readonly plugin?: string;
}

/** What PreFilter found: nothing to do in this cycle (`skip`), a limit to the nodes, or a refusal of the pod. @public */
export interface PreFilterResult {
  readonly skip?: boolean;
  readonly nodeNames?: readonly string[];
  readonly refusal?: Refusal;
}

/** What every plugin may read. @public */
export interface SchedulerListers {
  readonly profile: Profile;
  /** Answers undefined for a resource that is not watched. */
  lister<T = KubeObject>(resource: ResourceName): Lister<T> | undefined;
}

/** One scheduling cycle of one pod. `data` is the CycleState: plugins keep theirs under their own name. @public */
export interface Cycle {
  readonly pod: Pod;
  readonly snapshot: NodeInfoSnapshot;
  readonly listers: SchedulerListers;
  readonly data: Map<string, unknown>;
  /**
   * What may be remembered between cycles of pods that equal this one in all that a `nodeLocal` plugin reads. Only values
   * that are functions of that and of frozen objects belong here.
   */
  readonly memo: Map<string, unknown> | undefined;
}

/** One write that PreBind wants made, or a wait. `marks` are handed back in later calls, as caches may not show the write yet. @public */
export type PreBindStep =
  | { readonly kind: 'write'; readonly call: ApiCall; readonly marks: readonly string[] }
  | { readonly kind: 'wait' }
  | { readonly kind: 'fail'; readonly message: string }
  | undefined;

/** A pod that has a node and is not seen bound yet. @public */
export interface PlacedPod {
  readonly pod: Pod;
  readonly nodeName: string;
  /** A plugin's Permit lets it wait. */
  readonly isWaiting: boolean;
}

/** A plugin: each extension point is optional. Functions must depend on nothing but their arguments. @public */
export interface SchedulerPlugin {
  readonly name: string;
  /**
   * Filter and Score depend only on the one NodeInfo and on the pod's namespace, labels, nodeName, nodeSelector, affinity,
   * tolerations, spread constraints, priority, overhead, and its containers' images, resources and ports: answers are remembered.
   */
  readonly nodeLocal?: boolean;
  /** Weight of the score; 1 if absent. */
  readonly weight?: number;
  preEnqueue?(pod: Pod): Refusal | undefined;
  preFilter?(cycle: Cycle): PreFilterResult | undefined;
  filter?(cycle: Cycle, info: NodeInfo): Refusal | undefined;
  /** Answers false to take no part in the scores of this cycle. */
  preScore?(cycle: Cycle, nodes: readonly NodeInfo[], positions: readonly number[]): boolean;
  /** `position` is the node's place in the snapshot's list. */
  score?(cycle: Cycle, info: NodeInfo, position: number): number;
  /** Brings the scores, in the order of `nodes`, to 0 … 100, in place. */
  normalize?(cycle: Cycle, scores: number[], nodes: readonly NodeInfo[]): void;
  reserve?(cycle: Cycle, nodeName: string): Refusal | undefined;
  permit?(cycle: Cycle, nodeName: string): Refusal | undefined;
  /**
   * Asked about a pod that this plugin's Permit let wait: when another comes to wait, and every second. `placed` are all pods that
   * hold a node and are not seen bound yet, this one among them; those that are bound the listers show. Upstream's plugins call Allow and Reject from wherever they like; here the answer
   * is a function of what is seen.
   */
  waitOnPermit?(listers: SchedulerListers, placed: readonly PlacedPod[], pod: Pod, nodeName: string): 'wait' | 'allow' | Refusal;
  /** Asked again after each of its steps until it answers undefined: done. */
  preBind?(listers: SchedulerListers, pod: Pod, node: Node | undefined, marks: readonly string[]): PreBindStep;
  /** Whether a change of a cache may make schedulable a pod that this plugin refused (QueueingHint). Absent: any may. */
  hint?(pod: Pod, change: CacheChange, listers: SchedulerListers): boolean;
}

/** A plugin answered what the framework cannot use. @public */
export class PluginMisbehaved extends Error {
  override readonly name = 'PluginMisbehaved';

  constructor(plugin: string, point: string, answer: unknown) {
    super(`scheduler: plugin ${plugin} answered ${JSON.stringify(answer) ?? String(answer)} at ${point}`);
  }
}

/** A set of plugins under the name that pods ask for in spec.schedulerName. @public */
export interface SchedulerProfile {
  readonly schedulerName: string;
  readonly plugins: readonly SchedulerPlugin[];
  /** 0 is adaptive. */
  readonly percentageOfNodesToScore?: number;
}

/** What a cycle draws from: ties and the offset of preemption. @public */
export type CycleRandom = (name: string) => Random;

/** A refusal that preemption may cure. @public */
export function unschedulable(...reasons: string[]): Refusal {
  return { code: 'Unschedulable', reasons };
}

/** A refusal that preemption cannot cure. @public */
export function unresolvable(...reasons: string[]): Refusal {
  return { code: 'UnschedulableAndUnresolvable', reasons };
}

/** Upstream's DefaultNormalizeScore. @public */
export function normalizeByMaximum(scores: number[], isReversed = false): void {
  let max = 0;
  for (const score of scores) if (score > max) max = score;
  for (let index = 0; index < scores.length; index++) {
    const value = max === 0 ? 0 : Math.trunc((100 * (scores[index] as number)) / max);
    scores[index] = isReversed ? 100 - value : value;
  }
}
