// The pod that a DaemonSet makes for a node: bound to it by affinity, and tolerating what daemons must bear.
// Upstream: CreatePodTemplate, AddOrUpdateDaemonPodTolerations, ReplaceDaemonSetPodNodeNameNodeAffinity in
// pkg/controller/daemon/util/daemonset_util.go (1.37).
import type { DaemonSet, Pod, PodSpec, PodTemplateSpec, Toleration } from '@kubesim/api';
import { newControllerRef, type ControllerKind } from '@kubesim/client';
import { podFromTemplate } from '../pods/pod-control.ts';

/** How owner references name a DaemonSet. @internal */
export const DAEMON_SET_KIND: ControllerKind = { apiVersion: 'apps/v1', kind: 'DaemonSet' };

/** Label of a daemon pod and of its revision: the hash of the template. @internal */
export const REVISION_HASH = 'controller-revision-hash';

const TEMPLATE_GENERATION_ANNOTATION = 'deprecated.daemonset.template.generation';
const TEMPLATE_GENERATION_LABEL = 'pod-template-generation';

const TOLERATED: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];

const NETWORK_UNAVAILABLE: Toleration = { key: 'node.kubernetes.io/network-unavailable', operator: 'Exists', effect: 'NoSchedule' };

/** The tolerations of a daemon pod: the template's, and those every daemon has. */
export function daemonTolerations(spec: PodSpec | undefined): readonly Toleration[] {
  const tolerations = [...(spec?.tolerations ?? [])];
  for (const added of spec?.hostNetwork === true ? [...TOLERATED, NETWORK_UNAVAILABLE] : TOLERATED) {
    const index = tolerations.findIndex((one) => one.key === added.key && one.effect === added.effect && one.operator === added.operator && (one.value ?? '') === '');
    if (index < 0) tolerations.push(added);
    else tolerations[index] = added;
  }
  return tolerations;
}

/** The pod for a node, with the hash of its template; its name is left to the API. */
export function newDaemonPod(set: DaemonSet, nodeName: string, hash: string): Pod {
  const { template } = set.spec;
  const { affinity } = template.spec ?? {};
  const onNode = { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] }] };
  const generation = templateGeneration(set);
  const labels = {
    ...template.metadata?.labels,
    ...(generation === undefined ? {} : { [TEMPLATE_GENERATION_LABEL]: generation }),
    ...(hash === '' ? {} : { [REVISION_HASH]: hash }),
  };
  const spec = {
    ...template.spec,
    tolerations: daemonTolerations(template.spec),
    affinity: { ...affinity, nodeAffinity: { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: onNode } },
  } as PodSpec;
  const filled: PodTemplateSpec = { ...template, metadata: { ...template.metadata, labels }, spec };
  return podFromTemplate(set, filled, newControllerRef(set, DAEMON_SET_KIND));
}

function templateGeneration(set: DaemonSet): string | undefined {
  const text = set.metadata.annotations?.[TEMPLATE_GENERATION_ANNOTATION];
  return text !== undefined && /^\d+$/.test(text) ? text : undefined;
}

/** The pod is of the present template, by hash or by the older generation label. */
export function isPodUpdated(set: DaemonSet, pod: Pod, hash: string): boolean {
  const labels = pod.metadata.labels ?? {};
  const generation = templateGeneration(set);
  return (hash !== '' && labels[REVISION_HASH] === hash) || (generation !== undefined && labels[TEMPLATE_GENERATION_LABEL] === generation);
}

/** The node a pod is on or is meant for; undefined if it says neither. */
export function targetNodeName(pod: Pod): string | undefined {
  if ((pod.spec.nodeName ?? '') !== '') return pod.spec.nodeName;
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  for (const { matchFields } of terms) {
    for (const { key, operator, values } of matchFields ?? []) {
      if (key === 'metadata.name' && operator === 'In' && values?.length === 1) return values[0];
    }
  }
  return undefined;
}
