// One scheduling cycle: a function of the nodes, the pod, the caches and the draws. What becomes of its answer is in scheduler.ts.
// Upstream: pkg/scheduler/schedule_one.go (1.37).
import { diagnosisMessage, type Diagnosis } from './diagnosis.ts';
import { PluginMisbehaved, type Cycle, type CycleRandom, type Refusal, type SchedulerPlugin } from './framework.ts';
import { withPod, type NodeInfo } from './node-info.ts';
import { filterWith, type CycleInput } from './cycle-input.ts';
import { podInfo } from './pod-info.ts';
import { preempt, type Preemption } from './preemption.ts';
import { filterNode, prepare, type Prepared } from './running-plugins.ts';

const LEAST_FEASIBLE_NODES = 100;
const LEAST_PERCENTAGE = 5;

/** What a cycle answers. `pluginScores` are normalised and weighted. @public */
export type CycleResult = {
  readonly nextStartIndex: number;
} & (
  | { readonly kind: 'placed'; readonly nodeName: string; readonly scores: () => CycleScores }
  | { readonly kind: 'unschedulable'; readonly message: string; readonly diagnosis: Diagnosis; readonly preemption: Preemption }
  | { readonly kind: 'error'; readonly message: string }
);

/** Scores of the nodes that were feasible; empty where only one was. @public */
export interface CycleScores {
  readonly total: Readonly<Record<string, number>>;
  readonly byPlugin: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** How many feasible nodes end the search. @public */
export function feasibleNodesToFind(nodeCount: number, percentage = 0): number {
  if (nodeCount < LEAST_FEASIBLE_NODES || percentage >= 100) return nodeCount;
  const share = percentage > 0 ? percentage : Math.max(LEAST_PERCENTAGE, 50 - Math.trunc(nodeCount / 125));
  return Math.max(LEAST_FEASIBLE_NODES, Math.trunc((nodeCount * share) / 100));
}

/** Looks for the best node for a pod. Errors: `PluginMisbehaved`. @public */
export function schedulePod(input: CycleInput): CycleResult {
  const { profile, snapshot, pod } = input;
  const startIndex = input.startIndex ?? 0;
  if (snapshot.list.length === 0) {
    const diagnosis: Diagnosis = { nodeCount: 0, refusals: new Map(), plugins: [] };
    const preemption: Preemption = { message: '', victims: [], clearsNomination: false };
    return { kind: 'unschedulable', message: 'no nodes available to schedule pods', diagnosis, preemption, nextStartIndex: startIndex };
  }
  const cycle: Cycle = { pod, snapshot, listers: input.listers, data: new Map(), memo: input.memo };
  const prepared = prepare(profile.plugins, cycle);
  if (prepared.refusal !== undefined) {
    const { refusal } = prepared;
    if (refusal.code === 'Error') return { kind: 'error', message: refusal.reasons.join(', '), nextStartIndex: startIndex };
    const diagnosis: Diagnosis = { nodeCount: snapshot.list.length, preFilter: refusal, refusals: new Map(), absent: refusal, plugins: [refusal.plugin as string] };
    return unschedulableResult(input, diagnosis, startIndex);
  }
  const found = findNodes(input, cycle, prepared);
  if (found.error !== undefined) return { kind: 'error', message: found.error, nextStartIndex: found.nextStartIndex };
  const { nextStartIndex, feasible, positions } = found;
  if (feasible.length === 0) {
    const plugins = new Set<string>();
    for (const { plugin } of found.refusals.values()) plugins.add(plugin as string);
    for (const plugin of prepared.nodeNames === undefined ? [] : prepared.limiting) plugins.add(plugin);
    const absent: Refusal | undefined = prepared.nodeNames === undefined ? undefined
      : { code: 'UnschedulableAndUnresolvable', reasons: [`node(s) didn't satisfy plugin(s) [${prepared.limiting.join(' ')}]`] };
    const diagnosis: Diagnosis = { nodeCount: snapshot.list.length, refusals: found.refusals, ...(absent === undefined ? {} : { absent }), plugins: [...plugins] };
    return unschedulableResult(input, diagnosis, nextStartIndex);
  }
  const first = feasible[0] as NodeInfo;
  if (feasible.length === 1) return { kind: 'placed', nodeName: first.name, scores: () => ({ total: {}, byPlugin: {} }), nextStartIndex };
  const { totals, rows } = scoreNodes(profile.plugins, cycle, feasible, positions);
  const nodeName = pickBest(totals, feasible, input.random).name;
  return { kind: 'placed', nodeName, scores: () => named(feasible, totals, rows), nextStartIndex };
}

function unschedulableResult(input: CycleInput, diagnosis: Diagnosis, nextStartIndex: number): CycleResult {
  const preemption = preempt(input, diagnosis);
  const text = diagnosisMessage(diagnosis);
  // A refused PreFilter leaves preemption nothing to look up (recorded in 1.37).
  const message = diagnosis.preFilter !== undefined && input.listers.profile.kubernetes === '1.37' ? `${text} not found`
    : preemption.message === '' ? text : `${text} ${preemption.message}`;
  return { kind: 'unschedulable', message, diagnosis, preemption, nextStartIndex };
}

interface Found {
  readonly feasible: readonly NodeInfo[];
  /** Their places in the snapshot. */
  readonly positions: readonly number[];
  readonly refusals: ReadonlyMap<string, Refusal>;
  readonly nextStartIndex: number;
  readonly error?: string;
}

function findNodes(input: CycleInput, cycle: Cycle, prepared: Prepared): Found {
  const { snapshot, pod } = input;
  const refusals = new Map<string, Refusal>();
  const startIndex = (input.startIndex ?? 0) % snapshot.list.length;
  const check = nodeChecker(input, cycle, prepared);
  const nominatedNode = pod.status?.nominatedNodeName ?? '';
  if (nominatedNode !== '' && (prepared.nodeNames === undefined || prepared.nodeNames.has(nominatedNode))) {
    const position = snapshot.indexOf(nominatedNode);
    const info = position === undefined ? undefined : snapshot.list[position];
    if (info !== undefined && check(info, position as number) === undefined) return { feasible: [info], positions: [position as number], refusals, nextStartIndex: startIndex };
  }
  const { nodeNames } = prepared;
  const indexes = nodeNames === undefined ? undefined
    : [...nodeNames].map((name) => snapshot.indexOf(name)).filter((index) => index !== undefined).sort((a, b) => a - b);
  const count = indexes?.length ?? snapshot.list.length;
  if (count === 0) return { feasible: [], positions: [], refusals, nextStartIndex: startIndex };
  const enough = feasibleNodesToFind(count, input.profile.percentageOfNodesToScore);
  const feasible: NodeInfo[] = [];
  const positions: number[] = [];
  let processed = 0;
  for (; processed < count && feasible.length < enough; processed++) {
    const position = (startIndex + processed) % count;
    const index = indexes === undefined ? position : indexes[position] as number;
    const info = snapshot.list[index] as NodeInfo;
    const refusal = check(info, index);
    if (refusal === undefined) {
      feasible.push(info);
      positions.push(index);
    } else if (refusal.code === 'Error') return { feasible: [], positions: [], refusals, nextStartIndex: startIndex, error: `running ${JSON.stringify(refusal.plugin)} filter plugin: ${refusal.reasons.join(', ')}` };
    else refusals.set(info.name, refusal);
  }
  return { feasible, positions, refusals, nextStartIndex: (startIndex + processed) % snapshot.list.length };
}

interface FilterMemo { readonly infos: NodeInfo[]; readonly answers: (Refusal | undefined)[] }

/** A test of one node: nominated pods of no lower priority count as if they were there, and then as if they were not. */
function nodeChecker(input: CycleInput, cycle: Cycle, { filters }: Prepared): (info: NodeInfo, index: number) => Refusal | undefined {
  const { memo, nominated, profile, pod } = input;
  const priority = podInfo(pod).priority;
  // Local filters that all stand before the others are answered from memory; order counts, as only the first refusal is told.
  let localCount = 0;
  while (filters[localCount]?.nodeLocal === true) localCount++;
  const local = filters.slice(0, localCount);
  const others = filters.slice(localCount);
  const key = `filter ${local.map((plugin) => plugin.name).join(' ')}`;
  let remembered = memo?.get(key) as FilterMemo | undefined;
  if (memo !== undefined && remembered === undefined) memo.set(key, remembered = { infos: [], answers: [] });
  const plain = (info: NodeInfo, index: number): Refusal | undefined => {
    let refusal: Refusal | undefined;
    if (remembered === undefined) refusal = filterNode(local, cycle, info);
    else if (remembered.infos[index] === info) refusal = remembered.answers[index];
    else {
      refusal = filterNode(local, cycle, info);
      remembered.infos[index] = info;
      remembered.answers[index] = refusal;
    }
    return refusal ?? (others.length === 0 ? undefined : filterNode(others, cycle, info));
  };
  if (nominated === undefined || nominated.size === 0) return plain;
  return (info, index) => {
    const waiting = (nominated.get(info.name) ?? []).filter((other) => other.metadata?.uid !== pod.metadata?.uid && podInfo(other).priority >= priority);
    if (waiting.length > 0) {
      const refusal = filterWith(profile.plugins, cycle, waiting.reduce(withPod, info));
      if (refusal !== undefined) return refusal;
    }
    return plain(info, index);
  };
}

interface Row { readonly name: string; readonly weighted: readonly number[] }
interface ScoreMemo { readonly infos: NodeInfo[]; readonly scores: number[] }

function scoreNodes(plugins: readonly SchedulerPlugin[], cycle: Cycle, nodes: readonly NodeInfo[], positions: readonly number[]): { totals: number[]; rows: Row[] } {
  const totals = new Array<number>(nodes.length).fill(0);
  const rows: Row[] = [];
  const taking = plugins.filter((plugin) => plugin.score !== undefined && plugin.preScore?.(cycle, nodes, positions) !== false);
  for (const plugin of taking) {
    const scores = plugin.nodeLocal === true && cycle.memo !== undefined ? rememberedScores(plugin, cycle, nodes, positions) : freshScores(plugin, cycle, nodes, positions);
    plugin.normalize?.(cycle, scores, nodes);
    const weight = plugin.weight ?? 1;
    for (let index = 0; index < scores.length; index++) {
      const score = scores[index] as number;
      if (!(score >= 0 && score <= 100)) throw new PluginMisbehaved(plugin.name, 'NormalizeScore', score);
      scores[index] = score * weight;
      totals[index] = (totals[index] as number) + score * weight;
    }
    rows.push({ name: plugin.name, weighted: scores });
  }
  return { totals, rows };
}

function scoreOne(plugin: SchedulerPlugin, cycle: Cycle, info: NodeInfo, position: number): number {
  const score = plugin.score?.(cycle, info, position);
  if (typeof score !== 'number' || !Number.isSafeInteger(score)) throw new PluginMisbehaved(plugin.name, 'Score', score);
  return score;
}

function freshScores(plugin: SchedulerPlugin, cycle: Cycle, nodes: readonly NodeInfo[], positions: readonly number[]): number[] {
  const scores = new Array<number>(nodes.length);
  for (let index = 0; index < nodes.length; index++) scores[index] = scoreOne(plugin, cycle, nodes[index] as NodeInfo, positions[index] as number);
  return scores;
}

function rememberedScores(plugin: SchedulerPlugin, cycle: Cycle, nodes: readonly NodeInfo[], positions: readonly number[]): number[] {
  const key = `score ${plugin.name}`;
  const remembered = (cycle.memo?.get(key) as ScoreMemo | undefined) ?? { infos: [], scores: [] };
  cycle.memo?.set(key, remembered);
  const scores = new Array<number>(nodes.length);
  for (let index = 0; index < nodes.length; index++) {
    const info = nodes[index] as NodeInfo;
    const position = positions[index] as number;
    if (remembered.infos[position] !== info) {
      remembered.scores[position] = scoreOne(plugin, cycle, info, position);
      remembered.infos[position] = info;
    }
    scores[index] = remembered.scores[position] as number;
  }
  return scores;
}

function pickBest(totals: readonly number[], nodes: readonly NodeInfo[], random: CycleRandom): NodeInfo {
  let best = -1;
  let tied: number[] = [];
  for (let index = 0; index < totals.length; index++) {
    const total = totals[index] as number;
    if (total > best) {
      best = total;
      tied = [index];
    } else if (total === best) tied.push(index);
  }
  const pick = tied.length === 1 ? 0 : random('scheduler/tie').below(tied.length);
  return nodes[tied[pick] as number] as NodeInfo;
}

function named(nodes: readonly NodeInfo[], totals: readonly number[], rows: readonly Row[]): CycleScores {
  const byName = (values: readonly number[]): Record<string, number> => Object.fromEntries(nodes.map((info, index) => [info.name, values[index] as number]));
  const byPlugin = Object.fromEntries(nodes.map((info, index) => [info.name, Object.fromEntries(rows.map((row) => [row.name, row.weighted[index] as number]))]));
  return { total: byName(totals), byPlugin };
}
