// Names, labels and volumes that make a pod one of a set's: what is checked, and what is repaired.
// Upstream: pkg/controller/statefulset/stateful_set_utils.go (1.37).
import type { KubeObject, Pod, StatefulSet } from '@kubesim/api';
import type { ControllerKind } from '@kubesim/client';

/** The kind as owner references name it. @internal */
export const STATEFUL_SET_KIND: ControllerKind = { apiVersion: 'apps/v1', kind: 'StatefulSet' };

/** Label of a pod with the name of its revision. @internal */
export const REVISION_LABEL = 'controller-revision-hash';
/** Label of a pod with its own name. @internal */
export const POD_NAME_LABEL = 'statefulset.kubernetes.io/pod-name';
/** Label of a pod with its ordinal. @internal */
export const POD_INDEX_LABEL = 'apps.kubernetes.io/pod-index';

/** Namespace of an object; stored ones all have one. @internal */
export function namespaceOf(object: KubeObject): string {
  return object.metadata.namespace ?? '';
}

/** The uid of an object, empty for a pod that is only planned. @internal */
export function uidOf(object: KubeObject): string {
  return object.metadata.uid ?? '';
}

/** Parent and ordinal of a pod's name; -1 for no ordinal. @internal */
export interface ParentAndOrdinal {
  readonly parent: string;
  readonly ordinal: number;
}

const NO_ORDINAL: ParentAndOrdinal = Object.freeze({ parent: '', ordinal: -1 });
const INT32_MAX = 2147483647;

/** Splits a pod's name at its last dash. A number too large for 32 bits is no ordinal, but has a parent. @internal */
export function parentAndOrdinal(podName: string): ParentAndOrdinal {
  const dash = podName.lastIndexOf('-');
  if (dash < 0 || dash === podName.length - 1) return NO_ORDINAL;
  let ordinal = 0;
  for (let index = dash + 1; index < podName.length; index++) {
    const digit = podName.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return NO_ORDINAL;
    ordinal = ordinal * 10 + digit;
  }
  return { parent: podName.slice(0, dash), ordinal: ordinal > INT32_MAX ? -1 : ordinal };
}

/** First ordinal of a set. @internal */
export function startOrdinal(set: StatefulSet): number {
  return set.spec.ordinals?.start ?? 0;
}

/** Number of replicas asked for. @internal */
export function replicasOf(set: StatefulSet): number {
  return set.spec.replicas ?? 1;
}

/** The ordinal after the last one in range. @internal */
export function endOrdinal(set: StatefulSet): number {
  return startOrdinal(set) + replicasOf(set);
}

/** Pods are created, deleted and waited for one after the other. @internal */
export function isMonotonic(set: StatefulSet): boolean {
  return set.spec.podManagementPolicy !== 'Parallel';
}

/** The name of a set's pod. @internal */
export function podName(setName: string, ordinal: number): string {
  return `${setName}-${ordinal}`;
}

/** The revision that a pod says it is of; empty if it says none. @internal */
export function revisionOf(pod: Pod): string {
  return pod.metadata.labels?.[REVISION_LABEL] ?? '';
}

/** The name of the claim that a pod of this ordinal uses for a claim template. @internal */
export function claimName(set: StatefulSet, templateName: string, ordinal: number): string {
  return `${templateName}-${set.metadata.name}-${ordinal}`;
}

/** Names of the claim templates, in their order. A name that is there twice counts once. @internal */
export function claimTemplateNames(set: StatefulSet): readonly string[] {
  const templates = set.spec.volumeClaimTemplates;
  return templates === undefined ? [] : [...new Set(templates.map((template) => template.metadata.name))];
}

/** The pod's name, namespace and pod-name label are those of its ordinal. Hostname, subdomain and index label are not looked at. @internal */
export function identityMatches(set: StatefulSet, pod: Pod): boolean {
  const { parent, ordinal } = parentAndOrdinal(pod.metadata.name);
  return ordinal >= 0 && set.metadata.name === parent && pod.metadata.name === podName(parent, ordinal) &&
    pod.metadata.namespace === set.metadata.namespace && pod.metadata.labels?.[POD_NAME_LABEL] === pod.metadata.name;
}

/** The pod has a volume for each claim template, on the claim of its ordinal. @internal */
export function storageMatches(set: StatefulSet, pod: Pod): boolean {
  const { ordinal } = parentAndOrdinal(pod.metadata.name);
  for (const template of claimTemplateNames(set)) {
    const volume = pod.spec.volumes?.findLast((candidate) => candidate.name === template);
    if (volume?.persistentVolumeClaim?.claimName !== claimName(set, template, ordinal)) return false;
  }
  return true;
}

/** The pod with the identity of its ordinal. @internal */
export function updateIdentity(set: StatefulSet, pod: Pod): Pod {
  const { ordinal } = parentAndOrdinal(pod.metadata.name);
  const name = podName(set.metadata.name, ordinal);
  const labels = { ...pod.metadata.labels, [POD_NAME_LABEL]: name, [POD_INDEX_LABEL]: String(ordinal) };
  return { ...pod, metadata: { ...pod.metadata, name, namespace: set.metadata.namespace, labels } };
}

/** The volumes of a pod: one for each claim template, then those it has that no claim template names. @internal */
export function volumesWithClaims(set: StatefulSet, ordinal: number, volumes: Volumes): Volumes {
  const templates = claimTemplateNames(set);
  const claims = templates.map((name) => ({ name, persistentVolumeClaim: { claimName: claimName(set, name, ordinal) } }));
  return [...claims, ...(volumes ?? []).filter((volume) => !templates.includes(volume.name))];
}

/** Volumes of a pod's spec. @internal */
export type Volumes = Pod['spec']['volumes'];

/** The pod with the volumes of its ordinal. @internal */
export function updateStorage(set: StatefulSet, pod: Pod): Pod {
  const { ordinal } = parentAndOrdinal(pod.metadata.name);
  const volumes = volumesWithClaims(set, ordinal, pod.spec.volumes);
  return { ...pod, spec: { ...pod.spec, volumes } };
}
