// A timeline for a terminal.
import { offset, rowsOf, type PodStage, type Drawing } from './pod-lanes.ts';

const MARKS: Readonly<Record<PodStage, string>> = { unscheduled: '?', starting: '.', running: '-', ready: '=', terminating: 'x', succeeded: 'o', failed: '!' };
const ENTRIES_MAX = 40;

/** @internal */
export function drawText(timeline: Drawing, width: number): string {
  const { from, to } = timeline;
  const rows = rowsOf(timeline.pods);
  const label = Math.max(6, ...rows.map(({ name }) => name.length));
  const column = (instant: number): number => Math.min(width - 1, Math.max(0, Math.floor(((instant - from) * width) / Math.max(1, to - from))));
  const lines = [`${new Date(from).toISOString()} … ${offset(from, to).slice(1)}`];
  for (const { name, lives } of rows) {
    const cells = Array.from({ length: width }, () => ' ');
    for (const { stretches } of lives) for (const { stage, from: start, to: end } of stretches) cells.fill(MARKS[stage], column(start), Math.max(column(start), column(end)) + 1);
    lines.push(`${name.padEnd(label)} ${cells.join('').trimEnd()}`);
  }
  if (timeline.faults.length > 0) {
    const cells = Array.from({ length: width }, () => ' ');
    for (const { at } of timeline.faults) cells[column(at)] = '^';
    lines.push(`${'faults'.padEnd(label)} ${cells.join('').trimEnd()}`);
  }
  lines.push('', Object.entries(MARKS).map(([stage, mark]) => `${mark} ${stage}`).join('   '));
  const entries = [...timeline.decisions, ...timeline.faults].sort((a, b) => a.at - b.at);
  if (entries.length > 0) lines.push('');
  if (entries.length > ENTRIES_MAX) lines.push(`(the last ${ENTRIES_MAX} of ${entries.length} decisions and faults)`);
  for (const { at, source, subject, message } of entries.slice(-ENTRIES_MAX)) lines.push(`${offset(from, at).padEnd(9)} ${source}: ${subject} ${message}`);
  return `${lines.join('\n')}\n`;
}
