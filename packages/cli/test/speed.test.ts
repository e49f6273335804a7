import { describe, expect, it } from 'vitest';
import { readSpeed } from '@kubesim/cli';

describe('readSpeed', () => {
  it.each([['1x', 1], ['60x', 60], ['0.5', 0.5], ['max', 'max'], ['step', 'step']])('should read %s', (text, speed) => { expect(readSpeed(text)).toBe(speed); });
  it.each(['fast', '-1x', '0x', ''])('should refuse %j and say what was expected', (text) => { expect(() => readSpeed(text)).toThrow("--speed must be such as '1x'"); });
});
