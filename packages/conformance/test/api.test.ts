// The recorded requests and discovery documents: how many agree may only rise.
import { describe, expect, it } from 'vitest';
import { apiSet } from '../src/sets/api.ts';
import { discoverySet } from '../src/sets/discovery.ts';

const AGREEING = { plain: 1179, managedFields: 1177, discovery: 48 };

function agreeing(cases: readonly { readonly agrees: boolean }[]): number {
  return cases.filter((each) => each.agrees).length;
}

describe('the API server against recordings of the real one', () => {
  it('should answer at least as many cases alike as it did', async () => {
    const { cases } = await apiSet.run({});
    expect(cases.length).toBe(1190);
    expect(agreeing(cases)).toBeGreaterThanOrEqual(AGREEING.plain);
  });

  it('should own fields as the real one does', async () => {
    const { cases } = await apiSet.run({ managedFields: true });
    expect(agreeing(cases)).toBeGreaterThanOrEqual(AGREEING.managedFields);
  });

  it('should say that it serves what the real one serves', async () => {
    const { cases } = await discoverySet.run({});
    expect(agreeing(cases)).toBeGreaterThanOrEqual(AGREEING.discovery);
  });
});
