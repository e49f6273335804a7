// Words, pipes, lists and redirections of a shell line. No loops, functions or here-documents.

/** A piece of a word. */
export interface ShellPart {
  readonly kind: 'text' | 'variable' | 'substitution';
  readonly text: string;
  readonly isQuoted: boolean;
}

/** One word. */
export interface ShellWord {
  readonly parts: readonly ShellPart[];
}

/** One command with its redirections. */
export interface ShellCommand {
  readonly words: readonly ShellWord[];
  readonly redirections: readonly { readonly operator: string; readonly target: ShellWord }[];
}

/** Commands joined by pipes, and how the line gets to them. */
export interface ShellEntry {
  readonly connector: ';' | '&&' | '||';
  readonly pipeline: readonly ShellCommand[];
}

type Token = { readonly operator: string } | { readonly word: ShellWord };

function closing(text: string, from: number): number {
  let depth = 1;
  for (let index = from; index < text.length; index++) {
    if (text[index] === '(') depth++;
    else if (text[index] === ')' && --depth === 0) return index;
  }
  return text.length;
}

/** Reads a `$…` at `at`; answers the part and where it ends. */
function dollar(text: string, at: number, isQuoted: boolean): { readonly part: ShellPart; readonly end: number } {
  if (text[at + 1] === '(') {
    const end = closing(text, at + 2);
    return { part: { kind: 'substitution', text: text.slice(at + 2, end), isQuoted }, end: end + 1 };
  }
  const match = /^\$(?:\{(\w+)\}|(\w+|\?))/.exec(text.slice(at));
  if (match === null) return { part: { kind: 'text', text: '$', isQuoted }, end: at + 1 };
  return { part: { kind: 'variable', text: match[1] ?? match[2] ?? '', isQuoted }, end: at + match[0].length };
}

function tokens(text: string): readonly Token[] {
  const found: Token[] = [];
  let parts: ShellPart[] = [];
  const close = (): void => {
    if (parts.length > 0) found.push({ word: { parts } });
    parts = [];
  };
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const operator = (parts.length === 0 ? /^(2>&1|2>>|2>|1>>|1>|&>)/.exec(rest)?.[0] : undefined) ?? /^(&&|\|\||>>|[;|<>\n])/.exec(rest)?.[0];
    const letter = text[at] as string;
    if (operator !== undefined) {
      close();
      found.push({ operator: operator === '\n' ? ';' : operator.replace(/^1>/, '>') });
      at += operator.length;
    } else if (letter === ' ' || letter === '\t') {
      close();
      at++;
    } else if (letter === "'") {
      const end = text.indexOf("'", at + 1) < 0 ? text.length : text.indexOf("'", at + 1);
      parts.push({ kind: 'text', text: text.slice(at + 1, end), isQuoted: true });
      at = end + 1;
    } else if (letter === '"') {
      at++;
      parts.push({ kind: 'text', text: '', isQuoted: true });
      while (at < text.length && text[at] !== '"') {
        if (text[at] === '\\' && /["\\$`]/.test(text[at + 1] ?? '')) {
          parts.push({ kind: 'text', text: text[at + 1] as string, isQuoted: true });
          at += 2;
        } else if (text[at] === '$') {
          const { part, end } = dollar(text, at, true);
          parts.push(part);
          at = end;
        } else {
          parts.push({ kind: 'text', text: text[at] as string, isQuoted: true });
          at++;
        }
      }
      at++;
    } else if (letter === '$') {
      const { part, end } = dollar(text, at, false);
      parts.push(part);
      at = end;
    } else if (letter === '`') {
      const end = text.indexOf('`', at + 1) < 0 ? text.length : text.indexOf('`', at + 1);
      parts.push({ kind: 'substitution', text: text.slice(at + 1, end), isQuoted: false });
      at = end + 1;
    } else {
      const escaped = letter === '\\';
      parts.push({ kind: 'text', text: escaped ? (text[at + 1] ?? '') : letter, isQuoted: escaped });
      at += escaped ? 2 : 1;
    }
  }
  close();
  return found;
}

/** Parses a script. Never fails: what it does not know it takes as words. */
export function parseShell(text: string): readonly ShellEntry[] {
  const entries: ShellEntry[] = [];
  let connector: ShellEntry['connector'] = ';';
  let pipeline: ShellCommand[] = [];
  let words: ShellWord[] = [];
  let redirections: { operator: string; target: ShellWord }[] = [];
  let pending: string | undefined;
  const endCommand = (): void => {
    if (words.length > 0 || redirections.length > 0) pipeline.push({ words, redirections });
    words = [];
    redirections = [];
  };
  const endEntry = (): void => {
    endCommand();
    if (pipeline.length > 0) entries.push({ connector, pipeline });
    pipeline = [];
  };
  for (const token of tokens(text)) {
    if ('word' in token) {
      if (pending !== undefined) redirections.push({ operator: pending, target: token.word });
      else words.push(token.word);
      pending = undefined;
    } else if (token.operator === '|') endCommand();
    else if (token.operator === ';' || token.operator === '&&' || token.operator === '||') {
      endEntry();
      connector = token.operator;
    } else if (token.operator === '2>&1') redirections.push({ operator: '2>&1', target: { parts: [] } });
    else pending = token.operator;
  }
  endEntry();
  return entries;
}
