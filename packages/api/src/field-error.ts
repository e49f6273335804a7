// Field errors: what validation finds, as data, with upstream's kinds and texts
// (k8s.io/apimachinery/pkg/util/validation/field, 1.37). Turning them into a Status is in status/.
import type { FieldPath } from './field-path.ts';

/** Upstream's kinds of field error, by the text that stands in messages. @public */
export type FieldErrorType =
  | 'Required value' | 'Invalid value' | 'Unsupported value' | 'Forbidden' | 'Duplicate value' | 'Too long' | 'Too many' | 'Too few'
  | 'Not found' | 'Internal error' | 'Type invalid';

/** One field that is wrong. @public */
export interface FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  /** What stood there; shown for the kinds that show a value. `null` and `undefined` are shown as `null`. */
  readonly badValue?: unknown;
  readonly detail: string;
  /** Of a wrong value only the detail is shown: upstream's OmitValueType. */
  readonly omitsValue?: boolean;
}

const REASONS: Readonly<Record<FieldErrorType, string>> = {
  'Required value': 'FieldValueRequired',
  'Invalid value': 'FieldValueInvalid',
  'Unsupported value': 'FieldValueNotSupported',
  Forbidden: 'FieldValueForbidden',
  'Duplicate value': 'FieldValueDuplicate',
  'Too long': 'FieldValueTooLong',
  'Too many': 'FieldValueTooMany',
  'Too few': 'FieldValueTooFew',
  'Not found': 'FieldValueNotFound',
  'Internal error': 'InternalError',
  'Type invalid': 'FieldValueTypeInvalid',
};

type Path = FieldPath | string;

/** A field that must be there is not. @public */
export function required(path: Path, detail: string = ''): FieldError {
  return { type: 'Required value', field: String(path), badValue: '', detail };
}

/** A value that is not allowed. @public */
export function invalid(path: Path, badValue: unknown, detail: string): FieldError {
  return { type: 'Invalid value', field: String(path), badValue, detail };
}

/** A value that is not allowed and says nothing by itself. @public */
export function invalidWithoutValue(path: Path, detail: string): FieldError {
  return { type: 'Invalid value', field: String(path), detail, omitsValue: true };
}

/** A value outside a closed list. The list is shown in the order given: upstream sorts where its source is a set. @public */
export function notSupported(path: Path, badValue: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length === 0 ? '' : `supported values: ${supported.map(quote).join(', ')}`;
  return { type: 'Unsupported value', field: String(path), badValue, detail };
}

/** A value that may not be set here. @public */
export function forbidden(path: Path, detail: string): FieldError {
  return { type: 'Forbidden', field: String(path), badValue: '', detail };
}

/** A value that must be unique and is not. @public */
export function duplicate(path: Path, badValue: unknown): FieldError {
  return { type: 'Duplicate value', field: String(path), badValue, detail: '' };
}

/** A text of more than `max` bytes. @public */
export function tooLong(path: Path, badValue: unknown, max: number): FieldError {
  return { type: 'Too long', field: String(path), badValue, detail: max >= 0 ? `may not be more than ${max} bytes` : 'value is too long' };
}

/** A list of more than `max` items. @public */
export function tooMany(path: Path, actual: number, max: number): FieldError {
  const detail = max >= 0 ? `must have at most ${max} ${max === 1 ? 'item' : 'items'}` : 'has too many items';
  return { type: 'Too many', field: String(path), badValue: actual >= 0 ? actual : undefined, detail };
}

/** A name that refers to nothing. @public */
export function notFound(path: Path, badValue: unknown): FieldError {
  return { type: 'Not found', field: String(path), badValue, detail: '' };
}

/** A value of the wrong type. @public */
export function typeInvalid(path: Path, badValue: unknown, detail: string): FieldError {
  return { type: 'Type invalid', field: String(path), badValue, detail };
}

/** Something that the server could not work out. @public */
export function internalError(path: Path, message: string): FieldError {
  return { type: 'Internal error', field: String(path), detail: message };
}

/** The reason of the error's cause in a Status, such as `FieldValueRequired`. @public */
export function fieldErrorReason(error: FieldError): string {
  return REASONS[error.type];
}

/** The error without its path: `Invalid value: "x": must be …`. @public */
export function fieldErrorBody(error: FieldError): string {
  const withoutValue = error.type === 'Required value' || error.type === 'Forbidden' || error.type === 'Too long'
    || error.type === 'Internal error' || error.omitsValue === true || (error.type === 'Too many' && error.badValue === undefined);
  // Upstream's two kinds of wrong values read alike.
  const shown = error.type === 'Type invalid' ? 'Invalid value' : error.type;
  const head = withoutValue ? error.type : `${shown}: ${showValue(error.badValue)}`;
  return error.detail === '' ? head : `${head}: ${error.detail}`;
}

/** The whole error as messages show it: path, type, value, detail. @public */
export function fieldErrorMessage(error: FieldError): string {
  return `${error.field}: ${fieldErrorBody(error)}`;
}

function showValue(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\u0007': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v', '"': '\\"', '\\': '\\\\',
};

/** Quotes a text as Go's `%q` does. @public */
export function quote(text: string): string {
  let out = '"';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const short = SHORT_ESCAPES[character];
    if (short !== undefined) out += short;
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else if ((code >= 0x80 && code < 0xa0) || code === 0xad || (code >= 0xd800 && code <= 0xdfff)) out += `\\u${code.toString(16).padStart(4, '0')}`;
    else out += character;
  }
  return `${out}"`;
}
