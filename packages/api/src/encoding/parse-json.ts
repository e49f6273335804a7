// Reads JSON bodies as Go's decoder does: its error texts, and duplicate fields found. The fast way is the host's parser;
// the slow way runs only for bodies that are wrong or have duplicates.

/** What reading a body gave. @public */
export type ParsedJson =
  | { readonly ok: true; readonly value: unknown; /** Paths of fields that stood there more than once. */ readonly duplicates: readonly string[] }
  | { readonly ok: false; readonly error: string };

const NO_DUPLICATES: readonly string[] = Object.freeze([]);

/** Parses one JSON text. The last of duplicate fields wins. @public */
export function parseJson(text: string): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return new Reader(text).read();
  }
  if (countColons(text) === countFields(value)) return { ok: true, value, duplicates: NO_DUPLICATES };
  return new Reader(text).read();
}

/** Colons outside of texts: one a field. */
function countColons(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x3a) count++;
    else if (code === 0x22) {
      for (i++; text.charCodeAt(i) !== 0x22; i++) if (text.charCodeAt(i) === 0x5c) i++;
    }
  }
  return count;
}

function countFields(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countFields(item);
    return count;
  }
  const keys = Object.keys(value);
  count = keys.length;
  for (const key of keys) count += countFields((value as Record<string, unknown>)[key]);
  return count;
}

const END = 'unexpected end of JSON input';
const MAX_DEPTH = 10_000;

/** A syntax error: carries Go's text out of the descent. Never leaves this file. */
class SyntaxFailure {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

class Reader {
  private readonly text: string;
  private at = 0;
  private depth = 0;
  private readonly path: string[] = [];
  private readonly duplicates: string[] = [];

  constructor(text: string) {
    this.text = text;
  }

  read(): ParsedJson {
    try {
      this.space();
      const value = this.value();
      this.space();
      if (this.at < this.text.length) throw this.invalid('after top-level value');
      return { ok: true, value, duplicates: this.duplicates };
    } catch (failure) {
      if (failure instanceof SyntaxFailure) return { ok: false, error: failure.text };
      throw failure;
    }
  }

  private invalid(where: string): SyntaxFailure {
    if (this.at >= this.text.length) return new SyntaxFailure(END);
    const character = String.fromCodePoint(this.text.codePointAt(this.at) ?? 0);
    const shown = character === "'" ? `'\\''` : character === '"' ? `'"'` : `'${character.replace('\n', '\\n').replace('\t', '\\t').replace('\r', '\\r').replace('\\', '\\\\')}'`;
    return new SyntaxFailure(`invalid character ${shown} ${where}`);
  }

  private space(): void {
    while (' \t\r\n'.includes(this.text[this.at] ?? 'x')) this.at++;
  }

  private value(): unknown {
    const character = this.text[this.at];
    switch (character) {
      case '{': return this.nested(() => this.object());
      case '[': return this.nested(() => this.array());
      case '"': return this.string();
      case 't': return this.literal('true', true);
      case 'f': return this.literal('false', false);
      case 'n': return this.literal('null', null);
      default: return this.number();
    }
  }

  private nested<T>(read: () => T): T {
    if (++this.depth > MAX_DEPTH) throw new SyntaxFailure('exceeded max depth');
    const value = read();
    this.depth--;
    return value;
  }

  private literal(word: string, value: unknown): unknown {
    for (let i = 0; i < word.length; i++, this.at++) {
      if (this.text[this.at] !== word[i]) throw this.invalid(`in literal ${word} (expecting '${word[i]}')`);
    }
    return value;
  }

  private number(): number {
    const start = this.at;
    if (this.text[this.at] === '-') this.at++;
    if (!/[0-9]/.test(this.text[this.at] ?? '')) throw this.invalid(this.at > start ? 'in numeric literal' : 'looking for beginning of value');
    if (this.text[this.at] === '0') this.at++;
    else this.digits();
    if (this.text[this.at] === '.') {
      this.at++;
      if (!/[0-9]/.test(this.text[this.at] ?? '')) throw this.invalid('after decimal point in numeric literal');
      this.digits();
    }
    if (/[eE]/.test(this.text[this.at] ?? '')) {
      this.at++;
      if (/[+-]/.test(this.text[this.at] ?? '')) this.at++;
      if (!/[0-9]/.test(this.text[this.at] ?? '')) throw this.invalid('in exponent of numeric literal');
      this.digits();
    }
    return Number(this.text.slice(start, this.at));
  }

  private digits(): void {
    while (/[0-9]/.test(this.text[this.at] ?? '')) this.at++;
  }

  private string(): string {
    const start = this.at;
    for (this.at++; this.text[this.at] !== '"'; this.at++) {
      if (this.at >= this.text.length) throw new SyntaxFailure(END);
      if (this.text.charCodeAt(this.at) < 0x20) throw this.invalid('in string literal');
      if (this.text[this.at] !== '\\') continue;
      this.at++;
      const escape = this.text[this.at] ?? '';
      if (escape === 'u') {
        for (let i = 0; i < 4; i++) {
          this.at++;
          if (!/[0-9a-fA-F]/.test(this.text[this.at] ?? '')) throw this.invalid('in \\u hexadecimal character escape');
        }
      } else if (escape === '' || !'"\\/bfnrt'.includes(escape)) throw this.invalid('in string escape code');
    }
    this.at++;
    return JSON.parse(this.text.slice(start, this.at)) as string;
  }

  private array(): unknown[] {
    const out: unknown[] = [];
    this.at++;
    this.space();
    if (this.text[this.at] === ']') {
      this.at++;
      return out;
    }
    for (;;) {
      this.path.push(`[${out.length}]`);
      out.push(this.value());
      this.path.pop();
      this.space();
      if (this.text[this.at] === ']') {
        this.at++;
        return out;
      }
      if (this.text[this.at] !== ',') throw this.invalid('after array element');
      this.at++;
      this.space();
    }
  }

  private object(): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    this.at++;
    this.space();
    if (this.text[this.at] === '}') {
      this.at++;
      return out;
    }
    for (;;) {
      if (this.text[this.at] !== '"') throw this.invalid('looking for beginning of object key string');
      const key = this.string();
      this.space();
      if (this.text[this.at] !== ':') throw this.invalid('after object key');
      this.at++;
      this.space();
      this.path.push(key);
      if (Object.hasOwn(out, key)) {
        const shown = this.path.join('.').replaceAll('.[', '[');
        if (!this.duplicates.includes(shown)) this.duplicates.push(shown);
      }
      Object.defineProperty(out, key, { value: this.value(), enumerable: true, configurable: true, writable: true });
      this.path.pop();
      this.space();
      if (this.text[this.at] === '}') {
        this.at++;
        return out;
      }
      if (this.text[this.at] !== ',') throw this.invalid('after object key:value pair');
      this.at++;
      this.space();
    }
  }
}
