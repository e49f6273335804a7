// Counters of a ReplicaSet's pods, kept up to date change by change, so that a sync need not read the pods to see that there
// is nothing to do. A property compares them with a recount.
import type { Pod, ReplicaSet } from '@kubesim/api';
import { controllerOf, matchesSelector, readySinceMs } from '@kubesim/client';
import { isPodActive, isPodTerminating } from '../pods/active-pods.ts';

/** What the pods that a set owns amount to. Plain data. @internal */
export interface PodSummary {
  /** Selector and template labels by which the pods were judged. */
  readonly signature: string;
  /** Active pods that match the selector. */
  readonly active: number;
  /** Active pods that do not: they are to be released. */
  readonly mismatched: number;
  readonly fullyLabeled: number;
  readonly ready: number;
  /** Deleting pods that match the selector. */
  readonly terminating: number;
  /** No ready pod became ready later than this (ms since 1970). */
  readonly lastReadyAt: number;
}

/** What one pod adds to the counters of its set. */
interface Part {
  readonly active: number;
  readonly mismatched: number;
  readonly fullyLabeled: number;
  readonly ready: number;
  readonly terminating: number;
  readonly readySince: number;
}

const NOTHING: Part = Object.freeze({ active: 0, mismatched: 0, fullyLabeled: 0, ready: 0, terminating: 0, readySince: 0 });

const signatures = new WeakMap<ReplicaSet['spec'], string>();

/** By what a set judges its pods. @internal */
export function signatureOf(set: ReplicaSet): string {
  let signature = signatures.get(set.spec);
  if (signature === undefined) {
    signature = JSON.stringify([set.spec.selector, set.spec.template?.metadata?.labels ?? {}]);
    signatures.set(set.spec, signature);
  }
  return signature;
}

/** Counts from scratch. `owned`: the pods whose controller is this set. @internal */
export function buildSummary(set: ReplicaSet, owned: readonly Pod[]): PodSummary {
  const sum = { signature: signatureOf(set), active: 0, mismatched: 0, fullyLabeled: 0, ready: 0, terminating: 0, lastReadyAt: 0 };
  for (const pod of owned) {
    const part = partOf(set, pod);
    sum.active += part.active;
    sum.mismatched += part.mismatched;
    sum.fullyLabeled += part.fullyLabeled;
    sum.ready += part.ready;
    sum.terminating += part.terminating;
    sum.lastReadyAt = Math.max(sum.lastReadyAt, part.readySince);
  }
  return sum;
}

/** The counters after a change of one pod, which may have come to the set or left it. @internal */
export function applyPodChange(summary: PodSummary, set: ReplicaSet, before: Pod | undefined, after: Pod | undefined): PodSummary {
  const old = before !== undefined && controllerOf(before)?.uid === set.metadata.uid ? partOf(set, before) : NOTHING;
  const now = after !== undefined && controllerOf(after)?.uid === set.metadata.uid ? partOf(set, after) : NOTHING;
  return {
    signature: summary.signature,
    active: summary.active + now.active - old.active,
    mismatched: summary.mismatched + now.mismatched - old.mismatched,
    fullyLabeled: summary.fullyLabeled + now.fullyLabeled - old.fullyLabeled,
    ready: summary.ready + now.ready - old.ready,
    terminating: summary.terminating + now.terminating - old.terminating,
    // An upper bound: the latest pod may have gone since, which costs one look at the pods and is then known.
    lastReadyAt: Math.max(summary.lastReadyAt, now.readySince),
  };
}

function partOf(set: ReplicaSet, pod: Pod): Part {
  const matches = matchesSelector(set.spec.selector, pod.metadata.labels);
  if (!isPodActive(pod)) return matches && isPodTerminating(pod) ? { ...NOTHING, terminating: 1 } : NOTHING;
  if (!matches) return { ...NOTHING, mismatched: 1 };
  const readySince = readySinceMs(pod);
  return {
    active: 1, mismatched: 0, terminating: 0,
    fullyLabeled: isFullyLabeled(set, pod) ? 1 : 0,
    ready: readySince === undefined ? 0 : 1,
    // A condition without a time never makes a pod available by itself: no sync may take that for granted.
    readySince: Number.isNaN(readySince) ? Number.MAX_SAFE_INTEGER : (readySince ?? 0),
  };
}

/** A pod carries every label of its set's template. @internal */
export function isFullyLabeled(set: ReplicaSet, pod: Pod): boolean {
  const wanted = set.spec.template?.metadata?.labels;
  if (wanted === undefined) return true;
  const labels = pod.metadata.labels ?? {};
  for (const key of Object.keys(wanted)) if (labels[key] !== wanted[key]) return false;
  return true;
}
