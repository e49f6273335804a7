// How names, keys and values are checked, with upstream's texts
// (k8s.io/apimachinery/pkg/util/validation and pkg/api/validate/content, 1.37). Each answers what is wrong, in upstream's order.
import type { NameRule } from '../kind.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const WILDCARD = `\\*\\.${SUBDOMAIN}`;
const KEY = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const VALUE = `(${KEY})?`;
const CONFIG_KEY = '[-._a-zA-Z0-9]+';
const exact = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);
const labelPattern = exact(LABEL);
const subdomainPattern = exact(SUBDOMAIN);
const label1035Pattern = exact(LABEL_1035);
const wildcardPattern = exact(WILDCARD);
const keyPattern = exact(KEY);
const valuePattern = exact(VALUE);
const configKeyPattern = exact(CONFIG_KEY);

const LABEL_LENGTH_MAX = 63;
const SUBDOMAIN_LENGTH_MAX = 253;
const PORT_NAME_LENGTH_MAX = 15;
const PORT_MAX = 65_535;

/** Length of a text in UTF-8, which is what Go counts. @public */
export function byteLength(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x80) continue;
    if (code < 0x800) bytes += 1;
    else {
      bytes += 2;
      // A surrogate pair is two units and four bytes.
      if (code >= 0xd800 && code < 0xdc00) index++;
    }
  }
  return bytes;
}

/** A message about a pattern, with examples. @public */
export function patternMessage(message: string, pattern: string, ...examples: readonly string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return examples.length === 0 ? `${message} (regex used for validation is '${pattern}')` : `${message} (e.g. ${shown}regex used for validation is '${pattern}')`;
}

/** A message about a length; upstream counts bytes and says now one, now the other. @public */
export function lengthMessage(max: number, unit: 'characters' | 'bytes' = 'characters'): string {
  return `must be no more than ${max} ${unit}`;
}

const LABEL_TEXT = patternMessage("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character", LABEL, 'my-name', '123-abc');
const SUBDOMAIN_TEXT = patternMessage("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character", SUBDOMAIN, 'example.com');
const LABEL_1035_TEXT = patternMessage("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character", LABEL_1035, 'my-name', 'abc-123');
const WILDCARD_TEXT = patternMessage("a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character", WILDCARD, '*.example.com');
const KEY_TEXT = patternMessage("must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character", KEY, 'MyName', 'my.name', '123-abc');
const VALUE_TEXT = patternMessage("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character", VALUE, 'MyValue', 'my_value', '12345');
const CONFIG_KEY_TEXT = patternMessage("a valid config key must consist of alphanumeric characters, '-', '_' or '.'", CONFIG_KEY, 'key.name', 'KEY_NAME', 'key-name');

function tooLong(text: string, max: number, unit: 'characters' | 'bytes'): string[] {
  return byteLength(text) > max ? [lengthMessage(max, unit)] : [];
}

/** An RFC 1123 label. @public */
export function dnsLabelErrors(text: string): readonly string[] {
  const errors = tooLong(text, LABEL_LENGTH_MAX, 'characters');
  if (!labelPattern.test(text)) errors.push(subdomainPattern.test(text) ? 'must not contain dots' : LABEL_TEXT);
  return errors;
}

function subdomain(text: string, unit: 'characters' | 'bytes'): string[] {
  const errors = tooLong(text, SUBDOMAIN_LENGTH_MAX, unit);
  if (!subdomainPattern.test(text)) errors.push(SUBDOMAIN_TEXT);
  return errors;
}

/** An RFC 1123 subdomain. @public */
export function dnsSubdomainErrors(text: string): readonly string[] {
  return subdomain(text, 'characters');
}

const underscoredLabel = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const underscoredSubdomain = `${underscoredLabel}(\\.${underscoredLabel})*`;
const underscoredPattern = new RegExp(`^${underscoredSubdomain}$`);

/** A subdomain that may hold underscores: search paths of DNS. @public */
export function dnsSubdomainWithUnderscoreErrors(text: string): readonly string[] {
  const errors = tooLong(text, SUBDOMAIN_LENGTH_MAX, 'characters');
  if (!underscoredPattern.test(text)) errors.push(patternMessage("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character", underscoredSubdomain, 'example.com'));
  return errors;
}

/** A DNS-1035 label: names of Services. @public */
export function dns1035LabelErrors(text: string): readonly string[] {
  const errors = tooLong(text, LABEL_LENGTH_MAX, 'characters');
  if (!label1035Pattern.test(text)) errors.push(LABEL_1035_TEXT);
  return errors;
}

/** A subdomain behind `*.`. @public */
export function wildcardSubdomainErrors(text: string): readonly string[] {
  const errors = tooLong(text, SUBDOMAIN_LENGTH_MAX, 'characters');
  if (!wildcardPattern.test(text)) errors.push(WILDCARD_TEXT);
  return errors;
}

const NO_ERRORS: readonly string[] = Object.freeze([]);
/** Keys that were found good: a cluster has few of them, each on many objects. */
const goodNames = new Set<string>();
const GOOD_NAMES_MAX = 1000;

/** A qualified name: the key of a label, an annotation, a finalizer, a taint. @public */
export function qualifiedNameErrors(text: string): readonly string[] {
  if (goodNames.has(text)) return NO_ERRORS;
  const errors = findNameErrors(text);
  if (errors.length === 0) {
    if (goodNames.size === GOOD_NAMES_MAX) goodNames.clear();
    goodNames.add(text);
  }
  return errors;
}

function findNameErrors(text: string): readonly string[] {
  const parts = text.split('/');
  if (parts.length > 2) return [`a valid label key ${KEY_TEXT} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const errors: string[] = [];
  const name = parts[parts.length - 1] as string;
  if (parts.length === 2) {
    const prefix = parts[0] as string;
    if (prefix === '') errors.push('prefix part must be non-empty');
    else for (const error of subdomain(prefix, 'bytes')) errors.push(`prefix part ${error}`);
  }
  if (name === '') errors.push('name part must be non-empty');
  else for (const error of tooLong(name, LABEL_LENGTH_MAX, 'bytes')) errors.push(`name part ${error}`);
  if (!keyPattern.test(name)) errors.push(`name part ${KEY_TEXT}`);
  return errors;
}

/** A label value. @public */
export function labelValueErrors(text: string): readonly string[] {
  const errors = tooLong(text, LABEL_LENGTH_MAX, 'bytes');
  if (!valuePattern.test(text)) errors.push(VALUE_TEXT);
  return errors;
}

/** A name that only has to fit in a path. `isPrefix`: of a generated name, where `.` and `..` are still open. @public */
export function pathSegmentErrors(text: string, isPrefix: boolean = false): readonly string[] {
  if (!isPrefix && (text === '.' || text === '..')) return [`may not be '${text}'`];
  return ['/', '%'].filter((character) => text.includes(character)).map((character) => `may not contain '${character}'`);
}

/** The name of a port. @public */
export function portNameErrors(text: string): readonly string[] {
  const errors = tooLong(text, PORT_NAME_LENGTH_MAX, 'characters');
  if (!/^[-a-z0-9]+$/.test(text)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(text)) errors.push('must contain at least one letter (a-z)');
  if (text.includes('--')) errors.push('must not contain consecutive hyphens');
  if (text.startsWith('-') || text.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

/** What does not lie in an inclusive range. @public */
export function rangeErrors(value: number, min: number, max: number): readonly string[] {
  return value >= min && value <= max ? [] : [`must be between ${min} and ${max}, inclusive`];
}

/** The number of a port. @public */
export function portNumberErrors(port: number): readonly string[] {
  return rangeErrors(port, 1, PORT_MAX);
}

/** The name of an environment variable, by the relaxed rule that is on since 1.32. @public */
export function envNameErrors(text: string): readonly string[] {
  if (text === '') return ['environment variable name must be non-empty'];
  return /^[ -<>-~]+$/.test(text) ? [] : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** A key of a ConfigMap or Secret. @public */
export function configKeyErrors(text: string): readonly string[] {
  const errors = tooLong(text, SUBDOMAIN_LENGTH_MAX, 'characters');
  if (!configKeyPattern.test(text)) errors.push(CONFIG_KEY_TEXT);
  if (text === '.') errors.push("must not be '.'");
  else if (text === '..') errors.push("must not be '..'");
  else if (text.startsWith('..')) errors.push("must not start with '..'");
  return errors;
}

/** The trailing dash of a prefix made harmless, as upstream does it: one character more goes with it. @public */
export function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
}

/** The name of an object, by its kind's rule; a prefix may end with a dash. @public */
export function nameErrors(rule: NameRule, name: string, isPrefix: boolean): readonly string[] {
  if (typeof rule === 'function') return rule(name, isPrefix);
  if (rule === 'path-segment') return pathSegmentErrors(name, isPrefix);
  const checked = isPrefix ? maskTrailingDash(name) : name;
  switch (rule) {
    case 'label': return dnsLabelErrors(checked);
    case 'label1035': return dns1035LabelErrors(checked);
    default: return dnsSubdomainErrors(checked);
  }
}
