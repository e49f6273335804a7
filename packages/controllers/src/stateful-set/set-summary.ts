// What the decision reads in place of the list of pods: counters, and the few ordinals at which something is to be done.
// It is built from scratch, or kept up to date change by change; a property shows that both decide alike.
import type { PersistentVolumeClaim, Pod, StatefulSet } from '@kubesim/api';
import { compileSelector } from '@kubesim/client';
import { OrderedMap, type Epoch } from '@kubesim/kernel';
import type { ClaimReader } from './claims.ts';
import { ownersDependOnRange } from './claim-retention.ts';
import { claimTemplateNames, endOrdinal, parentAndOrdinal, startOrdinal } from './identity.ts';
import { addOrdinal, descendingKey, ordinalKey, removeOrdinal, type OrdinalRuns } from './ordinal-runs.ts';
import { needsAttention, podFacts, type PodFacts } from './pod-facts.ts';

/** How many claimed pods name a revision. @internal */
export interface RevisionTally {
  readonly podCount: number;
  /** Of them, created and not terminating: what the status counts. */
  readonly liveCount: number;
}

/** A set's pods, summed up. Everything in it is persistent. @internal */
export interface SetSummary {
  /** What of the set the summary depends on; with another shape it must be built anew. */
  readonly shape: string;
  /** The pod at each ordinal, by ordinal key. Of several the one with the greatest name holds it. */
  readonly slots: OrderedMap<Pod>;
  /** Claimed pods without a slot, by name: those with no ordinal, and those whose ordinal another holds. */
  readonly extras: OrderedMap<Pod>;
  /** Pods that the set owns and whose labels or name no longer fit, by name: to be released. */
  readonly misfits: OrderedMap<Pod>;
  readonly runs: OrdinalRuns;
  /** Ordinals of slots at which something is to be written whatever the others do, by ordinal key. */
  readonly attention: OrderedMap<Pod>;
  /** Slots that an ordered set waits for, by ordinal key. */
  readonly blocking: OrderedMap<Pod>;
  /** Of those, the ones that are ready and not terminating all the same: their phase is not Running. */
  readonly blockingReady: OrderedMap<Pod>;
  /** Ready pods by the instant since when, and by name; kept only for sets with minReadySeconds. */
  readonly readySince: OrderedMap<Pod>;
  /** Slots that are not terminating, by revision and descending ordinal key. */
  readonly byRevision: OrderedMap<OrderedMap<Pod>>;
  readonly tallies: OrderedMap<RevisionTally>;
  /** Created pods, claimed ones all. */
  readonly replicas: number;
  /** Running and ready pods, claimed ones all. */
  readonly readyReplicas: number;
}

type Draft = { -readonly [Field in keyof SetSummary]: SetSummary[Field] };

interface KnownShape {
  readonly uid: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly shape: string;
}

/** By specs: those of a set's versions are one object while nobody changes them. */
const shapes = new WeakMap<StatefulSet['spec'], KnownShape>();

/** What of a set its summary depends on, as text. @internal */
export function summaryShape(set: StatefulSet): string {
  const { uid, namespace, name } = set.metadata;
  const known = shapes.get(set.spec);
  if (known !== undefined && known.uid === uid && known.namespace === namespace && known.name === name) return known.shape;
  const shape = shapeOf(set);
  shapes.set(set.spec, { uid, namespace, name, shape });
  return shape;
}

function shapeOf(set: StatefulSet): string {
  const { uid, name, namespace } = set.metadata;
  const templates = claimTemplateNames(set);
  return JSON.stringify([
    uid, namespace, name, set.spec.selector, templates, set.spec.persistentVolumeClaimRetentionPolicy,
    (set.spec.minReadySeconds ?? 0) > 0,
    templates.length > 0 && ownersDependOnRange(set) ? [startOrdinal(set), endOrdinal(set)] : null,
  ]);
}

function emptySummary(set: StatefulSet): SetSummary {
  return {
    shape: summaryShape(set), slots: OrderedMap.empty(), extras: OrderedMap.empty(), misfits: OrderedMap.empty(),
    runs: OrderedMap.empty(), attention: OrderedMap.empty(), blocking: OrderedMap.empty(), blockingReady: OrderedMap.empty(),
    readySince: OrderedMap.empty(), byRevision: OrderedMap.empty(), tallies: OrderedMap.empty(), replicas: 0, readyReplicas: 0,
  };
}

/** What changes are applied with. @internal */
export interface SummaryInput {
  readonly epoch: Epoch;
  /** The set as the cache holds it. */
  readonly set: StatefulSet;
  readonly claims: ClaimReader;
}

/** Sums up pods that the set owns; whoever the owner is, is not looked at again. @internal */
export function buildSummary(input: SummaryInput, pods: readonly Pod[]): SetSummary {
  let summary = emptySummary(input.set);
  for (const pod of pods) summary = applyPodChange(input, summary, pod.metadata.name, pod);
  return summary;
}

/** Whether a pod is one that the set should hold: its labels fit and its name comes from the set's. @internal */
export function podMatches(set: StatefulSet): (pod: Pod) => boolean {
  const matches = compileSelector(set.spec.selector);
  return (pod) => parentAndOrdinal(pod.metadata.name).parent === set.metadata.name && matches?.(pod.metadata.labels) === true;
}

/**
 * The summary after a change of a pod that the set owns or owned: `after` is the pod as it is now, undefined if it is gone.
 * What was known of a pod of that name is replaced, so that a change that was seen before does no harm. Costs the same for a
 * large set and a small one. @internal
 */
export function applyPodChange(input: SummaryInput, summary: SetSummary, name: string, after: Pod | undefined): SetSummary {
  const draft: Draft = { ...summary };
  const held = heldPod(summary, name);
  const holds = after !== undefined && podMatches(input.set)(after) ? after : undefined;
  draft.misfits = put(input.epoch, draft.misfits, name, holds === undefined ? after : undefined);
  if (held !== undefined || holds !== undefined) replacePod(input, draft, held, holds);
  return draft;
}

/** The claimed pod of this name. */
function heldPod(summary: SetSummary, name: string): Pod | undefined {
  const holder = summary.slots.get(ordinalKey(parentAndOrdinal(name).ordinal));
  return holder?.metadata.name === name ? holder : summary.extras.get(name);
}

/** The summary after a change of a claim: the pod that uses it is looked at again. @internal */
export function applyClaimChange(input: SummaryInput, summary: SetSummary, claim: PersistentVolumeClaim): SetSummary {
  const { parent, ordinal } = parentAndOrdinal(claim.metadata.name);
  const templates = claimTemplateNames(input.set);
  if (!templates.some((template) => parent === `${template}-${input.set.metadata.name}`)) return summary;
  const pod = summary.slots.get(ordinalKey(ordinal));
  if (pod === undefined) return summary;
  const draft: Draft = { ...summary };
  setAttention(input, draft, ordinalKey(ordinal), pod);
  return draft;
}

function replacePod(input: SummaryInput, draft: Draft, before: Pod | undefined, after: Pod | undefined): void {
  const was = before === undefined ? undefined : podFacts(before);
  const is = after === undefined ? undefined : podFacts(after);
  count(input.epoch, draft, was, is);
  trackReadiness(input, draft, before, was, after, is);
  const pod = (after ?? before) as Pod;
  const ordinal = (is ?? was as PodFacts).ordinal;
  const holder = draft.slots.get(ordinalKey(ordinal));
  if (ordinal < 0 || (holder !== undefined && holder.metadata.name > pod.metadata.name)) {
    draft.extras = put(input.epoch, draft.extras, pod.metadata.name, after);
    return;
  }
  if (holder !== undefined && holder.metadata.name < pod.metadata.name) {
    draft.extras = draft.extras.set(input.epoch, holder.metadata.name, holder);
    fillSlot(input, draft, ordinal, podFacts(holder), after, is);
    return;
  }
  const heir = after === undefined ? heirOf(draft, ordinal) : undefined;
  if (heir === undefined) {
    fillSlot(input, draft, ordinal, was, after, is);
    return;
  }
  draft.extras = draft.extras.delete(input.epoch, heir.metadata.name);
  fillSlot(input, draft, ordinal, was, heir, podFacts(heir));
}

/** The pod that takes over an ordinal whose holder goes. */
function heirOf(draft: Draft, ordinal: number): Pod | undefined {
  let heir: Pod | undefined;
  // Names ascend, so the last one that fits is the greatest.
  draft.extras.forEach((pod, name) => {
    if (parentAndOrdinal(name).ordinal === ordinal) heir = pod;
  });
  return heir;
}

function count(epoch: Epoch, draft: Draft, was: PodFacts | undefined, is: PodFacts | undefined): void {
  draft.replicas += one(is?.isCreated) - one(was?.isCreated);
  draft.readyReplicas += one(is?.isRunningAndReady) - one(was?.isRunningAndReady);
  const wasLive = was !== undefined && was.isCreated && !was.isTerminating;
  const isLive = is !== undefined && is.isCreated && !is.isTerminating;
  if (was?.revision === is?.revision && wasLive === isLive) return;
  if (was !== undefined) draft.tallies = tally(epoch, draft.tallies, was.revision, -1, -one(wasLive));
  if (is !== undefined) draft.tallies = tally(epoch, draft.tallies, is.revision, 1, one(isLive));
}

function tally(epoch: Epoch, tallies: OrderedMap<RevisionTally>, revision: string, pods: number, live: number): OrderedMap<RevisionTally> {
  const before = tallies.get(revision);
  const podCount = (before?.podCount ?? 0) + pods;
  if (podCount === 0) return tallies.delete(epoch, revision);
  return tallies.set(epoch, revision, { podCount, liveCount: (before?.liveCount ?? 0) + live });
}

/** Key of a ready pod by time; a condition without a time never becomes available. @internal */
export function readySinceKey(readySince: number, name: string): string {
  return `${Number.isNaN(readySince) ? '9'.repeat(16) : String(Math.max(0, readySince)).padStart(16, '0')}/${name}`;
}

function trackReadiness(
  input: SummaryInput, draft: Draft, before: Pod | undefined, was: PodFacts | undefined, after: Pod | undefined, is: PodFacts | undefined,
): void {
  if ((input.set.spec.minReadySeconds ?? 0) === 0) return;
  const key = (pod: Pod | undefined, facts: PodFacts | undefined): string | undefined =>
    facts?.readySince === undefined ? undefined : readySinceKey(facts.readySince, (pod as Pod).metadata.name);
  const wasKey = key(before, was);
  const isKey = key(after, is);
  if (wasKey !== undefined && wasKey !== isKey) draft.readySince = draft.readySince.delete(input.epoch, wasKey);
  if (isKey !== undefined) draft.readySince = draft.readySince.set(input.epoch, isKey, after as Pod);
}

/** Puts a pod in the slot of its ordinal in place of the one with facts `was`, or leaves the slot empty. */
function fillSlot(
  input: SummaryInput, draft: Draft, ordinal: number, was: PodFacts | undefined, pod: Pod | undefined, is: PodFacts | undefined,
): void {
  const { epoch } = input;
  const key = ordinalKey(ordinal);
  draft.slots = put(epoch, draft.slots, key, pod);
  if (was === undefined) draft.runs = addOrdinal(epoch, draft.runs, ordinal);
  if (is === undefined) draft.runs = removeOrdinal(epoch, draft.runs, ordinal);
  if (was?.isBlocking === true || is?.isBlocking === true) {
    draft.blocking = put(epoch, draft.blocking, key, is?.isBlocking === true ? pod : undefined);
  }
  if (isBlockingReady(was) || isBlockingReady(is)) {
    draft.blockingReady = put(epoch, draft.blockingReady, key, isBlockingReady(is) ? pod : undefined);
  }
  const wasIn = was === undefined || was.isTerminating ? undefined : was.revision;
  const isIn = is === undefined || is.isTerminating ? undefined : is.revision;
  if (wasIn !== undefined && wasIn !== isIn) setRevision(epoch, draft, wasIn, ordinal, undefined);
  if (isIn !== undefined) setRevision(epoch, draft, isIn, ordinal, pod);
  setAttention(input, draft, key, pod);
}

function isBlockingReady(facts: PodFacts | undefined): boolean {
  return facts !== undefined && facts.isBlocking && !facts.isUnavailable;
}

function setRevision(epoch: Epoch, draft: Draft, revision: string, ordinal: number, pod: Pod | undefined): void {
  const pods = put(epoch, draft.byRevision.get(revision) ?? OrderedMap.empty<Pod>(), descendingKey(ordinal), pod);
  draft.byRevision = put(epoch, draft.byRevision, revision, pods.size === 0 ? undefined : pods);
}

function setAttention(input: SummaryInput, draft: Draft, key: string, pod: Pod | undefined): void {
  const needs = pod !== undefined && needsAttention(input.set, pod, input.claims);
  if (needs || draft.attention.has(key)) draft.attention = put(input.epoch, draft.attention, key, needs ? pod : undefined);
}

/** Sets a key, or deletes it where there is no value. */
function put<V>(epoch: Epoch, map: OrderedMap<V>, key: string, value: V | undefined): OrderedMap<V> {
  return value === undefined ? map.delete(epoch, key) : map.set(epoch, key, value);
}

function one(is: boolean | undefined): number {
  return is === true ? 1 : 0;
}
