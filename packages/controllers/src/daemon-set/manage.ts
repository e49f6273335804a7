// Which nodes need a daemon pod and which pods have to go, whatever the revision. It writes nothing.
// Upstream: podsShouldBeOnNode, getUnscheduledPodsWithoutNode in pkg/controller/daemon/daemon_controller.go (1.37).
import type { DaemonSet, Node, Pod } from '@kubesim/api';
import { isPodAvailable, isPodReady } from '@kubesim/client';
import { isPodTerminal } from '../pods/active-pods.ts';
import { REVISION_HASH, targetNodeName } from './daemon-pod.ts';
import { nodeFitness } from './node-fitness.ts';
import { maxSurge } from './update-bounds.ts';

/** Pods by the node they are on or meant for. */
export type PodsByNode = ReadonlyMap<string, readonly Pod[]>;

/** Something to say about a pod that has ended. */
export interface EndedPod {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** What is to be done. */
export interface ManagePlan {
  readonly nodesNeedingPods: readonly string[];
  readonly podsToDelete: readonly string[];
  readonly ended: readonly EndedPod[];
  /** Nodes whose failed pod is to be replaced now; their back-off grows. */
  readonly failedNodes: readonly string[];
  /** Shortest wait for a failed pod in back-off, in ms. */
  readonly retryAfterMs: number | undefined;
}

/** Sorts pods to their nodes. Ended pods that are being deleted count as gone. */
export function podsByNode(pods: readonly Pod[]): PodsByNode {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    const name = targetNodeName(pod);
    if (name === undefined || (isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined)) continue;
    const list = byNode.get(name);
    if (list === undefined) byNode.set(name, [pod]);
    else list.push(pod);
  }
  return byNode;
}

/** Scheduled pods first, then by age, then by name. */
export function byScheduledAndCreation(one: Pod, other: Pod): number {
  const a = (one.spec.nodeName ?? '') !== '';
  const b = (other.spec.nodeName ?? '') !== '';
  if (a !== b) return a ? -1 : 1;
  const x = one.metadata.creationTimestamp ?? '';
  const y = other.metadata.creationTimestamp ?? '';
  if (x !== y) return x < y ? -1 : 1;
  return one.metadata.name < other.metadata.name ? -1 : 1;
}

/** Goes over all nodes. `waitMs`: for how much longer a failed pod of a node is left alone; 0 or less is not. */
export function planManage(
  set: DaemonSet, nodes: readonly Node[], byNode: PodsByNode, hash: string, now: number, waitMs: (node: string) => number,
): ManagePlan {
  const nodesNeedingPods: string[] = [];
  const podsToDelete: string[] = [];
  const ended: EndedPod[] = [];
  const failedNodes: string[] = [];
  let retryAfterMs: number | undefined;
  for (const node of nodes) {
    const nodeName = node.metadata.name;
    const fitness = nodeFitness(set, node);
    const pods = byNode.get(nodeName);
    if (fitness.shouldRun && pods === undefined) nodesNeedingPods.push(nodeName);
    else if (fitness.shouldContinueRunning) {
      const running: Pod[] = [];
      for (const pod of pods ?? []) {
        if (pod.metadata.deletionTimestamp !== undefined) continue;
        const { namespace, name } = pod.metadata;
        if (pod.status?.phase === 'Failed') {
          const wait = waitMs(nodeName);
          if (wait > 0) {
            retryAfterMs = Math.min(retryAfterMs ?? wait, wait);
            continue;
          }
          failedNodes.push(nodeName);
          ended.push({ type: 'Warning', reason: 'FailedDaemonPod', message: `Found failed daemon pod ${namespace}/${name} on node ${nodeName}, will try to kill it` });
          podsToDelete.push(name);
        } else if (pod.status?.phase === 'Succeeded') {
          ended.push({ type: 'Normal', reason: 'SucceededDaemonPod', message: `Found succeeded daemon pod ${namespace}/${name} on node ${nodeName}, will try to delete it` });
          podsToDelete.push(name);
        } else running.push(pod);
      }
      podsToDelete.push(...excessPods(set, running.sort(byScheduledAndCreation), hash, now));
    } else podsToDelete.push(...(pods ?? []).filter((pod) => pod.metadata.deletionTimestamp === undefined).map((pod) => pod.metadata.name));
  }
  podsToDelete.push(...podsWithoutNode(nodes, byNode));
  return { nodesNeedingPods, podsToDelete, ended, failedNodes, retryAfterMs };
}

/** Pods beyond the one that a node should have; while surging it may have an old and a new one. */
function excessPods(set: DaemonSet, running: readonly Pod[], hash: string, now: number): readonly string[] {
  if (maxSurge(set) === 0) return running.slice(1).map((pod) => pod.metadata.name);
  if (running.length <= 1) return [];
  const isNew = (pod: Pod): boolean => pod.metadata.labels?.[REVISION_HASH] === hash;
  const newPod = running.find(isNew);
  const oldPod = running.find((pod) => !isNew(pod));
  const excess = running.filter((pod) => pod !== newPod && pod !== oldPod);
  if (newPod !== undefined && oldPod !== undefined
    && (!isPodReady(oldPod) || isPodAvailable(newPod, set.spec.minReadySeconds ?? 0, now))) excess.push(oldPod);
  return excess.map((pod) => pod.metadata.name);
}

/** Pods meant for nodes that are gone and that were never bound. */
function podsWithoutNode(nodes: readonly Node[], byNode: PodsByNode): readonly string[] {
  const names = new Set(nodes.map((node) => node.metadata.name));
  return [...byNode].filter(([node]) => !names.has(node))
    .flatMap(([, pods]) => pods.filter((pod) => (pod.spec.nodeName ?? '') === '').map((pod) => pod.metadata.name));
}
