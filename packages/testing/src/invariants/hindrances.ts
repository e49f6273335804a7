// What may keep a workload from what it asks for without any controller being wrong.
import type { KubeObject } from '@kubesim/api';
import type { MonitorView } from '../explorer/monitor.ts';
import { hasCondition, isTerminating, ownerOf } from './facts.ts';

/** The revision of a StatefulSet that a pod is at. @internal */
export function revisionOf(pod: KubeObject): string | undefined {
  return pod.metadata.labels?.['controller-revision-hash'];
}

/** The objects of a resource that have the owner as their controller. @internal */
export function owned(view: MonitorView, resource: string, kind: string, owner: KubeObject): readonly KubeObject[] {
  return view.list(resource, owner.metadata.namespace).filter((object) => ownerOf(object, kind)?.uid === owner.metadata.uid);
}

/** Whether a pod was put on a node of which nothing is heard: then it neither starts nor goes. @internal */
export function isOnLostNode(view: MonitorView, pod: KubeObject): boolean {
  const name = pod['spec'].nodeName as string | undefined;
  const node = name === undefined || name === '' ? undefined : view.get('nodes', name);
  return node !== undefined && !hasCondition(node, 'Ready');
}

/** What keeps a pod from becoming ready that no controller can help: its image, its place, its node. @internal */
export function isHindered(view: MonitorView, pod: KubeObject): boolean {
  if (!hasCondition(pod, 'PodScheduled') || isOnLostNode(view, pod)) return true;
  const statuses = (pod['status']?.containerStatuses ?? []) as readonly { readonly state?: { readonly waiting?: { readonly reason?: string } } }[];
  return statuses.some(({ state }) => ['ImagePullBackOff', 'ErrImagePull', 'CrashLoopBackOff', 'CreateContainerConfigError', 'InvalidImageName'].includes(state?.waiting?.reason ?? ''));
}

/** Whether a quota of pods lets a workload have so many; where it does not, pods are kept away rightly, and tried again ever more seldom. @internal */
export function isQuotaTight(view: MonitorView, namespace: string | undefined, need: number): boolean {
  const there = view.list('pods', namespace).filter((pod) => !isTerminating(pod)).length;
  return view.list('resourcequotas', namespace).some((quota) => Number((quota['spec'].hard as Readonly<Record<string, string>> | undefined)?.['pods'] ?? Infinity) < need + there);
}

/**
 * A set with minReadySeconds that counts as many available pods as it asks for does not look again when another becomes available, though those that it counts
 * may be ones that it does not ask for. Upstream: syncStatefulSet in pkg/controller/statefulset/stateful_set.go (1.37). @internal
 */
export function hasEnoughAvailable(set: KubeObject): boolean {
  return ((set['spec'].minReadySeconds as number | undefined) ?? 0) > 0 && ((set['status']?.availableReplicas as number | undefined) ?? 0) === ((set['spec'].replicas as number | undefined) ?? 1);
}

interface Profile { readonly kubernetes: string; readonly featureGates: Readonly<Record<string, boolean>> }

/** The release and gates of the control plane; undefined where nothing is known of them. @internal */
export function profileOf(view: MonitorView): Profile | undefined {
  return view.hasComponent('settings') ? view.component<{ readonly profile: Profile }>('settings').profile : undefined;
}
