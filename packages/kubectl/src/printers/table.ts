// Tables as kubectl prints them: columns padded to their widest cell and three blanks, wide columns only when asked.
import type { KubeObject } from '@kubesim/api';

/** A Table of the server. @internal */
export interface ServerTable {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly columnDefinitions?: readonly { readonly name: string; readonly type: string; readonly format?: string; readonly priority?: number }[] | null;
  readonly rows: readonly { readonly cells: readonly unknown[]; readonly object?: KubeObject }[];
}

/** What to show besides the cells. @internal */
export interface TableOptions {
  readonly wide?: boolean;
  readonly noHeaders?: boolean;
  /** Put before names: `statefulset.apps/`. */
  readonly prefix?: string;
  readonly withNamespace?: boolean;
  readonly showLabels?: boolean;
  readonly labelColumns?: readonly string[];
  /** Type of the watch event, shown in a first column. */
  readonly eventType?: string;
}

/** Header and rows as text cells. @internal */
export function tableCells(table: ServerTable, options: TableOptions): { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] } {
  const definitions = table.columnDefinitions ?? [];
  const shown = definitions.map((column, index) => ({ column, index })).filter(({ column }) => options.wide === true || (column.priority ?? 0) === 0);
  const header = [
    ...(options.eventType === undefined ? [] : ['EVENT']), ...(options.withNamespace === true ? ['NAMESPACE'] : []), ...shown.map(({ column }) => column.name.toUpperCase()),
    ...(options.labelColumns ?? []).map((label) => label.slice(label.lastIndexOf('/') + 1).toUpperCase()), ...(options.showLabels === true ? ['LABELS'] : []),
  ];
  const rows = table.rows.map((row) => {
    const metadata = row.object?.metadata;
    const cells = shown.map(({ column, index }) => {
      const text = cellText(row.cells[index]);
      return column.format === 'name' && options.prefix !== undefined ? `${options.prefix}${text}` : text;
    });
    return [
      ...(options.eventType === undefined ? [] : [options.eventType]), ...(options.withNamespace === true ? [metadata?.namespace ?? ''] : []), ...cells,
      ...(options.labelColumns ?? []).map((label) => metadata?.labels?.[label] ?? ''), ...(options.showLabels === true ? [formatLabels(metadata?.labels)] : []),
    ];
  });
  return { header, rows };
}

function cellText(cell: unknown): string {
  const text = cell === null || cell === undefined ? '<none>' : String(cell);
  const newline = text.indexOf('\n');
  return newline < 0 ? text : `${text.slice(0, newline)}...`;
}

/** Labels as `a=b,c=d`, sorted; `<none>` without any. @internal */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const entries = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? '<none>' : entries.map(([key, value]) => `${key}=${value}`).join(',');
}

/** Rows of cells as text: every cell but the last is padded to its column. `widths` is kept up to date: a watch goes on where it was. @internal */
export function alignRows(rows: readonly (readonly string[])[], gap: number = 3, widthMin: number = 6, widths: number[] = []): string {
  for (const row of rows) row.forEach((cell, index) => { if (index < row.length - 1) widths[index] = Math.max(widths[index] ?? widthMin, [...cell].length + gap); });
  return rows.map((row) => `${row.map((cell, index) => (index < row.length - 1 ? cell + ' '.repeat((widths[index] as number) - [...cell].length) : cell)).join('')}\n`).join('');
}

/** A Table as kubectl prints it; empty without rows. @internal */
export function printTable(table: ServerTable, options: TableOptions, widths: number[] = []): string {
  const { header, rows } = tableCells(table, options);
  if (rows.length === 0) return '';
  return alignRows(options.noHeaders === true ? rows : [header, ...rows], 3, 6, widths);
}
