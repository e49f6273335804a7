// The decision of the product, from its summary, is that of the long way, over every pod: at random, in all releases.
import { describe, expect, it } from 'vitest';
import type { Pod, StatefulSet } from '@kubesim/api';
import { behaviourOf } from '../../src/stateful-set/behaviour.ts';
import { decideSync } from '../../src/stateful-set/decide-sync.ts';
import type { Phase } from '../../src/stateful-set/plan.ts';
import { buildSummary } from '../../src/stateful-set/set-summary.ts';
import { slowStartBatches } from '@kubesim/client';
import { seeded } from './invariants.ts';
import { naiveDecision, type NaivePhase } from './naive-decision.ts';
import { START_MS, time } from './set-world.ts';
import { newSet } from './sets.ts';

type Below = (bound: number) => number;
const pick = <T>(below: Below, items: readonly T[]): T => items[below(items.length)] as T;
const NOW = START_MS + 100_000;

function randomSet(below: Below): StatefulSet {
  const replicas = pick(below, [0, 1, 3, 5, 6, 9]);
  const rollingUpdate = { partition: below(5), maxUnavailable: pick(below, [1, 2, 3, '40%', undefined]) };
  const updateStrategy = pick(below, [{ type: 'RollingUpdate', rollingUpdate }, { type: 'RollingUpdate', rollingUpdate }, { type: 'RollingUpdate' }, { type: 'OnDelete' }, { type: 'Recreate' }, undefined]);
  const base = newSet(replicas, {
    volumeClaimTemplates: undefined, podManagementPolicy: pick(below, ['OrderedReady', 'Parallel']), minReadySeconds: pick(below, [0, 10, undefined]), updateStrategy,
    ordinals: pick(below, [undefined, { start: 1 }, { start: 3 }]),
  }) as StatefulSet;
  const deletionTimestamp = below(20) === 0 ? time(NOW) : undefined;
  return { ...base, metadata: { ...base.metadata, uid: 'set', generation: 1, deletionTimestamp }, status: { replicas: 0, currentReplicas: below(6) } };
}

/** `health` of 10: how many pods are as they should be, so that ordered sets get to their later phases, too. */
function randomPod(below: Below, name: string, health: number, revisions: readonly string[]): Pod {
  const isFine = below(10) < health;
  const phase = isFine ? 'Running' : pick(below, ['Running', 'Running', 'Pending', 'Failed', 'Succeeded', '']);
  const ready = isFine ? 'True' : pick(below, ['True', 'True', 'False', undefined]);
  const since = isFine && below(4) > 0 ? 50 : pick(below, [0, 9, 10, 11, 50, undefined]);
  const labels = { foo: 'bar', 'controller-revision-hash': pick(below, revisions), ...(below(12) === 0 ? {} : { 'statefulset.kubernetes.io/pod-name': name }) };
  const conditions = ready === undefined ? [] : [{ type: 'Ready', status: ready, lastTransitionTime: since === undefined ? undefined : time(NOW - since * 1000) }];
  const deletionTimestamp = !isFine && below(4) === 0 ? time(NOW) : undefined;
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', uid: name, labels, deletionTimestamp }, spec: { containers: [] }, status: { phase, conditions } } as Pod;
}

function randomPods(below: Below): readonly Pod[] {
  const health = pick(below, [2, 8, 10, 10]);
  const revisions = pick(below, [['cur'], ['upd'], ['cur', 'upd'], ['cur', 'cur', 'upd', 'old', '']]);
  const highest = pick(below, [3, 6, 12]);
  const presence = pick(below, [6, 9, 10, 10]);
  const names = Array.from({ length: highest }, (_, ordinal) => `web-${ordinal}`).filter(() => below(10) < presence);
  if (below(4) === 0) names.push(...['web-007', 'web-02', 'web-99999999999', 'web-0011', 'web-00'].filter(() => below(2) === 0));
  return names.sort().map((name) => randomPod(below, name, health, revisions));
}

/** Members by their batch where they go in batches, by their order alone where not. */
function grouped(isBatched: boolean, memberCount: number, members: readonly (readonly [number, string, boolean])[]): readonly unknown[] {
  const batches = slowStartBatches(memberCount, { batchSizeMax: 500 });
  return members.map(([index, name, stops]) => [isBatched ? batches.findIndex(({ to }) => index < to) : 0, name, stops]);
}

const BATCHED_ALWAYS = ['recreate'];
const ORDERED_ALWAYS = ['rolling-update'];

function isBatched(set: StatefulSet, name: string): boolean {
  return BATCHED_ALWAYS.includes(name) || (!ORDERED_ALWAYS.includes(name) && set.spec.podManagementPolicy === 'Parallel');
}

function ofPlan(phase: Phase): unknown {
  const members = phase.steps.map(({ index, pod, stops }) => [index, pod.metadata.name, stops] as const);
  return { name: phase.name, ends: phase.endsSync, members: grouped(phase.pace === 'slow-start', phase.memberCount, members) };
}

function ofNaive(set: StatefulSet, phase: NaivePhase, memberCount: number): unknown {
  return { name: phase.name, ends: phase.ends, members: grouped(isBatched(set, phase.name), memberCount, phase.members) };
}

const SEED = Number(process.env['KUBESIM_SEED'] ?? 1);

describe(`decisions from seed ${SEED}`, () => {
  it.each(Array.from({ length: Number(process.env['KUBESIM_DECISIONS'] ?? 40) }, (_, index) => SEED * 1000 + index))('a hundred of %i', (seed) => {
    const below = seeded(seed * 7919);
    for (let turn = 0; turn < 100; turn++) {
      const set = randomSet(below);
      const pods = randomPods(below);
      const current = pick(below, ['cur', 'cur', 'upd']);
      const behaviour = behaviourOf({ kubernetes: pick(below, ['1.34', '1.36', '1.37', '1.37'] as const), featureGates: { MaxUnavailableStatefulSet: below(2) === 0, StatefulSetRecreateStrategy: below(2) === 0 } });
      const template = set.spec.template;
      const plan = decideSync({
        set, behaviour, now: NOW, claims: () => undefined, summary: buildSummary({ epoch: { kind: 'epoch' }, set, claims: () => undefined }, pods),
        revisions: { current: { name: current, template }, update: { name: 'upd', template }, collisionCount: 0 },
      });
      const naive = naiveDecision({ set, pods, current, update: 'upd', behaviour, now: NOW });
      const counts = new Map(plan.phases.map((phase) => [phase.name as string, phase.memberCount]));
      const context = JSON.stringify({ spec: { ...set.spec, template: undefined }, status: set.status, behaviour, current, pods: pods.map((pod) => [pod.metadata.name, pod.status?.phase, pod.status?.conditions?.[0], pod.metadata.labels, pod.metadata.deletionTimestamp]) });
      expect(plan.phases.map(ofPlan), context).toEqual(naive.phases.map((phase) => ofNaive(set, phase, counts.get(phase.name) ?? 0)));
      const { replicas, readyReplicas = 0, availableReplicas, currentReplicas = 0, updatedReplicas = 0 } = plan.status;
      expect([replicas, readyReplicas, availableReplicas, currentReplicas, updatedReplicas], context).toEqual(naive.counts);
      const inBatches = plan.phases.find((phase) => phase.name === 'replicas' && phase.pace === 'slow-start');
      if (inBatches !== undefined) expect(inBatches.memberCount).toBe(set.spec.replicas);
    }
  });
});
