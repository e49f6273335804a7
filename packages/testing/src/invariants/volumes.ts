// Invariants of claims and volumes.
import type { KubeObject } from '@kubesim/api';
import type { Monitor, MonitorView } from '../explorer/monitor.ts';
import { stateless } from '../properties/monitor.ts';
import { beside, isTerminating, keyOf, mapValues, startsDeletion } from './facts.ts';

/** Between the look of a reconcile and its write there is at most this, without any fault. */
const REACTION_MS = 2_000;

interface Retention { readonly whenDeleted: string; readonly whenScaled: string; readonly start: number; readonly replicas: number; readonly replicasAt: number }

/** Policies of sets by the beginning of their claims' names: kept when the set is gone. */
type Policies = Readonly<Record<string, Retention>>;

function retentionOf(set: KubeObject, now: number, before: Retention | undefined): Retention {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = (set['spec'].persistentVolumeClaimRetentionPolicy ?? {}) as { readonly whenDeleted?: string; readonly whenScaled?: string };
  const replicas = (set['spec'].replicas as number | undefined) ?? 1;
  return { whenDeleted, whenScaled, start: (set['spec'].ordinals?.start as number | undefined) ?? 0, replicas, replicasAt: before?.replicas === replicas ? before.replicasAt : now };
}

/** The claims of a StatefulSet are deleted by nobody but the user, unless its retention policy says so. @public */
export const claimsAreKept: Monitor<Policies> = {
  name: 'claims are kept',
  initial: {},
  identity: (state, { now, staleMs }) => mapValues(state, (retention) => ({ ...retention, replicasAt: now - retention.replicasAt <= staleMs + REACTION_MS ? retention.replicasAt : 0 })),
  step: (state, view) => {
    let next = state;
    for (const change of view.changes) {
      if (change.resource === 'statefulsets.apps') {
        for (const template of (change.after['spec'].volumeClaimTemplates ?? []) as readonly KubeObject[]) {
          const key = beside(change.after, `${template.metadata.name ?? ''}-${change.after.metadata.name ?? ''}`);
          next = { ...next, [key]: retentionOf(change.after, view.now, next[key]) };
        }
      }
      if (change.resource !== 'persistentvolumeclaims' || view.byUser === true || !startsDeletion(change)) continue;
      const violation = lost(next, view, change.after);
      if (violation !== undefined) return { violation };
    }
    return { state: next };
  },
};

function lost(policies: Policies, view: MonitorView, claim: KubeObject): string | undefined {
  const name = claim.metadata.name ?? '';
  const cut = name.lastIndexOf('-');
  const policy = policies[beside(claim, name.slice(0, cut))];
  if (policy === undefined) return undefined;
  const setName = name.slice(0, cut).replace(/^[^-]*-/, '');
  const set = view.get('statefulsets.apps', beside(claim, setName));
  const ordinal = Number(name.slice(cut + 1));
  const isBeyond = ordinal < policy.start || ordinal >= policy.start + policy.replicas || view.now - policy.replicasAt <= (view.staleMs ?? 0) + REACTION_MS;
  if (set === undefined || isTerminating(set)) return policy.whenDeleted === 'Delete' || (policy.whenScaled === 'Delete' && isBeyond) ? undefined : `claim ${name} was deleted with its set, whose policy is to retain`;
  if (policy.whenScaled !== 'Delete') return `claim ${name} was deleted while its set is there, and the policy is to retain`;
  return isBeyond ? undefined : `claim ${name} was deleted while its pod is asked for`;
}

/** A bound volume stays with its claim while that is there, and is bound to one claim. @public */
export const volumesStayBound: Monitor<null> = stateless('volumes stay bound', (view) => {
  for (const { resource, type, before, after } of view.changes) {
    if (resource === 'persistentvolumes') {
      const ref = before?.['spec'].claimRef as { readonly namespace?: string; readonly name?: string; readonly uid?: string } | undefined;
      const claim = ref?.uid === undefined ? undefined : view.get('persistentvolumeclaims', `${ref.namespace ?? ''}/${ref.name ?? ''}`);
      if (claim === undefined || claim.metadata.uid !== ref?.uid || claim['spec'].volumeName !== after.metadata.name) continue;
      if (type === 'DELETED') return `volume ${after.metadata.name ?? ''} was deleted while claim ${keyOf(claim)} is bound to it`;
      if (after['spec'].claimRef?.uid !== ref?.uid) return `volume ${after.metadata.name ?? ''} was taken from claim ${keyOf(claim)}, which is bound to it`;
    }
    if (resource === 'persistentvolumeclaims' && type === 'MODIFIED') {
      const was = before?.['spec'].volumeName as string | undefined;
      if (was !== undefined && was !== '' && after['spec'].volumeName !== was) return `claim ${keyOf(after)} went from volume ${was} to ${String(after['spec'].volumeName)}`;
    }
  }
  return undefined;
});

/** A claim that a running pod mounts is not removed. Upstream: the pvc-protection finalizer. @public */
export const claimsInUseStay: Monitor<null> = stateless('claims in use stay', (view) => {
  for (const { resource, type, after } of view.changes) {
    if (resource !== 'persistentvolumeclaims' || type !== 'DELETED') continue;
    const user = view.list('pods', after.metadata.namespace).find((pod) => pod['status']?.phase === 'Running' && ((pod['spec'].volumes ?? []) as readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[]).some((volume) => volume.persistentVolumeClaim?.claimName === after.metadata.name));
    if (user !== undefined) return `claim ${keyOf(after)} was removed while pod ${keyOf(user)} runs with it`;
  }
  return undefined;
});

/** A volume that one node may write is attached to one node. @public */
export const attachedToOneNode: Monitor<null> = stateless('a ReadWriteOnce volume is attached to one node', (view) => {
  for (const { resource, type, after } of view.changes) {
    if (resource !== 'volumeattachments.storage.k8s.io' || type === 'DELETED' || after['status']?.attached !== true) continue;
    const volume = after['spec'].source?.persistentVolumeName as string | undefined;
    const other = view.list(resource).find((each) => each.metadata.uid !== after.metadata.uid && each['status']?.attached === true && each['spec'].source?.persistentVolumeName === volume && each['spec'].nodeName !== after['spec'].nodeName);
    const modes = (volume === undefined ? [] : view.get('persistentvolumes', volume)?.['spec'].accessModes ?? []) as readonly string[];
    if (other !== undefined && !modes.some((mode) => mode.endsWith('Many'))) return `volume ${volume ?? ''} is attached to ${String(after['spec'].nodeName)} while it is attached to ${String(other['spec'].nodeName)}`;
  }
  return undefined;
});
