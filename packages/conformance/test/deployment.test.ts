// Every recorded sync of the Deployment and ReplicaSet controllers agrees; neither count may fall.
import { describe, expect, it } from 'vitest';
import { deploymentSet } from '../src/sets/deployment.ts';
import { replicasetSet } from '../src/sets/replicaset.ts';

describe('recorded syncs', () => {
  it.each([
    { set: deploymentSet, count: 987 },
    { set: replicasetSet, count: 564 },
  ])('$set.name agrees in all $count cases', async ({ set, count }) => {
    const { cases } = await set.run({});
    expect(cases.filter((result) => !result.agrees).map((result) => [result.id, result.differences[0]])).toEqual([]);
    expect(cases.length).toBe(count);
  });
});
