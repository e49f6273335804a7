// What one sync of a set will do, as data: its phases in order, the status to write, and why.
import type { Pod, StatefulSetStatus } from '@kubesim/api';
import type { Reason } from '@kubesim/client';

/** One member of a phase. @internal */
export interface Step {
  /** Place among the phase's members, done or not: it says which batch the member is in. */
  readonly index: number;
  /** The pod as the cache held it, or one that is not created yet. */
  readonly pod: Pod;
  /** Ordered sets go no further than this member in this sync. */
  readonly stops: boolean;
}

/** The parts of a sync, in upstream's order. @internal */
export type PhaseName = 'recreate' | 'replicas' | 'condemned-claims' | 'condemned' | 'rolling-update';

/** Members that are handled alike. Members at which there is nothing to do are not among the steps. @internal */
export interface Phase {
  readonly name: PhaseName;
  /** One after the other, or in batches that grow. */
  readonly pace: 'ordered' | 'slow-start';
  /** Members in all, with those that are not among the steps. */
  readonly memberCount: number;
  readonly steps: readonly Step[];
  /** The sync ends after this phase. */
  readonly endsSync: boolean;
}

/** A reason, and of what. @internal */
export interface Explanation {
  readonly subject: string;
  readonly why: Reason;
}

/** What a sync will do to pods, and what it will say of them. @internal */
export interface SyncPlan {
  readonly phases: readonly Phase[];
  /** Status if nothing fails, before what deletions of the rolling update take off. */
  readonly status: StatefulSetStatus;
  readonly explanations: readonly Explanation[];
}
