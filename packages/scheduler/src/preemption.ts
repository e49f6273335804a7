// DefaultPreemption: which pods to evict so that a pod of higher priority fits.
// Upstream: plugins/defaultpreemption, pkg/scheduler/framework/preemption/preemption.go (1.37).
import type { Pod, PodDisruptionBudget } from '@kubesim/api';
import { selectsEverything } from '@kubesim/client';
import { filterWith, type CycleInput } from './cycle-input.ts';
import { histogram, type Diagnosis } from './diagnosis.ts';
import type { Cycle, Refusal } from './framework.ts';
import { compileSelector } from './labels.ts';
import { withoutPod, withPod, type NodeInfo } from './node-info.ts';
import { podInfo, podKey } from './pod-info.ts';

const LEAST_CANDIDATES = 100;
const CANDIDATE_PERCENTAGE = 10;
/** Shifts priorities so that more victims always weigh more. */
const PRIORITY_SHIFT = 2 ** 31;

/** What preemption came to: a node with its victims (most important first), or only a text. @public */
export interface Preemption {
  /** What FailedScheduling says after its own text; empty: nothing. */
  readonly message: string;
  readonly nodeName?: string;
  readonly victims: readonly Pod[];
  /** A nomination that stands in the way is to be cleared. */
  readonly clearsNomination: boolean;
}

interface Candidate {
  readonly nodeName: string;
  readonly victims: readonly Pod[];
  readonly violationCount: number;
}

/** Runs after a cycle that found no node. @internal */
export function preempt(input: CycleInput, diagnosis: Diagnosis): Preemption {
  const ineligible = whyIneligible(input, diagnosis);
  if (ineligible !== undefined) return { message: `preemption: ${ineligible}`, victims: [], clearsNomination: false };
  const { snapshot, random } = input;
  const potential = diagnosis.preFilter !== undefined ? []
    : snapshot.list.filter((info) => (diagnosis.refusals.get(info.name) ?? diagnosis.absent)?.code === 'Unschedulable');
  const notes = new Map<string, Refusal>();
  const candidates = potential.length === 0 ? [] : findCandidates(input, potential, random('scheduler/preemption').below(potential.length), notes);
  const best = pickCandidate(candidates);
  if (best !== undefined) {
    const message = input.listers.profile.kubernetes === '1.37'
      ? `preemption: found a potential placement for pod on node ${best.nodeName}, preempting ${best.victims.length} victims` : '';
    return { message, nodeName: best.nodeName, victims: best.victims, clearsNomination: false };
  }
  const counts = new Map<string, number>();
  for (const { reasons } of notes.values()) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const hopelessCount = diagnosis.nodeCount - notes.size;
  if (hopelessCount > 0) counts.set('Preemption is not helpful for scheduling', hopelessCount);
  return { message: `preemption: 0/${diagnosis.nodeCount} nodes are available: ${histogram(counts)}.`, victims: [], clearsNomination: true };
}

function whyIneligible({ pod, snapshot }: CycleInput, diagnosis: Diagnosis): string | undefined {
  if (pod.spec?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = pod.status?.nominatedNodeName ?? '';
  if (nominated === '' || diagnosis.refusals.get(nominated)?.code === 'UnschedulableAndUnresolvable') return undefined;
  const priority = podInfo(pod).priority;
  const isClearing = snapshot.get(nominated)?.pods.some((other) => other.metadata?.deletionTimestamp !== undefined && podInfo(other).priority < priority
    && other.status?.conditions?.some(({ type, status, reason }) => type === 'DisruptionTarget' && status === 'True' && reason === 'PreemptionByScheduler'));
  return isClearing === true ? 'not eligible due to a terminating pod on the nominated node.' : undefined;
}

function findCandidates(input: CycleInput, potential: readonly NodeInfo[], offset: number, notes: Map<string, Refusal>): readonly Candidate[] {
  const wanted = Math.min(potential.length, Math.max(LEAST_CANDIDATES, Math.trunc((potential.length * CANDIDATE_PERCENTAGE) / 100)));
  const budgets = (input.listers.lister<PodDisruptionBudget>('poddisruptionbudgets.policy')?.list() ?? [])
    // For the scheduler an empty selector means no pod, while the eviction API takes it for all.
    .filter((budget) => !selectsEverything(budget.spec?.selector)).map((budget) => ({ budget, matches: compileSelector(budget.spec?.selector) }));
  const cycle: Cycle = { pod: input.pod, snapshot: input.snapshot, listers: input.listers, data: new Map(), memo: undefined };
  const candidates: Candidate[] = [];
  let hasCleanOne = false;
  for (let step = 0; step < potential.length; step++) {
    const info = potential[(offset + step) % potential.length] as NodeInfo;
    const found = selectVictims(input, cycle, info, budgets);
    if ('code' in found) {
      notes.set(info.name, found);
      continue;
    }
    candidates.push(found);
    if (found.violationCount === 0) hasCleanOne = true;
    if (hasCleanOne && candidates.length >= wanted) break;
  }
  return candidates;
}

interface Budget { readonly budget: PodDisruptionBudget; matches(labels: Readonly<Record<string, string>> | undefined): boolean }

/** The fewest, least important pods of a node without which the pod fits there, or why none. */
function selectVictims(input: CycleInput, cycle: Cycle, info: NodeInfo, budgets: readonly Budget[]): Candidate | Refusal {
  const { profile, pod } = input;
  const { priority } = podInfo(pod);
  const lower = info.pods.filter((other) => podInfo(other).priority < priority);
  if (lower.length === 0) return { code: 'UnschedulableAndUnresolvable', reasons: ['No preemption victims found for incoming pod'] };
  const nominated = (input.nominated?.get(info.name) ?? []).filter((other) => other.metadata?.uid !== pod.metadata?.uid && podInfo(other).priority >= priority);
  const fits = (trial: NodeInfo): Refusal | undefined =>
    (nominated.length > 0 ? filterWith(profile.plugins, cycle, nominated.reduce(withPod, trial)) : undefined) ?? filterWith(profile.plugins, cycle, trial);
  let trial = lower.reduce(withoutPod, info);
  const refusal = fits(trial);
  if (refusal !== undefined) return refusal;
  const { violating, others } = splitByBudget([...lower].sort(byImportance), budgets);
  const victims: Pod[] = [];
  let violationCount = 0;
  const reprieve = (other: Pod): boolean => {
    const withIt = withPod(trial, other);
    if (fits(withIt) === undefined) {
      trial = withIt;
      return true;
    }
    victims.push(other);
    return false;
  };
  for (const other of violating) if (!reprieve(other)) violationCount++;
  for (const other of others) reprieve(other);
  if (violating.length > 0) victims.sort(byImportance);
  return { nodeName: info.name, victims, violationCount };
}

/** Higher priority first, then the longer running. Stable. */
function byImportance(a: Pod, b: Pod): number {
  const difference = podInfo(b).priority - podInfo(a).priority;
  if (difference !== 0) return difference;
  const [x, y] = [startTime(a), startTime(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** A pod that has not started counts as started last. */
function startTime(pod: Pod): string {
  return pod.status?.startTime ?? '9999';
}

function splitByBudget(pods: readonly Pod[], budgets: readonly Budget[]): { violating: Pod[]; others: Pod[] } {
  const left = budgets.map(({ budget }) => budget.status?.disruptionsAllowed ?? 0);
  const violating: Pod[] = [];
  const others: Pod[] = [];
  for (const pod of pods) {
    let isViolating = false;
    if (Object.keys(pod.metadata?.labels ?? {}).length > 0) {
      budgets.forEach(({ budget, matches }, index) => {
        if (budget.metadata?.namespace !== pod.metadata?.namespace || !matches(pod.metadata?.labels)) return;
        if (Object.hasOwn(budget.status?.disruptedPods ?? {}, pod.metadata?.name ?? '')) return;
        left[index] = (left[index] as number) - 1;
        if ((left[index] as number) < 0) isViolating = true;
      });
    }
    (isViolating ? violating : others).push(pod);
  }
  return { violating, others };
}

/** The candidate that does least harm; the first of equals. */
function pickCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  const measures: readonly ((candidate: Candidate) => number)[] = [
    (candidate) => candidate.violationCount,
    (candidate) => podInfo(candidate.victims[0] as Pod).priority,
    (candidate) => candidate.victims.reduce((sum, victim) => sum + podInfo(victim).priority + PRIORITY_SHIFT, 0),
    (candidate) => candidate.victims.length,
  ];
  const empty = candidates.find((candidate) => candidate.victims.length === 0);
  if (empty !== undefined) return empty;
  let rest = candidates;
  for (const measure of measures) {
    const least = Math.min(...rest.map(measure));
    rest = rest.filter((candidate) => measure(candidate) === least);
    if (rest.length <= 1) return rest[0];
  }
  let best = rest[0] as Candidate;
  for (const candidate of rest) if (earliestStart(candidate) > earliestStart(best)) best = candidate;
  return best;
}

function earliestStart({ victims }: Candidate): string {
  const highest = podInfo(victims[0] as Pod).priority;
  return victims.filter((victim) => podInfo(victim).priority === highest).map(startTime).sort()[0] as string;
}

/** `namespace/name` of the victims, for traces. @internal */
export function victimKeys(preemption: Preemption): readonly string[] {
  return preemption.victims.map(podKey);
}
