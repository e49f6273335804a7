// Field selectors of queries (apimachinery/pkg/fields, 1.37). Which fields a kind has is up to the caller.

/** One term; all must hold. @public */
export interface FieldTerm {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** A parsed selector, or upstream's error. @public */
export type ParsedFieldSelector = { readonly ok: true; readonly terms: readonly FieldTerm[] } | { readonly ok: false; readonly error: string };

function splitTerms(text: string): readonly string[] {
  const terms: string[] = [];
  let start = 0;
  let isEscaped = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (isEscaped) isEscaped = false;
    else if (character === '\\') isEscaped = true;
    else if (character === ',') {
      terms.push(text.slice(start, index));
      start = index + 1;
    }
  }
  terms.push(text.slice(start));
  return terms.sort();
}

function unescape(value: string): { readonly value: string } | { readonly error: string } {
  let out = '';
  let isEscaped = false;
  for (const character of value) {
    if (isEscaped) {
      if (character !== '\\' && character !== ',' && character !== '=') return { error: `invalid field selector: invalid escape sequence: \\${character}` };
      out += character;
      isEscaped = false;
    } else if (character === '\\') isEscaped = true;
    else if (character === ',' || character === '=') return { error: `invalid field selector: unescaped character in value: ${character.codePointAt(0)}` };
    else out += character;
  }
  return isEscaped ? { error: 'invalid field selector: invalid escape sequence: \\' } : { value: out };
}

/** Reads a selector text such as `metadata.name=a,status.phase!=Failed`. @public */
export function parseFieldSelector(text: string): ParsedFieldSelector {
  const terms: FieldTerm[] = [];
  for (const part of splitTerms(text)) {
    if (part === '') continue;
    const match = /^(.*?)(!=|==|=)(.*)$/s.exec(part);
    if (match === null) return { ok: false, error: `invalid selector: '${text}'; can't understand '${part}'` };
    const [, field = '', operator, raw = ''] = match;
    const unescaped = unescape(raw);
    if ('error' in unescaped) return { ok: false, error: unescaped.error };
    terms.push({ field, operator: operator === '!=' ? '!=' : '=', value: unescaped.value });
  }
  return { ok: true, terms };
}

/** Whether the fields of an object meet all terms; a field that is absent counts as empty. @public */
export function meetsFieldTerms(terms: readonly FieldTerm[], valueOf: (field: string) => string): boolean {
  return terms.every(({ field, operator, value }) => (valueOf(field) === value) === (operator === '='));
}

/** The text of terms, with values escaped. @public */
export function formatFieldTerms(terms: readonly FieldTerm[]): string {
  return terms.map(({ field, operator, value }) => `${field}${operator}${value.replace(/[\\,=]/g, '\\$&')}`).join(',');
}
