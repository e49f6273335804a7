// The summary of a set's pods, kept change by change, against one that is counted the long way from the pods that are there.
import type { PersistentVolumeClaim, Pod, StatefulSet } from '@kubesim/api';
import type { OrderedMap } from '@kubesim/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parentAndOrdinal } from '../../src/stateful-set/identity.ts';
import { descendingKey, ordinalKey } from '../../src/stateful-set/ordinal-runs.ts';
import { needsAttention, podFacts } from '../../src/stateful-set/pod-facts.ts';
import { applyClaimChange, applyPodChange, buildSummary, readySinceKey, summaryShape, type SetSummary, type SummaryInput } from '../../src/stateful-set/set-summary.ts';

const EPOCH = { kind: 'epoch' } as const;
const NAMES = ['web-0', 'web-1', 'web-01', 'web-001', 'web-2', 'web-3', 'web-10', 'web-x', 'db-1', 'web-99999999999'];

function setOf(spec: object = {}): StatefulSet {
  return {
    metadata: { name: 'web', namespace: 'ns', uid: 'S' },
    spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, minReadySeconds: 5, volumeClaimTemplates: [{ metadata: { name: 'data' } }, { metadata: { name: 'logs' } }], ...spec },
  } as unknown as StatefulSet;
}

interface Sketch {
  readonly fits: boolean;
  readonly phase: string;
  readonly ready: number | undefined;
  readonly deleted: boolean;
  readonly revision: string;
  readonly claims: boolean;
}

function podOf(name: string, { fits, phase, ready, deleted, revision, claims }: Sketch): Pod {
  const { ordinal } = parentAndOrdinal(name);
  return {
    metadata: {
      name, namespace: 'ns', uid: `uid-${name}`, labels: { app: fits ? 'web' : 'other', 'controller-revision-hash': revision, 'statefulset.kubernetes.io/pod-name': name },
      ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { containers: [], volumes: claims ? ['data', 'logs'].map((template) => ({ name: template, persistentVolumeClaim: { claimName: `${template}-web-${ordinal}` } })) : [] },
    status: { phase, conditions: ready === undefined ? [] : [{ type: 'Ready', status: 'True', ...(ready < 0 ? {} : { lastTransitionTime: new Date(ready * 1000).toISOString() }) }] },
  } as unknown as Pod;
}

const sketch: fc.Arbitrary<Sketch> = fc.record({
  fits: fc.constantFrom(true, true, true, false), phase: fc.constantFrom('', 'Pending', 'Pending', 'Running', 'Running', 'Failed'), ready: fc.constantFrom(undefined, -1, 10, 20),
  deleted: fc.constantFrom(false, false, true), revision: fc.constantFrom('', 'r1', 'r2'), claims: fc.constantFrom(true, true, false),
});

type Change = { readonly pod: string; readonly to: Sketch | undefined } | { readonly claim: string; readonly there: boolean };

const changes: fc.Arbitrary<readonly Change[]> = fc.array(fc.oneof(
  { weight: 5, arbitrary: fc.record({ pod: fc.constantFrom(...NAMES), to: fc.option(sketch, { nil: undefined, freq: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ claim: fc.constantFrom('data-web-1', 'logs-web-1', 'data-web-0', 'data-web-1', 'logs-web-1', 'data-db-1', 'data-web-7', 'data-web-x', 'web-1'), there: fc.constantFrom(true, true, false) }) },
), { maxLength: 60, size: 'max' });

/** A summary as plain lists, the pods by name. */
function plain(summary: SetSummary): object {
  const names = (map: OrderedMap<Pod>): readonly string[] => [...map.entries()].map(([key, pod]) => `${key} ${pod.metadata.name} ${podFacts(pod).revision}`);
  const { slots, extras, misfits, attention, blocking, blockingReady, readySince, replicas, readyReplicas } = summary;
  return {
    slots: names(slots), extras: names(extras), misfits: names(misfits), attention: names(attention), blocking: names(blocking), blockingReady: names(blockingReady), readySince: names(readySince), replicas, readyReplicas,
    runs: [...summary.runs.entries()], byRevision: [...summary.byRevision.entries()].map(([revision, pods]) => [revision, names(pods)]), tallies: [...summary.tallies.entries()],
  };
}

/** The same, counted from the pods that are there. */
function recount(set: StatefulSet, pods: readonly Pod[], claims: SummaryInput['claims']): object {
  const sorted = [...pods].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const isClaimed = (pod: Pod): boolean => parentAndOrdinal(pod.metadata.name).parent === 'web' && pod.metadata.labels?.['app'] === 'web';
  const claimed = sorted.filter(isClaimed);
  const holders = new Map<number, Pod>();
  for (const pod of claimed) if (podFacts(pod).ordinal >= 0) holders.set(podFacts(pod).ordinal, pod);
  const held = [...holders].sort(([a], [b]) => a - b);
  const show = (key: string, pod: Pod): string => `${key} ${pod.metadata.name} ${podFacts(pod).revision}`;
  const slotsWhere = (test: (pod: Pod) => boolean): readonly string[] => held.filter(([, pod]) => test(pod)).map(([ordinal, pod]) => show(ordinalKey(ordinal), pod));
  const byName = (list: readonly Pod[]): readonly string[] => list.map((pod) => show(pod.metadata.name, pod));
  const revisions = [...new Set(claimed.map((pod) => podFacts(pod).revision))].sort();
  const runs: [number, number][] = [];
  for (const [ordinal] of held) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === ordinal - 1) last[1] = ordinal;
    else runs.push([ordinal, ordinal]);
  }
  const live = (pod: Pod): boolean => podFacts(pod).isCreated && !podFacts(pod).isTerminating;
  const since = (set.spec.minReadySeconds ?? 0) === 0 ? [] : claimed.flatMap((pod) => {
    const { readySince } = podFacts(pod);
    return readySince === undefined ? [] : [show(readySinceKey(readySince, pod.metadata.name), pod)];
  });
  return {
    slots: slotsWhere(() => true), extras: byName(claimed.filter((pod) => holders.get(podFacts(pod).ordinal) !== pod)), misfits: byName(sorted.filter((pod) => !isClaimed(pod))),
    attention: slotsWhere((pod) => needsAttention(set, pod, claims)), blocking: slotsWhere((pod) => podFacts(pod).isBlocking), blockingReady: slotsWhere((pod) => podFacts(pod).isBlocking && !podFacts(pod).isUnavailable),
    readySince: since.sort(), replicas: claimed.filter((pod) => podFacts(pod).isCreated).length, readyReplicas: claimed.filter((pod) => podFacts(pod).isRunningAndReady).length,
    runs: runs.map(([first, last]) => [descendingKey(first), last]).reverse(),
    byRevision: revisions.flatMap((revision) => {
      const pods$ = held.filter(([, pod]) => podFacts(pod).revision === revision && !podFacts(pod).isTerminating).map(([ordinal, pod]) => show(descendingKey(ordinal), pod)).reverse();
      return pods$.length === 0 ? [] : [[revision, pods$]];
    }),
    tallies: revisions.map((revision) => [revision, { podCount: claimed.filter((pod) => podFacts(pod).revision === revision).length, liveCount: claimed.filter((pod) => podFacts(pod).revision === revision && live(pod)).length }]),
  };
}

describe('the summary of a set', () => {
  it.each([[5], [0], [undefined]])('says at every change what a recount says, minReadySeconds %s', (minReadySeconds) => {
    fc.assert(fc.property(changes, (list) => {
      const set = setOf({ minReadySeconds });
      const claims = new Map<string, PersistentVolumeClaim>();
      const pods = new Map<string, Pod>();
      const input: SummaryInput = { epoch: EPOCH, set, claims: (name) => claims.get(name) };
      let summary = buildSummary(input, []);
      for (const change of list) {
        if ('claim' in change) {
          const claim = { metadata: { name: change.claim, namespace: 'ns' } } as PersistentVolumeClaim;
          if (change.there) claims.set(change.claim, claim);
          else claims.delete(change.claim);
          summary = applyClaimChange(input, summary, claim);
        } else {
          const pod = change.to === undefined ? undefined : podOf(change.pod, change.to);
          if (pod === undefined) pods.delete(change.pod);
          else pods.set(change.pod, pod);
          summary = applyPodChange(input, summary, change.pod, pod);
        }
        expect(plain(summary)).toEqual(recount(set, [...pods.values()], input.claims));
      }
      expect(plain(buildSummary(input, [...pods.values()]))).toEqual(plain(summary));
    }), { seed: 7, numRuns: Number(process.env['KUBESIM_SUMMARIES'] ?? 40) });
  });

  it('is left as it is by a change of a claim that no pod of the set uses', () => {
    const input: SummaryInput = { epoch: EPOCH, set: setOf(), claims: () => undefined };
    const pod = podOf('web-1', { fits: true, phase: 'Pending', ready: undefined, deleted: false, revision: 'r1', claims: true });
    const summary = buildSummary(input, [pod]);
    for (const name of ['data-db-1', 'data-web-7', 'data-web', 'other-web-1']) expect(applyClaimChange(input, summary, { metadata: { name } } as PersistentVolumeClaim)).toBe(summary);
  });

  it('is an older one as it was, whatever is done after it', () => {
    const input = (): SummaryInput => ({ epoch: { kind: 'epoch' }, set: setOf(), claims: () => undefined });
    const one = podOf('web-1', { fits: true, phase: 'Running', ready: 10, deleted: false, revision: 'r1', claims: true });
    const before = buildSummary(input(), [one]);
    const shown = plain(before);
    applyPodChange(input(), applyPodChange(input(), before, 'web-01', { ...one, metadata: { ...one.metadata, name: 'web-01' } }), 'web-1', undefined);
    expect(plain(before)).toEqual(shown);
  });

  it.each<readonly [string, object, boolean]>([
    ['replicas', { replicas: 9 }, true], ['a partition', { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } }, true], ['a longer minReadySeconds', { minReadySeconds: 60 }, true],
    ['no minReadySeconds', { minReadySeconds: 0 }, false], ['a selector', { selector: { matchLabels: { app: 'db' } } }, false], ['claim templates', { volumeClaimTemplates: [{ metadata: { name: 'data' } }] }, false],
    ['a retention policy', { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Retain' } }, false],
  ])('outlives a change of %s: %j', (_title, spec, isSame) => {
    expect(summaryShape(setOf(spec)) === summaryShape(setOf())).toBe(isSame);
  });

  it('is of one set alone, whatever spec it shares with another', () => {
    const set = setOf();
    for (const other of [{ uid: 'T' }, { name: 'db' }, { namespace: 'else' }]) {
      const shape = summaryShape(set);
      expect(summaryShape({ ...set, metadata: { ...set.metadata, ...other } })).not.toBe(shape);
    }
  });

  it('does not outlive a change of the range where the owners of claims depend on it', () => {
    const deleting = { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Retain' } };
    expect(summaryShape(setOf({ ...deleting, replicas: 9 }))).not.toBe(summaryShape(setOf(deleting)));
    expect(summaryShape(setOf({ ...deleting, ordinals: { start: 1 }, replicas: 2 }))).not.toBe(summaryShape(setOf(deleting)));
    // Without claims there are no owners.
    expect(summaryShape(setOf({ ...deleting, volumeClaimTemplates: [], replicas: 9 }))).toBe(summaryShape(setOf({ ...deleting, volumeClaimTemplates: [] })));
    const set = setOf();
    expect(summaryShape(set)).toBe(summaryShape(set));
  });
});
