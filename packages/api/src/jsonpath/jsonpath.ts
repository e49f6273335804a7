// Paths of JSONPath over JSON values, as printer columns and scale paths have them (client-go/util/jsonpath, 1.37):
// fields, quoted fields, indexes, slices, wildcards, recursive descent, unions and filters.

/** One step of a path. */
type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'descend' }
  | { readonly kind: 'indexes'; readonly indexes: readonly number[] }
  | { readonly kind: 'fields'; readonly names: readonly string[] }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined; readonly step: number }
  | { readonly kind: 'filter'; readonly left: string; readonly operator: string; readonly right: string };

type Fields = Readonly<Record<string, unknown>>;

/** Reads the steps of a path; undefined for what is none. */
function parseSteps(path: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  let rest = path.trim().replace(/^\{(.*)\}$/s, '$1').replace(/^[$@]/, '');
  while (rest !== '') {
    if (rest.startsWith('..')) {
      steps.push({ kind: 'descend' });
      rest = rest.startsWith('..[') ? rest.slice(2) : rest.slice(1);
      continue;
    }
    if (rest.startsWith('[')) {
      const end = closingBracket(rest);
      const step = end < 0 ? undefined : parseBracket(rest.slice(1, end).trim());
      if (step === undefined) return undefined;
      steps.push(step);
      rest = rest.slice(end + 1);
      continue;
    }
    const match = /^\.?((?:\\.|[^.[\]\\\s])+)/.exec(rest);
    if (match === null) return rest === '.' ? steps : undefined;
    const name = (match[1] as string).replace(/\\(.)/g, '$1');
    steps.push(name === '*' ? { kind: 'wildcard' } : { kind: 'field', name });
    rest = rest.slice(match[0].length);
  }
  return steps;
}

function closingBracket(text: string): number {
  let quote = '';
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index] as string;
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === "'" || character === '"') quote = character;
    else if (character === '[' || character === '(') depth++;
    else if ((character === ']' || character === ')') && --depth === 0) return index;
  }
  return -1;
}

function parseBracket(text: string): Step | undefined {
  if (text === '*') return { kind: 'wildcard' };
  const filter = /^\?\((.*)\)$/s.exec(text);
  if (filter !== null) {
    const parts = /^(.*?)\s*(==|!=|<=|>=|<|>)\s*(.*)$/s.exec((filter[1] as string).trim());
    if (parts === null) return { kind: 'filter', left: (filter[1] as string).trim(), operator: 'exists', right: '' };
    return { kind: 'filter', left: parts[1] as string, operator: parts[2] as string, right: parts[3] as string };
  }
  if (/^(['"]).*\1$/s.test(text)) return { kind: 'fields', names: text.split(/\s*,\s*(?=['"])/).map((name) => name.slice(1, -1).replace(/\\(.)/g, '$1')) };
  if (/^-?\d+(\s*,\s*-?\d+)*$/.test(text)) return { kind: 'indexes', indexes: text.split(',').map(Number) };
  const slice = /^(-?\d*):(-?\d*)(?::(\d+))?$/.exec(text);
  if (slice === null) return undefined;
  const bound = (part: string | undefined): number | undefined => (part === undefined || part === '' ? undefined : Number(part));
  return { kind: 'slice', from: bound(slice[1]), to: bound(slice[2]), step: bound(slice[3]) ?? 1 };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function children(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isFields(value) ? Object.keys(value).sort().map((key) => value[key]) : [];
}

function descendants(value: unknown): readonly unknown[] {
  return [value, ...children(value).flatMap(descendants)];
}

function follow(value: unknown, step: Step): readonly unknown[] {
  switch (step.kind) {
    case 'field': return isFields(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case 'fields': return step.names.flatMap((name) => (isFields(value) && Object.hasOwn(value, name) ? [value[name]] : []));
    case 'wildcard': return children(value);
    case 'descend': return descendants(value);
    case 'indexes': return Array.isArray(value) ? step.indexes.map((index) => (value as readonly unknown[]).at(index)).filter((item) => item !== undefined) : [];
    case 'slice': return Array.isArray(value) ? (value as readonly unknown[]).slice(step.from, step.to).filter((_, index) => index % step.step === 0) : [];
    case 'filter': return children(value).filter((item) => passes(item, step));
  }
}

function operand(text: string, item: unknown): unknown {
  if (/^(['"]).*\1$/s.test(text)) return text.slice(1, -1);
  if (text.startsWith('@') || text.startsWith('.')) return selectJsonPath(text, item)[0];
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

function passes(item: unknown, { left, operator, right }: Step & { readonly kind: 'filter' }): boolean {
  const a = operand(left, item);
  if (operator === 'exists') return a !== undefined;
  const b = operand(right, item);
  if (a === undefined || typeof a !== typeof b) return operator === '!=' && a !== undefined;
  switch (operator) {
    case '==': return a === b;
    case '!=': return a !== b;
    case '<': return (a as number) < (b as number);
    case '<=': return (a as number) <= (b as number);
    case '>': return (a as number) > (b as number);
    default: return (a as number) >= (b as number);
  }
}

/** All values that a path names, in order; nothing for a path that cannot be read. @public */
export function selectJsonPath(path: string, value: unknown): readonly unknown[] {
  const steps = parseSteps(path);
  if (steps === undefined) return [];
  return steps.reduce<readonly unknown[]>((values, step) => values.flatMap((each) => follow(each, step)), [value]);
}

/** Whether a path can be read. @public */
export function isJsonPath(path: string): boolean {
  return parseSteps(path) !== undefined;
}
