import { describe, expect, it } from 'vitest';
import { kubectlSet } from '../src/sets/kubectl.ts';

// Raised when more agree; never lowered.
const AGREE_MIN = 1995;

describe('conform kubectl', () => {
  it(`should print at least ${AGREE_MIN} recorded lines in process`, async () => {
    const { agree, total } = await kubectlSet.run({ inProcess: true });
    expect(total).toBe(2035);
    expect(agree).toBeGreaterThanOrEqual(AGREE_MIN);
  }, 240_000);
});
