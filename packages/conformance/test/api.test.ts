import { describe, expect, it } from 'vitest';
import type { SetReport } from '../src/conform-set.ts';
import { apiSet } from '../src/sets/api.ts';
import { discoverySet } from '../src/sets/discovery.ts';

// Raised when more agree; never lowered. Those that differ stand in docs/FIDELITY.md.
const AGREE_MIN = 1190;
const AGREE_WITH_MANAGED_FIELDS_MIN = 1190;

const agreeing = (report: SetReport): number => report.cases.filter((result) => result.agrees).length;

describe('conform api', () => {
  it(`should agree with at least ${AGREE_MIN} of 1190 recorded cases`, () => {
    const report = apiSet.run({}) as SetReport;
    expect(report.cases.length).toBe(1190);
    expect(agreeing(report)).toBeGreaterThanOrEqual(AGREE_MIN);
  });

  it(`should agree with at least ${AGREE_WITH_MANAGED_FIELDS_MIN} of them with managed fields`, () => {
    expect(agreeing(apiSet.run({ managedFields: true }) as SetReport)).toBeGreaterThanOrEqual(AGREE_WITH_MANAGED_FIELDS_MIN);
  });

  it('should answer discovery as recorded', () => {
    const report = discoverySet.run({}) as SetReport;
    expect(report.cases.filter((result) => !result.agrees)).toEqual([]);
  });
});
