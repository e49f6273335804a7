// The ratchet of the set `scheduler`: every recorded case agrees.
import { expect, it } from 'vitest';
import { schedulerSet } from '../src/sets/scheduler.ts';

it('should decide all 259 recorded cases as the real scheduler did', async () => {
  const { cases } = await schedulerSet.run({});
  expect(cases.filter((result) => !result.agrees).map((result) => result.id)).toEqual([]);
  expect(cases.length).toBe(259);
});
