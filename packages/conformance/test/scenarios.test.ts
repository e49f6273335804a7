import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readGzipJson } from '../src/read-gzip.ts';
import { runScenario, type Scenario } from '../src/sets/scenarios.ts';

// Raised when more agree; never lowered.
const AGREE_MIN = 51;
const FOLDER = join(import.meta.dirname, '..', 'vectors', 'scenarios');

describe('conform scenarios', () => {
  it(`should agree with at least ${AGREE_MIN} recorded scenarios, first in, first out`, () => {
    const scenarios = readdirSync(FOLDER).filter((file) => file.endsWith('.json.gz')).map((file) => readGzipJson<Scenario>(join(FOLDER, file)));
    const agree = scenarios.filter((scenario) => runScenario(scenario).differences.length === 0).map(({ id }) => id);
    expect(scenarios.length).toBe(51);
    expect(agree.length).toBeGreaterThanOrEqual(AGREE_MIN);
  }, 240_000);

  it('should come to the recorded states under random arbiters', () => {
    const ids = ['sts-tutorial', 'sts-update-partition', 'dep-update', 'sts-parallel', 'dep-pause'];
    let points = 0;
    let deviations = 0;
    for (const id of ids) {
      for (const seed of [1, 2]) {
        const run = runScenario(readGzipJson<Scenario>(join(FOLDER, `${id}.json.gz`)), seed);
        expect([id, seed, run.differences]).toEqual([id, seed, []]);
        points += run.points;
        deviations += run.deviations;
      }
    }
    expect(deviations * 100).toBeGreaterThan(points * 30);
  }, 240_000);
});
