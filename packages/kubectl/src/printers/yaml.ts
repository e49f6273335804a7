// YAML as kubectl prints it: go-yaml's choice of quotes and block scalars, keys sorted, long lines folded behind column 80.
// Upstream: sigs.k8s.io/yaml over go-yaml v2, emitterc.go and resolve.go.

const WIDTH = 80;

/** A JSON value as YAML text that ends in a newline. @internal */
export function emitYaml(value: unknown): string {
  return isCollection(value) && sizeOf(value) > 0 ? `${block(value, 0).join('\n')}\n` : `${leaf(value, 0, 0)}\n`;
}

function isCollection(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function sizeOf(value: object): number {
  return Object.keys(value).length;
}

/** The lines of a list or map that has something in it. */
function block(value: object, indent: number): readonly string[] {
  const margin = ' '.repeat(indent);
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown) => {
      if (!isCollection(item) || sizeOf(item) === 0) return `${margin}- ${leaf(item, indent + 2, indent + 2)}`.split('\n');
      const [first = '', ...rest] = block(item, indent + 2);
      return [`${margin}- ${first.slice(indent + 2)}`, ...rest];
    });
  }
  return Object.keys(value).filter((key) => (value as Readonly<Record<string, unknown>>)[key] !== undefined).sort().flatMap((key) => {
    const item = (value as Readonly<Record<string, unknown>>)[key];
    const head = `${margin}${scalarKey(key)}:`;
    if (isCollection(item) && sizeOf(item) > 0) return [head, ...block(item, Array.isArray(item) ? indent : indent + 2)];
    return `${head} ${leaf(item, indent + 2, head.length + 1)}`.split('\n');
  });
}

function leaf(value: unknown, indent: number, column: number): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return scalar(value, indent, column);
  if (typeof value === 'number') return number(value);
  return isCollection(value) ? (Array.isArray(value) ? '[]' : '{}') : String(value);
}

/** Numbers as Go's shortest form has them: an exponent from 1e21 on. */
function number(value: number): string {
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

function scalarKey(key: string): string {
  return key.includes('\n') ? doubleQuoted(key, 0, Infinity) : resolves(key) ? doubleQuoted(key, 0, Infinity) : isPlain(key) ? key : !isSpecial(key) ? `'${key.replaceAll("'", "''")}'` : doubleQuoted(key, 0, Infinity);
}

function scalar(text: string, indent: number, column: number): string {
  if (resolves(text)) return doubleQuoted(text, indent, column);
  if (text.includes('\n')) {
    if (isSpecial(text) || / \n/.test(text) || text.endsWith(' ')) return doubleQuoted(text, indent, column);
    return literal(text, indent);
  }
  if (isPlain(text)) return folded(text, indent, column);
  if (!isSpecial(text)) return `'${folded(text, indent, column + 1, "'")}'`;
  return doubleQuoted(text, indent, column);
}

const NULLS_AND_TRUTHS: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL', ...['y', 'yes', 'true', 'on', 'n', 'no', 'false', 'off'].flatMap((word) => [word, word[0]?.toUpperCase() + word.slice(1), word.toUpperCase()]), '.nan', '.NaN', '.NAN', '.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF', '-.inf', '-.Inf', '-.INF', '<<']);

/** Whether the plain text would be read as something else than a text. */
function resolves(text: string): boolean {
  if (NULLS_AND_TRUTHS.has(text)) return true;
  if (!/^[-+.0-9]/.test(text)) return false;
  const digits = text.replaceAll('_', '');
  return /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(digits) || /^[-+]?0x[0-9a-fA-F]+$/.test(digits) || /^[-+]?0b[01]+$/.test(digits) || /^[-+]?0o?[0-7]+$/.test(digits)
    || /^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/.test(text) || /^\d{4}-\d{1,2}-\d{1,2}([Tt ]\d{1,2}:\d{2}:\d{2}(\.\d*)?\s*(Z|[-+]\d{1,2}(:\d{2})?)?)?$/.test(text);
}

/** Whether only double quotes can hold the text: control characters but newlines, and a byte order mark. */
function isSpecial(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if ((code < 0x20 && code !== 0x0a) || (code >= 0x7f && code < 0xa0 && code !== 0x85) || code === 0xfeff) return true;
  }
  return false;
}

function isPlain(text: string): boolean {
  if (isSpecial(text) || /^\s|\s$/.test(text)) return false;
  if (/^(---|\.\.\.)/.test(text)) return false;
  if (/^[#,[\]{}&*!|>'"%@`]/.test(text) || /^[-?:](\s|$)/.test(text)) return false;
  return !/:(\s|$)|\s#/.test(text);
}

/** Breaks a line at the first blank behind the width, as the emitter does. */
function folded(text: string, indent: number, start: number, quote: string = ''): string {
  let out = '';
  let column = start;
  for (let index = 0; index < text.length; index++) {
    const char = text[index] as string;
    if (char === ' ' && column > WIDTH && index > 0 && index < text.length - 1 && text[index + 1] !== ' ' && text[index - 1] !== ' ') {
      out += `\n${' '.repeat(indent)}`;
      column = indent;
      continue;
    }
    out += char === quote && quote !== '' ? `${quote}${quote}` : char;
    column += char === quote && quote !== '' ? 2 : 1;
  }
  return out;
}

function literal(text: string, indent: number): string {
  const hint = /^[ \n]/.test(text) ? '2' : '';
  const chomp = text.endsWith('\n') ? (text === '\n' || text.endsWith('\n\n') ? '+' : '') : '-';
  const lines = (chomp === '-' ? text : text.slice(0, -1)).split('\n');
  return `|${hint}${chomp}\n${lines.map((line) => (line === '' ? '' : `${' '.repeat(indent)}${line}`)).join('\n')}`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\0': '\\0', '\x07': '\\a', '\b': '\\b', '\t': '\\t', '\n': '\\n', '\v': '\\v', '\f': '\\f', '\r': '\\r', '\x1b': '\\e', '"': '\\"', '\\': '\\\\', '\x85': '\\N', '\u2028': '\\L', '\u2029': '\\P', '\ufeff': '\\uFEFF' };

function doubleQuoted(text: string, indent: number, start: number): string {
  let out = '"';
  let column = start + 1;
  for (let index = 0; index < text.length; index++) {
    const char = text[index] as string;
    if (char === ' ' && Number.isFinite(start) && column > WIDTH && index > 0 && index < text.length - 1 && text[index - 1] !== ' ') {
      out += `\n${' '.repeat(indent)}${text[index + 1] === ' ' ? '\\' : ''}`;
      column = indent;
      continue;
    }
    const code = char.charCodeAt(0);
    const shown = ESCAPES[char] ?? (code < 0x20 || (code >= 0x7f && code < 0xa0) ? `\\x${code.toString(16).toUpperCase().padStart(2, '0')}` : char);
    out += shown;
    column += shown.length;
  }
  return `${out}"`;
}
