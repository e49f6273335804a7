// kubectl get: tables of the server, or objects in the format asked for.
import { withGoNulls, type KubeObject } from '@kubesim/api';
import { parseFlags, type Parsed } from '../flags.ts';
import { KubectlError } from '../kubectl-error.ts';
import { renderJsonPath, select } from '../printers/jsonpath.ts';
import { printJson, printYaml, withoutManagedFields } from '../printers/object.ts';
import { alignRows, printTable, type ServerTable, type TableOptions } from '../printers/table.ts';
import { renderGoTemplate } from '../printers/go-template.ts';
import { qualified, statusError, type Mapping, type Session } from '../session.ts';
import { listItems, readFiles, readTargets, mappingOf } from '../targets.ts';
import type { Status } from '@kubesim/api';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

/** `kubectl get`. @internal */
export function get(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, {
    output: 'value', selector: 'value', 'field-selector': 'value', 'all-namespaces': 'bool', watch: 'bool', 'watch-only': 'bool', 'no-headers': 'bool', 'show-labels': 'bool', 'label-columns': 'value',
    'sort-by': 'value', 'ignore-not-found': 'bool', 'show-kind': 'bool', 'show-managed-fields': 'bool', 'chunk-size': 'value', filename: 'list', subresource: 'value', raw: 'value', 'output-watch-events': 'bool', template: 'value',
  });
  const raw = parsed.flags['raw'];
  if (raw !== undefined) {
    const [path = '', query] = raw.split('?');
    const response = session.options.handle({ method: 'GET', path, query, headers: { accept: 'application/json, */*' } });
    if (response.status >= 400) throw statusError(response.body as Status);
    session.out(response.text ?? JSON.stringify(response.body));
    return;
  }
  const output = parsed.flags['output'] ?? '';
  if (output === '' || output === 'wide') getTables(session, parsed, output === 'wide');
  else getObjects(session, parsed, output);
}

interface Part {
  readonly mapping: Mapping;
  readonly table: ServerTable;
}

function getTables(session: Session, parsed: Parsed, wide: boolean): void {
  const parts: Part[] = [];
  const failures: KubectlError[] = [];
  const targets = parsed.lists['filename'] === undefined ? readTargets(session, parsed.args) : { types: [], names: readFiles(session, parsed).map((object) => ({ mapping: mappingOf(session, object, 'STDIN'), name: object.metadata.name ?? '' })) };
  const isAll = parsed.flags['all-namespaces'] === 'true';
  for (const mapping of targets.types) {
    const query = { labelSelector: parsed.flags['selector'], fieldSelector: parsed.flags['field-selector'], limit: '500', includeObject: parsed.flags['sort-by'] === undefined ? undefined : 'Object' };
    parts.push({ mapping, table: session.ask('GET', session.path(mapping, undefined, isAll ? '' : session.namespace), { query, accept: TABLE }) as unknown as ServerTable });
  }
  for (const { mapping, name } of targets.names) {
    const subresource = parsed.flags['subresource'];
    const response = session.send('GET', `${session.path(mapping, name)}${subresource === undefined ? '' : `/${subresource}`}`, { accept: TABLE });
    if (response.status >= 400) {
      if (response.status !== 404 || parsed.flags['ignore-not-found'] !== 'true') failures.push(statusError(response.body as Status));
      continue;
    }
    const last = parts[parts.length - 1];
    const table = response.body as ServerTable;
    if (last !== undefined && last.mapping === mapping) parts[parts.length - 1] = { mapping, table: { ...last.table, rows: [...last.table.rows, ...table.rows] } };
    else parts.push({ mapping, table });
  }
  const several = targets.types.length > 1 || parts.length > 1 || parsed.flags['show-kind'] === 'true';
  const options: TableOptions = {
    wide, noHeaders: parsed.flags['no-headers'] === 'true', withNamespace: isAll, showLabels: parsed.flags['show-labels'] === 'true', labelColumns: parsed.flags['label-columns']?.split(','),
  };
  const texts = parts.map(({ mapping, table }) => printTable(sortRows(table, parsed.flags['sort-by']), { ...options, prefix: several ? `${qualified(mapping)}/` : undefined, withNamespace: isAll && mapping.namespaced })).filter((text) => text !== '');
  session.out(texts.join('\n'));
  if (texts.length === 0 && failures.length === 0 && parsed.flags['ignore-not-found'] !== 'true') session.err(isAll || targets.types.every((mapping) => !mapping.namespaced) ? 'No resources found\n' : `No resources found in ${session.namespace} namespace.\n`);
  fail(session, failures);
}

function fail(session: Session, failures: readonly KubectlError[]): void {
  for (const failure of failures) session.err(`${failure.message}\n`);
  if (failures.length > 0) session.exit = 1;
}

function sortRows(table: ServerTable, path: string | undefined): ServerTable {
  if (path === undefined) return table;
  const inner = path.replace(/^\{|\}$/g, '');
  const keyed = table.rows.map((row, index) => ({ row, index, key: select(inner.startsWith('.') ? inner : `.${inner}`, row.object)[0] }));
  keyed.sort((a, b) => compare(a.key, b.key) || a.index - b.index);
  return { ...table, rows: keyed.map(({ row }) => row) };
}

function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  return (a as string | number) < (b as string | number) ? -1 : 1;
}

function getObjects(session: Session, parsed: Parsed, output: string): void {
  const targets = parsed.lists['filename'] === undefined ? readTargets(session, parsed.args) : { types: [], names: readFiles(session, parsed).map((object) => ({ mapping: mappingOf(session, object, 'STDIN'), name: object.metadata.name ?? '' })) };
  const found: { readonly mapping: Mapping; readonly object: KubeObject }[] = [];
  const failures: KubectlError[] = [];
  for (const { mapping, name } of targets.names) {
    const subresource = parsed.flags['subresource'];
    const response = session.send('GET', `${session.path(mapping, name)}${subresource === undefined ? '' : `/${subresource}`}`);
    if (response.status < 400) found.push({ mapping, object: response.body as KubeObject });
    else if (response.status !== 404 || parsed.flags['ignore-not-found'] !== 'true') failures.push(statusError(response.body as Status));
  }
  for (const mapping of targets.types) for (const object of listItems(session, mapping, parsed)) found.push({ mapping, object });
  const isSingle = targets.types.length === 0 && targets.names.length === 1;
  if (!isSingle || found.length > 0) printObjects(session, parsed, output, found, isSingle);
  fail(session, failures);
}

function printObjects(session: Session, parsed: Parsed, output: string, found: readonly { readonly mapping: Mapping; readonly object: KubeObject }[], isSingle: boolean): void {
  const objects = found.map(({ object }) => withGoNulls(parsed.flags['show-managed-fields'] === 'true' ? object : withoutManagedFields(object)));
  const sorted = parsed.flags['sort-by'] === undefined ? objects : objects.map((object, index) => ({ object, index })).sort((a, b) => {
    const path = (parsed.flags['sort-by'] as string).replace(/^\{|\}$/g, '');
    return compare(select(path, a.object)[0], select(path, b.object)[0]) || a.index - b.index;
  }).map(({ object }) => object);
  const whole: unknown = isSingle ? sorted[0] : { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items: sorted };
  const equals = output.indexOf('=');
  const [format, argument = ''] = equals < 0 ? [output, parsed.flags['template']] : [output.slice(0, equals), output.slice(equals + 1)];
  switch (format) {
    case 'yaml':
      session.out(printYaml(whole));
      return;
    case 'json':
      session.out(printJson(whole));
      return;
    case 'name':
      session.out(found.map(({ mapping, object }) => `${qualified(mapping)}/${object.metadata.name ?? ''}\n`).join(''));
      return;
    case 'jsonpath':
    case 'jsonpath-as-json':
      session.out(renderJsonPath(argument, whole));
      return;
    case 'go-template':
      session.out(renderGoTemplate(argument, whole));
      return;
    case 'custom-columns': {
      const columns = argument.split(',').map((column) => ({ name: column.slice(0, column.indexOf(':')), path: column.slice(column.indexOf(':') + 1) }));
      const rows = sorted.map((object) => columns.map(({ path }) => {
        const inner = path.replace(/^\{|\}$/g, '');
        const values = select(inner.startsWith('.') ? inner : `.${inner}`, object);
        return values.length === 0 ? '<none>' : values.map((value) => (value !== null && typeof value === 'object' ? goMap(value) : String(value))).join(',');
      }));
      session.out(alignRows(parsed.flags['no-headers'] === 'true' ? rows : [columns.map(({ name }) => name), ...rows]));
      return;
    }
    default:
      throw new KubectlError(`error: unable to match a printer suitable for the output format "${format ?? ''}", allowed formats are: custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml`);
  }
}

/** Maps and lists as Go prints them. */
function goMap(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goMap).join(' ')}]`;
  if (value !== null && typeof value === 'object') return `map[${Object.keys(value).sort().map((key) => `${key}:${goMap((value as Readonly<Record<string, unknown>>)[key])}`).join(' ')}]`;
  return String(value);
}
