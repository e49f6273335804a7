// IP addresses and CIDR blocks: read as Go's sloppy parsers do, written canonically (RFC 5952), checked with upstream's texts
// (k8s.io/apimachinery/pkg/util/validation/ip.go, 1.37).
import { invalid, quote, type FieldError } from '../field-error.ts';
import type { FieldPath } from '../field-path.ts';

/** An address: 4 or 16 bytes. @public */
export interface IpAddress {
  readonly family: 'IPv4' | 'IPv6';
  readonly bytes: readonly number[];
  /** Written with leading zeros in an octet. */
  readonly hasLeadingZeros: boolean;
  /** An IPv4 address written as `::ffff:1.2.3.4`. */
  readonly isMapped: boolean;
}

const DOT = 46;

function parseIpv4(text: string): { readonly bytes: readonly number[]; readonly hasLeadingZeros: boolean } | undefined {
  let hasLeadingZeros = false;
  const bytes: number[] = [];
  let value = 0;
  let digits = 0;
  for (let index = 0; index <= text.length; index++) {
    const code = index === text.length ? DOT : text.charCodeAt(index);
    if (code === DOT) {
      if (digits === 0 || bytes.length === 4) return undefined;
      bytes.push(value);
      value = 0;
      digits = 0;
      continue;
    }
    const digit = code - 48;
    if (digit < 0 || digit > 9) return undefined;
    if (digits > 0 && value === 0) hasLeadingZeros = true;
    value = value * 10 + digit;
    if (value > 255) return undefined;
    digits++;
  }
  if (bytes.length !== 4) return undefined;
  return { bytes, hasLeadingZeros };
}

function parseGroups(text: string): { readonly bytes: readonly number[]; readonly hasLeadingZeros: boolean } | undefined {
  if (text === '') return { bytes: [], hasLeadingZeros: false };
  const bytes: number[] = [];
  let hasLeadingZeros = false;
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (index === groups.length - 1 && group.includes('.')) {
      const tail = parseIpv4(group);
      if (tail === undefined) return undefined;
      bytes.push(...tail.bytes);
      hasLeadingZeros = tail.hasLeadingZeros;
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    }
  }
  return { bytes, hasLeadingZeros };
}

/** Reads an address; undefined for what is none. IPv4 in IPv6 counts as IPv4, as in Go's net.IP. @public */
export function parseIp(text: string): IpAddress | undefined {
  if (!text.includes(':')) {
    const parsed = parseIpv4(text);
    return parsed === undefined ? undefined : { family: 'IPv4', ...parsed, isMapped: false };
  }
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] as string);
  const tail = halves.length === 2 ? parseGroups(halves[1] as string) : { bytes: [], hasLeadingZeros: false };
  if (head === undefined || tail === undefined) return undefined;
  if (halves.length === 2 && (halves[0] as string).includes('.')) return undefined;
  const missing = 16 - head.bytes.length - tail.bytes.length;
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  const bytes = [...head.bytes, ...new Array<number>(missing).fill(0), ...tail.bytes];
  const hasLeadingZeros = head.hasLeadingZeros || tail.hasLeadingZeros;
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  return isMapped ? { family: 'IPv4', bytes: bytes.slice(12), hasLeadingZeros, isMapped } : { family: 'IPv6', bytes, hasLeadingZeros, isMapped };
}

/** The canonical text of an address. @public */
export function formatIp(address: IpAddress): string {
  if (address.family === 'IPv4') return address.bytes.join('.');
  const groups: number[] = [];
  for (let index = 0; index < 16; index += 2) groups.push(((address.bytes[index] as number) << 8) | (address.bytes[index + 1] as number));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const text = (from: number, to: number): string => groups.slice(from, to).map((group) => group.toString(16)).join(':');
  return best.start < 0 ? text(0, 8) : `${text(0, best.start)}::${text(best.start + best.length, 8)}`;
}

/** A block such as `10.96.0.0/16`. @public */
export interface Cidr {
  readonly address: IpAddress;
  readonly prefixLength: number;
  readonly hasLeadingZeros: boolean;
}

/** Reads a block; undefined for what is none. Bits beyond the prefix are kept. @public */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const address = parseIp(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (address === undefined || !/^\d+$/.test(length)) return undefined;
  const max = text.slice(0, slash).includes(':') ? 128 : 32;
  if (Number(length) > max) return undefined;
  return { address, prefixLength: Number(length), hasLeadingZeros: address.hasLeadingZeros || (length.length > 1 && length.startsWith('0')) };
}

/** The address with the bits beyond the prefix cleared. @public */
export function maskedAddress(cidr: Cidr): IpAddress {
  const length = cidr.address.isMapped ? Math.max(0, cidr.prefixLength - 96) : cidr.prefixLength;
  const bytes = cidr.address.bytes.map((byte, index) => {
    const bits = Math.min(8, Math.max(0, length - index * 8));
    return byte & (0xff << (8 - bits)) & 0xff;
  });
  return { ...cidr.address, bytes };
}

/** Errors of an address in a field that predates strict checks; values in `oldValues` pass unseen. @public */
export function validateLegacyIp(path: FieldPath, value: string, oldValues: readonly string[] = []): readonly FieldError[] {
  if (oldValues.includes(value)) return [];
  const address = parseIp(value);
  if (address === undefined) return [invalid(path, value, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
  const errors: FieldError[] = [];
  if (address.hasLeadingZeros) errors.push(invalid(path, value, 'must not have leading 0s'));
  if (address.isMapped) errors.push(invalid(path, value, 'must not be an IPv4-mapped IPv6 address'));
  return errors;
}

const NO_ERRORS: readonly FieldError[] = Object.freeze([]);
const OCTET_MAX = 255;

/** Whether a text is an IPv4 address in its one form, which most are. */
function isPlainIpv4(text: string): boolean {
  let dots = 0;
  let digits = 0;
  let octet = 0;
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit === -2) {
      if (digits === 0) return false;
      dots++;
      digits = octet = 0;
    } else if (digit < 0 || digit > 9 || (digits > 0 && octet === 0)) return false;
    else {
      digits++;
      octet = octet * 10 + digit;
      if (octet > OCTET_MAX) return false;
    }
  }
  return dots === 3 && digits > 0;
}

/** Errors of an address that must be canonical. @public */
export function validateIp(path: FieldPath, value: string): readonly FieldError[] {
  if (isPlainIpv4(value)) return NO_ERRORS;
  const errors = validateLegacyIp(path, value);
  if (errors.length > 0) return errors;
  const canonical = formatIp(parseIp(value) as IpAddress);
  return canonical === value ? [] : [invalid(path, value, `must be in canonical form (${quote(canonical)})`)];
}

/** Errors of a block in a field that predates strict checks. @public */
export function validateLegacyCidr(path: FieldPath, value: string, oldValues: readonly string[] = []): readonly FieldError[] {
  if (oldValues.includes(value)) return [];
  const cidr = parseCidr(value);
  if (cidr === undefined) return [invalid(path, value, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
  if (cidr.hasLeadingZeros) return [invalid(path, value, 'must not have leading 0s in IP or prefix length')];
  if (cidr.address.isMapped) return [invalid(path, value, 'must not have an IPv4-mapped IPv6 address')];
  if (formatIp(cidr.address) !== formatIp(maskedAddress(cidr))) return [invalid(path, value, 'must not have bits set beyond the prefix length')];
  return [];
}

/** Warnings for an address that is valid but not written canonically. @public */
export function warningsForIp(path: FieldPath, value: string): readonly string[] {
  const address = parseIp(value);
  if (address === undefined) return [];
  const canonical = formatIp(address);
  if (address.hasLeadingZeros || address.isMapped) return [`${path}: non-standard IP address ${quote(value)} is invalid: use ${quote(canonical)}`];
  if (address.family === 'IPv6' && canonical !== value) return [`${path}: IPv6 address ${quote(value)} should be in RFC 5952 canonical format (${quote(canonical)})`];
  return [];
}

/** Warnings for a block that is valid but not written canonically. @public */
export function warningsForCidr(path: FieldPath, value: string): readonly string[] {
  const cidr = parseCidr(value);
  if (cidr === undefined) return [];
  const texts: string[] = [];
  const { address, prefixLength } = cidr;
  const network = `${formatIp(maskedAddress(cidr))}/${address.isMapped ? Math.max(0, prefixLength - 96) : prefixLength}`;
  if (formatIp(address) !== formatIp(maskedAddress(cidr))) texts.push(`${path}: CIDR value ${quote(value)} is ambiguous in this context (should be ${quote(network)} or ${quote(`${formatIp(address)}/${address.family === 'IPv6' ? 128 : 32}`)}?)`);
  if (cidr.hasLeadingZeros || address.isMapped) texts.push(`${path}: non-standard CIDR value ${quote(value)} is invalid: use ${quote(network)}`);
  else if (address.family === 'IPv6' && `${formatIp(address)}/${prefixLength}` !== value) texts.push(`${path}: IPv6 CIDR value ${quote(value)} should be in RFC 5952 canonical format (${quote(network)})`);
  return texts;
}

/** An address of either family, for fields that predate strict checks. @public */
export function ipErrors(text: string): readonly string[] {
  const address = parseIp(text);
  if (address === undefined) return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
  const errors: string[] = [];
  if (address.hasLeadingZeros) errors.push('must not have leading 0s');
  if (address.isMapped) errors.push('must not be an IPv4-mapped IPv6 address');
  return errors;
}
