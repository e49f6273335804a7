// Lanes of pods: who was in which stage when, and why.
import type { Pod } from '@kubesim/api';
import { parseTime } from '@kubesim/api';
import type { LoggedReason } from '../settings.ts';

/** What a pod is doing, as a user sees it. @public */
export type PodStage = 'unscheduled' | 'starting' | 'running' | 'ready' | 'terminating' | 'succeeded' | 'failed';

/** A stretch of a pod's life in one stage. @public */
export interface Stretch {
  readonly stage: PodStage;
  readonly from: number;
  readonly to: number;
  /** Why it is in that stage. */
  readonly why: string;
}

/** One pod from its creation to its end; a pod of the same name that comes after it has a lane of its own life in the same row. @public */
export interface PodLane {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string | undefined;
  readonly stretches: readonly Stretch[];
}

/** What is drawn: instants are virtual ms since 1970. @internal */
export interface Drawing {
  readonly from: number;
  readonly to: number;
  readonly pods: readonly PodLane[];
  readonly decisions: readonly LoggedReason[];
  readonly faults: readonly LoggedReason[];
}

/** A change of a pod, with its instant. @internal */
export interface PodChange {
  readonly at: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly pod: Pod;
}

/** Lanes of pods from their changes, oldest first. A lane ends where its pod is gone, or at `to`. @internal */
export function podLanes(changes: Iterable<PodChange>, from: number, to: number, log: readonly LoggedReason[]): readonly PodLane[] {
  const lanes = new Map<string, { readonly pod: Pod; node: string | undefined; readonly stretches: Stretch[]; end: number | undefined }>();
  for (const { at, type, pod } of changes) {
    if (at > to) break;
    const uid = pod.metadata.uid ?? '';
    let lane = lanes.get(uid);
    if (lane === undefined) lanes.set(uid, lane = { pod, node: undefined, stretches: [], end: undefined });
    lane.node = pod.spec.nodeName ?? lane.node;
    if (type === 'DELETED') {
      lane.end = at;
      continue;
    }
    const stage = stageOf(pod);
    const why = whyOf(pod, stage);
    const last = lane.stretches[lane.stretches.length - 1];
    if (last?.stage === stage && last.why === why) continue;
    lane.stretches.push({ stage, from: at, to: at, why });
  }
  return [...lanes].flatMap(([uid, { pod, node, stretches, end }]): PodLane[] => {
    const laneEnd = end ?? to;
    if (laneEnd < from) return [];
    const closed = stretches.map((stretch, index) => ({ ...stretch, to: stretches[index + 1]?.from ?? laneEnd })).filter((stretch) => stretch.to > stretch.from && stretch.to > from);
    const { namespace = '', name } = pod.metadata;
    const subject = new Set([`pod/${name}`, `pod/${namespace}/${name}`]);
    const explained = closed.map((stretch): Stretch => {
      const said = stretch.stage === 'ready' ? undefined : log.findLast((entry) => entry.at <= stretch.to && entry.at >= stretch.from && subject.has(entry.subject));
      return { ...stretch, from: Math.max(stretch.from, from), why: said === undefined || stretch.why.includes(said.message) ? stretch.why : `${stretch.why}; ${said.source}: ${said.message}` };
    });
    return [{ namespace, name, uid, node, stretches: explained }];
  }).sort((a, b) => order(a.namespace, b.namespace) || naturalOrder(a.name, b.name) || (a.stretches[0]?.from ?? 0) - (b.stretches[0]?.from ?? 0));
}

function stageOf(pod: Pod): PodStage {
  const { status, metadata, spec } = pod;
  if (metadata.deletionTimestamp !== undefined) return 'terminating';
  if (status?.phase === 'Succeeded') return 'succeeded';
  if (status?.phase === 'Failed') return 'failed';
  if (conditionOf(pod, 'Ready')?.status === 'True') return 'ready';
  if (status?.phase === 'Running') return 'running';
  return spec.nodeName === undefined ? 'unscheduled' : 'starting';
}

function whyOf(pod: Pod, stage: PodStage): string {
  const { status, metadata, spec } = pod;
  const waiting = status?.containerStatuses?.find((each) => each.state?.waiting !== undefined);
  switch (stage) {
    case 'unscheduled':
      return conditionOf(pod, 'PodScheduled')?.message ?? 'waits for the scheduler';
    case 'starting': {
      const { reason, message } = waiting?.state?.waiting ?? {};
      return `on ${spec.nodeName}: ${reason ?? 'waits for its kubelet'}${message === undefined ? '' : `, ${message}`}`;
    }
    case 'running': {
      const { reason, message } = waiting?.state?.waiting ?? {};
      return `on ${spec.nodeName}, not ready: ${reason ?? conditionOf(pod, 'Ready')?.reason ?? 'not yet reported'}${message === undefined ? '' : `, ${message}`}`;
    }
    case 'ready':
      return `ready on ${spec.nodeName}: ${spec.containers.map(({ image }) => image ?? '').join(', ')}`;
    case 'terminating':
      return `told to stop at ${clock(parseTime(metadata.deletionTimestamp ?? '') ?? 0)} at the latest, ${metadata.deletionGracePeriodSeconds ?? 0} s of grace`;
    case 'succeeded': case 'failed':
      return status?.message ?? status?.reason ?? `its containers ended${status?.containerStatuses?.map((each) => `, ${each.name} with ${each.state?.terminated?.exitCode ?? '?'}`).join('') ?? ''}`;
  }
}

function conditionOf(pod: Pod, type: string): { readonly status?: string; readonly reason?: string; readonly message?: string } | undefined {
  return pod.status?.conditions?.find((each) => each.type === type);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** web-2 before web-10. */
function naturalOrder(a: string, b: string): number {
  const [, stemA = a, ordinalA] = /^(.*-)(\d+)$/.exec(a) ?? [];
  const [, stemB = b, ordinalB] = /^(.*-)(\d+)$/.exec(b) ?? [];
  return order(stemA, stemB) || (ordinalA === undefined || ordinalB === undefined ? 0 : Number(ordinalA) - Number(ordinalB));
}

/** The time of day of an instant: `00:01:05`. @internal */
export function clock(instant: number): string {
  return new Date(instant).toISOString().slice(11, 19);
}

/** How far an instant lies after the start, as people read it: `+1m05s`. @internal */
export function offset(from: number, instant: number): string {
  const seconds = Math.round((instant - from) / 100) / 10;
  if (seconds < 60) return `+${seconds}s`;
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return `+${hours > 0 ? `${hours}h` : ''}${minutes}m${String(whole % 60).padStart(2, '0')}s`;
}

/** Rows of the drawing: lives of pods of one name share a row. @internal */
export function rowsOf(pods: readonly PodLane[]): readonly { readonly name: string; readonly lives: readonly PodLane[] }[] {
  const isOne = new Set(pods.map(({ namespace }) => namespace)).size < 2;
  const rows = new Map<string, PodLane[]>();
  for (const lane of pods) {
    const name = isOne ? lane.name : `${lane.namespace}/${lane.name}`;
    const row = rows.get(name);
    if (row === undefined) rows.set(name, [lane]);
    else row.push(lane);
  }
  return [...rows].map(([name, lives]) => ({ name, lives }));
}
