// Random worlds for one sync: a set, its pods, claims and revisions in every state of repair, what the API server answers to
// each call, and how the caches move on meanwhile. The same seed makes the same world again.
import { builtInScheme, goJson, type ApiCall, type ApiReply, type KubeObject } from '@kubesim/api';
import type { Profile } from '@kubesim/client';
import { seeded } from './invariants.ts';
import { dataOf, naiveHash } from './naive-sync.ts';

export type Below = (bound: number) => number;
export const pick = <T>(below: Below, items: readonly T[]): T => items[below(items.length)] as T;

const REASONS = ['Conflict', 'NotFound', 'AlreadyExists', 'Forbidden', 'Invalid', 'InternalError'] as const;

/** What a sync finds, and how its calls are answered. */
export interface SyncWorld {
  readonly profile: Profile;
  readonly now: number;
  readonly clock: number;
  readonly set: KubeObject | undefined;
  readonly pods: readonly KubeObject[];
  readonly claims: readonly KubeObject[];
  readonly revisions: readonly KubeObject[];
  /** The set as the API server has it. */
  readonly live: KubeObject;
  /** How far each cache has come, if it can say. */
  readonly seen: Readonly<Record<string, number>>;
  /** What was written before, by resource. */
  readonly writes: Readonly<Record<string, number>>;
  /** The controller has followed the caches, so that summaries are kept. */
  readonly isKept: boolean;
  /** What it keeps is of the set as it was before, another one to go by. */
  readonly isKeptOld: boolean;
  /** Nothing keeps the sync from its pods: no adoption, no release, no new revision. */
  readonly isDirect: boolean;
  /** Created claims are in the cache at once. */
  readonly isPrompt: boolean;
  /** Seed of the answers, and how many of a thousand fail. */
  readonly answers: number;
  readonly failing: number;
  /** The one call that fails instead, counted from 1. */
  readonly failAt?: number;
}

const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

const nameOf = (object: KubeObject): string => object.metadata.name ?? '';

const OWN = { apiVersion: 'apps/v1', kind: 'StatefulSet', uid: 'set-uid', controller: true, blockOwnerDeletion: true };

/** How far things are from what they should be: of each in ten, so many are anyhow. */
interface Mess {
  readonly pods: number;
  readonly claims: number;
  readonly owners: number;
  /** Phase of the pods that are not anyhow. */
  readonly phase: string;
}

export function randomSyncWorld(seed: number): SyncWorld {
  // Neighbouring seeds would begin alike.
  const below = seeded(Math.imul(seed, 2654435761));
  const now = pick(below, [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1), 5000]);
  const profile = randomProfile(below);
  // In every second world nothing keeps the sync from its pods: no adoption, no odd revision, no deletion.
  const isDirect = below(2) === 0;
  const bare = randomSet(below, now, isDirect);
  const set = below(3) === 0 ? defaulted(bare, profile) : bare;
  const revisions = isDirect ? plainRevisions(set) : randomRevisions(below, set, now);
  const names = [...revisions.map((revision) => revision.metadata.name ?? ''), `${nameOf(set)}-${naiveHash(`${goJson(dataOf(set['spec'].template))}0`)}`];
  const stored = below(6) === 0 ? set : { ...set, status: randomStatus(below, names) };
  const mess: Mess = { pods: pick(below, [0, 0, 1, 5]), claims: pick(below, [0, 1, 4, 10]), owners: isDirect ? 0 : pick(below, [0, 0, 1, 4]), phase: pick(below, ['Running', 'Running', 'Running', 'Running', 'Pending']) };
  const pods = randomPods(below, stored, names, mess, now);
  const clock = now + pick(below, [0, 0, 3000, 60_000]);
  return {
    profile, now, clock, pods, revisions, claims: randomClaims(below, stored, pods, mess, now), set: !isDirect && below(60) === 0 ? undefined : stored,
    live: pick(below, [stored, stored, stored, { ...stored, metadata: { ...stored.metadata, uid: 'other' } }, { ...stored, metadata: { ...stored.metadata, deletionTimestamp: time(now) } }]),
    seen: !isDirect && below(6) === 0 ? { pods: below(4), persistentvolumeclaims: below(4), 'statefulsets.apps': below(4) } : {},
    writes: below(3) === 0 ? Object.fromEntries(['pods', 'persistentvolumeclaims', 'statefulsets.apps'].filter(() => below(2) === 0).map((resource) => [resource, below(1500)])) : {},
    isKept: below(2) === 0, isPrompt: below(2) === 0, answers: below(1 << 30), failing: pick(below, [0, 0, 100, 400]), isDirect, isKeptOld: below(4) === 0,
  };
}

function randomProfile(below: Below): Profile {
  const gates = ['MaxUnavailableStatefulSet', 'StatefulSetSemanticRevisionComparison', 'StatefulSetRecreateStrategy', 'StaleControllerConsistencyStatefulSet'];
  return { kubernetes: pick(below, ['1.34', '1.36', '1.37', '1.37'] as const), featureGates: Object.fromEntries(gates.filter(() => below(2) === 0).map((gate) => [gate, below(3) > 0])) };
}

function defaulted(set: KubeObject, profile: Profile): KubeObject {
  return builtInScheme.byResource('statefulsets.apps')?.default?.(set, { now: 0, time: time(0), profile }) as KubeObject;
}

function randomStrategy(below: Below): object | undefined {
  const rollingUpdate = pick(below, [{}, { partition: below(4) }, { partition: below(3), maxUnavailable: pick(below, [1, 2, 3, '40%', '1%', '100%']) }, { maxUnavailable: pick(below, [2, '60%']) }]);
  return pick(below, [
    { type: 'RollingUpdate', rollingUpdate }, { type: 'RollingUpdate', rollingUpdate }, { type: 'RollingUpdate', rollingUpdate }, { type: 'RollingUpdate' }, { type: 'OnDelete' }, { type: 'OnDelete', rollingUpdate }, { type: 'Recreate' }, { type: 'Recreate' }, undefined,
  ]);
}

function randomSet(below: Below, now: number, isDirect: boolean): KubeObject {
  const labels = { foo: 'bar' };
  const volumes = pick(below, [undefined, [], [{ name: 'home', hostPath: { path: '/tmp' } }], [{ name: 'data', emptyDir: {} }, { name: 'home', hostPath: { path: '/tmp' } }]]);
  const metadata = pick(below, [{ labels }, { labels }, { labels, annotations: { note: 'é <&>\u2028 😀' }, finalizers: ['f/x'] }, { labels: { ...labels, 'controller-revision-hash': 'x' } }, undefined]);
  const template = { ...(metadata === undefined ? {} : { metadata }), spec: { containers: [{ name: 'c', image: 'one', resources: {} }], ...(volumes === undefined ? {} : { volumes }), ...(below(6) === 0 ? { subdomain: 'theirs', hostname: 'theirs' } : {}) } };
  const claim = (name: string, own?: object): object => ({ metadata: { name, ...(own === undefined ? {} : { labels: own, annotations: { a: 'b' } }) }, spec: { resources: {} } });
  const retention = (): string => pick(below, ['Retain', 'Delete', 'Delete']);
  const name = below(25) === 0 ? 'w'.repeat(230) : pick(below, ['web', 'web', 'web-1']);
  return {
    apiVersion: 'apps/v1', kind: 'StatefulSet',
    metadata: {
      name, namespace: 'default', uid: 'set-uid', resourceVersion: '7', generation: pick(below, [undefined, 0, 1, 2, 2]),
      ...(below(4) === 0 ? { annotations: { who: 'me' } } : {}), ...(!isDirect && below(10) === 0 ? { deletionTimestamp: time(now) } : {}),
    },
    spec: {
      ...pick(below, [{}, { replicas: 0 }, { replicas: 1 }, { replicas: 2 }, { replicas: 3 }, { replicas: 3 }, { replicas: 4 }, { replicas: 5 }, { replicas: 7 }]),
      ...pick(below, [{}, {}, {}, { ordinals: { start: 1 } }, { ordinals: { start: 2 } }, { ordinals: {} }]),
      selector: !isDirect && below(40) === 0 ? { matchExpressions: [{ key: 'foo', operator: 'Wrong' }] } : pick(below, [{ matchLabels: labels }, { matchLabels: labels }, { matchExpressions: [{ key: 'foo', operator: 'In', values: ['bar'] }] }, { matchLabels: labels, matchExpressions: [{ key: 'foo', operator: 'Exists' }] }]),
      template,
      ...pick(below, [{}, { volumeClaimTemplates: [] }, { volumeClaimTemplates: [claim('data')] }, { volumeClaimTemplates: [claim('data')] }, { volumeClaimTemplates: [claim('data', { foo: 'theirs', own: 'x' })] }, { volumeClaimTemplates: [claim('data'), claim('logs', {})] }, { volumeClaimTemplates: [claim('data'), claim('data', { second: 'yes' })] }]),
      ...pick(below, [{}, { serviceName: '' }, { serviceName: 'svc' }]),
      ...pick(below, [{ podManagementPolicy: 'OrderedReady' }, {}, { podManagementPolicy: 'Parallel' }, { podManagementPolicy: 'Parallel' }]),
      updateStrategy: randomStrategy(below),
      ...pick(below, [{}, { minReadySeconds: 0 }, { minReadySeconds: 10 }, { minReadySeconds: 10 }]),
      ...pick(below, [{}, { revisionHistoryLimit: 0 }, { revisionHistoryLimit: 1 }, { revisionHistoryLimit: 2 }, { revisionHistoryLimit: -1 }]),
      ...pick(below, [{}, {}, { persistentVolumeClaimRetentionPolicy: {} }, { persistentVolumeClaimRetentionPolicy: { whenScaled: retention(), whenDeleted: retention() } }, { persistentVolumeClaimRetentionPolicy: { whenScaled: retention(), whenDeleted: retention() } }, { persistentVolumeClaimRetentionPolicy: pick(below, [{ whenScaled: 'Delete' }, { whenDeleted: 'Delete' }, { whenScaled: 'Delete', whenDeleted: 'Keep' }, { whenScaled: 'Keep', whenDeleted: 'Delete' }]) }]),
    },
  };
}

function randomStatus(below: Below, names: readonly string[]): object {
  const condition = { type: 'Progressing', status: pick(below, ['True', 'False']), lastTransitionTime: '2020-01-01T00:00:00Z', reason: 'RecreateInProgress', message: 'm' };
  const counter = (): number | undefined => pick(below, [undefined, 0, 1, 2, 3, 4]);
  return {
    replicas: below(5), readyReplicas: counter(), currentReplicas: counter(), updatedReplicas: counter(), availableReplicas: counter(),
    currentRevision: pick(below, [...names, ...names, undefined, 'gone']), updateRevision: pick(below, [...names, undefined]), observedGeneration: pick(below, [undefined, 0, 1, 2]),
    ...pick(below, [{}, { collisionCount: 0 }, { collisionCount: 2 }]),
    ...pick(below, [{}, {}, { conditions: [] }, { conditions: [{ ...condition, type: 'Other' }] }, { conditions: [{ ...condition, type: 'Other' }, condition, { ...condition, type: 'Last' }] }]),
  };
}

/** The revision of the template as it is, and an older one. */
function plainRevisions(set: KubeObject): readonly KubeObject[] {
  const { template } = set['spec'];
  const older = { ...template, spec: { ...template.spec, containers: [{ ...template.spec.containers[0], image: 'two' }] } };
  return [older, template].map((one, index) => ({
    apiVersion: 'apps/v1', kind: 'ControllerRevision', data: dataOf(one), revision: index + 1,
    metadata: { name: `${nameOf(set)}-${index}`, namespace: 'default', uid: `rev-${index}`, resourceVersion: '1', labels: { foo: 'bar' }, ownerReferences: [{ ...OWN, name: nameOf(set) }] },
  }));
}

/** A set of many pods in parallel, of which one call fails: its batches grow to their greatest size. */
export function largeSyncWorld(failAt: number): SyncWorld {
  const now = Date.UTC(2026, 0, 1);
  const template = { metadata: { labels: { foo: 'bar' } }, spec: { containers: [{ name: 'c', image: 'one' }] } };
  const set: KubeObject = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'web', namespace: 'default', uid: 'set-uid', resourceVersion: '7', generation: 1 }, spec: { replicas: 1800, podManagementPolicy: 'Parallel', selector: { matchLabels: { foo: 'bar' } }, template } };
  return { profile: { kubernetes: '1.37', featureGates: {} }, now, clock: now, set, pods: [], claims: [], revisions: plainRevisions(set), live: set, seen: {}, writes: {}, isKept: false, isKeptOld: false, isDirect: true, isPrompt: false, answers: 1, failing: 0, failAt };
}

/** Revisions of the template as it is, of older ones, of one that reads the same, and of what is none. */
function randomRevisions(below: Below, set: KubeObject, now: number): readonly KubeObject[] {
  const { template } = set['spec'];
  const image = (name: string): object => ({ ...template, spec: { ...template.spec, containers: [{ ...template.spec.containers[0], image: name }] } });
  const { dnsPolicy: _default, ...undefaulted } = template.spec;
  const broken = (): object => pick(below, [{}, { spec: {} }, { spec: { template: null } }, { spec: { template: 'text' } }, { spec: { template: { spec: 'text', $patch: 'replace' } } }]);
  const count = pick(below, [0, 1, 1, 2, 3, 5, 12]);
  return Array.from({ length: count }, (_, index) => {
    const data = pick(below, [
      () => dataOf(template), () => dataOf(template), () => dataOf(image('two')), () => dataOf(image('two')), () => dataOf(image('three')),
      () => dataOf({ ...template, metadata: { ...template.metadata, creationTimestamp: null } }), () => dataOf({ ...template, spec: undefaulted }),
      () => (below(3) === 0 ? broken() : dataOf(image('four'))), () => (below(3) === 0 ? dataOf({ ...template, spec: { ...template.spec, dnsPolicy: 5 } }) : dataOf(image('five'))),
    ])();
    const hash = below(3) === 0 ? `r${index}` : naiveHash(`${goJson(data)}${index}`);
    return {
      apiVersion: 'apps/v1', kind: 'ControllerRevision',
      metadata: {
        name: `${nameOf(set)}-${hash}`, namespace: 'default', uid: `rev-${index}`, resourceVersion: `${index}`, labels: below(15) === 0 ? { foo: 'no' } : { foo: 'bar' },
        ...pick(below, [{}, { creationTimestamp: time(now) }, { creationTimestamp: time(now + 1000) }]),
        ...(below(25) === 0 ? {} : { ownerReferences: [{ ...OWN, name: nameOf(set), uid: below(20) === 0 ? 'x' : 'set-uid' }] }),
      },
      data, ...pick(below, [{ revision: index + 1 }, { revision: index + 1 }, { revision: index + 1 }, { revision: below(3) }, {}]),
    } as KubeObject;
  }).sort(byName);
}

const byName = (a: KubeObject, b: KubeObject): number => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1);

function randomPods(below: Below, set: KubeObject, names: readonly string[], mess: Mess, now: number): readonly KubeObject[] {
  const start = set['spec'].ordinals?.start ?? 0;
  const end = start + (set['spec'].replicas ?? 1);
  const presence = pick(below, [0, 5, 9, 10, 10]);
  const extent = end + pick(below, [0, 0, 0, 1, 3, 9]);
  const isBelowThere = below(3) === 0;
  const spread = pick(below, [[pick(below, names)], [pick(below, names), pick(below, names)], names, [...names, '', 'theirs']]);
  const wanted = Array.from({ length: extent }, (_, ordinal) => `${ordinal}`).filter((ordinal) => (Number(ordinal) >= start || isBelowThere) && below(10) < presence);
  if (below(5) === 0) wanted.push(...['007', '02', '00', '001', '9999999999', '2147483648', '2147483647', 'x'].filter(() => below(3) === 0));
  return wanted.map((suffix) => randomPod(below, set, `${nameOf(set)}-${suffix}`, spread, mess, now)).sort(byName);
}

function randomPod(below: Below, set: KubeObject, name: string, revisions: readonly string[], mess: Mess, now: number): KubeObject {
  const isBad = below(10) < mess.pods;
  const isLost = below(10) < mess.owners;
  const ordinal = Number(name.slice(name.lastIndexOf('-') + 1));
  const phase = isBad ? pick(below, ['Running', 'Running', 'Pending', 'Pending', 'Failed', 'Succeeded', '', undefined]) : mess.phase;
  const ready = isBad ? pick(below, ['True', 'True', 'False', 'False', undefined]) : 'True';
  const since = pick(below, [50, 50, 50, 50, 11, 10, 9, 3, 0, undefined]);
  const other = { type: 'Initialized', status: 'True' };
  const conditions = ready === undefined ? [other] : [other, { type: 'Ready', status: ready, ...(since === undefined ? {} : { lastTransitionTime: time(Math.max(0, now - since * 1000)) }), ...(ready === 'False' && below(2) === 0 ? { message: 'containers not ready' } : {}) }];
  const volumes = ((set['spec'].volumeClaimTemplates ?? []) as readonly KubeObject[]).map(({ metadata }) => ({ name: metadata.name, persistentVolumeClaim: { claimName: `${metadata.name}-${nameOf(set)}-${ordinal}` } }));
  const isStored = !isBad || below(3) > 0;
  const labels = { foo: isLost && below(3) === 0 ? 'no' : 'bar', 'controller-revision-hash': pick(below, revisions), ...(isBad && below(4) === 0 ? {} : { 'statefulset.kubernetes.io/pod-name': isBad && below(6) === 0 ? 'else' : name }) };
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: {
      name, namespace: isBad && below(8) === 0 ? 'else' : 'default', uid: `uid-${name}`, resourceVersion: `${below(900)}`, labels,
      ...(isLost ? pick(below, [{}, { ownerReferences: [] }, { ownerReferences: [{ ...OWN, name: nameOf(set), uid: 'x' }] }, { ownerReferences: [{ ...OWN, name: nameOf(set) }] }]) : { ownerReferences: [{ ...OWN, name: nameOf(set) }] }),
      ...(isBad && below(4) === 0 ? { deletionTimestamp: time(now) } : {}),
    },
    spec: { containers: [], ...(isStored ? { volumes: [...volumes, { name: 'home', hostPath: { path: '/tmp' } }] } : pick(below, [{}, { volumes: [] }, { volumes: volumes.map((volume) => ({ ...volume, persistentVolumeClaim: { claimName: 'else' } })) }, { volumes: volumes.map(({ name: volume }) => ({ name: volume })) }, { volumes: [...volumes, ...volumes.map(({ name: volume }) => ({ name: volume, emptyDir: {} }))] }])) },
    ...(phase === undefined ? {} : { status: { phase, ...(below(20) === 0 ? {} : { conditions }) } }),
  };
}

function randomClaims(below: Below, set: KubeObject, pods: readonly KubeObject[], mess: Mess, now: number): readonly KubeObject[] {
  const claims = new Map<string, KubeObject>();
  const start = set['spec'].ordinals?.start ?? 0;
  const end = start + (set['spec'].replicas ?? 1);
  const { whenScaled, whenDeleted } = set['spec'].persistentVolumeClaimRetentionPolicy ?? {};
  const setRef = { ...OWN, name: nameOf(set) };
  const ordinals = new Set([...pods.map((pod) => Number((pod.metadata.name ?? '').slice((pod.metadata.name ?? '').lastIndexOf('-') + 1))), ...Array.from({ length: end - start }, (_, index) => start + index)]);
  for (const ordinal of ordinals) {
    for (const { metadata } of (set['spec'].volumeClaimTemplates ?? []) as readonly KubeObject[]) {
      const name = `${metadata.name}-${nameOf(set)}-${ordinal}`;
      const podName = `${nameOf(set)}-${ordinal}`;
      const podRef = { apiVersion: 'v1', kind: 'Pod', name: podName, uid: `uid-${podName}`, controller: true, blockOwnerDeletion: true };
      const isAnyhow = below(10) < mess.claims;
      if (isAnyhow && below(3) === 0) continue;
      const wanted = whenScaled === 'Delete' && (ordinal < start || ordinal >= end) ? [podRef] : whenDeleted === 'Delete' ? [setRef] : [];
      const foreign = { apiVersion: 'v1', kind: 'ConfigMap', name: 'theirs', uid: 'theirs' };
      const owners = [setRef, podRef, { ...setRef, uid: 'old' }, { ...podRef, uid: 'old' }, { ...setRef, controller: false }, { ...podRef, controller: undefined }, foreign, { ...foreign, controller: true }, { ...setRef, kind: 'Job', uid: 'job' }, { ...podRef, name: 'else', uid: 'else' }, { ...setRef, apiVersion: 'v2' }, { ...podRef, uid: 'set-uid' }, { ...podRef, uid: '' }, { ...setRef, uid: '' }];
      const ownerReferences = isAnyhow ? Array.from({ length: below(4) }, () => pick(below, owners)) : [...pick(below, [[], [], [], [], [], [], [foreign], [{ ...foreign, controller: true }]]), ...wanted];
      claims.set(name, {
        apiVersion: 'v1', kind: 'PersistentVolumeClaim', spec: {},
        metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '3', ...(ownerReferences.length === 0 && below(2) === 0 ? {} : { ownerReferences }), ...(isAnyhow && below(4) === 0 ? { deletionTimestamp: time(now) } : {}) },
      });
    }
  }
  return [...claims.values()].sort(byName);
}

/** The caches and the API server of one run of a world. */
export class SyncStage {
  private readonly world: SyncWorld;
  private readonly caches: ReadonlyMap<string, Map<string, KubeObject>>;
  private readonly below: Below;
  private version = 1000;
  /** Told when the cache of pods loses one. */
  podIsGone: (pod: KubeObject) => void = () => undefined;

  constructor(world: SyncWorld) {
    this.world = world;
    this.below = seeded(world.answers);
    const named = (objects: readonly KubeObject[]): Map<string, KubeObject> => new Map(objects.map((object) => [object.metadata.name ?? '', object]));
    this.caches = new Map([
      ['statefulsets.apps', named(world.set === undefined ? [] : [world.set])], ['pods', named(world.pods)], ['persistentvolumeclaims', named(world.claims)], ['controllerrevisions.apps', named(world.revisions)],
    ]);
  }

  get(resource: string, namespace: string, name: string): KubeObject | undefined {
    const held = this.cache(resource).get(name);
    return held?.metadata.namespace === namespace ? held : undefined;
  }

  list(resource: string): readonly KubeObject[] {
    return [...this.cache(resource).values()];
  }

  seen(resource: string): number | undefined {
    return this.world.seen[resource];
  }

  private cache(resource: string): Map<string, KubeObject> {
    const cache = this.caches.get(resource);
    if (cache === undefined) throw new Error(`${resource} is not watched`);
    return cache;
  }

  call(call: ApiCall): ApiReply {
    this.version++;
    const name = 'name' in call && call.name !== undefined ? call.name : 'object' in call ? (call.object.metadata.name ?? '') : '';
    const { failAt, failing } = this.world;
    const isFailing = failAt === undefined ? this.below(1000) < failing : this.version === 1000 + failAt;
    const usual = call.verb === 'create' ? 'AlreadyExists' : call.verb === 'update' ? 'Conflict' : 'NotFound';
    const reason = this.below(2) === 0 ? usual : pick(this.below, REASONS);
    if (isFailing) {
      this.moveOn(call, name);
      return { ok: false, status: { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 500, reason, message: this.below(3) === 0 ? 'quota' : `${reason} of ${call.verb} ${name}` } };
    }
    if (call.verb === 'get') {
      if (call.resource === 'statefulsets.apps') return { ok: true, object: this.world.live };
      const template = pick(this.below, [this.world.live['spec'].template, { spec: {} }]);
      return { ok: true, object: { metadata: { name, uid: 'found', resourceVersion: `${this.version}` }, data: dataOf(template), revision: 3 } };
    }
    if (call.verb === 'create' || call.verb === 'update') {
      if (call.resource === 'controllerrevisions.apps') this.losePod();
      const metadata = { ...call.object.metadata, uid: `new-${name}`, namespace: 'default', ...(this.below(8) === 0 ? {} : { resourceVersion: `${this.version}` }) };
      const object = JSON.parse(JSON.stringify({ ...call.object, metadata })) as KubeObject;
      if (this.world.isPrompt && call.resource === 'persistentvolumeclaims' && call.verb === 'create') this.cache(call.resource).set(name, object);
      return { ok: true, object };
    }
    return { ok: true, object: { metadata: { name } } };
  }

  /** While a revision is written the caches move on: what the sync has seen of its pods stays as it is. */
  private losePod(): void {
    const [pod] = this.list('pods');
    if (pod === undefined || this.below(2) === 0) return;
    this.cache('pods').delete(pod.metadata.name ?? '');
    this.podIsGone(pod);
  }

  /** The cache of what could not be written comes to hold a newer version of it, or none. */
  private moveOn(call: ApiCall, name: string): void {
    if (call.verb !== 'update') return;
    const cache = this.cache(call.resource);
    const held = cache.get(name);
    if (held === undefined || call.resource === 'controllerrevisions.apps') return;
    if (this.below(5) === 0 && call.resource !== 'persistentvolumeclaims') cache.delete(name);
    else cache.set(name, { ...held, metadata: { ...held.metadata, resourceVersion: `${this.version}`, annotations: { moved: `${this.version}` } } });
  }
}
