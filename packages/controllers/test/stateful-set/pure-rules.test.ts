// The small pure rules of the controller, each against its sentence in the specification, over random names, pods and sets.
import { builtInScheme, conform, structOfKind, type ControllerRevision, type KubeObject, type Pod, type StatefulSet, type StatefulSetStatus, type StructType } from '@kubesim/api';
import { isPodAvailable } from '@kubesim/client';
import { OrderedMap, type Epoch } from '@kubesim/kernel';
import { describe, expect, it } from 'vitest';
import { newControllerRevision, revisionBytes, revisionsToTruncate, sortRevisions } from '../../src/history/controller-revision.ts';
import { fnv1, hashRevisionData, safeEncodeString } from '../../src/history/revision-hash.ts';
import { nextCheckMs } from '../../src/stateful-set/availability-check.ts';
import { behaviourOf } from '../../src/stateful-set/behaviour.ts';
import { isPodInRange } from '../../src/stateful-set/claim-retention.ts';
import { claimNamesOf } from '../../src/stateful-set/claims.ts';
import { noteWrite, staleResource, type Writes } from '../../src/stateful-set/consistency.ts';
import { identityMatches, isMonotonic, namespaceOf, parentAndOrdinal, revisionOf, storageMatches, uidOf, updateIdentity, updateStorage } from '../../src/stateful-set/identity.ts';
import { hasEnded, isCreated, podFacts } from '../../src/stateful-set/pod-facts.ts';
import { CREATING_NEW_PODS, DELETING_OLD_PODS, RECREATED, withProgress } from '../../src/stateful-set/recreate.ts';
import { isInRange, revisionForHole, templateOf } from '../../src/stateful-set/revision-pair.ts';
import { maxUnavailable, unavailableCount } from '../../src/stateful-set/rolling-update.ts';
import { matchesSemantically, patchOf } from '../../src/stateful-set/set-revision.ts';
import { buildSummary, podMatches, summaryShape } from '../../src/stateful-set/set-summary.ts';
import { completeUpdate, isStatusInconsistent, withoutCurrent } from '../../src/stateful-set/status.ts';
import { seeded } from './invariants.ts';
import { naiveHash, splitName } from './naive-sync.ts';
import { pick, randomSyncWorld, type Below, type SyncWorld } from './sync-worlds.ts';

const SEED = Number(process.env['KUBESIM_SEED'] ?? 1);
const below: Below = seeded(SEED);
const WORLDS: readonly SyncWorld[] = Array.from({ length: 150 }, (_, index) => randomSyncWorld(SEED * 77_777 + index)).filter((world) => world.set !== undefined);

/** Every pod of every world, and the same pod with one thing of it gone. */
function forEachPod(test: (pod: Pod, set: StatefulSet, world: SyncWorld) => void): void {
  for (const world of WORLDS) {
    for (const held of world.pods) {
      const pod = held as unknown as Pod;
      const name = pick(below, ['web', 'other-3', 'web-', 'x-web-2', 'web-9999999999', `${pod.metadata.name}x`]);
      const labels = pick(below, [undefined, { 'statefulset.kubernetes.io/pod-name': name }]);
      const bare = { ...pod, metadata: { name, namespace: 'default', uid: '', labels } } as Pod;
      for (const one of [pod, bare]) test(one, world.set as unknown as StatefulSet, world);
    }
  }
}

const rangeOf = (set: StatefulSet): readonly [number, number] => [set.spec.ordinals?.start ?? 0, (set.spec.ordinals?.start ?? 0) + (set.spec.replicas ?? 1)];

describe(`pure rules from seed ${SEED}`, () => {
  it('a name is split at its last dash', () => {
    const parts = ['web', 'a-b', '', '-', '7', '007', '0', '2147483647', '2147483648', '99999999999999999999', 'x7', '7x', '\n', 'é'];
    for (let turn = 0; turn < 400; turn++) {
      const name = Array.from({ length: 1 + below(3) }, () => pick(below, parts)).join(pick(below, ['-', '-', '']));
      expect(parentAndOrdinal(name), JSON.stringify(name)).toEqual(splitName(name));
    }
  });

  it('an object that is not stored has no namespace and no uid', () => {
    const bare = { metadata: {} };
    const stored = { metadata: { namespace: 'ns', uid: 'u' } };
    expect([bare, stored].map((object) => [namespaceOf(object), uidOf(object)])).toEqual([['', ''], ['ns', 'u']]);
  });

  it('facts of a pod', () => {
    forEachPod((pod) => {
      const phase = pod.status?.phase ?? '';
      const ready = pod.status?.conditions?.find((condition) => condition.type === 'Ready' && condition.status === 'True');
      const readySince = ready === undefined ? undefined : Date.parse(ready.lastTransitionTime ?? '');
      const isTerminating = pod.metadata.deletionTimestamp !== undefined;
      const isRunningAndReady = phase === 'Running' && ready !== undefined;
      expect(podFacts(pod)).toEqual({
        ordinal: splitName(pod.metadata.name).ordinal, isCreated: phase !== '', isTerminating, readySince, isRunningAndReady, isBlocking: isTerminating || !isRunningAndReady,
        isUnavailable: isTerminating || ready === undefined, revision: pod.metadata.labels?.['controller-revision-hash'] ?? '',
      });
      expect([hasEnded(pod), isCreated(pod), revisionOf(pod)]).toEqual([['Failed', 'Succeeded'].includes(phase), phase !== '', pod.metadata.labels?.['controller-revision-hash'] ?? '']);
    });
  });

  it('identity and storage: what is checked, and that a repair makes it right and changes nothing that was', () => {
    forEachPod((pod, set) => {
      const { parent, ordinal } = splitName(pod.metadata.name);
      const canonical = `${set.metadata.name}-${ordinal}`;
      const isRight = ordinal >= 0 && parent === set.metadata.name && pod.metadata.name === canonical && pod.metadata.namespace === set.metadata.namespace && pod.metadata.labels?.['statefulset.kubernetes.io/pod-name'] === canonical;
      expect(identityMatches(set, pod)).toBe(isRight);
      if (ordinal >= 0) {
        expect(identityMatches(set, updateIdentity(set, pod))).toBe(true);
        expect(storageMatches(set, updateStorage(set, pod))).toBe(true);
        if (isRight) expect(updateIdentity(set, pod).metadata).toEqual({ ...pod.metadata, labels: { ...pod.metadata.labels, 'apps.kubernetes.io/pod-index': String(ordinal) } });
      }
      const templates = [...new Set((set.spec.volumeClaimTemplates ?? []).map((template) => template.metadata.name))];
      expect(claimNamesOf(set, pod)).toEqual(templates.map((template) => `${template}-${set.metadata.name}-${ordinal}`));
      const claimOf = (name: string): string | undefined => pod.spec.volumes?.filter((volume) => volume.name === name).at(-1)?.persistentVolumeClaim?.claimName;
      if (ordinal >= 0) expect(storageMatches(set, pod)).toBe(templates.every((template) => claimOf(template) === `${template}-${canonical}`));
    });
  });

  it('the range, and the revision of a hole', () => {
    forEachPod((pod, set) => {
      const [start, end] = rangeOf(set);
      const { ordinal } = splitName(pod.metadata.name);
      const isIn = ordinal >= start && ordinal < end;
      expect([isInRange(set, ordinal), isPodInRange(set, pod), isMonotonic(set)]).toEqual([isIn, isIn, set.spec.podManagementPolicy !== 'Parallel']);
      const { updateStrategy: strategy } = set.spec;
      const boundary = strategy?.rollingUpdate ? strategy.rollingUpdate.partition ?? 0 : strategy?.type === 'RollingUpdate' ? set.status?.currentReplicas ?? 0 : 0;
      for (const hole of [start, start + 1, start + 2, end]) expect(revisionForHole(set, hole)).toBe(hole - start < boundary ? 'current' : 'update');
      const asked = strategy?.rollingUpdate?.maxUnavailable ?? 1;
      expect(maxUnavailable(set)).toBe(Math.max(1, typeof asked === 'number' ? asked : Math.trunc((Number(asked.replace('%', '')) / 100) * (set.spec.replicas ?? 1) + 1e-9)));
    });
  });

  it('the template of a revision is what stands there, without its directive; what is none is refused', () => {
    for (const { revisions } of WORLDS) {
      for (const { data } of revisions as unknown as readonly ControllerRevision[]) {
        const template: unknown = (data as { spec?: { template?: unknown } }).spec?.template;
        const { $patch: _directive, ...fields } = (template ?? {}) as Record<string, unknown>;
        expect(templateOf(data)).toEqual(typeof template === 'object' && template !== null ? fields : undefined);
      }
    }
    expect([templateOf(null), templateOf(undefined)]).toEqual([undefined, undefined]);
  });

  it('history: the order, the names that go, the hash', () => {
    for (const { revisions, set } of WORLDS) {
      const held = revisions as unknown as readonly ControllerRevision[];
      const sorted = sortRevisions([...held].reverse());
      expect([...sorted].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))).toEqual(held);
      const key = ({ revision = 0, metadata }: ControllerRevision): string => [String(revision).padStart(5, '0'), (metadata.creationTimestamp ?? '').padEnd(20), metadata.name].join(' ');
      expect(sorted.map(key)).toEqual(held.map(key).sort());
      for (const limit of [-1, 0, 1, 2, 20]) {
        const live = held.filter((_, index) => index % 3 === 1).map(({ metadata }) => metadata.name);
        const old = sorted.map(({ metadata }) => metadata.name).filter((name) => !live.includes(name));
        expect(revisionsToTruncate(sorted, (name) => live.includes(name), limit)).toEqual(limit < 0 ? [] : old.slice(0, Math.max(0, old.length - limit)));
      }
      const source = { owner: set as never, ownerKind: { apiVersion: 'apps/v1', kind: 'StatefulSet' }, templateLabels: undefined, data: {} as never, bytes: '{}', revision: 3, probe: undefined };
      expect(newControllerRevision(source).metadata.labels).toEqual({ 'controller.kubernetes.io/hash': naiveHash('{}') });
    }
    for (let turn = 0; turn < 200; turn++) {
      const text = Array.from({ length: below(12) }, () => String.fromCodePoint(pick(below, [below(128), 128 + below(2000), 0x800 + below(0xc000), 0x10000 + below(0x10000), 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000]))).join('');
      const probe = pick(below, [undefined, 0, 1, 12]);
      expect(hashRevisionData(text, probe)).toBe(naiveHash(text + (probe ?? '')));
      expect(safeEncodeString(String(fnv1(text)))).toBe(naiveHash(text));
    }
  });

  it('what is worked out of an object is worked out once', () => {
    const { set, revisions, profile } = WORLDS[0] as SyncWorld;
    const held = set as unknown as StatefulSet;
    let looks = 0;
    const counted = <T extends object>(object: T, field: keyof T): T => Object.defineProperty({ ...object }, field, { enumerable: true, get: () => (looks++, object[field]) });
    const looksOf = (ask: () => unknown): number => {
      looks = 0;
      ask();
      const first = looks;
      ask();
      expect(looks, 'again').toBe(first);
      return first;
    };
    const counting = { ...held, spec: counted(held.spec, 'selector') };
    expect(looksOf(() => summaryShape(counting)) > 0).toBe(true);
    expect(patchOf(held)).toBe(patchOf({ ...held }));
    const data = counted({ spec: { template: { spec: { containers: [] } } } }, 'spec') as unknown as ControllerRevision['data'];
    expect(looksOf(() => revisionBytes(data)) > 0).toBe(true);
    const revision = { ...revisions[0], data } as unknown as ControllerRevision;
    expect(looksOf(() => matchesSemantically(held, revision, profile)) > 0).toBe(true);
    // Of another template it says something else.
    const same = { ...held, spec: { ...held.spec, template: { spec: { containers: [] } } } } as unknown as StatefulSet;
    const read = conform(structOfKind('apps', 'v1', 'StatefulSet') as StructType, same).value as KubeObject;
    const { template } = builtInScheme.byResource('statefulsets.apps')?.default?.(read, { now: 0, time: '', profile })['spec'];
    expect([held, { ...held, spec: { ...held.spec, template } }, held].map((one) => matchesSemantically(one, revision, profile))).toEqual([false, true, false]);
  });

  it('the next look is at the next pod that becomes available', () => {
    for (const { set, pods, profile, now, clock } of WORLDS) {
      const held = set as unknown as StatefulSet;
      const ms = (held.spec.minReadySeconds ?? 0) * 1000;
      for (const availableReplicas of [undefined, 0, held.spec.replicas ?? 1, 2]) {
        const instants = (pods as unknown as readonly Pod[]).filter((pod) => !isPodAvailable(pod, ms / 1000, now)).map((pod) => (podFacts(pod).readySince ?? Number.NaN) + ms).filter((instant) => instant > now);
        const wanted = ms === 0 || (availableReplicas ?? 0) === (held.spec.replicas ?? 1) ? undefined : profile.kubernetes === '1.34' || instants.length === 0 ? ms : Math.max(0, Math.min(...instants) - clock);
        expect(nextCheckMs(held, { replicas: 0, availableReplicas }, pods as unknown as readonly Pod[], behaviourOf(profile), now, clock)).toBe(wanted);
      }
    }
  });

  it('a status is written for any of its counters and revisions, for a newer generation, and for nothing else', () => {
    const fields = ['replicas', 'currentReplicas', 'readyReplicas', 'updatedReplicas', 'availableReplicas', 'currentRevision', 'updateRevision'] as const;
    const draw = (field: string): unknown => pick<unknown>(below, field.endsWith('Revision') ? [undefined, '', 'a', 'b'] : [undefined, 0, 1]);
    const { set } = WORLDS[0] as SyncWorld;
    for (let turn = 0; turn < 600; turn++) {
      const stored: Record<string, unknown> = { ...Object.fromEntries(fields.map((field) => [field, draw(field)])), observedGeneration: pick(below, [undefined, 1, 2]), collisionCount: below(2) };
      const changed = Object.fromEntries(fields.filter(() => below(12) === 0).map((field) => [field, draw(field)]));
      const status = { ...stored, ...changed, observedGeneration: below(3) === 0 ? below(4) : stored['observedGeneration'], collisionCount: below(2), conditions: [] } as unknown as StatefulSetStatus;
      const isWorth = fields.some((field) => (status[field] || undefined) !== (stored[field] || undefined)) || (status.observedGeneration ?? 0) > ((stored['observedGeneration'] as number | undefined) ?? 0);
      expect(isStatusInconsistent({ ...set, status: stored } as unknown as StatefulSet, status)).toBe(isWorth);
    }
    expect(isStatusInconsistent({ ...set, status: undefined } as unknown as StatefulSet, { replicas: 0 })).toBe(false);
  });

  it('an update is complete when all are updated, ready and there', () => {
    const { set } = WORLDS[0] as SyncWorld;
    for (let turn = 0; turn < 400; turn++) {
      const replicas = below(3);
      const type = pick(below, ['RollingUpdate', 'OnDelete', 'Recreate', undefined]);
      const behaviour = behaviourOf({ kubernetes: pick(below, ['1.34', '1.36', '1.37'] as const), featureGates: { StatefulSetRecreateStrategy: below(2) === 0 } });
      const counter = (): number | undefined => pick(below, [replicas, replicas, replicas, replicas || undefined, undefined, 1, 2]);
      const status: StatefulSetStatus = { replicas: counter() ?? 0, readyReplicas: counter(), updatedReplicas: counter(), currentReplicas: 5, availableReplicas: 1, currentRevision: pick(below, ['a', 'b']), updateRevision: 'b' };
      const held = { ...set, spec: { ...set?.['spec'], replicas, updateStrategy: type === undefined ? undefined : { type } } } as unknown as StatefulSet;
      const after = completeUpdate(held, status, behaviour, 5000);
      const isComplete = [status.replicas, status.readyReplicas ?? 0, status.updatedReplicas ?? 0].every((count) => count === replicas) && (behaviour.completesAnyStrategy || type === 'RollingUpdate');
      if (!isComplete) expect(after).toEqual(status);
      else {
        expect([after.currentReplicas ?? 0, after.currentRevision, after.replicas, after.updatedReplicas ?? 0, after.availableReplicas]).toEqual([replicas, 'b', replicas, replicas, 1]);
        expect(after.conditions?.map(({ status: value, reason }) => [value, reason])).toEqual(type === 'Recreate' && behaviour.hasRecreate && status.currentRevision === 'a' ? [['False', 'RecreateCompleted']] : undefined);
      }
      for (const deleted of [0, 1, 5]) expect(withoutCurrent(status, deleted).currentReplicas ?? 0).toBe(5 - deleted);
    }
  });

  it('writes are noted by their newest version, and a cache behind one is stale', () => {
    const tracked = ['pods', 'persistentvolumeclaims', 'statefulsets.apps'] as const;
    const epoch: Epoch = { kind: 'epoch' };
    for (let turn = 0; turn < 60; turn++) {
      let writes: Writes = OrderedMap.empty();
      const noted = new Map<string, Record<string, number>>();
      for (let count = 0; count < 8; count++) {
        const uid = pick(below, ['a', 'b']);
        const resource = pick(below, [...tracked, 'controllerrevisions.apps']);
        const verb = pick(below, ['create', 'update', 'delete'] as const);
        const version = pick(below, [undefined, below(6), below(6)]);
        writes = noteWrite(epoch, writes, uid, { verb, resource, name: 'n', object: { metadata: {} } } as never, { metadata: version === undefined ? {} : { resourceVersion: `${version}` } });
        const isNoted = verb !== 'delete' && resource !== 'controllerrevisions.apps' && (version ?? 0) > (noted.get(uid)?.[resource] ?? 0);
        if (isNoted) noted.set(uid, { ...noted.get(uid), [resource]: version ?? 0 });
        expect(writes.get(uid)).toEqual(noted.get(uid));
      }
      for (const uid of ['a', 'b', 'c']) {
        const seen: Readonly<Record<string, number | undefined>> = Object.fromEntries(tracked.map((resource) => [resource, pick(below, [undefined, below(6), 9])]));
        expect(staleResource(writes, uid, (resource) => seen[resource])).toBe(tracked.find((resource) => {
          const version = noted.get(uid)?.[resource];
          return version !== undefined && (seen[resource] ?? Infinity) < version;
        }));
      }
    }
    const one = noteWrite(epoch, OrderedMap.empty(), 'a', { verb: 'create', resource: 'pods', object: { metadata: {} } }, { metadata: { resourceVersion: '7' } });
    expect([one.get('a'), staleResource(one, 'a', () => 6), staleResource(one, 'a', () => 7)]).toEqual([{ pods: 7 }, 'pods', undefined]);
  });

  it('the time of a condition changes with its status alone', () => {
    const other = { type: 'Other', status: 'True', lastTransitionTime: 'o', reason: 'r', message: 'm' };
    for (const before of [undefined, [], [other], [other, { ...other, type: 'Progressing', lastTransitionTime: 't' }, other], [{ ...other, type: 'Progressing', status: 'False', lastTransitionTime: 't' }]]) {
      for (const progress of [DELETING_OLD_PODS, CREATING_NEW_PODS, RECREATED]) {
        const held = before?.find(({ type }) => type === 'Progressing');
        const after = withProgress(before, progress, 5000);
        const made = { type: 'Progressing', ...progress, lastTransitionTime: held?.status === progress.status ? 't' : '1970-01-01T00:00:05Z' };
        expect(after).toEqual(held === undefined ? [...(before ?? []), made] : (before ?? []).map((condition) => (condition === held ? made : condition)));
      }
    }
  });

  it('how many replicas are unavailable', () => {
    for (const { set, pods, profile, now } of WORLDS) {
      const held = set as unknown as StatefulSet;
      const claimed = (pods as unknown as readonly Pod[]).filter(podMatches(held));
      const [start, end] = rangeOf(held);
      // Of one ordinal the last name counts.
      const slots = new Map(claimed.map((pod) => [splitName(pod.metadata.name).ordinal, pod]));
      let count = 0;
      for (let ordinal = start; ordinal < end; ordinal++) {
        const pod = slots.get(ordinal);
        if (pod === undefined || pod.metadata.deletionTimestamp !== undefined || !isPodAvailable(pod, held.spec.minReadySeconds ?? 0, now)) count++;
      }
      const template = held.spec.template;
      const revisions = { current: { name: 'a', template }, update: { name: 'b', template }, collisionCount: 0 };
      const summary = buildSummary({ epoch: { kind: 'epoch' }, set: held, claims: () => undefined }, claimed);
      expect(unavailableCount({ set: held, summary, revisions, claims: () => undefined, behaviour: behaviourOf(profile), now })).toBe(count);
    }
  });

  it('releases and gates', () => {
    for (const release of ['1.34', '1.36', '1.37'] as const) {
      for (let gates = 0; gates < 3 ** 4; gates++) {
        const names = ['MaxUnavailableStatefulSet', 'StatefulSetSemanticRevisionComparison', 'StatefulSetRecreateStrategy', 'StaleControllerConsistencyStatefulSet'];
        const set = names.map((name, index) => [name, [undefined, true, false][Math.floor(gates / 3 ** index) % 3]] as const).filter((gate): gate is readonly [string, boolean] => gate[1] !== undefined);
        const featureGates = Object.fromEntries(set);
        const number = Number(release.slice(2));
        expect(behaviourOf({ kubernetes: release, featureGates })).toEqual({
          capitalizesEvents: number >= 36, deletesGonePods: number >= 36, hasMaxUnavailable: featureGates['MaxUnavailableStatefulSet'] ?? number >= 37, updatesInTwoPhases: number >= 37,
          comparesRevisionsSemantically: featureGates['StatefulSetSemanticRevisionComparison'] ?? true, hasRecreate: number >= 37 && featureGates['StatefulSetRecreateStrategy'] === true,
          completesAnyStrategy: number >= 37, keepsConditions: number >= 37, requeuesPrecisely: number >= 36, skipsStaleSyncs: number >= 36 && featureGates['StaleControllerConsistencyStatefulSet'] !== false,
        });
      }
    }
  });
});
