// What -o asks for: one place for get and for the verbs that print what they wrote.
import { goShaped, type KubeObject } from '@kubesim/api';
import type { Parsed } from '../flags.ts';
import { KubectlError } from '../kubectl-error.ts';
import { qualified, type Mapping, type Session } from '../session.ts';
import { goText, renderGoTemplate } from './go-template.ts';
import { renderJsonPath, select } from './jsonpath.ts';
import { printJson, printYaml, withoutManagedFields } from './object.ts';
import { alignRows } from './table.ts';

/** An object and what kind it is. @internal */
export interface Found {
  readonly mapping: Mapping;
  readonly object: KubeObject;
}

const FORMATS = ['custom-columns', 'custom-columns-file', 'go-template', 'go-template-file', 'json', 'jsonpath', 'jsonpath-as-json', 'jsonpath-file', 'kyaml', 'name', 'template', 'templatefile', 'wide', 'yaml'];

function splitOutput(parsed: Parsed): readonly [string, string] {
  const output = parsed.flags['output'] ?? '';
  const equals = output.indexOf('=');
  return equals < 0 ? [output, parsed.flags['template'] ?? ''] : [output.slice(0, equals), output.slice(equals + 1)];
}

/** Throws KubectlError for an -o that no printer matches. @internal */
export function checkOutput(parsed: Parsed, isTable: boolean): void {
  const [format, argument] = splitOutput(parsed);
  if (format === '' || FORMATS.includes(format) && (isTable || !/^(wide|custom-columns.*)$/.test(format))) {
    if (/^(go-template|template|jsonpath|jsonpath-as-json)$/.test(format) && argument === '') throw new KubectlError(`error: template format specified but no template given`);
    if (format === 'custom-columns' && argument === '') throw new KubectlError('error: custom-columns format specified but no custom columns given');
    return;
  }
  const allowed = isTable ? FORMATS : FORMATS.filter((each) => !/^(wide|custom-columns.*)$/.test(each));
  throw new KubectlError(`error: unable to match a printer suitable for the output format "${format}", allowed formats are: ${allowed.join(',')}`);
}

/** Prints objects as -o says: one by itself, several as a List. @internal */
export function printFound(session: Session, parsed: Parsed, found: readonly Found[], isSingle: boolean): void {
  const objects = found.map(({ object }) => goShaped(parsed.flags['show-managed-fields'] === 'true' ? object : withoutManagedFields(object)));
  const whole: unknown = isSingle ? objects[0] : { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items: objects };
  const [format, argument] = splitOutput(parsed);
  switch (format) {
    case 'yaml': return session.out(printYaml(whole));
    case 'json': return session.out(printJson(whole));
    case 'name': return session.out(found.map(({ mapping, object }) => `${qualified(mapping)}/${object.metadata.name ?? ''}\n`).join(''));
    case 'jsonpath': return session.out(renderJsonPath(argument, whole));
    case 'jsonpath-as-json': return session.out(printJson(select(argument.replace(/^\{|\}$/g, ''), whole)));
    case 'jsonpath-file': return session.out(renderJsonPath(readTemplate(session, argument).trimEnd(), whole));
    case 'go-template': case 'template': return session.out(renderGoTemplate(argument, whole));
    case 'go-template-file': case 'templatefile': return session.out(renderGoTemplate(readTemplate(session, argument), whole));
    case 'custom-columns': return session.out(printColumns(argument.split(',').map((column) => readColumn(column, argument)), objects, parsed));
    case 'custom-columns-file': {
      const [names = '', paths = ''] = readTemplate(session, argument).trim().split('\n');
      const path = paths.trim().split(/\s+/);
      return session.out(printColumns(names.trim().split(/\s+/).map((name, index) => ({ name, path: path[index] ?? '' })), objects, parsed));
    }
    default: throw new KubectlError(`error: the output format "${format}" is not there in process`);
  }
}

function readTemplate(session: Session, file: string): string {
  if (session.options.readFile === undefined) throw new KubectlError(`error: error reading --template ${file}, open ${file}: no such file or directory`);
  return session.options.readFile(file);
}

interface Column {
  readonly name: string;
  readonly path: string;
}

function readColumn(text: string, all: string): Column {
  const colon = text.indexOf(':');
  if (colon < 0) throw new KubectlError(`error: unexpected custom-columns spec: ${text}, expected <header>:<json-path-expr>`);
  if (colon === 0) throw new KubectlError(`error: unexpected custom-columns spec: ${all}, expected <header>:<json-path-expr>`);
  return { name: text.slice(0, colon), path: text.slice(colon + 1) };
}

function printColumns(columns: readonly Column[], objects: readonly KubeObject[], parsed: Parsed): string {
  const rows = objects.map((object) => columns.map(({ path }) => {
    const inner = path.replace(/^\{|\}$/g, '');
    const values = select(/^[.$[]/.test(inner) ? inner : `.${inner}`, object).filter((value) => value !== null);
    return values.length === 0 ? '<none>' : values.map(goText).join(',');
  }));
  return alignRows(parsed.flags['no-headers'] === 'true' ? rows : [columns.map(({ name }) => name), ...rows]);
}
