// A timeline in Chrome's trace format, which Perfetto opens. One process a namespace, one thread a pod; decisions and faults are instants.
import type { Drawing } from './pod-lanes.ts';

/** One event of a trace; `ts` and `dur` are microseconds from the start. @public */
export interface TraceEvent {
  readonly ph: 'X' | 'i' | 'M';
  readonly name: string;
  readonly cat?: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  /** Whom an instant concerns: a thread, or all. */
  readonly s?: 't' | 'g';
  readonly args?: Readonly<Record<string, unknown>>;
}

/** A trace file. @public */
export interface TraceFile {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: 'ms';
  readonly otherData: Readonly<Record<string, string>>;
}

const CONTROL_PLANE = 1;

/** @internal */
export function traceEvents(timeline: Drawing): TraceFile {
  const events: TraceEvent[] = [{ ph: 'M', name: 'process_name', pid: CONTROL_PLANE, tid: 0, args: { name: 'control plane' } }];
  const ts = (instant: number): number => (instant - timeline.from) * 1000;
  const sources = new Map<string, number>();
  const namespaces = new Map<string, number>();
  const threads = new Map<string, number>();
  for (const { at, source, subject, rule, message, blockedBy } of [...timeline.decisions, ...timeline.faults]) {
    let tid = sources.get(source);
    if (tid === undefined) {
      sources.set(source, tid = sources.size + 1);
      events.push({ ph: 'M', name: 'thread_name', pid: CONTROL_PLANE, tid, args: { name: source } });
    }
    events.push({ ph: 'i', name: `${subject}: ${message}`, cat: source === 'fault' ? 'fault' : 'decision', pid: CONTROL_PLANE, tid, ts: ts(at), s: source === 'fault' ? 'g' : 't', args: { rule, ...(blockedBy === undefined ? {} : { blockedBy }) } });
  }
  for (const { namespace, name, uid, node, stretches } of timeline.pods) {
    let pid = namespaces.get(namespace);
    if (pid === undefined) {
      namespaces.set(namespace, pid = CONTROL_PLANE + 1 + namespaces.size);
      events.push({ ph: 'M', name: 'process_name', pid, tid: 0, args: { name: `namespace ${namespace}` } });
    }
    let tid = threads.get(`${namespace}/${name}`);
    if (tid === undefined) {
      threads.set(`${namespace}/${name}`, tid = threads.size + 1);
      events.push({ ph: 'M', name: 'thread_name', pid, tid, args: { name } });
    }
    for (const { stage, from, to, why } of stretches) events.push({ ph: 'X', name: stage, cat: 'pod', pid, tid, ts: ts(from), dur: ts(to) - ts(from), args: { why, uid, ...(node === undefined ? {} : { node }) } });
  }
  return { traceEvents: events, displayTimeUnit: 'ms', otherData: { start: new Date(timeline.from).toISOString() } };
}
