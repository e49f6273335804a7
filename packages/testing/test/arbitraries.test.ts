// What the arbitraries draw, and how often their runs come to where bugs are. Shares are those that the docstrings state.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choices, command, fault, FAULT_NAMES, FAULTS, profile, scenario, ScenarioRunner, statefulSetSpec, type Fault } from '../src/index.ts';

const SEED = 20_261_124;
const DRAWS = 4_000;

function shares<T>(arbitrary: fc.Arbitrary<T>, sort: (value: T) => string, draws: number = DRAWS): (name: string) => number {
  const counts = new Map<string, number>();
  for (const value of fc.sample(fc.noBias(arbitrary), { numRuns: draws, seed: SEED })) counts.set(sort(value), (counts.get(sort(value)) ?? 0) + 1);
  return (name) => (counts.get(name) ?? 0) / draws;
}

describe('what is drawn', () => {
  it('should be choices of every mode, a sixth first in, first out', () => {
    const share = shares(choices(), ({ mode }) => mode);
    expect([share('fifo'), share('random'), share('pct')].map((value) => Math.round(value * 6))).toEqual([1, 4, 1]);
  });

  it('should be half of the time the newest release', () => {
    expect(shares(profile(), ({ kubernetes }) => kubernetes)('1.37')).toBeCloseTo(0.5, 1);
  });

  it('should be StatefulSets half of them Parallel, a third with claims, a quarter with a partition', () => {
    const has = (field: string): number => shares(statefulSetSpec(), (spec) => String((spec as unknown as Record<string, unknown>)[field] ?? 'none'))('none');
    expect(shares(statefulSetSpec(), (spec) => ('podManagementPolicy' in spec ? spec.podManagementPolicy ?? '' : ''))('Parallel')).toBeCloseTo(0.5, 1);
    expect(1 - has('claims')).toBeCloseTo(1 / 3, 1);
    expect(1 - has('partition')).toBeCloseTo(1 / 4, 1);
  });

  it('should be commands of every sort, images and scales the most', () => {
    const share = shares(command('statefulset/web'), (each) => each.do);
    for (const name of ['setImage', 'scale', 'deletePod', 'partition', 'rollback', 'evict', 'delete', 'cordon', 'uncordon', 'settle']) expect(share(name), name).toBeGreaterThan(0.01);
    expect(share('setImage')).toBeGreaterThan(share('delete') * 2);
  });

  it('should be faults of every class', () => {
    const share = shares(fault('web'), (each) => each.fault);
    const total = FAULT_NAMES.reduce((sum, name) => sum + FAULTS[name].weight, 0);
    for (const name of FAULT_NAMES) expect(Math.abs(share(name) - FAULTS[name].weight / total), name).toBeLessThan(0.02);
  });

  it('should be errors that may come: a conflict never after the write took effect', () => {
    const isLegal = (each: Fault): boolean => each.fault !== 'apiError' || each.after !== true || each.error === 'timeout' || each.error === 'internal';
    expect(fc.sample(fault('web', { faults: ['apiError'] }), { numRuns: DRAWS, seed: SEED }).every(isLegal)).toBe(true);
  });
});

describe('runs of what is drawn', () => {
  it('should meet rollouts, and faults and scales in the middle of one', () => {
    const runner = new ScenarioRunner();
    const drawn = fc.sample(scenario({ kinds: ['StatefulSet'], maxReplicas: 3 }), { numRuns: 120, seed: SEED });
    const reached = drawn.map((each) => runner.run(each).reached);
    const count = (of: keyof (typeof reached)[number]): number => reached.filter((each) => each[of]).length;
    console.log(`of ${drawn.length} runs ${count('rollout')} met a rollout, ${count('faultInRollout')} a fault in one, ${count('scaleInRollout')} a scale in one, ${count('nodeLostWhileTerminating')} a node lost while a pod terminated`);
    expect(count('rollout')).toBeGreaterThanOrEqual(60);
    expect(count('faultInRollout')).toBeGreaterThanOrEqual(24);
    expect(count('scaleInRollout')).toBeGreaterThanOrEqual(8);
    expect(count('nodeLostWhileTerminating')).toBeGreaterThanOrEqual(1);
  });
});
