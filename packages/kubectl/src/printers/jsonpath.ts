// JSONPath templates as kubectl has them: `{.items[*].metadata.name}`, range and end, filters, literals.
import { KubectlError } from '../kubectl-error.ts';

/** What a template does next. */
type Part = { readonly text: string } | { readonly path: string } | { readonly range: string; readonly body: readonly Part[] };

/** The text of a template over a value. Throws KubectlError for templates that cannot be read. @internal */
export function renderJsonPath(template: string, value: unknown): string {
  const source = /[{}]/.test(template) ? template : `{${template.startsWith('.') || template.startsWith('$') ? '' : '.'}${template}}`;
  const tokens = tokenize(source);
  const [parts] = parse(tokens, 0);
  return render(parts, value, value);
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
    if (close < 0) throw new KubectlError('error: error parsing jsonpath, unclosed action');
    tokens.push(`{${rest.slice(1, close).trim()}`);
    rest = rest.slice(close + 1);
  }
  return tokens;
}

function closing(text: string): number {
  let quote = '';
  for (let index = 1; index < text.length; index++) {
    const char = text[index] as string;
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
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
    if (action.startsWith('range')) {
      const [body, end] = parse(tokens, index + 1);
      parts.push({ range: action.slice(5).trim(), body });
      index = end;
    } else if (/^["'].*["']$/s.test(action)) {
      parts.push({ text: action.slice(1, -1).replace(/\\n/g, '\n').replace(/\\t/g, '\t').replace(/\\"/g, '"') });
    } else {
      parts.push({ path: action });
    }
  }
  return [parts, tokens.length];
}

function render(parts: readonly Part[], value: unknown, root: unknown): string {
  return parts.map((part) => {
    if ('text' in part) return part.text;
    if ('range' in part) return select(part.range, value, root).map((item) => render(part.body, item, root)).join('');
    return select(part.path, value, root).map(show).join(' ');
  }).join('');
}

function show(value: unknown): string {
  return value !== null && typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Values that a path selects. @internal */
export function select(path: string, value: unknown, root: unknown = value): unknown[] {
  let text = path.trim();
  let current: unknown[] = [value];
  if (text.startsWith('$')) {
    text = text.slice(1);
    current = [root];
  } else if (text.startsWith('@')) {
    text = text.slice(1);
  }
  while (text !== '') {
    const step = /^\.\.([A-Za-z0-9_-]+|\*)|^\.?\[\?\(([^\]]*)\)\]|^\.?\[(['"])(.*?)\3\]|^\.?\[([^\]]*)\]|^\.((?:\\.|[^.[\\])+)|^\.$/.exec(text);
    if (step === null) throw new KubectlError(`error: error parsing jsonpath ${path}, unrecognized character in action: ${text.slice(0, 10)}`);
    text = text.slice(step[0].length);
    if (step[1] !== undefined) current = current.flatMap((item) => descend(item, step[1] as string));
    else if (step[2] !== undefined) current = current.flatMap((item) => items(item).filter((each) => passes(step[2] as string, each)));
    else if (step[4] !== undefined) current = field(current, step[4]);
    else if (step[5] !== undefined) current = current.flatMap((item) => pick(item, step[5] as string));
    else if (step[6] !== undefined) current = field(current, step[6].replace(/\\(.)/g, '$1'));
  }
  return current;
}

function field(values: readonly unknown[], name: string): unknown[] {
  if (name === '*') return values.flatMap(items);
  return values.flatMap((value) => {
    const found = value !== null && typeof value === 'object' && Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
    return found === undefined ? [] : [found];
  });
}

function items(value: unknown): unknown[] {
  if (Array.isArray(value)) return [...(value as unknown[])];
  return value !== null && typeof value === 'object' ? Object.values(value) : [];
}

function pick(value: unknown, index: string): unknown[] {
  if (index.trim() === '*') return items(value);
  if (!Array.isArray(value)) return [];
  const list = value as unknown[];
  if (index.includes(':')) {
    const [from, to] = index.split(':').map((part) => (part.trim() === '' ? undefined : Number(part)));
    return list.slice(from ?? 0, to);
  }
  return index.split(',').flatMap((part) => {
    const at = Number(part);
    const item = list[at < 0 ? list.length + at : at];
    return item === undefined ? [] : [item];
  });
}

function descend(value: unknown, name: string): unknown[] {
  const here = name === '*' ? items(value) : field([value], name);
  return [...here, ...items(value).flatMap((item) => (item !== null && typeof item === 'object' ? descend(item, name) : []))];
}

function passes(filter: string, value: unknown): boolean {
  const match = /^(.+?)\s*(==|!=|<=|>=|<|>)\s*(.+)$/.exec(filter.trim());
  if (match === null) return select(filter, value).length > 0;
  const [, left = '', operator, right = ''] = match;
  const [a] = select(left, value);
  const b: unknown = /^["'].*["']$/.test(right.trim()) ? right.trim().slice(1, -1) : right.trim().startsWith('@') ? select(right, value)[0] : literal(right.trim());
  switch (operator) {
    case '==': return a === b;
    case '!=': return a !== b;
    case '<': return (a as number) < (b as number);
    case '>': return (a as number) > (b as number);
    case '<=': return (a as number) <= (b as number);
    default: return (a as number) >= (b as number);
  }
}

function literal(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isNaN(Number(text)) ? text : Number(text);
}
