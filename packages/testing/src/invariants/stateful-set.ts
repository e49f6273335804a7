// The invariants of StatefulSets, over everything that was written to the store.
import type { KubeObject } from '@kubesim/api';
import type { ScenarioRun } from '../scenario/run.ts';
import type { Invariant } from './invariant.ts';

function isReady(pod: KubeObject): boolean {
  return pod['status']?.phase === 'Running' && ((pod['status']?.conditions ?? []) as readonly { readonly type: string; readonly status: string }[]).some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

function ordinalOf(pod: KubeObject): number {
  return Number((pod.metadata.name ?? '').replace(/^.*-/, ''));
}

/** The pods at each moment, one call per change of a pod; stops at the first text. */
function eachPodChange(run: ScenarioRun, look: (pods: ReadonlyMap<string, KubeObject>, change: { readonly type: string; readonly pod: KubeObject; readonly before: KubeObject | undefined }) => string | undefined): string | undefined {
  const pods = new Map<string, KubeObject>();
  for (const { type, object } of run.history) {
    if (object.kind !== 'Pod') continue;
    const key = object.metadata.name ?? '';
    const before = pods.get(key);
    const broken = look(pods, { type, pod: object, before });
    if (broken !== undefined) return broken;
    if (type === 'DELETED') pods.delete(key);
    else pods.set(key, object);
  }
  return undefined;
}

/** No pod takes a name whose last pod is still there. Judged against the store. */
const oneLivePodAnIdentity: Invariant = {
  name: 'at most one pod an identity',
  check: (run) => eachPodChange(run, (_pods, { type, pod, before }) => (type === 'ADDED' && before !== undefined ? `${pod.metadata.name ?? ''} was created while it existed` : undefined)),
};

/** OrderedReady creates an ordinal only when all below it exist. Readiness may be lost between the look and the write; existence is what the name order promises. */
const orderedCreation: Invariant = {
  name: 'ordered creation',
  check: (run) => {
    if (run.scenario.set.podManagementPolicy !== 'OrderedReady' || run.scenario.commands.some((command) => command.do === 'deletePod' || command.do === 'freeze' || command.do === 'relist')) return undefined;
    return eachPodChange(run, (pods, { type, pod }) => {
      if (type !== 'ADDED') return undefined;
      for (let below = 0; below < ordinalOf(pod); below++) {
        const lower = pods.get(`web-${below}`);
        if (lower === undefined) return `${pod.metadata.name ?? ''} was created while web-${below} did not exist`;
        if (!isReady(lower)) return `${pod.metadata.name ?? ''} was created while web-${below} was not ready`;
      }
      return undefined;
    });
  },
};

/** OrderedReady scales down from the top: no pod is deleted by the controller while a higher one exists beyond the wanted range. */
const orderedDeletion: Invariant = {
  name: 'ordered deletion',
  check: (run) => {
    if (run.scenario.set.podManagementPolicy !== 'OrderedReady' || run.scenario.commands.some((command) => ['deletePod', 'freeze', 'relist', 'image', 'crashManager'].includes(command.do))) return undefined;
    return eachPodChange(run, (pods, { pod, before }) => {
      if (pod.metadata.deletionTimestamp === undefined || before?.metadata.deletionTimestamp !== undefined || before === undefined) return undefined;
      for (const other of pods.values()) if (ordinalOf(other) > ordinalOf(pod)) return `${pod.metadata.name ?? ''} was deleted while ${other.metadata.name ?? ''} existed`;
      return undefined;
    });
  },
};

/** When all is at rest, there are as many ready pods as asked for, of the ordinals asked for. */
const convergence: Invariant = {
  name: 'convergence',
  check: (run) => {
    if (run.unsettled !== undefined) return run.unsettled;
    const set = run.cluster.get('statefulset/web');
    const wanted = (set?.['spec'].replicas as number | undefined) ?? 0;
    const pods = run.cluster.list('pods');
    const names = pods.map((pod) => pod.metadata.name ?? '').sort();
    const expected = Array.from({ length: wanted }, (_, ordinal) => `web-${ordinal}`).sort();
    if (names.join() !== expected.join()) return `at rest the pods are [${names.join(', ')}] where [${expected.join(', ')}] are asked for`;
    const unready = pods.find((pod) => !isReady(pod));
    return unready === undefined ? undefined : `at rest ${unready.metadata.name ?? ''} is not ready`;
  },
};

/** At rest every pod at or above the partition has the update revision. */
const updateReachesPartition: Invariant = {
  name: 'update reaches the partition',
  check: (run) => {
    const set = run.cluster.get('statefulset/web');
    const partition = (set?.['spec'].updateStrategy?.rollingUpdate?.partition as number | undefined) ?? 0;
    const update = set?.['status']?.updateRevision as string | undefined;
    const stale = run.cluster.list('pods').find((pod) => ordinalOf(pod) >= partition && pod.metadata.labels?.['controller-revision-hash'] !== update);
    return stale === undefined ? undefined : `at rest ${stale.metadata.name ?? ''} is not at ${update ?? 'the update revision'}`;
  },
};

/** At rest the status counts what is there. */
const statusEqualsRecount: Invariant = {
  name: 'status equals recount',
  check: (run) => {
    const status = (run.cluster.get('statefulset/web')?.['status'] ?? {}) as Readonly<Record<string, number | string>>;
    const pods = run.cluster.list('pods');
    const counted: Readonly<Record<string, number>> = { replicas: pods.length, readyReplicas: pods.filter(isReady).length, updatedReplicas: pods.filter((pod) => pod.metadata.labels?.['controller-revision-hash'] === status['updateRevision']).length };
    const wrong = Object.keys(counted).find((field) => (status[field] ?? 0) !== counted[field]);
    return wrong === undefined ? undefined : `status.${wrong} is ${status[wrong] ?? 0} where ${counted[wrong] ?? 0} are there`;
  },
};

/** Claims are never deleted: the policy is to retain them. */
const claimsAreKept: Invariant = {
  name: 'claims are kept',
  check: (run) => {
    const lost = run.history.find(({ type, object }) => object.kind === 'PersistentVolumeClaim' && (type === 'DELETED' || object.metadata.deletionTimestamp !== undefined));
    return lost === undefined ? undefined : `claim ${lost.object.metadata.name ?? ''} was deleted`;
  },
};

/** Versions and generations of one object only grow. */
const versionsGrow: Invariant = {
  name: 'versions and generations grow',
  check: (run) => {
    const seen = new Map<string, { readonly version: number; readonly generation: number }>();
    for (const { object } of run.history) {
      const uid = object.metadata.uid ?? '';
      const now = { version: Number(object.metadata.resourceVersion), generation: object.metadata.generation ?? 0 };
      const before = seen.get(uid);
      if (before !== undefined && (now.version <= before.version || now.generation < before.generation)) return `${object.kind ?? ''} ${object.metadata.name ?? ''} went from version ${before.version}, generation ${before.generation} to ${now.version}, ${now.generation}`;
      seen.set(uid, now);
    }
    return undefined;
  },
};

const CREATIONS_MAX = 30;

/** No identity is created over and over. */
const noHotLoop: Invariant = {
  name: 'no hot loop',
  check: (run) => {
    const created = new Map<string, number>();
    for (const { type, object } of run.history) {
      if (type !== 'ADDED' || object.kind !== 'Pod') continue;
      const name = object.metadata.name ?? '';
      const count = (created.get(name) ?? 0) + 1;
      if (count > CREATIONS_MAX) return `${name} was created ${count} times`;
      created.set(name, count);
    }
    return undefined;
  },
};

/** Invariants of StatefulSets that retain their claims. @public */
export const statefulSetInvariants: readonly Invariant[] = [
  oneLivePodAnIdentity, orderedCreation, orderedDeletion, convergence, updateReachesPartition, statusEqualsRecount, claimsAreKept, versionsGrow, noHotLoop,
];
