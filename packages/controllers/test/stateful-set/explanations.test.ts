// What a sync says it waits for, of every pod that can be waited for and wherever one is.
import type { Pod, StatefulSet } from '@kubesim/api';
import { describe, expect, it } from 'vitest';
import { behaviourOf } from '../../src/stateful-set/behaviour.ts';
import { decideSync } from '../../src/stateful-set/decide-sync.ts';
import { buildSummary } from '../../src/stateful-set/set-summary.ts';
import { START_MS, time } from './set-world.ts';
import { newSet } from './sets.ts';

const NOW = START_MS + 100_000;
const ready = (status: string, seconds: number, message?: string): readonly object[] => [
  { type: 'Initialized', status: 'True', message: 'of another condition' },
  { type: 'Ready', status, lastTransitionTime: time(NOW - seconds * 1000), ...(message === undefined ? {} : { message }) },
];

/** States of a pod that keep others waiting, and the words for them. */
const STATES: readonly (readonly [string, object, object])[] = [
  ['is terminating', { deletionTimestamp: time(NOW) }, { phase: 'Running', conditions: ready('True', 50) }],
  ['is Pending', {}, { phase: 'Pending' }],
  ['is Unknown', {}, { phase: 'Unknown', conditions: ready('False', 50, 'no word of it') }],
  ['is not Ready', {}, { phase: 'Running' }],
  ['is not Ready', {}, { phase: 'Running', conditions: ready('False', 50) }],
  ['is not Ready: disk full', {}, { phase: 'Running', conditions: ready('False', 50, 'disk full') }],
  ['is Ready but not yet for 10 s', {}, { phase: 'Running', conditions: ready('True', 9) }],
];
/** A planned pod is created where it is asked for; elsewhere it is waited for, too. */
const UNBORN: typeof STATES = [['has no phase yet', {}, {}], ['has no phase yet', {}, { phase: '' }]];

function pod(ordinal: number, metadata: object = {}, status: object = { phase: 'Running', conditions: ready('True', 50) }, revision = 'new'): Pod {
  const name = `web-${ordinal}`;
  const labels = { foo: 'bar', 'controller-revision-hash': revision, 'statefulset.kubernetes.io/pod-name': name };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels, ...metadata }, spec: { containers: [] }, status } as unknown as Pod;
}

function why(spec: object, pods: readonly Pod[], current = 'new'): unknown {
  const set = newSet(2, { volumeClaimTemplates: undefined, minReadySeconds: 10, ...spec }) as StatefulSet;
  const { template } = set.spec;
  const plan = decideSync({
    set, summary: buildSummary({ epoch: { kind: 'epoch' }, set, claims: () => undefined }, pods), claims: () => undefined, now: NOW, behaviour: behaviourOf({ kubernetes: '1.37', featureGates: {} }),
    revisions: { current: { name: current, template }, update: { name: 'new', template }, collisionCount: 0 },
  });
  return plan.explanations.map((explanation) => explanation.why);
}

describe('a sync that waits says for which pod, and what it lacks', () => {
  it.each(STATES)('a replica that %s: %j %j', (words, metadata, status) => {
    expect(why({}, [pod(0), pod(1, metadata, status)])).toEqual([{ rule: 'OrderedReady', message: `nothing else is done: OrderedReady waits for web-1, which ${words}`, blockedBy: 'pod/web-1' }]);
  });

  it.each([...STATES, ...UNBORN])('the highest condemned pod that %s: %j %j', (words, metadata, status) => {
    expect(why({}, [pod(0), pod(1), pod(2, {}, { phase: 'Pending' }), pod(3, metadata, status)])).toEqual([{ rule: 'ScaleDown', message: `scale-down waits for web-3, which ${words}`, blockedBy: 'pod/web-3' }]);
  });

  it.each(STATES)('a pod of the new revision that %s: %j %j', (words, metadata, status) => {
    const pods = [pod(0, {}, undefined, 'old'), pod(1, metadata, status)];
    expect(why({ podManagementPolicy: 'Parallel' }, pods, 'old')).toEqual([{ rule: 'RollingUpdate', message: `the update waits for web-1, which ${words}`, blockedBy: 'pod/web-1' }]);
  });
});
