// What the controller does with changes of its caches, at random: the keys that it names are those of the long way, and the
// summaries that it keeps are those that would be built from the caches as they are.
import type { KubeObject, PersistentVolumeClaim, Pod, StatefulSet } from '@kubesim/api';
import { compileSelector, type CacheChange, type Lister, type Profile } from '@kubesim/client';
import type { Epoch, OrderedMap } from '@kubesim/kernel';
import { describe, expect, it } from 'vitest';
import { enqueueChange } from '../../src/stateful-set/handlers.ts';
import { buildSummary } from '../../src/stateful-set/set-summary.ts';
import { statefulSetController } from '../../src/stateful-set/stateful-set-controller.ts';
import { seeded } from './invariants.ts';
import { pick, type Below } from './sync-worlds.ts';

const EPOCH: Epoch = { kind: 'epoch' };
const SETS = 'statefulsets.apps';
const CLAIMS = 'persistentvolumeclaims';
const PROFILE: Profile = { kubernetes: '1.37', featureGates: {} };

interface State {
  summaries: OrderedMap<object>;
  writes: OrderedMap<object>;
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;
const controllerOf = (object: KubeObject | undefined): NonNullable<KubeObject['metadata']['ownerReferences']>[number] | undefined =>
  object?.metadata.ownerReferences?.find((owner) => owner.controller === true);

/** The caches, and what was named on their account. */
class Caches {
  readonly enqueued: string[] = [];
  private readonly objects = new Map<string, Map<string, KubeObject>>([[SETS, new Map()], ['pods', new Map()], [CLAIMS, new Map()], ['controllerrevisions.apps', new Map()]]);

  all(resource: string): readonly KubeObject[] {
    const map = this.objects.get(resource);
    if (map === undefined) throw new Error(`${resource} is not watched`);
    return [...map.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  get(resource: string, key: string): KubeObject | undefined {
    return this.objects.get(resource)?.get(key);
  }

  put(resource: string, key: string, object: KubeObject | undefined): CacheChange | undefined {
    const before = this.get(resource, key);
    if (object === undefined) this.objects.get(resource)?.delete(key);
    else this.objects.get(resource)?.set(key, object);
    if (before === undefined) return object === undefined ? undefined : { resource, type: 'ADDED', after: object };
    return object === undefined ? { resource, type: 'DELETED', before } : { resource, type: 'MODIFIED', before, after: object };
  }

  lister<T>(resource: string): Lister<T> {
    const lister: Lister = {
      get: (namespace, name) => this.get(resource, `${namespace}/${name}`),
      list: (namespace) => this.all(resource).filter((object) => namespace === undefined || object.metadata.namespace === namespace),
      byOwner: (uid) => this.all(resource).filter((object) => controllerOf(object)?.uid === uid),
      byOwnerUid: (uid) => this.all(resource).filter((object) => object.metadata.ownerReferences?.some((owner) => owner.uid === uid)),
      orphans: (namespace) => this.all(resource).filter((object) => object.metadata.namespace === namespace && controllerOf(object) === undefined),
    };
    return lister as unknown as Lister<T>;
  }
}

/** Upstream's handlers, the long way: keys at once, and `key+ms` after a delay. */
function keysOf(caches: Caches, { resource, before, after }: CacheChange): readonly string[] {
  if (resource === SETS) return [keyOf((after ?? before) as KubeObject)];
  if (resource !== 'pods') return [];
  const resolve = (pod: KubeObject | undefined): readonly KubeObject[] => {
    const owner = controllerOf(pod);
    return caches.all(SETS).filter((set) => owner?.kind === 'StatefulSet' && set.metadata.namespace === pod?.metadata.namespace && set.metadata.name === owner.name && set.metadata.uid === owner.uid);
  };
  const matching = (pod: KubeObject): readonly string[] => caches.all(SETS)
    .filter((set) => set.metadata.namespace === pod.metadata.namespace && Object.keys(pod.metadata.labels ?? {}).length > 0 && compileSelector(set['spec'].selector)?.(pod.metadata.labels) === true)
    .map(keyOf);
  if (after === undefined) return resolve(before).map(keyOf);
  if (before === undefined) {
    if (after.metadata.deletionTimestamp !== undefined || controllerOf(after) !== undefined) return resolve(after).map(keyOf);
    return matching(after);
  }
  if (before.metadata.resourceVersion === after.metadata.resourceVersion) return [];
  const text = (value: unknown): string => JSON.stringify(Object.entries(value ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
  const isMoved = text(controllerOf(before)) !== text(controllerOf(after));
  const keys = isMoved ? resolve(before).map(keyOf) : [];
  if (controllerOf(after) === undefined) return isMoved || text(before.metadata.labels) !== text(after.metadata.labels) ? [...keys, ...matching(after)] : keys;
  const isReady = (pod: KubeObject): boolean => pod['status']?.conditions?.[0]?.status === 'True';
  for (const set of resolve(after)) {
    keys.push(keyOf(set));
    const seconds: number = set['spec'].minReadySeconds ?? 0;
    if (seconds > 0 && isReady(after) && !isReady(before)) keys.push(`${keyOf(set)}+${(seconds + 1) * 1000}`);
  }
  return keys;
}

const NAMES = ['web', 'a-b', 'b'];

function randomSet(below: Below, namespace: string, name: string, version: number): KubeObject {
  return {
    apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name, namespace, uid: `${namespace}-${name}-${below(2)}`, resourceVersion: `${version}` },
    spec: {
      replicas: 1 + below(3), selector: pick(below, [{ matchLabels: { app: 'x' } }, { matchLabels: { app: 'x' } }, { matchLabels: { app: 'y' } }, {}, { matchExpressions: [{ key: 'app', operator: 'Wrong' }] }]),
      ...pick(below, [{}, { minReadySeconds: 0 }, { minReadySeconds: 5 }, { minReadySeconds: 9 }]), ...pick(below, [{}, {}, { ordinals: { start: 1 } }]),
      ...pick(below, [{ volumeClaimTemplates: [{ metadata: { name: 'data' } }] }, { volumeClaimTemplates: [{ metadata: { name: 'data' } }] }, { volumeClaimTemplates: [{ metadata: { name: 'data-a' } }] }, {}]),
      ...pick(below, [{}, { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Retain' } }, { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Retain', whenDeleted: 'Delete' } }]),
    },
  };
}

function randomPod(below: Below, caches: Caches, namespace: string, name: string, version: number): KubeObject {
  const parent = name.slice(0, name.lastIndexOf('-'));
  const uid = below(4) > 0 ? caches.get(SETS, `${namespace}/${parent}`)?.metadata.uid : `${namespace}-${parent}-${below(2)}`;
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: parent, uid: uid ?? 'none', controller: true };
  const claimName = `${pick(below, ['data', 'data', 'data-a'])}-${name}`;
  const fitting = { labels: { app: 'x', 'statefulset.kubernetes.io/pod-name': name } };
  const ownerReferences = pick(below, [undefined, [], [owner], [owner], [owner], [{ ...owner, blockOwnerDeletion: true }], [{ ...owner, apiVersion: 'apps/v2' }], [{ ...owner, kind: 'Job' }], [{ ...owner, controller: false }]]);
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: {
      name, namespace, uid: `uid-${name}`, resourceVersion: `${version}`, ...(ownerReferences === undefined ? {} : { ownerReferences }),
      ...pick<KubeObject['metadata']>(below, [fitting, fitting, fitting, fitting, { labels: { app: 'y' } }, { labels: { app: 'z', app2: 'x' } }, { labels: {} }, {}]),
      ...(below(6) === 0 ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { containers: [], ...(below(4) === 0 ? {} : { volumes: [{ name: claimName.slice(0, claimName.indexOf('-' + name)), persistentVolumeClaim: { claimName } }] }) },
    status: { phase: pick(below, ['', 'Pending', 'Pending', 'Pending', 'Running', 'Failed']), ...pick(below, [{}, { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }] }, { conditions: [{ type: 'Ready', status: 'False' }] }]) },
  };
}

function randomClaim(below: Below, caches: Caches, namespace: string, name: string, version: number): KubeObject {
  const pod = name.replace(/^data-(a-)?/, '');
  const set = pod.slice(0, pod.lastIndexOf('-'));
  const owner = { apiVersion: 'v1', kind: 'Pod', name: pod, uid: `uid-${pod}`, controller: true };
  const deletion = below(4) === 0 ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace, uid: `uid-${name}`, resourceVersion: `${version}`, ...deletion, ownerReferences: pick(below, [undefined, [owner], [{ ...owner, kind: 'ConfigMap' }], [{ ...owner, kind: 'StatefulSet', name: set, uid: caches.get(SETS, `${namespace}/${set}`)?.metadata.uid ?? 'none' }]]) } };
}

function randomChange(below: Below, caches: Caches, version: number): CacheChange | undefined {
  const namespace = pick(below, ['ns', 'ns', 'ns', 'other']);
  const set = pick(below, NAMES);
  const name = `${set}-${pick(below, ['0', '1', '1', '2', '01'])}`;
  const isGone = below(5) === 0;
  switch (below(8)) {
    case 0: return caches.put(SETS, `${namespace}/${set}`, isGone ? undefined : randomSet(below, namespace, set, version));
    case 1: {
      // The same set again but for what the summary does not depend on.
      const held = caches.get(SETS, `${namespace}/${set}`);
      return held && caches.put(SETS, `${namespace}/${set}`, { ...held, metadata: { ...held.metadata, generation: version } });
    }
    case 2: case 3: {
      const claim = `${pick(below, ['data', 'data', 'data-a', 'logs'])}-${pick(below, [name, name, name, set])}`;
      return caches.put(CLAIMS, `${namespace}/${claim}`, isGone ? undefined : randomClaim(below, caches, namespace, claim, version));
    }
    case 4: {
      // One thing of a pod changes, or nothing.
      const held = caches.get('pods', `${namespace}/${name}`);
      const made = randomPod(below, caches, namespace, name, version);
      if (held === undefined) return undefined;
      const { metadata } = held;
      return caches.put('pods', `${namespace}/${name}`, pick<KubeObject>(below, [
        held, { ...held, metadata: { ...metadata, resourceVersion: `${version}` } }, { ...held, metadata: { ...metadata, resourceVersion: `${version}`, labels: made.metadata.labels } },
        { ...held, metadata: { ...metadata, resourceVersion: `${version}`, ownerReferences: made.metadata.ownerReferences } }, { ...made, metadata: { ...metadata, resourceVersion: `${version}` } },
      ]));
    }
    default: return caches.put('pods', `${namespace}/${name}`, isGone ? undefined : randomPod(below, caches, namespace, name, version));
  }
}

/** A summary as plain lists. */
const unfold = (value: unknown): unknown => {
  if (value instanceof Object && 'entries' in value && typeof value.entries === 'function') return [...(value as OrderedMap<unknown>).entries()].map(([key, item]) => [key, unfold(item)]);
  return value instanceof Object && 'shape' in value ? Object.fromEntries(Object.entries(value).map(([field, item]) => [field, unfold(item)])) : value;
};

const SEED = Number(process.env['KUBESIM_SEED'] ?? 1);

describe(`changes of the caches from seed ${SEED}`, () => {
  it.each(Array.from({ length: 12 }, (_, index) => SEED * 1000 + index))('a hundred and fifty of %i', (seed) => {
    const below = seeded(Math.imul(seed, 2654435761));
    const caches = new Caches();
    const state = statefulSetController.initialState?.() as State;
    const noted = new Set<string>();
    for (let version = 1; version <= 150; version++) {
      const change = randomChange(below, caches, version);
      if (change === undefined) continue;
      const keys: string[] = [];
      const kept = state.summaries.get(change.after?.metadata.uid ?? '');
      statefulSetController.handle({
        now: 0, profile: PROFILE, state, epoch: EPOCH, lister: (resource) => caches.lister(resource), watch: () => undefined,
        enqueue: (key) => { keys.push(key); }, enqueueAfter: (key, delayMs) => { keys.push(`${key}+${delayMs}`); },
      }, change);
      expect(keys).toEqual(keysOf(caches, change));
      // What nothing is changed for is not summed up again.
      if (change.type === 'MODIFIED' && change.after?.metadata.generation === version) expect(state.summaries.get(change.after.metadata.uid ?? '')).toBe(kept);

      if (change.resource === SETS && change.before !== undefined && change.before.metadata.uid !== change.after?.metadata.uid) noted.delete(change.before.metadata.uid ?? '');
      expect([...state.writes.entries()].map(([uid]) => uid)).toEqual([...noted].sort());
      for (const { metadata: { uid = '' } } of caches.all(SETS)) {
        if (below(3) > 0) continue;
        noted.add(uid);
        state.writes = state.writes.set(EPOCH, uid, {});
      }
      const sets = [...caches.all(SETS)].sort((a, b) => ((a.metadata.uid ?? '') < (b.metadata.uid ?? '') ? -1 : 1));
      expect([...state.summaries.entries()].map(([uid, summary]) => [uid, unfold(summary)])).toEqual(sets.map((object) => {
        const set = object as unknown as StatefulSet;
        const claims = (name: string): PersistentVolumeClaim | undefined => caches.get(CLAIMS, `${set.metadata.namespace}/${name}`) as unknown as PersistentVolumeClaim | undefined;
        const pods = caches.all('pods').filter((pod) => controllerOf(pod)?.uid === set.metadata.uid) as unknown as readonly Pod[];
        return [set.metadata.uid, unfold(buildSummary({ epoch: EPOCH, set, claims }, pods))];
      }));
    }
  });

  it('count for nothing of a set that is not told of yet', () => {
    const caches = new Caches();
    const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'S', controller: true };
    caches.put(SETS, 'ns/web', { metadata: { name: 'web', namespace: 'ns', uid: 'S' }, spec: { selector: {} } });
    const state = statefulSetController.initialState?.() as State;
    const { summaries } = state;
    for (const [resource, name] of [['pods', 'web-0'], [CLAIMS, 'data-web-0'], [CLAIMS, 'data'], [CLAIMS, 'data-else-0']] as const) {
      statefulSetController.handle({
        now: 0, profile: PROFILE, state, epoch: EPOCH, lister: (of) => caches.lister(of), watch: () => undefined, enqueue: () => undefined, enqueueAfter: () => undefined,
      }, { resource, type: 'ADDED', after: { metadata: { name, namespace: 'ns', ownerReferences: [owner] } } });
      expect(state.summaries).toBe(summaries);
    }
  });

  describe('of one pod', () => {
    const keysOfUpdate = (set: KubeObject, before: object, after: object): readonly string[] => {
      const caches = new Caches();
      caches.put(SETS, 'ns/web', set);
      const pod = (resourceVersion: string, metadata: object): KubeObject => ({ metadata: { name: 'web-0', namespace: 'ns', resourceVersion, ...metadata } });
      const keys: string[] = [];
      enqueueChange({
        now: 0, profile: PROFILE, state: undefined, epoch: EPOCH, lister: (resource) => caches.lister(resource), watch: () => undefined, enqueue: (key) => { keys.push(key); }, enqueueAfter: () => undefined,
      }, { resource: 'pods', type: 'MODIFIED', before: pod('1', before), after: pod('2', after) });
      return keys;
    };
    const set: KubeObject = { metadata: { name: 'web', namespace: 'ns', uid: 'S' }, spec: { selector: {} } };

    it('labels of an orphan count where they differ', () => {
      const below = seeded(SEED);
      const labels = (): Readonly<Record<string, string>> => Object.fromEntries(['app', 'tier'].flatMap((key) => pick<readonly (readonly [string, string])[]>(below, [[], [[key, 'a']], [[key, 'b']]])));
      for (let turn = 0; turn < 100; turn++) {
        const [old, now] = [labels(), labels()];
        const isSame = old['app'] === now['app'] && old['tier'] === now['tier'];
        expect(keysOfUpdate(set, { labels: old }, { labels: now }), JSON.stringify([old, now])).toEqual(isSame || Object.keys(now).length === 0 ? [] : ['ns/web']);
      }
    });

    it('an owner of any other uid, name or kind is another owner', () => {
      const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'S', controller: true };
      for (const change of [{ uid: 'T' }, { name: 'else' }, { kind: 'Job' }]) {
        expect(keysOfUpdate(set, { ownerReferences: [owner] }, { ownerReferences: [{ ...owner, ...change }] })).toEqual(['ns/web']);
        expect(keysOfUpdate(set, { ownerReferences: [{ ...owner, ...change }] }, { ownerReferences: [owner] })).toEqual(['ns/web']);
      }
    });
  });

  it('come to the controller under upstream\'s name', () => {
    expect([statefulSetController.name, statefulSetController.workers]).toEqual(['statefulset-controller', 5]);
  });
});
