import { expect, it } from 'vitest';
import { kubeletSet } from '../src/sets/kubelet.ts';

it('should agree with every recorded kubelet case', async () => {
  const { cases } = await kubeletSet.run({});
  expect(cases.filter((each) => !each.agrees).map((each) => [each.id, ...each.differences])).toEqual([]);
  expect(cases.length).toBe(38);
});
