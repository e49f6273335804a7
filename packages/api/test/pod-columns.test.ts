import { describe, expect, it } from 'vitest';
import type { Pod } from '../src/generated/types.ts';
import { podCells } from '../src/kinds/core/pod-columns.ts';

const NOW = Date.parse('2026-01-01T01:00:00Z');
type Loose = Record<string, unknown>;

/** READY, STATUS and RESTARTS of a pod. */
function shown(status: Loose, { spec = {}, metadata = {} }: { readonly spec?: Loose; readonly metadata?: Loose } = {}): readonly unknown[] {
  const pod = { metadata: { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata }, spec: { containers: [{ name: 'c' }, { name: 'd' }], ...spec }, status: { phase: 'Running', ...status } };
  return podCells(pod as unknown as Pod, NOW).slice(1, 4);
}

const running = (name: string, more: Loose = {}): Loose => ({ name, ready: true, restartCount: 0, state: { running: {} }, ...more });
const ended = (name: string, exitCode: number, reason?: string): Loose => ({ name, ready: false, restartCount: 0, state: { terminated: { exitCode, reason } } });
const SIDECAR = { initContainers: [{ name: 's', restartPolicy: 'Always' }, { name: 'i' }] };

const CASES: readonly (readonly [string, readonly unknown[], readonly unknown[]])[] = [
  ['a new pod', shown({ phase: 'Pending' }), ['0/2', 'Pending', '0']],
  ['a gated pod', shown({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }), ['0/2', 'SchedulingGated', '0']],
  ['a running pod', shown({ containerStatuses: [running('c'), running('d')] }), ['2/2', 'Running', '0']],
  ['the first of two waiting containers', shown({ containerStatuses: [{ name: 'c', ready: false, restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:55:00Z' } } }, { name: 'd', ready: false, restartCount: 0, state: { waiting: { reason: 'ErrImagePull' } } }] }), ['0/2', 'CrashLoopBackOff', '3 (5m ago)']],
  ['one that ended without a reason', shown({ containerStatuses: [ended('c', 3), ended('d', 0, 'Completed')] }), ['0/2', 'ExitCode:3', '0']],
  ['an error behind a completion', shown({ containerStatuses: [ended('c', 0, 'Completed'), ended('d', 1, 'Error')] }), ['0/2', 'Error', '0']],
  ['a completion beside one that runs', shown({ containerStatuses: [ended('c', 0, 'Completed'), running('d')] }), ['1/2', 'NotReady', '0']],
  ['a completion in a ready pod', shown({ containerStatuses: [ended('c', 0, 'Completed'), running('d')], conditions: [{ type: 'Ready', status: 'True' }] }), ['1/2', 'Running', '0']],
  ['a sidecar that is ready while the next one runs', shown({ phase: 'Pending', initContainerStatuses: [running('s', { started: true, restartCount: 1 }), { name: 'i', ready: false, restartCount: 0, state: { running: {} } }] }, { spec: SIDECAR }), ['1/3', 'Init:1/2', '1']],
  ['an init container that failed', shown({ phase: 'Pending', initContainerStatuses: [ended('s', 1, 'Error')] }, { spec: SIDECAR }), ['0/3', 'Init:Error', '0']],
  ['a deleting pod', shown({ containerStatuses: [running('c'), running('d')] }, { metadata: { deletionTimestamp: '2026-01-01T00:59:00Z' } }), ['2/2', 'Terminating', '0']],
  ['a deleting pod that has ended', shown({ phase: 'Succeeded', containerStatuses: [ended('c', 0, 'Completed'), ended('d', 0, 'Completed')] }, { metadata: { deletionTimestamp: '2026-01-01T00:59:00Z' } }), ['0/2', 'Completed', '0']],
  ['a deleting pod of a lost node', shown({ reason: 'NodeLost' }, { metadata: { deletionTimestamp: '2026-01-01T00:59:00Z' } }), ['0/2', 'Unknown', '0']],
];

describe('cells of pods', () => {
  it.each(CASES)('should show %s', (_, cells, expected) => {
    expect(cells).toEqual(expected);
  });
});
