// A timeline as one SVG: pods as lanes, stages coloured, decisions and faults marked, titles that tell why.
import type { LoggedReason } from '../settings.ts';
import { clock, offset, rowsOf, type PodStage, type Drawing } from './pod-lanes.ts';

/** @internal */
export const STAGE_COLOURS: Readonly<Record<PodStage, string>> = { unscheduled: '#c9a0dc', starting: '#f2c14e', running: '#f08a4b', ready: '#4f9d69', terminating: '#8a8f98', succeeded: '#5b8fd9', failed: '#c8443a' };
const FAULT = '#c8443a';
const DECISION = '#2f5d9b';
const WIDTH = 960;
const ROW = 24;
const BAR = 14;
const RIGHT = 24;
const TOP = 64;
const LETTER = 6.6;

/** @internal */
export function drawSvg(timeline: Drawing): string {
  const { from, to, faults, decisions } = timeline;
  const rows = rowsOf(timeline.pods);
  const owners = [...new Set(decisions.map(({ subject }) => subject).filter((subject) => !subject.startsWith('pod/')))];
  const names = [...owners.map(shortName), ...rows.map(({ name }) => name)];
  const left = Math.min(260, 24 + Math.ceil(Math.max(6, ...names.map((name) => name.length)) * LETTER));
  const x = (instant: number): string => (left + ((WIDTH - left - RIGHT) * (instant - from)) / Math.max(1, to - from)).toFixed(1);
  const bottom = TOP + (owners.length + rows.length) * ROW;
  const parts: string[] = [];
  for (const at of ticks(from, to)) {
    parts.push(`<line x1="${x(at)}" x2="${x(at)}" y1="${TOP - 6}" y2="${bottom}" stroke="#e4e6ea"/><text x="${x(at)}" y="${TOP - 12}" text-anchor="middle" class="t">${offset(from, at)}</text>`);
  }
  owners.forEach((subject, index) => {
    const y = TOP + index * ROW + ROW / 2;
    parts.push(`<text x="${left - 10}" y="${y + 4}" text-anchor="end">${escape(shortName(subject))}</text><line x1="${left}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="#d5d8dd" stroke-dasharray="2 3"/>`);
    for (const decision of decisions) if (decision.subject === subject) parts.push(diamond(x(decision.at), y, decision, from));
  });
  rows.forEach(({ name, lives }, index) => {
    const y = TOP + (owners.length + index) * ROW + ROW / 2;
    parts.push(`<text x="${left - 10}" y="${y + 4}" text-anchor="end">${escape(name)}</text>`);
    for (const { stretches, node } of lives) {
      for (const { stage, from: start, to: end, why } of stretches) {
        const width = Math.max(1, Number(x(end)) - Number(x(start)));
        parts.push(`<rect x="${x(start)}" y="${y - BAR / 2}" width="${width.toFixed(1)}" height="${BAR}" fill="${STAGE_COLOURS[stage]}"><title>${escape(`${name}: ${stage}, ${offset(from, start)} to ${offset(from, end)}${node === undefined ? '' : `, ${node}`}\n${why}`)}</title></rect>`);
      }
    }
    const subjects = new Set(lives.flatMap((lane) => [`pod/${lane.name}`, `pod/${lane.namespace}/${lane.name}`]));
    for (const decision of decisions) if (subjects.has(decision.subject)) parts.push(diamond(x(decision.at), y, decision, from));
  });
  for (const fault of faults) {
    const at = x(fault.at);
    parts.push(`<g><line x1="${at}" x2="${at}" y1="${TOP - 4}" y2="${bottom}" stroke="${FAULT}" stroke-width="1.5" stroke-dasharray="5 3"/><path d="M${at} ${TOP - 2}l-5 -8h10z" fill="${FAULT}"/><title>${escape(told(fault, from))}</title></g>`);
  }
  faults.forEach((fault, index) => {
    parts.push(`<text x="${left}" y="${bottom + 20 + index * 16}" fill="${FAULT}">${escape(told(fault, from))}</text>`);
  });
  const legendY = bottom + 24 + faults.length * 16;
  parts.push(legend(left, legendY));
  const height = legendY + 24;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#24292f">
<style>.t{fill:#6b7280;font-size:11px}</style>
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="${left}" y="22" font-size="14" font-weight="bold">Pods over ${offset(from, to).slice(1)} of virtual time, from ${new Date(from).toISOString().slice(0, 10)} ${clock(from)}</text>
${parts.join('\n')}
</svg>
`;
}

function told({ at, source, subject, message }: LoggedReason, from: number): string {
  return `${offset(from, at)} ${source === 'fault' ? '' : `${source}: `}${subject} ${message}`;
}

function diamond(x: string, y: number, decision: LoggedReason, from: number): string {
  return `<path d="M${x} ${y - 5}l4 5l-4 5l-4 -5z" fill="${DECISION}" fill-opacity="0.85"><title>${escape(`${told(decision, from)}${decision.blockedBy === undefined ? '' : `\nwaits for ${decision.blockedBy}`}\nrule ${decision.rule}`)}</title></path>`;
}

function legend(left: number, y: number): string {
  let x = left;
  const entries = (Object.entries(STAGE_COLOURS) as readonly (readonly [string, string])[]).map(([stage, colour]) => {
    const part = `<rect x="${x}" y="${y - 9}" width="11" height="11" fill="${colour}"/><text x="${x + 16}" y="${y}">${stage}</text>`;
    x += 34 + stage.length * LETTER;
    return part;
  });
  entries.push(`<path d="M${x + 5} ${y - 9}l4 5l-4 5l-4 -5z" fill="${DECISION}"/><text x="${x + 14}" y="${y}">decision</text>`);
  return entries.join('');
}

/** Five to ten round instants, counted from the start. */
function ticks(from: number, to: number): readonly number[] {
  const steps = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 86_400_000];
  const step = steps.find((each) => (to - from) / each <= 9) ?? Math.ceil((to - from) / 8);
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

/** `statefulset/default/web` as `statefulset/web`. */
function shortName(subject: string): string {
  const [kind, ...rest] = subject.split('/');
  return `${kind}/${rest[rest.length - 1] ?? ''}`;
}

/** @internal */
export function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
