// VolumeBinding: claims that are bound must reach the node, and those that wait for a consumer must find a volume there.
// Upstream: plugins/volumebinding/{volume_binding,binder}.go, component-helpers/storage/volume/pv_helpers.go (1.37).
import type { ApiCall, Node, PersistentVolume, PersistentVolumeClaim } from '@kubesim/api';
import { unresolvable, type Cycle, type PreBindStep, type PreFilterResult, type SchedulerListers, type SchedulerPlugin } from '../framework.ts';
import { compileSelector, matchesNodeTerm } from '../labels.ts';
import { wholeOf } from '../quantity.ts';
import { claimNamed, claimUses, className, classOf, isBound, missingClaims, volumeNamed } from './volume-claims.ts';

const NAME = 'VolumeBinding';
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

interface PodClaims {
  readonly bound: readonly PersistentVolumeClaim[];
  readonly delayed: readonly PersistentVolumeClaim[];
  readonly immediate: readonly PersistentVolumeClaim[];
}

function podClaims(listers: SchedulerListers, namespace: string, names: readonly string[]): PodClaims {
  const result = { bound: [] as PersistentVolumeClaim[], delayed: [] as PersistentVolumeClaim[], immediate: [] as PersistentVolumeClaim[] };
  for (const name of names) {
    const claim = claimNamed(listers, namespace, name);
    if (claim === undefined) continue;
    const mayWait = (claim.spec?.volumeName ?? '') === '' && classOf(listers, claim)?.volumeBindingMode === 'WaitForFirstConsumer';
    (isBound(claim) ? result.bound : mayWait ? result.delayed : result.immediate).push(claim);
  }
  return result;
}

/** Whether a volume can be used on a node. @internal */
export function reachesNode(volume: PersistentVolume, node: Node): boolean {
  const required = volume.spec?.nodeAffinity?.required;
  return required === undefined || required.nodeSelectorTerms.some((term) => matchesNodeTerm(term, node));
}

function isClaimedBy(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const reference = volume.spec?.claimRef;
  return reference !== undefined && reference.name === claim.metadata?.name && reference.namespace === claim.metadata?.namespace
    && ((reference.uid ?? '') === '' || reference.uid === claim.metadata?.uid);
}

const size = (volume: PersistentVolume): number => wholeOf(volume.spec?.capacity?.['storage'] ?? '0');
const wanted = (claim: PersistentVolumeClaim): number => wholeOf(claim.spec?.resources?.requests?.['storage'] ?? '0');

/** The smallest volume on this node that meets the claim, none of `taken`. */
function findVolume(listers: SchedulerListers, claim: PersistentVolumeClaim, node: Node, taken: ReadonlySet<string>): PersistentVolume | undefined {
  const request = wanted(claim);
  const selects = claim.spec?.selector === undefined ? () => true : compileSelector(claim.spec.selector);
  const modes = claim.spec?.accessModes ?? [];
  let best: PersistentVolume | undefined;
  for (const volume of listers.lister<PersistentVolume>('persistentvolumes')?.list() ?? []) {
    const { spec, metadata, status } = volume;
    if ((spec?.storageClassName ?? '') !== className(claim) || taken.has(metadata?.name ?? '')) continue;
    if ((spec?.volumeMode ?? 'Filesystem') !== (claim.spec?.volumeMode ?? 'Filesystem') || size(volume) < request) continue;
    if ((spec?.volumeAttributesClassName ?? '') !== (claim.spec?.volumeAttributesClassName ?? '')) continue;
    if (metadata?.deletionTimestamp !== undefined || !reachesNode(volume, node)) continue;
    if (isClaimedBy(volume, claim)) return volume;
    if (status?.phase !== 'Available' || spec?.claimRef !== undefined) continue;
    if (!selects(metadata?.labels) || !modes.every((mode) => spec?.accessModes?.includes(mode))) continue;
    if (best === undefined || size(volume) < size(best)) best = volume;
  }
  return best;
}

/** A claim that waits: the volume it would take on the node, or that one would be provisioned; undefined if neither. */
type Decision = { readonly claim: PersistentVolumeClaim; readonly volume: PersistentVolume | undefined };

function decide(listers: SchedulerListers, claims: readonly PersistentVolumeClaim[], node: Node, marks: readonly string[] = []): readonly Decision[] | undefined {
  const taken = new Set(marks.filter((mark) => mark.startsWith('volume ')).map((mark) => mark.slice('volume '.length)));
  const decisions: Decision[] = [];
  for (const claim of [...claims].sort((a, b) => wanted(a) - wanted(b))) {
    const selected = claim.metadata?.annotations?.[SELECTED_NODE];
    if (selected !== undefined && selected !== node.metadata?.name) return undefined;
    const volume = selected === undefined ? findVolume(listers, claim, node, taken) : undefined;
    if (volume !== undefined) taken.add(volume.metadata?.name ?? '');
    else if (!isProvisionable(listers, claim, node)) return undefined;
    decisions.push({ claim, volume });
  }
  return decisions;
}

function isProvisionable(listers: SchedulerListers, claim: PersistentVolumeClaim, node: Node): boolean {
  const storageClass = classOf(listers, claim);
  if (storageClass === undefined || storageClass.provisioner === '' || storageClass.provisioner === 'kubernetes.io/no-provisioner') return false;
  const terms = storageClass.allowedTopologies ?? [];
  const labels = node.metadata?.labels ?? {};
  return terms.length === 0 || terms.some((term) => (term.matchLabelExpressions ?? []).every(({ key, values }) => labels[key] !== undefined && values.includes(labels[key])));
}

/** Refuses nodes that the pod's volumes cannot reach; before the pod is bound, binds what waited for it. @public */
export const volumeBinding: SchedulerPlugin = {
  name: NAME,
  preFilter: (cycle: Cycle): PreFilterResult => {
    const { pod, listers } = cycle;
    const uses = claimUses(pod);
    if (uses.length === 0) return { skip: true };
    const refusal = missingClaims(listers, pod);
    if (refusal !== undefined) return { refusal };
    const claims = podClaims(listers, pod.metadata?.namespace ?? '', uses.map(({ name }) => name));
    if (claims.immediate.length > 0) return { refusal: unresolvable('pod has unbound immediate PersistentVolumeClaims') };
    cycle.data.set(NAME, claims);
    return {};
  },
  filter: (cycle, { node }) => {
    const claims = cycle.data.get(NAME) as PodClaims;
    const reasons: string[] = [];
    const volumes = claims.bound.map((claim) => volumeNamed(cycle.listers, claim.spec?.volumeName ?? ''));
    if (volumes.some((volume) => volume !== undefined && !reachesNode(volume, node))) reasons.push("node(s) didn't match PersistentVolume's node affinity");
    if (claims.delayed.length > 0 && decide(cycle.listers, claims.delayed, node) === undefined) {
      reasons.push("node(s) didn't find available persistent volumes to bind");
    }
    if (volumes.includes(undefined)) reasons.push('node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)');
    return reasons.length === 0 ? undefined : unresolvable(...reasons);
  },
  score: () => 0,
  preBind: (listers, pod, node, marks): PreBindStep => {
    const uses = claimUses(pod);
    if (uses.length === 0) return undefined;
    const namespace = pod.metadata?.namespace ?? '';
    const missing = missingClaims(listers, pod);
    if (missing !== undefined) return { kind: 'fail', message: missing.reasons.join(', ') };
    if (node === undefined) return { kind: 'fail', message: 'node not found' };
    const { bound, delayed, immediate } = podClaims(listers, namespace, uses.map(({ name }) => name));
    for (const claim of bound) {
      const volume = volumeNamed(listers, claim.spec?.volumeName ?? '');
      if (volume !== undefined && !reachesNode(volume, node)) {
        return { kind: 'fail', message: `binding volumes: pv "${volume.metadata?.name ?? ''}" node affinity doesn't match node "${node.metadata?.name ?? ''}"` };
      }
    }
    // A volume already given to its claim is the binder's to finish.
    const volumes = listers.lister<PersistentVolume>('persistentvolumes')?.list() ?? [];
    const open = delayed.filter((claim) => !marks.includes(`claim ${claim.metadata?.name ?? ''}`) && claim.metadata?.annotations?.[SELECTED_NODE] === undefined
      && !volumes.some((volume) => (volume.spec?.claimRef?.uid ?? '') !== '' && isClaimedBy(volume, claim)));
    const decisions = decide(listers, open, node, marks);
    if (decisions === undefined) return { kind: 'fail', message: "binding volumes: node(s) didn't find available persistent volumes to bind" };
    const next = decisions[0];
    if (next !== undefined) {
      const added = [`claim ${next.claim.metadata?.name ?? ''}`, ...(next.volume === undefined ? [] : [`volume ${next.volume.metadata?.name ?? ''}`])];
      return { kind: 'write', call: bindCall(next, namespace, node.metadata?.name ?? ''), marks: added };
    }
    const redirected = delayed.find((claim) => {
      const selected = claim.metadata?.annotations?.[SELECTED_NODE];
      return selected !== undefined && selected !== node.metadata?.name;
    });
    if (redirected !== undefined) return { kind: 'fail', message: `binding volumes: provisioning failed for PVC "${redirected.metadata?.name ?? ''}"` };
    return delayed.length + immediate.length > 0 ? { kind: 'wait' } : undefined;
  },
  hint: (_pod, { resource, before }) => resource !== 'pods' && (resource !== 'nodes' || before === undefined),
};

function bindCall({ claim, volume }: Decision, namespace: string, nodeName: string): ApiCall {
  if (volume === undefined) {
    const object = { ...claim, metadata: { ...claim.metadata, annotations: { ...claim.metadata?.annotations, [SELECTED_NODE]: nodeName } } };
    return { verb: 'update', resource: 'persistentvolumeclaims', namespace, name: claim.metadata?.name ?? '', object };
  }
  const claimRef = {
    kind: 'PersistentVolumeClaim', namespace, name: claim.metadata?.name ?? '', uid: claim.metadata?.uid, apiVersion: 'v1',
    resourceVersion: claim.metadata?.resourceVersion,
  };
  const annotations = volume.spec?.claimRef === undefined
    ? { ...volume.metadata?.annotations, 'pv.kubernetes.io/bound-by-controller': 'yes' } : volume.metadata?.annotations;
  const object = { ...volume, metadata: { ...volume.metadata, ...(annotations === undefined ? {} : { annotations }) }, spec: { ...volume.spec, claimRef } };
  return { verb: 'update', resource: 'persistentvolumes', name: volume.metadata?.name ?? '', object };
}
