// Invariants of what is written, whatever the kind.
import type { KubeObject } from '@kubesim/api';
import type { Monitor, MonitorView } from '../explorer/monitor.ts';
import { stateless } from '../properties/monitor.ts';
import { componentOf, keyOf, ownerOf } from './facts.ts';

type Versions = Readonly<Record<string, { readonly version: number; readonly generation: number; readonly observed: number }>>;

function versionsOf(object: KubeObject): Versions[string] {
  return { version: Number(object.metadata.resourceVersion), generation: object.metadata.generation ?? 0, observed: (object['status']?.observedGeneration as number | undefined) ?? 0 };
}

/** Whether some process has started with an API server that was behind. */
interface FaultFacts { readonly wentBackTo: { readonly size: number } }

/**
 * Versions grow with every write, generations never fall, and nothing is observed before it is there. Observed generations do not fall
 * either, unless a controller was taken back in time: a status that it works out then meets a conflict, is tried again against what is
 * there, and says what it was worked out from. Upstream: replica_set_utils.go updateReplicaSetStatus (1.37). @public
 */
export const versionsGrow: Monitor<{ readonly last: number; readonly objects: Versions }> = {
  name: 'versions and generations grow',
  initial: { last: 0, objects: {} },
  // The store holds every object's last version and generation itself.
  identity: () => null,
  step: (state, view) => {
    if (view.changes.length === 0) return { state };
    const objects: Record<string, Versions[string]> = { ...state.objects };
    let { last } = state;
    const mayFall = (componentOf<FaultFacts>(view, 'faults')?.wentBackTo.size ?? 0) > 0;
    for (const { type, resource, after } of view.changes) {
      const uid = `${resource} ${after.metadata.uid ?? ''}`;
      const now = versionsOf(after);
      const before = objects[uid];
      const name = `${after.kind ?? resource} ${keyOf(after)}`;
      if (now.version <= last) return { violation: `${name} was written at version ${now.version} after version ${last}` };
      last = now.version;
      if (before !== undefined && now.generation < before.generation) return { violation: `${name} went from generation ${before.generation} to ${now.generation}` };
      if (before !== undefined && now.observed < before.observed && !mayFall && before.observed <= before.generation) return { violation: `the observed generation of ${name} went from ${before.observed} to ${now.observed}` };
      if (now.observed > now.generation && now.generation > 0 && !maySpeakOfAnother(view, after)) return { violation: `${name} observes generation ${now.observed} and is at ${now.generation}` };
      if (type === 'DELETED') delete objects[uid];
      else objects[uid] = now;
    }
    return { state: { last, objects } };
  },
};

/** Who saw an object that is gone may still write its status to a new one of the name: upstream's ReplicaSet controller reads it anew after a conflict, and keeps the generation. */
function maySpeakOfAnother(view: MonitorView, object: KubeObject): boolean {
  return view.now - Date.parse(object.metadata.creationTimestamp ?? '') <= (view.staleMs ?? 0) + 3_000;
}

/** No object comes with a name that is taken, and none changes that is not there. @public */
export const oneObjectAName: Monitor<Readonly<Record<string, string>>> = {
  name: 'one object a name',
  initial: {},
  // The store holds it itself.
  identity: () => null,
  step: (state, view) => {
    if (view.changes.length === 0) return { state };
    const uids: Record<string, string> = { ...state };
    for (const { type, resource, after } of view.changes) {
      const key = `${resource} ${keyOf(after)}`;
      const uid = after.metadata.uid ?? '';
      if (type === 'ADDED' && uids[key] !== undefined) return { violation: `${keyOf(after)} of ${resource} was created while it existed` };
      if (type !== 'ADDED' && uids[key] !== undefined && uids[key] !== uid) return { violation: `${keyOf(after)} of ${resource} changed its uid without having been deleted` };
      if (type === 'DELETED') delete uids[key];
      else uids[key] = uid;
    }
    return { state: uids };
  },
};

/** Nothing is written that changes nothing. @public */
export const noEmptyWrite: Monitor<null> = stateless('no write when nothing changed', (view) => {
  for (const { type, before, after } of view.changes) {
    if (type !== 'MODIFIED' || before === undefined || before === after) continue;
    if (Object.keys(after).every((field) => field === 'metadata' || after[field] === before[field] || JSON.stringify(after[field]) === JSON.stringify(before[field])) && bareMetadata(after) === bareMetadata(before)) {
      return `${keyOf(after)} was written and nothing in it changed`;
    }
  }
  return undefined;
});

function bareMetadata(object: KubeObject): string {
  const { resourceVersion: _version, managedFields: _managed, ...rest } = object.metadata;
  return JSON.stringify(rest);
}

const WINDOW_MS = 60_000;
const CREATIONS_MAX = 40;
const CREATIONS_A_REPLICA = 10;

interface Burst { readonly since: number; readonly count: number }

/** Pods that a kubelet turned away make room for others at once, and nobody waits with them until the node says why. Upstream: rejectPod in pkg/kubelet/kubelet.go (1.37). */
function isTurnedAway({ resource, type, before, after }: MonitorView['changes'][number]): boolean {
  return resource === 'pods' && type === 'MODIFIED' && after['status']?.phase === 'Failed' && before?.['status']?.phase !== 'Failed' && (after['status']?.reason ?? '') !== '';
}

/**
 * No identity is created over and over, nor a controller's pods beyond all measure: within a minute 40 of one name, or 40 and 10
 * for each replica of one owner. Those that a kubelet turned away do not count. @public
 */
export const noHotLoop: Monitor<Readonly<Record<string, Burst>>> = {
  name: 'no hot loop',
  initial: {},
  identity: (state, { now }) => Object.fromEntries(Object.entries(state).filter(([, { since }]) => now - since <= WINDOW_MS)),
  step: (state, view) => {
    let next = state;
    for (const change of view.changes) {
      const { type, resource, after } = change;
      const isAway = isTurnedAway(change);
      if (!isAway && (type !== 'ADDED' || view.byUser === true)) continue;
      const owner = (after.metadata.ownerReferences ?? []).find(({ controller }) => controller === true);
      if (owner === undefined) continue;
      const set = ownerOf(after, 'ReplicaSet');
      const key = set === undefined ? `${resource} ${keyOf(after)}` : `${resource} of ${owner.uid}`;
      if (isAway) {
        const burst = next[key];
        if (burst !== undefined && burst.count > 0) next = { ...next, [key]: { since: burst.since, count: burst.count - 1 } };
        continue;
      }
      const replicas = set === undefined ? 0 : (view.get('replicasets.apps', `${after.metadata.namespace ?? ''}/${set.name}`)?.['spec'].replicas as number | undefined) ?? 1;
      const old = next[key];
      const burst = old === undefined || view.now - old.since > WINDOW_MS ? { since: view.now, count: 1 } : { since: old.since, count: old.count + 1 };
      const limit = CREATIONS_MAX + CREATIONS_A_REPLICA * replicas;
      if (burst.count > limit) return { violation: `${set === undefined ? keyOf(after) : `a pod of ${set.name}`} was created ${burst.count} times within ${WINDOW_MS / 1000} s` };
      next = { ...next, [key]: burst };
    }
    return { state: next };
  },
};
