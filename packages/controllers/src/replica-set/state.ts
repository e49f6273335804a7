// What the ReplicaSet controller remembers: expectations by key, and counters of pods by the set's uid.
import type { Pod, ReplicaSet } from '@kubesim/api';
import { initialExpectations, type ExpectationState } from '@kubesim/client';
import { OrderedMap, type Epoch } from '@kubesim/kernel';
import { applyPodChange, signatureOf, type PodSummary } from './summary.ts';

/** Private state of the controller. @internal */
export interface ReplicaSetState extends ExpectationState {
  summaries: OrderedMap<PodSummary>;
}

/** The part of a context by which the state is reached. @internal */
export interface StateContext {
  readonly state: ReplicaSetState;
  readonly epoch: Epoch;
}

/** A state that remembers nothing. @internal */
export function initialState(): ReplicaSetState {
  return { ...initialExpectations(), summaries: OrderedMap.empty<PodSummary>() };
}

/** Brings the counters of a set up to a change of one pod. A set that was not counted yet stays so. @internal */
export function notePodChange(context: StateContext, set: ReplicaSet, before: Pod | undefined, after: Pod | undefined): void {
  const uid = set.metadata.uid ?? '';
  const summary = context.state.summaries.get(uid);
  if (summary === undefined) return;
  const isCurrent = summary.signature === signatureOf(set);
  context.state.summaries = isCurrent
    ? context.state.summaries.set(context.epoch, uid, applyPodChange(summary, set, before, after))
    : context.state.summaries.delete(context.epoch, uid);
}

/** Forgets the counters of a set that is gone, or whose pods changed unseen. @internal */
export function forgetSummary(context: StateContext, uid: string): void {
  context.state.summaries = context.state.summaries.delete(context.epoch, uid);
}
