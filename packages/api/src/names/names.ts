// How names are checked, with upstream's messages (apimachinery/pkg/util/validation and pkg/api/validate/content, 1.37).
import type { NameRule } from '../kind.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const KEY_NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${KEY_NAME})?`;
const LABEL_LENGTH = 63;
const SUBDOMAIN_LENGTH = 253;

const exact = (pattern: string): RegExp => new RegExp(`^${pattern}$`);
const LABEL_PATTERN = exact(LABEL);
const SUBDOMAIN_PATTERN = exact(SUBDOMAIN);
const LABEL_1035_PATTERN = exact(LABEL_1035);
const KEY_NAME_PATTERN = exact(KEY_NAME);
const LABEL_VALUE_PATTERN = exact(LABEL_VALUE);

/** A message about a pattern, with examples. @public */
export function patternMessage(message: string, pattern: string, ...examples: readonly string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return examples.length === 0 ? `${message} (regex used for validation is '${pattern}')` : `${message} (e.g. ${shown}regex used for validation is '${pattern}')`;
}

/** A message about a length. @public */
export function lengthMessage(max: number): string {
  return `must be no more than ${max} characters`;
}

/** Messages for what is no RFC 1123 label. @public */
export function dnsLabelMessages(value: string): readonly string[] {
  const messages: string[] = [];
  if (value.length > LABEL_LENGTH) messages.push(lengthMessage(LABEL_LENGTH));
  if (!LABEL_PATTERN.test(value)) {
    messages.push(patternMessage("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character", LABEL, 'my-name', '123-abc'));
  }
  return messages;
}

/** Messages for what is no RFC 1123 subdomain. @public */
export function dnsSubdomainMessages(value: string): readonly string[] {
  const messages: string[] = [];
  if (value.length > SUBDOMAIN_LENGTH) messages.push(lengthMessage(SUBDOMAIN_LENGTH));
  if (!SUBDOMAIN_PATTERN.test(value)) {
    messages.push(patternMessage("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character", SUBDOMAIN, 'example.com'));
  }
  return messages;
}

/** Messages for what is no DNS-1035 label. @public */
export function dns1035LabelMessages(value: string): readonly string[] {
  const messages: string[] = [];
  if (value.length > LABEL_LENGTH) messages.push(lengthMessage(LABEL_LENGTH));
  if (!LABEL_1035_PATTERN.test(value)) {
    messages.push(patternMessage("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character", LABEL_1035, 'my-name', 'abc-123'));
  }
  return messages;
}

/** Messages for what cannot stand in a path; a prefix may be any of the words that a whole name may not be. @public */
export function pathSegmentMessages(value: string, isPrefix: boolean): readonly string[] {
  if (!isPrefix && (value === '.' || value === '..')) return [`may not be '${value}'`];
  return ['/', '%'].filter((character) => value.includes(character)).map((character) => `may not contain '${character}'`);
}

const KEY_MESSAGE = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/** Messages for what is no label key (a qualified name). @public */
export function labelKeyMessages(value: string): readonly string[] {
  const parts = value.split('/');
  if (parts.length > 2) return [`a valid label key ${patternMessage(KEY_MESSAGE, KEY_NAME, 'MyName', 'my.name', '123-abc')} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const messages: string[] = [];
  const name = parts.at(-1) ?? '';
  if (parts.length === 2) {
    const [prefix = ''] = parts;
    if (prefix === '') messages.push('prefix part must be non-empty');
    else messages.push(...dnsSubdomainMessages(prefix).map((message) => `prefix part ${message.replace('characters', prefix.length > SUBDOMAIN_LENGTH && message.startsWith('must') ? 'bytes' : 'characters')}`));
  }
  if (name === '') messages.push('name part must be non-empty');
  else if (name.length > LABEL_LENGTH) messages.push(`name part must be no more than ${LABEL_LENGTH} bytes`);
  if (!KEY_NAME_PATTERN.test(name)) messages.push(`name part ${patternMessage(KEY_MESSAGE, KEY_NAME, 'MyName', 'my.name', '123-abc')}`);
  return messages;
}

/** Messages for what is no label value. @public */
export function labelValueMessages(value: string): readonly string[] {
  const messages: string[] = [];
  if (value.length > LABEL_LENGTH) messages.push(`must be no more than ${LABEL_LENGTH} bytes`);
  if (!LABEL_VALUE_PATTERN.test(value)) {
    messages.push(patternMessage("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character", LABEL_VALUE, 'MyValue', 'my_value', '12345'));
  }
  return messages;
}

/** Messages for a name under a kind's rule. With `isPrefix` the name is a generateName, whose last dash does not count. @public */
export function nameMessages(rule: NameRule, name: string, isPrefix: boolean): readonly string[] {
  if (typeof rule === 'function') return rule(name, isPrefix);
  if (rule === 'path-segment') return pathSegmentMessages(name, isPrefix);
  const checked = isPrefix && name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
  if (rule === 'label') return dnsLabelMessages(checked);
  return rule === 'label1035' ? dns1035LabelMessages(checked) : dnsSubdomainMessages(checked);
}
