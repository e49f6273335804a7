// How names, label keys and label values are checked, with upstream's texts
// (k8s.io/apimachinery/pkg/util/validation/validation.go and pkg/api/validate/content, 1.37).
// Each check answers the messages for a bad text, none for a good one. Lengths are of bytes upstream; all that is allowed is ASCII.

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const LABEL_REGEXP = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN_REGEXP = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_1035_REGEXP = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const KEY = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const KEY_REGEXP = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_MAX = 63;
const SUBDOMAIN_MAX = 253;

const LABEL_TEXT = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`;
const SUBDOMAIN_TEXT = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${LABEL}(\\.${LABEL})*')`;
const LABEL_1035_TEXT = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const KEY_RULE = `must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${KEY}')`;
const VALUE_TEXT = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${KEY})?')`;

const tooLong = (max: number, unit: 'characters' | 'bytes'): string => `must be no more than ${max} ${unit}`;

/** An RFC 1123 label: names of containers, namespaces, services. @public */
export function dnsLabelErrors(text: string): readonly string[] {
  if (text.length <= LABEL_MAX && LABEL_REGEXP.test(text)) return [];
  const errors: string[] = text.length > LABEL_MAX ? [tooLong(LABEL_MAX, 'characters')] : [];
  if (!LABEL_REGEXP.test(text)) errors.push(SUBDOMAIN_REGEXP.test(text) ? 'must not contain dots' : LABEL_TEXT);
  return errors;
}

/** An RFC 1123 subdomain: names of most objects. @public */
export function dnsSubdomainErrors(text: string): readonly string[] {
  if (text.length <= SUBDOMAIN_MAX && SUBDOMAIN_REGEXP.test(text)) return [];
  const errors: string[] = text.length > SUBDOMAIN_MAX ? [tooLong(SUBDOMAIN_MAX, 'characters')] : [];
  if (!SUBDOMAIN_REGEXP.test(text)) errors.push(SUBDOMAIN_TEXT);
  return errors;
}

/** An RFC 1035 label. @public */
export function dns1035LabelErrors(text: string): readonly string[] {
  const errors: string[] = text.length > LABEL_MAX ? [tooLong(LABEL_MAX, 'characters')] : [];
  if (!LABEL_1035_REGEXP.test(text)) errors.push(LABEL_1035_TEXT);
  return errors;
}

/** A label key, annotation key, finalizer, condition type: a name with an optional domain before it. @public */
export function qualifiedNameErrors(text: string): readonly string[] {
  const parts = text.split('/');
  const errors: string[] = [];
  let name = text;
  if (parts.length > 2) return [`a valid label key ${KEY_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  if (parts.length === 2) {
    const prefix = parts[0] as string;
    name = parts[1] as string;
    if (prefix === '') errors.push('prefix part must be non-empty');
    else for (const error of dnsSubdomainErrors(prefix)) errors.push(`prefix part ${error}`);
  }
  if (name === '') errors.push('name part must be non-empty');
  else if (name.length > LABEL_MAX) errors.push(`name part ${tooLong(LABEL_MAX, 'bytes')}`);
  if (!KEY_REGEXP.test(name)) errors.push(`name part ${KEY_RULE}`);
  return errors;
}

/** A label value. @public */
export function labelValueErrors(text: string): readonly string[] {
  if (text === '') return [];
  const errors: string[] = text.length > LABEL_MAX ? [tooLong(LABEL_MAX, 'bytes')] : [];
  if (!KEY_REGEXP.test(text)) errors.push(VALUE_TEXT);
  return errors;
}

/** A name that only has to fit in a path. `isPrefix`: of a generated name, where `.` and `..` are still open. @public */
export function pathSegmentErrors(text: string, isPrefix: boolean = false): readonly string[] {
  if (!isPrefix && (text === '.' || text === '..')) return [`may not be '${text}'`];
  return ['/', '%'].filter((character) => text.includes(character)).map((character) => `may not contain '${character}'`);
}

/** The name of a port. @public */
export function portNameErrors(text: string): readonly string[] {
  const errors: string[] = [];
  if (text.length > 15) errors.push(tooLong(15, 'characters'));
  if (!/^[-a-z0-9]*$/.test(text)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(text)) errors.push('must contain at least one letter (a-z)');
  if (text.includes('--')) errors.push('must not contain consecutive hyphens');
  if (text.startsWith('-') || text.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

/** The number of a port. @public */
export function portNumberErrors(port: number): readonly string[] {
  return port >= 1 && port <= 65_535 ? [] : ['must be between 1 and 65535, inclusive'];
}

/** The name of an environment variable. @public */
export function envNameErrors(text: string): readonly string[] {
  return /^[ -<>-~]+$/.test(text) ? [] : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** A key of a ConfigMap or Secret. @public */
export function configKeyErrors(text: string): readonly string[] {
  const errors: string[] = text.length > SUBDOMAIN_MAX ? [tooLong(SUBDOMAIN_MAX, 'characters')] : [];
  if (!/^[-._a-zA-Z0-9]+$/.test(text)) errors.push("a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')");
  if (text === '.') errors.push("must not be '.'");
  else if (text === '..') errors.push("must not be '..'");
  else if (text.startsWith('..')) errors.push("must not start with '..'");
  return errors;
}

/** An IP address of either family. @public */
export function ipErrors(text: string): readonly string[] {
  return isIpv4(text) || isIpv6(text) ? [] : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

function isIpv6(text: string): boolean {
  if (!text.includes(':') || text.includes(':::')) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1);
  const hasIpv4 = last !== undefined && last.includes('.');
  if (hasIpv4 && !isIpv4(last)) return false;
  const hex = hasIpv4 ? groups.slice(0, -1) : groups;
  if (!hex.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  const count = hex.length + (hasIpv4 ? 2 : 0);
  return halves.length === 2 ? count < 8 : count === 8;
}
