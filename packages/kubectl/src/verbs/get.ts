// kubectl get: tables of the server, or objects in the format asked for; once, or as they change.
import type { KubeObject, Status } from '@kubesim/api';
import { parseFlags, type FlagKinds, type Parsed } from '../flags.ts';
import { KubectlError } from '../kubectl-error.ts';
import { checkOutput, printFound, type Found } from '../printers/print.ts';
import { sortBy } from '../printers/sort.ts';
import { printTable, type ServerTable, type TableOptions } from '../printers/table.ts';
import { apiVersionOf, listError, qualified, statusError, type Mapping, type Session } from '../session.ts';
import { listItems, mappingOf, readFiles, readTargets, type NamedTarget } from '../targets.ts';
import { seconds } from './rollout.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';
/** How long a watch lasts in process where --request-timeout does not say. */
const WATCH_MS = 30_000;
const FLAGS: FlagKinds = {
  output: 'value', selector: 'value', 'field-selector': 'value', 'all-namespaces': 'bool', watch: 'bool', 'watch-only': 'bool', 'no-headers': 'bool', 'show-labels': 'bool', 'label-columns': 'list',
  'sort-by': 'value', 'ignore-not-found': 'bool', 'show-kind': 'bool', 'show-managed-fields': 'bool', 'chunk-size': 'value', filename: 'list', recursive: 'bool', kustomize: 'value', subresource: 'value', raw: 'value',
  'output-watch-events': 'bool', template: 'value', 'allow-missing-template-keys': 'bool', 'server-print': 'bool',
};

interface Targets {
  readonly types: readonly Mapping[];
  readonly names: readonly (NamedTarget & { readonly namespace?: string })[];
}

/** `kubectl get`. @internal */
export function get(session: Session, words: readonly string[]): void {
  const parsed = parseFlags(words, FLAGS, 'get');
  const raw = parsed.flags['raw'];
  if (raw !== undefined) return getRaw(session, raw);
  checkOutput(parsed, true);
  if (parsed.args.length === 0 && parsed.lists['filename'] === undefined) {
    throw new KubectlError('You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\nerror: Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).\nSee \'kubectl get -h\' for help and examples');
  }
  const targets: Targets = parsed.lists['filename'] === undefined ? readTargets(session, parsed.args) : { types: [], names: readFiles(session, parsed).map(({ object, source }) => ({ mapping: mappingOf(session, object, source), name: object.metadata.name ?? '', namespace: object.metadata.namespace })) };
  if (parsed.flags['selector'] !== undefined && targets.names.length > 0) throw new KubectlError('error: name cannot be provided when a selector is specified');
  if (parsed.flags['all-namespaces'] === 'true' && targets.names.length > 0) throw new KubectlError('error: a resource cannot be retrieved by name across all namespaces');
  if (parsed.flags['watch'] === 'true' || parsed.flags['watch-only'] === 'true') return watch(session, parsed, targets);
  const output = parsed.flags['output'] ?? '';
  if (output === '' || output === 'wide') getTables(session, parsed, targets);
  else getObjects(session, parsed, targets);
}

function getRaw(session: Session, raw: string): void {
  const [path = '', query] = raw.split('?');
  const response = session.options.handle({ method: 'GET', path, query, headers: { accept: 'application/json, */*' } });
  if (response.status >= 400) throw statusError(response.body as Status | undefined);
  session.out(response.text ?? `${JSON.stringify(response.body)}\n`);
}

interface Part {
  readonly mapping: Mapping;
  readonly table: ServerTable;
}

function tableOptions(parsed: Parsed): TableOptions {
  return {
    wide: parsed.flags['output'] === 'wide', noHeaders: parsed.flags['no-headers'] === 'true', showLabels: parsed.flags['show-labels'] === 'true', labelColumns: parsed.lists['label-columns']?.flatMap((labels) => labels.split(',')),
  };
}

function askTable(session: Session, parsed: Parsed, mapping: Mapping): ServerTable {
  const query = { labelSelector: parsed.flags['selector'], fieldSelector: parsed.flags['field-selector'], limit: parsed.flags['sort-by'] === undefined ? '500' : undefined, includeObject: parsed.flags['sort-by'] === undefined ? undefined : 'Object' };
  const response = session.send('GET', session.path(mapping, undefined, parsed.flags['all-namespaces'] === 'true' ? '' : session.namespace), { query, accept: TABLE });
  if (response.status >= 400) throw listError(response.body as Status, mapping, { label: parsed.flags['selector'], field: parsed.flags['field-selector'] });
  return response.body as ServerTable;
}

function askOne(session: Session, parsed: Parsed, { mapping, name, namespace }: Targets['names'][number], accept?: string): ReturnType<Session['send']> {
  const subresource = parsed.flags['subresource'];
  return session.send('GET', `${session.path(mapping, name, namespace)}${subresource === undefined ? '' : `/${subresource}`}`, { accept });
}

function getTables(session: Session, parsed: Parsed, targets: Targets): void {
  const parts: Part[] = [];
  const failures: KubectlError[] = [];
  const isAll = parsed.flags['all-namespaces'] === 'true';
  for (const mapping of targets.types) {
    try {
      parts.push({ mapping, table: askTable(session, parsed, mapping) });
    } catch (error) {
      if (!(error instanceof KubectlError)) throw error;
      failures.push(error);
    }
  }
  for (const target of targets.names) {
    const response = askOne(session, parsed, target, TABLE);
    if (response.status >= 400) {
      if (response.status !== 404 || parsed.flags['ignore-not-found'] !== 'true') failures.push(statusError(response.body as Status));
      continue;
    }
    const last = parts[parts.length - 1];
    const table = response.body as ServerTable;
    if (last !== undefined && last.mapping === target.mapping) parts[parts.length - 1] = { mapping: target.mapping, table: { ...last.table, rows: [...last.table.rows, ...table.rows] } };
    else parts.push({ mapping: target.mapping, table });
  }
  const several = targets.types.length > 1 || parts.length > 1 || parsed.flags['show-kind'] === 'true';
  const options = tableOptions(parsed);
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
  return path === undefined ? table : { ...table, rows: sortBy(table.rows, path, (row) => row.object) };
}

function getObjects(session: Session, parsed: Parsed, targets: Targets): void {
  const found: Found[] = [];
  const failures: KubectlError[] = [];
  for (const target of targets.names) {
    const response = askOne(session, parsed, target);
    if (response.status < 400) found.push({ mapping: target.mapping, object: response.body as KubeObject });
    else if (response.status !== 404 || parsed.flags['ignore-not-found'] !== 'true') failures.push(statusError(response.body as Status));
  }
  for (const mapping of targets.types) for (const object of listItems(session, mapping, parsed)) found.push({ mapping, object });
  const isSingle = targets.types.length === 0 && targets.names.length === 1;
  const path = parsed.flags['sort-by'];
  if (!isSingle || found.length > 0) printFound(session, parsed, path === undefined ? found : sortBy(found, path, ({ object }) => object), isSingle);
  fail(session, failures);
}

// Watching: the rows as they are, then each that changes while virtual time passes

function watch(session: Session, parsed: Parsed, targets: Targets): void {
  const mapping = targets.types[0] ?? targets.names[0]?.mapping;
  if (mapping === undefined || targets.types.length + targets.names.length !== 1) throw new KubectlError('error: you may only specify a single resource type');
  const name = targets.names[0]?.name;
  const isTable = /^(wide)?$/.test(parsed.flags['output'] ?? '');
  const withEvents = parsed.flags['output-watch-events'] === 'true';
  const options = { ...tableOptions(parsed), withNamespace: parsed.flags['all-namespaces'] === 'true' && mapping.namespaced };
  const widths: number[] = [];
  let known = new Map<string, ServerTable['rows'][number]>();
  let hasHeader = options.noHeaders === true;
  const show = (type: string, table: ServerTable, rows: ServerTable['rows']): void => {
    if (rows.length === 0) return;
    if (!isTable) {
      for (const row of rows) {
        const object = { kind: mapping.kind, apiVersion: apiVersionOf(mapping), ...(row.object as KubeObject) };
        if (withEvents) printFound(session, parsed, [{ mapping, object: { type, object } as unknown as KubeObject }], true);
        else printFound(session, parsed, [{ mapping, object }], true);
      }
      return;
    }
    session.out(printTable({ ...table, rows }, { ...options, noHeaders: hasHeader, eventType: withEvents ? type : undefined }, widths));
    hasHeader = true;
  };
  const look = (isFirst: boolean): void => {
    const table = name === undefined ? session.ask('GET', session.path(mapping, undefined, options.withNamespace ? '' : session.namespace), { query: { labelSelector: parsed.flags['selector'], fieldSelector: parsed.flags['field-selector'], includeObject: 'Object' }, accept: TABLE }) as unknown as ServerTable
      : lookAtOne(session, mapping, name, isFirst);
    const seen = new Map(table.rows.map((row) => [`${row.object?.metadata.namespace ?? ''}/${row.object?.metadata.name ?? ''}`, row]));
    if (isFirst) {
      if (parsed.flags['watch-only'] !== 'true') show('ADDED', table, table.rows);
    } else {
      for (const [key, row] of known) if (!seen.has(key)) show('DELETED', table, [row]);
      for (const [key, row] of seen) {
        const before = known.get(key)?.object?.metadata;
        if (before?.resourceVersion !== row.object?.metadata.resourceVersion) show(before === undefined ? 'ADDED' : 'MODIFIED', table, [row]);
      }
    }
    known = seen;
  };
  look(true);
  const timeout = parsed.flags['request-timeout'];
  session.wait(() => {
    look(false);
    return false;
  }, session.options.now() + (timeout === undefined || timeout === '0' ? WATCH_MS : seconds(timeout) * 1_000));
}

function lookAtOne(session: Session, mapping: Mapping, name: string, isFirst: boolean): ServerTable {
  const response = session.send('GET', session.path(mapping, name), { query: { includeObject: 'Object' }, accept: TABLE });
  if (response.status === 404 && !isFirst) return { rows: [] };
  if (response.status >= 400) throw statusError(response.body as Status);
  return response.body as ServerTable;
}
