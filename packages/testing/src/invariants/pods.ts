// Invariants of pods, where they go and what runs of them.
import { parseQuantityMilli } from './quantity.ts';
import type { KubeObject } from '@kubesim/api';
import type { Monitor, MonitorView } from '../explorer/monitor.ts';
import { stateless } from '../properties/monitor.ts';
import { componentOf, hasEnded, isTerminating, keyOf, ownerOf } from './facts.ts';

/** A pod is bound once: its node does not change. @public */
export const boundOnce: Monitor<null> = stateless('a pod is bound once', (view) => {
  for (const { resource, before, after } of view.changes) {
    if (resource !== 'pods' || before === undefined) continue;
    const was = before['spec'].nodeName as string | undefined;
    if (was !== undefined && was !== '' && after['spec'].nodeName !== was) return `pod ${keyOf(after)} went from ${was} to ${String(after['spec'].nodeName)}`;
  }
  return undefined;
});

interface ContainerSpec { readonly resources?: { readonly requests?: Readonly<Record<string, string | number>> } }

function requested(pod: KubeObject, resource: string): number {
  return ((pod['spec'].containers ?? []) as readonly ContainerSpec[]).reduce((sum, container) => sum + parseQuantityMilli(container.resources?.requests?.[resource]), 0);
}

/** No pod is bound to a node that cannot hold it: requests, count of pods and taints, as the store has them. @public */
export const nodesHoldTheirPods: Monitor<null> = stateless('nodes hold their pods', (view) => {
  for (const { resource, before, after } of view.changes) {
    const name = after['spec']?.nodeName as string | undefined;
    if (resource !== 'pods' || name === undefined || before?.['spec'].nodeName === name || view.byUser === true || before === undefined) continue;
    const node = view.get('nodes', name);
    if (node === undefined) continue;
    const pods = podsOn(view, name);
    const allocatable = (node['status']?.allocatable ?? {}) as Readonly<Record<string, string>>;
    const places = Number(allocatable['pods'] ?? Infinity);
    if (pods.length > places) return `${name} holds ${places} pods, and ${keyOf(after)} is its ${pods.length}th`;
    for (const kind of ['cpu', 'memory']) {
      const sum = pods.reduce((total, pod) => total + requested(pod, kind), 0);
      if (sum > parseQuantityMilli(allocatable[kind]) && requested(after, kind) > 0) return `${name} has ${allocatable[kind] ?? '0'} of ${kind}, and with ${keyOf(after)} its pods request more`;
    }
  }
  return undefined;
});

/** No pod is bound to a node that was cordoned before the scheduler could have decided, unless it tolerates that. @public */
export const cordonsAreKept: Monitor<Readonly<Record<string, number>>> = {
  name: 'cordons are kept',
  initial: {},
  step: (since, view) => {
    let next = since;
    for (const { resource, before, after } of view.changes) {
      if (resource === 'nodes' && (before?.['spec']?.unschedulable === true) !== (after['spec']?.unschedulable === true)) {
        const { [after.metadata.name ?? '']: _known, ...others } = next;
        next = after['spec']?.unschedulable === true ? { ...others, [after.metadata.name ?? '']: view.now } : others;
      }
      if (resource !== 'pods' || before === undefined || view.byUser === true || before['spec'].nodeName !== undefined) continue;
      const node = (after['spec'].nodeName as string | undefined) ?? '';
      const cordonedAt = next[node];
      const tolerates = ((after['spec'].tolerations ?? []) as readonly { readonly key?: string; readonly operator?: string }[]).some(({ key, operator }) => key === 'node.kubernetes.io/unschedulable' || (key === undefined && operator === 'Exists'));
      if (cordonedAt !== undefined && view.now - cordonedAt > (view.staleMs ?? 0) + 2_000 && !tolerates) return { violation: `pod ${keyOf(after)} was bound to ${node}, which is cordoned` };
    }
    return { state: next };
  },
};

function podsOn(view: MonitorView, node: string): readonly KubeObject[] {
  return view.list('pods').filter((pod) => pod['spec'].nodeName === node && !hasEnded(pod));
}

interface AntiAffinityTerm { readonly labelSelector?: { readonly matchLabels?: Readonly<Record<string, string>> }; readonly topologyKey: string }

/** Pods that will not stand beside each other do not. Required anti-affinity of a pod against those that were bound before it. @public */
export const antiAffinityIsKept: Monitor<null> = stateless('anti-affinity is kept', (view) => {
  for (const { resource, before, after } of view.changes) {
    const name = after['spec']?.nodeName as string | undefined;
    if (resource !== 'pods' || name === undefined || before === undefined || before['spec'].nodeName === name || view.byUser === true) continue;
    const terms = (after['spec'].affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) as readonly AntiAffinityTerm[];
    for (const { labelSelector, topologyKey } of terms) {
      const place = view.get('nodes', name)?.metadata.labels?.[topologyKey];
      const near = view.list('pods', after.metadata.namespace).find((pod) => pod.metadata.uid !== after.metadata.uid && !hasEnded(pod) && pod['spec'].nodeName !== undefined
        && view.get('nodes', pod['spec'].nodeName as string)?.metadata.labels?.[topologyKey] === place && place !== undefined
        && Object.entries(labelSelector?.matchLabels ?? {}).every(([key, value]) => pod.metadata.labels?.[key] === value));
      if (near !== undefined) return `pod ${keyOf(after)} was put beside ${keyOf(near)}, which its anti-affinity forbids`;
    }
  }
  return undefined;
});

/** What a kubelet's state shows of one pod. */
interface WorkerFacts {
  readonly pod: { readonly metadata?: { readonly namespace?: string; readonly name?: string } };
  readonly runtime: { readonly containers: Readonly<Record<string, readonly { readonly endsAt?: number }[]>> };
}

interface KubeletFacts { readonly workers: Iterable<[string, WorkerFacts]> }

/**
 * At most one live process an identity: where a pod of a StatefulSet comes to run, no node runs a former pod of that name.
 * A deletion by force gives the promise up, as upstream says, so those that the user or the pod garbage collector forced do not count.
 * @public
 */
export const oneLiveProcessAnIdentity: Monitor<readonly string[]> = {
  name: 'at most one live process an identity',
  initial: [],
  step: (forced, view) => {
    let next = forced;
    for (const { resource, type, before, after } of view.changes) {
      if (resource !== 'pods' || ownerOf(after, 'StatefulSet') === undefined) continue;
      if (type === 'DELETED') {
        if (view.byUser === true || isGarbage(view, after)) next = [...next, after.metadata.uid ?? ''];
        continue;
      }
      if (after['status']?.phase !== 'Running' || before?.['status']?.phase === 'Running') continue;
      const other = formerProcess(view, after, next);
      if (other !== undefined) return { violation: `${keyOf(after)} runs on ${String(after['spec'].nodeName)} while its former pod runs on ${other}` };
    }
    return { state: next };
  },
};

/** Whether the pod garbage collector or the node lifecycle may take the pod away by force: its node is gone, not ready or out of service. */
function isGarbage(view: MonitorView, pod: KubeObject): boolean {
  const node = view.get('nodes', (pod['spec'].nodeName as string | undefined) ?? '');
  return node === undefined || ((node['spec']?.taints ?? []) as readonly { readonly key: string }[]).some(({ key }) => key === 'node.kubernetes.io/out-of-service');
}

function formerProcess(view: MonitorView, pod: KubeObject, forced: readonly string[]): string | undefined {
  for (const node of view.list('nodes')) {
    const kubelet = componentOf<KubeletFacts>(view, `actor kubelet/${node.metadata.name ?? ''}`);
    if (kubelet === undefined || node.metadata.name === pod['spec'].nodeName) continue;
    for (const [uid, worker] of kubelet.workers) {
      if (uid === pod.metadata.uid || forced.includes(uid) || worker.pod.metadata?.name !== pod.metadata.name || worker.pod.metadata?.namespace !== pod.metadata.namespace) continue;
      const runs = Object.values(worker.runtime.containers).some(([instance]) => instance !== undefined && (instance.endsAt === undefined || instance.endsAt > view.now));
      if (runs) return node.metadata.name;
    }
  }
  return undefined;
}

/** A pod that has ended stays ended, and a pod that is on its way out stays so. @public */
export const endedStaysEnded: Monitor<null> = stateless('what has ended stays ended', (view) => {
  for (const { resource, type, before, after } of view.changes) {
    if (resource !== 'pods' || type !== 'MODIFIED' || before === undefined || before.metadata.uid !== after.metadata.uid) continue;
    if (hasEnded(before) && after['status']?.phase !== before['status']?.phase) return `pod ${keyOf(after)} was ${String(before['status']?.phase)} and is ${String(after['status']?.phase)}`;
    if (isTerminating(before) && !isTerminating(after)) return `pod ${keyOf(after)} was being deleted and is so no more`;
  }
  return undefined;
});

interface ViewFacts { readonly unseen: readonly { readonly revision: number }[]; readonly head: number }

const FOLLOWED_VIEWS = ['kube-controller-manager pods', 'kube-controller-manager statefulsets.apps', 'kube-controller-manager replicasets.apps', 'kube-scheduler pods', 'kube-scheduler nodes'];

/** Where the API servers stood that processes were served by, if one was behind. */
interface FaultFacts { readonly wentBackTo: { get(process: string): number | undefined } }

/**
 * A cache moves forward: the oldest change that it has not seen is never older than it was before; but for a process that starts with an
 * API server that is behind, which may go back to where that stands. @public
 */
export const cachesMoveForward: Monitor<Readonly<Record<string, number>>> = {
  name: 'caches only move forward',
  initial: {},
  identity: (state) => Object.fromEntries(Object.entries(state).map(([name, revision]) => [name, { writes: { [name.slice(name.lastIndexOf(' ') + 1)]: revision } }])),
  step: (state, view) => {
    if (view.changes.length === 0) return { state };
    const next: Record<string, number> = {};
    const faults = componentOf<FaultFacts>(view, 'faults');
    for (const name of FOLLOWED_VIEWS) {
      const facts = componentOf<ViewFacts>(view, `view ${name}`);
      const oldest = facts?.unseen[facts.head]?.revision;
      if (oldest === undefined) continue;
      const wentBackTo = faults?.wentBackTo.get(name.split(' ')[0] ?? '') ?? Infinity;
      if (oldest < Math.min(state[name] ?? 0, wentBackTo + 1)) return { violation: `the cache of ${name} went back to revision ${oldest} from ${state[name] ?? 0}` };
      next[name] = oldest;
    }
    return { state: { ...state, ...next } };
  },
};
