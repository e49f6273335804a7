// Formats of texts that schemas may ask for (k8s.io/kube-openapi/pkg/validation/strfmt, 1.37). Unknown ones pass.
import { typeInvalid, type FieldError } from '../field-error.ts';
import { parseTime } from '../encoding/time.ts';
import { parseCidr, parseIp } from '../names/ip.ts';

const PATTERNS: Readonly<Record<string, RegExp>> = {
  date: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
  uuid: /^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$/,
  byte: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  hostname: /^(?=.{1,253}$)[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/,
  email: /^[^@\s]+@[^@\s]+$/,
  duration: /^(\d+(\.\d+)?\s*(ns|us|µs|μs|ms|s|m|h|d|w)\s*)+$/,
};

function isOfFormat(value: string, format: string): boolean {
  switch (format) {
    case 'date-time': return parseTime(value) !== undefined;
    case 'ipv4': return parseIp(value)?.family === 'IPv4' && !value.includes(':');
    case 'ipv6': return value.includes(':') && parseIp(value) !== undefined;
    case 'cidr': return parseCidr(value) !== undefined;
    default: return !Object.hasOwn(PATTERNS, format) || (PATTERNS[format] as RegExp).test(value);
  }
}

/** An error for a text that is not of a format. @internal */
export function formatErrors(value: string, format: string | undefined, path: string): readonly FieldError[] {
  if (format === undefined || isOfFormat(value, format)) return [];
  return [typeInvalid(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`)];
}
