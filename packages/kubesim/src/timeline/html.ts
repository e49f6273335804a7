// A timeline as one page: the picture, and a table of decisions and faults. Nothing outside it is needed.
import { drawSvg, escape } from './svg.ts';
import { offset, type Drawing } from './pod-lanes.ts';

/** @internal */
export function drawHtml(timeline: Drawing): string {
  const entries = [...timeline.decisions, ...timeline.faults].sort((a, b) => a.at - b.at);
  const rows = entries.map(({ at, source, subject, rule, message, blockedBy }) => `<tr${source === 'fault' ? ' class="fault"' : ''}><td>${offset(timeline.from, at)}</td><td>${escape(source)}</td><td>${escape(subject)}</td><td>${escape(message)}${blockedBy === undefined ? '' : ` <small>waits for ${escape(blockedBy)}</small>`}</td><td>${escape(rule)}</td></tr>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>kubesim timeline</title>
<style>
body{font:13px Helvetica,Arial,sans-serif;margin:16px;color:#24292f;background:#fff}
svg{max-width:100%;height:auto}
rect:hover,path:hover{stroke:#24292f;stroke-width:1}
table{border-collapse:collapse;margin-top:16px}
td,th{padding:3px 10px;text-align:left;border-bottom:1px solid #e4e6ea;vertical-align:top}
.fault td{color:#c8443a}
small{color:#6b7280}
</style></head><body>
${drawSvg(timeline)}
<table><thead><tr><th>when</th><th>who</th><th>about</th><th>what</th><th>rule</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
</body></html>
`;
}
