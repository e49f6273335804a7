// Text whose cells end in tabs, as columns: a column is a block of consecutive lines that have a cell there.

const GAP = 2;

/** Aligns cells that tabs end; a block of lines shares a width, as Go's text/tabwriter has it with a padding of two. @internal */
export function alignTabs(text: string): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const out = lines.map(() => '');
  alignColumn(lines, out, 0, lines.length, 0);
  return out.map((line, index) => line + (lines[index]?.at(-1) ?? '')).join('\n');
}

/** Lays out column `column` of the lines from `from` to `to`, then the columns right of it. */
function alignColumn(lines: readonly (readonly string[])[], out: string[], from: number, to: number, column: number): void {
  const hasCell = (row: number): boolean => (lines[row]?.length ?? 0) - 1 > column;
  for (let start = from; start < to; start++) {
    if (!hasCell(start)) continue;
    let end = start;
    let width = 0;
    for (; end < to && hasCell(end); end++) width = Math.max(width, (lines[end]?.[column] ?? '').length);
    const padded = width === 0 ? 0 : width + GAP;
    for (let row = start; row < end; row++) out[row] += (lines[row]?.[column] ?? '').padEnd(padded);
    alignColumn(lines, out, start, end, column + 1);
    start = end - 1;
  }
}
