// JSONPath templates as kubectl has them: `{.items[*].metadata.name}`, range and end, filters, unions, literals.
// Upstream: k8s.io/client-go/util/jsonpath (1.37). Keys that are missing select nothing.
import { KubectlError } from '../kubectl-error.ts';

/** What a template does next. */
type Part = { readonly text: string } | { readonly path: string } | { readonly range: string; readonly body: readonly Part[] };

/** The text of a template over a value. Throws KubectlError for templates that cannot be read. @internal */
export function renderJsonPath(template: string, value: unknown): string {
  const source = relaxed(template);
  let parts: readonly Part[];
  try {
    [parts] = parse(tokenize(source), 0);
    for (const path of pathsOf(parts)) select(path, undefined);
  } catch (error) {
    if (error instanceof PathError) throw new KubectlError(`error: error parsing jsonpath ${source}, ${error.message}`);
    throw error;
  }
  try {
    return render(parts, value, value);
  } catch (error) {
    if (!(error instanceof PathError)) throw error;
    throw new KubectlError(`error: error executing jsonpath "${source}": Error executing template: ${error.message}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${source}\n\tobject given to jsonpath engine was:\n\t\t${goSyntax(value)}\n\n`);
  }
}

/** What a path cannot do; its callers say where. */
class PathError extends Error {}

/** kubectl takes `.a.b`, `a.b` and `{.a.b}` alike. */
function relaxed(template: string): string {
  if (/[{}]/.test(template)) return template;
  return `{${template.startsWith('.') || template.startsWith('$') || template.startsWith('[') ? '' : '.'}${template}}`;
}

function tokenize(source: string): string[] {
  const tokens: string[] = [];
  let rest = source;
  while (rest !== '') {
    const open = rest.indexOf('{');
    if (open !== 0) {
      tokens.push(open < 0 ? rest : rest.slice(0, open));
      rest = open < 0 ? '' : rest.slice(open);
      continue;
    }
    const close = closing(rest);
    if (close < 0) throw new PathError(/\[[^\]]*$/.test(rest) ? 'unterminated array' : 'unclosed action');
    tokens.push(`{${rest.slice(1, close).trim()}`);
    rest = rest.slice(close + 1);
  }
  return tokens;
}

function closing(text: string): number {
  let quote = '';
  for (let index = 1; index < text.length; index++) {
    const char = text[index] as string;
    if (quote !== '') {
      if (char === '\\') index++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '}') return index;
  }
  return -1;
}

function parse(tokens: readonly string[], start: number): [Part[], number] {
  const parts: Part[] = [];
  for (let index = start; index < tokens.length; index++) {
    const token = tokens[index] as string;
    if (!token.startsWith('{')) {
      parts.push({ text: token });
      continue;
    }
    const action = token.slice(1);
    if (action === 'end') return [parts, index];
    if (/^range\b/.test(action)) {
      const [body, end] = parse(tokens, index + 1);
      if (tokens[end] !== '{end') throw new PathError('not in range, nothing to end');
      parts.push({ range: action.slice(5).trim(), body });
      index = end;
    } else if (/^["'].*["']$/s.test(action)) {
      parts.push({ text: unquote(action) });
    } else {
      parts.push({ path: action });
    }
  }
  return [parts, tokens.length];
}

function unquote(text: string): string {
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
  return text.slice(1, -1).replace(/\\(.)/gs, (_, char: string) => escapes[char] ?? char);
}

function pathsOf(parts: readonly Part[]): readonly string[] {
  return parts.flatMap((part) => ('path' in part ? [part.path] : 'range' in part ? [part.range, ...pathsOf(part.body)] : []));
}

function render(parts: readonly Part[], value: unknown, root: unknown): string {
  return parts.map((part) => {
    if ('text' in part) return part.text;
    if ('range' in part) return select(part.range, value, root).map((item) => render(part.body, item, root)).join('');
    return select(part.path, value, root).map(show).join(' ');
  }).join('');
}

function show(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(sorted(value)) : String(value);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted((value as Readonly<Record<string, unknown>>)[key])]));
}

/** A value as Go's %#v prints decoded JSON. */
function goSyntax(value: unknown): string {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (typeof value !== 'object') return String(value);
  return `map[string]interface {}{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${goSyntax((value as Readonly<Record<string, unknown>>)[key])}`).join(', ')}}`;
}

/** Values that a path selects. Throws an error for a path that cannot be read. @internal */
export function select(path: string, value: unknown, root: unknown = value): unknown[] {
  let text = path.trim();
  let current: unknown[] = value === undefined ? [] : [value];
  if (text.startsWith('$')) {
    text = text.slice(1);
    current = root === undefined ? [] : [root];
  } else if (text.startsWith('@')) {
    text = text.slice(1);
  }
  while (text !== '') {
    const bracket = /^\.?\[/.exec(text);
    if (bracket !== null) {
      const inner = bracketed(text.slice(bracket[0].length));
      text = text.slice(bracket[0].length + inner.length + 1);
      current = inBrackets(current, inner.trim(), root);
      continue;
    }
    const step = /^\.\.((?:\\.|[^.[\]\s\\{}])+|(?=\[))|^\.((?:\\.|[^.[\s\\])+)|^\.$|^([A-Za-z0-9_-]+)/.exec(text);
    if (step === null) throw new PathError(`unrecognized character in action: U+${(text.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')} '${text[0] as string}'`);
    text = text.slice(step[0].length);
    if (step[1] !== undefined) current = current.flatMap((item) => descend(item, unescape(step[1] as string)));
    else if (step[2] !== undefined) current = field(current, unescape(step[2]));
    else if (step[3] !== undefined) throw new PathError(`unrecognized identifier ${step[3]}`);
  }
  return current;
}

function unescape(name: string): string {
  return name.replace(/\\(.)/g, '$1');
}

/** What stands before the bracket that closes: nested brackets and quotes are skipped. */
function bracketed(text: string): string {
  let depth = 0;
  let quote = '';
  for (let index = 0; index < text.length; index++) {
    const char = text[index] as string;
    if (quote !== '') {
      if (char === '\\') index++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '[') depth++;
    else if (char === ']' && depth-- === 0) return text.slice(0, index);
  }
  throw new PathError('unterminated array');
}

function inBrackets(values: readonly unknown[], inner: string, root: unknown): unknown[] {
  if (inner === '*') return values.flatMap(items);
  const filter = /^\?\((.*)\)$/s.exec(inner);
  if (filter !== null) return values.flatMap((value) => items(value).filter((item) => passes(filter[1] as string, item, root)));
  if (/^['"]/.test(inner)) {
    const names = inner.match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g) ?? [];
    // A union takes each of its paths in turn; a name in quotes that has dots is one key, alone, and a path in a union.
    if (names.length === 1) return field(values, unquote(names[0] as string));
    return names.flatMap((name) => values.flatMap((value) => select(`.${unquote(name)}`, value, root)));
  }
  if (!/^-?\d*(:-?\d*){0,2}$|^-?\d+(\s*,\s*-?\d+)*$/.test(inner)) throw new PathError(`invalid array index ${inner}`);
  return values.flatMap((value) => pick(value, inner));
}

function field(values: readonly unknown[], name: string): unknown[] {
  if (name === '*') return values.flatMap(items);
  return values.flatMap((value) => {
    const found = value !== null && typeof value === 'object' && !Array.isArray(value) && Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
    return found === undefined ? [] : [found];
  });
}

function items(value: unknown): unknown[] {
  if (Array.isArray(value)) return [...(value as unknown[])];
  return value !== null && typeof value === 'object' ? Object.keys(value).sort().map((key) => (value as Readonly<Record<string, unknown>>)[key]) : [];
}

function pick(value: unknown, index: string): unknown[] {
  if (value === null) return [];
  if (!Array.isArray(value)) throw new PathError(`${typeof value === 'object' ? 'map[string]interface {}' : typeof value} is not array or slice`);
  const list = value as unknown[];
  if (index.includes(':')) {
    const [from, to, step = '1'] = index.split(':').map((part) => part.trim());
    const place = (text: string | undefined, other: number): number => (text === undefined || text === '' ? other : Number(text) < 0 ? Math.max(0, list.length + Number(text)) : Math.min(list.length, Number(text)));
    return list.slice(place(from, 0), place(to, list.length)).filter((_, at) => at % Math.max(1, Number(step)) === 0);
  }
  return index.split(',').map((part) => {
    const at = Number(part);
    if (at >= list.length || at < -list.length) throw new PathError(`array index out of bounds: index ${at < 0 ? list.length + at : at}, length ${list.length}`);
    return list[at < 0 ? list.length + at : at];
  });
}

/** `..name`: the field wherever it is, outer ones first; `..` before a bracket: everything below. */
function descend(value: unknown, name: string): unknown[] {
  const here = name === '' ? [value] : field([value], name);
  return [...here, ...items(value).flatMap((item) => (item !== null && typeof item === 'object' ? descend(item, name) : []))];
}

function passes(filter: string, value: unknown, root: unknown): boolean {
  const match = /^(.+?)\s*(==|!=|<=|>=|<|>)\s*(.+)$/s.exec(filter.trim());
  if (match === null) return select(filter, value, root).length > 0;
  const [, left = '', operator, right = ''] = match;
  const [a, b] = [operand(left, value, root), operand(right, value, root)];
  if (a === undefined) return false;
  switch (operator) {
    case '==': return a === b;
    case '!=': return a !== b;
    case '<': return (a as number) < (b as number);
    case '>': return (a as number) > (b as number);
    case '<=': return (a as number) <= (b as number);
    default: return (a as number) >= (b as number);
  }
}

function operand(text: string, value: unknown, root: unknown): unknown {
  const word = text.trim();
  if (/^(['"]).*\1$/s.test(word)) return unquote(word);
  if (/^[@$.]/.test(word)) return select(word, value, root)[0];
  if (word === 'true' || word === 'false') return word === 'true';
  return Number.isNaN(Number(word)) ? word : Number(word);
}
