// Addresses that may stand in endpoints (pkg/apis/core/validation, ValidateEndpointIP, 1.37).
import { invalid, type FieldError } from '../field-error.ts';
import type { FieldPath } from '../field-path.ts';
import { parseIp } from './ip.ts';

/** Errors of an address that nothing outside its host could reach. @internal */
export function validateEndpointIp(path: FieldPath, value: string): readonly FieldError[] {
  const address = parseIp(value);
  if (address === undefined) return [invalid(path, value, 'must be a valid IP address')];
  const { bytes, family } = address;
  const [first = 0, second = 0, third = 0] = bytes;
  const isIpv4 = family === 'IPv4';
  const errors: FieldError[] = [];
  if (bytes.every((byte) => byte === 0)) errors.push(invalid(path, value, `may not be unspecified (${value})`));
  if (isIpv4 ? first === 127 : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0))) errors.push(invalid(path, value, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'));
  if (isIpv4 ? first === 169 && second === 254 : first === 0xfe && (second & 0xc0) === 0x80) errors.push(invalid(path, value, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'));
  if (isIpv4 ? first === 224 && second === 0 && third === 0 : first === 0xff && (second & 0x0f) === 0x02) errors.push(invalid(path, value, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'));
  return errors;
}
