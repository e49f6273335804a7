import { describe, expect, it } from 'vitest';
import { statefulsetSet } from '../src/sets/statefulset.ts';
import type { SetReport } from '../src/conform-set.ts';

describe('conform statefulset', () => {
  it('should agree with every recorded decision of three releases', () => {
    const report = statefulsetSet.run({}) as SetReport;
    expect(report.cases.filter((result) => !result.agrees).map((result) => result.id)).toEqual([]);
    expect(report.cases.length).toBe(4395);
  });
});
