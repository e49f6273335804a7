// Label selectors as texts, parsed with upstream's grammar and messages (apimachinery/pkg/labels/selector.go, 1.37).
import { invalid, fieldErrorMessage } from '../field-error.ts';
import { labelValueErrors, qualifiedNameErrors } from '../names/names.ts';
import { compareBytes } from '../encoding/go-json.ts';

/** One requirement of a selector. @public */
export interface Requirement {
  readonly key: string;
  readonly operator: 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt';
  readonly values: readonly string[];
}

/** A parsed selector, or the message of the error. @public */
export type ParsedSelector = { readonly ok: true; readonly requirements: readonly Requirement[] } | { readonly ok: false; readonly error: string };

interface Token {
  readonly kind: 'end' | 'identifier' | '(' | ')' | ',' | '!' | '=' | '==' | '!=' | '>' | '<' | 'in' | 'notin';
  readonly text: string;
}

/** An error of the grammar; never leaves this file. */
class GrammarError {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Parses a selector such as `app=web,tier in (a,b),!x,n>1`. @public */
export function parseLabelSelector(text: string): ParsedSelector {
  try {
    return { ok: true, requirements: new Parser(tokens(text)).parse() };
  } catch (error) {
    if (error instanceof GrammarError) return { ok: false, error: error.text };
    throw error;
  }
}

/** Whether labels meet all requirements. @public */
export function matchesRequirements(requirements: readonly Requirement[], labels: Readonly<Record<string, string>> | undefined): boolean {
  return requirements.every((requirement) => meets(requirement, labels));
}

function meets({ key, operator, values }: Requirement, labels: Readonly<Record<string, string>> | undefined): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'in': case '=': case '==': return value !== undefined && values.includes(value);
    case 'notin': case '!=': return value === undefined || !values.includes(value);
    case 'exists': return value !== undefined;
    case '!': return value === undefined;
    case 'gt': case 'lt': {
      if (value === undefined || !isInt64(value)) return false;
      return operator === 'gt' ? toBigInt(value) > toBigInt(values[0] ?? '0') : toBigInt(value) < toBigInt(values[0] ?? '0');
    }
  }
}

const SYMBOLS = /^(?:==|!=|[=!<>(),])/;

function tokens(text: string): readonly Token[] {
  const out: Token[] = [];
  let rest = text;
  for (;;) {
    rest = rest.replace(/^[ \t\r\n]+/, '');
    if (rest === '') break;
    const symbol = SYMBOLS.exec(rest)?.[0];
    const word = symbol ?? /^[^=!<>(), \t\r\n]+/.exec(rest)?.[0] ?? rest;
    rest = rest.slice(word.length);
    if (symbol !== undefined) out.push({ kind: symbol as Token['kind'], text: symbol });
    else out.push({ kind: word === 'in' || word === 'notin' ? word : 'identifier', text: word });
  }
  return out;
}

const END: Token = { kind: 'end', text: '' };
const OPERATORS = 'in, notin, =, ==, !=, gt, lt';

class Parser {
  private readonly list: readonly Token[];
  private at = 0;

  constructor(list: readonly Token[]) {
    this.list = list;
  }

  parse(): readonly Requirement[] {
    const out: Requirement[] = [];
    for (;;) {
      const next = this.peek();
      if (next.kind === 'end') return out;
      if (next.kind !== 'identifier' && next.kind !== '!') throw new GrammarError(`found '${next.text}', expected: !, identifier, or 'end of string'`);
      try {
        out.push(this.requirement());
      } catch (error) {
        throw error instanceof GrammarError ? new GrammarError(`unable to parse requirement: ${error.text}`) : error;
      }
      const after = this.take();
      if (after.kind === 'end') return out;
      if (after.kind !== ',') throw new GrammarError(`found '${after.text}', expected: ',' or 'end of string'`);
      const following = this.peek();
      if (following.kind !== 'identifier' && following.kind !== '!') throw new GrammarError(`found '${following.text}', expected: identifier after ','`);
    }
  }

  /** In the place of a value the words `in` and `notin` are identifiers. */
  private peek(isOperator: boolean = false): Token {
    const token = this.list[this.at] ?? END;
    return !isOperator && (token.kind === 'in' || token.kind === 'notin') ? { kind: 'identifier', text: token.text } : token;
  }

  private take(isOperator: boolean = false): Token {
    const token = this.peek(isOperator);
    this.at++;
    return token;
  }

  private requirement(): Requirement {
    let token = this.take();
    const isNegated = token.kind === '!';
    if (isNegated) token = this.take();
    if (token.kind !== 'identifier') throw new GrammarError(`found '${token.text}', expected: identifier`);
    const key = token.text;
    const [message] = qualifiedNameErrors(key);
    if (message !== undefined) throw new GrammarError(fieldErrorMessage(invalid('<nil>', key, qualifiedNameErrors(key).join('; '))));
    const next = this.peek();
    if (isNegated) return { key, operator: '!', values: [] };
    if (next.kind === 'end' || next.kind === ',') return { key, operator: 'exists', values: [] };
    return this.comparison(key);
  }

  private comparison(key: string): Requirement {
    const token = this.take(true);
    switch (token.kind) {
      case 'in': case 'notin': return { key, operator: token.kind, values: checked(key, this.values()) };
      case '=': case '==': case '!=': return { key, operator: token.kind, values: checked(key, [this.exact()]) };
      case '>': case '<': {
        const value = this.exact();
        const notWhole = isInt64(value) ? [] : [fieldErrorMessage(invalid('values[0]', value, "for 'Gt', 'Lt' operators, the value must be an integer"))];
        return { key, operator: token.kind === '>' ? 'gt' : 'lt', values: checked(key, [value], notWhole) };
      }
      default: throw new GrammarError(`found '${token.text}', expected: ${OPERATORS}`);
    }
  }

  private exact(): string {
    const next = this.peek();
    if (next.kind === 'end' || next.kind === ',') return '';
    this.at++;
    if (next.kind !== 'identifier') throw new GrammarError(`found '${next.text}', expected: identifier`);
    return next.text;
  }

  private values(): readonly string[] {
    const open = this.take();
    if (open.kind !== '(') throw new GrammarError(`found '${open.text}' expected: '('`);
    const out = new Set<string>();
    for (let isValueNext = true; ;) {
      const token = this.take();
      if (token.kind === ')') {
        if (isValueNext) out.add('');
        return [...out].sort(compareBytes);
      }
      if (token.kind === ',') {
        if (isValueNext) out.add('');
        isValueNext = true;
      } else if (token.kind === 'identifier' && isValueNext) {
        out.add(token.text);
        isValueNext = false;
      } else if (isValueNext) throw new GrammarError(`found '${token.text}', expected: ',', or identifier`);
      else throw new GrammarError(`found '${token.text}', expected: ',' or ')'`);
    }
  }
}

function checked(key: string, values: readonly string[], found: readonly string[] = []): readonly string[] {
  const errors = [...found];
  for (const [index, value] of values.entries()) {
    const messages = labelValueErrors(value);
    if (messages.length > 0) errors.push(fieldErrorMessage(invalid(`values[${index}][${key}]`, value, messages.join('; '))));
  }
  if (errors.length > 0) throw new GrammarError(errors.length === 1 ? errors[0] as string : `[${errors.join(', ')}]`);
  return values;
}

function toBigInt(text: string): bigint {
  return BigInt(text.startsWith('+') ? text.slice(1) : text);
}

function isInt64(text: string): boolean {
  return /^[-+]?\d+$/.test(text) && BigInt.asIntN(64, toBigInt(text)) === toBigInt(text);
}
