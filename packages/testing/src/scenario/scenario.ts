// A scenario as a value: a cluster to begin with, what people do to it, what goes wrong, and how choices are made. All plain data.
import type { KubeObject } from '@kubesim/api';
import type { Deviation } from '@kubesim/kernel';
import type { ClusterOptions } from 'kubesim';
import type { Fault, Place } from '../faults/fault.ts';

/** What a workload's pods are like. @public */
export interface PodShape {
  /** The image is app:VERSION; version 0 is one that cannot be pulled. */
  readonly version: number;
  readonly cpu?: string;
  readonly graceSeconds?: number;
  /** A readiness probe looks every second. */
  readonly probe?: boolean;
  /** Required anti-affinity against its own kind, by node. */
  readonly apart?: boolean;
  /** Name of a claim that it mounts. */
  readonly claim?: string;
}

/** An object to begin with, in the terms that matter. @public */
export type ObjectSpec =
  | {
    readonly kind: 'StatefulSet'; readonly name: string; readonly replicas: number; readonly pod: PodShape; readonly podManagementPolicy?: 'OrderedReady' | 'Parallel';
    readonly partition?: number; readonly onDelete?: boolean; readonly maxUnavailable?: number; readonly minReadySeconds?: number; readonly claims?: boolean; /** Its claims are of a driver that attaches volumes to one node at a time. */ readonly attached?: boolean;
    readonly whenScaled?: 'Retain' | 'Delete'; readonly whenDeleted?: 'Retain' | 'Delete'; readonly historyLimit?: number; readonly ordinalsStart?: number;
  }
  | {
    readonly kind: 'Deployment'; readonly name: string; readonly replicas: number; readonly pod: PodShape; readonly recreate?: boolean; readonly maxSurge?: number | string;
    readonly maxUnavailable?: number | string; readonly minReadySeconds?: number; readonly historyLimit?: number;
  }
  | { readonly kind: 'Pod'; readonly name: string; readonly pod: PodShape }
  | { readonly kind: 'PersistentVolumeClaim'; readonly name: string; readonly storageClass: 'standard' | 'wait' }
  | { readonly kind: 'PodDisruptionBudget'; readonly name: string; readonly app: string; readonly minAvailable: number }
  | { readonly kind: 'ResourceQuota'; readonly name: string; readonly pods: number }
  /** Any object as in a manifest: what operators work on. */
  | { readonly kind: 'Manifest'; readonly object: KubeObject };

/** One thing that people do, after a wait. `target` is as for kubectl: statefulset/web. What cannot be done is passed over. @public */
export type Command = { readonly waitMs: number; readonly place?: Place } & (
  | { readonly do: 'scale'; readonly target: string; readonly replicas: number }
  | { readonly do: 'setImage'; readonly target: string; readonly version: number }
  | { readonly do: 'partition'; readonly target: string; readonly partition: number }
  | { readonly do: 'rollback'; readonly target: string }
  | { readonly do: 'pause' | 'unpause'; readonly target: string }
  /** A merge patch of a spec. */
  | { readonly do: 'patch'; readonly target: string; readonly patch: Readonly<Record<string, unknown>> }
  /** The nth pod, in key order, of those whose name begins so. */
  | { readonly do: 'deletePod'; readonly of: string; readonly nth: number; readonly force?: boolean }
  | { readonly do: 'evict'; readonly of: string; readonly nth: number }
  | { readonly do: 'delete'; readonly target: string; readonly cascade?: 'background' | 'foreground' | 'orphan' }
  | { readonly do: 'create'; readonly object: ObjectSpec }
  | { readonly do: 'cordon' | 'uncordon' | 'deleteNode'; readonly node: string }
  /** Waits until nothing is left to do, ten minutes at the most. */
  | { readonly do: 'settle' }
);

/** How the next of several due things is picked. @public */
export type Choices =
  | { readonly mode: 'fifo' }
  | { readonly mode: 'random'; readonly seed: number; readonly deferrals?: number }
  | { readonly mode: 'pct'; readonly seed: number; readonly depth: number }
  /** First in, first out but for these, each named by channel and occurrence: what shrinking and replay work on. */
  | { readonly mode: 'deviations'; readonly deviations: readonly Deviation[] };

/** A node of a scenario; they are named node-1, node-2, … @public */
export interface NodeShape {
  readonly zone?: string;
  readonly cpu?: string;
  readonly pods?: number;
}

/** A whole scenario. JSON, and all there is to say of a run beside the user's own functions. @public */
export interface Scenario {
  readonly seed: number;
  readonly kubernetes: NonNullable<ClusterOptions['kubernetes']>;
  readonly featureGates?: Readonly<Record<string, boolean>>;
  readonly nodes: readonly NodeShape[];
  readonly objects: readonly ObjectSpec[];
  readonly workload: readonly Command[];
  readonly faults: readonly Fault[];
  readonly choices: Choices;
  /** So long after the last command and fault, choices and faults of calls that are still to come go on; 10 s without it. */
  readonly aftermathMs?: number;
}

/** So many steps has a scenario: commands, faults, and choices that are not first in, first out. @public */
export function stepsOf(scenario: Scenario): number {
  const { choices } = scenario;
  return scenario.workload.length + scenario.faults.length + (choices.mode === 'fifo' ? 0 : choices.mode === 'deviations' ? choices.deviations.length : 1);
}
