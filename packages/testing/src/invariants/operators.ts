// What holds of every operator, whatever its kind: of the pods and claims that a custom resource owns.
import type { KubeObject } from '@kubesim/api';
import type { Monitor, MonitorView } from '../explorer/monitor.ts';
import { atRest, stateless } from '../properties/monitor.ts';
import { isQuotaTight } from './hindrances.ts';
import { hasEnded, isReady, isTerminating, keyOf, startsDeletion } from './facts.ts';

/** The custom resource that owns an object as its controller, if that is there and stays. */
function customOwner(view: MonitorView, object: KubeObject): KubeObject | undefined {
  const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner?.apiVersion.includes('.') !== true) return undefined;
  for (const definition of view.list('customresourcedefinitions.apiextensions.k8s.io')) {
    if (definition['spec'].names.kind !== owner.kind) continue;
    const found = view.get(definition.metadata.name ?? '', object.metadata.namespace === undefined ? owner.name : `${object.metadata.namespace}/${owner.name}`);
    if (found?.metadata.uid === owner.uid) return isTerminating(found) ? undefined : found;
  }
  return undefined;
}

function userOf(view: MonitorView, claim: KubeObject): KubeObject | undefined {
  return view.list('pods', claim.metadata.namespace).find((pod) => !isTerminating(pod) && !hasEnded(pod)
    && ((pod['spec'].volumes ?? []) as readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[]).some((volume) => volume.persistentVolumeClaim?.claimName === claim.metadata.name));
}

/** No operator deletes the claim of a member that lives: of a pod that is not on its way out, while the custom resource stays. @public */
export const membersKeepTheirClaims: Monitor<null> = stateless('members keep their claims', (view) => {
  for (const change of view.changes) {
    if (change.resource !== 'persistentvolumeclaims' || view.byUser === true || !startsDeletion(change) || customOwner(view, change.after) === undefined) continue;
    const user = userOf(view, change.after);
    if (user !== undefined) return `claim ${keyOf(change.after)} was deleted while ${keyOf(user)} lives with it`;
  }
  return undefined;
});

/** Where an operator deletes claims of members that it takes away, it deletes all of them: at rest each claim of its kind is some pod's. @public */
export const claimsOfMembersGo: Monitor<readonly string[]> = {
  name: 'claims of former members go',
  initial: [],
  step: (kinds, view) => {
    let next = kinds;
    for (const change of view.changes) {
      if (change.resource !== 'persistentvolumeclaims' || view.byUser === true || !startsDeletion(change)) continue;
      const kind = customOwner(view, change.after)?.kind;
      if (kind !== undefined && !next.includes(kind)) next = [...next, kind];
    }
    return { state: next };
  },
  end: (kinds, view) => {
    for (const claim of kinds.length === 0 ? [] : view.list('persistentvolumeclaims')) {
      const owner = isQuotaTight(view, claim.metadata.namespace, 2) ? undefined : customOwner(view, claim);
      if (owner?.kind !== undefined && kinds.includes(owner.kind) && userOf(view, claim) === undefined) return `at rest claim ${keyOf(claim)} of ${owner.kind} ${keyOf(owner)} is no pod's`;
    }
    return undefined;
  },
};

/** The status of a custom resource that counts its ready pods counts those that are. @public */
export const membersAreCounted: Monitor<null> = atRest('ready members are counted', (view) => {
  const ready = new Map<string, number>();
  for (const pod of view.list('pods')) {
    const uid = pod.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
    if (uid !== undefined && isReady(pod) && !isTerminating(pod)) ready.set(uid, (ready.get(uid) ?? 0) + 1);
  }
  for (const definition of view.list('customresourcedefinitions.apiextensions.k8s.io')) {
    for (const object of view.list(definition.metadata.name ?? '')) {
      const said = object['status']?.readyReplicas as unknown;
      const counted = ready.get(object.metadata.uid ?? '') ?? 0;
      if (typeof said === 'number' && !isTerminating(object) && !isQuotaTight(view, object.metadata.namespace, 2) && said !== counted) return `status.readyReplicas of ${object.kind ?? ''} ${keyOf(object)} is ${said} where ${counted} are ready`;
    }
  }
  return undefined;
});

interface Asked { readonly is: number; readonly was: number }

/** What users ask of a custom resource stays: no operator sets its replicas back to what they were before the user's last change. @public */
export const scalesStay: Monitor<Readonly<Record<string, Asked>>> = {
  name: 'scales of users stay',
  initial: {},
  step: (asked, view) => {
    let next = asked;
    for (const { resource, type, before, after } of view.changes) {
      const was = before?.['spec']?.replicas as unknown;
      const is = after['spec']?.replicas as unknown;
      if (type !== 'MODIFIED' || typeof was !== 'number' || typeof is !== 'number' || was === is || after.apiVersion?.includes('.') !== true || view.get('customresourcedefinitions.apiextensions.k8s.io', resource) === undefined) continue;
      const uid = after.metadata.uid ?? '';
      const known = next[uid];
      if (view.byUser === true) next = { ...next, [uid]: { is, was } };
      else if (known?.is === was && known.was === is) return { violation: `${after.kind ?? ''} ${keyOf(after)} was scaled to ${was} by the user, and is set back to ${is}` };
    }
    return { state: next };
  },
};

const WINDOW_MS = 60_000;
const CREATIONS_MAX = 40;
const CREATIONS_A_REPLICA = 10;

/** An operator creates with measure: for one owner within a minute 40 objects of a resource, and 10 for each replica. @public */
export const operatorsCreateWithMeasure: Monitor<Readonly<Record<string, { readonly since: number; readonly count: number }>>> = {
  name: 'operators create with measure',
  initial: {},
  identity: (state, { now }) => Object.fromEntries(Object.entries(state).filter(([, { since }]) => now - since <= WINDOW_MS)),
  step: (state, view) => {
    let next = state;
    for (const { type, resource, after } of view.changes) {
      const owner = type === 'ADDED' && view.byUser !== true ? customOwner(view, after) : undefined;
      if (owner === undefined) continue;
      const key = `${resource} of ${owner.metadata.uid ?? ''}`;
      const old = next[key];
      const burst = old === undefined || view.now - old.since > WINDOW_MS ? { since: view.now, count: 1 } : { since: old.since, count: old.count + 1 };
      if (burst.count > CREATIONS_MAX + CREATIONS_A_REPLICA * ((owner['spec']?.replicas as number | undefined) ?? 1)) return { violation: `${burst.count} of ${resource} were created for ${owner.kind ?? ''} ${keyOf(owner)} within ${WINDOW_MS / 1000} s` };
      next = { ...next, [key]: burst };
    }
    return { state: next };
  },
};
