import { describe, expect, it } from 'vitest';
import { fieldErrorMessage } from '../src/field-error.ts';
import { jobKind } from '../src/kinds/batch/job.ts';
import type { KubeObject } from '../src/request.ts';

type Loose = Record<string, unknown>;

const CONTEXT = { now: 0, time: '1970-01-01T00:00:00Z', profile: { kubernetes: '1.37', featureGates: {} } } as const;
const START = '2024-01-01T00:00:00Z';
const END = '2024-01-01T01:00:00Z';

const conditions = (...types: readonly string[]): Loose => ({ conditions: types.map((type) => ({ type, status: 'True' })) });
const job = (spec: Loose, status: Loose): KubeObject => ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j', namespace: 'n' }, spec: { template: {}, ...spec }, status });

function errorsOf(spec: Loose, old: Loose, sent: Loose): readonly string[] {
  const strategy = jobKind.subresources?.status;
  if (typeof strategy !== 'object') throw new TypeError('jobs have no status');
  const before = job(spec, old);
  return (strategy.validateUpdate?.(job(spec, sent), before, { ...CONTEXT, old: before }) ?? []).map(fieldErrorMessage);
}

const COMPLETE = { startTime: START, completionTime: END, ...conditions('SuccessCriteriaMet', 'Complete') };
const FAILED = { startTime: START, ...conditions('FailureTarget', 'Failed') };
const INDEXED = { completionMode: 'Indexed', completions: 5, parallelism: 2, backoffLimitPerIndex: 1 };

const WRITES: readonly (readonly [string, Loose, Loose, Loose, readonly string[]])[] = [
  ['a job that completes', {}, { startTime: START }, COMPLETE, []],
  ['a job that fails', {}, { startTime: START }, FAILED, []],
  ['a count below zero', {}, {}, { failed: -1 }, ['status.failed: Invalid value: -1: must be greater than or equal to 0', 'status.failed: Invalid value: -1: cannot decrease the failed counter']],
  ['completion without its criteria', {}, { startTime: START }, { ...COMPLETE, ...conditions('Complete') }, ['status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition']],
  ['failure without its target', {}, { startTime: START }, { ...FAILED, ...conditions('Failed') }, ['status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition']],
  ['a failure undone', {}, FAILED, { startTime: START, ...conditions('FailureTarget') }, ['status.conditions: Invalid value: cannot disable the terminal Failed=True condition']],
  ['criteria undone', {}, { startTime: START, ...conditions('SuccessCriteriaMet') }, { startTime: START }, ['status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition']],
  ['an end that is not complete', {}, { startTime: START }, { startTime: START, completionTime: END }, [`status.completionTime: Invalid value: ${JSON.stringify(END)}: cannot set completionTime when there is no Complete=True condition`]],
  ['completion without an end', {}, { startTime: START }, { startTime: START, ...conditions('SuccessCriteriaMet', 'Complete') }, ['status.completionTime: Required value: completionTime is required for Complete jobs']],
  ['an end before the start', {}, { startTime: END }, { ...COMPLETE, startTime: END, completionTime: START }, [`status.completionTime: Invalid value: ${JSON.stringify(START)}: completionTime cannot be set before startTime`]],
  ['a start taken away', {}, { startTime: START }, {}, ['status.startTime: Required value: startTime cannot be removed for unsuspended job']],
  ['a start taken away of what is suspended', { suspend: true }, { startTime: START }, {}, []],
  ['pods of a job that is over', {}, { startTime: START }, { ...FAILED, active: 1, terminating: 1 }, ['status.active: Invalid value: 1: active>0 is invalid for finished job', 'status.terminating: Invalid value: 1: terminating>0 is invalid for finished job']],
  ['more ready than active', {}, {}, { ready: 2, active: 1 }, ['status.ready: Invalid value: 2: cannot set more ready pods than active']],
  ['fewer failed than before', {}, { failed: 2, succeeded: 2 }, { failed: 1, succeeded: 1 }, ['status.failed: Invalid value: 1: cannot decrease the failed counter', 'status.succeeded: Invalid value: 1: cannot decrease the succeeded counter']],
  ['fewer succeeded of an elastic job', { ...INDEXED, parallelism: 5 }, { succeeded: 2 }, { succeeded: 1 }, []],
  ['a pod that is uncounted twice', {}, {}, { uncountedTerminatedPods: { succeeded: ['a'], failed: ['a', ''] } }, ['status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"', 'status.uncountedTerminatedPods.failed[1]: Invalid value: "": must not be empty']],
  ['indexes of what has none', {}, {}, { completedIndexes: '0', failedIndexes: '1' }, ['status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode', 'status.failedIndexes: Invalid value: "1": cannot set non-null failedIndexes when backoffLimitPerIndex is null']],
  ['indexes that failed and completed', INDEXED, {}, { completedIndexes: '0-2', failedIndexes: '2,4' }, ['status.failedIndexes: Invalid value: "2,4": failedIndexes and completedIndexes overlap at index: 2']],
  ['both ends at once', {}, { startTime: START }, { ...COMPLETE, ...conditions('FailureTarget', 'SuccessCriteriaMet', 'Complete') }, ['status.conditions: Invalid value: cannot set Complete=True and FailureTarget=true conditions', 'status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and FailureTarget=true conditions']],
];

describe('writes of the status of a job', () => {
  it.each(WRITES)('should judge %s', (_, spec, old, sent, expected) => {
    expect(errorsOf(spec, old, sent)).toEqual(expected);
  });
});
