// The common subset of Go templates: fields, range, if/else, printf and text.
import { KubectlError } from '../kubectl-error.ts';

type Node = { readonly text: string } | { readonly print: string } | { readonly block: 'range' | 'if' | 'with'; readonly on: string; readonly body: readonly Node[]; readonly otherwise: readonly Node[] };

/** The text of a template over a value. Throws KubectlError for what is outside the subset. @internal */
export function renderGoTemplate(template: string, value: unknown): string {
  const tokens = template.split(/(\{\{-?\s*[\s\S]*?\s*-?\}\})/);
  tokens.forEach((token, index) => {
    if (token.startsWith('{{-')) tokens[index - 1] = (tokens[index - 1] ?? '').trimEnd();
    if (token.startsWith('{{') && token.endsWith('-}}')) tokens[index + 1] = (tokens[index + 1] ?? '').trimStart();
  });
  return render(parse(tokens.filter((token) => token !== ''), { at: 0 }).nodes, value, new Map([['$', value]]));
}

function parse(tokens: readonly string[], cursor: { at: number }): { nodes: Node[]; end: string } {
  const nodes: Node[] = [];
  while (cursor.at < tokens.length) {
    const token = tokens[cursor.at++] as string;
    if (!token.startsWith('{{')) {
      nodes.push({ text: token });
      continue;
    }
    const action = token.replace(/^\{\{-?\s*|\s*-?\}\}$/g, '');
    if (action.startsWith('/*')) continue;
    if (action === 'end' || action === 'else') return { nodes, end: action };
    const block = /^(range|if|with)\s+([\s\S]+)$/.exec(action);
    if (block === null) {
      nodes.push({ print: action });
      continue;
    }
    const body = parse(tokens, cursor);
    const otherwise = body.end === 'else' ? parse(tokens, cursor).nodes : [];
    nodes.push({ block: block[1] as 'range' | 'if' | 'with', on: block[2] as string, body: body.nodes, otherwise });
  }
  return { nodes, end: '' };
}

function render(nodes: readonly Node[], dot: unknown, variables: ReadonlyMap<string, unknown>): string {
  return nodes.map((node) => {
    if ('text' in node) return node.text;
    if ('print' in node) return goText(evaluate(node.print, dot, variables));
    const assigned = /^(?:(\$\w+)\s*,\s*)?(\$\w+)\s*:=\s*([\s\S]+)$/.exec(node.on);
    const value = evaluate(assigned?.[3] ?? node.on, dot, variables);
    if (node.block === 'range') {
      const entries: [unknown, unknown][] = Array.isArray(value) ? value.map((item, index) => [index, item]) : value !== null && typeof value === 'object' ? Object.keys(value).sort().map((key) => [key, (value as Readonly<Record<string, unknown>>)[key]]) : [];
      if (entries.length === 0) return render(node.otherwise, dot, variables);
      return entries.map(([key, item]) => {
        const inner = new Map(variables);
        if (assigned?.[1] !== undefined) inner.set(assigned[1], key);
        if (assigned?.[2] !== undefined) inner.set(assigned[2], item);
        return render(node.body, item, inner);
      }).join('');
    }
    const truthy = isTruthy(value);
    return render(truthy ? node.body : node.otherwise, truthy && node.block === 'with' ? value : dot, variables);
  }).join('');
}

function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== '';
}

/** A value as Go prints it. @internal */
export function goText(value: unknown): string {
  if (value === undefined || value === null) return '<no value>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value === 'object') return `map[${Object.keys(value).sort().map((key) => `${key}:${goText((value as Readonly<Record<string, unknown>>)[key])}`).join(' ')}]`;
  return String(value);
}

function evaluate(expression: string, dot: unknown, variables: ReadonlyMap<string, unknown>): unknown {
  const stages = expression.split('|').map((stage) => stage.trim());
  let carried: unknown;
  stages.forEach((stage, index) => {
    const words = stage.match(/"(?:[^"\\]|\\.)*"|`[^`]*`|\([^)]*\)|\S+/g) ?? [];
    const [head = '', ...rest] = words;
    const args = rest.map((word) => term(word, dot, variables));
    if (index > 0) args.push(carried);
    carried = FUNCTIONS[head] === undefined ? term(head, dot, variables) : FUNCTIONS[head](...args);
  });
  return carried;
}

const FUNCTIONS: Readonly<Record<string, (...args: unknown[]) => unknown>> = {
  len: (value) => (Array.isArray(value) || typeof value === 'string' ? value.length : Object.keys(value as object).length),
  index: (value, ...keys) => keys.reduce((inner, key) => (inner as Readonly<Record<string, unknown>> | undefined)?.[String(key)], value),
  printf: (format, ...args) => { let next = 0; return String(format).replace(/%[svdq]/g, (verb) => (verb === '%q' ? JSON.stringify(args[next++]) : goText(args[next++]))); },
  eq: (a, ...others) => others.some((other) => other === a),
  ne: (a, b) => a !== b,
  not: (value) => !isTruthy(value),
  and: (...values) => values.find((value) => !isTruthy(value)) ?? values[values.length - 1],
  or: (...values) => values.find(isTruthy) ?? values[values.length - 1],
  lt: (a, b) => (a as number) < (b as number),
  gt: (a, b) => (a as number) > (b as number),
  exists: (value, ...keys) => keys.reduce((inner, key) => (inner as Readonly<Record<string, unknown>> | undefined)?.[String(key)], value) !== undefined,
};

function term(word: string, dot: unknown, variables: ReadonlyMap<string, unknown>): unknown {
  if (word.startsWith('(')) return evaluate(word.slice(1, -1), dot, variables);
  if (word.startsWith('"')) return JSON.parse(word) as string;
  if (word.startsWith('`')) return word.slice(1, -1);
  if (/^-?\d/.test(word)) return Number(word);
  if (word === 'true' || word === 'false') return word === 'true';
  const path = /^(\$\w*)?(\..*)?$/.exec(word);
  if (path === null) throw new KubectlError(`error: error parsing template: function "${word}" not defined`);
  const start = path[1] === undefined ? dot : variables.get(path[1]);
  return (path[2] ?? '').split('.').filter((part) => part !== '').reduce((inner, part) => (inner as Readonly<Record<string, unknown>> | null | undefined)?.[part], start);
}
