import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldPath } from '../src/field-path.ts';
import { formatIp, parseIp, validateIp, validateLegacyIp } from '../src/names/ip.ts';

describe('addresses that must be canonical', () => {
  const path = fieldPath('ip');
  it.each(['10.0.0.1', '0.0.0.0', '255.255.255.255', '256.0.0.1', '01.2.3.4', '1.2.3', '1.2.3.4.5', '1..2.3', '.1.2.3', '1.2.3.', '', '00.0.0.0', '2001:db8::1', '2001:0db8::1', '::ffff:1.2.3.4', '1.2.3.4 '])('should take %j if it is what its address prints', (text) => {
    const address = parseIp(text);
    const isCanonical = address !== undefined && validateLegacyIp(path, text).length === 0 && formatIp(address) === text;
    expect(validateIp(path, text).length === 0).toBe(isCanonical);
  });
  it('should take of digits and dots what its address prints', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('0', '1', '9', '25', '255', '256', '.', '.', '..', '/'), { maxLength: 9 }), (parts) => {
      const text = parts.join('');
      const address = parseIp(text);
      expect(validateIp(path, text).length === 0).toBe(address !== undefined && validateLegacyIp(path, text).length === 0 && formatIp(address) === text);
    }), { seed: 1, numRuns: 2000 });
  });
});
